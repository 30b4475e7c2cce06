#define _GNU_SOURCE
#include "tests/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/parts.h"

struct fixture {
	char folder[64], path[128];
	struct store *store;
	struct parts parts;
};

static void open_store(struct fixture *f)
{
	struct buf message;
	buf_init(&message, 0);
	f->store = store_open(f->path, STORE_OWN, &message);
	if (!f->store)
		fail_msg("%s", message.p);
	buf_finish(&message);
}

static int setup(void **state)
{
	static struct fixture f;
	f = (struct fixture){ .folder = "/tmp/vigie-parts-XXXXXX" };
	assert_non_null(mkdtemp(f.folder));
	(void)snprintf(f.path, sizeof f.path, "%s/v.db", f.folder);
	open_store(&f);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
	struct fixture *f = *state;
	parts_finish(&f->parts);
	store_close(f->store);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		char path[160];
		(void)snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(f->folder), 0);
	return 0;
}

static void check_cursor(
	struct fixture *f, const char *source, const char *part, const char *wanted)
{
	struct buf out;
	buf_init(&out, 1000);
	assert_int_equal(parts_read(&f->parts, f->store, str_of(source), str_of(part), &out), 0);
	check_str(out.n ? buf_str(&out) : STR(""), str_of(wanted));
	buf_finish(&out);
}

static void write_all(struct fixture *f, const char *source)
{
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(parts_write(&f->parts, f->store, str_of(source)), 0);
	assert_int_equal(store_commit(f->store), 0);
	parts_clear(&f->parts);
}

static void the_latest_cursor_of_a_part_counts_on_disk_or_not(void **state)
{
	struct fixture *f = *state;
	check_cursor(f, "s", "a", "");
	parts_set(&f->parts, STR("a"), STR("1"));
	parts_set(&f->parts, STR("b"), STR("x"));
	parts_set(&f->parts, STR("a"), STR("2"));
	assert_int_equal(f->parts.count, 2);
	check_cursor(f, "s", "a", "2");
	write_all(f, "s");
	assert_int_equal(f->parts.count, 0);
	check_cursor(f, "s", "a", "2");
	check_cursor(f, "s", "b", "x");
	check_cursor(f, "other", "a", "");
	parts_set(&f->parts, STR("a"), STR("3"));
	check_cursor(f, "s", "a", "3");
	store_close(f->store);
	parts_clear(&f->parts);
	open_store(f);
	check_cursor(f, "s", "a", "2");
}

static void what_is_on_disk_elsewhere_is_forgotten(void **state)
{
	struct fixture *f = *state;
	char part[16];
	for (int i = 0; i < 100; i++) {
		(void)snprintf(part, sizeof part, "p%d", i);
		parts_set(&f->parts, str_of(part), STR("old"));
	}
	assert_int_equal(store_begin(f->store), 0);
	assert_int_equal(parts_write_one(f->store, STR("s"), STR("p7"), STR("new")), 0);
	assert_int_equal(store_commit(f->store), 0);
	parts_forget(&f->parts, STR("p7"));
	parts_forget(&f->parts, STR("nobody"));
	parts_forget(&f->parts, STR_NONE);
	assert_int_equal(f->parts.count, 99);
	write_all(f, "s");
	check_cursor(f, "s", "p7", "new");
	check_cursor(f, "s", "p99", "old");
}

static void a_cursor_that_is_too_large_is_left_out(void **state)
{
	struct fixture *f = *state;
	struct buf large;
	buf_init(&large, 0);
	while (large.n <= STORE_MAX_CURSOR_BYTES)
		buf_add(&large, STR("a cursor without end "));
	parts_set(&f->parts, STR("a"), buf_str(&large));
	parts_set(&f->parts, STR("b"), STR("1"));
	buf_finish(&large);
	write_all(f, "s");
	check_cursor(f, "s", "a", "");
	check_cursor(f, "s", "b", "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_latest_cursor_of_a_part_counts_on_disk_or_not, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_is_on_disk_elsewhere_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_cursor_that_is_too_large_is_left_out, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
