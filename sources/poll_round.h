/* One round of polling: asks for a list, page by page until it meets what is known, and brings what
 * is new, oldest first; where the list only has numbers or ids, it asks for each item. What it
 * finds goes into the state in the order in which it is handed out, so that a crash asks again
 * rather than loses. */
#pragma once

#include "sources/adder.h"
#include "sources/poll_answer.h"
#include "sources/poll_fetch.h"
#include "sources/poll_state.h"
#include "sources/sieve.h"

enum poll_next {
	POLL_NEXT_NONE,
	POLL_NEXT_LINK, /* the Link header says */
	POLL_NEXT_PATH, /* the answer says */
	POLL_NEXT_RECORD, /* the last record says */
	POLL_NEXT_NEWER /* the server gives the oldest that is newer: ask again with the newest */
};
extern const char *const poll_next_names[]; /* ends in NULL */

enum { POLL_MAX_PAGES = 1000, POLL_MAX_ITEMS = 500 /* asked for one by one in a round */ };

/* Views, which must outlive it. */
struct poll_options {
	struct str url, item_url; /* item_url with {id}; absent: the list has the records */
	struct poll_paths paths;
	struct str resume_parameter; /* of the url, takes the newest value; absent: none */
	struct str resume_format; /* with {value}; absent: the value itself */
	int64_t resume_overlap; /* taken off the value, if it is a number */
	int next; /* enum poll_next */
	struct str
		next_parameter; /* takes what the next page is told by; absent: it is an address */
	int64_t pages;
	bool oldest_first; /* the order within a page */
	bool all; /* the first round brings what it finds; else it is only remembered */
	struct str_list drop, add; /* checked */
	struct poll_fetch_options fetch;
};

struct poll_result {
	bool good;
	bool any; /* something new was there */
	bool more; /* and there is more to fetch at once */
	bool missed; /* something may have scrolled by between the last round and this one */
	int64_t pace_us; /* of the next round at least */
	/* if it is not good */
	struct str why;
	enum backoff_kind kind;
	int64_t wait_us;
};

struct poll_events {
	/* Whole lines of JSON, oldest first; blank if only the state has changed. The state is
	 * what may be stored together with them: of a page or an item only once all that it brought
	 * was handed out. False: only destroy may follow. */
	bool (*lines)(void *ctx, struct str lines);
	void (*too_long)(void *ctx, uint64_t count);
	void (*end)(void *ctx, const struct poll_result *result);
};

struct poll_round;
/* The options are good (poll_reader_create took the paths). The state is changed by rounds only. */
struct poll_round *poll_round_create(struct loop *loop, struct http_client *http,
	const struct poll_options *options, struct poll_state *state,
	const struct poll_events *events, void *ctx);
void poll_round_destroy(struct poll_round *r); /* takes NULL; not allowed within lines */
/* Nothing happens before the loop's next turn. The round before has ended. */
void poll_round_start(struct poll_round *r);
