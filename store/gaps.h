/* What sources missed, and what is to be known of each over restarts. */
#pragma once

#include "store/store.h"

enum {
	STORE_MAX_GAPS = 10000, /* the oldest that have ended go */
	STORE_MAX_SILENCE_BYTES = 1000,
};

struct store_gap {
	struct str source, part; /* part: absent or empty for the whole source */
	int64_t from_us, to_us; /* to_us 0: it lasts */
	int kind; /* the number of an enum source_gap_kind: 0 lost, 1 possible, 2 refilled */
	bool told; /* somebody was told */
	struct str reason; /* cut where it is longer than STORE_MAX_MESSAGE_BYTES */
};

/* Each is its own transaction unless within begin and commit, and gives 0 or -errno. A gap is known
 * by its source, its part and its beginning: put again, it is changed; an absent reason stays. */
int store_put_gap(struct store *s, const struct store_gap *gap);
/* It turned out to be none. */
int store_drop_gap(struct store *s, struct str source, struct str part, int64_t from_us);

struct store_gap_filter {
	struct str source; /* absent: of all */
	int64_t after_us; /* only those that last or ended later */
	bool open; /* only those that last */
	size_t limit; /* 0: all */
};
/* Those that began last come first. Rows live in the arena; -EMSGSIZE: they do not fit. */
int store_gaps(struct store *s, const struct store_gap_filter *filter, struct arena *arena,
	struct store_gap **gaps, size_t *count);

/* What is remembered of a source; all zero and absent if nothing is. */
struct store_source {
	int64_t alive_us; /* the last sign of life */
	int64_t last_record_us;
	struct str silence; /* how long its silences are; whoever wrote it knows the form */
};
int store_put_source(struct store *s, struct str name, const struct store_source *source);
int store_source(
	struct store *s, struct str name, struct arena *arena, struct store_source *source);

/* An alert that is about no post of a source but about the source: as store_add_alert, but nothing
 * is added to the archive of matched posts. */
int store_add_notice(struct store *s, const struct alert *alert, const struct str *targets,
	size_t target_count, bool *added);
