#include "conf/text.h"

#include "base/utf8.h"

enum { MAX_BAD_PLACES = 10, SHOWN_BYTES = 60 };

static size_t char_bytes(unsigned char lead)
{
	return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

void text_seek(struct text_cursor *c, size_t index)
{
	if (index < c->index) {
		c->index = c->byte = 0;
		c->at = (struct where){ c->at.file, 1, 1 };
	}
	while (c->index < index && c->byte < c->text.n) {
		char first = c->text.p[c->byte];
		c->byte += char_bytes((unsigned char)first);
		c->index++;
		c->at.col++;
		if (first == '\n') {
			c->at.line++;
			c->at.col = 1;
		}
	}
}

struct str text_shown(struct str text)
{
	return str_slice(text, 0, utf8_floor(text, SHOWN_BYTES));
}

static bool may_stand_in_yaml(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0x7F) || c == 0x85 ||
		(c >= 0xA0 && c != 0xFFFE && c != 0xFFFF);
}

bool text_check(const char *name, struct str text, struct diag *diag)
{
	struct where at = { name, 1, 1 };
	int bad = 0;
	for (size_t i = 0; i < text.n && bad < MAX_BAD_PLACES;) {
		uint32_t c;
		size_t n = utf8_read(text, i, &c);
		if (n == 0 || !may_stand_in_yaml(c)) {
			bad++;
			if (n == 0)
				diag_error(diag, at, "not UTF-8: byte 0x%02X",
					(unsigned char)text.p[i]);
			else
				diag_error(diag, at, "control character: U+%04X", (unsigned)c);
		}
		i += n ? n : 1;
		at.col++;
		if (c == '\n') {
			at.line++;
			at.col = 1;
		}
	}
	return bad == 0;
}

/* From libyaml's words to ours. The first row that fits counts. */
struct wording {
	const char *problem, *context; /* context NULL: any */
	char first; /* the character at the place; 0: any */
	bool at_start; /* the place to show is where the unfinished thing began */
	const char *text, *hint;
};

#define TAB_TEXT "a tab where YAML wants spaces"
#define TAB_HINT "indent with spaces only"
#define QUOTE_HINT "put the text in quotes"
#define NO_TOKEN "found character that cannot start any token"

static const struct wording wordings[] = {
	{ NO_TOKEN, NULL, '\t', false, TAB_TEXT, TAB_HINT },
	{ NO_TOKEN, NULL, '@', false, "text that starts with '@' must be in quotes",
		"write it as \"@name\"" },
	{ NO_TOKEN, NULL, '`', false, "text that starts with '`' must be in quotes", QUOTE_HINT },
	{ NO_TOKEN, NULL, '%', false, "text that starts with '%' must be in quotes", QUOTE_HINT },
	{ NO_TOKEN, NULL, 0, false, "text cannot start with this character", QUOTE_HINT },
	{ "found a tab character where an indentation space is expected", NULL, 0, false, TAB_TEXT,
		TAB_HINT },
	{ "found a tab character that violates indentation", NULL, 0, false, TAB_TEXT, TAB_HINT },
	{ "did not find expected alphabetic or numeric character", "while scanning an alias", 0,
		true, "text that starts with '*' must be in quotes", "write it as \"*word\"" },
	{ "did not find expected alphabetic or numeric character", NULL, 0, true,
		"text that starts with '&' must be in quotes", "write it as \"&word\"" },
	{ "mapping values are not allowed in this context", NULL, 0, false,
		"a key cannot stand here",
		"check the indentation, and whether the line before lacks its ':'" },
	{ "block sequence entries are not allowed in this context", NULL, 0, false,
		"a list cannot start here", "start it on a line of its own, or write [a, b]" },
	{ "mapping keys are not allowed in this context", NULL, 0, false,
		"text that starts with '? ' must be in quotes", QUOTE_HINT },
	{ "did not find expected ',' or ']'", NULL, 0, false, "expected ',' or ']'", NULL },
	{ "did not find expected ',' or '}'", NULL, 0, false, "expected ',' or '}'", NULL },
	{ "did not find expected key", NULL, 0, false, "expected a key",
		"keys of one map stand in the same column" },
	{ "did not find expected '-' indicator", NULL, 0, false, "expected '- '",
		"entries of one list stand in the same column" },
	{ "could not find expected ':'", NULL, 0, true, "expected ': ' after this key", NULL },
	{ "found unexpected end of stream", NULL, 0, true, "a quote that is never closed", NULL },
	{ "found unexpected document indicator", NULL, 0, true, "a quote that is never closed",
		NULL },
	{ "found unknown escape character", NULL, 0, false,
		"unknown escape in a text in double quotes",
		"use single quotes: they take backslashes as they are" },
	{ "did not find expected hexdecimal number", NULL, 0, false,
		"expected hexadecimal digits in the escape", NULL },
	{ "found invalid Unicode character escape code", NULL, 0, false,
		"an escape that is no character", NULL },
	{ "did not find expected <document start>", NULL, 0, false,
		"text after the end of the file's value", "check the indentation" },
	{ "did not find expected node content", NULL, 0, false, "expected a value", NULL },
	{ "found unexpected ':'", NULL, 0, false, "':' is not allowed here", QUOTE_HINT },
	{ "did not find expected comment or line break", NULL, 0, false,
		"nothing may follow '|' or '>' on its line", "put the text in quotes" },
	{ "found undefined tag handle", NULL, 0, false, "tags are not supported",
		"put a text that starts with '!' in quotes" },
};

