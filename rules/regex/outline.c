/* Reads a pattern only as far as its shape can be known for certain. What asks for a place between
 * two characters, and lookarounds, are as if they were not there: then it matches more. One frame
 * an open group, so that nothing recurses. */
#include "rules/regex/outline.h"

#include <string.h>

#include "base/utf8.h"
#include "rules/regex/outline_class.h"
#include "rules/regex/outline_run.h"
#include "rules/regex/regex.h"

struct frame {
	struct row_run run; /* of this branch */
	struct rows all; /* of the branches before it: each match has one of these */
	bool hopeless; /* one of those gave nothing */
	struct rows ways; /* in which those read, if they have no gap */
	bool gap; /* one of those has */
	struct row_run first; /* the first of those */
	size_t branch_count;
	bool apart; /* a lookaround: what it holds is not part of the match */
	bool ignore_case; /* as it is behind the group */
};

struct reader {
	struct pattern in;
	struct set_table table;
	bool ignore_case, lines;
	struct frame frames[REGEX_MAX_NESTING + 1];
	size_t depth;
};

static struct row_run *run_of(struct reader *r)
{
	return &r->frames[r->depth].run;
}

static void add(struct reader *r, const struct rows *rows)
{
	row_run_add(run_of(r), &r->table, *rows);
}

static void end_branch(struct reader *r)
{
	struct frame *f = &r->frames[r->depth];
	bool first = f->branch_count++ == 0;
	struct rows ways = f->run.tails;
	f->gap = f->gap || f->run.gap;
	row_run_break(&f->run);
	const struct rows *best = row_run_best(&f->run);
	f->hopeless = f->hopeless || !best;
	if (first) {
		f->first = f->run;
		f->ways = ways;
	} else {
		f->ways = rows_join(&r->table, &f->ways, &ways);
	}
	if (best)
		f->all = first ? *best : rows_join(&r->table, &f->all, best);
	f->hopeless = f->hopeless || f->all.count == 0;
	f->gap = f->gap || f->ways.count == 0;
	row_run_start(&f->run);
}

/* One of the choices comes so many times. */
static void repeat(struct reader *r, const struct rows *choices, unsigned min, unsigned max)
{
	static const struct rows nothing = { .count = 1 };
	if (max == 0)
		return;
	if (min == 0 && max == 1) {
		struct rows either = rows_join(&r->table, choices, &nothing);
		if (either.count)
			add(r, &either);
		else
			row_run_break(run_of(r));
		return;
	}
	for (unsigned i = 0; i < min && i < OUTLINE_MAX_SETS; i++)
		add(r, choices);
	if (min == max && min <= OUTLINE_MAX_SETS)
		return;
	row_run_break(run_of(r));
	if (min > 0)
		add(r, choices); /* the last of them */
}

static void atom(struct reader *r, struct symbol_set set)
{
	unsigned min, max;
	struct rows rows = rows_of_set(set_table_number(&r->table, set));
	pattern_quantifier(&r->in, &min, &max);
	repeat(r, &rows, min, max);
}

static void character(struct reader *r, uint32_t c)
{
	atom(r, outline_character(c, r->ignore_case));
}

/* Who knows what follows. */
static void any_text(struct reader *r)
{
	unsigned min, max;
	pattern_quantifier(&r->in, &min, &max);
	row_run_break(run_of(r));
}

/* What asks for a place and takes no text parts nothing. */
static void place(struct reader *r)
{
	unsigned min, max;
	pattern_quantifier(&r->in, &min, &max);
}

static void begin(struct reader *r)
{
	unsigned min, max;
	struct rows rows = rows_of_set(ROW_BEGIN);
	pattern_quantifier(&r->in, &min, &max);
	if (min > 0)
		add(r, &rows);
}

/* A line feed may stand between. */
static void end(struct reader *r, bool very)
{
	unsigned min, max;
	struct rows rows = rows_of_set(ROW_END);
	pattern_quantifier(&r->in, &min, &max);
	if (min == 0)
		return;
	if (!very) {
		rows.items[1].sets[0] = set_table_number(&r->table, outline_character('\n', false));
		rows.items[1].sets[1] = ROW_END;
		rows.items[1].count = 2;
		rows.count = 2;
	}
	add(r, &rows);
}

static void plain_character(struct reader *r)
{
	uint32_t c;
	size_t n = utf8_read(r->in.text, r->in.at, &c);
	/* Flag x ignores some more of what is not ASCII. */
	if (n == 0 || (r->in.extended && c >= 0x80)) {
		r->in.lost = true;
		return;
	}
	r->in.at += n;
	character(r, c);
}

