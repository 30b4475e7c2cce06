/* Walks through JSON that nobody has described: each value that is no object or array, with its
 * path as maps write it, such as "data.children[].title". Pure. */
#pragma once

#include "base/json.h"

enum { JSON_WALK_MAX_PATH_BYTES = 512 };

struct json_leaf {
	struct str path; /* for the call only */
	enum json_type type;
	struct str text; /* of a string what stands between its quotes, else the value as written */
};

/* False: not JSON of an object or array, too deep, or found said no. Values below keys that no path
 * can name (with . [ ] or escapes) are left out, as are those past the path's ceiling. */
bool json_walk(
	struct str document, bool (*found)(void *ctx, const struct json_leaf *leaf), void *ctx);
