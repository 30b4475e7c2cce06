/* From a source's block to what is on disk: scan, match, and one transaction for the alerts, their
 * deliveries and the source's cursor. Runs on the loop's thread. */
#pragma once

#include "daemon/config.h"
#include "daemon/matcher.h"
#include "daemon/watchdog.h"
#include "store/store.h"

struct pipeline;

struct pipeline_host {
	int64_t (*wall_us)(void);
	int64_t (*monotonic_us)(void);
	/* Each alert that is new; it is stored when alerts_added is called. May be NULL. */
	void (*alert)(void *ctx, const struct alert *alert);
	void (*alerts_added)(void *ctx); /* deliveries are due */
	void (*source_ended)(void *ctx); /* one more has ended */
	void (*store_failed)(
		void *ctx, int error); /* for good: nothing may be acknowledged any more */
	void *ctx;
};

/* config, store and loop must outlive it; set is the pipeline's from now on. */
struct pipeline *pipeline_create(struct config *config, struct ruleset *set, struct store *store,
	struct loop *loop, const struct pipeline_host *host);
void pipeline_destroy(struct pipeline *p); /* takes NULL */

void pipeline_start(struct pipeline *p, struct http_client *http);
/* Sources are stopped and the cursors written. */
void pipeline_stop(struct pipeline *p);
bool pipeline_all_ended(const struct pipeline *p);

/* New rules from the next block on; the old ones are destroyed. Nothing fires again for it. */
void pipeline_set_rules(struct pipeline *p, struct ruleset *set);
const struct ruleset *pipeline_rules(const struct pipeline *p);
/* Of the rules in force: which of their regexes reached a limit. */
const struct regex_guard *pipeline_regexes(const struct pipeline *p);

/* What there is to tell of each source. */
struct pipeline_source {
	const struct source *source;
	const struct matcher_counts *counts;
	struct str message; /* of its last change of state */
	int64_t since_us; /* wall clock of that change */
	uint64_t regex_limit_count;
	uint64_t unstorable_count; /* alerts too large to be kept */
	struct watchdog_source watchdog;
};
size_t pipeline_source_count(const struct pipeline *p);
struct pipeline_source pipeline_source(const struct pipeline *p, size_t i);
