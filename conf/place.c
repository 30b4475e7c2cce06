/* From a byte of a scalar's text back to where it was written. The text is known, so what YAML
 * does to a scalar need not be done again, only followed: each step takes a piece of what was
 * written and the piece of the text that came from it. Where the two do not agree, the place is
 * that of the scalar. */
#include "conf/yaml.h"

#include "base/utf8.h"

struct walk {
	const char *p; /* where it is written; ends in a NUL */
	struct str text;
	size_t byte; /* of the text */
	struct where at; /* of p */
};

static void advance(struct walk *w, size_t bytes)
{
	for (; bytes > 0 && *w->p; bytes--, w->p++) {
		if (*w->p == '\n') {
			w->at.line++;
			w->at.col = 1;
		} else if (((unsigned char)w->p[1] & 0xC0) != 0x80) {
			w->at.col++;
		}
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static size_t blanks(const char *p)
{
	size_t n = 0;
	while (is_blank(p[n]))
		n++;
	return n;
}

/* The bytes of a line's end at p, or 0. */
static size_t break_bytes(const char *p)
{
	if (p[0] == '\r')
		return p[1] == '\n' ? 2 : 1;
	return p[0] == '\n';
}

static char text_at(const struct walk *w)
{
	return w->byte < w->text.n ? w->text.p[w->byte] : '\0';
}

/* Lines end here, of which the text keeps a space, or newlines, or nothing. */
static void follow_breaks(struct walk *w, bool blanks_too)
{
	size_t lines = 0, n;
	while ((n = break_bytes(w->p + (blanks_too ? blanks(w->p) : 0))) > 0) {
		advance(w, n + (blanks_too ? blanks(w->p) : 0));
		lines++;
	}
	if (text_at(w) == ' ') {
		w->byte++;
		return;
	}
	for (; lines > 0 && text_at(w) == '\n'; lines--)
		w->byte++;
}

/* One character that stands in the text as it is written. */
static bool follow_same(struct walk *w)
{
	size_t n = 1;
	while (((unsigned char)w->p[n] & 0xC0) == 0x80)
		n++;
	for (size_t i = 0; i < n; i++) {
		if (w->byte + i >= w->text.n || w->text.p[w->byte + i] != w->p[i])
			return false;
	}
	w->byte += n;
	advance(w, n);
	return true;
}

/* "\n", "\u00e9" and the like, and a backslash at the end of a line. */
static bool follow_escape(struct walk *w)
{
	size_t digits = w->p[1] == 'x' ? 2 : w->p[1] == 'u' ? 4 : w->p[1] == 'U' ? 8 : 0;
	uint32_t code_point;
	if (break_bytes(w->p + 1)) {
		advance(w, 1 + break_bytes(w->p + 1));
		while (break_bytes(w->p + blanks(w->p)) && text_at(w) == '\n') {
			advance(w, blanks(w->p) + break_bytes(w->p + blanks(w->p)));
			w->byte++;
		}
		advance(w, blanks(w->p));
		return true;
	}
	if (w->byte >= w->text.n || !w->p[1])
		return false;
	size_t n = utf8_read(w->text, w->byte, &code_point);
	w->byte += n ? n : 1;
	advance(w, 2 + digits);
	return true;
}

/* Plain, or in quotes of either kind. */
static bool follow_flow(struct walk *w, char quote)
{
	if (break_bytes(w->p + blanks(w->p))) {
		advance(w, blanks(w->p));
		follow_breaks(w, true);
		advance(w, blanks(w->p));
		return true;
	}
	if (quote == '"' && *w->p == '\\')
		return follow_escape(w);
	if (quote == '\'' && w->p[0] == '\'' && w->p[1] == '\'')
		advance(w, 1);
	return *w->p && follow_same(w);
}

/* What of each line of a block is indentation: that of its first line with something in it, but
 * for the spaces that its text keeps. */
static size_t indentation(const struct walk *w)
{
	const char *p = w->p;
	size_t kept = 0, n = 0;
	while (break_bytes(p + blanks(p)))
		p += blanks(p) + break_bytes(p + blanks(p));
	while (p[n] == ' ')
		n++;
	for (size_t i = w->byte; i < w->text.n && (w->text.p[i] == ' ' || w->text.p[i] == '\n');
		i++)
		kept = w->text.p[i] == ' ' ? kept + 1 : 0;
	return n > kept ? n - kept : 0;
}

static bool at_line_start(const struct walk *w)
{
	return w->at.col == 1;
}

static void skip_indentation(struct walk *w, size_t indent)
{
	size_t n = 0;
	while (at_line_start(w) && n < indent && w->p[n] == ' ')
		n++;
	advance(w, n);
}

static bool follow_block(struct walk *w, size_t indent)
{
	skip_indentation(w, indent);
	if (!break_bytes(w->p))
		return *w->p && follow_same(w);
	advance(w, break_bytes(w->p));
	if (text_at(w) == ' ' || text_at(w) == '\n')
		w->byte++;
	return true;
}

static void enter_block(struct walk *w)
{
	while (*w->p && !break_bytes(w->p))
		advance(w, 1);
	advance(w, break_bytes(w->p));
}

/* Passes over what gives no text, up to where the next character is written. */
static void settle(struct walk *w, size_t indent, char quote)
{
	if (indent && w->byte < w->text.n)
		skip_indentation(w, indent);
	while (indent && break_bytes(w->p) && text_at(w) && text_at(w) != ' ' &&
		text_at(w) != '\n') {
		advance(w, break_bytes(w->p));
		skip_indentation(w, indent);
	}
	while (quote == '"' && w->p[0] == '\\' && break_bytes(w->p + 1)) {
		const char *before = w->p;
		if (!follow_escape(w) || w->p == before)
			break;
	}
}

static void find_places(
	const struct conf_node *scalar, const size_t *bytes, size_t count, struct where *places)
{
	struct walk w = { scalar->written, scalar->text, 0, scalar->at };
	char first = *w.p;
	bool block = scalar->quoted && (first == '|' || first == '>'), more = true;
	size_t indent = 0;
	if (block) {
		enter_block(&w);
		indent = indentation(&w);
	} else if (scalar->quoted) {
		advance(&w, 1);
	}
	for (size_t i = 0; i < count; i++) {
		size_t byte = utf8_floor(scalar->text, bytes[i]);
		while (more && w.byte < byte)
			more = block ? follow_block(&w, indent)
				     : follow_flow(&w, scalar->quoted ? first : '\0');
		settle(&w, block ? indent : 0, first);
		places[i] = more ? w.at : scalar->at;
	}
}

void conf_places(
	const struct conf_node *scalar, const size_t *bytes, size_t count, struct where *places)
{
	struct where at = scalar->at;
	size_t done = 0;
	at.col += scalar->exact && scalar->quoted;
	if (!scalar->exact && scalar->written) {
		find_places(scalar, bytes, count, places);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		size_t byte = utf8_floor(scalar->text, bytes[i]);
		if (scalar->exact && byte > done) {
			at.col += (uint32_t)utf8_count(str_slice(scalar->text, done, byte));
			done = byte;
		}
		places[i] = at;
	}
}

struct where conf_place(const struct conf_node *scalar, size_t byte)
{
	struct where at;
	conf_places(scalar, &byte, 1, &at);
	return at;
}
