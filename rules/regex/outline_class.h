/* What the characters and classes of a pattern are as sets of symbols. */
#pragma once

#include "rules/regex/outline.h"
#include "rules/regex/pattern.h"

/* One character of a pattern; UINT32_MAX: any. */
struct symbol_set outline_character(uint32_t c, bool ignore_case);
/* What \d, \S and the like stand for, or more; any for a letter that is not known. */
struct symbol_set outline_kind(int letter);
/* From "[" to behind "]". */
struct symbol_set outline_class(struct pattern *in, bool ignore_case);
/* The beginning or the end of the text, and nothing else. */
struct symbol_set outline_edge(unsigned symbol);
/* The part of the characters of posts that are in the set. */
double symbol_set_share(struct symbol_set set);
