/* In the hot path of every NDJSON stream and file: of a piece, only the last LF is looked for, and
 * the first one if a line was left unfinished. Single lines are looked at only when a piece is
 * longer than a line may be. */
#define _GNU_SOURCE

#include "net/lines.h"

#include <string.h>

void lines_init(struct lines *l, size_t max_bytes)
{
	*l = (struct lines){ .max_bytes = max_bytes };
	buf_init(&l->rest, max_bytes + 1); /* and its LF */
}

void lines_finish(struct lines *l)
{
	buf_finish(&l->rest);
}

static bool hand_out(
	struct lines *l, struct str view, bool (*block)(void *ctx, struct str view), void *ctx)
{
	l->consumed_bytes += view.n;
	return block(ctx, view);
}

/* Where what is unfinished ends: at the first LF, or at the end of the piece. */
static struct str up_to_lf(struct str piece, bool *found)
{
	size_t at = str_find_char(piece, '\n');
	*found = at != SIZE_MAX;
	return str_slice(piece, 0, *found ? at + 1 : piece.n);
}

/* Takes what belongs to a line that is too long off the front of the piece. */
static void skip(struct lines *l, struct str *piece)
{
	bool found;
	struct str part = up_to_lf(*piece, &found);
	*piece = str_slice(*piece, part.n, piece->n);
	l->skipped_bytes += part.n;
	if (!found)
		return;
	l->consumed_bytes += l->skipped_bytes;
	l->skipped_bytes = 0;
	l->skipping = false;
}

static void skip_from_here(struct lines *l)
{
	l->skipping = true;
	l->skipped_bytes = l->rest.n;
	l->too_long_count++;
	buf_clear(&l->rest);
}

/* Goes on with the unfinished line, if there is one; it is handed out if the piece ends it. */
static bool complete_rest(
	struct lines *l, struct str *piece, bool (*block)(void *ctx, struct str view), void *ctx)
{
	if (l->rest.n == 0)
		return true;
	bool found;
	struct str part = up_to_lf(*piece, &found);
	if (part.n - found > l->max_bytes - l->rest.n) {
		skip_from_here(l);
		skip(l, piece);
		return true;
	}
	buf_add(&l->rest, part);
	*piece = str_slice(*piece, part.n, piece->n);
	if (!found)
		return true;
	bool go_on = hand_out(l, buf_str(&l->rest), block, ctx);
	buf_clear(&l->rest);
	return go_on;
}

/* The length of the whole lines at the start of the piece up to the first that is too long or
 * unfinished. A window as long as a line may be, LF included, is stepped from line end to line end:
 * the lines within it cannot be too long. */
static size_t good_lines(struct str piece, size_t max_bytes)
{
	size_t end = 0;
	for (;;) {
		struct str window = str_slice(piece, end, piece.n);
		if (window.n > max_bytes)
			window.n = max_bytes + 1;
		const char *lf = window.n ? memrchr(window.p, '\n', window.n) : NULL;
		if (!lf)
			return end;
		end = (size_t)(lf - piece.p) + 1;
	}
}

bool lines_feed(
	struct lines *l, struct str piece, bool (*block)(void *ctx, struct str view), void *ctx)
{
	if (l->skipping)
		skip(l, &piece);
	else if (!complete_rest(l, &piece, block, ctx))
		return false;
	while (piece.n) {
		size_t end = good_lines(piece, l->max_bytes);
		struct str view = str_slice(piece, 0, end);
		piece = str_slice(piece, end, piece.n);
		if (view.n && !hand_out(l, view, block, ctx))
			return false;
		if (piece.n <= l->max_bytes) {
			buf_add(&l->rest, piece);
			return true;
		}
		skip_from_here(l);
		skip(l, &piece);
	}
	return true;
}

bool lines_end(struct lines *l, bool (*block)(void *ctx, struct str view), void *ctx)
{
	l->consumed_bytes += l->skipped_bytes;
	l->skipped_bytes = 0;
	l->skipping = false;
	bool go_on = l->rest.n == 0 || hand_out(l, buf_str(&l->rest), block, ctx);
	buf_clear(&l->rest);
	return go_on;
}
