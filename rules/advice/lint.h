/* What is allowed but slow, useless or not what was meant: notes for `vigie check`, never errors.
 * Of each kind a rule or list gets LINT_MAX_NOTES. */
#pragma once

#include "rules/advice/ruletest.h"

enum { LINT_MAX_NOTES = 20 };

/* All of them. tests NULL: nobody expects tests, as of a file of terms. */
void lint_rules(const struct ruleset *set, const struct ruletest_result *tests, struct diag *diag);

/* The parts. */

/* lint_terms.c: each term by itself. */
void lint_terms(const struct rules *rules, struct diag *diag);
/* lint_cover.c: terms that others of the same rule make useless or impossible, and lists that say
 * a thing twice. */
void lint_cover(const struct rules *rules, struct diag *diag);
/* lint_foreign.c: signs and values that mean something to other tools and nothing here. */
void lint_foreign(const struct rules *rules, struct diag *diag);
