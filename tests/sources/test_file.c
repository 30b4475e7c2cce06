#define _GNU_SOURCE
#include "tests/sources/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define FILE_YAML "sources: { f: { type: file, path: %s } }\n"
#define FOLLOW_YAML "sources: { f: { type: file, path: %s, follow: true } }\n"

static int setup(void **state)
{
	struct harness *h = mem_zero(1, sizeof *h);
	harness_init(h);
	*state = h;
	return 0;
}

static int teardown(void **state)
{
	harness_finish(*state);
	mem_free(*state);
	return 0;
}

static void read_whole(struct harness *h, struct str text, struct str wanted)
{
	harness_write(h, "in", text);
	harness_start(h, FILE_YAML, harness_path(h, "in"));
	harness_until_ended(h);
	check_str(h->text.n ? buf_str(&h->text) : STR(""), wanted);
	assert_int_equal(harness_source(h)->state, SOURCE_ENDED);
}

static void a_file_is_read_to_its_end_and_ends(void **state)
{
	struct harness *h = *state;
	read_whole(h, STR("one\ntwo\n"), STR("one\ntwo\n"));
	assert_int_equal(h->block_count, 1);
	assert_int_equal(h->ended_count, 1);
	assert_int_equal(harness_source(h)->byte_count, 8);
}

static void an_empty_file_ends_without_a_block(void **state)
{
	struct harness *h = *state;
	read_whole(h, STR(""), STR(""));
	assert_int_equal(h->block_count, 0);
}

static void a_last_line_without_line_end_is_delivered(void **state)
{
	struct harness *h = *state;
	read_whole(h, STR("one\ntwo"), STR("one\ntwo"));
	struct str cursor = harness_last_cursor(h), field;
	assert_true(str_next(&cursor, ':', &field) && str_next(&cursor, ':', &field) &&
		str_next(&cursor, ':', &field));
	check_text(field, "7");
}

static void blank_lines_and_crlf_pass_as_they_are(void **state)
{
	read_whole(*state, STR("one\r\n\r\n\ntwo\r\n"), STR("one\r\n\r\n\ntwo\r\n"));
}

static void lines_cut_by_the_ends_of_pieces_come_whole(void **state)
{
	struct harness *h = *state;
	const struct str text = harness_lines(&h->arena, 3000, 1000);
	assert_true(text.n > 4 * SOURCE_PIECE_BYTES);
	read_whole(h, text, text);
	for (size_t i = 0; i < h->block_count; i++)
		assert_int_equal(h->text.p[h->text_ends[i] - 1], '\n');
	assert_true(h->block_count < 10);
}

static void a_restart_resumes_behind_every_line(void **state)
{
	struct harness *h = *state;
	const struct str text = harness_lines(&h->arena, 40, 30);
	struct str rest = text, line;
	size_t end = 0;
	harness_write(h, "in", STR(""));
	while (str_next(&rest, '\n', &line) && end < text.n) {
		/* The file as it was when it had that many lines. */
		harness_append(h, "in", str_slice(text, end, end + line.n + 1));
		end += line.n + 1;
		harness_start(h, FILE_YAML, harness_path(h, "in"));
		harness_until_ended(h);
		check_str(buf_str(&h->text), str_slice(text, end - line.n - 1, end));
		harness_forget(h);
	}
	assert_int_equal(end, text.n);
}

static void a_cursor_from_the_middle_gives_exactly_the_rest(void **state)
{
	struct harness *h = *state;
	const struct str text = harness_lines(&h->arena, 3000, 1000);
	read_whole(h, text, text);
	assert_true(h->block_count > 2);
	struct str cursors = arena_str(&h->arena, buf_str(&h->cursors)), cursor;
	size_t ends[HARNESS_MAX_BLOCKS];
	memcpy(ends, h->text_ends, sizeof ends);
	for (size_t i = 0; str_next(&cursors, '\n', &cursor) && cursor.n; i++) {
		harness_forget(h);
		h->cursor = cursor;
		harness_start(h, FILE_YAML, harness_path(h, "in"));
		harness_until_ended(h);
		check_str(
			h->text.n ? buf_str(&h->text) : STR(""), str_slice(text, ends[i], text.n));
	}
}

