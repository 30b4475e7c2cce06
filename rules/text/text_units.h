/* A text's words as a person counts them, for "within 5 words": each word outside links and handles
 * is one, a whole link is one, and so is a handle. A hashtag is one, whatever its parts; a
 * character of a script without spaces is one. */
#pragma once

#include "rules/text/text.h"

struct text_unit {
	uint32_t from, to; /* bytes of the original text */
};

struct text_units {
	struct text_unit *items; /* in order; none touches another's bytes */
	size_t count, size;
};

void text_units_finish(struct text_units *u); /* takes {0} */
/* Replaces what u held. */
void text_units_set(struct text_units *u, const struct text *text);

/* How many end at or before that byte of the original text. */
uint32_t text_units_before(const struct text_units *u, uint32_t byte);
/* How many begin before it. */
uint32_t text_units_until(const struct text_units *u, uint32_t byte);
