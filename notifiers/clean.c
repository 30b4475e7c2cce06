#include "notifiers/clean.h"

#include "base/utf8.h"

#define ELLIPSIS "\xE2\x80\xA6"

static bool is_break(uint32_t c)
{
	return c == '\n' || c == '\r' || c == 0x0B || c == 0x0C || c == 0x85 || c == 0x2028 ||
		c == 0x2029;
}

static bool is_space(uint32_t c)
{
	return c == ' ' || c == '\t' || c == 0xA0 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F ||
		c == 0x3000;
}

/* What can spoof or break a display: the other controls, the marks, embeddings, overrides and
 * isolates of bidirectional text, the byte order mark, and what is no character at all. */
static bool is_unwanted(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
		(c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x206F) || c == 0xFEFF ||
		(c >= 0xFDD0 && c <= 0xFDEF) || (c >= 0xFFF9 && c <= 0xFFFB) ||
		(c & 0xFFFE) == 0xFFFE;
}

void clean_init(struct clean *c, struct buf *out, bool one_line, size_t max_characters)
{
	*c = (struct clean){
		.out = out,
		.one_line = one_line,
		.left = max_characters ? max_characters : SIZE_MAX,
	};
}

static void put(struct clean *c, struct str character)
{
	if (c->cut)
		return;
	if (c->left == 0) {
		c->cut = true;
		buf_add(c->out, STR(ELLIPSIS));
		return;
	}
	c->left--;
	c->any = true;
	buf_add(c->out, character);
}

static void put_break(struct clean *c, uint32_t code_point)
{
	if (c->one_line)
		c->space = true;
	else if (code_point != '\n' || !c->after_cr)
		put(c, STR("\n"));
}

void clean_space(struct clean *c)
{
	if (c->space && c->any)
		put(c, STR(" "));
	c->space = false;
}

void clean_add(struct clean *c, struct str text)
{
	for (size_t i = 0; i < text.n && !c->cut;) {
		uint32_t code_point;
		size_t n = utf8_read(text, i, &code_point);
		struct str character = n ? str_slice(text, i, i + n) : STR("\xEF\xBF\xBD");
		i += n ? n : 1;
		if (is_break(code_point)) {
			put_break(c, code_point);
		} else if (c->one_line && is_space(code_point)) {
			c->space = true;
		} else if (!is_unwanted(code_point) || (code_point == '\t' && !c->one_line)) {
			clean_space(c);
			put(c, character);
		}
		c->after_cr = code_point == '\r';
	}
}

void clean_line(struct str text, size_t max_characters, struct buf *out)
{
	struct clean c;
	clean_init(&c, out, true, max_characters);
	clean_add(&c, text);
}

void clean_name(struct str text, size_t max_bytes, struct buf *out)
{
	for (size_t i = 0; i < text.n && i < max_bytes; i++) {
		char c = text.p[i];
		bool kept = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			(c >= 'a' && c <= 'z') || c == '-' || c == '_';
		buf_add_char(out, kept ? c : '-');
	}
	if (text.n == 0)
		buf_add_char(out, '-');
}

void clean_author(const struct post_author *author, struct buf *out)
{
	enum { MAX_NAME_CHARACTERS = 80 };
	size_t start = out->n;
	clean_line(author->name, MAX_NAME_CHARACTERS, out);
	bool named = out->n > start;
	if (author->handle.n == 0)
		return;
	buf_add(out, named ? STR(" (@") : STR("@"));
	clean_line(author->handle, MAX_NAME_CHARACTERS, out);
	if (named)
		buf_add_char(out, ')');
}

void marks_init(struct marks *m, const struct match *match, enum post_field field)
{
	*m = (struct marks){
		.match = match,
		.field = field,
		.text = field == FIELD_TITLE ? match->post->title : match->post->text,
	};
}

/* The next hit that begins at or after m->at, grown by those that overlap or touch it. */
static bool next_hit(struct marks *m, size_t *from, size_t *to)
{
	bool found = false;
	for (; m->hit < m->match->hit_count; m->hit++) {
		const struct hit *hit = &m->match->hits[m->hit];
		if (hit->field != m->field || hit->to > m->text.n || hit->from >= hit->to)
			continue;
		if (found && hit->from > *to)
			return true;
		if (!found)
			*from = hit->from > m->at ? hit->from : m->at;
		if (!found || hit->to > *to)
			*to = hit->to;
		found = found || *to > *from;
	}
	return found;
}

bool marks_next(struct marks *m, struct str *piece, bool *hit)
{
	if (m->at >= m->text.n)
		return false;
	size_t here = m->hit, from = 0, to = 0;
	if (!next_hit(m, &from, &to))
		from = to = m->text.n;
	*hit = from == m->at;
	*piece = str_slice(m->text, m->at, *hit ? to : from);
	if (!*hit)
		m->hit = here; /* found again when its turn comes */
	m->at += piece->n;
	return true;
}
