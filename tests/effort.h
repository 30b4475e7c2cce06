/* How much a long test does: as much as a run of all tests can bear, less where sanitizers make
 * each step dear, and far more where VIGIE_LONG=1 asks for it. VIGIE_ROUNDS sets rounds alone. */
#pragma once

#include <stdlib.h>

#include "base/str.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EFFORT_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define EFFORT_SANITIZED 1
#endif
#ifndef EFFORT_SANITIZED
#define EFFORT_SANITIZED 0
#endif

enum { EFFORT_LONG_FACTOR = 10, EFFORT_SANITIZED_DIVISOR = 4 };

static inline bool effort_is_long(void)
{
	return str_eq(str_of(getenv("VIGIE_LONG")), STR("1"));
}

/* Of whatever may take longer in a long run. */
static inline int64_t effort_factor(void)
{
	return effort_is_long() ? EFFORT_LONG_FACTOR : 1;
}

/* Of random rounds. */
static inline int64_t effort_rounds(int64_t rounds)
{
	int64_t asked;
	if (str_to_int64(str_of(getenv("VIGIE_ROUNDS")), &asked))
		return asked;
	bool fewer = EFFORT_SANITIZED && !effort_is_long();
	return fewer ? rounds / EFFORT_SANITIZED_DIVISOR : rounds * effort_factor();
}

/* Of data of which each step-th piece is looked at. */
static inline size_t effort_step(size_t step)
{
	if (effort_is_long())
		return step / EFFORT_LONG_FACTOR + (step < EFFORT_LONG_FACTOR);
	return EFFORT_SANITIZED ? step * EFFORT_SANITIZED_DIVISOR : step;
}
