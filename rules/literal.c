/* Reads a pattern only as far as its shape can be known for certain: characters, classes of few
 * characters, alternatives and what is optional make the ways in which a piece of each match may
 * read; all else is a gap between pieces. Whether the pattern ignores case does not matter, as the
 * pieces are folded. One frame an open group, so that nothing recurses. */
#include <string.h>

#include "base/fold.h"
#include "base/utf8.h"
#include "rules/literal_set.h"
#include "rules/regex.h"

struct frame {
	struct literal_run run; /* of this branch */
	struct literal_set all; /* of the branches before it */
	bool hopeless; /* one of those gave nothing */
	struct literal_set ways; /* in which those read, if they have no gap */
	bool gap; /* one of those has */
	bool apart; /* a lookaround: what it holds is not part of the match */
};

struct reader {
	struct str pattern;
	size_t at;
	bool extended; /* flag x */
	bool quoted; /* between \Q and \E */
	bool lost; /* something here is not understood */
	struct arena *arena;
	size_t max_choices;
	struct frame frames[REGEX_MAX_NESTING + 1];
	size_t depth;
};

#define UNKNOWN UINT32_MAX /* an atom that stands for no one character */

static int peek(const struct reader *r, size_t ahead)
{
	size_t at = r->at + ahead;
	return at < r->pattern.n ? (unsigned char)r->pattern.p[at] : -1;
}

