#include "sources/mail_tags.h"

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_name(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == ':' || c == '_';
}

/* Where the tag that begins at `at` ends, behind its bracket; SIZE_MAX: it does not. Values in
 * quotes may hold brackets. */
static size_t tag_end(struct str s, size_t at)
{
	char quote = 0;
	for (size_t i = at; i < s.n; i++) {
		const char c = s.p[i];
		if (quote)
			quote = c == quote ? 0 : quote;
		else if ((c == '"' || c == '\'') && i > at && s.p[i - 1] == '=')
			quote = c;
		else if (c == '>')
			return i + 1;
	}
	return SIZE_MAX;
}

static size_t comment_end(struct str s, size_t at)
{
	const struct str rest = str_slice(s, at, s.n);
	const size_t end = str_find(rest, STR("-->"));
	return end == SIZE_MAX ? SIZE_MAX : at + end + 3;
}

bool mail_next_tag(struct mail_tags *tags, struct mail_tag *tag)
{
	const struct str s = tags->rest;
	for (size_t i = 0; i + 1 < s.n; i++) {
		if (s.p[i] != '<')
			continue;
		const bool comment = str_starts(str_slice(s, i, s.n), STR("<!--"));
		const bool closing = s.p[i + 1] == '/';
		const size_t name = i + 1 + (size_t)closing;
		if (!comment && (name >= s.n || !is_letter(s.p[name])))
			continue;
		const size_t end = comment ? comment_end(s, i) : tag_end(s, name);
		if (end == SIZE_MAX)
			return false;
		size_t name_end = name;
		while (!comment && name_end < end && is_name(s.p[name_end]))
			name_end++;
		*tag = (struct mail_tag){
			.before = str_slice(s, 0, i),
			.whole = str_slice(s, i, end),
			.name = str_slice(s, name, name_end),
			.closing = closing && !comment,
		};
		tags->rest = str_slice(s, end, s.n);
		return true;
	}
	return false;
}

/* Cuts the next attribute off. */
static bool next_attribute(struct str *rest, struct str *name, struct str *value)
{
	size_t i = 0, start;
	const struct str s = *rest;
	while (i < s.n && !is_name(s.p[i]))
		i++;
	start = i;
	while (i < s.n && is_name(s.p[i]))
		i++;
	*name = str_slice(s, start, i);
	*value = STR("");
	while (i < s.n && is_space(s.p[i]))
		i++;
	if (i < s.n && s.p[i] == '=') {
		i++;
		while (i < s.n && is_space(s.p[i]))
			i++;
		const char quote = i < s.n && (s.p[i] == '"' || s.p[i] == '\'') ? s.p[i] : 0;
		start = i += quote != 0;
		while (i < s.n && (quote ? s.p[i] != quote : !is_space(s.p[i]) && s.p[i] != '>'))
			i++;
		*value = str_slice(s, start, i);
		i += quote && i < s.n;
	}
	*rest = str_slice(s, i, s.n);
	return name->n > 0;
}

bool mail_attribute(struct str whole, struct str wanted, struct str *value)
{
	struct str name;
	size_t i = 1;
	while (i < whole.n && !is_space(whole.p[i]))
		i++; /* the name of the element */
	struct str rest = str_slice(whole, i, whole.n);
	while (next_attribute(&rest, &name, value))
		if (str_eq_ignore_case(name, wanted))
			return true;
	return false;
}

bool mail_has_word(struct str list, struct str word)
{
	struct str item;
	while (str_next(&list, ' ', &item))
		if (str_eq_ignore_case(item, word))
			return true;
	return false;
}