static const struct wording *wording_of(const struct text_problem *p)
{
	struct str rest = str_slice(p->at.text, p->at.byte, p->at.text.n);
	char first = rest.n ? rest.p[0] : '\0';
	for (size_t i = 0; i < sizeof wordings / sizeof *wordings; i++) {
		const struct wording *w = &wordings[i];
		if (str_eq(p->problem, str_of(w->problem)) &&
			(!w->context || str_eq(p->context, str_of(w->context))) &&
			(!w->first || w->first == first))
			return w;
	}
	return NULL;
}

/* Is the place just behind a closing quote of the same line? */
static bool follows_a_quote(const struct text_cursor *at)
{
	size_t i = at->byte;
	while (i > 0 && at->text.p[i - 1] == ' ')
		i--;
	bool at_end = at->byte == at->text.n || at->text.p[at->byte] == '\n';
	return i > 0 && !at_end && (at->text.p[i - 1] == '"' || at->text.p[i - 1] == '\'');
}

/* Does the same line hold a ": " before the place? */
static bool follows_a_colon(const struct text_cursor *at)
{
	struct str before = str_slice(at->text, 0, at->byte);
	while (before.n && !str_ends(before, STR(": ")) && !str_ends(before, STR("\n")))
		before.n--;
	return str_ends(before, STR(": "));
}

bool text_swallowed(struct str text, size_t byte)
{
	while (byte < text.n && text.p[byte] == ' ')
		byte++;
	return byte + 1 < text.n && text.p[byte] == '#' && (unsigned char)text.p[byte + 1] > ' ' &&
		text.p[byte + 1] != '#';
}

/* The first byte of what may hold the reason of a problem: where the list began that was being
 * read, or else the line before. */
static size_t reason_from(const struct text_problem *p)
{
	if (p->start.byte < p->at.byte)
		return p->start.byte;
	size_t byte = p->at.byte;
	while (byte > 0 && (p->at.text.p[byte - 1] == ' ' || p->at.text.p[byte - 1] == '\n'))
		byte--;
	while (byte > 0 && p->at.text.p[byte - 1] != '\n')
		byte--;
	return byte;
}

/* Did a "#word" make a comment of the end of a list? Then its place is in *at. */
static bool follows_a_swallowed(const struct text_problem *p, struct where *at)
{
	struct str text = p->at.text;
	bool in_list = str_find(p->problem, STR("expected ',' or")) != SIZE_MAX ||
		str_find(p->problem, STR("expected node content")) != SIZE_MAX;
	size_t from = in_list ? reason_from(p) : p->at.byte;
	for (size_t byte = p->at.byte; byte > from; byte--) {
		if (str_find_char(STR("[{, "), text.p[byte - 1]) == SIZE_MAX || byte == text.n ||
			text.p[byte] != '#' || !text_swallowed(text, byte))
			continue;
		struct text_cursor sign = { .text = text, .at = { p->at.at.file, 1, 1 } };
		while (sign.byte < byte)
			text_seek(&sign, sign.index + 1);
		*at = sign.at;
		return true;
	}
	return false;
}

/* What the words of libyaml do not tell but the text around the place does. */
static bool report_by_text(const struct text_problem *p, struct diag *diag)
{
	struct where sign;
	if (str_find(p->context, STR("directive")) != SIZE_MAX) {
		diag_error(diag, p->start.at, "text that starts with '%%' must be in quotes");
	} else if (str_starts(p->context, STR("while scanning a tag")) ||
		str_starts(p->context, STR("while parsing a tag"))) {
		diag_error(diag, p->start.at, "text that starts with '!' must be in quotes");
	} else if (str_starts(p->problem, STR("did not find expected")) &&
		follows_a_quote(&p->at)) {
		diag_error(diag, p->at.at, "text after a closing quote");
		diag_hint(diag, "put the whole in single quotes, as in '\"two words\"~2'");
	} else if (follows_a_swallowed(p, &sign)) {
		diag_error(diag, sign, TEXT_SWALLOWED);
		diag_hint(diag, "write it as \"#word\"");
	} else if (str_starts(p->problem, STR("mapping values")) && follows_a_colon(&p->at)) {
		diag_error(diag, p->at.at, "a second ':' in the same value");
		diag_hint(diag, "put a text that holds ': ' in quotes");
	} else {
		return false;
	}
	return true;
}

void text_report(const struct text_problem *p, struct diag *diag)
{
	if (report_by_text(p, diag))
		return;
	const struct wording *w = wording_of(p);
	if (!w) {
		diag_error(diag, p->at.at, "not YAML: %.*s", STR_ARGS(p->problem));
		return;
	}
	diag_error(diag, w->at_start ? p->start.at : p->at.at, "%s", w->text);
	if (w->hint)
		diag_hint(diag, "%s", w->hint);
	else if (!w->at_start && p->context.p && p->start.index < p->at.index)
		diag_hint(diag, "what it belongs to starts at line %u, column %u", p->start.at.line,
			p->start.at.col);
}
