#include "sources/records.h"

#include <assert.h>

#include "sources/source.h"

/* The longest record with its line end, and all of one piece. */
enum { JOINED_MAX_BYTES = SOURCE_MAX_RECORD_BYTES + SOURCE_PIECE_BYTES + 2 };

void records_init(struct records *r)
{
	*r = (struct records){ 0 };
	lines_init(&r->lines, SOURCE_MAX_RECORD_BYTES);
	buf_init(&r->joined, JOINED_MAX_BYTES);
}

void records_finish(struct records *r)
{
	lines_finish(&r->lines);
	buf_finish(&r->joined);
	*r = (struct records){ 0 };
}

void records_reset(struct records *r)
{
	records_finish(r);
	records_init(r);
}

static bool take_lines(void *ctx, struct str view)
{
	struct records *r = ctx;
	const bool in_piece = r->piece.p && (uintptr_t)view.p >= (uintptr_t)r->piece.p &&
		(uintptr_t)view.p < (uintptr_t)r->piece.p + r->piece.n;
	if (in_piece && !r->direct.p && r->joined.n == 0) {
		r->direct = view;
		return true;
	}
	if (r->direct.p)
		buf_add(&r->joined, r->direct);
	r->direct = STR_NONE;
	buf_add(&r->joined, view);
	assert(!r->joined.full);
	return true;
}

static struct str taken(struct records *r)
{
	r->piece = STR_NONE;
	if (r->direct.p)
		return r->direct;
	return r->joined.n ? buf_str(&r->joined) : STR_NONE;
}

struct str records_feed(struct records *r, struct str piece)
{
	assert(piece.n <= SOURCE_PIECE_BYTES);
	buf_clear(&r->joined);
	r->direct = STR_NONE;
	r->piece = piece;
	(void)lines_feed(&r->lines, piece, take_lines, r); /* take_lines never refuses */
	return taken(r);
}

struct str records_end(struct records *r)
{
	buf_clear(&r->joined);
	r->direct = STR_NONE;
	(void)lines_end(&r->lines, take_lines, r); /* take_lines never refuses */
	return taken(r);
}

uint64_t records_rejected(struct records *r)
{
	const uint64_t count = r->lines.too_long_count - r->told_count;
	r->told_count = r->lines.too_long_count;
	return count;
}
