#include "net/signature.h"

#include <inttypes.h>
#include <string.h>

#include "base/digest.h"

static bool key_read(struct str text, struct signing_key *key, const char **reason)
{
	enum { MAX_TEXT_BYTES = SIGNING_MAX_BYTES / 3 * 4 + 4 };
	if (!str_starts(text, STR("whsec_"))) {
		*reason = "a secret starts with 'whsec_'";
		return false;
	}
	struct str base64 = str_slice(text, strlen("whsec_"), text.n);
	struct buf bytes;
	buf_init(&bytes, MAX_TEXT_BYTES);
	const char *wrong = NULL;
	if (base64.n > MAX_TEXT_BYTES)
		wrong = "a secret is at most 64 bytes in base64";
	else if (!base64_decode(base64, &bytes))
		wrong = "what follows 'whsec_' is not base64";
	else if (bytes.n < SIGNING_MIN_BYTES)
		wrong = "a secret is at least 24 bytes in base64";
	else if (bytes.n > SIGNING_MAX_BYTES)
		wrong = "a secret is at most 64 bytes in base64";
	if (!wrong) {
		memcpy(key->bytes, bytes.p, bytes.n);
		key->n = bytes.n;
	} else {
		*reason = wrong;
	}
	buf_finish(&bytes);
	return !wrong;
}

static size_t word_end(struct str s)
{
	size_t i = 0;
	while (i < s.n && !strchr(" \t\r\n", s.p[i]))
		i++;
	return i;
}

bool signing_keys_read(struct str text, struct signing_key keys[SIGNING_MAX_KEYS], size_t *count,
	const char **reason)
{
	size_t n = 0;
	for (struct str rest = str_trim(text); rest.n;) {
		size_t end = word_end(rest);
		if (n == SIGNING_MAX_KEYS) {
			*reason = "more than 4 secrets";
			return false;
		}
		if (!key_read(str_slice(rest, 0, end), &keys[n], reason))
			return false;
		n++;
		rest = str_trim(str_slice(rest, end, rest.n));
	}
	if (n == 0) {
		*reason = "the secret is empty";
		return false;
	}
	*count = n;
	return true;
}

void signature_add(const struct signing_key *keys, size_t count, struct str id, int64_t seconds,
	struct str body, struct buf *out)
{
	struct buf signed_text;
	buf_init(&signed_text, 0);
	buf_addf(&signed_text, "%.*s.%" PRId64 ".", STR_ARGS(id), seconds);
	buf_add(&signed_text, body);
	for (size_t i = 0; i < count; i++) {
		struct str key = { (const char *)keys[i].bytes, keys[i].n };
		unsigned char digest[DIGEST_BYTES];
		digest_hmac(key, buf_str(&signed_text), digest);
		buf_add(out, i ? STR(" v1,") : STR("v1,"));
		base64_encode((struct str){ (const char *)digest, sizeof digest }, out);
	}
	buf_finish(&signed_text);
}
