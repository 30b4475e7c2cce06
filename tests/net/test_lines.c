#include "tests/check.h"

#include "base/buf.h"
#include "net/lines.h"

struct heard {
	struct lines *lines;
	struct buf all;
	int blocks;
	int stop_after; /* 0: never */
	bool consumed_is_right;
};

static bool hear(void *ctx, struct str view)
{
	struct heard *h = ctx;
	buf_add(&h->all, view);
	h->blocks++;
	return h->blocks != h->stop_after;
}

static void begin(struct heard *h, struct lines *l, size_t max_bytes)
{
	lines_init(l, max_bytes);
	*h = (struct heard){ .lines = l };
	buf_init(&h->all, 0);
}

static void finish(struct heard *h)
{
	lines_finish(h->lines);
	buf_finish(&h->all);
}

static bool feed(struct heard *h, struct str piece)
{
	return lines_feed(h->lines, piece, hear, h);
}

static void whole_lines_of_a_piece_come_as_one_view_that_is_not_copied(void **state)
{
	(void)state;
	struct lines l;
	struct heard h;
	begin(&h, &l, 100);
	assert_true(feed(&h, STR("one\ntwo\r\n\nthree\nfo")));
	assert_int_equal(h.blocks, 1);
	check_text(buf_str(&h.all), "one\ntwo\r\n\nthree\n");
	assert_int_equal(l.consumed_bytes, 16);
	check_text(buf_str(&l.rest), "fo");
	assert_true(feed(&h, STR("ur\nfive\n")));
	assert_int_equal(h.blocks, 3);
	check_text(buf_str(&h.all), "one\ntwo\r\n\nthree\nfour\nfive\n");
	assert_int_equal(l.consumed_bytes, 26);
	assert_int_equal(l.rest.n, 0);
	finish(&h);
}

static void the_last_line_without_lf_comes_at_the_end(void **state)
{
	(void)state;
	struct lines l;
	struct heard h;
	begin(&h, &l, 100);
	assert_true(feed(&h, STR("a\nb")));
	assert_true(lines_end(&l, hear, &h));
	check_text(buf_str(&h.all), "a\nb");
	assert_int_equal(l.consumed_bytes, 3);
	assert_true(lines_end(&l, hear, &h));
	assert_int_equal(h.blocks, 2);
	finish(&h);
}

static void a_line_of_max_bytes_is_taken_and_one_more_is_dropped_and_counted(void **state)
{
	(void)state;
	struct lines l;
	struct heard h;
	begin(&h, &l, 5);
	assert_true(feed(&h, STR("a\n12345\n123456\nb\n12345\n")));
	check_text(buf_str(&h.all), "a\n12345\nb\n12345\n");
	assert_int_equal(l.too_long_count, 1);
	assert_int_equal(l.consumed_bytes, 23);
	finish(&h);
}

static void a_line_that_is_too_long_over_many_pieces_is_one_and_takes_no_memory(void **state)
{
	(void)state;
	struct lines l;
	struct heard h;
	begin(&h, &l, 64);
	assert_true(feed(&h, STR("a\n")));
	for (int i = 0; i < 1000; i++)
		assert_true(feed(&h, STR("0123456789")));
	assert_int_equal(l.consumed_bytes, 2);
	assert_true(l.skipping);
	assert_true(l.rest.size_bytes <= 256);
	assert_true(feed(&h, STR("end\nb\n")));
	check_text(buf_str(&h.all), "a\nb\n");
	assert_int_equal(l.too_long_count, 1);
	assert_int_equal(l.consumed_bytes, 2 + 10000 + 6);
	finish(&h);
}

static void what_the_end_finds_of_a_line_too_long_is_dropped(void **state)
{
	(void)state;
	struct lines l;
	struct heard h;
	begin(&h, &l, 3);
	assert_true(feed(&h, STR("1234")));
	assert_true(lines_end(&l, hear, &h));
	assert_int_equal(h.blocks, 0);
	assert_int_equal(l.too_long_count, 1);
	assert_int_equal(l.consumed_bytes, 4);
	finish(&h);
}

static void feeding_ends_as_soon_as_the_receiver_has_enough(void **state)
{
	(void)state;
	struct lines l;
	struct heard h;
	begin(&h, &l, 100);
	h.stop_after = 1;
	assert_true(feed(&h, STR("on")));
	assert_false(feed(&h, STR("e\ntwo\n")));
	check_text(buf_str(&h.all), "one\n");
	assert_int_equal(l.consumed_bytes, 4);
	finish(&h);
}

static bool check_consumed(void *ctx, struct str view)
{
	struct heard *h = ctx;
	buf_add(&h->all, view);
	h->consumed_is_right = h->lines->consumed_bytes == h->all.n;
	return true;
}

static void within_the_call_what_is_handed_out_counts_as_consumed(void **state)
{
	(void)state;
	struct lines l;
	struct heard h;
	begin(&h, &l, 100);
	assert_true(lines_feed(&l, STR("a\nb"), check_consumed, &h));
	assert_true(h.consumed_is_right);
	assert_true(lines_feed(&l, STR("\nc\n"), check_consumed, &h));
	assert_true(h.consumed_is_right);
	finish(&h);
}

/* Every way to cut the text into two and three pieces gives the same lines. */
static void wherever_a_stream_is_cut_its_lines_are_the_same(void **state)
{
	(void)state;
	struct str text = STR("\n\r\nabc\n12345\n123456\r\n1234\r\n\n1234567890\nlast");
	for (size_t i = 0; i <= text.n; i++) {
		for (size_t j = i; j <= text.n; j++) {
			struct lines l;
			struct heard h;
			begin(&h, &l, 5);
			assert_true(feed(&h, str_slice(text, 0, i)));
			assert_true(feed(&h, str_slice(text, i, j)));
			assert_true(feed(&h, str_slice(text, j, text.n)));
			assert_int_equal(l.consumed_bytes, text.n - 4);
			assert_true(lines_end(&l, hear, &h));
			check_text(buf_str(&h.all), "\n\r\nabc\n12345\n1234\r\n\nlast");
			assert_int_equal(l.too_long_count, 2);
			assert_int_equal(l.consumed_bytes, text.n);
			finish(&h);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_lines_of_a_piece_come_as_one_view_that_is_not_copied),
		cmocka_unit_test(the_last_line_without_lf_comes_at_the_end),
		cmocka_unit_test(a_line_of_max_bytes_is_taken_and_one_more_is_dropped_and_counted),
		cmocka_unit_test(
			a_line_that_is_too_long_over_many_pieces_is_one_and_takes_no_memory),
		cmocka_unit_test(what_the_end_finds_of_a_line_too_long_is_dropped),
		cmocka_unit_test(feeding_ends_as_soon_as_the_receiver_has_enough),
		cmocka_unit_test(within_the_call_what_is_handed_out_counts_as_consumed),
		cmocka_unit_test(wherever_a_stream_is_cut_its_lines_are_the_same),
	};
	return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
