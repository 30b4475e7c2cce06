/* When to reconnect, by the rules Twitter published for its streams: after a drop at once, then by
 * what went wrong.
 *
 *     dropped              0, then as network
 *     network              250 ms more each time, to 16 s
 *     http                 5 s, doubling to 320 s
 *     limited (429, 420)   60 s, doubling to 16 min
 *
 * Each with up to 20 % of jitter on top; a server's Retry-After or SSE retry is a floor. */
#pragma once

#include <stdint.h>

enum backoff_kind { BACKOFF_DROPPED, BACKOFF_NETWORK, BACKOFF_HTTP, BACKOFF_LIMITED };

struct backoff {
	enum backoff_kind kind;
	unsigned failures; /* of that kind in a row */
};

/* To be called when something useful came, not already when the connection stands: else a server
 * that takes connections only to drop them is asked again at once, for ever. */
void backoff_succeeded(struct backoff *b);
/* How long to wait now. random is any 64 random bits; floor_us 0 if there is none. */
int64_t backoff_next_us(
	struct backoff *b, enum backoff_kind kind, int64_t floor_us, uint64_t random);
