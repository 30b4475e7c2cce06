/* What is remembered of a feed over restarts: where it moved, its validators, and which entries
 * were seen. Written as one text, the cursor of that part of its source. */
#pragma once

#include "base/buf.h"
#include "sources/feed_parse.h"

enum {
	FEEDS_MAX = 5000, /* of one source */
	FEED_MAX_KEYS = FEED_MAX_ENTRIES, /* of one feed */
	FEED_MIN_KEYS = 200, /* are kept even if a document holds fewer */
	FEED_URL_MAX_BYTES = 2048,
	FEED_VALIDATOR_MAX_BYTES = 512, /* a longer one is not kept */
	FEED_CURSOR_MAX_BYTES = 256 * 1024,
	FEED_PART_BYTES = 32,
};

struct feed_state {
	struct str url; /* as configured; not owned */
	struct str moved; /* where it is now; absent: there */
	struct str etag, last_modified; /* byte for byte; absent: none */
	bool known; /* it was read at least once */
	int64_t read_at_us; /* wall clock: as of when the keys are; 0: unknown */
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
/* Tells for each key of a document whether it is new, the first time that it comes. Returns how
 * many are. */
size_t feed_state_new(const struct feed_state *f, const uint64_t *keys, size_t count, bool *fresh);
/* The keys of a document come first, then those of earlier ones: twice as many in all as the
 * document has, within the ceilings; of a part of a feed (whole is false) all that fit. True if
 * that changed anything. */
bool feed_state_see(struct feed_state *f, const uint64_t *keys, size_t count, bool whole);

/* The name of the feed's part of its source's cursors: hex, and a NUL. */
void feed_state_part(struct str url, char out[FEED_PART_BYTES + 1]);
void feed_state_format(const struct feed_state *f, struct buf *out);
/* False if that is no cursor of this feed, and then nothing is changed. */
bool feed_state_parse(struct str cursor, struct feed_state *f);
