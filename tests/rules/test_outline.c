/* Outlines: never absent where PCRE2 finds a match, and mostly absent where it does not. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "rules/regex/outlines.h"
#include "rules/regex/regex.h"
#include "tests/check.h"
#include "tests/effort.h"

enum { SET = 60 /* outlines at once, at most */ };

struct example {
	const char *pattern, *flags, *text;
};

static void note(void *ctx, uint32_t id)
{
	((bool *)ctx)[id] = true;
}

static bool known(struct example e)
{
	struct arena arena;
	struct outline outline;
	arena_init(&arena, 0);
	bool is = regex_outline(str_of(e.pattern), str_of(e.flags), &arena, &outline);
	arena_finish(&arena);
	return is;
}

struct finders {
	struct outlines *fastest, *plain;
	struct outlines_scratch *scratch;
};

static struct finders finders_of(const struct outline *list, size_t count)
{
	struct outlines *fastest = outlines_create(list, count, OUTLINES_FASTEST);
	return (struct finders){ fastest, outlines_create(list, count, OUTLINES_PLAIN_C),
		outlines_scratch_create(fastest) };
}

static void finders_finish(struct finders *f)
{
	outlines_scratch_destroy(f->scratch);
	outlines_destroy(f->fastest);
	outlines_destroy(f->plain);
}

/* By both kernels, which find the same. */
static void find_both(const struct finders *f, struct str text, bool *seen)
{
	bool plain[SET] = { false };
	memset(seen, 0, SET * sizeof *seen);
	outlines_find(f->fastest, f->scratch, text, note, seen);
	outlines_find(f->plain, f->scratch, text, note, plain);
	assert_memory_equal(seen, plain, sizeof plain);
}

/* Also where nothing is known. */
static bool may_match(struct example e)
{
	struct arena arena;
	struct outline outline;
	bool found[SET];
	arena_init(&arena, 0);
	if (!regex_outline(str_of(e.pattern), str_of(e.flags), &arena, &outline)) {
		arena_finish(&arena);
		return true;
	}
	struct finders finders = finders_of(&outline, 1);
	find_both(&finders, str_of(e.text), found);
	finders_finish(&finders);
	arena_finish(&arena);
	return found[0];
}

static struct regex *compile(struct example e)
{
	struct arena arena;
	struct str message;
	size_t at;
	arena_init(&arena, 0);
	struct regex *re = regex_compile(str_of(e.pattern), str_of(e.flags), &arena, &at, &message);
	arena_finish(&arena);
	return re;
}

static bool matches(struct example e)
{
	struct regex *re = compile(e);
	struct regex_scratch *s = regex_scratch_create();
	size_t from, to;
	if (!re)
		fail_msg("/%s/ is refused", e.pattern);
	bool found = regex_find(re, s, str_of(e.text), 0, &from, &to) == 1;
	regex_scratch_destroy(s);
	regex_destroy(re);
	return found;
}

static void check_held(const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!matches(examples[i]))
			fail_msg("/%s/ does not match '%s': no example", examples[i].pattern,
				examples[i].text);
		if (!may_match(examples[i]))
			fail_msg("the outline of /%s/%s is not in '%s'", examples[i].pattern,
				examples[i].flags, examples[i].text);
	}
}

#define CHECK_HELD(examples) check_held(examples, sizeof(examples) / sizeof *(examples))

