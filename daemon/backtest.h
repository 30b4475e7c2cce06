/* What rules would have found: everything a backtest reports, added up from the posts that passes
 * found. Posts are added in the order of the input, whatever thread found them, so that the report
 * is the same for any number of threads.
 *
 * Memory: with R rules, what one rule keeps has the ceiling capacity(R), which falls with R, and
 * nothing is kept for a rule that found nothing. Authors, terms, languages, sources and pairs of
 * rules are counted as backtest_top.h says, hours as backtest_hours.h. Beside this a pass keeps
 * PASS_FOUND_BYTES of what it found, or what one post gives. */
#pragma once

#include "daemon/backtest_examples.h"
#include "daemon/backtest_hours.h"
#include "daemon/backtest_pass.h"
#include "daemon/backtest_top.h"

enum {
	BACKTEST_MAX_EXAMPLES = 100,
	BACKTEST_MAX_PAIRED = 32 /* rules of one post of which pairs are counted: the first */
};

/* Of one rule, or of all together. */
struct tally {
	uint64_t post_count; /* found by the tested set */
	uint64_t timed_count; /* of these with a time */
	int64_t first_us, last_us; /* of these */
	struct top terms, authors, langs, sources;
	struct hours hours;
	struct examples examples;
	/* With an old set: what that found, and the difference. */
	uint64_t old_count, gained_count, lost_count;
	struct examples gained, lost;
};

struct backtest {
	const struct backtest_rules *rules;
	struct backtest_sums sums;
	struct tally all; /* without terms and examples */
	struct tally **by_rule; /* NULL: neither set found anything */
	uint64_t several_count; /* posts that more than one rule of the tested set found */
	uint64_t severity_count[SEVERITY_CRITICAL + 1]; /* posts by their gravest rule */
	struct top pairs; /* the key is the one rule, the note the other */
	size_t example_count; /* wanted a rule */
};

void backtest_init(struct backtest *b, const struct backtest_rules *rules, size_t example_count);
void backtest_finish(struct backtest *b); /* takes {0} */
void backtest_add(struct backtest *b, const struct found_post *posts, size_t count);

/* How many counters of a kind one rule may have: 64 to 4096. */
size_t backtest_capacity(size_t rule_count);
/* Posts of the tested set an hour, over the time from the first post to the last of the whole
 * input, at least an hour. False without times. */
bool backtest_rate(const struct backtest *b, const struct tally *t, double *per_hour);
/* The chosen rules that one of the sets found something with, in *order, which the caller frees
 * with mem_free: the most posts first, then in their order. Returns how many. With an old set those
 * with the most differences come first. */
size_t backtest_order(const struct backtest *b, bool by_difference, size_t **order);
/* Do both sets find the same? */
bool backtest_same(const struct backtest *b);
