#include "tests/check.h"

#include <stdlib.h>

#include "base/fold.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "rules/regex/needs.h"
#include "rules/regex/regex.h"

static struct str literals_of(
	const char *pattern, const char *flags, struct arena *arena, struct buf *out)
{
	struct str_list found;
	buf_clear(out);
	if (!regex_literals(str_of(pattern), str_of(flags), arena, &found))
		return STR("-");
	for (size_t i = 0; i < found.count; i++) {
		if (i)
			buf_add_char(out, ' ');
		buf_add(out, found.items[i]);
	}
	return buf_str(out);
}

struct sample {
	const char *pattern, *flags, *literals;
};

static const struct sample samples[] = {
	{ "solaire", "", "solaire" },
	{ "Énergie", "i", "energie" },
	{ "\\bsolaires?\\b", "", "solaire" },
	{ "solaires*", "", "solaire" },
	{ "ab*cde", "", "cde" },
	{ "ab*?cde", "", "cde" },
	{ "abc(?:de)*fg", "", "abc" },
	{ "solaires{0,3}", "", "solaire" },
	{ "solaires{1,3}x", "", "solaires" },
	{ "ab+cd", "", "bcd" },
	{ "ab{2}", "", "ab" },
	{ "ab{2", "", "-" },
	{ "ab{,2}cd", "", "-" },
	{ "a{1}bc", "", "abc" },
	{ "ab\\.com", "", "ab.com" },
	{ "\\.\\d+", "", "-" },
	{ "foo|barbaz", "", "foo barbaz" },
	{ "foo|\\d", "", "-" },
	{ "(foo|bar)+quux", "", "fooquux barquux" },
	{ "(foo|bar)?", "", "-" },
	{ "(foo|bar){2,}x", "", "foox barx" },
	{ "(?:foo|foo)", "", "foo" },
	{ "(?i)foo(?-i)bar", "", "foobar" },
	{ "(?i:foo)", "", "foo" },
	{ "(?x) f o o", "", "-" },
	{ "f o o", "x", "foo" },
	{ "f o ?o p # never mind\nq r", "x", "foopqr fopqr" },
	{ "fo o ?p # never mind\nq r s", "x", "foopqrs fopqrs" },
	{ "fo #\rx", "x", "-" },
	{ "f o o", "", "f o o" },
	{ "foo bar", "", "foo bar" },
	{ "(?=foo)\\w+", "", "-" },
	{ "(?<!foo)bar", "", "bar" },
	{ "(?!foo)ba", "", "ba" },
	{ "(?<name>foo)", "", "foo" },
	{ "(?P<name>foo)(?P=name)", "", "foo" },
	{ "(?'name'foo)", "", "foo" },
	{ "(foo)\\1", "", "foo" },
	{ "(foo)\\g{1}\\k{x}", "", "foo" },
	{ "(?|foo|bar)", "", "foo bar" },
	{ "(?>foo)", "", "foo" },
	{ "(?(1)foo|bar)", "", "-" },
	{ "(*UTF)foo", "", "-" },
	{ "foo(?#bar)?", "", "-" },
	{ "foo(?R)?", "", "foo" },
	{ "[Ss]olaire", "", "solaire" },
	{ "sol[eéÉ]", "", "sole" },
	{ "sol[ae]re", "", "solare solere" },
	{ "sol[]a]re", "", "sol]re solare" },
	{ "sol[[:alpha:]x]re", "", "sol" },
	{ "sol[[:x]re", "", "sol[re sol:re solxre" },
	{ "sol[^a]re", "", "sol" },
	{ "sol[\\]a]re", "", "sol]re solare" },
	{ "sol[a", "", "-" },
	{ "\\Qsol.air\\Ee", "", "sol.aire" },
	{ "\\Qsolair\\E+e", "", "solair" },
	{ "\\x41\\x42C", "", "abc" },
	{ "\\x{e9}t\\x{E9}", "", "ete" },
	{ "\\x{e9t", "", "-" },
	{ "\\p{L}\\pLfoo", "", "foo" },
	{ "\\cAfoo", "", "-" },
	{ "\\dabc\\Dabcd", "", "abcd" },
	{ "\\12abc", "", "abc" },
	{ "œuvre", "", "oeuvre" },
	{ "東京タワー", "", "-" },
	{ "москва", "i", "москва" },
	{ "ab\xCE\xB9gd", "i", "ab" },
	{ "ab\xCC\x81gd", "", "ab" },
	{ "a_b-cd", "", "a_b-cd" },
	{ "^foo$", "m", "foo" },
	{ "a", "", "-" },
	{ "é", "", "-" },
	{ "Ж", "", "-" },
	{ "((((foo))))", "", "foo" },
	{ "colou?r", "", "colour color" },
	{ "colou?rs?", "", "colour color" },
	{ "ab(c|de)?f", "", "abcf abdef abf" },
	{ "(a|b)(c|d)", "", "ac bc ad bd" },
	{ "(a|)(b|)c", "", "-" },
	{ "x(a|\\d)yz", "", "yz" },
	{ "x(?:foo|a.bar)yz", "", "foo bar" },
	{ "foo(?=bar)baz", "", "foobaz" },
	{ "(?:\\bfoo|^bar)\\b-x", "", "foo-x bar-x" },
	{ "foo\\Kbar", "", "foobar" },
	{ "^*foo", "", "foo" },
	{ "foo[0-9]", "", "foo" },
	{ "a[0-9]z", "", "a0z a1z a2z a3z a4z a5z a6z a7z a8z a9z" },
	{ "a[0-9][0-9]bcd", "", "0bcd 1bcd 2bcd 3bcd 4bcd 5bcd 6bcd 7bcd 8bcd 9bcd" },
	{ "a[a-z]bcd", "", "bcd" },
	{ "a[\\x62c-d]e", "", "abe ace ade" },
	{ "a[b\\d]ef", "", "ef" },
	{ "a[b-]e", "", "abe a-e" },
	{ "a[b-\\d]ef", "", "ef" },
	{ "a[b-[:digit:]]ef", "", "ef" },
	{ "a[œo]e", "", "aoe" },
	{ "a{1,2}b", "", "ab" },
	{ "R&D dept", "", "d dept" },
	{ "<html> ab", "", "html" },
	{ "a  b", "", "-" },
	{ "ab cd  ef", "", "ab cd" },
	{ "ab ", "", "ab" },
	{ "to: \\d", "", "to:" },
	{ "ip=41\\.", "", "ip=41." },
	{ "l’été", "", "ete" },
	{ "l'été", "", "l'ete" },
	{ "https?://ab", "", "https://ab http://ab" },
	{ "ab\\ncdefg", "", "cdefg" },
	{ "foo)", "", "-" },
	{ "(foo", "", "-" },
	{ "foo\\", "", "-" },
	{ "*foo", "", "-" },
	{ "", "", "-" },
};

