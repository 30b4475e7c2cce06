#include "tests/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/loop.h"
#include "tests/net/server.h"

struct place {
	struct loop *loop;
	struct path_watch *watch;
	struct timer *act, *give_up;
	char folder[64], path[128], other[128];
	void (*action)(struct place *p);
	int changes, wanted;
	int64_t quiet_us; /* after the change */
};

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void changed(void *ctx)
{
	struct place *p = ctx;
	p->changes++;
	if (p->changes == p->wanted)
		timer_start(p->give_up, p->quiet_us);
}

static void act(void *ctx)
{
	struct place *p = ctx;
	p->action(p);
}

static void stop(void *ctx)
{
	struct place *p = ctx;
	loop_stop(p->loop);
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	folder_make(p->folder, sizeof p->folder);
	snprintf(p->path, sizeof p->path, "%s/file", p->folder);
	snprintf(p->other, sizeof p->other, "%s/other", p->folder);
	p->loop = loop_create();
	p->act = timer_create_on(p->loop, act, p);
	p->give_up = timer_create_on(p->loop, stop, p);
	p->quiet_us = 50 * US_PER_MS;
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	timer_destroy(p->act);
	timer_destroy(p->give_up);
	path_watch_destroy(p->watch);
	loop_destroy(p->loop);
	folder_remove(p->folder);
	free(p);
	return 0;
}

/* Runs the action and waits for `wanted` changes; how many came is in p->changes. */
static void watch_and_act(struct place *p, void (*action)(struct place *p), int wanted)
{
	p->action = action;
	p->wanted = wanted;
	p->changes = 0;
	if (!p->watch)
		p->watch = path_watch_create(p->loop, p->path, changed, p);
	timer_start(p->act, 0);
	timer_start(p->give_up, 5 * US_PER_S);
	loop_run(p->loop);
}

static void append(struct place *p)
{
	put(p->path, "more");
	put(p->path, "and more");
	put(p->path, "and yet more");
}

static void several_writes_in_a_row_are_one_change(void **state)
{
	struct place *p = *state;
	put(p->path, "text");
	watch_and_act(p, append, 1);
	assert_int_equal(p->changes, 1);
	watch_and_act(p, append, 1);
	assert_int_equal(p->changes, 1);
}

static void replace(struct place *p)
{
	put(p->other, "new");
	assert_int_equal(rename(p->other, p->path), 0);
}

static void a_file_put_in_its_place_is_a_change_and_is_watched_from_then_on(void **state)
{
	struct place *p = *state;
	put(p->path, "text");
	watch_and_act(p, replace, 1);
	assert_true(p->changes >= 1);
	watch_and_act(p, append, 1);
	assert_true(p->changes >= 1);
	watch_and_act(p, replace, 1);
	assert_true(p->changes >= 1);
}

static void make(struct place *p)
{
	put(p->path, "first");
}

static void delete (struct place *p)
{
	assert_int_equal(unlink(p->path), 0);
}

static void a_file_that_comes_and_goes_is_told(void **state)
{
	struct place *p = *state;
	watch_and_act(p, make, 1);
	assert_true(p->changes >= 1);
	watch_and_act(p, delete, 1);
	assert_true(p->changes >= 1);
	watch_and_act(p, make, 1);
	assert_true(p->changes >= 1);
}

static void touch_the_neighbour(struct place *p)
{
	put(p->other, "other");
	timer_start(p->give_up, 100 * US_PER_MS);
}

static void a_neighbour_is_none_of_its_business(void **state)
{
	struct place *p = *state;
	put(p->path, "text");
	watch_and_act(p, touch_the_neighbour, 1);
	assert_int_equal(p->changes, 0);
}

static void make_the_folder_and_the_file(struct place *p)
{
	assert_int_equal(mkdir(p->folder, 0700), 0);
	put(p->path, "first");
}

static void a_folder_that_comes_later_is_found_by_looking(void **state)
{
	struct place *p = *state;
	assert_int_equal(rmdir(p->folder), 0);
	watch_and_act(p, make_the_folder_and_the_file, 1);
	assert_true(p->changes >= 1);
	watch_and_act(p, replace, 1);
	assert_true(p->changes >= 1);
}

static void append_to_the_target(struct place *p)
{
	put(p->other, "more");
}

static void a_symbolic_links_target_is_watched(void **state)
{
	struct place *p = *state;
	char folder[64], target[128];
	folder_make(folder, sizeof folder);
	snprintf(target, sizeof target, "%s/target", folder);
	snprintf(p->other, sizeof p->other, "%s", target);
	put(target, "text");
	assert_int_equal(symlink(target, p->path), 0);
	int64_t start_us = clock_monotonic_us();
	watch_and_act(p, append_to_the_target, 1);
	assert_true(p->changes >= 1);
	/* By inotify: the look comes after a second. */
	assert_true(clock_monotonic_us() - start_us < 900 * US_PER_MS);
	folder_remove(folder);
}

static void destroy_itself(void *ctx)
{
	struct place *p = ctx;
	path_watch_destroy(p->watch);
	p->watch = NULL;
	loop_stop(p->loop);
}

static void a_watch_may_destroy_itself(void **state)
{
	struct place *p = *state;
	put(p->path, "text");
	p->watch = path_watch_create(p->loop, p->path, destroy_itself, p);
	watch_and_act(p, append, 1);
	assert_null(p->watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			several_writes_in_a_row_are_one_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_file_put_in_its_place_is_a_change_and_is_watched_from_then_on, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_file_that_comes_and_goes_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_neighbour_is_none_of_its_business, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_folder_that_comes_later_is_found_by_looking, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_symbolic_links_target_is_watched, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_watch_may_destroy_itself, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
