/* Keeps what the sources say of themselves: gaps and signs of life on disk, and alerts about them
 * if somebody asked. A gap and the alert about it are one transaction, and an alert has the same id
 * however often the daemon is killed. Runs on the loop's thread. */
#pragma once

#include "daemon/config.h"
#include "store/gaps.h"

struct watchdog;

struct watchdog_host {
	int64_t (*wall_us)(void);
	int64_t (*monotonic_us)(void);
	void (*alerts_added)(void *ctx); /* deliveries are due */
	void (*store_trouble)(void *ctx, int error);
	void *ctx;
};

/* config, store and loop must outlive it. */
struct watchdog *watchdog_create(struct config *config, struct store *store, struct loop *loop,
	const struct watchdog_host *host);
void watchdog_destroy(struct watchdog *w); /* takes NULL */
/* Gaps of sources that are no more end; before the sources start. */
void watchdog_start(struct watchdog *w);
/* The sources are stopped: writes what is left. */
void watchdog_stop(struct watchdog *w);

/* For struct source_host. */
struct source_memory watchdog_memory(struct watchdog *w, const struct source *s);
void watchdog_gap(struct watchdog *w, const struct source *s, const struct source_gap *gap);
void watchdog_state(struct watchdog *w, const struct source *s);

/* Records came. */
void watchdog_saw(struct watchdog *w, const struct source *s);
/* Within a transaction: adds the signs of life that are due to be written; once it is committed
 * call watchdog_alive_written. */
int watchdog_add_alive(struct watchdog *w);
void watchdog_alive_written(struct watchdog *w);

/* What there is to tell of a source beside its health. */
struct watchdog_source {
	uint64_t gap_count; /* since the start: lost, or possibly */
	int64_t lost_us; /* how long those took that were lost, and have ended */
	int64_t blind_us; /* how long it was blind, also what was fetched afterwards; and is */
	bool absent; /* silent for too long */
	int64_t silent_since_us; /* wall; 0: it never brought anything */
};
struct watchdog_source watchdog_source(const struct watchdog *w, const struct source *s);