static void what_every_match_holds_is_found_or_given_up(void **state)
{
	(void)state;
	struct arena arena;
	struct buf out;
	size_t wrong = 0;
	arena_init(&arena, 0);
	buf_init(&out, 0);
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		struct str found = literals_of(samples[i].pattern, samples[i].flags, &arena, &out);
		if (str_eq(found, str_of(samples[i].literals)))
			continue;
		print_error("%s: got '%.*s', not '%s'\n", samples[i].pattern, STR_ARGS(found),
			samples[i].literals);
		wrong++;
	}
	assert_int_equal(wrong, 0);
	buf_finish(&out);
	arena_finish(&arena);
}

static void alternatives_are_known_up_to_their_ceiling(void **state)
{
	(void)state;
	struct arena arena;
	struct str_list found;
	arena_init(&arena, 0);
	for (size_t count = REGEX_MAX_LITERALS; count <= REGEX_MAX_LITERALS + 1; count++) {
		struct buf pattern;
		buf_init(&pattern, 0);
		for (size_t i = 0; i < count; i++)
			buf_addf(&pattern, "%sw%03zuz", i ? "|" : "", i);
		bool known = regex_literals(buf_str(&pattern), STR(""), &arena, &found);
		assert_int_equal(known, count == REGEX_MAX_LITERALS);
		buf_finish(&pattern);
	}
	arena_finish(&arena);
}

/* If PCRE2 takes two letters for one with flag i, they fold to the same; iota is the exception
 * that literal.c leaves out. */
