/* Reads a pattern only as far as its shape can be known for certain: characters, classes of few
 * characters, alternatives and what is optional make the ways in which a piece of each match may
 * read; all else is a gap between pieces. Whether the pattern ignores case does not matter, as the
 * pieces are folded. One frame an open group, so that nothing recurses. */
#include <string.h>

#include "base/fold.h"
#include "base/utf8.h"
#include "rules/regex/literal_set.h"
#include "rules/regex/needs.h"
#include "rules/regex/pattern.h"
#include "rules/regex/regex.h"

enum { MAX_NEEDS = 16 };

struct frame {
	struct literal_run run; /* of this branch */
	struct literal_set all; /* of the branches before it */
	bool hopeless; /* one of those gave nothing */
	struct literal_set ways; /* in which those read, if they have no gap */
	bool gap; /* one of those has */
	struct literal_run first; /* what the first of those needs */
	size_t branch_count;
	struct need *needs; /* any match of a branch has what one of them asks for */
	size_t need_count; /* past MAX_NEEDS: that is not known */
	bool apart; /* a lookaround: what it holds is not part of the match */
};

struct reader {
	struct pattern in;
	struct arena *arena;
	size_t max_choices;
	struct frame frames[REGEX_MAX_NESTING + 1];
	size_t depth;
};

#define UNKNOWN UINT32_MAX /* an atom that stands for no one character */

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

static struct literal_set set_of(struct str_list list)
{
	return (struct literal_set){ list.items, list.count };
}

static bool is_one_group(const struct need *n)
{
	return n->group_count == 1 && n->byte_set_count == 0;
}

/* The scan looks for the first group alone until it finds it. */
static void put_best_first(struct need *n)
{
	size_t best = 0;
	for (size_t i = 1; i < n->group_count; i++) {
		if (literal_set_bits(set_of(n->groups[i])) >
			literal_set_bits(set_of(n->groups[best])))
			best = i;
	}
	struct str_list first = n->groups[0];
	n->groups[0] = n->groups[best];
	n->groups[best] = first;
}

/* Those that are one group only are one together. */
static void add_need(struct reader *r, struct frame *f, struct need n)
{
	size_t i = is_one_group(&n) ? 0 : f->need_count;
	if (n.group_count == 0)
		f->need_count = MAX_NEEDS + 1;
	if (f->need_count > MAX_NEEDS)
		return;
	put_best_first(&n);
	while (i < f->need_count && !is_one_group(&f->needs[i]))
		i++;
	if (i < f->need_count) {
		struct literal_set both = literal_set_join(
			r->arena, set_of(f->needs[i].groups[0]), set_of(n.groups[0]));
		f->needs[i].groups[0] = (struct str_list){ both.items, both.count };
		return;
	}
	if (!f->needs)
		f->needs = arena_array(r->arena, struct need, MAX_NEEDS);
	if (f->need_count < MAX_NEEDS)
		f->needs[f->need_count] = n;
	f->need_count++;
}

/* What is in the run besides its choices, as far as there is room. */
static void add_own(struct need *n, const struct literal_run *run)
{
	for (size_t i = 0; i < run->group_count && n->group_count < NEED_MAX_GROUPS; i++)
		n->groups[n->group_count++] = (struct str_list){ run->groups[i].items,
			run->groups[i].count };
	for (size_t i = 0; i < run->byte_set_count && n->byte_set_count < NEED_MAX_BYTE_SETS; i++)
		n->byte_sets[n->byte_set_count++] = run->byte_sets[i];
}

/* What the branch that ends here needs. */
static void note_needs(struct reader *r, struct frame *f)
{
	const struct literal_run *run = &f->run;
	struct need own = { .group_count = 0 };
	for (size_t i = 0; i < run->choice_count; i++) {
		struct need n = run->choices[i];
		add_own(&n, run);
		add_need(r, f, n);
	}
	if (run->choice_count)
		return;
	add_own(&own, run);
	if (own.group_count == 0 && run->best.count)
		own.groups[own.group_count++] = (struct str_list){ run->best.items,
			run->best.count };
	add_need(r, f, own);
}

static void end_branch(struct reader *r)
{
	struct frame *f = &r->frames[r->depth];
	struct literal_set ways = f->run.tails;
	bool gap = f->run.gap;
	literal_run_break(&f->run);
	if (f->branch_count++ == 0)
		f->first = f->run;
	note_needs(r, f);
	f->all = literal_set_join(r->arena, f->all, f->run.best);
	f->hopeless = f->hopeless || f->run.best.count == 0 || f->all.count > REGEX_MAX_LITERALS;
	f->all.count = f->hopeless ? 0 : f->all.count;
	f->ways = literal_set_join(r->arena, f->ways, ways);
	f->gap = f->gap || gap || f->ways.count > r->max_choices;
	f->ways.count = f->gap ? 0 : f->ways.count;
	start_branch(r);
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
	pattern_quantifier(&r->in, &min, &max);
	if (text.n) {
		add_choices(r, (struct literal_set){ &text, 1 }, min, max);
		return;
	}
	end_piece(r);
	if (min > 0 && (c == '&' || c == '<' || c == '>')) {
		struct byte_set set = { { 0, 0 } };
		byte_set_add(&set, (char)c);
		byte_set_add(&set, '&'); /* as it may be escaped */
		literal_run_need_byte(run_of(r), set);
	}
}

