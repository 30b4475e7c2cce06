/* The written form of a regular expression, piece by piece: for literal.c, which knows what the
 * pieces mean. */
#pragma once

#include <stdint.h>

#include "base/str.h"

struct pattern {
	struct str text;
	size_t at;
	bool extended; /* flag x */
	bool quoted; /* between \Q and \E */
	bool lost; /* something here is not understood */
};

/* The byte so far ahead, or -1 behind the end. */
int pattern_peek(const struct pattern *p, size_t ahead);
bool pattern_is_digit(int c);
bool pattern_is_letter(int c);
/* What may stand between an atom and its quantifier. */
void pattern_skip_unseen(struct pattern *p);
/* 1 and 1 if none stands here; UINT32_MAX: without end. */
void pattern_quantifier(struct pattern *p, unsigned *min, unsigned *max);
void pattern_skip_past(struct pattern *p, char end);
/* After \x: two digits at most, or {any number of them}. */
uint32_t pattern_hex(struct pattern *p);
/* After \g or \k: a reference by number or in brackets of some kind. */
void pattern_skip_reference(struct pattern *p);
/* At "[" inside a class: the length of [:name:], or 0. */
size_t pattern_posix_class(const struct pattern *p);
