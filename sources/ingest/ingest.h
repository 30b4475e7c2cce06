/* A source that waits for what others post to it. The server and what it does with a request are
 * daemon/ingest.c's; here are the options, and how much may come. */
#pragma once

#include "sources/ingest/ingest_auth.h"
#include "sources/source.h"

enum { INGEST_STANDARD_WEBHOOKS, INGEST_GITHUB };

struct ingest_source {
	struct source base; /* its map is "post": */
	struct str map; /* that of what is sent */
	struct str_list tokens, secrets;
	int signature;
	struct str rate_text;
	bool open;
	struct ingest_auth auth;
	/* Posts so many in so long. */
	int64_t rate_count, rate_us;
	/* What may still come now, in posts times rate_us; below 0: nothing. */
	int64_t allowance;
	int64_t allowance_at_us;
};

extern const struct source_type source_ingest;

/* NULL if it is of another type. */
struct ingest_source *ingest_of(struct source *s);

/* May more posts come? 0, or after how many microseconds. A request that is let in is taken whole
 * and may run into debt, which later ones wait for. */
int64_t ingest_rate_wait_us(struct ingest_source *s, int64_t now_us);
void ingest_rate_took(struct ingest_source *s, uint64_t count);
