#include "net/loop.h"

#include <assert.h>

#include <uv.h>

#include "base/mem.h"
#include "net/internal.h"

struct signal_watch {
	uv_signal_t uv;
	void (*got)(void *ctx, int number);
	void *ctx;
};

struct fd_watch {
	uv_poll_t uv;
	void (*ready)(void *ctx, int events);
	void *ctx;
	int events;
};

static void watch_closed(uv_handle_t *uv)
{
	mem_free(uv);
}

static void signal_got(uv_signal_t *uv, int number)
{
	struct signal_watch *w = (struct signal_watch *)uv;
	w->got(w->ctx, number);
}

struct signal_watch *signal_watch_create(
	struct loop *loop, int number, void (*got)(void *ctx, int number), void *ctx)
{
	struct signal_watch *w = mem_zero(1, sizeof *w);
	w->got = got;
	w->ctx = ctx;
	int error = uv_signal_init(loop_uv(loop), &w->uv);
	error = error ? error : uv_signal_start(&w->uv, signal_got, number);
	assert(error == 0);
	(void)error;
	return w;
}

void signal_watch_destroy(struct signal_watch *w)
{
	if (w)
		uv_close((uv_handle_t *)&w->uv, watch_closed);
}

static void fd_ready(uv_poll_t *uv, int status, int uv_events)
{
	struct fd_watch *w = (struct fd_watch *)uv;
	int events = 0;
	if (uv_events & UV_READABLE)
		events |= LOOP_READABLE;
	if (uv_events & UV_WRITABLE)
		events |= LOOP_WRITABLE;
	if (status < 0)
		events = w->events; /* whoever reads or writes now learns the error */
	w->ready(w->ctx, events);
}

struct fd_watch *fd_watch_create(
	struct loop *loop, int fd, void (*ready)(void *ctx, int events), void *ctx)
{
	struct fd_watch *w = mem_zero(1, sizeof *w);
	w->ready = ready;
	w->ctx = ctx;
	if (uv_poll_init(loop_uv(loop), &w->uv, fd) != 0) {
		mem_free(w);
		return NULL;
	}
	return w;
}

void fd_watch_start(struct fd_watch *w, int events)
{
	w->events = events;
	if (events == 0) {
		uv_poll_stop(&w->uv);
		return;
	}
	int uv_events = 0;
	if (events & LOOP_READABLE)
		uv_events |= UV_READABLE;
	if (events & LOOP_WRITABLE)
		uv_events |= UV_WRITABLE;
	uv_poll_start(&w->uv, uv_events, fd_ready);
}

void fd_watch_destroy(struct fd_watch *w)
{
	if (w)
		uv_close((uv_handle_t *)&w->uv, watch_closed);
}
