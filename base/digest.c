#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <assert.h>
#include <limits.h>
#include <string.h>

void digest_sha256(struct str data, unsigned char out[DIGEST_BYTES])
{
	SHA256((const unsigned char *)data.p, data.n, out);
}

static void must(int ok)
{
	assert(ok == 1); /* SHA-256 over memory does not fail */
	(void)ok;
}

void digest_parts(const struct str *parts, size_t count, unsigned char out[DIGEST_BYTES])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	must(EVP_DigestInit_ex(ctx, EVP_sha256(), NULL));
	for (size_t i = 0; i < count; i++) {
		uint64_t n = parts[i].n;
		unsigned char length[8];
		for (int shift = 0; shift < 8; shift++)
			length[shift] = (unsigned char)(n >> (8 * shift));
		must(EVP_DigestUpdate(ctx, length, sizeof length));
		if (n)
			must(EVP_DigestUpdate(ctx, parts[i].p, parts[i].n));
	}
	must(EVP_DigestFinal_ex(ctx, out, NULL));
	EVP_MD_CTX_free(ctx);
}

void digest_hmac(struct str key, struct str data, unsigned char out[DIGEST_BYTES])
{
	unsigned int n = DIGEST_BYTES;
	assert(key.n <= INT_MAX);
	HMAC(EVP_sha256(), key.p ? key.p : "", (int)key.n, (const unsigned char *)data.p, data.n,
		out, &n);
}

void digest_hex(const unsigned char digest[DIGEST_BYTES], char out[DIGEST_HEX_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[DIGEST_HEX_BYTES - 1] = '\0';
}

bool digest_equal(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

void base64_encode(struct str data, struct buf *out)
{
	while (data.n) {
		/* In whole groups of three, so that only the last piece is padded. */
		struct str piece = str_slice(data, 0, 3 * 1024);
		unsigned char text[4 * 1024 + 1];
		int n = EVP_EncodeBlock(text, (const unsigned char *)piece.p, (int)piece.n);
		buf_add(out, (struct str){ (const char *)text, (size_t)n });
		data = str_slice(data, piece.n, data.n);
	}
}

static int base64_value(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

bool base64_decode(struct str text, struct buf *out)
{
	if (text.n % 4 != 0)
		return false;
	for (size_t i = 0; i < text.n; i += 4) {
		uint32_t group = 0;
		size_t padding = 0;
		for (size_t j = 0; j < 4; j++) {
			char c = text.p[i + j];
			bool last_pad = c == '=' && i + 4 == text.n && j >= 2;
			int value = last_pad ? 0 : base64_value(c);
			if (value < 0 || (padding && !last_pad))
				return false;
			padding += last_pad;
			group = group << 6 | (uint32_t)value;
		}
		char bytes[3] = { (char)(group >> 16), (char)(group >> 8), (char)group };
		buf_add(out, (struct str){ bytes, 3 - padding });
	}
	return true;
}
