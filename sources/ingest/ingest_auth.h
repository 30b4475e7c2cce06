/* Who may post: bearer tokens, and signatures over the body as Standard Webhooks 1.0 or GitHub
 * make them. Pure; what is secret is compared in constant time. */
#pragma once

#include "base/digest.h"
#include "net/signature.h"

enum { INGEST_MAX_TOKENS = 4, INGEST_MIN_SECRET_BYTES = 16, INGEST_MAX_SECRET_BYTES = 4096 };
/* How far a timestamp may be from our clock. */
#define INGEST_TOLERANCE_S 300

struct ingest_auth {
	unsigned char tokens[INGEST_MAX_TOKENS][DIGEST_BYTES];
	size_t token_count;
	struct signing_key keys[SIGNING_MAX_KEYS]; /* of Standard Webhooks */
	size_t key_count;
	struct str_list github_secrets; /* views */
};

/* The values of the headers; absent ones are absent here. */
struct ingest_proof {
	struct str authorization;
	struct str id, timestamp, signatures; /* webhook-id and so on */
	struct str github; /* X-Hub-Signature-256 */
};

/* NULL, or what is wrong with the token or secret, without it. The secrets of GitHub must outlive
 * auth. */
const char *ingest_auth_add_token(struct ingest_auth *auth, struct str token);
const char *ingest_auth_add_keys(struct ingest_auth *auth, struct str text);
const char *ingest_auth_check_github(struct str secret);

bool ingest_token_ok(const struct ingest_auth *auth, struct str authorization);
/* Is there anything that a signature could be checked by? If not, the body need not be read. */
bool ingest_may_be_signed(const struct ingest_auth *auth, const struct ingest_proof *proof);
bool ingest_signature_ok(const struct ingest_auth *auth, const struct ingest_proof *proof,
	struct str body, int64_t now_s);
