/* How well a source sees: how much comes, how late, how long nothing came, and what it missed.
 * Plain data; the times are arguments, monotonic unless they are called wall. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

/* What becomes of what passes while a source is not there. */
enum source_resume {
	/* It waits to be fetched or pushed: files, feeds, mail, polled pages, senders that try
	 * again. A break loses nothing unless the type finds that it did. */
	SOURCE_KEEPS,
	/* A stream that goes on where the last block ended: a break loses nothing unless the type
	 * finds that it did, and first the past comes. */
	SOURCE_REPLAYS,
	/* The same, but the past is fetched beside the present, so that only the type knows when it
	 * has all: by source_caught_up. */
	SOURCE_REFILLS,
	/* A stream of the present: a break is a gap. */
	SOURCE_LOSES
};

enum source_gap_kind {
	SOURCE_GAP_LOST, /* what came meanwhile is lost */
	SOURCE_GAP_POSSIBLE, /* something may be lost, nobody can tell */
	SOURCE_GAP_REFILLED /* the source was blind, but has got what it missed */
};
const char *source_gap_kind_name(enum source_gap_kind kind); /* "lost", "possible", "refilled" */

/* From when to when, by the wall clock. */
struct source_gap {
	int64_t from_us, to_us; /* to_us 0: it lasts; its kind is then what is to be feared */
	enum source_gap_kind kind;
	struct str part; /* of the source, such as the url of a feed; absent: all of it */
	struct str reason; /* for people */
};

/* A part of a source that has a fate of its own, such as one of many feeds. */
enum source_part_state {
	SOURCE_PART_WAITING,
	SOURCE_PART_WELL,
	SOURCE_PART_FAILING,
	SOURCE_PART_GONE
};
const char *source_part_state_name(enum source_part_state state); /* "waiting", "well", ... */

struct source_part {
	struct str name; /* what people know it by, without secrets */
	enum source_part_state state;
	int64_t since_us; /* wall: when that began; 0: unknown */
	int64_t next_us; /* monotonic: when it is asked again; 0: unknown */
	struct str reason; /* why it fails */
	int64_t well_at_us; /* wall: when it was last seen to be well; 0: never */
	uint64_t records; /* new ones that it brought since the start */
};

/* Records a minute, over the last minute: those of this minute, and of the one before the share
 * that is less than a minute ago. */
struct source_rate {
	int64_t minute_us; /* when this one began; 0: nothing came yet */
	uint64_t count, before;
};
void source_rate_add(struct source_rate *r, int64_t now_us, uint64_t records);
uint64_t source_rate_per_minute(const struct source_rate *r, int64_t now_us);

/* How much later than they were written posts come: the median of the last ones. A post of the
 * future counts as on time; one older than 30 days says nothing (it was brought up from an
 * archive). */
enum { SOURCE_LAG_POSTS = 31 };
struct source_lag {
	int64_t samples_us[SOURCE_LAG_POSTS];
	unsigned count, next;
};
void source_lag_add(struct source_lag *l, int64_t created_wall_us, int64_t received_wall_us);
int64_t source_lag_us(const struct source_lag *l); /* -1: unknown */

/* How long nothing came, and how long that ever was. A silence is one between two records while the
 * source was there all the time. */
enum { SOURCE_SILENCE_DAYS = 8, SOURCE_SILENCE_BYTES = 256 /* of its text */ };
struct source_silence {
	int64_t last_us; /* the last record, or since when the source is there; 0: it is not */
	int64_t watched_us; /* how long it was watched in all */
	int64_t counted_us; /* until when watched_us is counted */
	struct {
		int64_t day; /* of the wall clock since 1970 */
		int64_t longest_us;
	} days[SOURCE_SILENCE_DAYS];
};
void source_silence_begin(struct source_silence *s, int64_t now_us); /* the source is there */
void source_silence_record(struct source_silence *s, int64_t now_us, int64_t wall_us);
void source_silence_end(struct source_silence *s, int64_t now_us); /* it is not any more */
/* The longest of the last seven days. */
int64_t source_silence_longest_us(const struct source_silence *s, int64_t wall_us);
/* What is longer than it ever was: twice the longest, at least five minutes; -1 until the source
 * was watched for a day, since before that every night is the first one. */
int64_t source_silence_limit_us(const struct source_silence *s, int64_t now_us, int64_t wall_us);
/* What is learned, over restarts. A text that is none is nothing learned. */
void source_silence_format(const struct source_silence *s, int64_t now_us, struct buf *out);
void source_silence_parse(struct source_silence *s, struct str text);

struct source_health {
	int64_t alive_us; /* the last sign of life, or the start; 0: never started */
	int64_t before_us; /* wall: that of the run before; 0: there was none */
	bool seen; /* in this run: what it missed between the two is told, or to be told */
	int64_t blind_since_us; /* wall; 0: it sees, or was never started */
	int64_t back_us; /* wall: since when it catches up; 0: it does not */
	unsigned new_count; /* posts in a row that are newer than that, but for the usual lag */
	bool by_word; /* only the type's word ends it */
	int64_t usual_lag_us; /* before it was blind */
	int64_t flows_us; /* since when data flows */
	int64_t dated_us; /* when the last post with a date was looked at, or data began to flow */
	int64_t brought_us; /* when the last record came, or data began to flow */
	int64_t last_record_us; /* wall: when the last record came; 0: none since the start */
	int64_t last_post_us; /* wall: when the newest post looked at was written; 0: unknown */
	struct source_rate rate;
	struct source_lag lag;
	struct source_silence silence;
};
/* It sees no more. True: gap is to be told; else it is known already. */
bool source_health_lost(struct source_health *h, enum source_resume resume, struct str reason,
	int64_t now_us, int64_t wall_us, struct source_gap *gap);
/* Data flows again. True: gap is to be told. If back_us is set it has to catch up first. */
bool source_health_back(struct source_health *h, enum source_resume resume, int64_t now_us,
	int64_t wall_us, struct source_gap *gap);
/* When a source that catches up is to be taken to have done so, if nothing else tells until then:
 * once nothing came for ten seconds, no date for a minute, or at last after an hour. */
int64_t source_health_quiet_us(const struct source_health *h, int64_t now_us);
/* It has caught up. True: gap is to be told. */
bool source_health_caught_up(struct source_health *h, int64_t now_us, struct source_gap *gap);
/* Records came; created_wall_us is when one post of them was written, or 0. True: it has caught up
 * with that, because three posts in a row are newer than the moment when data flowed again, but for
 * the lag that posts had before. */
bool source_health_saw(struct source_health *h, uint64_t records, int64_t created_wall_us,
	int64_t now_us, int64_t wall_us);

/* What whoever runs the sources knows of an earlier run. */
struct source_memory {
	int64_t alive_us; /* wall: the last sign of life; 0: it never ran */
	int64_t blind_since_us; /* wall; 0: it was not blind */
	struct str silence; /* of source_silence_format; absent: none */
};