static void a_file_with_other_content_is_read_from_its_start(void **state)
{
	struct harness *h = *state;
	read_whole(h, STR("one\ntwo\n"), STR("one\ntwo\n"));
	harness_forget(h);
	/* The same inode, even longer than before. */
	read_whole(h, STR("ONE\ntwo\nthree\n"), STR("ONE\ntwo\nthree\n"));
}

static void another_file_of_that_name_is_read_from_its_start(void **state)
{
	struct harness *h = *state;
	read_whole(h, STR("one\ntwo\n"), STR("one\ntwo\n"));
	harness_forget(h);
	assert_int_equal(rename(harness_path(h, "in"), harness_path(h, "old")), 0);
	read_whole(h, STR("one\ntwo\nthree\n"), STR("one\ntwo\nthree\n"));
}

static void a_file_cut_short_while_nobody_read_is_read_from_its_start(void **state)
{
	struct harness *h = *state;
	read_whole(h, STR("one\ntwo\n"), STR("one\ntwo\n"));
	harness_forget(h);
	assert_int_equal(truncate(harness_path(h, "in"), 4), 0);
	harness_start(h, FILE_YAML, harness_path(h, "in"));
	harness_until_ended(h);
	check_text(buf_str(&h->text), "one\n");
}

static void a_cursor_that_is_none_starts_at_the_start(void **state)
{
	struct harness *h = *state;
	static const char *const bad[] = { "x", "1:2", "1:2:3",
		"::::", "1:2:99999999999999999999:ab", "-1:0:4:0123456789abcdef0123456789abcdef" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		h->cursor = str_of(bad[i]);
		read_whole(h, STR("one\n"), STR("one\n"));
		harness_forget(h);
	}
}

static struct str one_long_line(struct arena *arena, size_t n)
{
	char *p = arena_alloc(arena, n + 12);
	memcpy(p, "first\n", 6);
	memset(p + 6, 'x', n);
	memcpy(p + 6 + n, "\nlast\n", 6);
	return (struct str){ p, n + 12 };
}

static void a_line_at_the_ceiling_passes(void **state)
{
	struct harness *h = *state;
	const struct str text = one_long_line(&h->arena, SOURCE_MAX_RECORD_BYTES);
	read_whole(h, text, text);
	assert_int_equal(h->rejected_count, 0);
}

static void a_line_one_byte_over_the_ceiling_is_dropped_and_counted(void **state)
{
	struct harness *h = *state;
	const struct str text = one_long_line(&h->arena, SOURCE_MAX_RECORD_BYTES + 1);
	read_whole(h, text, STR("first\nlast\n"));
	assert_int_equal(h->rejected_count, 1);
	/* The cursor is behind it all the same. */
	harness_forget(h);
	harness_start(h, FILE_YAML, harness_path(h, "in"));
	harness_until_ended(h);
	assert_int_equal(h->text.n, 0);
}

static void a_file_that_is_not_there_is_tried_again(void **state)
{
	struct harness *h = *state;
	harness_start(h, FILE_YAML, harness_path(h, "in"));
	harness_until_said(h, "No such file");
	assert_in_range(harness_wait_us(h, 1), 250 * US_PER_MS, 300 * US_PER_MS);
	harness_write(h, "in", STR("one\n"));
	harness_until_text(h, STR("one\n"));
	harness_until_ended(h);
	assert_true(harness_source(h)->reconnect_count >= 1);
}

