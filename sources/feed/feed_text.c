#include "sources/feed/feed_text.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/utf8.h"
#include "model/entities.h"
#include "model/html.h"

/* HTML is looked at so far only; text is at most a little longer than it. */
enum { HTML_MAX_BYTES = 2 * 1024 * 1024 };

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* end: of the last > in s. */
static bool starts_tag(struct str s, size_t at, size_t end)
{
	const size_t name = at + 1 + (at + 1 < s.n && s.p[at + 1] == '/');
	if (name >= s.n || (s.p[name] | 0x20) < 'a' || (s.p[name] | 0x20) > 'z')
		return name < s.n && name == at + 1 && s.p[name] == '!';
	return name < end;
}

bool feed_looks_like_html(struct str s)
{
	size_t end = s.n;
	while (end && s.p[end - 1] != '>')
		end--;
	for (size_t i = 0; i < s.n; i++) {
		uint32_t code_point;
		if (s.p[i] == '<' && starts_tag(s, i, end))
			return true;
		if (s.p[i] != '&')
			continue;
		const size_t n = entity_read(str_slice(s, i, s.n), &code_point);
		if (n && s.p[i + n - 1] == ';')
			return true;
	}
	return false;
}

/* Runs of white space become one space. */
static void fold_spaces(struct str s, struct buf *out)
{
	s = str_trim(s);
	for (size_t i = 0; i < s.n; i++) {
		if (!is_space(s.p[i]))
			buf_add_char(out, s.p[i]);
		else if (!is_space(s.p[i - 1]))
			buf_add_char(out, ' ');
	}
}

static void decode_base64(struct str raw, struct buf *out)
{
	struct buf packed;
	buf_init(&packed, HTML_MAX_BYTES);
	for (size_t i = 0; i < raw.n; i++)
		if (!is_space(raw.p[i]))
			buf_add_char(&packed, raw.p[i]);
	if (!base64_decode(buf_str(&packed), out) || !utf8_valid(buf_str(out))) {
		buf_clear(out);
		buf_add(out, raw);
	}
	buf_finish(&packed);
}

static struct str bounded(struct str s, size_t max, struct arena *arena, bool *cut)
{
	if (s.n > max) {
		*cut = true;
		s = str_slice(s, 0, utf8_floor(s, max));
	}
	if (s.n == 0)
		return STR_NONE;
	const struct str copy = arena_str(arena, s);
	if (!copy.p)
		*cut = true;
	return copy;
}

struct str feed_text(struct str raw, enum feed_text kind, bool one_line, size_t max,
	struct arena *arena, bool *cut)
{
	struct buf decoded, text, line;
	if (raw.n > HTML_MAX_BYTES) {
		*cut = true;
		raw = str_slice(raw, 0, utf8_floor(raw, HTML_MAX_BYTES));
	}
	buf_init(&decoded, HTML_MAX_BYTES);
	buf_init(&text, 2 * HTML_MAX_BYTES);
	buf_init(&line, 2 * HTML_MAX_BYTES);
	if (kind == FEED_TEXT_BASE64) {
		decode_base64(raw, &decoded);
		raw = buf_str(&decoded);
		kind = FEED_TEXT_GUESS;
	}
	if (kind == FEED_TEXT_HTML || (kind == FEED_TEXT_GUESS && feed_looks_like_html(raw)))
		html_to_text(raw, &text);
	else
		buf_add(&text, str_trim(raw));
	if (one_line)
		fold_spaces(buf_str(&text), &line);
	const struct str result = bounded(
		one_line ? buf_str(&line) : buf_str(&text), max, arena, cut);
	buf_finish(&decoded);
	buf_finish(&text);
	buf_finish(&line);
	return result;
}