/* What asks for a place and takes no text parts nothing. */
static void place(struct reader *r)
{
	unsigned min, max;
	pattern_quantifier(&r->in, &min, &max);
}

static void plain_character(struct reader *r)
{
	uint32_t c;
	size_t n = utf8_read(r->in.text, r->in.at, &c);
	if (n == 0 || (r->in.extended && is_rare_space(c))) {
		r->in.lost = true;
		return;
	}
	r->in.at += n;
	atom(r, c);
}

static void lettered_escape(struct reader *r, int c)
{
	static const char kinds[] = "dDwWsShHvVRXNnrtfea";
	r->in.at += 2;
	if (c == 'Q') {
		r->in.quoted = true;
	} else if (c == 'E') {
		return;
	} else if (c == 'x') {
		atom(r, pattern_hex(&r->in));
	} else if (strchr("bBAzZK", c)) {
		place(r);
	} else if (c == 'p' || c == 'P') {
		if (pattern_peek(&r->in, 0) == '{')
			pattern_skip_past(&r->in, '}');
		else
			r->in.at++;
		atom(r, UNKNOWN);
	} else if (c == 'g' || c == 'k') {
		pattern_skip_reference(&r->in);
		atom(r, UNKNOWN);
	} else if (pattern_is_digit(c)) {
		while (pattern_is_digit(pattern_peek(&r->in, 0)))
			r->in.at++;
		atom(r, UNKNOWN);
	} else if (strchr(kinds, c) && !(c == 'N' && pattern_peek(&r->in, 0) == '{')) {
		atom(r, UNKNOWN);
	} else {
		r->in.lost = true;
	}
}

static void escape(struct reader *r)
{
	int c = pattern_peek(&r->in, 1);
	if (c < 0) {
		r->in.lost = true;
	} else if (pattern_is_digit(c) || pattern_is_letter(c)) {
		lettered_escape(r, c);
	} else {
		r->in.at++;
		plain_character(r);
	}
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
	int escaped = pattern_peek(&r->in, 1);
	if (pattern_peek(&r->in, 0) == '\\' &&
		(pattern_is_letter(escaped) || pattern_is_digit(escaped))) {
		r->in.lost = escaped == 'Q' || escaped == 'E' || escaped == 'c';
		r->in.at += 2;
		return escaped == 'x' ? pattern_hex(&r->in) : UNKNOWN;
	}
	r->in.at += pattern_peek(&r->in, 0) == '\\';
	size_t n = r->in.at < r->in.text.n ? utf8_read(r->in.text, r->in.at, &c) : 0;
	r->in.lost = r->in.lost || n == 0;
	r->in.at += n;
	return n ? c : UNKNOWN;
}

