/* Reading JSON: picks the values at a fixed set of paths out of one record and checks
 * the whole of it on the way. Two readers, one meaning, tested against each other:
 * json_pick, our own, for the flood of posts, and json_pick_yajl, by yajl, for what
 * is small (stored alerts, requests, answers).
 *
 * What counts as JSON is RFC 8259, strictly, one value of object type a record, with
 * these ceilings and decisions:
 *   - depth JSON_MAX_DEPTH; deeper is an error;
 *   - bytes in a string that are not UTF-8, a lone surrogate escape and \u0000 each
 *     become U+FFFD, since real streams hold them and a post must not be lost for it;
 *   - of two equal keys in an object the last counts;
 *   - keys are compared as written: "te\u0078t" is not the key "text" (no producer
 *     escapes letters, and the scan looks for keys in raw bytes). */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum {
	JSON_MAX_DEPTH = 64,
	JSON_MAX_ITEMS = 256, /* values a path gives; more are ignored */
	JSON_MAX_PATHS = 256, /* in one struct json_paths */
	JSON_MAX_INDEX = 65535, /* N of a path's [N] */
	JSON_MAX_RECORD_BYTES = 1 << 30
};

enum json_type {
	JSON_ABSENT,
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

/* text: of a string its decoded text; of a number, a boolean or null as written; of an array
 * or object the raw bytes. It lives in the record or in the arena. */
struct json_value {
	enum json_type type;
	uint32_t at; /* byte in the record where the value begins */
	struct str text;
};

/* What a path gave: none, one, or through [] several. */
struct json_picked {
	struct json_value *items;
	size_t count;
};

struct json_error {
	size_t at; /* byte in the record */
	const char *reason; /* a constant, such as "not JSON: unterminated string" */
};

struct json_paths;

/* Paths such as "commit.record.text", "tags[].name", "tags[]", "alt[0]". Errors: NULL, with
 * the number of the first bad path in *bad. Destroy takes NULL. */
struct json_paths *json_paths_create(const struct str *paths, size_t count, size_t *bad);
void json_paths_destroy(struct json_paths *paths);

/* Fills picked[0..count-1], in the order of the paths. Returns 0; -EBADMSG: not JSON, and
 * *error says where and why; -EMSGSIZE: what was picked does not fit the arena. record
 * need not be NUL-terminated and must outlive what was picked. */
int json_pick(const struct json_paths *paths, struct str record, struct arena *arena,
	struct json_picked *picked, struct json_error *error);
int json_pick_yajl(const struct json_paths *paths, struct str record, struct arena *arena,
	struct json_picked *picked, struct json_error *error);
