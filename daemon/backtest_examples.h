/* Some of the posts that a rule matched, chosen evenly over all of them without knowing how many
 * there will be: every post at first, then every second, every fourth and so on, always at most
 * twice as many as are wanted, and the last one. */
#pragma once

#include <stdint.h>

#include "model/alert.h"

enum { EXAMPLE_MAX_BYTES = 1000, EXAMPLE_MAX_HITS = 16 };

/* A post as it is shown. All but the terms is the example's; those are the rules'. */
struct example {
	struct str link; /* url or id; absent if it has neither */
	struct str author; /* of backtest_author */
	struct str text; /* title and text, cut around the first hit */
	bool cut_before, cut_after;
	int64_t created_at_us;
	struct hit *hits; /* in the order of place; from and to count from the start of text */
	size_t hit_count;
};

struct examples {
	size_t wanted; /* 0: none */
	struct example **kept, *last;
	size_t count, size;
	uint64_t seen, stride;
};

void examples_init(struct examples *e, size_t wanted);
void examples_finish(struct examples *e); /* takes {0} */
void examples_add(
	struct examples *e, const struct post *post, const struct hit *hits, size_t hit_count);
/* The first, the last, and evenly between them what is wanted in all. Returns how many stand in
 * out, which has room for `wanted`. */
size_t examples_pick(const struct examples *e, const struct example **out);

/* How people name the author: @handle, else the name, else the id; absent if there is none. */
struct str backtest_author(const struct post_author *author, char *out, size_t out_bytes);
