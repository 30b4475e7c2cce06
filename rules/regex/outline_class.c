#include "rules/regex/outline_class.h"

#include <string.h>

#include "base/utf8.h"

#define UNKNOWN UINT32_MAX

static const char blanks[] = "\t\n\v\f\r ";
static const char digits[] = "0123456789";
static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static const struct symbol_set none = { { 0, 0, 0 } };
/* All that is not ASCII; and what of it may be the other case of something. */
static const struct symbol_set others = { { 0, 0, (1U << (SYMBOL_BEGIN - 128)) - 1 } };
static const struct symbol_set cased = { { 0, 0, 0x2E | 1U << (SYMBOL_ASTRAL - 128) } };
static const struct symbol_set any = { { UINT64_MAX, UINT64_MAX,
	(1U << (SYMBOL_BEGIN - 128)) - 1 } };

static void add(struct symbol_set *set, unsigned symbol)
{
	set->bits[symbol / 64] |= (uint64_t)1 << symbol % 64;
}

static bool has(struct symbol_set set, unsigned symbol)
{
	return set.bits[symbol / 64] >> symbol % 64 & 1;
}

static struct symbol_set of(const char *characters)
{
	struct symbol_set set = none;
	for (size_t i = 0; characters[i]; i++)
		add(&set, (unsigned char)characters[i]);
	return set;
}

static struct symbol_set both(struct symbol_set a, struct symbol_set b)
{
	for (size_t i = 0; i < 3; i++)
		a.bits[i] |= b.bits[i];
	return a;
}

static struct symbol_set common(struct symbol_set a, struct symbol_set b)
{
	for (size_t i = 0; i < 3; i++)
		a.bits[i] &= b.bits[i];
	return a;
}

static struct symbol_set without(struct symbol_set set)
{
	for (size_t i = 0; i < 3; i++)
		set.bits[i] = ~set.bits[i] & any.bits[i];
	return set;
}

static unsigned symbol_of(uint32_t c)
{
	return c < 0x80	      ? c
		: c < 0xA0    ? SYMBOL_CONTROL
		: c < 0xC0    ? SYMBOL_LATIN_SIGN
		: c < 0x100   ? SYMBOL_LATIN_LETTER
		: c < 0x2000  ? SYMBOL_LETTER
		: c < 0x2080  ? SYMBOL_PUNCTUATION
		: c < 0x10000 ? SYMBOL_WIDE
			      : SYMBOL_ASTRAL;
}

/* Of the characters that are not ASCII only the Kelvin sign and the long s are the other case of
 * a letter that is. Which of the rest are each other's is not asked. */
static struct symbol_set widen(struct symbol_set set)
{
	const uint64_t capitals = UINT64_C(0x07FFFFFE); /* the small letters are 32 bits above */
	const struct symbol_set foreign = of("kKsS");
	uint64_t found;
	if (memcmp(common(set, cased).bits, none.bits, sizeof none.bits) != 0)
		set = both(set, both(cased, foreign));
	found = (set.bits[1] | set.bits[1] >> 32) & capitals;
	set.bits[1] |= found | found << 32;
	if (has(set, 'k') || has(set, 's'))
		set = both(set, cased);
	return set;
}

struct symbol_set outline_character(uint32_t c, bool ignore_case)
{
	struct symbol_set set = none;
	if (c == UNKNOWN)
		return any;
	add(&set, symbol_of(c));
	return ignore_case ? widen(set) : set;
}

struct symbol_set outline_edge(unsigned symbol)
{
	struct symbol_set set = none;
	add(&set, symbol);
	return set;
}

static struct symbol_set words(void)
{
	return both(both(of(letters), of(digits)), of("_"));
}

struct symbol_set outline_kind(int letter)
{
	switch (letter) {
	case 'd':
		return both(of(digits), others);
	case 'D':
		return without(of(digits));
	case 'w':
		return both(words(), others);
	case 'W':
		return without(words());
	case 's':
		return both(of(blanks), others);
	case 'S':
		return without(of(blanks));
	case 'h':
		return both(of("\t "), others);
	case 'v':
		return both(of("\n\v\f\r"), others);
	default:
		return any;
	}
}

/* What a member of a class stands for: at least these, and at most those. */
struct member {
	struct symbol_set least, most;
	uint32_t c; /* UNKNOWN: it is no single character */
};

static struct member unknown_member(void)
{
	return (struct member){ none, any, UNKNOWN };
}

static struct symbol_set only_ascii(struct symbol_set set)
{
	return common(set, without(others));
}

static struct member single(uint32_t c)
{
	struct symbol_set set = outline_character(c, false);
	return (struct member){ only_ascii(set), set, c };
}

static struct member kind(int letter)
{
	struct symbol_set most = outline_kind(letter), least = only_ascii(most);
	if (!strchr("dDwWsS", letter))
		return unknown_member();
	/* What of the control characters is white space is for PCRE2 to say. */
	if (letter == 'S')
		least.bits[0] &= ~(uint64_t)UINT32_MAX;
	return (struct member){ least, most, UNKNOWN };
}

