/* JSON goes through these states; what stands between brackets and quotes only matters for where it
 * ends:
 *
 *   BEFORE   [ opens the array, else a value   FIRST, VALUE
 *   FIRST    ] ends it, else a value           AFTER, VALUE
 *   NEXT     a value, behind a comma           VALUE
 *   VALUE    its end                           BETWEEN in an array, else AFTER
 *   BETWEEN  , or ]                            NEXT, AFTER
 *   AFTER    white space only
 *
 * Lines are VALUE from their first byte that is no white space to LF. */
#include "sources/ingest/ingest_body.h"

#include <string.h>

#include "sources/source.h"

enum { BEFORE, FIRST, NEXT, VALUE, BETWEEN, AFTER, STOPPED };

void ingest_body_init(
	struct ingest_body *b, enum ingest_format format, ingest_take *take, void *ctx)
{
	*b = (struct ingest_body){ .format = format, .take = take, .ctx = ctx, .line = 1 };
	buf_init(&b->kept, SOURCE_MAX_RECORD_BYTES);
}

void ingest_body_finish(struct ingest_body *b)
{
	buf_finish(&b->kept);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static uint64_t column(const struct ingest_body *b)
{
	return b->at - b->line_at + 1;
}

static void fail(struct ingest_body *b, const char *reason)
{
	b->error = reason;
	b->error_line = b->line;
	b->error_column = column(b);
	b->state = STOPPED;
}

/* The next byte of the body. */
static void step(struct ingest_body *b, char c)
{
	b->at++;
	if (c == '\n') {
		b->line++;
		b->line_at = b->at;
	}
}

static void begin_value(struct ingest_body *b)
{
	b->state = VALUE;
	b->record_line = b->line;
	b->record_column = column(b);
	b->depth = 0;
	b->in_string = b->escaped = b->too_long = false;
	buf_clear(&b->kept);
}

static void keep(struct ingest_body *b, struct str part)
{
	buf_add(&b->kept, part);
	if (!b->kept.full)
		return;
	b->too_long = true;
	buf_clear(&b->kept);
}

/* last: what of it stands in the piece at hand. */
static void end_value(struct ingest_body *b, struct str last)
{
	struct ingest_record record = { last, b->index++, b->record_line, b->record_column };
	b->state = b->format == INGEST_LINES ? BEFORE : b->in_array ? BETWEEN : AFTER;
	if (b->kept.n) {
		keep(b, last);
		record.text = buf_str(&b->kept);
	}
	if (b->too_long || last.n > SOURCE_MAX_RECORD_BYTES)
		record.text = STR_NONE;
	if (!b->take(b->ctx, &record))
		b->state = STOPPED;
	buf_clear(&b->kept);
}

enum progress { GO_ON, ENDS_BEHIND, ENDS_BEFORE };

static enum progress in_text(struct ingest_body *b, char c)
{
	if (b->escaped)
		b->escaped = false;
	else if (c == '\\')
		b->escaped = true;
	else if (c == '"') {
		b->in_string = false;
		return b->depth == 0 ? ENDS_BEHIND : GO_ON;
	}
	return GO_ON;
}

/* Where a JSON value ends. */
static enum progress in_value(struct ingest_body *b, char c)
{
	if (b->in_string)
		return in_text(b, c);
	switch (c) {
	case '"':
		b->in_string = true;
		return GO_ON;
	case '{':
	case '[':
		b->depth++;
		return GO_ON;
	case '}':
	case ']':
		if (b->depth == 0)
			return ENDS_BEFORE;
		return --b->depth == 0 ? ENDS_BEHIND : GO_ON;
	case ',':
		return b->depth == 0 ? ENDS_BEFORE : GO_ON;
	default: /* of a number or a word */
		return b->depth == 0 && is_space(c) ? ENDS_BEFORE : GO_ON;
	}
}

/* Takes what of the value stands at the front of the rest. */
static struct str read_value(struct ingest_body *b, struct str rest)
{
	size_t n = 0;
	if (b->format == INGEST_LINES) {
		const char *end = memchr(rest.p, '\n', rest.n);
		n = end ? (size_t)(end - rest.p) : rest.n;
		b->at += n;
		if (end)
			end_value(b, str_slice(rest, 0, n));
		else
			keep(b, rest);
		return str_slice(rest, n, rest.n);
	}
	enum progress progress = GO_ON;
	while (n < rest.n && progress == GO_ON) {
		progress = in_value(b, rest.p[n]);
		if (progress != ENDS_BEFORE)
			step(b, rest.p[n++]);
	}
	if (progress == GO_ON)
		keep(b, rest);
	else if (n == 0 && b->kept.n == 0 && !b->too_long)
		fail(b, "not JSON: a value is missing");
	else
		end_value(b, str_slice(rest, 0, n));
	return str_slice(rest, n, rest.n);
}

/* A byte outside of values that is no white space. True: it is used up. */
static bool between_values(struct ingest_body *b, char c)
{
	switch (b->state) {
	case BEFORE:
		b->in_array = b->format == INGEST_JSON && c == '[';
		b->state = FIRST;
		if (b->in_array)
			return true;
		break;
	case FIRST:
		if (c == ']')
			b->state = AFTER;
		break;
	case BETWEEN:
		if (c == ',')
			b->state = NEXT;
		else if (c == ']')
			b->state = AFTER;
		else
			fail(b, "not JSON: a comma is missing between two elements");
		return true;
	case AFTER:
		fail(b, "more than one value: that is application/x-ndjson");
		return true;
	default:
		break;
	}
	if (b->state == AFTER)
		return true;
	begin_value(b);
	return false;
}

/* Editors of other systems put a byte order mark first. */
static bool is_mark(const struct ingest_body *b, char c)
{
	return b->at < 3 && b->state == BEFORE && c == "\xEF\xBB\xBF"[b->at];
}

void ingest_body_feed(struct ingest_body *b, struct str piece)
{
	while (piece.n && b->state != STOPPED) {
		if (b->state == VALUE) {
			piece = read_value(b, piece);
			continue;
		}
		const char c = piece.p[0];
		if (is_space(c) || is_mark(b, c) || between_values(b, c)) {
			step(b, c);
			piece = str_slice(piece, 1, piece.n);
		}
	}
}

void ingest_body_end(struct ingest_body *b)
{
	if (b->state == VALUE && (b->format == INGEST_LINES || (!b->in_array && b->depth == 0)))
		end_value(b, STR(""));
	else if (b->state == VALUE || b->state == NEXT || b->state == BETWEEN ||
		(b->state == FIRST && b->in_array))
		fail(b, "not JSON: it ends too early");
}
