/* The most frequent keys of a stream whose number of different keys nobody knows, in memory with a
 * ceiling. Up to `capacity` different keys all is exact. Past that a new key takes the place of the
 * one with the smallest count and inherits that count (the space-saving algorithm): a count is then
 * too high by at most `over`, never too low, and every key that is more frequent than one in
 * `capacity` is there; and how many different keys there were becomes an estimate, within about
 * 3 % most of the time. */
#pragma once

#include "base/str.h"

enum { TOP_MAX_KEY_BYTES = 128 /* a longer key is shown cut, but counted as the whole */ };

struct top_entry {
	struct str key, note; /* the top's */
	uint64_t count, over;
	uint64_t hash; /* of key and note as they were: what tells keys apart */
	uint32_t next; /* in its bucket */
	uint32_t heap_place;
};

struct top {
	size_t capacity;
	struct top_entry *entries;
	uint32_t *heap; /* numbers of entries, the smallest count first */
	uint32_t *buckets; /* numbers of entries; as many as there is room for entries */
	size_t count, size;
	unsigned char *registers; /* of the estimate; NULL while exact */
};

void top_init(struct top *t, size_t capacity); /* capacity: at least 1 */
void top_finish(struct top *t); /* takes {0} */
/* The note is part of the key, kept apart: the list of a term. Either may be absent. */
void top_add(struct top *t, struct str key, struct str note);
/* The entries with the largest counts, equal ones by key and note; at most `limit` into out.
 * Returns how many. They live until the next top_add. */
size_t top_list(const struct top *t, const struct top_entry **out, size_t limit);
bool top_exact(const struct top *t);
/* How many different keys. */
uint64_t top_distinct(const struct top *t);
