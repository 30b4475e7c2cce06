/* Phrases with a gap: "panneau solaire"~4. */
#pragma once

#include "rules/language/term.h"

enum { TERM_MAX_GAP = 100 };

/* Can the phrase, parsed but for its gap, have one? Errors go to diag at that place, that of "~".
 */
bool term_check_gap(const struct term *term, struct where at, struct diag *diag);
