#include "sources/imap_read.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum { KEPT_BYTES = 1024 * 1024 }; /* of memory, from one response to the next */

void imap_reader_init(struct imap_reader *r)
{
	*r = (struct imap_reader){ 0 };
	buf_init(&r->bytes,
		IMAP_LITERAL_MAX_BYTES + IMAP_LINE_MAX_BYTES + 2 * (size_t)IMAP_PIECE_BYTES);
}

void imap_reader_finish(struct imap_reader *r)
{
	buf_finish(&r->bytes);
	*r = (struct imap_reader){ 0 };
}

void imap_reader_add(struct imap_reader *r, struct str piece)
{
	assert(piece.n <= IMAP_PIECE_BYTES);
	if (r->from) {
		buf_cut(&r->bytes, r->from);
		r->at -= r->from;
		r->line -= r->from;
		r->from = 0;
	}
	if (r->bytes.n == 0 && r->bytes.size_bytes > KEPT_BYTES) {
		const size_t max = r->bytes.max_bytes;
		buf_finish(&r->bytes);
		buf_init(&r->bytes, max);
	}
	buf_add(&r->bytes, piece);
	assert(!r->bytes.full); /* imap_reader_next says no before */
}

bool imap_literal_mark(struct str line, size_t *bytes)
{
	if (line.n < 3 || line.p[line.n - 1] != '}')
		return false;
	size_t end = line.n - 1;
	if (line.p[end - 1] == '+')
		end--;
	size_t start = end, value = 0;
	while (start > 0 && line.p[start - 1] >= '0' && line.p[start - 1] <= '9')
		start--;
	if (start == 0 || start == end || end - start > 10 || line.p[start - 1] != '{')
		return false;
	for (size_t i = start; i < end; i++)
		value = value * 10 + (size_t)(line.p[i] - '0');
	*bytes = value;
	return true;
}

/* Texts for people may end in what looks like one. */
static bool may_hold_literals(struct str response)
{
	static const char *const texts[] = { "OK", "NO", "BAD", "BYE", "PREAUTH" };
	if (!str_starts(response, STR("* ")))
		return false;
	const struct str rest = str_slice(response, 2, response.n);
	const struct str word = str_slice(rest, 0, str_find_char(rest, ' '));
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (str_eq_ignore_case(word, str_of(texts[i])))
			return false;
	return true;
}

/* The end of the line that begins at r->line, without its end; false if that is not here yet. */
static bool take_line(struct imap_reader *r, struct str *line)
{
	const struct str all = buf_str(&r->bytes);
	const char *end = r->at < all.n ? memchr(all.p + r->at, '\n', all.n - r->at) : NULL;
	if (!end) {
		r->at = all.n;
		return false;
	}
	size_t n = (size_t)(end - all.p);
	r->at = n + 1;
	if (n > r->line && all.p[n - 1] == '\r')
		n--;
	*line = str_slice(all, r->line, n);
	return true;
}

static bool skip_literal(struct imap_reader *r)
{
	const size_t here = r->bytes.n - r->at;
	const size_t n = here < r->literal_left ? here : r->literal_left;
	r->at += n;
	r->literal_left -= n;
	if (r->literal_left == 0)
		r->line = r->at;
	return r->literal_left == 0;
}

static bool line_too_long(const struct imap_reader *r)
{
	return r->at - r->from - r->literal_bytes > IMAP_LINE_MAX_BYTES;
}

int imap_reader_next(struct imap_reader *r, struct str *response)
{
	struct str line;
	size_t literal;
	for (;;) {
		if (r->literal_left && !skip_literal(r))
			return 0;
		const bool whole = take_line(r, &line);
		if (line_too_long(r))
			return -EMSGSIZE;
		if (!whole)
			return 0;
		const struct str so_far = str_slice(buf_str(&r->bytes), r->from, r->at);
		if (!may_hold_literals(so_far) || !imap_literal_mark(line, &literal))
			break;
		if (r->literal_bytes > r->max_literal_bytes ||
			literal > r->max_literal_bytes - r->literal_bytes)
			return -EMSGSIZE;
		r->literal_left = literal;
		r->literal_bytes += literal;
		r->line = r->at;
	}
	*response = str_slice(buf_str(&r->bytes), r->from, (size_t)(line.p + line.n - r->bytes.p));
	r->from = r->line = r->at;
	r->literal_bytes = 0;
	return 1;
}
