#include "sources/feed_link.h"

static struct str skip_spaces(struct str s)
{
	size_t n = 0;
	while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t'))
		n++;
	return str_slice(s, n, s.n);
}

/* Cuts what ends before one of `ends`, or at the end. */
static struct str cut(struct str *rest, const char *ends)
{
	size_t n = 0;
	while (n < rest->n && str_find_char(str_of(ends), rest->p[n]) == SIZE_MAX)
		n++;
	const struct str piece = str_slice(*rest, 0, n);
	*rest = str_slice(*rest, n, rest->n);
	return str_trim(piece);
}

/* A quoted text, without its quotes; what is escaped in it stays so: no relation has that. */
static struct str cut_quoted(struct str *rest)
{
	size_t n = 1;
	while (n < rest->n && rest->p[n] != '"')
		n += rest->p[n] == '\\' ? 2 : 1;
	n = n < rest->n ? n : rest->n;
	const struct str piece = str_slice(*rest, 1, n);
	*rest = str_slice(*rest, n + 1, rest->n);
	return piece;
}

static bool names(struct str rels, struct str rel)
{
	struct str one;
	while (str_next(&rels, ' ', &one))
		if (str_eq_ignore_case(one, rel))
			return true;
	return false;
}

/* The parameters of one link, up to its comma. Only the first rel counts. */
static bool read_parameters(struct str *rest, struct str rel)
{
	bool first = true, found = false;
	*rest = skip_spaces(*rest);
	while (rest->n && rest->p[0] == ';') {
		struct str value = STR_NONE;
		*rest = str_slice(*rest, 1, rest->n);
		const struct str name = cut(rest, "=;,");
		if (rest->n && rest->p[0] == '=') {
			*rest = skip_spaces(str_slice(*rest, 1, rest->n));
			value = rest->n && rest->p[0] == '"' ? cut_quoted(rest) : cut(rest, ";,");
		}
		if (str_eq_ignore_case(name, STR("rel")) && first) {
			first = false;
			found = names(value, rel);
		}
		*rest = skip_spaces(*rest);
	}
	return found;
}

struct str feed_link_find(struct str links, struct str rel)
{
	struct str rest = skip_spaces(links);
	while (rest.n) {
		if (rest.p[0] == ',') {
			rest = skip_spaces(str_slice(rest, 1, rest.n));
			continue;
		}
		const size_t end = str_find_char(rest, '>');
		if (rest.p[0] != '<' || end == SIZE_MAX)
			return STR_NONE;
		const struct str url = str_trim(str_slice(rest, 1, end));
		rest = str_slice(rest, end + 1, rest.n);
		if (read_parameters(&rest, rel))
			return url;
		if (rest.n && rest.p[0] != ',')
			return STR_NONE;
	}
	return STR_NONE;
}
