/* Runs one source for a while without a store, and tells what it brings. */
#pragma once

#include "base/arena.h"
#include "daemon/config.h"

struct try_options {
	bool json; /* a post a line on standard output, all else on standard error */
	bool color;
	size_t wanted; /* posts */
	int64_t for_us;
};

enum { TRY_MAX_SAMPLES = 20, TRY_SAMPLE_BYTES = 64 * 1024 };

struct try_result {
	bool live; /* it was connected at least once */
	bool interrupted; /* by the user */
	size_t post_count, record_count, skipped_count, rejected_count;
	const char *rejected; /* the first reason; NULL: none */
	struct buf failure; /* why it is not connected; empty: it is, or nobody knows */
	const char *map; /* the built-in one that read the posts; NULL: none or several */
	/* How many of the posts had each: text, title, id, url, author, time, language, tags. */
	size_t field_counts[8];
	struct str samples[TRY_MAX_SAMPLES]; /* records as they came, in the arena */
	size_t sample_count;
};
extern const char *const try_field_names[8];

void try_result_init(struct try_result *result);
void try_result_finish(struct try_result *result);
/* Starts the configuration's one source at no cursor and runs the loop. */
void try_source(struct config *config, struct loop *loop, struct http_client *http,
	const struct try_options *options, struct arena *arena, struct try_result *result);
