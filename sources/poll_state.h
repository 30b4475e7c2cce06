/* What a polled source remembers over restarts: the newest value that it saw, which records it saw,
 * the validators of its address, and the items that were not there yet. Written as one text, the
 * cursor of the source. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

enum {
	POLL_MAX_KEYS = 4000,
	POLL_MAX_PENDING = 200,
	POLL_PENDING_TRIES = 10,
	POLL_VALUE_MAX_BYTES = 512,
	POLL_VALIDATOR_MAX_BYTES = 512, /* a longer one is not kept */
	POLL_CURSOR_MAX_BYTES = 96 * 1024,
};

/* An item that has a number but cannot be read yet. */
struct poll_pending {
	int64_t number;
	int64_t tries;
};

struct poll_state {
	bool known; /* there was at least one whole round */
	struct buf value; /* the newest; empty: none */
	struct buf etag, last_modified; /* byte for byte; empty: none */
	uint64_t validators_of; /* the key of their address */
	uint64_t *keys; /* of records seen, the latest first */
	size_t key_count;
	struct poll_pending pending[POLL_MAX_PENDING];
	size_t pending_count;
};

void poll_state_init(struct poll_state *s);
void poll_state_finish(struct poll_state *s); /* takes {0} */

/* A stable hash, of an id or of an address. */
uint64_t poll_key(struct str text);
bool poll_state_saw(const struct poll_state *s, uint64_t key);
/* These come first, then those of before. */
void poll_state_see(struct poll_state *s, const uint64_t *keys, size_t count);

/* Numbers by their size, however long, all else by its bytes. */
int poll_value_cmp(struct str a, struct str b);
/* Keeps the greater; what is too long or holds control characters is none. */
void poll_state_raise(struct poll_state *s, struct str value);

void poll_state_validators(
	struct poll_state *s, struct str url, struct str etag, struct str last_modified);
bool poll_state_has_validators(const struct poll_state *s, struct str url);

/* Once more without it; after POLL_PENDING_TRIES, or when there are too many, it is given up. */
void poll_state_miss(struct poll_state *s, int64_t number);
void poll_state_settle(struct poll_state *s, int64_t number); /* it came */

void poll_state_format(const struct poll_state *s, struct buf *out);
/* False if the cursor is none; s is then as after init. */
bool poll_state_parse(struct poll_state *s, struct str cursor);
