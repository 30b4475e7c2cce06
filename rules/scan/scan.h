/* The scan: which records of a block of raw JSON lines can match at all. It never parses. It looks
 * for the keys under which the map finds text, folds only the strings that stand there, and asks
 * for each word whether a rule waits for it. It may let through what does not match, never hold
 * back what does. What is visibly no JSON object is let through too, so that the decoder counts it.
 */
#pragma once

#include "rules/compile/ruleset.h"

struct scan;
struct scan_scratch; /* one a thread */

enum scan_kernel_choice { SCAN_FASTEST, SCAN_PLAIN_C };

/* map: where the records' text is; NULL: each line is a text, not JSON. set and map must outlive
 * it. */
struct scan *scan_create(
	const struct ruleset *set, const struct post_map *map, enum scan_kernel_choice kernel);
void scan_destroy(struct scan *scan); /* takes NULL */
const char *scan_kernel_name(const struct scan *scan);

struct scan_scratch *scan_scratch_create(const struct scan *scan);
void scan_scratch_destroy(struct scan_scratch *scratch); /* takes NULL */

struct scan_counts {
	uint64_t record_count; /* blank lines are none */
	uint64_t candidate_count;
};

/* Calls candidate(ctx, record) for each record of the block that may match, in order, without its
 * line end; stops when it returns false. Adds to *counts. The last line may lack its LF. */
void scan_block(const struct scan *scan, struct scan_scratch *scratch, struct str block,
	bool (*candidate)(void *ctx, struct str record), void *ctx, struct scan_counts *counts);
