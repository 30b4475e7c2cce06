/* The HTTP server: GET and HEAD of /healthz, /metrics and /api/v1/status on a loopback address, and
 * the paths that others add (web/route.h). It has no thread and knows no loop: whoever owns it
 * watches web_fd() for reading, calls web_run() when it is readable or when web_timeout_us() has
 * passed, and asks for both again after each run, and after each web_answer outside of one. It
 * reads no files and logs nothing. Time is an argument.
 *
 * No client can hold it up: a connection that has not got a whole answer within WEB_DEADLINE_US of
 * its beginning, of its last answer, or of the last WEB_PROGRESS_BYTES of content, is cut, and when
 * many are open the one that waited longest makes room for the next. Those whose request a route
 * has been given are spared.
 *
 * What it cannot see: a NUL byte ends the text of its line, since libmicrohttpd has cut it there.
 * libmicrohttpd's own answers, to what is not HTTP, lack the headers that ours have. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

#define WEB_DEADLINE_US (10 * US_PER_S)

enum {
	WEB_MAX_CONNECTIONS = 256,
	WEB_MANY_CONNECTIONS = 224, /* from here on each new one costs the oldest */
	WEB_MAX_PAGE_BYTES = 4 << 20 /* a larger page is answered 500 */
};

/* Each adds its page to an empty buffer. They are called from web_run, must not block, and call no
 * function of this header. */
struct web_pages {
	/* Plain text. False: not well, and the answer is 503 with what was written. */
	bool (*health)(void *ctx, struct buf *out);
	void (*metrics)(void *ctx, struct buf *out); /* see web/prometheus.h */
	void (*status)(void *ctx, struct buf *out); /* one JSON value */
};

struct web;

/* Is `listen` an address that web_open takes? If not, *message (in out) says why. */
bool web_check_listen(struct str listen, struct buf *message);

/* Listens on "127.0.0.1:8470" or "[::1]:8470"; port 0 takes one that is free. Addresses that
 * others can reach are refused. On failure NULL, and *message (in out) says for people what is
 * wrong. pages and ctx must outlive it. */
struct web *web_open(
	struct str listen, const struct web_pages *pages, void *ctx, struct buf *message);
void web_close(struct web *w); /* cuts all connections; takes NULL */

uint16_t web_port(const struct web *w);
int web_fd(const struct web *w); /* an epoll descriptor; stays the server's */

/* Takes in, answers and cuts what is due, without blocking. now_us is of the monotonic clock. */
void web_run(struct web *w, int64_t now_us);
/* How long after now_us web_run must be called even if web_fd() is silent; 0: at once; -1: it need
 * not be. */
int64_t web_timeout_us(const struct web *w, int64_t now_us);
