#include "rules/regex/pattern.h"

int pattern_peek(const struct pattern *p, size_t ahead)
{
	size_t at = p->at + ahead;
	return at < p->text.n ? (unsigned char)p->text.p[at] : -1;
}

static bool next_is(const struct pattern *p, const char *text)
{
	return str_starts(str_slice(p->text, p->at, p->text.n), str_of(text));
}

bool pattern_is_digit(int c)
{
	return c >= '0' && c <= '9';
}

bool pattern_is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_space(int c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_comment(struct pattern *p)
{
	while (pattern_peek(p, 0) != '\n' && pattern_peek(p, 0) >= 0) {
		p->lost = p->lost || pattern_peek(p, 0) == '\r'; /* a line end to some builds */
		p->at++;
	}
}

void pattern_skip_unseen(struct pattern *p)
{
	for (;;) {
		if (next_is(p, "\\E")) {
			p->quoted = false;
			p->at += 2;
		} else if (!p->quoted && next_is(p, "\\Q\\E")) {
			p->at += 4;
		} else if (!p->quoted && p->extended && is_space(pattern_peek(p, 0))) {
			p->at++;
		} else if (!p->quoted && p->extended && pattern_peek(p, 0) == '#') {
			skip_comment(p);
		} else {
			return;
		}
	}
}

static bool read_number(struct pattern *p, unsigned *n)
{
	if (!pattern_is_digit(pattern_peek(p, 0)))
		return false;
	for (*n = 0; pattern_is_digit(pattern_peek(p, 0)); p->at++)
		*n = *n < 100000 ? *n * 10 + (unsigned)(pattern_peek(p, 0) - '0') : *n;
	return true;
}

/* At "{": {3}, {3,} or {3,5}. Anything else means one thing to one version of PCRE2 and another
 * to the next. */
static void read_braces(struct pattern *p, unsigned *min, unsigned *max)
{
	p->at++;
	if (!read_number(p, min)) {
		p->lost = true;
		return;
	}
	*max = *min;
	if (pattern_peek(p, 0) == ',') {
		p->at++;
		if (!read_number(p, max))
			*max = UINT32_MAX;
	}
	if (pattern_peek(p, 0) == '}')
		p->at++;
	else
		p->lost = true;
}

void pattern_quantifier(struct pattern *p, unsigned *min, unsigned *max)
{
	*min = *max = 1;
	pattern_skip_unseen(p);
	if (p->quoted)
		return;
	switch (pattern_peek(p, 0)) {
	case '*':
		*min = 0;
		*max = UINT32_MAX;
		p->at++;
		break;
	case '?':
		*min = 0;
		p->at++;
		break;
	case '+':
		*max = UINT32_MAX;
		p->at++;
		break;
	case '{':
		read_braces(p, min, max);
		break;
	default:
		return;
	}
	if (pattern_peek(p, 0) == '?' || pattern_peek(p, 0) == '+')
		p->at++;
}

void pattern_skip_past(struct pattern *p, char end)
{
	size_t n = str_find_char(str_slice(p->text, p->at, p->text.n), end);
	if (n == SIZE_MAX)
		p->lost = true;
	else
		p->at += n + 1;
}

static int hex_value(int c)
{
	if (pattern_is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

uint32_t pattern_hex(struct pattern *p)
{
	bool braces = pattern_peek(p, 0) == '{';
	uint32_t c = 0;
	size_t digits = 0;
	p->at += braces;
	while (hex_value(pattern_peek(p, 0)) >= 0 && digits < (braces ? 6 : 2)) {
		c = c * 16 + (uint32_t)hex_value(pattern_peek(p, 0));
		p->at++;
		digits++;
	}
	if (braces && (digits == 0 || pattern_peek(p, 0) != '}'))
		p->lost = true;
	p->at += braces;
	return c;
}

void pattern_skip_reference(struct pattern *p)
{
	int c = pattern_peek(p, 0);
	p->at++;
	if (c == '{')
		pattern_skip_past(p, '}');
	else if (c == '<')
		pattern_skip_past(p, '>');
	else if (c == '\'')
		pattern_skip_past(p, '\'');
	else if (!pattern_is_digit(c) && c != '-' && c != '+')
		p->lost = true;
	else
		while (pattern_is_digit(pattern_peek(p, 0)))
			p->at++;
}

size_t pattern_posix_class(const struct pattern *p)
{
	int kind = pattern_peek(p, 1);
	size_t n = 2;
	if (kind != ':' && kind != '.' && kind != '=')
		return 0;
	while (pattern_is_letter(pattern_peek(p, n)) || pattern_peek(p, n) == '^' ||
		pattern_peek(p, n) == '<' || pattern_peek(p, n) == '>')
		n++;
	return pattern_peek(p, n) == kind && pattern_peek(p, n + 1) == ']' ? n + 2 : 0;
}
