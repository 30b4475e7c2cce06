#include "net/loop.h"

#include <assert.h>
#include <signal.h>

#include <uv.h>

#include "base/mem.h"
#include "net/internal.h"

struct loop {
	uv_loop_t uv;
	int killed_children;
	struct job *jobs; /* of loop_work that have not come home */
};

/* A delay is a timer's, the next turn an idle handle's: it makes the loop look at what is ready
 * without waiting, whereas libuv runs a timer of 0 that starts itself again and again within one
 * turn. */
struct timer {
	uv_timer_t delay;
	uv_idle_t soon;
	int open_handles;
	void (*fired)(void *ctx);
	void *ctx;
};

struct job {
	uv_work_t uv;
	struct job *before, *next; /* loop::jobs */
	struct loop *loop;
	void (*work)(void *ctx);
	void (*done)(void *ctx);
	void *ctx;
};

struct loop *loop_create(void)
{
	/* A peer that closes early is an EPIPE for whoever writes, never the end of the process. */
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	int error = sigaction(SIGPIPE, &ignore, NULL);
	struct loop *loop = mem_zero(1, sizeof *loop);
	error = error ? error : uv_loop_init(&loop->uv);
	assert(error == 0);
	(void)error;
	return loop;
}

void loop_destroy(struct loop *loop)
{
	if (!loop)
		return;
	for (struct job *job = loop->jobs; job; job = job->next)
		(void)uv_cancel((uv_req_t *)&job->uv); /* or it is under way, and waited for */
	while (loop->killed_children > 0 || loop->jobs)
		uv_run(&loop->uv, UV_RUN_ONCE);
	/* What was destroyed is freed in the loop's next turn; its end may close more. */
	int error = uv_loop_close(&loop->uv);
	for (int turn = 0; error == UV_EBUSY && turn < 8; turn++) {
		uv_run(&loop->uv, UV_RUN_NOWAIT);
		error = uv_loop_close(&loop->uv);
	}
	assert(error == 0); /* else something on it was not destroyed first */
	mem_free(loop);
}

void loop_run(struct loop *loop)
{
	uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
	uv_stop(&loop->uv);
}

int64_t loop_now_us(struct loop *loop)
{
	return (int64_t)uv_now(&loop->uv) * 1000;
}

struct uv_loop_s *loop_uv(struct loop *loop)
{
	return &loop->uv;
}

void loop_killed_child(struct loop *loop, int change)
{
	loop->killed_children += change;
	assert(loop->killed_children >= 0);
}

struct timer *timer_create_on(struct loop *loop, void (*fired)(void *ctx), void *ctx)
{
	struct timer *t = mem_zero(1, sizeof *t);
	t->fired = fired;
	t->ctx = ctx;
	uv_timer_init(&loop->uv, &t->delay);
	uv_idle_init(&loop->uv, &t->soon);
	t->delay.data = t->soon.data = t;
	t->open_handles = 2;
	return t;
}

static void delay_over(uv_timer_t *uv)
{
	struct timer *t = uv->data;
	t->fired(t->ctx);
}

static void turn_came(uv_idle_t *uv)
{
	struct timer *t = uv->data;
	uv_idle_stop(uv);
	t->fired(t->ctx);
}

void timer_start(struct timer *t, int64_t delay_us)
{
	timer_stop(t);
	if (delay_us <= 0) {
		uv_idle_start(&t->soon, turn_came);
		return;
	}
	/* Counted from now, not from the start of a turn that may have been long. */
	uv_update_time(t->delay.loop);
	uv_timer_start(&t->delay, delay_over, ((uint64_t)delay_us + 999) / 1000, 0);
}

void timer_stop(struct timer *t)
{
	uv_timer_stop(&t->delay);
	uv_idle_stop(&t->soon);
}

bool timer_running(const struct timer *t)
{
	return uv_is_active((const uv_handle_t *)&t->delay) ||
		uv_is_active((const uv_handle_t *)&t->soon);
}

static void timer_closed(uv_handle_t *uv)
{
	struct timer *t = uv->data;
	if (--t->open_handles == 0)
		mem_free(t);
}

void timer_destroy(struct timer *t)
{
	if (!t)
		return;
	uv_close((uv_handle_t *)&t->delay, timer_closed);
	uv_close((uv_handle_t *)&t->soon, timer_closed);
}

static void job_work(uv_work_t *uv)
{
	struct job *job = (struct job *)uv;
	job->work(job->ctx);
}

static void job_done(uv_work_t *uv, int status)
{
	(void)status; /* whether it was begun is not told */
	struct job *job = (struct job *)uv;
	void (*done)(void *ctx) = job->done;
	void *ctx = job->ctx;
	*(job->before ? &job->before->next : &job->loop->jobs) = job->next;
	if (job->next)
		job->next->before = job->before;
	mem_free(job);
	done(ctx);
}

void loop_work(struct loop *loop, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx)
{
	struct job *job = mem_zero(1, sizeof *job);
	job->work = work;
	job->done = done;
	job->ctx = ctx;
	job->loop = loop;
	job->next = loop->jobs;
	if (job->next)
		job->next->before = job;
	loop->jobs = job;
	uv_queue_work(&loop->uv, &job->uv, job_work, job_done);
}
