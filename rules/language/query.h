/* The one-line query of a rule: `"notre marque" (panne OR arnaque) -from:notremarque`.
 *
 * Terms are those of lists, but a phrase needs its double quotes. Two that stand side by side must
 * both be there, as with AND; OR; NOT or a "-" right before; parentheses; a NEAR/5 b: at most five
 * words between, ONEAR/5: in this order. What binds most tightly: NOT, NEAR, AND, OR. Operators are
 * in capitals. lang:fr, lang:fr,en, lang:(fr OR en): fields, see operator.h. */
#pragma once

#include "rules/language/load.h"
#include "rules/language/query_lex.h"

enum {
	QUERY_MAX_NESTING = 64, /* of parentheses */
	QUERY_MAX_NEAR_NESTING = 8,
};

/* The tree of a query: an AND holds no AND, an OR no OR, and both hold two children or more. The
 * terms are added to those of the rule with that number. NULL after an error: all errors are in
 * l->diag then, each with its place. */
struct expr *query_load(struct loader *l, const struct conf_node *node, size_t rule);

/* Does the expression demand that something is there? `-a`, or a OR -b, does not: nearly every post
 * is like that. If not, *culprit is the part that is to blame. */
bool query_demands(const struct expr *e, const struct expr **culprit);
/* Says of each OR that has such a side that it has. */
void query_note_negatives(struct diag *diag, const struct expr *e);
