/* A hash table from text to a pointer. Keys are views: whoever adds a key keeps its
 * bytes alive. Nothing is ever removed; a map lives and dies as one. */
#pragma once

#include <stddef.h>

#include "base/str.h"

struct map_slot {
	struct str key;
	void *value;
};

struct map {
	struct map_slot *slots;
	size_t size; /* a power of two, or 0 */
	size_t count;
};

void map_finish(struct map *m); /* takes {0}, which is also an empty map ready for use */
/* The value, or NULL. */
void *map_get(const struct map *m, struct str key);
/* Adds or replaces; value must not be NULL. Returns the value that was there, or NULL. */
void *map_set(struct map *m, struct str key, void *value);
/* Iteration in no order: NULL at the end. *at starts at 0. */
const struct map_slot *map_next(const struct map *m, size_t *at);
