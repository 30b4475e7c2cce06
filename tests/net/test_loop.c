#define _GNU_SOURCE

#include "tests/check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/loop.h"
#include "tests/net/server.h"

struct place {
	struct loop *loop;
	struct timer *timer, *other;
	struct signal_watch *signals;
	struct fd_watch *watch;
	int fired, other_fired;
	int64_t at_us;
	int fds[2];
	char got[16];
};

static void count_and_start_again(void *ctx)
{
	struct place *p = ctx;
	p->at_us = loop_now_us(p->loop);
	if (++p->fired < 3)
		timer_start(p->timer, 2 * US_PER_MS);
}

static void a_timer_fires_once_for_each_start_and_never_early(void **state)
{
	(void)state;
	struct place p = { .loop = loop_create() };
	p.timer = timer_create_on(p.loop, count_and_start_again, &p);
	int64_t before_us = clock_monotonic_us();
	assert_false(timer_running(p.timer));
	timer_start(p.timer, 4500);
	assert_true(timer_running(p.timer));
	loop_run(p.loop);
	assert_int_equal(p.fired, 3);
	assert_false(timer_running(p.timer));
	/* libuv's clock is in whole milliseconds. */
	assert_true(clock_monotonic_us() - before_us >= 4500 + 2 * 2000 - 1000);
	timer_destroy(p.timer);
	loop_destroy(p.loop);
}

static void stop_the_other(void *ctx)
{
	struct place *p = ctx;
	p->fired++;
	timer_stop(p->other);
}

static void count_other(void *ctx)
{
	struct place *p = ctx;
	p->other_fired++;
}

static void a_stopped_timer_does_not_fire_and_a_started_one_moves(void **state)
{
	(void)state;
	struct place p = { .loop = loop_create() };
	p.timer = timer_create_on(p.loop, stop_the_other, &p);
	p.other = timer_create_on(p.loop, count_other, &p);
	timer_start(p.other, 1000 * US_PER_S);
	timer_start(p.other, 5 * US_PER_MS);
	timer_start(p.timer, 0);
	loop_run(p.loop);
	assert_int_equal(p.fired, 1);
	assert_int_equal(p.other_fired, 0);
	timer_start(p.other, 1000 * US_PER_S);
	timer_start(p.other, 0);
	loop_run(p.loop);
	assert_int_equal(p.other_fired, 1);
	timer_destroy(p.timer);
	timer_destroy(p.other);
	timer_destroy(NULL);
	loop_destroy(p.loop);
}

static void destroy_both_timers(void *ctx)
{
	struct place *p = ctx;
	p->fired++;
	timer_destroy(p->timer);
	timer_destroy(p->other);
}

static void a_timer_may_destroy_itself_and_others(void **state)
{
	(void)state;
	struct place p = { .loop = loop_create() };
	p.timer = timer_create_on(p.loop, destroy_both_timers, &p);
	p.other = timer_create_on(p.loop, destroy_both_timers, &p);
	timer_start(p.timer, 0);
	timer_start(p.other, 0);
	loop_run(p.loop);
	assert_int_equal(p.fired, 1);
	loop_destroy(p.loop);
}

static void spin(void *ctx)
{
	struct place *p = ctx;
	p->fired++;
	timer_start(p->timer, 0);
}

static void stop_loop(void *ctx)
{
	struct place *p = ctx;
	loop_stop(p->loop);
}

static void a_timer_that_starts_itself_at_once_does_not_starve_the_loop(void **state)
{
	(void)state;
	struct place p = { .loop = loop_create() };
	p.timer = timer_create_on(p.loop, spin, &p);
	p.other = timer_create_on(p.loop, stop_loop, &p);
	timer_start(p.timer, 0);
	timer_start(p.other, 20 * US_PER_MS);
	loop_run(p.loop);
	assert_true(p.fired > 100); /* far more than once a millisecond: a turn does not wait */
	timer_destroy(p.timer);
	timer_destroy(p.other);
	loop_destroy(p.loop);
}

static void got_signal(void *ctx, int number)
{
	struct place *p = ctx;
	assert_int_equal(number, SIGUSR1);
	p->fired++;
	signal_watch_destroy(p->signals);
}

static void raise_signal(void *ctx)
{
	(void)ctx;
	raise(SIGUSR1);
}

static void a_signal_is_told_on_the_loop_and_its_watch_may_go_there(void **state)
{
	(void)state;
	struct place p = { .loop = loop_create() };
	p.signals = signal_watch_create(p.loop, SIGUSR1, got_signal, &p);
	p.timer = timer_create_on(p.loop, raise_signal, &p);
	timer_start(p.timer, 0);
	loop_run(p.loop);
	assert_int_equal(p.fired, 1);
	timer_destroy(p.timer);
	signal_watch_destroy(NULL);
	loop_destroy(p.loop);
}

static void read_and_go(void *ctx, int events)
{
	struct place *p = ctx;
	assert_int_equal(events, LOOP_READABLE);
	p->fired++;
	ssize_t n = read(p->fds[0], p->got, sizeof p->got - 1);
	if (n > 0)
		return;
	fd_watch_destroy(p->watch);
	close(p->fds[0]);
}

static void write_and_close(void *ctx)
{
	struct place *p = ctx;
	assert_int_equal(write(p->fds[1], "hello", 5), 5);
	close(p->fds[1]);
}

