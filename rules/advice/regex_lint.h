/* What is doubtful about a regex that is not wrong, for `vigie check`. */
#pragma once

#include "base/diag.h"
#include "base/str.h"

struct regex;
struct rules;

/* Notes for all regexes of the rules. */
void regex_lint(const struct rules *rules, struct diag *diag);

/* A text that a person could post, of a few hundred characters, for which the search would be given
 * up, is found: the character or word that it repeats is in *unit (of the pattern or a constant).
 * Tries some; so it may miss one, but what it finds is so. */
bool regex_is_easy_to_stall(const struct regex *re, struct str pattern, struct str *unit);

/* It matches posts that have nothing in common. */
bool regex_matches_nearly_all(const struct regex *re);
