/* A line ends at CR, LF or CRLF. A line that lies whole within a piece is read where it lies; only
 * one that is cut is gathered in `line`. A line too long to be gathered keeps its start, by which
 * its field is known: a long comment is nothing, a long data line spoils its event. */
#include "net/sse.h"

#include <string.h>

#include "base/clock.h"

enum {
	/* Room in `line` for a byte order mark, "event: " and then some, so that what does not fit
	 * has a value that is too long in any case. */
	LINE_EXTRA_BYTES = 32,
	RETRY_MAX_DIGITS = 18,
};

void sse_init(struct sse *s, size_t max_bytes)
{
	*s = (struct sse){ .max_bytes = max_bytes, .retry_us = -1 };
	size_t longest = max_bytes > SSE_MAX_NAME_BYTES ? max_bytes : SSE_MAX_NAME_BYTES;
	buf_init(&s->line, longest + LINE_EXTRA_BYTES);
	buf_init(&s->data, max_bytes + 1); /* with the LF of its last line */
	buf_init(&s->type, SSE_MAX_NAME_BYTES);
	buf_init(&s->id, SSE_MAX_NAME_BYTES);
	buf_init(&s->next_id, SSE_MAX_NAME_BYTES);
}

void sse_finish(struct sse *s)
{
	buf_finish(&s->line);
	buf_finish(&s->data);
	buf_finish(&s->type);
	buf_finish(&s->id);
	buf_finish(&s->next_id);
}

static void set(struct buf *b, struct str value)
{
	buf_clear(b);
	buf_add(b, value);
}

static void clear_event(struct sse *s)
{
	buf_clear(&s->data);
	buf_clear(&s->type);
	s->too_long = false;
}

static void clear_line(struct sse *s)
{
	buf_clear(&s->line);
	s->line_too_long = false;
}

void sse_reset(struct sse *s)
{
	clear_line(s);
	clear_event(s);
	set(&s->next_id, buf_str(&s->id));
	s->next_id_set = s->id_set;
	s->started = s->after_cr = false;
}

struct str sse_last_id(const struct sse *s)
{
	return s->id.n ? buf_str(&s->id) : STR_NONE;
}

static void take_retry(struct sse *s, struct str value)
{
	int64_t ms = 0;
	if (value.n == 0 || value.n > RETRY_MAX_DIGITS)
		return;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return;
		ms = ms * 10 + (value.p[i] - '0');
	}
	s->retry_us = ms < US_PER_DAY / US_PER_MS ? ms * US_PER_MS : US_PER_DAY;
}

/* A field whose value was cut off (`whole` is false) is too long to be taken. */
static void take_field(struct sse *s, struct str name, struct str value, bool whole)
{
	if (str_eq(name, STR("data"))) {
		if (!whole || value.n > s->max_bytes || s->data.n > s->max_bytes - value.n) {
			s->too_long = true;
			return;
		}
		buf_add(&s->data, value);
		buf_add_char(&s->data, '\n');
	} else if (str_eq(name, STR("event"))) {
		if (!whole || value.n > SSE_MAX_NAME_BYTES)
			s->too_long = true;
		else
			set(&s->type, value);
	} else if (str_eq(name, STR("id"))) {
		if (!whole || value.n > SSE_MAX_NAME_BYTES) {
			s->too_long = true;
		} else if (str_find_char(value, '\0') == SIZE_MAX) {
			set(&s->next_id, value);
			s->next_id_set = true;
		}
	} else if (whole && str_eq(name, STR("retry"))) {
		take_retry(s, value);
	}
}

/* A blank line: the event is complete. */
static bool dispatch(
	struct sse *s, bool (*event)(void *ctx, const struct sse_event *event), void *ctx)
{
	set(&s->id, buf_str(&s->next_id));
	s->id_set = s->next_id_set;
	bool go_on = true;
	if (s->too_long) {
		s->too_long_count++;
	} else if (s->data.n) {
		struct sse_event complete = {
			.type = s->type.n ? buf_str(&s->type) : STR("message"),
			.data = { s->data.p, s->data.n - 1 },
			.id = s->id_set ? buf_str(&s->id) : STR_NONE,
		};
		go_on = event(ctx, &complete);
	}
	clear_event(s);
	return go_on;
}

static bool take_line(struct sse *s, struct str line, bool whole,
	bool (*event)(void *ctx, const struct sse_event *event), void *ctx)
{
	if (!s->started) {
		s->started = true;
		if (str_starts(line, STR("\xEF\xBB\xBF")))
			line = str_slice(line, 3, line.n);
	}
	if (line.n == 0)
		return dispatch(s, event, ctx);
	size_t colon = str_find_char(line, ':');
	if (colon == 0)
		return true; /* a comment */
	struct str name = line, value = STR("");
	if (colon != SIZE_MAX) {
		name = str_slice(line, 0, colon);
		value = str_slice(line, colon + 1, line.n);
		if (str_starts(value, STR(" ")))
			value = str_slice(value, 1, value.n);
	}
	take_field(s, name, value, whole);
	return true;
}

static void gather(struct sse *s, struct str part)
{
	size_t room = s->line.max_bytes - s->line.n;
	if (part.n > room) {
		s->line_too_long = true;
		part.n = room;
	}
	buf_add(&s->line, part);
}

/* The next position of c at or after from; n if there is none. *known is the one found last, so
 * that no stretch is searched twice, however the two line ends are mixed. */
static size_t next_char(struct str s, char c, size_t from, size_t *known)
{
	if (*known < from || *known == SIZE_MAX) {
		size_t at = str_find_char(str_slice(s, from, s.n), c);
		*known = at == SIZE_MAX ? s.n : from + at;
	}
	return *known;
}

bool sse_feed(struct sse *s, struct str piece,
	bool (*event)(void *ctx, const struct sse_event *event), void *ctx)
{
	size_t at = 0, lf = SIZE_MAX, cr = SIZE_MAX;
	while (at < piece.n) {
		if (s->after_cr && piece.p[at] == '\n')
			at++;
		s->after_cr = false;
		size_t next_lf = next_char(piece, '\n', at, &lf);
		size_t next_cr = next_char(piece, '\r', at, &cr);
		size_t end = next_lf < next_cr ? next_lf : next_cr;
		struct str part = str_slice(piece, at, end);
		if (end == piece.n) {
			gather(s, part);
			return true;
		}
		at = end + 1;
		s->after_cr = end == next_cr;
		bool go_on;
		if (s->line.n) {
			gather(s, part);
			go_on = take_line(s, buf_str(&s->line), !s->line_too_long, event, ctx);
			clear_line(s);
		} else {
			go_on = take_line(s, part, true, event, ctx);
		}
		if (!go_on)
			return false;
	}
	return true;
}
