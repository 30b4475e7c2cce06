#include "base/digest.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

void digest_sha256(struct str data, unsigned char out[DIGEST_BYTES])
{
	SHA256((const unsigned char *)data.p, data.n, out);
}

void digest_sha1(struct str data, unsigned char out[DIGEST_SHA1_BYTES])
{
	SHA1((const unsigned char *)data.p, data.n, out);
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
	must(HMAC(EVP_sha256(), key.p ? key.p : "", (int)key.n, (const unsigned char *)data.p,
		     data.n, out, &n) != NULL);
}

size_t digest_hmac_by(
	struct str name, struct str key, struct str data, unsigned char out[DIGEST_MAX_BYTES])
{
	const EVP_MD *md = str_eq_ignore_case(name, STR("sha256")) ? EVP_sha256()
		: str_eq_ignore_case(name, STR("sha1"))		   ? EVP_sha1()
		: str_eq_ignore_case(name, STR("sha384"))	   ? EVP_sha384()
		: str_eq_ignore_case(name, STR("sha512"))	   ? EVP_sha512()
								   : NULL;
	unsigned int n = DIGEST_MAX_BYTES;
	if (!md)
		return 0;
	assert(key.n <= INT_MAX);
	must(HMAC(md, key.p ? key.p : "", (int)key.n, (const unsigned char *)(data.p ? data.p : ""),
		     data.n, out, &n) != NULL);
	return n;
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

/* Four characters into *n bytes; only the last four may be padded, and padding hides no bits. */
static bool decode_group(const char *text, bool last, char bytes[3], size_t *n)
{
	uint32_t group = 0;
	size_t padding = 0;
	for (size_t i = 0; i < 4; i++) {
		bool pad = text[i] == '=' && last && i >= 2;
		int value = pad ? 0 : base64_value(text[i]);
		if (value < 0 || (padding && !pad))
			return false;
		padding += pad;
		group = group << 6 | (uint32_t)value;
	}
	if (group & ((1u << 8 * padding) - 1))
		return false;
	bytes[0] = (char)(group >> 16);
	bytes[1] = (char)(group >> 8);
	bytes[2] = (char)group;
	*n = 3 - padding;
	return true;
}

bool base64_decode(struct str text, struct buf *out)
{
	size_t padding = str_ends(text, STR("==")) ? 2 : str_ends(text, STR("="));
	char *at = text.n % 4 == 0 ? buf_room(out, text.n / 4 * 3 - padding) : NULL;
	size_t n = 0;
	if (!at)
		return false;
	for (size_t i = 0; i < text.n; i += 4) {
		char bytes[3];
		size_t count;
		if (!decode_group(text.p + i, i + 4 == text.n, bytes, &count))
			return false;
		memcpy(at + n, bytes, count);
		n += count;
	}
	out->n += n;
	at[n] = '\0';
	return true;
}
