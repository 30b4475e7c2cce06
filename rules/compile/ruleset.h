/* Rules compiled for matching: immutable, shared by all threads. What changes is in a
 * match_scratch, one a thread. */
#pragma once

#include "model/alert.h"
#include "model/map.h"
#include "rules/compile/regex_guard.h"
#include "rules/language/rules.h"

struct ruleset;
struct match_scratch;

/* Takes the rules over: they live and die with the rule set. Never NULL. */
struct ruleset *ruleset_create(struct rules *rules);
void ruleset_destroy(struct ruleset *set); /* takes NULL */
const struct rules *ruleset_rules(const struct ruleset *set);

struct ruleset_costs {
	size_t word_count; /* words that are waited for */
	size_t alike_count; /* terms whose likes are waited for: sola*, solaire~1, stem:panneau */
	size_t literal_count; /* substrings that are waited for */
	size_t always_count; /* rules for which every post must be parsed */
};
struct ruleset_costs ruleset_costs(const struct ruleset *set);
bool ruleset_rule_is_always(const struct ruleset *set, size_t rule);

struct match_scratch *match_scratch_create(const struct ruleset *set);
void match_scratch_destroy(struct match_scratch *scratch); /* takes NULL */

/* A search for a regex that took too long is given up, and then nobody knows whether it matches.
 * What is certain without it is decided: "a or /b/" where a occurs. Else the rule does not match,
 * neither does one that the regex should have prevented. */
struct match_errors {
	uint64_t regex_limit_count; /* searches that were given up */
	uint64_t regex_skipped_count; /* not begun: too many others were, in this post or before */
};
const struct match_errors *match_scratch_errors(const struct match_scratch *scratch);
/* A guard that several scratches share, or NULL if no rule has a regex. Without one of the host's
 * the scratch has its own, which never sets a regex aside. */
void match_scratch_set_guard(struct match_scratch *scratch, struct regex_guard *guard);
const struct regex_guard *match_scratch_guard(const struct match_scratch *scratch);

enum { MATCH_MAX_HITS = 1000 /* of one rule in one post; more are not listed */ };

/* Calls found for each rule that the post matches, in the order of the rules. The match and its
 * hits live until the next call with this scratch. Stops when found returns false. Returns how many
 * rules matched. */
size_t ruleset_match(const struct ruleset *set, struct match_scratch *scratch,
	const struct post *post, bool (*found)(void *ctx, const struct match *match), void *ctx);
/* Does any rule match? Faster than to find out which. */
bool ruleset_any(const struct ruleset *set, struct match_scratch *scratch, const struct post *post);
