/* What rules wait for: the smallest set of terms of which every match of a rule must contain one,
 * and a second word where it needs more than that. */
#pragma once

#include "rules/compile/compiled.h"

/* Fills in waits, rule_any_term, rule_always, always, rule_second, second_hash and what counts
 * them, from which regexes are outlined. term_literals: by term, of regexes; NULL if no term is
 * one. */
void compile_waits(struct ruleset *set, const struct str_list *term_literals);

/* Is it a word as it is, without apostrophes, signs or letters that need no boundary? */
bool term_is_plain_word(const struct term *t);
