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
#define STDIN_YAML "sources: { f: { type: file, path: '-' } }\n"

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

static void a_fifo_ends_when_its_writers_go(void **state)
{
	struct harness *h = *state;
	assert_int_equal(mkfifo(harness_path(h, "in"), 0600), 0);
	harness_start(h, FILE_YAML, harness_path(h, "in"));
	harness_run_for(h, 20 * US_PER_MS);
	assert_int_equal(h->ended_count, 0); /* nobody has written yet */
	const int fd = open(harness_path(h, "in"), O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, "one\ntw", 6), 6);
	harness_until_text(h, STR("one\n"));
	assert_int_equal(write(fd, "o\nthree", 7), 7);
	close(fd);
	harness_until_ended(h);
	check_text(buf_str(&h->text), "one\ntwo\nthree");
	check_text(buf_str(&h->cursors), "-\n-\n-\n");
}

static void a_followed_fifo_outlives_its_writers(void **state)
{
	struct harness *h = *state;
	assert_int_equal(mkfifo(harness_path(h, "in"), 0600), 0);
	harness_start(h, FOLLOW_YAML, harness_path(h, "in"));
	for (int i = 0; i < 3; i++) {
		const int fd = open(harness_path(h, "in"), O_WRONLY | O_CLOEXEC);
		assert_int_equal(write(fd, "line\n", 5), 5);
		close(fd);
		harness_until_text(h, str_slice(STR("line\nline\nline\n"), 0, 5 * (size_t)(i + 1)));
	}
	assert_int_equal(h->ended_count, 0);
}

/* Puts fd in the place of standard input; returns what was there. */
static int swap_stdin(int fd)
{
	const int old = dup(STDIN_FILENO);
	assert_true(dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	close(fd);
	return old;
}

static void restore_stdin(int old)
{
	assert_true(dup2(old, STDIN_FILENO) == STDIN_FILENO);
	close(old);
}

static void standard_input_as_a_pipe_is_read_to_its_end(void **state)
{
	struct harness *h = *state;
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	const int old = swap_stdin(ends[0]);
	assert_int_equal(write(ends[1], "one\ntwo", 7), 7);
	close(ends[1]);
	harness_start(h, STDIN_YAML);
	harness_until_ended(h);
	check_text(buf_str(&h->text), "one\ntwo");
	sources_stop(h->all);
	/* Left as it was found: not non-blocking. */
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK, 0);
	restore_stdin(old);
}

static void standard_input_as_a_file_is_read_from_where_it_stands(void **state)
{
	struct harness *h = *state;
	harness_write(h, "in", STR("one\ntwo\nthree\n"));
	const int fd = open(harness_path(h, "in"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(lseek(fd, 4, SEEK_SET), 4);
	const int old = swap_stdin(fd);
	harness_start(h, STDIN_YAML);
	harness_until_ended(h);
	check_text(buf_str(&h->text), "two\nthree\n");
	check_text(buf_str(&h->cursors), "-\n");
	restore_stdin(old);
}

static void standard_input_from_dev_null_ends(void **state)
{
	struct harness *h = *state;
	const int old = swap_stdin(open("/dev/null", O_RDONLY | O_CLOEXEC));
	harness_start(h, STDIN_YAML);
	harness_until_ended(h);
	assert_int_equal(h->block_count, 0);
	restore_stdin(old);
}

static void a_pipe_loses_nothing_while_the_store_is_full(void **state)
{
	struct harness *h = *state;
	assert_int_equal(mkfifo(harness_path(h, "in"), 0600), 0);
	harness_start(h, FILE_YAML, harness_path(h, "in"));
	const int fd = open(harness_path(h, "in"), O_WRONLY | O_CLOEXEC);
	h->deliver_error = -ENOSPC;
	assert_int_equal(write(fd, "one\ntw", 6), 6);
	harness_until_state(h, SOURCE_RETRYING);
	assert_int_equal(write(fd, "o\nthree\n", 8), 8);
	close(fd);
	h->deliver_error = 0;
	harness_until_ended(h);
	check_text(buf_str(&h->text), "one\ntwo\nthree\n");
}

static void a_file_as_standard_input_comes_exactly_once_after_trouble(void **state)
{
	struct harness *h = *state;
	const struct str text = harness_lines(&h->arena, 3000, 1000);
	harness_write(h, "in", text);
	const int old = swap_stdin(open(harness_path(h, "in"), O_RDONLY | O_CLOEXEC));
	h->deliver_error = -ENOSPC;
	harness_start(h, STDIN_YAML);
	harness_until_state(h, SOURCE_RETRYING);
	h->deliver_error = 0;
	harness_until_ended(h);
	check_str(buf_str(&h->text), text);
	restore_stdin(old);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fifo_ends_when_its_writers_go),
		TEST(a_followed_fifo_outlives_its_writers),
		TEST(standard_input_as_a_pipe_is_read_to_its_end),
		TEST(standard_input_as_a_file_is_read_from_where_it_stands),
		TEST(standard_input_from_dev_null_ends),
		TEST(a_pipe_loses_nothing_while_the_store_is_full),
		TEST(a_file_as_standard_input_comes_exactly_once_after_trouble),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
