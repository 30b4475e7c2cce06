/* What a source reads in its records itself, beside the map: the value to resume at, and whether to
 * drop a record. */
#pragma once

#include "base/buf.h"
#include "base/diag.h"
#include "base/json.h"

/* ---- dropping: records in which a path holds a value ---- */

enum { DROP_MAX_RULES = 32 };

struct drop {
	struct str_list rules; /* each PATH=VALUE, owned by the source */
	struct json_paths *paths; /* NULL: nothing is dropped */
};

/* Errors go to diag; false then. */
bool drop_check(struct str_list rules, struct where at, struct diag *diag);
void drop_init(struct drop *d, struct str_list rules); /* checked */
void drop_finish(struct drop *d); /* takes {0} */
/* The lines that stay: `lines` itself if all do, else a view of out. */
struct str drop_from(const struct drop *d, struct str lines, struct buf *out);

/* ---- resuming ---- */

enum { RESUME_MAX_BYTES = 512 };

/* The value at the path in the last of the lines that has one, a string or a number; added to out,
 * which is left alone if none of the last lines has any. */
void resume_value(const struct json_paths *path, struct str lines, struct buf *out);
/* url with parameter=value added to its query, percent-encoded. An integer is put back by overlap,
 * not below 0. */
void resume_url(
	struct buf *out, struct str url, struct str parameter, struct str value, int64_t overlap);

/* text with {value} in it replaced, an integer put back by overlap as above. */
void resume_text(struct buf *out, struct str text, struct str value, int64_t overlap);

/* Everything but letters, digits and - _ . ~ as %XX. */
void percent_encode(struct buf *out, struct str s);
