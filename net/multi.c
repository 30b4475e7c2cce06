#include "net/multi.h"

#include <assert.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/mem.h"

struct socket_watch {
	struct multi *multi;
	struct fd_watch *watch;
	curl_socket_t fd;
};

static void must(CURLMcode code)
{
	assert(code == CURLM_OK);
	(void)code;
}

static void timer_fired(void *ctx)
{
	const struct multi *m = ctx;
	m->act(m->ctx, CURL_SOCKET_TIMEOUT, 0);
}

static int set_timer(CURLM *curl, long ms, void *ctx)
{
	(void)curl;
	struct multi *m = ctx;
	if (ms < 0)
		timer_stop(m->timer);
	else
		timer_start(m->timer, (int64_t)ms * US_PER_MS);
	return 0;
}

static void socket_ready(void *ctx, int events)
{
	const struct socket_watch *s = ctx;
	int mask = 0;
	if (events & LOOP_READABLE)
		mask |= CURL_CSELECT_IN;
	if (events & LOOP_WRITABLE)
		mask |= CURL_CSELECT_OUT;
	s->multi->act(s->multi->ctx, s->fd, mask); /* s may be gone afterwards */
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	(void)easy;
	struct multi *m = ctx;
	struct socket_watch *s = socket_ctx;
	if (what == CURL_POLL_REMOVE) {
		if (s)
			fd_watch_destroy(s->watch);
		mem_free(s);
		return 0;
	}
	if (!s) {
		s = mem_zero(1, sizeof *s);
		s->multi = m;
		s->fd = fd;
		s->watch = fd_watch_create(m->loop, fd, socket_ready, s);
		assert(s->watch);
		must(curl_multi_assign(m->curl, fd, s));
	}
	int events = 0;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= LOOP_READABLE;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= LOOP_WRITABLE;
	fd_watch_start(s->watch, events);
	return 0;
}

void multi_init(
	struct multi *m, struct loop *loop, void (*act)(void *ctx, int fd, int mask), void *ctx)
{
	*m = (struct multi){ .curl = curl_multi_init(), .loop = loop, .act = act, .ctx = ctx };
	assert(m->curl);
	m->timer = timer_create_on(loop, timer_fired, m);
	must(curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, set_socket));
	must(curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m));
	must(curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, set_timer));
	must(curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m));
}

void multi_finish(struct multi *m)
{
	(void)curl_multi_cleanup(m->curl);
	timer_destroy(m->timer);
	*m = (struct multi){ 0 };
}
