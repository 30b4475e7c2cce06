/* What is remembered of each feed over restarts: where it moved, its validators, and which entries
 * were seen. Written as one text, the cursor of the source. */
#pragma once

#include "base/buf.h"
#include "sources/feed_parse.h"

enum {
	FEEDS_MAX = 200, /* of one source */
	FEEDS_MAX_KEYS = 30000, /* of all feeds of a source together */
	FEED_MAX_KEYS = 1000, /* of one feed */
	FEED_URL_MAX_BYTES = 2048,
	FEED_VALIDATOR_MAX_BYTES = 512, /* a longer one is not kept */
	FEED_CURSOR_MAX_BYTES = 1536 * 1024,
};

struct feed_state {
	struct str url; /* as configured; not owned */
	struct buf moved; /* where it is now; empty: there */
	struct buf etag, last_modified; /* byte for byte; empty: none */
	bool known; /* it was read at least once */
	bool gone; /* the server said that it is no more */
	uint64_t *keys; /* of entries seen, the newest first */
	size_t key_count;
};

void feed_state_init(struct feed_state *f, struct str url);
void feed_state_finish(struct feed_state *f); /* takes {0} */
/* Where to ask. */
struct str feed_state_url(const struct feed_state *f);
/* The new address holds from now on; the validators are the old one's and are forgotten. */
void feed_state_move(struct feed_state *f, struct str url);
void feed_state_validators(struct feed_state *f, struct str etag, struct str last_modified);

uint64_t feed_state_key(const struct feed_entry *entry);
bool feed_state_saw(const struct feed_state *f, uint64_t key);
/* The keys of a document come first, then those of earlier ones, max in all. True if that changed
 * anything. */
bool feed_state_see(struct feed_state *f, const uint64_t *keys, size_t count, size_t max);

void feed_states_format(const struct feed_state *feeds, size_t count, struct buf *out);
/* Gives each feed that the cursor knows by its url what was remembered of it; false if the cursor
 * is none, and then nothing is changed. */
bool feed_states_parse(struct str cursor, struct feed_state *feeds, size_t count);