static void characters_are_those_of_unicode(void **state)
{
	(void)state;
	static const struct example examples[] = { { "\\d{2}x", "", "１２x" },
		{ "\\d{2}x", "", "٣٤x" }, { "<\\d", "", "<𝟙" }, { "<k", "i", "<\xE2\x84\xAA" },
		{ "<\xE2\x84\xAA", "i", "<K" }, { "<s", "i", "<ſ" }, { "<ſ", "i", "<S" },
		{ "<[j-l]", "i", "<\xE2\x84\xAA" }, { "<[ſ]", "i", "<s" }, { "<µ", "i", "<Μ" },
		{ "<ÿ", "i", "<Ÿ" }, { "<ß", "i", "<ẞ" }, { "<å", "i", "<\xE2\x84\xAB" },
		{ "<é", "i", "<É" }, { "<[à-ü]", "i", "<É" }, { "<[^a]", "", "<é" },
		{ "<[^a]", "", "<\n" }, { "<[^é]", "", "<ê" }, { "<\\W", "", "<–" },
		{ "<\\w", "", "<東" }, { "<\\s", "", "<\xC2\xA0" }, { "<\\s", "", "<\xE2\x80\x83" },
		{ "<\\S", "", "<\x1F" }, { "<[^\\S]", "", "<\x0B" }, { "<[^\\W\\d]", "", "<é" },
		{ "<[[:alpha:]]", "", "<é" }, { "<[[:^alpha:]]", "", "<1" },
		{ "<[[:digit:]]", "", "<１" }, { "<[[:space:]]", "", "<\xC2\xA0" },
		{ "<[[:upper:]]", "i", "<A" }, { "<\\h", "", "<\xC2\xA0" },
		{ "<\\v", "", "<\xC2\x85" }, { "<\\R", "", "<\r\n" }, { "<\\X", "", "<e\xCC\x81" },
		{ "<\\N", "", "<é" }, { "<\\p{Lu}", "", "<É" }, { "<\\P{Lu}", "", "<1" },
		{ "<.", "", "<🌞" }, { "<\\xE9", "", "<é" }, { "<\\x{1F31E}", "", "<🌞" },
		{ "<[\\351]", "", "<é" }, { "<[\\042\\223]", "", "<\xC2\x93" },
		{ "<\\x85", "", "<\xC2\x85" }, { "<…", "", "<…" },
		{ "<[\\x{2000}-\\x{3000}]", "", "<…" }, { "<[\\x7f-\\xff]", "", "<é" },
		{ "<[a-]", "", "<-" }, { "<[]a]", "", "<]" }, { "<[^]a]", "", "<b" },
		{ "<[\\w-]", "", "<-" }, { "<[\\b]", "", "<\b" }, { "<\\101\\x42", "", "<AB" },
		{ "<\\Q.*\\E1", "", "<.*1" }, { "<\\e\\a\\f", "", "<\x1B\a\f" } };
	CHECK_HELD(examples);
}

static void groups_and_repeats_leave_nothing_out(void **state)
{
	(void)state;
	static const struct example examples[] = { { "(?:1|<2)3", "", "13" },
		{ "(?:1|<2)3", "", "<23" }, { "<(?:a|)b", "", "<b" }, { "<a?b", "", "<b" },
		{ "<a{0}b", "", "<b" }, { "<a*b", "", "<aab" }, { "<a{2,3}b", "", "<aaab" },
		{ "<(?:ab){2}c", "", "<ababc" }, { "<(?:ab|c){2}d", "", "<cabd" },
		{ "<(?:a.*b|c)+d", "", "<caxbd" }, { "<(a)\\1", "", "<aa" },
		{ "<(?|a|b)c", "", "<bc" }, { "<(?>a|ab)c", "", "<ac" },
		{ "<(?<n>a)\\k<n>", "", "<aa" }, { "<(a(?1)?b)", "", "<aabb" },
		{ "<(?R)?>", "", "<<>>" }, { "<(?=a)a", "", "<a" }, { "<(?!b)a", "", "<a" },
		{ "(?<=x)<", "", "x<" }, { "(?<!&(?:a|b))<", "", "<" }, { "<\\Ka", "", "<a" },
		{ "a\\b<", "", "a<" }, { "<a++b", "", "<aab" }, { "<a+?b", "", "<ab" },
		{ "<(?i)k", "", "<K" }, { "<(?i:k)l", "", "<Kl" }, { "<(?-i)k", "i", "<k" },
		{ "<(?:(?i)a|b)c", "", "<Bc" }, { "< a #b\n c", "x", "<ac" },
		{ "<[ #]a", "x", "<#a" }, { "\\d{12}", "", "123456789012" },
		{ "(?:<\\d){12}!", "", "<1<2<3<4<5<6<7<8<9<0<1<2!" },
		{ "<(?:a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p|q|r|s)(?:1|2)", "", "<s2" },
		{ "<(?:a?b?c?d?e?f?)g", "", "<bdg" },
		{ "(?:(?:(?:<|>)a)|(?:b|c)+1)2", "", "bcb12" } };
	CHECK_HELD(examples);
}