static void permission_denied_is_tried_again_with_longer_waits(void **state)
{
	struct harness *h = *state;
	const uid_t me = geteuid();
	harness_write(h, "in", STR("one\n"));
	assert_int_equal(chmod(harness_path(h, "in"), 0), 0);
	assert_int_equal(chmod(h->folder, 0755), 0);
	/* Root may read everything. */
	assert_int_equal(seteuid(me == 0 ? 65534 : me), 0);
	harness_start(h, FILE_YAML, harness_path(h, "in"));
	assert_in_range(harness_wait_us(h, 1), 250 * US_PER_MS, 300 * US_PER_MS);
	const int64_t second_us = harness_wait_us(h, 2);
	assert_int_equal(seteuid(me), 0);
	assert_in_range(second_us, 500 * US_PER_MS, 600 * US_PER_MS);
	harness_until_said(h, "Permission denied");
	assert_int_equal(chmod(harness_path(h, "in"), 0600), 0);
	harness_until_ended(h);
	check_text(buf_str(&h->text), "one\n");
}

static void a_folder_is_refused(void **state)
{
	struct harness *h = *state;
	harness_start(h, FILE_YAML, h->folder);
	harness_until_state(h, SOURCE_RETRYING);
	harness_until_said(h, "Is a directory");
}

/* ---- follow ---- */

static void a_followed_file_brings_what_is_added(void **state)
{
	struct harness *h = *state;
	harness_write(h, "in", STR("one\n"));
	harness_start(h, FOLLOW_YAML, harness_path(h, "in"));
	harness_until_text(h, STR("one\n"));
	harness_append(h, "in", STR("two\nthr"));
	harness_until_text(h, STR("one\ntwo\n"));
	harness_append(h, "in", STR("ee\n"));
	harness_until_text(h, STR("one\ntwo\nthree\n"));
	assert_int_equal(h->ended_count, 0);
	assert_int_equal(harness_source(h)->state, SOURCE_LIVE);
}

static void a_followed_file_keeps_its_unfinished_line(void **state)
{
	struct harness *h = *state;
	harness_write(h, "in", STR("one\ntw"));
	harness_start(h, FOLLOW_YAML, harness_path(h, "in"));
	harness_until_text(h, STR("one\n"));
	harness_run_for(h, 50 * US_PER_MS);
	check_text(buf_str(&h->text), "one\n");
	harness_forget(h);
	harness_append(h, "in", STR("o\n"));
	harness_start(h, FOLLOW_YAML, harness_path(h, "in"));
	harness_until_text(h, STR("two\n"));
}

static void a_followed_file_may_appear_later(void **state)
{
	struct harness *h = *state;
	harness_start(h, FOLLOW_YAML, harness_path(h, "in"));
	harness_run_for(h, 20 * US_PER_MS);
	assert_int_equal(harness_source(h)->state, SOURCE_CONNECTING);
	harness_write(h, "in", STR("one\n"));
	harness_until_text(h, STR("one\n"));
	assert_int_equal(harness_source(h)->reconnect_count, 0);
}

static void a_file_that_comes_back_is_resumed(void **state)
{
	struct harness *h = *state;
	harness_write(h, "in", STR("one\n"));
	harness_start(h, FOLLOW_YAML, harness_path(h, "in"));
	harness_until_text(h, STR("one\n"));
	harness_forget(h);
	harness_append(h, "in", STR("two\n"));
	assert_int_equal(rename(harness_path(h, "in"), harness_path(h, "away")), 0);
	harness_start(h, FOLLOW_YAML, harness_path(h, "in"));
	harness_run_for(h, 20 * US_PER_MS);
	assert_int_equal(rename(harness_path(h, "away"), harness_path(h, "in")), 0);
	harness_until_text(h, STR("two\n"));
}

