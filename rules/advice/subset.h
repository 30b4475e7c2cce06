/* One rule of a set on its own, to see what it alone does. */
#pragma once

#include "rules/compile/ruleset.h"

/* A copy of the rule with its terms and lists, compiled. It borrows texts and patterns: all must
 * outlive it. */
struct ruleset *ruleset_of_rule(const struct rules *all, size_t rule);
void ruleset_of_rule_destroy(struct ruleset *set); /* takes NULL */
