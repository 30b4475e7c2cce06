/* Samples of rules and posts, whose makers say how many rules match. */
#pragma once

#include "tests/check.h"

#include "tests/rules/twins.h"

/* Do matcher, oracle and scan say alike that so many of the rules match? Prints what is wrong. */
static inline bool sample_is_so(
	struct str yaml, const struct post *post, struct str record, size_t expected)
{
	struct buf why;
	size_t matching = 0;
	struct twins *t = twins_of_yaml(yaml);
	if (!t)
		fail_msg("no rules: %.*s", STR_ARGS(yaml));
	buf_init(&why, 0);
	bool good = twins_agree_on(t, post, record, &matching, &why) && matching == expected;
	if (!good)
		print_error("%.*s%.*s: %zu match\n%.*s", STR_ARGS(yaml), STR_ARGS(record), matching,
			STR_ARGS(buf_str(&why)));
	twins_destroy(t);
	buf_finish(&why);
	return good;
}

/* is_so(&sample) of all of an array: those that are not are all printed before it fails. */
#define CHECK_SAMPLES(samples, is_so)                                               \
	do {                                                                        \
		size_t wrong_ = 0;                                                  \
		for (size_t i_ = 0; i_ < sizeof(samples) / sizeof *(samples); i_++) \
			wrong_ += !is_so(&(samples)[i_]);                           \
		assert_int_equal(wrong_, 0);                                        \
	} while (0)
