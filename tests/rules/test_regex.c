#include "tests/check.h"

#include <errno.h>
#include <pthread.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "rules/regex/regex.h"

struct state {
	struct arena arena;
	struct regex_scratch *scratch;
};

static int set_up(void **state)
{
	struct state *s = mem_zero(1, sizeof *s);
	arena_init(&s->arena, 0);
	s->scratch = regex_scratch_create();
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct state *s = *state;
	arena_finish(&s->arena);
	regex_scratch_destroy(s->scratch);
	mem_free(s);
	return 0;
}

static struct regex *compile(struct state *s, const char *pattern, const char *flags)
{
	size_t at;
	struct str message = STR_NONE;
	struct regex *re = regex_compile(str_of(pattern), str_of(flags), &s->arena, &at, &message);
	if (!re)
		fail_msg("%s: %.*s", pattern, STR_ARGS(message));
	return re;
}

static int find_in(struct state *s, const char *pattern, const char *flags, struct str text,
	size_t start, size_t *from, size_t *to)
{
	struct regex *re = compile(s, pattern, flags);
	int found = regex_find(re, s->scratch, text, start, from, to);
	regex_destroy(re);
	return found;
}

static void a_match_is_found_with_its_bytes(void **state)
{
	size_t from = 99, to = 99;
	assert_int_equal(
		find_in(*state, "\\b\\d{2,4}\\s?(kWc|MWc)\\b", "", STR("é 36 kWc"), 0, &from, &to),
		1);
	assert_int_equal(from, 3);
	assert_int_equal(to, 9);
	from = to = 99;
	assert_int_equal(find_in(*state, "kWc", "", STR("36 kwc"), 0, &from, &to), 0);
	assert_int_equal(from, 99);
	assert_int_equal(find_in(*state, "a", "", STR("aba"), 1, &from, &to), 1);
	assert_int_equal(from, 2);
	assert_int_equal(find_in(*state, "a", "", STR_NONE, 0, &from, &to), 0);
}

static void flags_and_unicode_do_what_they_say(void **state)
{
	size_t from, to;
	assert_int_equal(find_in(*state, "ÉTÉ", "i", STR("l'été"), 0, &from, &to), 1);
	assert_int_equal(find_in(*state, "\\bété\\b", "", STR("l'été"), 0, &from, &to), 1);
	assert_int_equal(find_in(*state, "^b", "", STR("a\nb"), 0, &from, &to), 0);
	assert_int_equal(find_in(*state, "^b", "m", STR("a\nb"), 0, &from, &to), 1);
	assert_int_equal(find_in(*state, "a.b", "", STR("a\nb"), 0, &from, &to), 0);
	assert_int_equal(find_in(*state, "a.b", "s", STR("a\nb"), 0, &from, &to), 1);
	assert_int_equal(find_in(*state, "a b # c", "x", STR("ab"), 0, &from, &to), 1);
}