static void property(struct reader *r)
{
	if (pattern_peek(&r->in, 0) == '{')
		pattern_skip_past(&r->in, '}');
	else
		r->in.at++;
	character(r, UINT32_MAX);
}

static void numbered(struct reader *r)
{
	while (pattern_is_digit(pattern_peek(&r->in, 0)))
		r->in.at++;
	any_text(r);
}

/* A letter that asks for a place, or none of those. */
static bool place_escape(struct reader *r, int c)
{
	if (c == 'A')
		begin(r);
	else if (c == 'z' || c == 'Z')
		end(r, c == 'z');
	else if (c == 'b' || c == 'B' || c == 'K')
		place(r);
	else
		return false;
	return true;
}

static void lettered_escape(struct reader *r, int c)
{
	static const char names[] = "ntrfea", meaning[] = "\n\t\r\f\x1B\a";
	const char *name = strchr(names, c);
	r->in.at += 2;
	if (c == 'Q') {
		r->in.quoted = true;
	} else if (c == 'E' || place_escape(r, c)) {
		return;
	} else if (name) {
		character(r, (unsigned char)meaning[name - names]);
	} else if (c == 'x') {
		character(r, pattern_hex(&r->in));
	} else if (c == 'p' || c == 'P') {
		property(r);
	} else if (c == 'g' || c == 'k') {
		pattern_skip_reference(&r->in);
		any_text(r);
	} else if (pattern_is_digit(c)) {
		numbered(r);
	} else if (c == 'R' || c == 'X') {
		any_text(r);
	} else if (strchr("dDwWsShHvVN", c) && !(c == 'N' && pattern_peek(&r->in, 0) == '{')) {
		atom(r, outline_kind(c));
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

static void open_group(struct reader *r, bool apart, bool ignore_case)
{
	if (r->depth == REGEX_MAX_NESTING) {
		r->in.lost = true;
		return;
	}
	struct frame *f = &r->frames[++r->depth];
	f->all.count = f->ways.count = f->branch_count = 0;
	f->hopeless = f->gap = false;
	f->apart = apart;
	f->ignore_case = r->ignore_case;
	r->ignore_case = ignore_case;
	row_run_start(&f->run);
}

static void close_group(struct reader *r)
{
	unsigned min, max;
	if (r->depth == 0) {
		r->in.lost = true;
		return;
	}
	end_branch(r);
	const struct frame *f = &r->frames[r->depth--];
	r->ignore_case = f->ignore_case;
	r->in.at++;
	pattern_quantifier(&r->in, &min, &max);
	if (f->apart)
		return;
	if (!f->gap) {
		repeat(r, &f->ways, min, max);
		return;
	}
	row_run_break(run_of(r));
	for (size_t i = 0; min > 0 && f->branch_count == 1 && i < f->first.piece_count; i++)
		row_run_offer(run_of(r), &f->first.pieces[i]);
	if (min > 0 && f->branch_count > 1 && !f->hopeless)
		row_run_offer(run_of(r), &f->all);
}

/* At the letters of (?im-s) or (?im-s:...). x would change how the rest is to be read, and m what
 * is behind. */
static void inline_flags(struct reader *r)
{
	bool on = true, ignore_case = r->ignore_case;
	int c;
	for (; (c = pattern_peek(&r->in, 0)) > 0 && strchr("imsnJU-", c); r->in.at++) {
		on = on && c != '-';
		if (c == 'i')
			ignore_case = on;
		r->lines = r->lines || c == 'm';
	}
	r->in.at++;
	if (c == ':')
		open_group(r, false, ignore_case);
	else if (c == ')')
		r->ignore_case = ignore_case;
	else
		r->in.lost = true;
}

static void named_group(struct reader *r, size_t skip, char end)
{
	r->in.at += skip;
	pattern_skip_past(&r->in, end);
	open_group(r, false, r->ignore_case);
}

/* At "(?". */
static void special_group(struct reader *r)
{
	int c = pattern_peek(&r->in, 2), d = pattern_peek(&r->in, 3);
	if (c == ':' || c == '|' || c == '>' || c == '=' || c == '!') {
		r->in.at += 3;
		open_group(r, c == '=' || c == '!', r->ignore_case);
	} else if (c == '<' && (d == '=' || d == '!')) {
		r->in.at += 4;
		open_group(r, true, r->ignore_case);
	} else if (c == '<' && pattern_is_letter(d)) {
		named_group(r, 3, '>');
	} else if (c == 'P' && d == '<') {
		named_group(r, 4, '>');
	} else if (c == '\'') {
		named_group(r, 3, '\'');
	} else if (c == 'R' || c == '&' || c == '+' || pattern_is_digit(c) ||
		(c == '-' && pattern_is_digit(d)) || (c == 'P' && (d == '=' || d == '>'))) {
		pattern_skip_past(&r->in, ')');
		any_text(r);
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
		open_group(r, false, r->ignore_case);
	}
}

/* "^" or "$". Where lines are meant it is a place as any. */
static void anchor(struct reader *r, int c)
{
	r->in.at++;
	if (r->lines)
		place(r);
	else if (c == '^')
		begin(r);
	else
		end(r, false);
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
		atom(r, outline_class(&r->in, r->ignore_case));
	} else if (c == '\\') {
		escape(r);
	} else if (c == '^' || c == '$') {
		anchor(r, c);
	} else if (c == '.') {
		r->in.at++;
		character(r, UINT32_MAX);
	} else if (c == '*' || c == '+' || c == '?' || c == '{') {
		r->in.lost = true;
	} else {
		plain_character(r);
	}
}

static void keep_piece(const struct reader *r, const struct rows *rows, struct arena *arena,
	struct outline *outline)
{
	struct outline_row *kept = arena_array(arena, struct outline_row, rows->count);
	for (size_t i = 0; i < rows->count; i++) {
		kept[i].count = rows->items[i].count;
		for (size_t j = 0; j < kept[i].count; j++)
			kept[i].sets[j] = r->table.sets[rows->items[i].sets[j]];
	}
	outline->pieces[outline->piece_count++] = (struct outline_piece){ kept, rows->count };
}

static bool keep(struct reader *r, struct arena *arena, struct outline *outline)
{
	struct frame *f = &r->frames[0];
	end_branch(r);
	outline->piece_count = 0;
	if (f->branch_count > 1) {
		f->first.piece_count = 0;
		if (!f->hopeless)
			row_run_offer(&f->first, &f->all);
	}
	row_run_tidy(&f->first, &r->table);
	for (size_t i = 0; i < f->first.piece_count; i++)
		keep_piece(r, &f->first.pieces[i], arena, outline);
	return outline->piece_count > 0;
}

bool regex_outline(
	struct str pattern, struct str flags, struct arena *arena, struct outline *outline)
{
	struct arena own;
	if (pattern.n > REGEX_MAX_BYTES || str_find(pattern, STR("(?#")) != SIZE_MAX)
		return false;
	arena_init(&own, 0);
	struct reader *r = arena_new(&own, struct reader);
	r->in.text = pattern;
	r->in.extended = str_find_char(flags, 'x') != SIZE_MAX;
	r->ignore_case = str_find_char(flags, 'i') != SIZE_MAX;
	r->lines = str_find_char(flags, 'm') != SIZE_MAX;
	set_table_init(&r->table);
	row_run_start(run_of(r));
	for (pattern_skip_unseen(&r->in); r->in.at < pattern.n && !r->in.lost;
		pattern_skip_unseen(&r->in))
		step(r);
	bool known = !r->in.lost && !r->table.full && r->depth == 0 && keep(r, arena, outline);
	arena_finish(&own);
	return known;
}

static uint8_t foreign_symbol(const char *p)
{
	unsigned char first = (unsigned char)p[0], second = (unsigned char)p[1];
	return first == 0xC2	? (second < 0xA0 ? SYMBOL_CONTROL : SYMBOL_LATIN_SIGN)
		: first == 0xC3 ? SYMBOL_LATIN_LETTER
		: first < 0xE2	? SYMBOL_LETTER
		: first == 0xE2 && second < 0x82 ? SYMBOL_PUNCTUATION
		: first < 0xF0			 ? SYMBOL_WIDE
						 : SYMBOL_ASTRAL;
}

size_t outline_symbols(struct str text, uint8_t *out)
{
	uint8_t *to = out;
	*to++ = SYMBOL_BEGIN;
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		uint64_t eight = UINT64_MAX;
		if (i + sizeof eight <= text.n)
			memcpy(&eight, text.p + i, sizeof eight);
		if (!(eight & UINT64_C(0x8080808080808080))) {
			memcpy(to, &eight, sizeof eight);
			to += sizeof eight;
			i += sizeof eight - 1;
		} else if (c < 0x80) {
			*to++ = c;
		} else if (c >= 0xC0 && i + 1 < text.n) {
			*to++ = foreign_symbol(text.p + i);
		}
	}
	*to++ = SYMBOL_END;
	return (size_t)(to - out);
}
