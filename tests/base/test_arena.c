#include "tests/check.h"

#include "base/arena.h"

static void pieces_do_not_overlap_and_are_aligned(void **state)
{
	(void)state;
	struct arena a;
	unsigned char *pieces[2000];
	arena_init(&a, 0);
	for (size_t i = 0; i < 2000; i++) {
		size_t bytes = i % 97;
		pieces[i] = arena_alloc(&a, bytes);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % 16, 0);
		memset(pieces[i], (int)(i & 0xFF), bytes);
	}
	for (size_t i = 0; i < 2000; i++) {
		for (size_t j = 0; j < i % 97; j++)
			assert_int_equal(pieces[i][j], i & 0xFF);
	}
	arena_finish(&a);
}

static void the_first_piece_may_be_empty(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, 100);
	assert_non_null(arena_alloc(&a, 0));
	assert_non_null(arena_array(&a, int, 0));
	arena_finish(&a);
}

static void empty_pieces_count_towards_the_ceiling(void **state)
{
	(void)state;
	struct arena a;
	size_t n = 0;
	arena_init(&a, 1024);
	while (n <= 1024 && arena_alloc(&a, 0))
		n++;
	assert_int_equal(n, 64);
	arena_finish(&a);
}

static void small_pieces_count_as_what_they_take(void **state)
{
	(void)state;
	struct arena a;
	size_t n = 0;
	arena_init(&a, 1024);
	while (n <= 1024 && arena_alloc(&a, 1))
		n++;
	assert_int_equal(n, 64);
	assert_int_equal(a.used_bytes, 1024);
	arena_finish(&a);
}

static void a_piece_fits_up_to_the_ceiling_and_not_past_it(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, 160);
	assert_null(arena_alloc(&a, 161));
	assert_non_null(arena_alloc(&a, 160));
	assert_null(arena_alloc(&a, 1));
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 80));
	assert_non_null(arena_alloc(&a, 80));
	assert_null(arena_alloc(&a, 1));
	arena_finish(&a);
	assert_int_equal(a.max_bytes, 160);
}

static void a_ceiling_that_is_no_round_number_holds_all_the_same(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, 100);
	assert_non_null(arena_alloc(&a, 100));
	assert_null(arena_alloc(&a, 1));
	arena_finish(&a);
}

static void sizes_that_overflow_give_nothing(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, 0);
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX - 15));
	assert_null(arena_zero(&a, SIZE_MAX / 2, 3));
	assert_null(arena_zero(&a, SIZE_MAX, SIZE_MAX));
	assert_int_equal(a.used_bytes, 0);
	arena_finish(&a);
}

static void zeroed_pieces_are_zero_also_in_used_memory(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, 0);
	memset(arena_alloc(&a, 64), 0xFF, 64);
	arena_reset(&a);
	const unsigned char *p = arena_zero(&a, 8, 8);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(p[i], 0);
	arena_finish(&a);
}

static void a_reset_arena_gives_its_memory_out_again(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, 0);
	const void *first = arena_alloc(&a, 100);
	arena_reset(&a);
	assert_ptr_equal(arena_alloc(&a, 100), first);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < 200; i++)
			memset(arena_alloc(&a, 10000), 1, 10000);
		arena_reset(&a);
		assert_int_equal(a.used_bytes, 0);
	}
	arena_finish(&a);
}

static void an_arena_never_used_can_be_reset_and_finished(void **state)
{
	(void)state;
	struct arena a = { 0 };
	arena_reset(&a);
	arena_finish(&a);
	arena_finish(&a);
}

static void copies_end_in_a_nul_and_absence_is_kept(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, 0);
	struct str copy = arena_str(&a, STR("a\0b"));
	assert_int_equal(copy.n, 3);
	assert_memory_equal(copy.p, "a\0b", 4);
	check_str(arena_str(&a, STR_NONE), STR_NONE);
	check_text(arena_str(&a, STR("")), "");
	assert_string_equal(arena_text(&a, STR_NONE), "");
	check_text(arena_format(&a, "%s-%d", "x", 7), "x-7");
	check_text(arena_format(&a, "%s", ""), "");
	arena_finish(&a);
}

static void a_text_past_the_ceiling_is_absent(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, 16);
	check_str(arena_str(&a, STR("0123456789abcdef")), STR_NONE); /* no room for the NUL */
	check_str(arena_format(&a, "%0100d", 1), STR_NONE);
	assert_null(arena_text(&a, STR("0123456789abcdef")));
	check_text(arena_str(&a, STR("0123456789abcde")), "0123456789abcde");
	arena_finish(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_do_not_overlap_and_are_aligned),
		cmocka_unit_test(the_first_piece_may_be_empty),
		cmocka_unit_test(empty_pieces_count_towards_the_ceiling),
		cmocka_unit_test(small_pieces_count_as_what_they_take),
		cmocka_unit_test(a_piece_fits_up_to_the_ceiling_and_not_past_it),
		cmocka_unit_test(a_ceiling_that_is_no_round_number_holds_all_the_same),
		cmocka_unit_test(sizes_that_overflow_give_nothing),
		cmocka_unit_test(zeroed_pieces_are_zero_also_in_used_memory),
		cmocka_unit_test(a_reset_arena_gives_its_memory_out_again),
		cmocka_unit_test(an_arena_never_used_can_be_reset_and_finished),
		cmocka_unit_test(copies_end_in_a_nul_and_absence_is_kept),
		cmocka_unit_test(a_text_past_the_ceiling_is_absent),
	};
	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
