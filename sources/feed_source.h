/* The source "feed" from within: what feed.c (options and life), feed_ask.c (requests) and
 * feed_take.c (answers) share. */
#pragma once

#include "sources/feed_queue.h"
#include "sources/feed_schedule.h"
#include "sources/feed_state.h"
#include "sources/feed_urls.h"
#include "sources/source.h"

enum {
	FEED_PROBLEM_MAX_BYTES = 256,
	FEED_MAX_HOPS = 5,
	FEED_MAX_PAGES = 10,
	FEED_SHOWN_URL_BYTES = 120,
	FEED_TOKEN_BYTES = 32,
	FEED_MAX_PUSHES = 8 /* under way */
};

/* What one round brings: a document, and older pages of it if all that it holds is new. */
struct feed_round {
	size_t page_count, fresh_count;
	uint64_t *keys; /* of all entries so far */
	size_t key_count;
	uint64_t body_hash; /* of the first */
};

/* One feed. */
struct feed_task {
	struct feed_state state;
	/* On the way: redirects and pages lead from one address to the next. */
	struct str hop; /* owned; absent: where the state says */
	unsigned hop_count;
	bool permanent; /* all redirects so far */
	bool from_page; /* a web page named this address */
	struct feed_round round;
	/* Of its last document: */
	int64_t ttl_us;
	uint32_t skip_hours;
	uint8_t skip_days;
	uint64_t body_hash; /* 0: none yet */
	unsigned quiet, failures, haste, poll_count;
	int64_t later_us; /* added to the next wait, once */
	int64_t succeeded_at_us; /* wall clock; 0: never since the start */
	int64_t known_at_us; /* wall clock: as of when its cursor was; 0: unknown */
	int64_t since_us; /* wall clock: since when it is well, fails, or is asked no more */
	uint64_t entry_count; /* that were new */
	struct str problem; /* owned; the last one, told once; absent: it is well */
	struct feed_hub *hub; /* that the feed names; NULL: none */
	char token[FEED_TOKEN_BYTES]; /* of its callback */
	int64_t pinged_at_us; /* monotonic; 0: never */
	bool asked_no_more; /* gone, or the same as another */
};

/* One request and what becomes of its answer. */
struct feed_fetch {
	struct feed_source *source; /* NULL: stopped while a thread was reading the document */
	struct feed_fetch *next; /* feed_source.fetches */
	size_t feed;
	struct http_request *request; /* NULL: it has ended */
	struct buf body;
	struct str url; /* in the arena, as all below */
	struct http_answer answer;
	struct arena arena;
	bool pushed; /* by a hub: it is no answer to a request */
	bool reading; /* a thread has it */
	bool to_be_read; /* it waits for the thread */
	/* of feed_read */
	enum feed_verdict verdict;
	const char *reason;
	struct feed feed_read;
	uint64_t *keys; /* of its entries */
	struct str found; /* the feed that a web page names; absent: none */
};

struct feed_source {
	struct source base;
	struct str_list urls;
	struct str opml, ca_file;
	int64_t interval_us, connections;
	int since;
	bool allow_private;

	struct feed_urls all;

	struct feed_task *tasks; /* one for each of all; NULL before the first start */
	struct feed_queue *queue;
	struct timer *timer;
	struct feed_fetch *fetches;
	size_t fetch_count, push_count; /* of them: requests, and what hubs brought */
	struct str public_url; /* of feed_websub_enable; absent: no hubs */
	char hub_key[32];
	bool hub_key_known;
	size_t hub_request_count;
	struct feed_fetch *reading; /* a thread reads its document: one at a time */
};

/* What `since` may be. */
enum feed_since { FEED_SINCE_NEW, FEED_SINCE_ALL };

/* ---- feed_ask.c ---- */

/* Asks whoever is due, as far as connections go, and sets the timer for the next. The source ends
 * when nobody is left to ask. */
void feeds_ask(struct feed_source *f);
/* No request and no document is left; a thread that still reads one frees it itself. */
void feeds_drop(struct feed_source *f);
struct str feed_task_url(const struct feed_task *task); /* where to ask now */
struct str feed_task_shown(const struct feed_task *task); /* for people */
void feed_task_reset(struct feed_task *task); /* a new round */
/* The next step is there. False: that is no address. */
bool feed_task_hop(struct feed_task *task, struct str url);

struct feed_fetch *feed_fetch_create(struct feed_source *f, size_t feed);
/* How a request ended, exactly one of these; the fetch is gone after it. answer may be NULL. */
void feed_succeeded(struct feed_fetch *fetch);
void feed_failed(struct feed_fetch *fetch, const char *problem, bool lasting);
void feed_goes_on(struct feed_fetch *fetch); /* after feed_task_hop */
void feed_stays_away(struct feed_fetch *fetch, const char *problem); /* is asked no more */
/* The store is in trouble, and the source will be stopped; or it was a push. */
void feed_left(struct feed_fetch *fetch);

int64_t feeds_wall_us(const struct feed_source *f);

/* ---- feed_take.c ---- */

/* Reads the body and goes on with what stands in it, now or, if it is large, later. */
void feed_take_document(struct feed_fetch *fetch);
/* A document that a hub brought. */
void feed_take_push(struct feed_source *f, size_t feed, struct str body, struct str charset);
/* The answer is that nothing is new. */
void feed_take_unchanged(struct feed_fetch *fetch);
/* No document. What the first page of a round brought counts whatever became of the others. */
void feed_take_failure(struct feed_fetch *fetch, const char *problem, bool lasting);
void feed_fetch_free(struct feed_fetch *fetch);