/* Behind a backslash: three octal digits, or none of our business. */
static struct member octal(struct pattern *in)
{
	uint32_t c = 0;
	size_t n = 0;
	while (pattern_is_digit(pattern_peek(in, n)))
		c = c * 8 + (uint32_t)(pattern_peek(in, n++) - '0');
	bool plain = n == 3 && pattern_peek(in, 0) <= '3' && pattern_peek(in, 1) <= '7' &&
		pattern_peek(in, 2) <= '7';
	in->at += n;
	return plain ? single(c) : unknown_member();
}

static struct member escaped(struct pattern *in)
{
	static const char names[] = "ntrfeab", meaning[] = "\n\t\r\f\x1B\a\b";
	int c = pattern_peek(in, 1);
	in->at++;
	if (pattern_is_digit(c))
		return octal(in);
	in->at++;
	if (c == 'x')
		return single(pattern_hex(in));
	if (strchr("QEcNo", c)) {
		in->lost = true;
		return unknown_member();
	}
	if (c == 'p' || c == 'P') {
		if (pattern_peek(in, 0) == '{')
			pattern_skip_past(in, '}');
		else
			in->at++;
		return unknown_member();
	}
	const char *name = strchr(names, c);
	return name ? single((unsigned char)meaning[name - names]) : kind(c);
}

static struct member next_member(struct pattern *in)
{
	int after = pattern_peek(in, 1);
	uint32_t c = UNKNOWN;
	if (pattern_peek(in, 0) == '\\' && (pattern_is_letter(after) || pattern_is_digit(after)))
		return escaped(in);
	in->at += pattern_peek(in, 0) == '\\';
	size_t n = in->at < in->text.n ? utf8_read(in->text, in->at, &c) : 0;
	in->lost = in->lost || n == 0;
	in->at += n;
	return n ? single(c) : unknown_member();
}

/* [:name:], n bytes. */
static struct member posix(struct pattern *in, size_t n)
{
	struct str name = str_slice(in->text, in->at + 2, in->at + n - 2);
	struct symbol_set set = any;
	if (str_eq(name, STR("digit")))
		set = outline_kind('d');
	else if (str_eq(name, STR("alnum")) || str_eq(name, STR("word")))
		set = outline_kind('w');
	else if (str_eq(name, STR("alpha")))
		set = both(of(letters), others);
	else if (str_eq(name, STR("xdigit")))
		set = both(both(of(digits), of("abcdefABCDEF")), others);
	else if (str_eq(name, STR("space")))
		set = outline_kind('s');
	else if (str_eq(name, STR("<")) || str_eq(name, STR(">")))
		in->lost = true; /* no class, but the edge of a word */
	in->at += n;
	return (struct member){ none, set, UNKNOWN };
}

static struct member range(uint32_t first, uint32_t last)
{
	struct symbol_set set = none;
	for (uint32_t c = first; c <= last && c < 0x80; c++)
		add(&set, c);
	for (unsigned s = symbol_of(first); s <= symbol_of(last); s++)
		add(&set, s);
	return (struct member){ only_ascii(set), set, UNKNOWN };
}

static struct member read_member(struct pattern *in)
{
	size_t n = pattern_peek(in, 0) == '[' ? pattern_posix_class(in) : 0;
	if (n)
		return posix(in, n);
	struct member m = next_member(in);
	if (pattern_peek(in, 0) != '-' || pattern_peek(in, 1) == ']')
		return m;
	in->at++;
	n = pattern_peek(in, 0) == '[' ? pattern_posix_class(in) : 0;
	struct member last = n ? posix(in, n) : next_member(in);
	if (m.c == UNKNOWN || last.c == UNKNOWN || last.c < m.c)
		return unknown_member(); /* the hyphen may be one */
	return range(m.c, last.c);
}

struct symbol_set outline_class(struct pattern *in, bool ignore_case)
{
	struct symbol_set least = none, most = none;
	in->at++;
	bool negated = pattern_peek(in, 0) == '^';
	in->at += negated;
	for (bool first = true; !in->lost; first = false) {
		if (pattern_peek(in, 0) < 0)
			in->lost = true;
		if (pattern_peek(in, 0) == ']' && !first)
			break;
		struct member m = read_member(in);
		least = both(least, m.least);
		most = both(most, m.most);
	}
	in->at++;
	if (negated)
		return without(least);
	return ignore_case ? widen(most) : most;
}

/* Of 4096 characters of posts in French and English. */
static double frequency(unsigned symbol)
{
	static const unsigned foreign[] = { 1, 5, 60, 20, 20, 10, 30, 34, 34 };
	static const struct {
		const char *characters;
		unsigned count;
	} known[] = { { " ", 600 }, { "e", 360 }, { "aiostnr", 220 }, { "lucdmh", 120 },
		{ "pgyfbvw", 60 }, { "kjqxz", 20 }, { ".", 50 }, { "/", 45 }, { ",:'", 27 },
		{ "-!?@#\n", 15 }, { "\"_()&;", 8 } };
	if (symbol >= 0x80)
		return foreign[symbol - 0x80];
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (symbol && strchr(known[i].characters, (int)symbol))
			return known[i].count;
	}
	return pattern_is_letter((int)symbol) ? 15 : pattern_is_digit((int)symbol) ? 12 : 2;
}

double symbol_set_share(struct symbol_set set)
{
	double sum = 0;
	for (unsigned i = 0; i < SYMBOL_COUNT; i++)
		sum += has(set, i) ? frequency(i) : 0;
	return sum < 4096 ? sum / 4096 : 1;
}