static void bad_patterns_are_refused_with_their_place(void **state)
{
	struct state *s = *state;
	static const struct {
		const char *pattern, *flags, *message;
		size_t at;
	} cases[] = {
		{ "a(b", "", "missing closing parenthesis", 3 },
		{ "a)b", "", "unmatched closing parenthesis", 1 },
		{ "x[z-a]", "", "range out of order in character class", 4 },
		{ "a\\Cb", "", "using \\C is disabled by the application", 3 },
		{ "a*", "", "the pattern can match the empty string", 0 },
		{ "(?=a)", "", "the pattern can match the empty string", 0 },
		{ "a|", "", "the pattern can match the empty string", 0 },
		{ "ab\\Gc", "", "\\G has no meaning here", 2 },
		{ "a", "g", "unknown flag", 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t at = 99;
		struct str message = STR_NONE;
		assert_null(regex_compile(str_of(cases[i].pattern), str_of(cases[i].flags),
			&s->arena, &at, &message));
		check_str(message, str_of(cases[i].message));
		assert_int_equal(at, cases[i].at);
	}
}

static void the_ceilings_of_length_and_nesting_hold(void **state)
{
	struct state *s = *state;
	char pattern[REGEX_MAX_BYTES + 1], nested[3 * REGEX_MAX_NESTING];
	size_t at;
	struct str message;
	memset(pattern, 'a', sizeof pattern);
	struct regex *re = regex_compile(
		(struct str){ pattern, REGEX_MAX_BYTES }, STR(""), &s->arena, &at, &message);
	assert_non_null(re);
	regex_destroy(re);
	assert_null(regex_compile(
		(struct str){ pattern, sizeof pattern }, STR(""), &s->arena, &at, &message));
	for (int extra = 0; extra < 2; extra++) {
		size_t depth = (size_t)(REGEX_MAX_NESTING + extra);
		memset(nested, '(', depth);
		nested[depth] = 'a';
		memset(nested + depth + 1, ')', depth);
		re = regex_compile(
			(struct str){ nested, 2 * depth + 1 }, STR(""), &s->arena, &at, &message);
		assert_int_equal(re != NULL, !extra);
		regex_destroy(re);
	}
}

static void a_limit_is_an_error_and_never_a_no(void **state)
{
	size_t from = 99, to = 99;
	char text[1000];
	memset(text, 'a', sizeof text);
	int result = find_in(
		*state, "(a+)+b", "", (struct str){ text, sizeof text }, 0, &from, &to);
	assert_true(result == -ETIME || result == -E2BIG || result == 0);
	result = find_in(
		*state, "(?:a|aa)+$(?<=c)", "", (struct str){ text, sizeof text }, 0, &from, &to);
	assert_int_equal(result, -ETIME);
	assert_int_equal(from, 99);
	result = find_in(*state, "((?:a|b)(?:a|c)?)+(?1)*?[^a]", "",
		(struct str){ text, sizeof text }, 0, &from, &to);
	assert_true(result < 0);
}

/* Where a match begins in a long text does not depend on where the slices begin. */
static void long_texts_are_searched_whole(void **state)
{
	struct state *s = *state;
	enum { N = 8000 };
	char *text = mem_alloc(N);
	struct regex *re = compile(s, "(?<=é)xyz|^é|zé$", NULL);
	for (size_t place = 900; place < 4200; place++) {
		memset(text, '-', N);
		memcpy(text + place, "éxyz", 5);
		size_t from = 0, to = 0;
		assert_int_equal(
			regex_find(re, s->scratch, (struct str){ text, N }, 0, &from, &to), 1);
		assert_int_equal(from, place + 2);
		assert_int_equal(to, place + 5);
	}
	for (size_t i = 0; i < N; i += 2)
		memcpy(text + i, "é", 2);
	size_t from, to;
	assert_int_equal(regex_find(re, s->scratch, (struct str){ text, N }, 2, &from, &to), 0);
	regex_destroy(re);
	mem_free(text);
}

/* What a search costs is counted, the same each time, and has a ceiling. */
static void steps_are_counted_and_bounded(void **state)
{
	struct state *s = *state;
	static const char *const patterns[] = { "(a+)+$(?<=c)", "a*\\w++-(?<=b)", "\\w+\\d(?<=x)",
		"(?:a|aa)+$(?<=c)", "\\w{3000}!(?<=y)", "a" };
	static const size_t sizes[] = { 100, 1000, 5000, 100000 };
	char *text = mem_alloc(100000);
	memset(text, 'a', 100000);
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		struct regex *re = compile(s, patterns[i], "");
		for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
			struct str part = { text, sizes[j] };
			size_t from, to;
			uint64_t spent[3] = { regex_scratch_spent(s->scratch), 0, 0 };
			int results[2];
			for (size_t k = 0; k < 2; k++) {
				results[k] = regex_find(re, s->scratch, part, 0, &from, &to);
				spent[k + 1] = regex_scratch_spent(s->scratch);
			}
			assert_int_equal(results[0], results[1]);
			assert_int_equal(spent[2] - spent[1], spent[1] - spent[0]);
			assert_in_range(spent[1] - spent[0], 1,
				regex_search_steps(sizes[j]) + sizes[j] + 1000);
		}
		regex_destroy(re);
	}
	mem_free(text);
}