static void rotation_finishes_the_old_file_then_takes_the_new(void **state)
{
	struct harness *h = *state;
	harness_write(h, "in", STR("one\n"));
	harness_start(h, FOLLOW_YAML, harness_path(h, "in"));
	harness_until_text(h, STR("one\n"));
	harness_append(h, "in", STR("two\n"));
	assert_int_equal(rename(harness_path(h, "in"), harness_path(h, "in.1")), 0);
	harness_write(h, "in", STR("three\n"));
	harness_append(h, "in.1", STR("late\n"));
	harness_until_text(h, STR("one\ntwo\nlate\nthree\n"));
	harness_forget(h);
	harness_append(h, "in", STR("four\n"));
	harness_start(h, FOLLOW_YAML, harness_path(h, "in"));
	harness_until_text(h, STR("four\n"));
}

static void a_slow_writer_of_a_rotated_file_is_still_heard(void **state)
{
	struct harness *h = *state;
	harness_write(h, "in", STR("one\n"));
	harness_start(h, FOLLOW_YAML, harness_path(h, "in"));
	harness_until_text(h, STR("one\n"));
	assert_int_equal(rename(harness_path(h, "in"), harness_path(h, "in.1")), 0);
	harness_write(h, "in", STR("three\n"));
	harness_run_for(h, 30 * US_PER_MS);
	harness_append(h, "in.1", STR("two\nunfinished"));
	harness_until_text(h, STR("one\ntwo\nunfinishedthree\n"));
	assert_int_equal(h->block_count, 4);
}

static void a_file_moved_away_is_read_until_another_takes_its_place(void **state)
{
	struct harness *h = *state;
	harness_write(h, "in", STR("one\n"));
	harness_start(h, FOLLOW_YAML, harness_path(h, "in"));
	harness_until_text(h, STR("one\n"));
	assert_int_equal(unlink(harness_path(h, "in")), 0);
	harness_run_for(h, 50 * US_PER_MS);
	assert_int_equal(harness_source(h)->state, SOURCE_LIVE);
	harness_write(h, "in", STR("two\n"));
	harness_until_text(h, STR("one\ntwo\n"));
}

static void a_file_cut_to_nothing_and_refilled_is_read_from_its_start(void **state)
{
	struct harness *h = *state;
	harness_write(h, "in", STR("one\ntwo\n"));
	harness_start(h, FOLLOW_YAML, harness_path(h, "in"));
	harness_until_text(h, STR("one\ntwo\n"));
	harness_write(h, "in", STR("3\n"));
	harness_until_text(h, STR("one\ntwo\n3\n"));
	/* Longer than what was read: the first bytes tell. */
	harness_write(h, "in", STR("four\nfive\nsix\n"));
	harness_until_text(h, STR("one\ntwo\n3\nfour\nfive\nsix\n"));
	harness_append(h, "in", STR("seven\n"));
	harness_until_text(h, STR("one\ntwo\n3\nfour\nfive\nsix\nseven\n"));
}

static void a_link_led_to_another_file_is_followed(void **state)
{
	struct harness *h = *state;
	harness_write(h, "a", STR("one\n"));
	harness_write(h, "b", STR("two\n"));
	assert_int_equal(symlink("a", harness_path(h, "in")), 0);
	assert_int_equal(symlink("b", harness_path(h, "new")), 0);
	harness_start(h, FOLLOW_YAML, harness_path(h, "in"));
	harness_until_text(h, STR("one\n"));
	assert_int_equal(rename(harness_path(h, "new"), harness_path(h, "in")), 0);
	harness_until_text(h, STR("one\ntwo\n"));
}

/* ---- trouble with the store ---- */

static void a_block_that_was_not_stored_comes_again_exactly_once(void **state)
{
	struct harness *h = *state;
	const struct str text = harness_lines(&h->arena, 3000, 1000);
	harness_write(h, "in", text);
	h->deliver_error = -ENOSPC;
	harness_start(h, FOLLOW_YAML, harness_path(h, "in"));
	harness_until_refused(h, 2);
	harness_until_state(h, SOURCE_RETRYING);
	harness_until_said(h, "No space left");
	h->deliver_error = 0;
	harness_until_text(h, text);
}

