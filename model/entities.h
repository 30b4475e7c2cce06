/* Character references of HTML, such as &eacute; and &#233;. */
#pragma once

#include "base/str.h"

/* The code point of a name without & and ;, or 0. */
uint32_t entity_code_point(struct str name);

/* Reads the reference at the start of s and returns how many bytes it takes; 0 if none stands
 * there. Numbers that are no character give U+FFFD. The ; may lack after a number, and
 * after a name of Latin-1 that no letter or digit follows. */
size_t entity_read(struct str s, uint32_t *code_point);