static void edges_are_where_pcre2_has_them(void **state)
{
	(void)state;
	static const struct example examples[] = { { "^1", "", "1" }, { "1$", "", "a1" },
		{ "1$", "", "1\n" }, { "1$\n", "", "1\n" }, { "1$\\s", "", "1\n" },
		{ "1\\Z", "", "1\n" }, { "1\\z", "", "a1" }, { "\\A1", "", "1" },
		{ "^^1", "", "1" }, { "^(?:^|\\s)1", "", "1" }, { "(?:^|\\s)1", "", "a 1" },
		{ "(?:^|\\s)1", "", "1" }, { "1(?:$|\\s)", "", "1 a" },
		{ "1(?:$|\\s)$", "", "1\n" }, { "1$$", "", "1" }, { "1$\\z", "", "1" },
		{ "a?^1", "", "1" }, { "(?:a|^)+1", "", "a1" }, { "(?:a|^)+1", "", "1" },
		{ "(?:^)?1", "", "a1" }, { "1(?:$)?2", "", "12" }, { "^1$", "m", "a\n1\nb" },
		{ "(?m)^1$", "", "a\n1\nb" }, { "(?:(?m)^1)|2", "", "a\n1" },
		{ "(^|a)(1)$", "", "ba1\n" }, { "1(2|$)", "", "1\n" },
		{ "^\\s*1\\s*$", "", "\n1\n" } };
	CHECK_HELD(examples);
}

static void posts_without_the_rows_are_told(void **state)
{
	(void)state;
	static const struct example examples[] = { { "\\d{3}", "", "a 12 b 34" },
		{ "^<", "", "a <" }, { ":$", "", "a: b" },
		{ "\\s-[^-\\s]{0,20}d", "", "a-d b- d-" }, { "<p><r>", "i", "<p <r>" },
		{ "<[a-z]+@", "", "<abc> @b" }, { "\\(.*\\)", "", "a (b" },
		{ "(?=<P>)(?!x)<P><R>", "", "<R> P" }, { "(?:<a|<b)\\d", "", "<c1 <ab" },
		{ "[\\x80-\\x9f]", "", "é – 🌞 東" }, { "^VM \\d", "", "a VM 1" },
		{ "\\x25", "", "100 percent" }, { "x[_\\W]?q[_\\W]?z", "i", "xq-.z" },
		{ "\\d{10}", "", "1234 123-4" } };
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		if (!known(examples[i]) || may_match(examples[i]))
			fail_msg("/%s/ should not be asked about '%s'", examples[i].pattern,
				examples[i].text);
	}
}

static void what_is_in_most_posts_has_no_outline(void **state)
{
	(void)state;
	static const char *const patterns[] = { ".", "^.", "(..)$", "[^x]", "[aei]", "\\w+", "\\s",
		"^\\s*\\S", "a|.", "(?:<|.)", "(*UTF)<", "<(?(?=a)b|c)", "<(?#a)", "<[[:<:]]a",
		"<(?x) a", "<\\cA", "<[\\Qa\\E]" };
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		if (known((struct example){ patterns[i], "", "" }))
			fail_msg("/%s/ has an outline", patterns[i]);
	}
}

/* --- random ones, many at once --- */

enum { TEXTS = 12 };

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static void add_pattern(struct buf *out, uint64_t *seed, int depth)
{
	static const char *const atoms[] = { "a", "b", "1", "<", "é", "k", "\\d", "\\D", "\\w",
		"\\W", "\\s", "\\S", ".", "[^a]", "[a-c]", "[^\\d<]", "[é1]", "[[:alpha:]]",
		"\\x{212A}", "\\n", "\\h", "\\R" };
	static const char *const places[] = { "^", "$", "\\b", "\\A", "\\z", "\\Z", "(?=a)",
		"(?!<)", "(?<=1)", "(?<!b)", "(?i)", "\\K" };
	static const char *const repeats[] = { "?", "*", "+", "{2}", "{1,3}", "{2,}", "+?", "?+",
		"{10}", "{0}" };
	static const char *const opens[] = { "(?:", "(", "(?i:", "(?>", "(?|" };
	for (size_t n = 1 + next_random(seed) % 4; n > 0; n--) {
		size_t kind = next_random(seed) % 12;
		if (kind == 0) {
			buf_add(out, str_of(places[next_random(seed) % 12]));
			continue;
		}
		if (kind < 3 && depth > 0) {
			buf_add(out, str_of(opens[next_random(seed) % 5]));
			add_pattern(out, seed, depth - 1);
			while (next_random(seed) % 2) {
				buf_add_char(out, '|');
				add_pattern(out, seed, depth - 1);
			}
			buf_add_char(out, ')');
		} else {
			buf_add(out, str_of(atoms[next_random(seed) % 22]));
		}
		if (next_random(seed) % 4 == 0)
			buf_add(out, str_of(repeats[next_random(seed) % 10]));
	}
}

