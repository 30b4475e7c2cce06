/* What match_near.c and match_gap.c keep between posts. */
#pragma once

#include "base/arena.h"
#include "model/post.h"
#include "rules/text/text_units.h"

/* Where a word of a phrase stands. */
struct gap_place {
	uint32_t from, to; /* bytes of the text */
	bool same; /* in the very letters of the term */
};

struct near_scratch {
	struct text_units units[FIELD_COUNT];
	bool ready[FIELD_COUNT];
	struct arena arena; /* of one question */
	bool *gap_noted; /* by term; NULL until there is one */
	uint32_t *gap_terms; /* noted, each once */
	size_t gap_count, gap_size;
	struct gap_place *places; /* of one phrase */
	size_t place_count, place_size;
};
