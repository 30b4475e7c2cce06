/* What can be said against terms that are looked for by likeness: sola*, *voltaïque, solaire~1 and
 * stem:panneau. */
#pragma once

#include "rules/language/term.h"

/* Is it one of those? */
bool term_is_alike(const struct term *t);
/* The term is read, kind, letters, folded, exact and edits are set: false after an error in diag.
 * at: the place of the sign (star, ~, stem:). */
bool term_check_alike(const struct term *t, struct where at, struct diag *diag);