static void add_text(struct buf *out, uint64_t *seed)
{
	static const char *const pieces[] = { "a", "a", "b", "A", "1", "1", "<", "é", "É", "k", "K",
		"\xE2\x84\xAA", "s", "ſ", " ", "\n", "\xC2\xA0", "１", "c", "x" };
	for (size_t n = next_random(seed) % 14; n > 0; n--)
		buf_add(out, str_of(pieces[next_random(seed) % 20]));
}

struct made {
	struct regex *regexes[SET];
	struct outline outlines[SET];
	struct buf patterns[SET];
	size_t count;
};

/* Those that compile and have an outline. */
static void make(struct made *m, uint64_t *seed, struct arena *arena)
{
	for (m->count = 0; m->count < SET;) {
		struct buf *p = &m->patterns[m->count];
		struct str flags = next_random(seed) % 3 ? STR("") : STR("i"), message;
		size_t at;
		buf_clear(p);
		add_pattern(p, seed, 3);
		if (!regex_outline(buf_str(p), flags, arena, &m->outlines[m->count]))
			continue;
		m->regexes[m->count] = regex_compile(buf_str(p), flags, arena, &at, &message);
		m->count += m->regexes[m->count] != NULL;
	}
}

static void random_patterns_have_their_outline_where_they_match(void **state)
{
	(void)state;
	uint64_t seed = 5;
	size_t found = 0, held_back = 0;
	struct made *m = mem_zero(1, sizeof *m);
	struct regex_scratch *scratch = regex_scratch_create();
	struct buf text;
	buf_init(&text, 0);
	for (int64_t round = effort_rounds(100); round > 0; round--) {
		struct arena arena;
		arena_init(&arena, 0);
		make(m, &seed, &arena);
		struct finders finders = finders_of(m->outlines, m->count);
		for (size_t i = 0; i < TEXTS; i++) {
			bool seen[SET];
			buf_clear(&text);
			add_text(&text, &seed);
			find_both(&finders, buf_str(&text), seen);
			for (size_t j = 0; j < m->count; j++) {
				size_t from, to;
				bool is = regex_find(m->regexes[j], scratch, buf_str(&text), 0,
						  &from, &to) == 1;
				if (is && !seen[j])
					fail_msg("/%.*s/ matches '%.*s'",
						STR_ARGS(buf_str(&m->patterns[j])),
						STR_ARGS(buf_str(&text)));
				found += is;
				held_back += !seen[j];
			}
		}
		for (size_t j = 0; j < m->count; j++)
			regex_destroy(m->regexes[j]);
		finders_finish(&finders);
		arena_finish(&arena);
	}
	print_message("%zu matches, %zu held back\n", found, held_back);
	assert_true(found > 1000 && held_back > 1000);
	for (size_t i = 0; i < SET; i++)
		buf_finish(&m->patterns[i]);
	buf_finish(&text);
	regex_scratch_destroy(scratch);
	mem_free(m);
}

/* --- real ones --- */

enum { REAL_TEXTS = 400, LINE_BYTES = 64 * 1024 };

/* The lines of a file of the data, each in the arena; at most so many. */
static struct str *read_lines(struct arena *arena, const char *name, size_t most, size_t *count)
{
	char path[512];
	static char line[LINE_BYTES];
	struct str *lines = arena_array(arena, struct str, most);
	(void)snprintf(path, sizeof path, "%s/%s", getenv("VIGIE_DATA"), name);
	FILE *f = fopen(path, "r");
	*count = 0;
	assert_non_null(f);
	while (*count < most && fgets(line, sizeof line, f)) {
		struct str whole = str_of(line);
		if (!str_ends(whole, STR("\n")) || !utf8_valid(whole))
			continue;
		lines[(*count)++] = arena_str(arena, str_slice(whole, 0, whole.n - 1));
	}
	(void)fclose(f); /* it was only read */
	return lines;
}

