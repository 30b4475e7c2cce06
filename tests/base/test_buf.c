#include "tests/check.h"

#include <wchar.h>

#include "base/buf.h"

static void pieces_are_joined_and_end_in_a_nul(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 0);
	check_text(buf_str(&b), "");
	buf_add(&b, STR("a\0b"));
	buf_add_char(&b, 'c');
	buf_addf(&b, "%d%s", 12, "x");
	buf_add(&b, STR_NONE);
	assert_int_equal(b.n, 7);
	assert_memory_equal(b.p, "a\0bc12x", 8);
	assert_false(b.full);
	buf_finish(&b);
	assert_null(b.p);
	buf_finish(&b);
}

static void a_long_run_of_small_pieces_is_kept_whole(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 0);
	for (int i = 0; i < 100000; i++)
		buf_add_char(&b, (char)('a' + i % 26));
	assert_int_equal(b.n, 100000);
	for (size_t i = 0; i < b.n; i++)
		assert_int_equal(b.p[i], 'a' + (int)(i % 26));
	assert_int_equal(b.p[b.n], '\0');
	buf_finish(&b);
}

static void a_piece_fits_up_to_the_ceiling_and_not_past_it(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 4);
	buf_add(&b, STR("abcd"));
	assert_false(b.full);
	check_text(buf_str(&b), "abcd");
	buf_add(&b, STR("e"));
	assert_true(b.full);
	check_text(buf_str(&b), "abcd");
	buf_finish(&b);
	assert_int_equal(b.max_bytes, 4);
}

static void a_full_buffer_takes_nothing_more_until_it_is_cleared(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 4);
	buf_add(&b, STR("ab"));
	buf_addf(&b, "%s", "cde");
	assert_true(b.full);
	buf_add_char(&b, 'c'); /* would fit */
	assert_null(buf_room(&b, 0));
	buf_cut(&b, 1);
	check_text(buf_str(&b), "b");
	assert_true(b.full);
	buf_clear(&b);
	assert_false(b.full);
	check_text(buf_str(&b), "");
	assert_int_equal(b.p[0], '\0');
	buf_add(&b, STR("wxyz"));
	check_text(buf_str(&b), "wxyz");
	buf_finish(&b);
}

static void room_is_what_was_asked_for_and_ends_in_a_nul(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 1000);
	char *at = buf_room(&b, 1000);
	assert_non_null(at);
	assert_string_equal(at, "");
	memset(at, 'x', 1000);
	b.n += 1000;
	assert_null(buf_room(&b, 1));
	assert_true(b.full);
	buf_finish(&b);
	buf_init(&b, 0);
	assert_null(buf_room(&b, SIZE_MAX));
	assert_true(b.full);
	buf_finish(&b);
}

static void the_front_is_cut_off(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 0);
	buf_cut(&b, 5);
	buf_add(&b, STR("abcdef"));
	buf_cut(&b, 0);
	check_text(buf_str(&b), "abcdef");
	buf_cut(&b, 2);
	check_text(buf_str(&b), "cdef");
	assert_int_equal(b.p[4], '\0');
	buf_cut(&b, 99);
	check_text(buf_str(&b), "");
	buf_finish(&b);
}

static void what_cannot_be_formatted_is_not_silently_lost(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 0);
	buf_addf(&b, "%lc", (wint_t)0xD800); /* no character in any locale */
	assert_true(b.full);
	buf_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_joined_and_end_in_a_nul),
		cmocka_unit_test(a_long_run_of_small_pieces_is_kept_whole),
		cmocka_unit_test(a_piece_fits_up_to_the_ceiling_and_not_past_it),
		cmocka_unit_test(a_full_buffer_takes_nothing_more_until_it_is_cleared),
		cmocka_unit_test(room_is_what_was_asked_for_and_ends_in_a_nul),
		cmocka_unit_test(the_front_is_cut_off),
		cmocka_unit_test(what_cannot_be_formatted_is_not_silently_lost),
	};
	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
