/* Why a rule matches a post, or does not: its tree, each clause with yes or no and the places that
 * were found. For one rule and one post that a person asks about, not for the flood. */
#pragma once

#include "rules/compile/ruleset.h"
#include "rules/match/near_pair.h"

enum { EXPLAIN_MAX_HITS = 100 /* of one clause that are kept; more are only counted */ };

/* What is almost a term that is not there. */
enum near_why {
	NEAR_NOTHING,
	NEAR_LETTERS, /* with another case or other accents */
	NEAR_LONGER, /* inside a longer word */
	NEAR_UNSIGNED, /* without its #, @ or $ */
	NEAR_HANDLE, /* inside a handle */
	NEAR_LINK, /* inside a link */
	NEAR_SIMILAR, /* another word of nearly the same letters */
};

struct near_miss {
	enum near_why why;
	struct str term; /* as written: of a list, which one */
	enum post_field field;
	uint32_t from, to;
};

struct explained {
	const struct expr *expr;
	bool yes;
	bool in_doubt; /* nobody knows, and yes is false: a search for a regex was given up */
	struct str given_up; /* of a term or list in doubt: that regex, as written */
	const struct hit *hits; /* of a term or list: by field, then place */
	size_t hit_count; /* that were found */
	size_t kept_count; /* of those, how many stand in hits */
	struct near_miss near; /* of a term or list that says no, and should not */
	struct near_pair nearest; /* of a NEAR */
	struct explained *children; /* one for each of the expr's, also where the first decides */
};

/* The clauses of the rule with that number. What comes back lives in the arena, its names are the
 * rules' own; NULL if it does not fit. */
const struct explained *explain(
	const struct ruleset *set, size_t rule, const struct post *post, struct arena *arena);

/* A line a clause, indented, each place on a line below it; ends in a newline. Text of posts and
 * terms is escaped for the terminal. */
void explain_text(const struct ruleset *set, size_t rule, const struct post *post,
	const struct explained *root, struct buf *out);
/* Only the clauses that decided, shorter: the rule's name and its answer, then those; indented by
 * four spaces. */
void explain_why(const struct ruleset *set, size_t rule, const struct post *post,
	const struct explained *root, struct buf *out);
/* {"rule","matches","post":{...},"tree":{"kind":"and|or|not|near|term|list|field","matches",
 * "file","line","column", and: "children"; or "term", "hits" and "hit_count"; or "list", "hits" and
 * "hit_count"; or "field", "values" and "post", the post's own values; or "distance", "ordered" and
 * "nearest", the pair that comes nearest}}; no newline. What is in doubt does not match, and has
 * "in_doubt":true; a term or list also "given_up", its regex. A hit is
 * {"term","list","field","from","to","text","way"}. A term or list that says no may have
 * "near":{"why":"letters|longer|unsigned|handle|link|similar","term","field","from","to","text"}.
 */
void explain_json(const struct ruleset *set, size_t rule, const struct post *post,
	const struct explained *root, struct buf *out);
