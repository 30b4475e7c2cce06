/* Many pieces with one lifetime: given out one after the other, freed together.
 * The arena's ceiling is set at birth; a piece past it comes back as NULL, so that
 * a stranger's data cannot take all memory. Under AddressSanitizer each piece is
 * fenced off from its neighbours. */
#pragma once

#include <stddef.h>

#include "base/str.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* newest first */
	char *next;
	size_t left;
	size_t used_bytes; /* each piece counts as a multiple of 16 */
	size_t max_bytes;
};

void arena_init(struct arena *a, size_t max_bytes); /* 0: no ceiling */
void arena_finish(struct arena *a); /* takes {0} */
void arena_reset(struct arena *a); /* all pieces are gone; keeps one chunk */

/* 16-byte aligned; NULL past the ceiling. */
void *arena_alloc(struct arena *a, size_t bytes);
void *arena_zero(struct arena *a, size_t count, size_t bytes);

#define arena_new(a, type) ((type *)arena_zero((a), 1, sizeof(type)))
#define arena_array(a, type, count) ((type *)arena_zero((a), (count), sizeof(type)))

/* A copy that ends in a NUL not counted in n. STR_NONE stays STR_NONE; STR_NONE
 * also when the ceiling is reached. */
struct str arena_str(struct arena *a, struct str s);
/* The same as C text; NULL past the ceiling. s must hold no NUL for that to be whole. */
char *arena_text(struct arena *a, struct str s);
struct str arena_format(struct arena *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
