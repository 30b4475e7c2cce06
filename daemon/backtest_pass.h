/* One thread's part of a backtest: decodes every record of a block, so that shares and rates are
 * those of the posts that were there, and matches those that the scan lets through against one rule
 * set or two at once. What was found stays here until it goes on; adding it up in order is
 * daemon/backtest.h. */
#pragma once

#include "daemon/matcher.h"

/* A rule of either set. Rules with the same name are the same rule. */
struct backtest_rule {
	struct str name, about;
	enum severity severity, old_severity;
	bool now, old; /* in which set it is */
	bool chosen;
};

/* The rules of the set that is tested in their order, then those that only the old one has. */
struct backtest_rules {
	struct backtest_rule *items;
	size_t count;
	struct map by_name;
};

/* old NULL: there is none. Views of the sets, which must outlive it. All are chosen. */
void backtest_rules_init(
	struct backtest_rules *r, const struct ruleset *now, const struct ruleset *old);
void backtest_rules_finish(struct backtest_rules *r); /* takes {0} */

struct backtest_input {
	const struct backtest_rules *rules;
	const struct ruleset *now, *old; /* old NULL: there is none */
	const struct post_map *map;
	int64_t since_us, until_us; /* [since, until) of created_at; INT64_MIN and INT64_MAX: all */
};

enum { FOUND_MAX_TERMS = 64, FOUND_MAX_HITS = 32 /* of one rule in one post */ };

struct found_rule {
	size_t rule; /* in backtest_rules */
	bool now, old; /* which set found it */
	/* Of the tested set, or of the old one if that alone found it. */
	const struct hit *hits; /* the first ones */
	size_t hit_count;
	const struct hit *terms; /* one hit for each term */
	size_t term_count;
};

struct found_post {
	struct post post; /* id, url, title, text, author, source, first language, created_at */
	struct found_rule *rules; /* chosen ones, in the order of backtest_rules */
	size_t rule_count;
};

struct backtest_sums {
	struct matcher_counts counts; /* candidates are those of both scans */
	uint64_t post_count; /* within the time asked for: what shares are of */
	uint64_t outside_count, undated_count; /* left out for their time, or for having none */
	uint64_t timed_count; /* posts with a time */
	int64_t first_us, last_us; /* of these; 0 without any */
};
void backtest_sums_add(struct backtest_sums *sum, const struct backtest_sums *part);

struct pass;

struct pass *pass_create(const struct backtest_input *input);
void pass_destroy(struct pass *p); /* takes NULL */

struct pass_block {
	struct str records; /* whole lines */
	struct str source; /* for post.source; may be absent */
	/* As matcher_block's. */
	void (*rejected)(void *ctx, struct str record, const char *reason, size_t at);
	void *ctx;
};

/* Begins with a block, which must live until its end, and goes on with it until what was found
 * fills PASS_FOUND_BYTES: with many rules that match much a block gives far more than it holds.
 * Adds to *sums. True: there is more of the block, for pass_more. */
enum { PASS_FOUND_BYTES = 8 * 1024 * 1024 };
bool pass_run(struct pass *p, const struct pass_block *block, struct backtest_sums *sums);
bool pass_more(struct pass *p, struct backtest_sums *sums);
/* What the last of these calls found; gone with the next one. */
const struct found_post *pass_found(const struct pass *p, size_t *count);
uint64_t pass_regex_limit_count(const struct pass *p);