static void letters_that_pcre2_takes_for_one_fold_to_the_same(void **state)
{
	(void)state;
	struct arena arena;
	struct buf cased;
	struct regex_scratch *scratch = regex_scratch_create();
	size_t pairs = 0;
	arena_init(&arena, 0);
	buf_init(&cased, 0);
	for (uint32_t c = 'A'; c < 0x20000; c++) {
		char bytes[UTF8_MAX_BYTES];
		bool surrogate = c >= 0xD800 && c <= 0xDFFF;
		if (!surrogate && (fold_class(c) & (FOLD_UPPER | FOLD_LOWER | FOLD_VANISHES)))
			buf_add(&cased, (struct str){ bytes, utf8_write(c, bytes) });
	}
	struct str text = buf_str(&cased);
	for (size_t i = 0; i < text.n;) {
		uint32_t c;
		size_t n = utf8_read(text, i, &c), at, from = 0, to = 0;
		struct buf own;
		struct str message;
		struct regex *re = regex_compile(
			str_slice(text, i, i + n), STR("i"), &arena, &at, &message);
		buf_init(&own, 0);
		fold_add(&own, str_slice(text, i, i + n));
		while (re && regex_find(re, scratch, text, to, &from, &to) == 1) {
			struct buf other;
			buf_init(&other, 0);
			fold_add(&other, str_slice(text, from, to));
			bool same = str_eq(buf_str(&own), buf_str(&other));
			bool iota = c == 0x345 || str_eq(buf_str(&own), STR("\xCE\xB9"));
			if (!same && !iota)
				fail_msg("U+%04X and '%.*s'", c,
					STR_ARGS(str_slice(text, from, to)));
			pairs++;
			buf_finish(&other);
		}
		buf_finish(&own);
		regex_destroy(re);
		i += n;
	}
	assert_true(pairs > 4000);
	buf_finish(&cased);
	regex_scratch_destroy(scratch);
	arena_finish(&arena);
}

static struct str read_data(const char *name)
{
	char path[1024];
	const char *folder = getenv("VIGIE_DATA");
	(void)snprintf(path, sizeof path, "%s/regexes/%s", folder ? folder : "", name);
	FILE *file = folder ? fopen(path, "rb") : NULL;
	if (!file)
		return STR_NONE;
	enum { MAX_BYTES = 4 << 20 };
	char *text = mem_alloc(MAX_BYTES);
	size_t n = fread(text, 1, MAX_BYTES, file);
	(void)fclose(file); /* it was only read */
	return (struct str){ text, n };
}

struct survey {
	struct arena arena;
	struct regex_scratch *scratch;
	struct str texts; /* separated by NUL */
	size_t patterns, compiled, with_literal, always, matches;
};

/* The texts that patterns are tried on: the patterns themselves without their signs, in pieces. */
static struct str texts_of(struct str patterns)
{
	struct buf out;
	buf_init(&out, 0);
	for (size_t i = 0; i < patterns.n; i++) {
		char c = patterns.p[i];
		if (c == '\n')
			buf_add_char(&out, '\0');
		else if (c == '|' || c == '\\')
			buf_add_char(&out, ' ');
		else if (!strchr("()[]{}^$?*+", c))
			buf_add_char(&out, c);
	}
	return buf_str(&out);
}

static bool note_met(void *ctx, size_t text, uint32_t term)
{
	(void)text;
	(void)term;
	*(bool *)ctx = true;
	return false;
}

static bool meets(struct survey *s, struct str pattern, struct str flags, struct str folded)
{
	const uint32_t starts[] = { 0, (uint32_t)folded.n };
	struct need_list needs;
	bool met = false;
	assert_true(regex_needs(pattern, flags, &s->arena, &needs));
	struct needs *n = needs_create(&needs, 1);
	struct needs_scratch *scratch = needs_scratch_create(n);
	needs_find(n, scratch, folded.p, starts, 1, note_met, &met);
	needs_scratch_destroy(scratch);
	needs_destroy(n);
	return met;
}

static void check_match(struct survey *s, struct str pattern, struct str flags, struct str text,
	const struct str_list *literals)
{
	struct buf folded;
	bool held = false;
	buf_init(&folded, 0);
	fold_add(&folded, text);
	for (size_t i = 0; i < literals->count; i++)
		held = held || str_find(buf_str(&folded), literals->items[i]) != SIZE_MAX;
	if (!held)
		fail_msg("'%.*s' matches '%.*s' without its literals", STR_ARGS(pattern),
			STR_ARGS(text));
	if (!meets(s, pattern, flags, buf_str(&folded)))
		fail_msg("'%.*s' matches '%.*s' without what it needs", STR_ARGS(pattern),
			STR_ARGS(text));
	s->matches++;
	buf_finish(&folded);
}

