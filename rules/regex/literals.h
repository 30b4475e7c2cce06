/* Which of a set of plain byte strings occur in a folded text, anywhere in it: for what is not a
 * whole word. By Vectorscan (literals.c), or where that is left out by plain C (literals_plain.c):
 * same meaning. Immutable; a scratch per thread. */
#pragma once

#include "base/str.h"

struct literals;
struct literals_scratch;

/* The list's index is the literal's id; a literal has at least one byte, and no NUL. NULL on
 * failure, which only a set too large can cause. */
struct literals *literals_create(const struct str *list, size_t count);
void literals_destroy(struct literals *l); /* takes NULL */
struct literals_scratch *literals_scratch_create(const struct literals *l);
void literals_scratch_destroy(struct literals_scratch *s); /* takes NULL */
/* Calls found for each occurrence, also overlapping ones, with the place where it ends, until it
 * returns false. The places mostly grow. */
void literals_find(const struct literals *l, struct literals_scratch *s, struct str text,
	bool (*found)(void *ctx, uint32_t id, size_t to), void *ctx);
