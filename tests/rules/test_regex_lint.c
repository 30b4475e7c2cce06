#include "rules/advice/regex_lint.h"

#include "rules/regex/regex.h"
#include "tests/check.h"

static struct regex *compile(const char *pattern, struct arena *arena)
{
	size_t at;
	struct str message = STR_NONE;
	struct regex *re = regex_compile(str_of(pattern), STR(""), arena, &at, &message);
	if (!re)
		fail_msg("%s: %.*s", pattern, STR_ARGS(message));
	return re;
}

static void check_all(const char *const *patterns, size_t count, bool stalls, bool all)
{
	struct arena arena;
	arena_init(&arena, 0);
	for (size_t i = 0; i < count; i++) {
		struct str unit;
		struct regex *re = compile(patterns[i], &arena);
		if (regex_is_easy_to_stall(re, str_of(patterns[i]), &unit) != stalls ||
			regex_matches_nearly_all(re) != all)
			fail_msg("%s", patterns[i]);
		regex_destroy(re);
	}
	arena_finish(&arena);
}

#define CHECK_ALL(patterns, stalls, all) \
	check_all((patterns), sizeof(patterns) / sizeof *(patterns), (stalls), (all))

static void what_repeats_inside_what_repeats_is_easy_to_stall(void **state)
{
	static const char *const patterns[] = { "(a+)+$", "(x+x+)+y", "(\\w+\\s?)+$", "^(\\d+)*z",
		"([a-z]+)*\\.com$", "(?:\\s*\\w*)*!", "(.*)(.*)(.*)(.*)x$", "(solaire|sol\\w+)+ x",
		"(é|é)+z", "(?:a|aa)+$(?<=c)" };
	(void)state;
	CHECK_ALL(patterns, true, false);
}

static void what_people_write_is_left_alone(void **state)
{
	static const char *const patterns[] = { "\\b\\d{2,4}\\s?(kWc|MWc)\\b", "\\d+ ?kWh", "\\s+$",
		"\\w+@\\w+\\.\\w+", "(?:foo|bar)+baz", "(?:a++)+$", "https?://\\S+\\.example",
		"panneaux? (?:\\w+ ){0,4}solaires?", "solaire", "[^\"]*\"x" };
	(void)state;
	CHECK_ALL(patterns, false, false);
}

static void what_matches_posts_that_have_nothing_in_common_is_told(void **state)
{
	static const char *const patterns[] = { "e", ".", "\\w+", "^.", "[a-z]{2}" };
	(void)state;
	CHECK_ALL(patterns, false, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_repeats_inside_what_repeats_is_easy_to_stall),
		cmocka_unit_test(what_people_write_is_left_alone),
		cmocka_unit_test(what_matches_posts_that_have_nothing_in_common_is_told),
	};
	return cmocka_run_group_tests_name("regex_lint", tests, NULL, NULL);
}