static void try_pattern(struct survey *s, struct str pattern, struct str flags)
{
	size_t at, from, to;
	struct str message, rest = s->texts, text;
	struct str_list literals;
	s->patterns++;
	struct regex *re = regex_compile(pattern, flags, &s->arena, &at, &message);
	if (!re)
		return;
	s->compiled++;
	if (!regex_literals(pattern, flags, &s->arena, &literals)) {
		s->always++;
		regex_destroy(re);
		return;
	}
	s->with_literal++;
	/* One search in all texts at once, then the lines around what was found. */
	for (size_t start = 0, found = 0; found < 20 && start < rest.n; found++) {
		size_t begin, end;
		if (regex_find(re, s->scratch, rest, start, &from, &to) != 1)
			break;
		for (begin = from; begin > 0 && rest.p[begin - 1] != '\0';)
			begin--;
		for (end = to; end < rest.n && rest.p[end] != '\0';)
			end++;
		text = str_slice(rest, begin, end);
		check_match(s, pattern, flags, text, &literals);
		start = to;
	}
	regex_destroy(re);
}

static void spamassassin(struct survey *s, struct str file)
{
	struct str rest = file, line;
	while (str_next(&rest, '\n', &line)) {
		struct str cell = STR_NONE, cells = line;
		for (size_t i = 0; i < 4; i++)
			(void)str_next(&cells, '\t', &cell); /* a short line gives no regex */
		size_t end = cell.n;
		while (end > 1 && cell.p[end - 1] != '/')
			end--;
		if (end < 2 || cell.p[0] != '/')
			continue;
		struct str flags = str_slice(cell, end, cell.n);
		bool known = true;
		for (size_t i = 0; i < flags.n; i++)
			known = known && strchr("imsx", flags.p[i]);
		if (known)
			try_pattern(s, str_slice(cell, 1, end - 1), flags);
	}
}

static void lines(struct survey *s, struct str file)
{
	struct str rest = file, line;
	while (str_next(&rest, '\n', &line))
		try_pattern(s, line, STR("i"));
}

static void survey(const char *name, void (*patterns)(struct survey *s, struct str file))
{
	struct str file = read_data(name);
	if (!file.p) {
		print_message("VIGIE_DATA has no regexes/%s\n", name);
		skip();
	}
	struct survey s = { .scratch = regex_scratch_create(), .texts = texts_of(file) };
	arena_init(&s.arena, 0);
	if (utf8_valid(s.texts))
		patterns(&s, file);
	print_message("%s: %zu patterns, %zu compile, %zu with a literal, %zu without, "
		      "%zu matches checked\n",
		name, s.patterns, s.compiled, s.with_literal, s.always, s.matches);
	assert_true(s.with_literal > 0 && s.matches > 0);
	mem_free((void *)s.texts.p);
	mem_free((void *)file.p);
	regex_scratch_destroy(s.scratch);
	arena_finish(&s.arena);
}

static void matches_of_spamassassins_patterns_hold_a_literal(void **state)
{
	(void)state;
	survey("spamassassin_rules.tsv", spamassassin);
}

static void matches_of_logchecks_patterns_hold_a_literal(void **state)
{
	(void)state;
	survey("logcheck_ere.txt", lines);
}

static void matches_of_owasps_patterns_hold_a_literal(void **state)
{
	(void)state;
	survey("owasp_crs_rx.txt", lines);
}

static void matches_of_sigmas_patterns_hold_a_literal(void **state)
{
	(void)state;
	survey("sigma_re.txt", lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_every_match_holds_is_found_or_given_up),
		cmocka_unit_test(alternatives_are_known_up_to_their_ceiling),
		cmocka_unit_test(letters_that_pcre2_takes_for_one_fold_to_the_same),
		cmocka_unit_test(matches_of_spamassassins_patterns_hold_a_literal),
		cmocka_unit_test(matches_of_logchecks_patterns_hold_a_literal),
		cmocka_unit_test(matches_of_owasps_patterns_hold_a_literal),
		cmocka_unit_test(matches_of_sigmas_patterns_hold_a_literal),
	};
	return cmocka_run_group_tests_name("literal", tests, NULL, NULL);
}
