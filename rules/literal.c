/* Reads a pattern only as far as its shape can be known for certain: a run of plain characters is
 * a piece that every match holds; of alternatives each must give one; what is optional gives none.
 * Whether the pattern ignores case does not matter, as the pieces are folded. One frame an open
 * group, so that nothing recurses. */
#include <string.h>

#include "base/fold.h"
#include "base/utf8.h"
#include "rules/regex.h"

enum {
	PIECE_MAX_BYTES = 64,
	PIECE_MIN_CHARACTERS = 2,
	GOOD_BYTES = 8, /* longer is no better: then fewer literals are */
};

struct set {
	const struct str *items;
	size_t count; /* 0: nothing is known */
};

struct frame {
	char piece[PIECE_MAX_BYTES]; /* the run of plain characters up to here */
	size_t piece_n;
	struct set best; /* of this branch */
	struct set all; /* of the branches before it */
	bool hopeless; /* one of those gave nothing */
	bool apart; /* a lookaround: what it holds is not part of the match */
};

struct reader {
	struct str pattern;
	size_t at;
	bool extended; /* flag x */
	bool quoted; /* between \Q and \E */
	bool lost; /* something here is not understood */
	struct arena *arena;
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
 * compose are left out, and iota, which is the other case of a mark that folding drops. */
static size_t piece_bytes(uint32_t c, char out[FOLD_MAX_EXPANSION])
{
	if (c == UNKNOWN || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	unsigned class = fold_class(c);
	if (!(class & FOLD_WORD) || (class & FOLD_SPACELESS))
		return 0;
	size_t n = fold_code_point(c, out);
	for (size_t i = 0; i < n; i++) {
		if (!fold_is_word(out[i]))
			return 0;
	}
	return str_find((struct str){ out, n }, STR("ι")) == SIZE_MAX ? n : 0;
}

static size_t shortest(struct set s)
{
	size_t n = SIZE_MAX;
	for (size_t i = 0; i < s.count; i++)
		n = s.items[i].n < n ? s.items[i].n : n;
	return n < GOOD_BYTES ? n : GOOD_BYTES;
}

/* A set that every match of the branch meets: kept if better than the one known. */
static void offer(struct frame *f, struct set s)
{
	if (s.count == 0)
		return;
	size_t old = f->best.count ? shortest(f->best) : 0, new = shortest(s);
	if (new > old || (new == old &&s.count < f->best.count))
		f->best = s;
}

static void end_piece(struct reader *r)
{
	struct frame *f = &r->frames[r->depth];
	struct str piece = { f->piece, f->piece_n };
	if (utf8_count(piece) >= PIECE_MIN_CHARACTERS) {
		struct str *item = arena_new(r->arena, struct str);
		*item = arena_str(r->arena, piece);
		offer(f, (struct set){ item, 1 });
	}
	f->piece_n = 0;
}

static void add_character(struct reader *r, uint32_t c)
{
	struct frame *f = &r->frames[r->depth];
	char folded[FOLD_MAX_EXPANSION];
	size_t n = piece_bytes(c, folded);
	if (n == 0 || f->piece_n + n > sizeof f->piece)
		end_piece(r);
	memcpy(f->piece + f->piece_n, folded, n);
	f->piece_n += n;
}

static bool holds(struct set s, struct str text)
{
	for (size_t i = 0; i < s.count; i++) {
		if (str_eq(s.items[i], text))
			return true;
	}
	return false;
}

static void end_branch(struct reader *r)
{
	struct frame *f = &r->frames[r->depth];
	end_piece(r);
	struct str *both = arena_array(r->arena, struct str, f->all.count + f->best.count);
	size_t n = f->all.count;
	if (n)
		memcpy(both, f->all.items, n * sizeof *both);
	for (size_t i = 0; i < f->best.count; i++) {
		if (!holds(f->all, f->best.items[i]))
			both[n++] = f->best.items[i];
	}
	f->hopeless = f->hopeless || f->best.count == 0 || n > REGEX_MAX_LITERALS;
	f->all = (struct set){ both, f->hopeless ? 0 : n };
	f->best = (struct set){ NULL, 0 };
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

static void atom(struct reader *r, uint32_t c)
{
	unsigned min, max;
	read_quantifier(r, &min, &max);
	if (c == UNKNOWN || min == 0) {
		end_piece(r);
		return;
	}
	add_character(r, c);
	if (max > 1) {
		end_piece(r);
		add_character(r, c);
	}
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
	static const char kinds[] = "dDwWsShHvVRXNbBAzZKnrtfea";
	r->at += 2;
	if (c == 'Q') {
		r->quoted = true;
	} else if (c == 'E') {
		return;
	} else if (c == 'x') {
		atom(r, hex_character(r));
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

struct members {
	uint32_t first;
	bool same; /* all fold to what the first folds to */
};

static void add_member(struct reader *r, struct members *m)
{
	uint32_t c;
	char a[FOLD_MAX_EXPANSION], b[FOLD_MAX_EXPANSION];
	size_t n = utf8_read(r->pattern, r->at, &c);
	if (n == 0) {
		r->lost = true;
		return;
	}
	r->at += n;
	if (m->first == UNKNOWN)
		m->first = c;
	struct str first = { a, piece_bytes(m->first, a) }, this = { b, piece_bytes(c, b) };
	m->same = m->same && first.n && str_eq(first, this);
}

/* A class is an unknown character unless all its members fold to the same: [eéE]. */
static void character_class(struct reader *r)
{
	struct members m = { .first = UNKNOWN, .same = true };
	r->at++;
	if (peek(r, 0) == '^') {
		m.same = false;
		r->at++;
	}
	for (bool first = true; !r->lost; first = false) {
		int c = peek(r, 0), escaped = peek(r, 1);
		size_t posix = c == '[' ? posix_class(r) : 0;
		if (c < 0) {
			r->lost = true;
		} else if (c == ']' && !first) {
			r->at++;
			break;
		} else if (posix || c == '-') {
			m.same = false;
			r->at += posix ? posix : 1;
		} else if (c == '\\' && (is_letter(escaped) || is_digit(escaped))) {
			r->lost = escaped == 'Q' || escaped == 'E' || escaped == 'c';
			m.same = false;
			r->at += 2;
		} else {
			r->at += c == '\\';
			if (r->at < r->pattern.n)
				add_member(r, &m);
		}
	}
	if (!r->lost)
		atom(r, m.same ? m.first : UNKNOWN);
}

static void open_group(struct reader *r, bool apart)
{
	end_piece(r);
	if (r->depth == REGEX_MAX_NESTING) {
		r->lost = true;
		return;
	}
	r->depth++;
	r->frames[r->depth] = (struct frame){ .apart = apart };
}

static void close_group(struct reader *r)
{
	unsigned min, max;
	if (r->depth == 0) {
		r->lost = true;
		return;
	}
	end_branch(r);
	const struct frame *f = &r->frames[r->depth--];
	struct set found = f->apart ? (struct set){ NULL, 0 } : f->all;
	r->at++;
	read_quantifier(r, &min, &max);
	if (min > 0)
		offer(&r->frames[r->depth], found);
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
		end_piece(r);
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
	} else if (c == '.' || c == '^' || c == '$') {
		r->at++;
		atom(r, UNKNOWN);
	} else if (c == '*' || c == '+' || c == '?' || c == '{') {
		r->lost = true;
	} else {
		plain_character(r);
	}
}

bool regex_literals(
	struct str pattern, struct str flags, struct arena *arena, struct str_list *literals)
{
	struct reader r = { .pattern = pattern, .arena = arena };
	r.extended = str_find_char(flags, 'x') != SIZE_MAX;
	if (pattern.n > REGEX_MAX_BYTES || str_find(pattern, STR("(?#")) != SIZE_MAX)
		return false;
	for (skip_unseen(&r); r.at < pattern.n && !r.lost; skip_unseen(&r))
		step(&r);
	if (r.lost || r.depth > 0)
		return false;
	end_branch(&r);
	*literals = (struct str_list){ r.frames[0].all.items, r.frames[0].all.count };
	return literals->count > 0;
}
