/* The one file with a mutex. The mailbox is shared by the loop's thread and the worker's and freed
 * by whichever leaves last. A job is in one of three places: waiting (the loop's to give), running
 * (the thread's alone), finished (the loop's again). */
#include "net/loop.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>

#include <uv.h>

#include "base/mem.h"
#include "net/internal.h"

enum { NAME_BYTES = 16 };

struct worker_job {
	struct worker_job *next; /* job_list */
	void (*work)(void *ctx);
	void (*done)(void *ctx);
	void *ctx;
};

struct job_list {
	struct worker_job *first, *last;
};

struct mailbox {
	uv_mutex_t mutex; /* guards all below */
	uv_cond_t arrived;
	struct job_list waiting, finished;
	bool running; /* a job is under way */
	bool closed; /* the loop's side has left */
	uv_async_t *home; /* the loop's; not to be touched when closed */
	void (*dropped)(void *ctx);
	char name[NAME_BYTES];
};

struct worker {
	uv_async_t home;
	uv_thread_t thread;
	struct mailbox *mailbox; /* NULL when destroyed */
	size_t away_count; /* jobs posted that are not home */
};

static void job_list_add(struct job_list *list, struct worker_job *job)
{
	job->next = NULL;
	if (list->last)
		list->last->next = job;
	else
		list->first = job;
	list->last = job;
}

static struct worker_job *job_list_take(struct job_list *list)
{
	struct worker_job *job = list->first;
	if (job) {
		list->first = job->next;
		if (!list->first)
			list->last = NULL;
	}
	return job;
}

static void drop_jobs(struct job_list *list, void (*dropped)(void *ctx))
{
	struct worker_job *job;
	while ((job = job_list_take(list))) {
		if (dropped)
			dropped(job->ctx);
		mem_free(job);
	}
}

static void mailbox_destroy(struct mailbox *m)
{
	uv_cond_destroy(&m->arrived);
	uv_mutex_destroy(&m->mutex);
	mem_free(m);
}

static void thread_main(void *ctx)
{
	struct mailbox *m = ctx;
	(void)prctl(PR_SET_NAME, m->name, 0, 0, 0); /* only a help for whoever looks */
	uv_mutex_lock(&m->mutex);
	for (;;) {
		while (!m->closed && !m->waiting.first)
			uv_cond_wait(&m->arrived, &m->mutex);
		if (m->closed)
			break;
		struct worker_job *job = job_list_take(&m->waiting);
		m->running = true;
		uv_mutex_unlock(&m->mutex);
		job->work(job->ctx);
		uv_mutex_lock(&m->mutex);
		m->running = false;
		job_list_add(&m->finished, job);
		if (!m->closed)
			uv_async_send(m->home);
	}
	void (*dropped)(void *ctx) = m->dropped;
	uv_mutex_unlock(&m->mutex);
	/* Nobody else knows the mailbox any more. */
	drop_jobs(&m->finished, dropped);
	drop_jobs(&m->waiting, dropped);
	mailbox_destroy(m);
}

/* The next job that came home, or NULL. */
static struct worker_job *come_home(struct worker *w)
{
	if (!w->mailbox)
		return NULL;
	uv_mutex_lock(&w->mailbox->mutex);
	struct worker_job *job = job_list_take(&w->mailbox->finished);
	uv_mutex_unlock(&w->mailbox->mutex);
	return job;
}

static void done_jobs(uv_async_t *home)
{
	struct worker *w = (struct worker *)home;
	struct worker_job *job;
	while ((job = come_home(w))) {
		void (*done)(void *ctx) = job->done;
		void *ctx = job->ctx;
		mem_free(job);
		if (--w->away_count == 0)
			uv_unref((uv_handle_t *)&w->home);
		done(ctx); /* may destroy w, which lives until the loop's next turn */
	}
}

struct worker *worker_create(struct loop *loop, const char *name)
{
	struct worker *w = mem_zero(1, sizeof *w);
	struct mailbox *m = mem_zero(1, sizeof *m);
	int error = uv_async_init(loop_uv(loop), &w->home, done_jobs);
	error = error ? error : uv_mutex_init(&m->mutex);
	error = error ? error : uv_cond_init(&m->arrived);
	assert(error == 0);
	uv_unref((uv_handle_t *)&w->home); /* an idle worker is nothing to wait for */
	m->home = &w->home;
	for (size_t i = 0; i < NAME_BYTES - 1 && name[i]; i++)
		m->name[i] = name[i];
	w->mailbox = m;
	/* Signals are the loop's. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = uv_thread_create(&w->thread, thread_main, m);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	assert(error == 0);
	return w;
}

void worker_when_dropped(struct worker *w, void (*dropped)(void *ctx))
{
	uv_mutex_lock(&w->mailbox->mutex);
	w->mailbox->dropped = dropped;
	uv_mutex_unlock(&w->mailbox->mutex);
}

void worker_post(struct worker *w, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx)
{
	struct worker_job *job = mem_zero(1, sizeof *job);
	job->work = work;
	job->done = done;
	job->ctx = ctx;
	if (w->away_count++ == 0)
		uv_ref((uv_handle_t *)&w->home);
	uv_mutex_lock(&w->mailbox->mutex);
	job_list_add(&w->mailbox->waiting, job);
	uv_cond_signal(&w->mailbox->arrived);
	uv_mutex_unlock(&w->mailbox->mutex);
}

static void worker_closed(uv_handle_t *home)
{
	mem_free(home);
}

void worker_destroy(struct worker *w)
{
	if (!w)
		return;
	struct mailbox *m = w->mailbox;
	w->mailbox = NULL;
	uv_mutex_lock(&m->mutex);
	m->closed = true;
	bool running = m->running;
	struct job_list finished = m->finished, waiting = m->waiting;
	m->finished = m->waiting = (struct job_list){ NULL, NULL };
	void (*dropped)(void *ctx) = m->dropped;
	uv_cond_signal(&m->arrived);
	uv_mutex_unlock(&m->mutex);
	/* m may be gone from here on. */
	if (running)
		(void)pthread_detach(w->thread); /* it leaves by itself, if it ever comes back */
	else
		uv_thread_join(&w->thread);
	uv_close((uv_handle_t *)&w->home, worker_closed);
	struct worker_job *job;
	while ((job = job_list_take(&finished))) {
		job->done(job->ctx);
		mem_free(job);
	}
	drop_jobs(&waiting, dropped);
}
