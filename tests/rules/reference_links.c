/* Links, as reference.h words them: each part is tried from its longest form down. */
#include "base/buf.h"
#include "base/utf8.h"
#include "rules/text/links.h"
#include "tests/rules/reference_steps.h"

static bool begins_scheme(const struct steps *s, size_t i)
{
	return (begins(s, i, "http://") || begins(s, i, "https://")) &&
		!(i > 0 && is_tight(s, i - 1));
}

static bool is_ascii_letter(uint32_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_ascii_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_label(const struct steps *s, size_t from, size_t to)
{
	bool ascii = true, all = to > from && to - from <= 63;
	for (size_t i = from; i < to; i++) {
		ascii = ascii && at(s, i) < 0x80;
		all = all && (is_word(s, i) || at(s, i) == '-');
	}
	bool coded = begins(s, from, "xn--") && to - from > 4;
	return all && (ascii || !coded) && !one_of(at(s, from), "-_") &&
		!one_of(at(s, to - 1), "-_");
}

static bool is_domain(const struct steps *s, size_t from, size_t to)
{
	bool letters = to >= from + 2;
	for (size_t i = from; i < to; i++)
		letters = letters && (is_ascii_letter(at(s, i)) || at(s, i) >= 0x80);
	return letters || (begins(s, from, "xn--") && to - from > 4);
}

static bool has(const struct steps *s, size_t from, size_t to, uint32_t c)
{
	for (size_t i = from; i < to; i++) {
		if (at(s, i) == c)
			return true;
	}
	return false;
}

static bool is_host(const struct steps *s, size_t from, size_t to)
{
	size_t label = from, before = from, count = 0;
	for (size_t i = from; i <= to; i++) {
		if (i < to && at(s, i) != '.')
			continue;
		if (!is_label(s, label, i))
			return false;
		count++;
		if (i < to) {
			before = label;
			label = i + 1;
		}
	}
	return count >= 2 && is_domain(s, label, to) && !has(s, before, label, '_') &&
		!one_of(at(s, to), "@+");
}

static bool is_known(const struct steps *s, size_t from, size_t to)
{
	struct buf name;
	bool known = false;
	buf_init(&name, 0);
	for (size_t i = from; i < to; i++) {
		char bytes[UTF8_MAX_BYTES];
		buf_add(&name, (struct str){ bytes, utf8_write(at(s, i), bytes) });
	}
	known = link_is_known_domain(buf_str(&name));
	buf_finish(&name);
	return known && !is_tight(s, to) && !one_of(at(s, to), "-@+");
}

/* A well-known domain is at most this long. */
enum { MAX_KNOWN = 10 };

/* The end of a well-known domain from i, or i. */
static size_t known_end(const struct steps *s, size_t i)
{
	for (size_t to = i + MAX_KNOWN; to > i; to--) {
		bool ascii = is_ascii_letter(at(s, i));
		if (to <= s->count && is_known(s, i, to) && !(ascii && is_ascii_letter(at(s, to))))
			return to;
	}
	return i;
}

static size_t host_end(const struct steps *s, size_t i)
{
	size_t run = i;
	while ((is_word(s, run) || one_of(at(s, run), "-.")) && !begins_scheme(s, run))
		run++;
	for (size_t dot = i; dot < run; dot++) {
		size_t known = at(s, dot) == '.' ? known_end(s, dot + 1) : dot;
		if (known > dot + 1 && is_spaceless(s, known) && is_host(s, i, known))
			return known;
	}
	for (size_t end = run; end > i; end--) {
		bool label_ends = end == run || at(s, end) == '.';
		if (label_ends && is_host(s, i, end))
			return end;
	}
	return i;
}

static bool is_bare(uint32_t c)
{
	return is_ascii_letter(c) || is_ascii_digit(c) || c == '-';
}

static size_t bare_host_end(const struct steps *s, size_t i)
{
	size_t end = i, run = i;
	for (;;) {
		while (is_bare(at(s, run)))
			run++;
		if (at(s, run) == '@')
			return i;
		if (at(s, run) != '.' || !is_word(s, run + 1))
			return end;
		size_t known = known_end(s, run + 1);
		end = known > run + 1 ? known : end;
		run++;
	}
}

static bool is_path(const struct steps *s, size_t i)
{
	return is_tight(s, i) || one_of(at(s, i), "!*';:=+,.$/%#[]-~@|&");
}

/* The end of a whole pair of parentheses from i, with pairs inside if `deep`; or i. */
static size_t pair_end(const struct steps *s, size_t i, bool deep)
{
	size_t end = i + 1;
	if (at(s, i) != '(')
		return i;
	for (;;) {
		size_t inner = deep ? pair_end(s, end, false) : end;
		if (inner > end)
			end = inner;
		else if (is_path(s, end))
			end++;
		else
			break;
	}
	return at(s, end) == ')' && end > i + 1 ? end + 1 : i;
}

/* Behind i of what `more` accepts, up to the last that `last` accepts. */
static size_t path_end(const struct steps *s, size_t i, bool bare)
{
	size_t end = i, to = i;
	while (!(bare && begins_scheme(s, to))) {
		size_t pair = pair_end(s, to, true);
		if (pair > to)
			end = to = pair;
		else if (!is_path(s, to))
			break;
		else if (is_tight(s, to) || one_of(at(s, to), "=#/+-"))
			end = ++to;
		else
			to++;
	}
	return end;
}

static size_t query_end(const struct steps *s, size_t i, bool bare)
{
	size_t end = i + 1;
	if (at(s, i) != '?')
		return i;
	while ((is_path(s, end) || one_of(at(s, end), "?()")) && !(bare && begins_scheme(s, end)))
		end++;
	while (end > i && !is_tight(s, end - 1) && !one_of(at(s, end - 1), "-&=#/"))
		end--;
	return end;
}

static size_t rest_end(const struct steps *s, size_t i, bool bare)
{
	size_t digits = i + 1;
	while (is_ascii_digit(at(s, digits)))
		digits++;
	if (at(s, i) == ':' && digits > i + 1)
		i = digits;
	return query_end(s, at(s, i) == '/' ? path_end(s, i, bare) : i, bare);
}

/* The end of the link whose host begins at i after http:// or https://; i if there is none. */
static size_t scheme_link_end(const struct steps *s, size_t i)
{
	size_t end = host_end(s, i), name = end + 1;
	if (end == i)
		return i;
	while (is_ascii_letter(at(s, name)) || is_ascii_digit(at(s, name)))
		name++;
	if (end != i + 4 || !begins(s, i, "t.co/") || name == end + 1)
		return rest_end(s, end, false);
	return name - end - 1 > 40 ? i : query_end(s, name, false);
}

static size_t word_end(const struct steps *s, size_t i)
{
	while (is_tight(s, i - 1) && is_tight(s, i))
		i++;
	return i;
}

static size_t written_end(const struct steps *s, size_t i)
{
	size_t end = i;
	while (end < s->count && at(s, end) > ' ' && !one_of(at(s, end), "<>\"{}|\\^`\x7f") &&
		(end == i || !begins_scheme(s, end)))
		end++;
	return end;
}

/* The end of the link without http:// or https:// that begins at i; i if none does. */
static size_t bare_link_end(const struct steps *s, size_t i, bool *www)
{
	if (i > 0 && (is_tight(s, i - 1) || one_of(at(s, i - 1), "@#$./-")))
		return i;
	*www = begins(s, i, "www.");
	if (at(s, i) == '-')
		return i;
	size_t host = *www ? host_end(s, i) : bare_host_end(s, i);
	return host > i ? rest_end(s, host, true) : i;
}

void mark_links(struct steps *s)
{
	for (size_t i = 0; i < s->count; i++) {
		bool www = false;
		size_t end = i;
		if (begins_scheme(s, i)) {
			size_t host = i + (begins(s, i, "https") ? 8 : 7);
			end = scheme_link_end(s, host);
			end = end > host ? word_end(s, end) : written_end(s, i);
			mark(s, i, end, LINK);
		} else if ((end = bare_link_end(s, i, &www)) > i && www) {
			end = word_end(s, end);
			mark(s, i, end, LINK);
		} else {
			for (size_t k = i; k < end; k++)
				s->items[k].bare = true;
		}
		if (end > i)
			i = end - 1;
	}
}
