/* Scan, decode and match for one stream of records on one thread: what `vigie match` and the
 * daemon's sources share. */
#pragma once

#include "model/log_line.h"
#include "rules/scan/scan.h"

enum { MATCHER_MAX_REASONS = 32, MATCHER_MAX_REPORTS = 3 };

/* What became of the records. Records that cannot match are not decoded, so what is wrong with them
 * is only counted where it shows from outside. */
struct matcher_counts {
	uint64_t record_count, candidate_count;
	uint64_t post_count; /* candidates that are posts */
	uint64_t skipped_count; /* candidates that are none, such as likes */
	uint64_t matching_count; /* posts that a rule matches */
	uint64_t match_count; /* (rule, post) pairs */
	uint64_t rejected_count;
	struct matcher_reason {
		const char *reason;
		uint64_t count;
	} reasons[MATCHER_MAX_REASONS];
	size_t reason_count;
};

void matcher_counts_add(struct matcher_counts *sum, const struct matcher_counts *part);
void matcher_reject(struct matcher_counts *counts, const char *reason, uint64_t count);

struct matcher;

/* map NULL: each line is a text. set and map must outlive it. */
struct matcher *matcher_create(const struct ruleset *set, const struct post_map *map);
void matcher_destroy(struct matcher *m); /* takes NULL */

struct matcher_block {
	struct str records; /* whole lines */
	struct str source; /* name for post.source; may be absent */
	int64_t received_at_us; /* 0: unknown */
	struct log_place place; /* of lines of text: their ids come from it */
	/* Each match; false ends this post's matches. NULL: posts that match are only counted, each
	 * as one match. */
	bool (*found)(void *ctx, const struct match *match);
	/* A record that was rejected; at is a byte in it. May be NULL. */
	void (*rejected)(void *ctx, struct str record, const char *reason, size_t at);
	void *ctx;
};

void matcher_run(
	struct matcher *m, const struct matcher_block *block, struct matcher_counts *counts);
/* When the last post among the last few of these records was written; 0: unknown. Counts nothing.
 */
int64_t matcher_last_created_us(struct matcher *m, struct str records);
const struct match_errors *matcher_errors(const struct matcher *m);
/* As match_scratch_set_guard and match_scratch_guard. */
void matcher_set_guard(struct matcher *m, struct regex_guard *guard);
const struct regex_guard *matcher_guard(const struct matcher *m);
const char *matcher_kernel(const struct matcher *m);
