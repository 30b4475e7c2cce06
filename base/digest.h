/* SHA-256, HMAC-SHA-256, SHA-1 and base64, by OpenSSL's libcrypto. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

enum { DIGEST_BYTES = 32, DIGEST_HEX_BYTES = 65, DIGEST_SHA1_BYTES = 20, DIGEST_MAX_BYTES = 64 };

/* SHA-256 over the parts, each preceded by its length, so that ("ab","c") and ("a","bc")
 * differ. */
void digest_parts(const struct str *parts, size_t count, unsigned char out[DIGEST_BYTES]);
void digest_sha256(struct str data, unsigned char out[DIGEST_BYTES]);
/* For protocols that demand it, such as WebSocket's; it protects nothing. */
void digest_sha1(struct str data, unsigned char out[DIGEST_SHA1_BYTES]);
void digest_hmac(struct str key, struct str data, unsigned char out[DIGEST_BYTES]);

/* By "sha1", "sha256", "sha384" or "sha512". Returns the length; 0: it is none of these. */
size_t digest_hmac_by(
	struct str name, struct str key, struct str data, unsigned char out[DIGEST_MAX_BYTES]);

/* Lower-case hex and a NUL. */
void digest_hex(const unsigned char digest[DIGEST_BYTES], char out[DIGEST_HEX_BYTES]);

/* Takes the same time wherever the difference is. */
bool digest_equal(struct str a, struct str b);

void base64_encode(struct str data, struct buf *out);
/* RFC 4648 with padding and nothing else; false on anything wrong and when out is full, and
 * then nothing is added. */
bool base64_decode(struct str text, struct buf *out);
