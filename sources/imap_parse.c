#include "sources/imap_parse.h"

#include <string.h>

#include "base/utf8.h"
#include "sources/imap_read.h"

struct parser {
	struct str rest;
	struct arena *arena;
};

/* ---- words ---- */

static bool take_char(struct parser *p, char c)
{
	if (p->rest.n == 0 || p->rest.p[0] != c)
		return false;
	p->rest = str_slice(p->rest, 1, p->rest.n);
	return true;
}

static bool ends_word(char c)
{
	return (unsigned char)c <= ' ' || c == '(' || c == ')' || c == '"' || c == '{' || c == 0x7f;
}

/* An atom; of the name of an item also what stands in its brackets. */
static struct str take_word(struct parser *p)
{
	size_t n = 0, brackets = 0;
	while (n < p->rest.n && (brackets || !ends_word(p->rest.p[n]))) {
		brackets += p->rest.p[n] == '[';
		brackets -= p->rest.p[n] == ']' && brackets;
		n++;
	}
	const struct str word = str_slice(p->rest, 0, n);
	p->rest = str_slice(p->rest, n, p->rest.n);
	return word;
}

static bool to_number(struct str s, uint32_t *number)
{
	uint64_t value = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || i >= 10)
			return false;
		value = value * 10 + (uint64_t)(s.p[i] - '0');
	}
	*number = (uint32_t)value;
	return s.n > 0 && value <= UINT32_MAX;
}

static bool take_quoted(struct parser *p, struct str *text)
{
	size_t n = 0, escapes = 0;
	while (n < p->rest.n && p->rest.p[n] != '"') {
		const bool escape = p->rest.p[n] == '\\';
		escapes += escape;
		n += 1 + (size_t)escape;
	}
	if (n >= p->rest.n)
		return false;
	*text = str_slice(p->rest, 0, n);
	p->rest = str_slice(p->rest, n + 1, p->rest.n);
	if (!escapes)
		return true;
	char *out = arena_alloc(p->arena, n);
	size_t count = 0;
	for (size_t i = 0; out && i < n; i++) {
		i += text->p[i] == '\\';
		out[count++] = text->p[i];
	}
	*text = (struct str){ out, count };
	return out != NULL;
}

static bool take_literal(struct parser *p, struct str *text)
{
	size_t bytes, end = str_find_char(p->rest, '\n');
	if (end == SIZE_MAX)
		return false;
	const size_t mark = end && p->rest.p[end - 1] == '\r' ? end - 1 : end;
	if (!imap_literal_mark(str_slice(p->rest, 0, mark), &bytes) || bytes > p->rest.n - end - 1)
		return false;
	*text = str_slice(p->rest, end + 1, end + 1 + bytes);
	p->rest = str_slice(p->rest, end + 1 + bytes, p->rest.n);
	return true;
}

/* ---- values ---- */

/* A text, a word, or NIL, which is absent. */
static bool take_value(struct parser *p, struct str *value)
{
	if (take_char(p, '"'))
		return take_quoted(p, value);
	if (p->rest.n && (p->rest.p[0] == '{' || p->rest.p[0] == '~'))
		return take_literal(p, value);
	*value = take_word(p);
	if (str_eq_ignore_case(*value, STR("NIL")))
		*value = STR_NONE;
	else if (value->n == 0)
		return false;
	return true;
}

/* Lists are left out whole. */
static bool skip_value(struct parser *p)
{
	size_t depth = 0;
	struct str ignored;
	do {
		if (take_char(p, ' '))
			continue;
		if (take_char(p, '(')) {
			if (++depth > IMAP_MAX_DEPTH)
				return false;
		} else if (take_char(p, ')')) {
			if (depth == 0)
				return false;
			depth--;
		} else if (!take_value(p, &ignored)) {
			return false;
		}
	} while (depth);
	return true;
}

static bool take_item(struct parser *p, struct imap_response *out)
{
	const struct str name = take_word(p);
	struct str value;
	uint32_t size;
	if (name.n == 0 || !take_char(p, ' '))
		return false;
	if (str_eq_ignore_case(name, STR("UID")))
		return take_value(p, &value) && to_number(value, &out->uid) && out->uid;
	if (str_eq_ignore_case(name, STR("RFC822.SIZE"))) {
		if (!take_value(p, &value) || !to_number(value, &size))
			return false;
		out->size = size;
		return true;
	}
	if (str_eq_ignore_case(name, STR("INTERNALDATE")))
		return take_value(p, &out->date);
	if (str_eq_ignore_case(str_slice(name, 0, 6), STR("BODY[]"))) {
		const bool good = take_value(p, &out->body);
		out->no_body = good && !out->body.p;
		return good;
	}
	return skip_value(p);
}

static bool take_fetch(struct parser *p, struct imap_response *out)
{
	if (!take_char(p, ' ') || !take_char(p, '('))
		return false;
	while (!take_char(p, ')')) {
		if (!take_item(p, out))
			return false;
		if (!take_char(p, ' ') && !(p->rest.n && p->rest.p[0] == ')'))
			return false;
	}
	return true;
}

