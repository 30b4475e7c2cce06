#include "tests/check.h"

static void numbers_at_the_edges_of_int64_are_read_and_beyond_are_refused(void **state)
{
	(void)state;
	int64_t v = 7;
	assert_true(str_to_int64(STR("9223372036854775807"), &v));
	assert_int_equal(v, INT64_MAX);
	assert_true(str_to_int64(STR("-9223372036854775808"), &v));
	assert_int_equal(v, INT64_MIN);
	v = 7;
	assert_false(str_to_int64(STR("9223372036854775808"), &v));
	assert_false(str_to_int64(STR("-9223372036854775809"), &v));
	assert_false(str_to_int64(STR(""), &v));
	assert_false(str_to_int64(STR("-"), &v));
	assert_false(str_to_int64(STR("12a"), &v));
	assert_int_equal(v, 7);
}

static void pieces_between_separators_include_the_empty_ones(void **state)
{
	(void)state;
	struct str rest = STR("a,,b"), piece;
	assert_true(str_next(&rest, ',', &piece));
	check_text(piece, "a");
	assert_true(str_next(&rest, ',', &piece));
	check_text(piece, "");
	assert_true(str_next(&rest, ',', &piece));
	check_text(piece, "b");
	assert_false(str_next(&rest, ',', &piece));
}

static void a_needle_is_found_also_after_false_starts(void **state)
{
	(void)state;
	assert_int_equal(str_find(STR("aaab"), STR("aab")), 1);
	assert_int_equal(str_find(STR("ababac"), STR("abac")), 2);
	assert_int_equal(str_find(STR("abc"), STR("abcd")), SIZE_MAX);
	assert_int_equal(str_find(STR("abc"), STR("")), 0);
}

static void slices_are_clamped(void **state)
{
	(void)state;
	check_text(str_slice(STR("vigie"), 2, 99), "gie");
	check_text(str_slice(STR("vigie"), 9, 99), "");
	check_text(str_trim(STR(" \t a b \r\n")), "a b");
}

static void order_is_by_bytes_then_length(void **state)
{
	(void)state;
	assert_true(str_cmp(STR("ab"), STR("abc")) < 0);
	assert_true(str_cmp(STR("b"), STR("abc")) > 0);
	assert_int_equal(str_cmp(STR("x"), STR("x")), 0);
	assert_true(str_eq_ignore_case(STR("HoSt"), STR("host")));
	assert_false(str_eq_ignore_case(STR("[ost"), STR("{ost")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_at_the_edges_of_int64_are_read_and_beyond_are_refused),
		cmocka_unit_test(pieces_between_separators_include_the_empty_ones),
		cmocka_unit_test(a_needle_is_found_also_after_false_starts),
		cmocka_unit_test(slices_are_clamped),
		cmocka_unit_test(order_is_by_bytes_then_length),
	};
	return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
