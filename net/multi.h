/* libcurl's multi interface on our loop: watches the sockets and keeps the timer that it asks for.
 * Within net/ only. CURLM is void, so that this header needs no library. */
#pragma once

#include "net/loop.h"

struct multi {
	void *curl;
	struct loop *loop;
	struct timer *timer; /* libcurl's wish */
	/* A socket is ready (mask: CURL_CSELECT_...), or the timer fired: the owner calls
	 * curl_multi_socket_action, and may finish the multi within. */
	void (*act)(void *ctx, int fd, int mask);
	void *ctx;
};

/* m must stay where it is until multi_finish. */
void multi_init(
	struct multi *m, struct loop *loop, void (*act)(void *ctx, int fd, int mask), void *ctx);
/* After its handles were removed. */
void multi_finish(struct multi *m);