/* ---- the responses ---- */

static bool status_of(struct str word, enum imap_status *status)
{
	static const char *const names[] = { "OK", "NO", "BAD", "BYE", "PREAUTH" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_eq_ignore_case(word, str_of(names[i]))) {
			*status = (enum imap_status)i;
			return true;
		}
	}
	return false;
}

/* "[CODE value] text"; what is no code is text. */
static void take_text(struct parser *p, struct imap_response *out)
{
	(void)take_char(p, ' '); /* some leave out the text with its space */
	const size_t end = str_find_char(p->rest, ']');
	if (p->rest.n && p->rest.p[0] == '[' && end != SIZE_MAX) {
		const struct str code = str_slice(p->rest, 1, end);
		const size_t space = str_find_char(code, ' ');
		out->code = str_slice(code, 0, space);
		out->code_value = space == SIZE_MAX ? STR("") : str_slice(code, space + 1, code.n);
		p->rest = str_slice(p->rest, end + 1, p->rest.n);
	}
	out->text = str_trim(p->rest);
}

static bool take_data(struct parser *p, struct imap_response *out)
{
	const struct str word = take_word(p);
	if (status_of(word, &out->status)) {
		out->kind = IMAP_STATUS;
		take_text(p, out);
		return true;
	}
	if (str_eq_ignore_case(word, STR("CAPABILITY"))) {
		out->kind = IMAP_CAPABILITY;
		out->text = str_trim(p->rest);
		return true;
	}
	if (word.n == 0)
		return false;
	if (!to_number(word, &out->number) || !take_char(p, ' '))
		return true;
	const struct str name = take_word(p);
	if (str_eq_ignore_case(name, STR("EXISTS")))
		out->kind = IMAP_EXISTS;
	if (!str_eq_ignore_case(name, STR("FETCH")))
		return true;
	out->kind = IMAP_FETCH;
	return take_fetch(p, out);
}

bool imap_parse(struct str response, struct arena *arena, struct imap_response *out)
{
	struct parser p = { response, arena };
	*out = (struct imap_response){ .kind = IMAP_OTHER, .size = -1 };
	if (take_char(&p, '+')) {
		out->kind = IMAP_GO_ON;
		out->text = str_trim(p.rest);
		return true;
	}
	if (take_char(&p, '*'))
		return take_char(&p, ' ') && take_data(&p, out);
	out->kind = IMAP_TAGGED;
	out->tag = take_word(&p);
	if (out->tag.n == 0 || !take_char(&p, ' ') || !status_of(take_word(&p), &out->status))
		return false;
	take_text(&p, out);
	return true;
}

bool imap_list_has(struct str list, struct str word)
{
	struct str item;
	while (str_next(&list, ' ', &item))
		if (str_eq_ignore_case(item, word))
			return true;
	return false;
}

/* ---- what is sent ---- */

bool imap_quote(struct str text, struct buf *out)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		const char c = text.p[i];
		if ((unsigned char)c < 0x20 || (unsigned char)c >= 0x7f)
			return false;
		if (c == '"' || c == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, c);
	}
	buf_add_char(out, '"');
	return !out->full;
}

/* UTF-16 in a base64 of its own: no padding, a comma for the slash. */
struct shifted {
	struct buf *out;
	uint32_t bits;
	unsigned count;
	bool open;
};

static void add_bits(struct shifted *s, uint32_t unit, unsigned count)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
	s->bits = s->bits << count | unit;
	s->count += count;
	while (s->count >= 6) {
		s->count -= 6;
		buf_add_char(s->out, digits[s->bits >> s->count & 0x3f]);
	}
}

static void add_shifted(struct shifted *s, uint32_t code_point)
{
	if (!s->open)
		buf_add_char(s->out, '&');
	s->open = true;
	if (code_point >= 0x10000) {
		add_bits(s, 0xd800 + ((code_point - 0x10000) >> 10), 16);
		add_bits(s, 0xdc00 + ((code_point - 0x10000) & 0x3ff), 16);
	} else {
		add_bits(s, code_point, 16);
	}
}

static void shift_back(struct shifted *s)
{
	if (!s->open)
		return;
	if (s->count)
		add_bits(s, 0, 6 - s->count);
	buf_add_char(s->out, '-');
	*s = (struct shifted){ .out = s->out };
}

bool imap_folder(struct str utf8, struct buf *out)
{
	struct buf name;
	buf_init(&name, IMAP_LINE_MAX_BYTES);
	struct shifted s = { .out = &name };
	bool good = utf8_valid(utf8);
	for (size_t i = 0; good && i < utf8.n;) {
		uint32_t code_point;
		i += utf8_read(utf8, i, &code_point);
		good = code_point >= 0x20 && code_point != 0x7f;
		if (code_point >= 0x7f) {
			add_shifted(&s, code_point);
			continue;
		}
		shift_back(&s);
		buf_add_char(&name, (char)code_point);
		if (code_point == '&')
			buf_add_char(&name, '-');
	}
	shift_back(&s);
	good = good && imap_quote(buf_str(&name), out);
	buf_finish(&name);
	return good;
}
