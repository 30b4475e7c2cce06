#include "model/html.h"

#include "base/utf8.h"
#include "model/entities.h"

enum { MAX_BREAKS = 2, TAG_NAME_MAX_BYTES = 10 };

struct converter {
	struct str html;
	size_t at;
	struct buf *out;
	size_t begin; /* of our text in out */
	int breaks; /* to be written before the next text */
	bool space; /* the same */
	bool pre; /* in <pre> */
};

struct tag {
	char name[TAG_NAME_MAX_BYTES]; /* lower case, cut off where it is longer */
	size_t name_bytes;
	bool closes;
	struct str alt; /* the value of this attribute, raw */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static char char_at(const struct converter *c, size_t i)
{
	return i < c->html.n ? c->html.p[i] : '\0';
}

/* Writes what was put off, unless nothing stands before it. */
static void write_gap(struct converter *c)
{
	if (c->out->n > c->begin) {
		for (int i = 0; i < c->breaks; i++)
			buf_add_char(c->out, '\n');
		if (c->space && !c->breaks)
			buf_add_char(c->out, ' ');
	}
	c->breaks = 0;
	c->space = false;
}

static void add_break(struct converter *c)
{
	if (c->breaks < MAX_BREAKS)
		c->breaks++;
}

static void add_space(struct converter *c, char space)
{
	if (c->pre && space == '\n')
		add_break(c);
	else
		c->space = true;
}

static void add_text(struct converter *c, struct str text)
{
	if (text.n == 0)
		return;
	write_gap(c);
	buf_add(c->out, text);
}

/* Adds the reference at s.p[i] and returns how many bytes it took. */
static size_t add_reference(struct converter *c, struct str s, size_t i)
{
	uint32_t code_point;
	char bytes[UTF8_MAX_BYTES];
	size_t n = entity_read(str_slice(s, i, s.n), &code_point);
	if (n == 0) {
		add_text(c, STR("&"));
		return 1;
	}
	if (code_point < 0x80 && is_space((char)code_point))
		add_space(c, (char)code_point);
	else
		add_text(c, (struct str){ bytes, utf8_write(code_point, bytes) });
	return n;
}

/* Adds text without tags. */
static void add_characters(struct converter *c, struct str s)
{
	for (size_t i = 0; i < s.n;) {
		size_t from = i;
		while (i < s.n && s.p[i] != '&' && !is_space(s.p[i]))
			i++;
		add_text(c, str_slice(s, from, i));
		if (i == s.n)
			break;
		if (s.p[i] == '&')
			i += add_reference(c, s, i);
		else
			add_space(c, s.p[i++]);
	}
}

static void skip_spaces(struct converter *c)
{
	while (is_space(char_at(c, c->at)))
		c->at++;
}

static void skip_to_char(struct converter *c, char to)
{
	size_t n = str_find_char(str_slice(c->html, c->at, c->html.n), to);
	c->at = n == SIZE_MAX ? c->html.n : c->at + n;
}

static struct str read_attribute_value(struct converter *c)
{
	char quote = char_at(c, c->at);
	size_t from = c->at;
	if (quote != '"' && quote != '\'') {
		while (c->at < c->html.n && !is_space(c->html.p[c->at]) && c->html.p[c->at] != '>')
			c->at++;
		return str_slice(c->html, from, c->at);
	}
	c->at++;
	skip_to_char(c, quote);
	struct str value = str_slice(c->html, from + 1, c->at);
	if (c->at < c->html.n)
		c->at++;
	return value;
}

static void read_attribute(struct converter *c, struct tag *tag)
{
	size_t from = c->at++; /* its first byte may be anything, even "=" */
	for (char a = char_at(c, c->at);
		c->at < c->html.n && !is_space(a) && a != '/' && a != '>' && a != '=';)
		a = char_at(c, ++c->at);
	struct str name = str_slice(c->html, from, c->at);
	skip_spaces(c);
	if (char_at(c, c->at) != '=')
		return;
	c->at++;
	skip_spaces(c);
	struct str value = read_attribute_value(c);
	if (!tag->alt.p && str_eq_ignore_case(name, STR("alt")))
		tag->alt = value;
}

/* From behind the < to behind the >. False if the text ends in the tag. */
static bool read_tag(struct converter *c, struct tag *tag)
{
	*tag = (struct tag){ .closes = char_at(c, c->at) == '/' };
	c->at += tag->closes;
	for (char a = char_at(c, c->at);
		c->at < c->html.n && !is_space(a) && a != '/' && a != '>';) {
		if (tag->name_bytes < TAG_NAME_MAX_BYTES)
			tag->name[tag->name_bytes++] = lower(a);
		a = char_at(c, ++c->at);
	}
	while (c->at < c->html.n) {
		char a = c->html.p[c->at];
		if (a == '>') {
			c->at++;
			return true;
		}
		if (is_space(a) || a == '/')
			c->at++;
		else
			read_attribute(c, tag);
	}
	return false;
}

static bool is_one_of(const struct tag *tag, const char *const *names)
{
	struct str name = { tag->name, tag->name_bytes };
	for (; *names; names++) {
		if (str_eq(name, str_of(*names)))
			return true;
	}
	return false;
}

/* To behind the closing tag of an element that holds no markup. */
static void skip_raw(struct converter *c, struct str name)
{
	while (c->at < c->html.n) {
		skip_to_char(c, '<');
		size_t from = c->at + 2, to = from + name.n;
		char after = char_at(c, to);
		bool ends = char_at(c, c->at + 1) == '/' && to < c->html.n &&
			str_eq_ignore_case(str_slice(c->html, from, to), name) &&
			(is_space(after) || after == '/' || after == '>');
		if (ends) {
			c->at = to;
			skip_to_char(c, '>');
		}
		if (c->at < c->html.n)
			c->at++;
		if (ends)
			return;
	}
}

static void act_on_tag(struct converter *c, const struct tag *tag)
{
	static const char *const raw[] = { "script", "style", NULL };
	static const char *const cells[] = { "td", "th", NULL };
	static const char *const lines[] = { "address", "article", "aside", "blockquote", "caption",
		"dd", "details", "div", "dl", "dt", "figcaption", "figure", "footer", "form", "h1",
		"h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "option",
		"p", "pre", "section", "summary", "table", "title", "tr", "ul", NULL };
	struct str name = { tag->name, tag->name_bytes };
	if (is_one_of(tag, raw)) {
		if (!tag->closes)
			skip_raw(c, name);
	} else if (str_eq(name, STR("br"))) {
		add_break(c);
	} else if (is_one_of(tag, lines)) {
		c->breaks += c->breaks == 0;
		if (str_eq(name, STR("pre")))
			c->pre = !tag->closes;
	} else if (is_one_of(tag, cells)) {
		c->space = true;
	} else if (str_eq(name, STR("img")) && !tag->closes && tag->alt.n) {
		c->space = true;
		add_characters(c, tag->alt);
		c->space = true;
	}
}

/* At the "<!" or "<?". */
static void skip_comment(struct converter *c)
{
	struct str rest = str_slice(c->html, c->at, c->html.n);
	if (!str_starts(rest, STR("<!--"))) {
		skip_to_char(c, '>');
	} else if (str_starts(rest, STR("<!-->")) || str_starts(rest, STR("<!--->"))) {
		skip_to_char(c, '>');
	} else {
		size_t n = str_find(str_slice(rest, 4, rest.n), STR("-->"));
		c->at = n == SIZE_MAX ? c->html.n : c->at + 4 + n + 2;
	}
	if (c->at < c->html.n)
		c->at++;
}

/* At a "<": a tag, a comment, or only a character. */
static void read_markup(struct converter *c)
{
	char next = char_at(c, c->at + 1);
	struct tag tag;
	if (next == '!' || next == '?') {
		skip_comment(c);
	} else if (is_letter(next) || (next == '/' && is_letter(char_at(c, c->at + 2)))) {
		c->at++;
		if (read_tag(c, &tag))
			act_on_tag(c, &tag);
	} else {
		add_text(c, STR("<"));
		c->at++;
	}
}

void html_to_text(struct str html, struct buf *out)
{
	struct converter c = { .html = html, .out = out, .begin = out->n };
	while (c.at < html.n && !out->full) {
		size_t from = c.at;
		skip_to_char(&c, '<');
		add_characters(&c, str_slice(html, from, c.at));
		if (c.at < html.n)
			read_markup(&c);
	}
}
