#include "tests/check.h"

#include "rules/text/common_words.h"

static void words_that_are_everywhere_are_known(void **state)
{
	(void)state;
	assert_int_equal(word_frequency(STR("avec")), WORD_VERY_COMMON);
	assert_int_equal(word_frequency(STR("a")), WORD_VERY_COMMON);
	assert_int_equal(word_frequency(STR("your")), WORD_VERY_COMMON);
	assert_int_equal(word_frequency(STR("bonjour")), WORD_COMMON);
	assert_int_equal(word_frequency(STR("france")), WORD_COMMON);
	assert_int_equal(word_frequency(STR("photovoltaique")), WORD_RARE);
	assert_int_equal(word_frequency(STR("ave")), WORD_RARE);
	assert_int_equal(word_frequency(STR("avecc")), WORD_RARE);
	assert_int_equal(word_frequency(STR("")), WORD_RARE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_that_are_everywhere_are_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
