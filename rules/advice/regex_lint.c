#include "rules/advice/regex_lint.h"

#include "base/buf.h"
#include "base/escape.h"
#include "base/fold.h"
#include "base/utf8.h"
#include "rules/language/rules.h"
#include "rules/regex/literal_set.h"
#include "rules/regex/regex.h"

/* A text as long as many posts, in which what costs the third power of the length is seen. */
enum { TEXT_BYTES = 240, MAX_UNITS = 24, MAX_UNIT_BYTES = 24 };

static const struct str common_units[] = { { "a", 1 }, { "0", 1 }, { " ", 1 }, { "a ", 2 },
	{ "0 ", 2 }, { "-", 1 }, { ".", 1 }, { "ab", 2 }, { "<a", 2 }, { "A", 1 } };

enum { COMMON_COUNT = sizeof common_units / sizeof *common_units };

/* The text ends so that the search has to try all ways: with nothing, with what few patterns take,
 * and behind that with the pattern itself, whose characters PCRE2 may ask for first. */
static bool stalls(
	const struct regex *re, struct regex_scratch *scratch, struct str unit, struct str pattern)
{
	const struct str endings[][2] = { { STR(""), STR("") }, { STR("\x01"), STR("") },
		{ STR("!\n"), STR("") }, { STR("\x01"), pattern } };
	bool found = false;
	for (size_t i = 0; i < sizeof endings / sizeof *endings && !found; i++) {
		struct buf text;
		size_t from, to;
		buf_init(&text, 0);
		while (text.n < TEXT_BYTES)
			buf_add(&text, unit);
		buf_add(&text, endings[i][0]);
		buf_add(&text, endings[i][1]);
		found = regex_find(re, scratch, buf_str(&text), 0, &from, &to) < 0;
		buf_finish(&text);
	}
	return found;
}

/* The next run of word characters, or a single other character, of the pattern. */
static bool next_unit(struct str pattern, size_t *at, struct str *unit)
{
	size_t from = *at;
	uint32_t c;
	if (from >= pattern.n)
		return false;
	if (fold_is_word(pattern.p[from])) {
		while (*at < pattern.n && fold_is_word(pattern.p[*at]) &&
			*at - from < MAX_UNIT_BYTES)
			(*at)++;
		*at = *at < pattern.n ? utf8_floor(pattern, *at) : *at;
	}
	if (*at == from) {
		size_t n = utf8_read(pattern, from, &c);
		*at += n ? n : 1;
	}
	*unit = str_slice(pattern, from, *at);
	return utf8_valid(*unit);
}

bool regex_is_easy_to_stall(const struct regex *re, struct str pattern, struct str *unit)
{
	struct regex_scratch *scratch = regex_scratch_create();
	bool found = false;
	for (size_t i = 0; i < COMMON_COUNT && !found; i++) {
		*unit = common_units[i];
		found = stalls(re, scratch, *unit, pattern);
	}
	size_t at = 0;
	for (size_t i = 0; i < MAX_UNITS && !found && next_unit(pattern, &at, unit); i++) {
		found = stalls(re, scratch, *unit, pattern);
		/* Of a word also its first character: it may have an escape's letter before it. */
		struct str whole = *unit;
		uint32_t c;
		size_t n = utf8_read(whole, 0, &c);
		if (!found && n < whole.n) {
			*unit = str_slice(whole, 0, n);
			found = stalls(re, scratch, *unit, pattern);
		}
	}
	regex_scratch_destroy(scratch);
	return found;
}

/* Posts that have little in common. */
bool regex_matches_nearly_all(const struct regex *re)
{
	static const struct str posts[] = {
		{ "Le temps est au beau fixe, bonne journée à tous.", 50 },
		{ "Can't believe we won that game last night", 41 },
		{ "Guten Morgen zusammen, der Kaffee steht bereit", 46 },
		{ "El partido comienza a las ocho, nos vemos en casa", 49 },
	};
	struct regex_scratch *scratch = regex_scratch_create();
	bool all = true;
	for (size_t i = 0; i < sizeof posts / sizeof *posts && all; i++) {
		size_t from, to;
		all = regex_find(re, scratch, posts[i], 0, &from, &to) == 1;
	}
	regex_scratch_destroy(scratch);
	return all;
}

static void note_stall(const struct term *t, struct str unit, struct diag *diag)
{
	struct buf shown;
	buf_init(&shown, 0);
	escape_control(&shown, unit);
	diag_note(diag, t->at,
		"the regex '%.*s' is easy to stall: a post that repeats '%.*s' is enough",
		STR_ARGS(t->written), STR_ARGS(buf_str(&shown)));
	diag_hint(
		diag, "let what repeats begin and end with something that it does not hold itself");
	buf_finish(&shown);
}

/* Two letters stand in nearly every post, and so does the beginning of a link. */
static void note_common_literal(const struct term *t, struct diag *diag)
{
	enum { FEW_BITS = 6 };
	struct arena arena;
	struct str_list literals;
	arena_init(&arena, 0);
	bool any = regex_literals(t->letters, str_of(t->flags), &arena, &literals);
	for (size_t i = 0; any && i < literals.count; i++) {
		if (literal_bits(literals.items[i]) > FEW_BITS)
			continue;
		diag_note(diag, t->at, "the regex '%.*s' is slow: '%.*s' is all that must be there",
			STR_ARGS(t->written), STR_ARGS(literals.items[i]));
		diag_hint(diag, "many posts have to be parsed for it; add a term to all");
		break;
	}
	arena_finish(&arena);
}

void regex_lint(const struct rules *rules, struct diag *diag)
{
	for (size_t i = 0; i < rules->term_count; i++) {
		const struct term *t = &rules->terms[i];
		struct str unit;
		if (t->kind != TERM_REGEX)
			continue;
		if (regex_is_easy_to_stall(t->regex, t->letters, &unit))
			note_stall(t, unit, diag);
		note_common_literal(t, diag);
		if (regex_matches_nearly_all(t->regex))
			diag_note(diag, t->at, "the regex '%.*s' matches nearly every post",
				STR_ARGS(t->written));
	}
}