static bool has_data(void)
{
	char path[512];
	const char *folder = getenv("VIGIE_DATA");
	(void)snprintf(path, sizeof path, "%s/regexes/sigma_re.txt", folder ? folder : "");
	FILE *f = fopen(path, "r");
	if (f)
		(void)fclose(f); /* it was only read */
	return f != NULL;
}

/* How many texts hold a match. */
static size_t check_real(
	struct str pattern, struct str flags, const struct str *texts, size_t count)
{
	struct arena arena;
	struct str message;
	struct outline outline;
	size_t at, matching = 0;
	arena_init(&arena, 0);
	struct regex *re = regex_compile(pattern, flags, &arena, &at, &message);
	if (re && regex_outline(pattern, flags, &arena, &outline)) {
		struct regex_scratch *scratch = regex_scratch_create();
		struct finders finders = finders_of(&outline, 1);
		for (size_t i = 0; i < count; i++) {
			size_t from, to;
			bool seen[SET];
			if (regex_find(re, scratch, texts[i], 0, &from, &to) != 1)
				continue;
			matching++;
			find_both(&finders, texts[i], seen);
			if (!seen[0])
				fail_msg("/%.*s/ matches '%.*s'", STR_ARGS(pattern),
					STR_ARGS(texts[i]));
		}
		finders_finish(&finders);
		regex_scratch_destroy(scratch);
	}
	regex_destroy(re);
	arena_finish(&arena);
	return matching;
}

/* The fourth cell of a line of SpamAssassin's: /pattern/flags. */
static size_t check_rule(struct str line, const struct str *texts, size_t count)
{
	struct str cell = STR("");
	for (size_t i = 0; i < 4; i++) {
		if (!str_next(&line, '\t', &cell))
			return 0;
	}
	size_t end = cell.n;
	while (end > 1 && cell.p[end - 1] != '/')
		end--;
	if (end < 3 || cell.p[0] != '/')
		return 0;
	return check_real(str_slice(cell, 1, end - 1), str_slice(cell, end, cell.n), texts, count);
}

static void real_patterns_have_their_outline_in_real_posts(void **state)
{
	(void)state;
	static const char *const files[] = { "regexes/logcheck_ere.txt", "regexes/owasp_crs_rx.txt",
		"regexes/sigma_re.txt", "regexes/spamassassin_rules.tsv" };
	static const char *const posts[] = { "ndjson/fr_tweets_2022.ndjson",
		"ndjson/reddit_titles.ndjson" };
	struct arena arena;
	size_t matching = 0;
	if (!has_data()) {
		print_message("skipped: VIGIE_DATA has no regexes\n");
		skip();
	}
	arena_init(&arena, 0);
	for (size_t i = 0; i < 2; i++) {
		size_t text_count, line_count;
		struct str *texts = read_lines(
			&arena, posts[i], REAL_TEXTS / effort_step(1), &text_count);
		for (size_t j = 0; j < 4; j++) {
			struct str *lines = read_lines(&arena, files[j], 10000, &line_count);
			for (size_t k = 0; k < line_count; k++)
				matching += j == 3
					? check_rule(lines[k], texts, text_count)
					: check_real(lines[k], STR(""), texts, text_count);
		}
	}
	print_message("%zu matches\n", matching);
	assert_true(matching > 1000);
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_are_those_of_unicode),
		cmocka_unit_test(groups_and_repeats_leave_nothing_out),
		cmocka_unit_test(edges_are_where_pcre2_has_them),
		cmocka_unit_test(posts_without_the_rows_are_told),
		cmocka_unit_test(what_is_in_most_posts_has_no_outline),
		cmocka_unit_test(random_patterns_have_their_outline_where_they_match),
		cmocka_unit_test(real_patterns_have_their_outline_in_real_posts),
	};
	return cmocka_run_group_tests_name("outline", tests, NULL, NULL);
}
