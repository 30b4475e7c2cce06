/* How near the two sides of a NEAR come, for explaining. */
#pragma once

#include "model/post.h"

/* The two places that come nearest, near enough or not. */
struct near_pair {
	bool any; /* false: nowhere do both stand in one field without overlapping */
	bool reversed; /* of ONEAR: only the other way round */
	enum post_field field;
	uint32_t words; /* between the two */
	uint32_t from, to, other_from, other_to; /* the first and the second, in the text's order */
};
