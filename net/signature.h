/* Standard Webhooks 1.0: secrets and signatures. Pure. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

enum { SIGNING_MIN_BYTES = 24, SIGNING_MAX_BYTES = 64, SIGNING_MAX_KEYS = 4 };

struct signing_key {
	unsigned char bytes[SIGNING_MAX_BYTES];
	size_t n;
};

/* Reads one or more secrets with white space between them, each "whsec_" and base64 of 24 to 64
 * bytes. True and their count; false and a constant that says what is wrong, without the secret. */
bool signing_keys_read(struct str text, struct signing_key keys[SIGNING_MAX_KEYS], size_t *count,
	const char **reason);

/* Adds "v1,BASE64", one for each key with a space between, over "id.seconds.body". */
void signature_add(const struct signing_key *keys, size_t count, struct str id, int64_t seconds,
	struct str body, struct buf *out);