static bool next_is(const struct reader *r, const char *text)
{
	return str_starts(str_slice(r->pattern, r->at, r->pattern.n), str_of(text));
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_space(int c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* White space that flag x ignores only sometimes. */
static bool is_rare_space(uint32_t c)
{
	return c == 0x85 || c == 0x200E || c == 0x200F || c == 0x2028 || c == 0x2029;
}

/* The folded form of a character that may be part of a piece, or 0. Scripts whose characters
 * compose are left out, and iota, which is the other case of a mark that folding drops; so are
 * "&<>", which the scan may see escaped. */
static size_t piece_bytes(uint32_t c, char out[FOLD_MAX_EXPANSION])
{
	if (c == UNKNOWN || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	unsigned class = fold_class(c);
	if (c < 0x80 && !(class & FOLD_WORD)) {
		out[0] = (char)c;
		return c >= ' ' && c < 0x7F && !strchr("&<>", (int)c) ? 1 : 0;
	}
	if (!(class & FOLD_WORD) || (class & FOLD_SPACELESS))
		return 0;
	size_t n = fold_code_point(c, out);
	for (size_t i = 0; i < n; i++) {
		if (!fold_is_word(out[i]))
			return 0;
	}
	return str_find((struct str){ out, n }, STR("ι")) == SIZE_MAX ? n : 0;
}

static struct literal_run *run_of(struct reader *r)
{
	return &r->frames[r->depth].run;
}

static void start_branch(struct reader *r)
{
	static const struct str nothing = { "", 0 };
	*run_of(r) = (struct literal_run){ .arena = r->arena, .max_choices = r->max_choices };
	literal_run_add(run_of(r), (struct literal_set){ &nothing, 1 });
}

static void end_piece(struct reader *r)
{
	literal_run_break(run_of(r));
}

static void end_branch(struct reader *r)
{
	struct frame *f = &r->frames[r->depth];
	struct literal_set ways = f->run.tails;
	bool gap = f->run.gap;
	literal_run_break(&f->run);
	f->all = literal_set_join(r->arena, f->all, f->run.best);
	f->hopeless = f->hopeless || f->run.best.count == 0 || f->all.count > REGEX_MAX_LITERALS;
	f->all.count = f->hopeless ? 0 : f->all.count;
	f->ways = literal_set_join(r->arena, f->ways, ways);
	f->gap = f->gap || gap || f->ways.count > r->max_choices;
	f->ways.count = f->gap ? 0 : f->ways.count;
	start_branch(r);
}

static void skip_comment(struct reader *r)
{
	while (peek(r, 0) != '\n' && peek(r, 0) >= 0) {
		r->lost = r->lost || peek(r, 0) == '\r'; /* a line end to some builds */
		r->at++;
	}
}

/* What may stand between an atom and its quantifier. */
static void skip_unseen(struct reader *r)
{
	for (;;) {
		if (next_is(r, "\\E")) {
			r->quoted = false;
			r->at += 2;
		} else if (!r->quoted && next_is(r, "\\Q\\E")) {
			r->at += 4;
		} else if (!r->quoted && r->extended && is_space(peek(r, 0))) {
			r->at++;
		} else if (!r->quoted && r->extended && peek(r, 0) == '#') {
			skip_comment(r);
		} else {
			return;
		}
	}
}

static bool read_number(struct reader *r, unsigned *n)
{
	if (!is_digit(peek(r, 0)))
		return false;
	for (*n = 0; is_digit(peek(r, 0)); r->at++)
		*n = *n < 100000 ? *n * 10 + (unsigned)(peek(r, 0) - '0') : *n;
	return true;
}

/* At "{": {3}, {3,} or {3,5}. Anything else means one thing to one version of PCRE2 and another
 * to the next. */
static void read_braces(struct reader *r, unsigned *min, unsigned *max)
{
	r->at++;
	if (!read_number(r, min)) {
		r->lost = true;
		return;
	}
	*max = *min;
	if (peek(r, 0) == ',') {
		r->at++;
		if (!read_number(r, max))
			*max = UINT32_MAX;
	}
	if (peek(r, 0) == '}')
		r->at++;
	else
		r->lost = true;
}

static void read_quantifier(struct reader *r, unsigned *min, unsigned *max)
{
	*min = *max = 1;
	skip_unseen(r);
	if (r->quoted)
		return;
	switch (peek(r, 0)) {
	case '*':
	case '?':
		*min = 0;
		r->at++;
		break;
	case '+':
		*max = UINT32_MAX;
		r->at++;
		break;
	case '{':
		read_braces(r, min, max);
		break;
	default:
		return;
	}
	if (peek(r, 0) == '?' || peek(r, 0) == '+')
		r->at++;
}

/* One of the choices comes so many times. */
static void add_choices(struct reader *r, struct literal_set choices, unsigned min, unsigned max)
{
	static const struct str nothing = { "", 0 };
	if (min == 0 && max == 1) {
		literal_run_add(run_of(r),
			literal_set_join(r->arena, choices, (struct literal_set){ &nothing, 1 }));
	} else if (min == 0) {
		end_piece(r);
	} else {
		literal_run_add(run_of(r), choices);
		if (max > 1) {
			end_piece(r);
			literal_run_add(run_of(r), choices);
		}
	}
}

static void atom(struct reader *r, uint32_t c)
{
	unsigned min, max;
	char folded[FOLD_MAX_EXPANSION];
	struct str text = { folded, piece_bytes(c, folded) };
	read_quantifier(r, &min, &max);
	if (text.n)
		add_choices(r, (struct literal_set){ &text, 1 }, min, max);
	else
		end_piece(r);
}

/* What asks for a place and takes no text parts nothing. */
static void place(struct reader *r)
{
	unsigned min, max;
	read_quantifier(r, &min, &max);
}

static void plain_character(struct reader *r)
{
	uint32_t c;
	size_t n = utf8_read(r->pattern, r->at, &c);
	if (n == 0 || (r->extended && is_rare_space(c))) {
		r->lost = true;
		return;
	}
	r->at += n;
	atom(r, c);
}

static void skip_past(struct reader *r, char end)
{
	size_t n = str_find_char(str_slice(r->pattern, r->at, r->pattern.n), end);
	if (n == SIZE_MAX)
		r->lost = true;
	else
		r->at += n + 1;
}

static int hex_value(int c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* After \x: two digits at most, or {any number of them}. */
static uint32_t hex_character(struct reader *r)
{
	bool braces = peek(r, 0) == '{';
	uint32_t c = 0;
	size_t digits = 0;
	r->at += braces;
	while (hex_value(peek(r, 0)) >= 0 && digits < (braces ? 6 : 2)) {
		c = c * 16 + (uint32_t)hex_value(peek(r, 0));
		r->at++;
		digits++;
	}
	if (braces && (digits == 0 || peek(r, 0) != '}'))
		r->lost = true;
	r->at += braces;
	return c;
}

/* After \g or \k: a reference by number or in brackets of some kind. */
static void skip_reference(struct reader *r)
{
	int c = peek(r, 0);
	r->at++;
	if (c == '{')
		skip_past(r, '}');
	else if (c == '<')
		skip_past(r, '>');
	else if (c == '\'')
		skip_past(r, '\'');
	else if (!is_digit(c) && c != '-' && c != '+')
		r->lost = true;
	else
		while (is_digit(peek(r, 0)))
			r->at++;
}

static void lettered_escape(struct reader *r, int c)
{
	static const char kinds[] = "dDwWsShHvVRXNnrtfea";
	r->at += 2;
	if (c == 'Q') {
		r->quoted = true;
	} else if (c == 'E') {
		return;
	} else if (c == 'x') {
		atom(r, hex_character(r));
	} else if (strchr("bBAzZK", c)) {
		place(r);
	} else if (c == 'p' || c == 'P') {
		if (peek(r, 0) == '{')
			skip_past(r, '}');
		else
			r->at++;
		atom(r, UNKNOWN);
	} else if (c == 'g' || c == 'k') {
		skip_reference(r);
		atom(r, UNKNOWN);
	} else if (is_digit(c)) {
		while (is_digit(peek(r, 0)))
			r->at++;
		atom(r, UNKNOWN);
	} else if (strchr(kinds, c) && !(c == 'N' && peek(r, 0) == '{')) {
		atom(r, UNKNOWN);
	} else {
		r->lost = true;
	}
}

static void escape(struct reader *r)
{
	int c = peek(r, 1);
	if (c < 0) {
		r->lost = true;
	} else if (is_digit(c) || is_letter(c)) {
		lettered_escape(r, c);
	} else {
		r->at++;
		plain_character(r);
	}
}

/* At "[" inside a class: the length of [:name:], or 0. */
static size_t posix_class(const struct reader *r)
{
	int kind = peek(r, 1);
	size_t n = 2;
	if (kind != ':' && kind != '.' && kind != '=')
		return 0;
	while (is_letter(peek(r, n)) || peek(r, n) == '^' || peek(r, n) == '<' || peek(r, n) == '>')
		n++;
	return peek(r, n) == kind && peek(r, n + 1) == ']' ? n + 2 : 0;
}

/* What the members of a class fold to. */
struct members {
	struct str items[LITERAL_MAX_CHOICES];
	char bytes[LITERAL_MAX_CHOICES][FOLD_MAX_EXPANSION];
	size_t count;
	bool unknown; /* there are others, or too many */
};

static void add_member(struct members *m, uint32_t c)
{
	char folded[FOLD_MAX_EXPANSION];
	struct str text = { folded, piece_bytes(c, folded) };
	for (size_t i = 0; i < m->count; i++) {
		if (str_eq(m->items[i], text))
			return;
	}
	if (text.n == 0 || m->count == LITERAL_MAX_CHOICES) {
		m->unknown = true;
		return;
	}
	memcpy(m->bytes[m->count], folded, text.n);
	m->items[m->count] = (struct str){ m->bytes[m->count], text.n };
	m->count++;
}

/* A member that is one character. UNKNOWN if it is none, such as \w. */
static uint32_t read_member(struct reader *r)
{
	uint32_t c;
	int escaped = peek(r, 1);
	if (peek(r, 0) == '\\' && (is_letter(escaped) || is_digit(escaped))) {
		r->lost = escaped == 'Q' || escaped == 'E' || escaped == 'c';
		r->at += 2;
		return escaped == 'x' ? hex_character(r) : UNKNOWN;
	}
	r->at += peek(r, 0) == '\\';
	size_t n = r->at < r->pattern.n ? utf8_read(r->pattern, r->at, &c) : 0;
	r->lost = r->lost || n == 0;
	r->at += n;
	return n ? c : UNKNOWN;
}

/* A member, or a range of them. */
static void read_members(struct reader *r, struct members *m)
{
	uint32_t first = read_member(r), last = first;
	if (peek(r, 0) == '-' && peek(r, 1) != ']') {
		r->at++;
		last = peek(r, 0) == '[' && posix_class(r) ? UNKNOWN : read_member(r);
	}
	if (first == UNKNOWN || last == UNKNOWN || last < first ||
		last - first > 4 * LITERAL_MAX_CHOICES) {
		m->unknown = true;
		return;
	}
	for (uint32_t c = first; c <= last; c++)
		add_member(m, c);
}

/* A class is an unknown character unless its members fold to few: [eéE]. */
static void character_class(struct reader *r)
{
	struct members m = { .count = 0 };
	unsigned min, max;
	r->at++;
	if (peek(r, 0) == '^') {
		m.unknown = true;
		r->at++;
	}
	for (bool first = true; !r->lost; first = false) {
		size_t posix = peek(r, 0) == '[' ? posix_class(r) : 0;
		if (peek(r, 0) < 0) {
			r->lost = true;
		} else if (peek(r, 0) == ']' && !first) {
			r->at++;
			break;
		} else if (posix) {
			m.unknown = true;
			r->at += posix;
		} else {
			read_members(r, &m);
		}
	}
	if (r->lost)
		return;
	read_quantifier(r, &min, &max);
	if (m.unknown || m.count == 0)
		end_piece(r);
	else
		add_choices(r, (struct literal_set){ m.items, m.count }, min, max);
}

static void open_group(struct reader *r, bool apart)
{
	if (r->depth == REGEX_MAX_NESTING) {
		r->lost = true;
		return;
	}
	r->depth++;
	r->frames[r->depth] = (struct frame){ .apart = apart };
	start_branch(r);
}

/* A lookaround stands between two characters without parting them. */
static void close_group(struct reader *r)
{
	unsigned min, max;
	if (r->depth == 0) {
		r->lost = true;
		return;
	}
	end_branch(r);
	const struct frame *f = &r->frames[r->depth--];
	r->at++;
	read_quantifier(r, &min, &max);
	if (f->apart)
		return;
	if (f->ways.count) {
		add_choices(r, f->ways, min, max);
		return;
	}
	end_piece(r);
	if (min > 0)
		literal_run_offer(run_of(r), f->all);
}

/* At the letters of (?im-s) or (?im-s:...). x would change how the rest is to be read. */
static void inline_flags(struct reader *r)
{
	while (peek(r, 0) >= 0 && strchr("imsnJU-", peek(r, 0)))
		r->at++;
	if (peek(r, 0) == ':') {
		r->at++;
		open_group(r, false);
	} else if (peek(r, 0) == ')') {
		r->at++;
	} else {
		r->lost = true;
	}
}

static void named_group(struct reader *r, size_t skip, char end)
{
	r->at += skip;
	skip_past(r, end);
	open_group(r, false);
}

static void call(struct reader *r)
{
	skip_past(r, ')');
	atom(r, UNKNOWN);
}

/* At "(?". */
static void special_group(struct reader *r)
{
	int c = peek(r, 2), d = peek(r, 3);
	if (c == ':' || c == '|' || c == '>' || c == '=' || c == '!') {
		r->at += 3;
		open_group(r, c == '=' || c == '!');
	} else if (c == '<' && (d == '=' || d == '!')) {
		r->at += 4;
		open_group(r, true);
	} else if (c == '<' && is_letter(d)) {
		named_group(r, 3, '>');
	} else if (c == 'P' && d == '<') {
		named_group(r, 4, '>');
	} else if (c == '\'') {
		named_group(r, 3, '\'');
	} else if (c == 'R' || c == '&' || c == '+' || is_digit(c) || (c == '-' && is_digit(d)) ||
		(c == 'P' && (d == '=' || d == '>'))) {
		call(r);
	} else {
		r->at += 2;
		inline_flags(r);
	}
}

static void group(struct reader *r)
{
	if (peek(r, 1) == '*') {
		r->lost = true;
	} else if (peek(r, 1) == '?') {
		special_group(r);
	} else {
		r->at++;
		open_group(r, false);
	}
}

static void step(struct reader *r)
{
	int c = peek(r, 0);
	if (r->quoted) {
		plain_character(r);
	} else if (c == '(') {
		group(r);
	} else if (c == ')') {
		close_group(r);
	} else if (c == '|') {
		end_branch(r);
		r->at++;
	} else if (c == '[') {
		character_class(r);
	} else if (c == '\\') {
		escape(r);
	} else if (c == '^' || c == '$') {
		r->at++;
		place(r);
	} else if (c == '.') {
		r->at++;
		atom(r, UNKNOWN);
	} else if (c == '*' || c == '+' || c == '?' || c == '{') {
		r->lost = true;
	} else {
		plain_character(r);
	}
}

static bool read_all(struct reader *r, struct str_list *literals)
{
	start_branch(r);
	for (skip_unseen(r); r->at < r->pattern.n && !r->lost; skip_unseen(r))
		step(r);
	if (r->lost || r->depth > 0)
		return false;
	end_branch(r);
	*literals = (struct str_list){ r->frames[0].all.items, r->frames[0].all.count };
	return literals->count > 0;
}

/* The texts in memory of the caller's. */
static struct str_list keep(const struct str_list *list, struct arena *arena)
{
	struct str *items = arena_array(arena, struct str, list->count);
	for (size_t i = 0; i < list->count; i++)
		items[i] = arena_str(arena, list->items[i]);
	return (struct str_list){ items, list->count };
}

bool regex_literals(
	struct str pattern, struct str flags, struct arena *arena, struct str_list *literals)
{
	static const size_t choices[] = { LITERAL_MAX_CHOICES, 1 }; /* which gives fewer of them */
	bool extended = str_find_char(flags, 'x') != SIZE_MAX, found = false;
	if (pattern.n > REGEX_MAX_BYTES || str_find(pattern, STR("(?#")) != SIZE_MAX)
		return false;
	for (size_t i = 0; i < 2 && !found; i++) {
		struct arena own;
		struct str_list list;
		arena_init(&own, 0);
		struct reader *r = arena_new(&own, struct reader);
		*r = (struct reader){ .pattern = pattern,
			.extended = extended,
			.arena = &own,
			.max_choices = choices[i] };
		found = read_all(r, &list);
		if (found)
			*literals = keep(&list, arena);
		arena_finish(&own);
	}
	return found;
}
