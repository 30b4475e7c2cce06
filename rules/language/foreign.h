/* What other tools have where vigie has something else: for hints to those who come from there. */
#pragma once

#include "base/str.h"

/* Of a field's name, in small letters: what to write instead, or that there is no such thing here;
 * NULL: no tool is known to have it. */
const char *foreign_field(struct str name);
/* Of an operator in capitals: ours. NULL: not one of another language. */
const char *foreign_operator(struct str word);
/* A language in three letters that has two: those, or NULL. */
const char *foreign_language(struct str code);
