/* The matcher's part for what looks at distances: NEAR, ONEAR, and phrases with a gap ("a b"~4).
 * The scratch holds the counted words of each field, made when first asked for. */
#pragma once

#include "rules/match/matching.h"
#include "rules/match/near_pair.h"
#include "rules/text/text_units.h"

/* Of a NEAR inside another, and of one field: more places than that are not looked at. */
enum { NEAR_MAX_PLACES = 4096 };

struct near_scratch *near_scratch_create(void);
void near_scratch_destroy(struct near_scratch *s); /* takes NULL */
/* Another post. */
void near_forget(struct near_scratch *s);
/* The counted words of a field whose text is set. */
const struct text_units *near_units(struct match_scratch *m, enum post_field field);

/* Is a EXPR_NEAR so? After match_find. */
bool near_is(struct match_scratch *m, const struct expr *e);
/* Calls add for each place of a term that stands in a pair that is near, once each. */
void near_places(struct match_scratch *m, const struct expr *e,
	void (*add)(void *ctx, const struct found *f), void *ctx);

/* Looks also for pairs that are too far from each other. */
struct near_pair near_nearest(struct match_scratch *m, const struct expr *e);

/* A word of a phrase with a gap occurs: it is to be looked for by gap_find. */
void gap_note(struct match_scratch *m, uint32_t term);
/* Finds the phrases that were noted since the last call, in that field. */
void gap_find(struct match_scratch *m, enum post_field field);
