/* Which of many outlines a text may hold, all at once. Immutable; a scratch per thread. */
#pragma once

#include "rules/regex/outline.h"

struct outlines;
struct outlines_scratch;

enum outlines_kernel_choice { OUTLINES_FASTEST, OUTLINES_PLAIN_C };

/* The list's index is the outline's id; it need not live on. NULL if there are none. */
struct outlines *outlines_create(
	const struct outline *list, size_t count, enum outlines_kernel_choice kernel);
void outlines_destroy(struct outlines *o); /* takes NULL */
struct outlines_scratch *outlines_scratch_create(const struct outlines *o);
void outlines_scratch_destroy(struct outlines_scratch *s); /* takes NULL */

/* Calls found once for each that the text, as a post has it, holds. */
void outlines_find(const struct outlines *o, struct outlines_scratch *s, struct str text,
	void (*found)(void *ctx, uint32_t id), void *ctx);
