#define _GNU_SOURCE

#include "tests/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/loop.h"

struct place {
	struct loop *loop;
	struct worker *worker;
	char order[32];
	size_t done_count;
	int destroy_at;
};

struct task {
	struct place *place;
	char name;
	int gate[2]; /* the job is under way until the write end closes */
	int news[2]; /* the job says that it has begun, and who dropped it */
};

static void nothing(void *ctx)
{
	(void)ctx;
}

static void note(void *ctx)
{
	struct task *t = ctx;
	struct place *p = t->place;
	p->order[p->done_count++] = t->name;
	if ((int)p->done_count == p->destroy_at)
		worker_destroy(p->worker);
}

static void jobs_are_worked_off_and_come_home_in_order(void **state)
{
	(void)state;
	struct place p = { .loop = loop_create() };
	struct task tasks[20];
	p.worker = worker_create(p.loop, "a name longer than fifteen");
	for (int i = 0; i < 20; i++) {
		tasks[i] = (struct task){ .place = &p, .name = (char)('a' + i) };
		worker_post(p.worker, nothing, note, &tasks[i]);
	}
	loop_run(p.loop); /* ends, since an idle worker is nothing to wait for */
	assert_string_equal(p.order, "abcdefghijklmnopqrst");
	worker_destroy(p.worker);
	loop_destroy(p.loop);
}

static void an_idle_worker_goes_without_a_word(void **state)
{
	(void)state;
	struct loop *loop = loop_create();
	worker_destroy(worker_create(loop, "idle"));
	worker_destroy(NULL);
	loop_destroy(loop);
}

static void a_worker_may_be_destroyed_when_a_job_comes_home(void **state)
{
	(void)state;
	struct place p = { .loop = loop_create(), .destroy_at = 2 };
	struct task tasks[3];
	p.worker = worker_create(p.loop, "test");
	for (int i = 0; i < 2; i++) {
		tasks[i] = (struct task){ .place = &p, .name = (char)('a' + i) };
		worker_post(p.worker, nothing, note, &tasks[i]);
	}
	loop_run(p.loop);
	assert_string_equal(p.order, "ab");
	loop_destroy(p.loop);
}

static struct task *hanging_task(struct place *p)
{
	struct task *t = calloc(1, sizeof *t);
	t->place = p;
	assert_int_equal(pipe2(t->gate, O_CLOEXEC), 0);
	assert_int_equal(pipe2(t->news, O_CLOEXEC), 0);
	return t;
}

static void hang(void *ctx)
{
	struct task *t = ctx;
	char c = 'b';
	assert_int_equal(write(t->news[1], &c, 1), 1);
	while (read(t->gate[0], &c, 1) > 0)
		;
}

static void drop(void *ctx)
{
	struct task *t = ctx;
	char c = 'd';
	close(t->gate[0]);
	assert_int_equal(write(t->news[1], &c, 1), 1);
	close(t->news[1]);
	free(t);
}

static char news_of(int fd)
{
	char c = 0;
	assert_int_equal(read(fd, &c, 1), 1);
	return c;
}

static void a_job_that_hangs_is_left_behind_and_dropped_when_it_comes_back(void **state)
{
	(void)state;
	struct place p = { .loop = loop_create() };
	p.worker = worker_create(p.loop, "test");
	worker_when_dropped(p.worker, drop);
	struct task *running = hanging_task(&p), *waiting = hanging_task(&p);
	int gate = running->gate[1], other_gate = waiting->gate[1];
	int news = running->news[0], other_news = waiting->news[0];
	worker_post(p.worker, hang, note, running);
	worker_post(p.worker, hang, note, waiting);
	assert_int_equal(news_of(news), 'b');
	int64_t start_us = clock_monotonic_us();
	worker_destroy(p.worker);
	/* What was not begun is dropped here and now. */
	assert_int_equal(news_of(other_news), 'd');
	loop_run(p.loop);
	loop_destroy(p.loop);
	assert_true(clock_monotonic_us() - start_us < 5 * US_PER_S);
	/* What was under way is dropped by its own thread, long after the loop. */
	close(gate);
	assert_int_equal(news_of(news), 'd');
	assert_int_equal(p.done_count, 0);
	close(other_gate);
	close(news);
	close(other_news);
}

static void a_job_that_never_comes_back_is_no_leak(void **state)
{
	(void)state;
	struct place p = { .loop = loop_create() };
	p.worker = worker_create(p.loop, "test");
	struct task *t = hanging_task(&p);
	worker_post(p.worker, hang, note, t);
	assert_int_equal(news_of(t->news[0]), 'b');
	worker_destroy(p.worker);
	loop_destroy(p.loop);
	/* It hangs still when the process ends, where LeakSanitizer looks. */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_are_worked_off_and_come_home_in_order),
		cmocka_unit_test(an_idle_worker_goes_without_a_word),
		cmocka_unit_test(a_worker_may_be_destroyed_when_a_job_comes_home),
		cmocka_unit_test(a_job_that_hangs_is_left_behind_and_dropped_when_it_comes_back),
		cmocka_unit_test(a_job_that_never_comes_back_is_no_leak),
	};
	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
