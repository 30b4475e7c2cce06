/* What a source reads in its records itself, beside the map: the value to resume at. */
#pragma once

#include "base/buf.h"
#include "base/json.h"

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
