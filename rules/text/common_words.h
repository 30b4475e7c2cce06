/* Words that are everywhere in French and English, so that rules wait for others where they can. */
#pragma once

#include "base/str.h"

enum word_frequency {
	WORD_RARE, /* or not known */
	WORD_COMMON, /* in about one post in a hundred */
	WORD_VERY_COMMON /* in about one in ten */
};

enum word_frequency word_frequency(struct str folded);
