/* Regexes without literals are told by their outlines. */
#pragma once

#include "rules/compile/compiled.h"

/* Fills in outlines, outline_terms and outlined. term_literals: by term; NULL if no term is a
 * regex. */
void compile_outlines(struct ruleset *set, const struct str_list *term_literals);
