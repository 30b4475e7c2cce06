#include "sources/ingest/ingest_auth.h"

#include <string.h>

static bool is_printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return true;
}

const char *ingest_auth_add_token(struct ingest_auth *auth, struct str token)
{
	if (auth->token_count == INGEST_MAX_TOKENS)
		return "more than 4 tokens";
	if (!is_printable(token))
		return "a token has no spaces, controls or letters beyond ASCII";
	if (token.n < INGEST_MIN_SECRET_BYTES)
		return "a token has at least 16 characters";
	if (token.n > INGEST_MAX_SECRET_BYTES)
		return "a token has at most 4096 characters";
	digest_sha256(token, auth->tokens[auth->token_count++]);
	return NULL;
}

const char *ingest_auth_add_keys(struct ingest_auth *auth, struct str text)
{
	struct signing_key keys[SIGNING_MAX_KEYS];
	size_t count;
	const char *reason = NULL;
	if (!signing_keys_read(text, keys, &count, &reason))
		return reason;
	if (count > SIGNING_MAX_KEYS - auth->key_count)
		return "more than 4 secrets";
	memcpy(auth->keys + auth->key_count, keys, count * sizeof *keys);
	auth->key_count += count;
	return NULL;
}

const char *ingest_auth_check_github(struct str secret)
{
	if (secret.n < INGEST_MIN_SECRET_BYTES)
		return "a secret has at least 16 characters";
	if (secret.n > INGEST_MAX_SECRET_BYTES)
		return "a secret has at most 4096 characters";
	return NULL;
}

bool ingest_token_ok(const struct ingest_auth *auth, struct str authorization)
{
	const struct str scheme = STR("Bearer ");
	if (!str_eq_ignore_case(str_slice(authorization, 0, scheme.n), scheme))
		return false;
	const struct str token = str_trim(str_slice(authorization, scheme.n, authorization.n));
	unsigned char digest[DIGEST_BYTES];
	digest_sha256(token, digest);
	bool found = false;
	for (size_t i = 0; i < auth->token_count; i++) {
		const struct str own = { (const char *)auth->tokens[i], DIGEST_BYTES };
		const bool same = digest_equal(
			(struct str){ (const char *)digest, DIGEST_BYTES }, own);
		found = found || same;
	}
	return found;
}

/* ---- Standard Webhooks ---- */

/* What is signed is "id.timestamp.body", which a point in the id would make ambiguous. */
static bool id_ok(struct str id)
{
	enum { ID_MAX_BYTES = 255 };
	return id.n > 0 && id.n <= ID_MAX_BYTES && is_printable(id) &&
		str_find_char(id, '.') == SIZE_MAX;
}

/* Digits only, so that what is signed is what was sent. */
static bool read_timestamp(struct str text, int64_t *seconds)
{
	if (text.n == 0 || text.p[0] < '1' || text.p[0] > '9')
		return false;
	return str_to_int64(text, seconds);
}

static bool is_recent(int64_t seconds, int64_t now_s)
{
	return seconds >= now_s - INGEST_TOLERANCE_S && seconds <= now_s + INGEST_TOLERANCE_S;
}

/* All are compared, whichever it is. */
static bool is_among(struct str signature, struct str list)
{
	struct str one;
	bool found = false;
	while (str_next(&list, ' ', &one)) {
		const bool same = digest_equal(one, signature);
		found = found || same;
	}
	return found;
}

static bool webhook_ok(const struct ingest_auth *auth, const struct ingest_proof *proof,
	struct str body, int64_t now_s)
{
	int64_t seconds;
	if (!id_ok(proof->id) || !read_timestamp(proof->timestamp, &seconds) ||
		!is_recent(seconds, now_s))
		return false;
	bool found = false;
	for (size_t i = 0; i < auth->key_count; i++) {
		struct buf own;
		buf_init(&own, 128);
		signature_add(&auth->keys[i], 1, proof->id, seconds, body, &own);
		const bool same = is_among(buf_str(&own), proof->signatures);
		found = found || same;
		buf_finish(&own);
	}
	return found;
}

/* ---- GitHub ---- */

static bool github_ok(const struct ingest_auth *auth, struct str signature, struct str body)
{
	bool found = false;
	for (size_t i = 0; i < auth->github_secrets.count; i++) {
		unsigned char digest[DIGEST_BYTES];
		char own[7 + DIGEST_HEX_BYTES] = "sha256=";
		digest_hmac(auth->github_secrets.items[i], body, digest);
		digest_hex(digest, own + 7);
		const bool same = digest_equal(str_of(own), signature);
		found = found || same;
	}
	return found;
}

bool ingest_may_be_signed(const struct ingest_auth *auth, const struct ingest_proof *proof)
{
	if (auth->key_count && proof->id.p && proof->timestamp.p && proof->signatures.p)
		return true;
	return auth->github_secrets.count && proof->github.p;
}

bool ingest_signature_ok(const struct ingest_auth *auth, const struct ingest_proof *proof,
	struct str body, int64_t now_s)
{
	if (!ingest_may_be_signed(auth, proof))
		return false;
	return auth->key_count ? webhook_ok(auth, proof, body, now_s)
			       : github_ok(auth, proof->github, body);
}
