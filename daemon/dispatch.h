/* Sends what is due in the store's outbox: the only place that knows retries and backoff. A
 * delivery waits in the store until it is due; is in flight with its notifier, which answers
 * exactly once; then its end is known and waits to be written, and it is not sent again meanwhile.
 * Everything runs on the loop's thread. */
#pragma once

#include "net/loop.h"
#include "notifiers/notifier.h"
#include "store/store.h"

struct dispatch;

struct dispatch_host {
	int64_t (*wall_us)(void);
	uint64_t (*random)(void);
	/* The store failed for good (-EIO, -EUCLEAN): nothing may be acknowledged any more. */
	void (*store_failed)(void *ctx, int error);
	/* Nothing is in flight, and nothing that is due was found. */
	void (*settled)(void *ctx);
	void *ctx;
};

struct dispatch *dispatch_create(struct loop *loop, struct store *store,
	struct notifiers *notifiers, const struct dispatch_host *host);
void dispatch_destroy(struct dispatch *d); /* cancels what is in flight; takes NULL */

/* Something may be due: looks in the loop's next turn. */
void dispatch_wake(struct dispatch *d);
/* Sends nothing new; what is in flight may end. */
void dispatch_stop(struct dispatch *d);
/* Nothing is in flight and nothing waits to be written. */
bool dispatch_idle(const struct dispatch *d);

/* When a delivery that failed `attempts` times is due again, from now: 0 s, 5 s, 30 s, 2 min, 10
 * min, 1 h, then hourly, each with jitter of up to a fifth; -1: 24 h have passed since it was
 * created, give up. retry_after_us: the least that the target asked for, or -1; if that
 * is past the 24 h, one last try is due at their end. */
int64_t dispatch_retry_in_us(
	unsigned attempts, int64_t age_us, int64_t retry_after_us, uint64_t random);

struct dispatch_target {
	struct str name, type;
	unsigned in_flight;
	uint64_t sent_count, retried_count, dead_count;
	bool off;
};
size_t dispatch_target_count(const struct dispatch *d);
struct dispatch_target dispatch_target(const struct dispatch *d, size_t i);