static void a_descriptor_is_told_when_it_can_be_read_and_at_its_end(void **state)
{
	(void)state;
	struct place p = { .loop = loop_create() };
	assert_int_equal(pipe2(p.fds, O_CLOEXEC), 0);
	p.watch = fd_watch_create(p.loop, p.fds[0], read_and_go, &p);
	assert_true(fcntl(p.fds[0], F_GETFL) & O_NONBLOCK);
	fd_watch_start(p.watch, LOOP_READABLE);
	p.timer = timer_create_on(p.loop, write_and_close, &p);
	timer_start(p.timer, 0);
	loop_run(p.loop);
	assert_string_equal(p.got, "hello");
	assert_int_equal(p.fired, 2);
	timer_destroy(p.timer);
	fd_watch_destroy(NULL);
	loop_destroy(p.loop);
}

static void write_once(void *ctx, int events)
{
	struct place *p = ctx;
	assert_int_equal(events, LOOP_WRITABLE);
	p->fired++;
	fd_watch_start(p->watch, 0);
}

static void a_watch_that_is_stopped_is_nothing_to_wait_for(void **state)
{
	(void)state;
	struct place p = { .loop = loop_create() };
	assert_int_equal(pipe2(p.fds, O_CLOEXEC), 0);
	p.watch = fd_watch_create(p.loop, p.fds[1], write_once, &p);
	fd_watch_start(p.watch, LOOP_WRITABLE);
	loop_run(p.loop);
	assert_int_equal(p.fired, 1);
	fd_watch_destroy(p.watch);
	close(p.fds[0]);
	close(p.fds[1]);
	loop_destroy(p.loop);
}

static void a_regular_file_cannot_be_watched_as_a_descriptor(void **state)
{
	(void)state;
	struct place p = { .loop = loop_create() };
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_null(fd_watch_create(p.loop, fd, write_once, &p));
	close(fd);
	loop_destroy(p.loop);
}

static void a_peer_that_is_gone_is_an_error_and_not_the_end(void **state)
{
	(void)state;
	struct place p = { .loop = loop_create() };
	assert_int_equal(pipe2(p.fds, O_CLOEXEC), 0);
	close(p.fds[0]);
	assert_int_equal(write(p.fds[1], "x", 1), -1);
	close(p.fds[1]);
	loop_destroy(p.loop);
}

static void work_elsewhere(void *ctx)
{
	struct place *p = ctx;
	p->fired++;
}

static void work_done(void *ctx)
{
	struct place *p = ctx;
	assert_int_equal(p->fired, 1);
	p->other_fired++;
}

static void work_is_done_elsewhere_and_comes_home(void **state)
{
	(void)state;
	struct place p = { .loop = loop_create() };
	loop_work(p.loop, work_elsewhere, work_done, &p);
	assert_int_equal(p.other_fired, 0);
	loop_run(p.loop);
	assert_int_equal(p.other_fired, 1);
	loop_destroy(p.loop);
}

enum { POOL_THREADS = 4 };

/* Work that lasts until somebody writes to `go`. */
struct lasting {
	int begun[2], go[2];
	atomic_int ended;
	int home, never_begun;
};

static void begin_and_wait(void *ctx)
{
	struct lasting *l = ctx;
	char byte = 'x';
	assert_int_equal(write(l->begun[1], &byte, 1), 1);
	assert_int_equal(read(l->go[0], &byte, 1), 1);
	l->ended++;
}

static void came_home(void *ctx)
{
	struct lasting *l = ctx;
	l->home++;
}

static void must_not_begin(void *ctx)
{
	(void)ctx;
	fail_msg("it was begun after all");
}

/* Lets the others end: so it came home while they were under way. */
static void came_home_first(void *ctx)
{
	struct lasting *l = ctx;
	assert_int_equal(l->ended, 0);
	l->never_begun++;
	assert_int_equal(write(l->go[1], "xxxx", POOL_THREADS), POOL_THREADS);
}

static void at_the_end_work_under_way_is_waited_for_and_other_work_never_begun(void **state)
{
	(void)state;
	struct loop *loop = loop_create();
	struct lasting l = { .ended = 0 };
	char bytes[POOL_THREADS];
	assert_int_equal(pipe2(l.begun, O_CLOEXEC), 0);
	assert_int_equal(pipe2(l.go, O_CLOEXEC), 0);
	for (int i = 0; i < POOL_THREADS; i++)
		loop_work(loop, begin_and_wait, came_home, &l);
	for (int i = 0; i < POOL_THREADS; i++)
		assert_int_equal(read(l.begun[0], bytes, 1), 1);
	loop_work(loop, must_not_begin, came_home_first, &l);
	loop_destroy(loop);
	assert_int_equal(l.ended, POOL_THREADS);
	assert_int_equal(l.home, POOL_THREADS);
	assert_int_equal(l.never_begun, 1);
	for (int i = 0; i < 2; i++) {
		close(l.begun[i]);
		close(l.go[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timer_fires_once_for_each_start_and_never_early),
		cmocka_unit_test(a_stopped_timer_does_not_fire_and_a_started_one_moves),
		cmocka_unit_test(a_timer_may_destroy_itself_and_others),
		cmocka_unit_test(a_timer_that_starts_itself_at_once_does_not_starve_the_loop),
		cmocka_unit_test(a_signal_is_told_on_the_loop_and_its_watch_may_go_there),
		cmocka_unit_test(a_descriptor_is_told_when_it_can_be_read_and_at_its_end),
		cmocka_unit_test(a_watch_that_is_stopped_is_nothing_to_wait_for),
		cmocka_unit_test(a_regular_file_cannot_be_watched_as_a_descriptor),
		cmocka_unit_test(a_peer_that_is_gone_is_an_error_and_not_the_end),
		cmocka_unit_test(work_is_done_elsewhere_and_comes_home),
		cmocka_unit_test(
			at_the_end_work_under_way_is_waited_for_and_other_work_never_begun),
	};
	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