/* A member, or a range of them. */
static void read_members(struct reader *r, struct members *m)
{
	uint32_t first = read_member(r), last = first;
	if (pattern_peek(&r->in, 0) == '-' && pattern_peek(&r->in, 1) != ']') {
		r->in.at++;
		last = pattern_peek(&r->in, 0) == '[' && pattern_posix_class(&r->in)
			? UNKNOWN
			: read_member(r);
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
	r->in.at++;
	if (pattern_peek(&r->in, 0) == '^') {
		m.unknown = true;
		r->in.at++;
	}
	for (bool first = true; !r->in.lost; first = false) {
		size_t posix = pattern_peek(&r->in, 0) == '[' ? pattern_posix_class(&r->in) : 0;
		if (pattern_peek(&r->in, 0) < 0) {
			r->in.lost = true;
		} else if (pattern_peek(&r->in, 0) == ']' && !first) {
			r->in.at++;
			break;
		} else if (posix) {
			m.unknown = true;
			r->in.at += posix;
		} else {
			read_members(r, &m);
		}
	}
	if (r->in.lost)
		return;
	pattern_quantifier(&r->in, &min, &max);
	if (m.unknown || m.count == 0)
		end_piece(r);
	else
		add_choices(r, (struct literal_set){ m.items, m.count }, min, max);
}

static void open_group(struct reader *r, bool apart)
{
	if (r->depth == REGEX_MAX_NESTING) {
		r->in.lost = true;
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
		r->in.lost = true;
		return;
	}
	end_branch(r);
	const struct frame *f = &r->frames[r->depth--];
	r->in.at++;
	pattern_quantifier(&r->in, &min, &max);
	if (f->apart)
		return;
	if (f->ways.count) {
		add_choices(r, f->ways, min, max);
		return;
	}
	end_piece(r);
	struct literal_run any = { .best = f->all };
	bool known = f->all.count && f->need_count <= MAX_NEEDS;
	if (min > 0 && f->branch_count > 1 && known)
		literal_run_choose(run_of(r), f->needs, f->need_count, f->all);
	else if (min > 0)
		literal_run_take(run_of(r), f->branch_count == 1 ? &f->first : &any);
}

/* At the letters of (?im-s) or (?im-s:...). x would change how the rest is to be read. */
static void inline_flags(struct reader *r)
{
	while (pattern_peek(&r->in, 0) >= 0 && strchr("imsnJU-", pattern_peek(&r->in, 0)))
		r->in.at++;
	if (pattern_peek(&r->in, 0) == ':') {
		r->in.at++;
		open_group(r, false);
	} else if (pattern_peek(&r->in, 0) == ')') {
		r->in.at++;
	} else {
		r->in.lost = true;
	}
}

static void named_group(struct reader *r, size_t skip, char end)
{
	r->in.at += skip;
	pattern_skip_past(&r->in, end);
	open_group(r, false);
}

static void call(struct reader *r)
{
	pattern_skip_past(&r->in, ')');
	atom(r, UNKNOWN);
}

/* At "(?". */
static void special_group(struct reader *r)
{
	int c = pattern_peek(&r->in, 2), d = pattern_peek(&r->in, 3);
	if (c == ':' || c == '|' || c == '>' || c == '=' || c == '!') {
		r->in.at += 3;
		open_group(r, c == '=' || c == '!');
	} else if (c == '<' && (d == '=' || d == '!')) {
		r->in.at += 4;
		open_group(r, true);
	} else if (c == '<' && pattern_is_letter(d)) {
		named_group(r, 3, '>');
	} else if (c == 'P' && d == '<') {
		named_group(r, 4, '>');
	} else if (c == '\'') {
		named_group(r, 3, '\'');
	} else if (c == 'R' || c == '&' || c == '+' || pattern_is_digit(c) ||
		(c == '-' && pattern_is_digit(d)) || (c == 'P' && (d == '=' || d == '>'))) {
		call(r);
	} else {
		r->in.at += 2;
		inline_flags(r);
	}
}

static void group(struct reader *r)
{
	if (pattern_peek(&r->in, 1) == '*') {
		r->in.lost = true;
	} else if (pattern_peek(&r->in, 1) == '?') {
		special_group(r);
	} else {
		r->in.at++;
		open_group(r, false);
	}
}

static void step(struct reader *r)
{
	int c = pattern_peek(&r->in, 0);
	if (r->in.quoted) {
		plain_character(r);
	} else if (c == '(') {
		group(r);
	} else if (c == ')') {
		close_group(r);
	} else if (c == '|') {
		end_branch(r);
		r->in.at++;
	} else if (c == '[') {
		character_class(r);
	} else if (c == '\\') {
		escape(r);
	} else if (c == '^' || c == '$') {
		r->in.at++;
		place(r);
	} else if (c == '.') {
		r->in.at++;
		atom(r, UNKNOWN);
	} else if (c == '*' || c == '+' || c == '?' || c == '{') {
		r->in.lost = true;
	} else {
		plain_character(r);
	}
}

static bool read_all(struct reader *r, struct str_list *literals)
{
	start_branch(r);
	for (pattern_skip_unseen(&r->in); r->in.at < r->in.text.n && !r->in.lost;
		pattern_skip_unseen(&r->in))
		step(r);
	if (r->in.lost || r->depth > 0)
		return false;
	end_branch(r);
	*literals = (struct str_list){ r->frames[0].all.items, r->frames[0].all.count };
	return literals->count > 0;
}

/* The texts in memory of the caller's. */
static struct str_list keep(struct str_list list, struct arena *arena)
{
	struct str *items = arena_array(arena, struct str, list.count);
	for (size_t i = 0; i < list.count; i++)
		items[i] = arena_str(arena, list.items[i]);
	return (struct str_list){ items, list.count };
}

static struct need_list keep_needs(
	const struct reader *r, struct str_list literals, struct arena *arena)
{
	const struct frame *f = &r->frames[0];
	bool known = f->need_count <= MAX_NEEDS;
	size_t count = known ? f->need_count : 1;
	struct need *needs = arena_array(arena, struct need, count);
	if (!known)
		needs[0] = (struct need){ .groups = { keep(literals, arena) }, .group_count = 1 };
	for (size_t i = 0; known && i < count; i++) {
		needs[i] = f->needs[i];
		for (size_t j = 0; j < needs[i].group_count; j++)
			needs[i].groups[j] = keep(needs[i].groups[j], arena);
	}
	return (struct need_list){ needs, count };
}

/* Either of the last two may be NULL. */
static bool read_pattern(struct str pattern, struct str flags, struct arena *arena,
	struct str_list *literals, struct need_list *needs)
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
		*r = (struct reader){ .in = { .text = pattern, .extended = extended },
			.arena = &own,
			.max_choices = choices[i] };
		found = read_all(r, &list);
		if (found && literals)
			*literals = keep(list, arena);
		if (found && needs)
			*needs = keep_needs(r, list, arena);
		arena_finish(&own);
	}
	return found;
}

bool regex_literals(
	struct str pattern, struct str flags, struct arena *arena, struct str_list *literals)
{
	return read_pattern(pattern, flags, arena, literals, NULL);
}

bool regex_needs(struct str pattern, struct str flags, struct arena *arena, struct need_list *needs)
{
	return read_pattern(pattern, flags, arena, NULL, needs);
}
