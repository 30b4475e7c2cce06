/* Cursors of parts of a source (sources/source.h) that are not on disk yet. On disk each is a
 * cursor of its own, named by source and part, so that one part's progress writes one row. */
#pragma once

#include "base/buf.h"
#include "store/store.h"

struct part_cursor;

/* {0} is empty. */
struct parts {
	struct part_cursor *items;
	size_t count, room;
};

void parts_finish(struct parts *p); /* takes {0} */
/* To be written; instead of what the part had there. */
void parts_set(struct parts *p, struct str part, struct str cursor);
/* It is on disk, or a later one is. */
void parts_forget(struct parts *p, struct str part);
void parts_clear(struct parts *p);
/* Writes all within a transaction, and one that stands nowhere else. 0 or -errno; a cursor past the
 * store's ceiling is left out. */
int parts_write(const struct parts *p, struct store *store, struct str source);
int parts_write_one(struct store *store, struct str source, struct str part, struct str cursor);
/* Adds the latest cursor of a part to out, on disk or not; nothing if there is none. 0 or -errno.
 */
int parts_read(const struct parts *p, struct store *store, struct str source, struct str part,
	struct buf *out);