static void patterns_may_lower_limits_and_hold_callouts(void **state)
{
	size_t from = 9, to = 9;
	assert_int_equal(find_in(*state, "(?C1)a(?C)b", "", STR("ab"), 0, &from, &to), 1);
	assert_int_equal(find_in(*state, "(*UTF)(*NO_JIT)é", "", STR("é"), 0, &from, &to), 1);
	assert_true(find_in(*state, "(*LIMIT_MATCH=1)(?:a|ab)+c", "", STR("aabab abc"), 0, &from,
			    &to) != 0);
}

static void a_pattern_without_the_compiler_is_searched_and_says_so(void **state)
{
	struct state *s = *state;
	size_t from, to;
	struct regex *plain = compile(s, "a+b", ""),
		     *slow = compile(s, "(*NO_JIT)(?:a|aa)+$(?<=c)", "");
	char text[500];
	memset(text, 'a', sizeof text);
	assert_false(regex_is_interpreted(plain));
	assert_true(regex_is_interpreted(slow));
	assert_int_equal(
		regex_find(slow, s->scratch, (struct str){ text, sizeof text }, 0, &from, &to),
		-ETIME);
	regex_destroy(plain);
	regex_destroy(slow);
}

static void matches_are_never_empty(void **state)
{
	size_t from, to;
	assert_int_equal(find_in(*state, "foo\\K", "", STR("foo"), 0, &from, &to), 0);
}

static void destroyers_take_null(void **state)
{
	(void)state;
	regex_destroy(NULL);
	regex_scratch_destroy(NULL);
}

/* They all want the twin that counts, which is not made yet. */
static void *search_hostile_text(void *regex)
{
	char text[3000];
	size_t from, to;
	struct regex_scratch *scratch = regex_scratch_create();
	memset(text, 'a', sizeof text);
	int result = regex_find(regex, scratch, (struct str){ text, sizeof text }, 0, &from, &to);
	regex_scratch_destroy(scratch);
	return result == -ETIME ? regex : NULL;
}

static void threads_share_a_regex_and_find_the_same(void **state)
{
	(void)state;
	enum { THREADS = 4, ROUNDS = 20 };
	struct arena arena;
	arena_init(&arena, 0);
	for (int round = 0; round < ROUNDS; round++) {
		size_t at;
		struct str message;
		pthread_t threads[THREADS];
		void *answer;
		struct regex *re = regex_compile(
			STR("(a+)+b|(a*)*c"), STR(""), &arena, &at, &message);
		assert_non_null(re);
		for (size_t i = 0; i < THREADS; i++)
			assert_int_equal(
				pthread_create(&threads[i], NULL, search_hostile_text, re), 0);
		for (size_t i = 0; i < THREADS; i++) {
			assert_int_equal(pthread_join(threads[i], &answer), 0);
			assert_ptr_equal(answer, re);
		}
		regex_destroy(re);
	}
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_match_is_found_with_its_bytes),
		cmocka_unit_test(flags_and_unicode_do_what_they_say),
		cmocka_unit_test(bad_patterns_are_refused_with_their_place),
		cmocka_unit_test(the_ceilings_of_length_and_nesting_hold),
		cmocka_unit_test(a_limit_is_an_error_and_never_a_no),
		cmocka_unit_test(long_texts_are_searched_whole),
		cmocka_unit_test(steps_are_counted_and_bounded),
		cmocka_unit_test(patterns_may_lower_limits_and_hold_callouts),
		cmocka_unit_test(a_pattern_without_the_compiler_is_searched_and_says_so),
		cmocka_unit_test(matches_are_never_empty),
		cmocka_unit_test(destroyers_take_null),
		cmocka_unit_test(threads_share_a_regex_and_find_the_same),
	};
	return cmocka_run_group_tests_name("regex", tests, set_up, tear_down);
}
