/* Random queries that are right, for tests: nested AND, OR, NOT, NEAR and phrases with a gap. */
#pragma once

#include "base/buf.h"

struct random_query {
	uint64_t *seed;
	void (*add_term)(struct buf *out, uint64_t *seed); /* one term as a query has it */
};

/* A query that asks for something positive; `depth`: of its operators, at most. */
void random_query_add(struct buf *out, const struct random_query *r, unsigned depth);