static void a_file_rotated_while_the_store_is_full_loses_nothing(void **state)
{
	struct harness *h = *state;
	harness_write(h, "in", STR("one\n"));
	harness_start(h, FOLLOW_YAML, harness_path(h, "in"));
	harness_until_text(h, STR("one\n"));
	h->deliver_error = -EIO;
	harness_append(h, "in", STR("two\n"));
	harness_until_state(h, SOURCE_RETRYING);
	harness_append(h, "in", STR("three\n"));
	assert_int_equal(rename(harness_path(h, "in"), harness_path(h, "in.1")), 0);
	harness_write(h, "in", STR("four\n"));
	h->deliver_error = 0;
	harness_until_text(h, STR("one\ntwo\nthree\nfour\n"));
}

/* ---- fairness ---- */

struct beat {
	struct harness *h;
	size_t between; /* beats while the file was being read */
};

static void on_beat(void *ctx, int events)
{
	struct beat *b = ctx;
	(void)events;
	b->between += b->h->block_count > 0 && b->h->ended_count == 0;
}

static int slow_deliver(void *ctx, struct source *s, const struct source_block *block)
{
	struct harness *h = ctx;
	(void)s;
	const int64_t end_us = clock_monotonic_us() + 5 * US_PER_MS;
	while (clock_monotonic_us() < end_us)
		;
	buf_add(&h->text, block->records);
	h->block_count++;
	return 0;
}

static void others_have_their_turn_while_a_long_file_is_read(void **state)
{
	struct harness *h = *state;
	const struct str text = harness_lines(&h->arena, 6000, 1000);
	harness_write(h, "in", text);
	h->host.deliver = slow_deliver;
	/* Somebody who always has something to read. */
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	struct beat beat = { .h = h };
	struct fd_watch *watch = fd_watch_create(h->loop, ends[0], on_beat, &beat);
	fd_watch_start(watch, LOOP_READABLE);
	harness_start(h, FILE_YAML, harness_path(h, "in"));
	harness_until_ended(h);
	fd_watch_destroy(watch);
	close(ends[0]);
	close(ends[1]);
	assert_true(h->block_count >= 10);
	assert_true(beat.between >= h->block_count - 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_read_to_its_end_and_ends),
		TEST(an_empty_file_ends_without_a_block),
		TEST(a_last_line_without_line_end_is_delivered),
		TEST(blank_lines_and_crlf_pass_as_they_are),
		TEST(lines_cut_by_the_ends_of_pieces_come_whole),
		TEST(a_restart_resumes_behind_every_line),
		TEST(a_cursor_from_the_middle_gives_exactly_the_rest),
		TEST(a_file_with_other_content_is_read_from_its_start),
		TEST(another_file_of_that_name_is_read_from_its_start),
		TEST(a_file_cut_short_while_nobody_read_is_read_from_its_start),
		TEST(a_cursor_that_is_none_starts_at_the_start),
		TEST(a_line_at_the_ceiling_passes),
		TEST(a_line_one_byte_over_the_ceiling_is_dropped_and_counted),
		TEST(a_file_that_is_not_there_is_tried_again),
		TEST(permission_denied_is_tried_again_with_longer_waits),
		TEST(a_folder_is_refused),
		TEST(a_followed_file_brings_what_is_added),
		TEST(a_followed_file_keeps_its_unfinished_line),
		TEST(a_followed_file_may_appear_later),
		TEST(a_file_that_comes_back_is_resumed),
		TEST(rotation_finishes_the_old_file_then_takes_the_new),
		TEST(a_slow_writer_of_a_rotated_file_is_still_heard),
		TEST(a_file_moved_away_is_read_until_another_takes_its_place),
		TEST(a_file_cut_to_nothing_and_refilled_is_read_from_its_start),
		TEST(a_link_led_to_another_file_is_followed),
		TEST(a_block_that_was_not_stored_comes_again_exactly_once),
		TEST(a_file_rotated_while_the_store_is_full_loses_nothing),
		TEST(others_have_their_turn_while_a_long_file_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
