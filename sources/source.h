/* A source brings blocks of records. Its type is a const struct at the end of its file, which
 * opens, reads, delivers, and says when it failed: reconnecting and backoff live in sources.c. */
#pragma once

#include "base/log.h"
#include "conf/decode.h"
#include "model/log_line.h"
#include "net/backoff.h"
#include "net/http.h"
#include "net/loop.h"
#include "sources/health.h"

struct source;

/* A longer record is dropped and counted. A block holds at most one that long and a piece. */
enum { SOURCE_MAX_RECORD_BYTES = 1024 * 1024, SOURCE_PIECE_BYTES = 256 * 1024 };

/* Whole lines as they came (JSON records, or text), or for SSE one data payload a line. */
struct source_block {
	struct str records; /* whole lines; the last may lack its LF */
	struct str cursor; /* where to go on once this block is on disk; absent if there is none */
	struct str part; /* whose cursor: a part's, such as a feed's; absent: the source's own */
	int64_t received_at_us; /* wall clock; 0: sources.c puts it in */
	struct log_place place; /* of lines of text */
};

/* Who runs the sources: daemon/pipeline.c. None of these stops or destroys sources in the call. */
struct source_host {
	/* Takes a block: returns once whatever fired is on disk together with the cursor. -errno:
	 * the store is in trouble, the source must stop and take the block again later. */
	int (*deliver)(void *ctx, struct source *s, const struct source_block *block);
	/* Records that could not even be framed, such as a line that is too long. */
	void (*rejected)(void *ctx, struct source *s, uint64_t count, const char *reason);
	/* The source changed its state; message is for people. */
	void (*state)(void *ctx, struct source *s, const char *message);
	void (*notice)(void *ctx, struct source *s, const char *message); /* may be NULL */
	/* A source that ends has ended (a file without follow); it will bring nothing more. */
	void (*ended)(void *ctx, struct source *s);
	/* Adds the last cursor of a part to out, or nothing if there is none. May be NULL. */
	void (*part_cursor)(void *ctx, struct source *s, struct str part, struct buf *out);
	/* It is blind (the gap lasts), was blind (from_us is the same), or something is lost. May
	 * be NULL, as memory: of the run before, asked for at the start. */
	void (*gap)(void *ctx, struct source *s, const struct source_gap *gap);
	struct source_memory (*memory)(void *ctx, const struct source *s);
	/* The clocks: wall for received_at_us, monotonic for states. NULL: 0, and the loop's. */
	int64_t (*wall_us)(void);
	int64_t (*monotonic_us)(void);
	void *ctx;
};

enum source_state {
	SOURCE_STOPPED,
	SOURCE_CONNECTING,
	SOURCE_CATCHING_UP, /* data flows, but that of the past */
	SOURCE_LIVE,
	SOURCE_RETRYING,
	SOURCE_ENDED
};
const char *source_state_name(enum source_state state);
bool source_flows(const struct source *s); /* it is live or catching up */

struct source_type {
	const char *name, *help;
	const char *missing; /* the library that this build lacks, or NULL */
	size_t size; /* of its struct, which starts with struct source */
	const struct conf_field *fields;
	/* What tables cannot say; may be NULL. */
	bool (*check)(struct source *s, const struct conf_node *node, struct diag *diag);
	/* 0, then source_live() or source_failed() within the call or later; or -errno. What it
	 * makes on the loop is the business of stop. The cursor lives for the call only. */
	int (*start)(struct source *s, struct str cursor);
	/* Leaves nothing on the loop. May be called in any state, also twice; start may follow. */
	void (*stop)(struct source *s);
	void (*finish)(struct source *s); /* frees what start made; after stop; may be NULL */
	enum source_resume resume; /* of every start, unless start says otherwise in s->resume */
	/* Gives emit its parts until that is false. NULL: it has none. */
	void (*parts)(const struct source *s,
		bool (*emit)(void *ctx, const struct source_part *part), void *ctx);
};

struct source {
	const struct source_type *type;
	struct str name; /* in the configuration */
	struct where at;
	struct str type_name; /* as the configuration has it */
	struct str map; /* the name of its map */
	struct str absent; /* "auto", "off" or a duration */
	int64_t absent_us; /* the silence that is too long; 0: off, -1: as learned */
	struct loop *loop;
	struct http_client *http;
	const struct source_host *host;
	enum source_state state;
	int64_t state_since_us; /* monotonic */
	int64_t retry_in_us; /* in SOURCE_RETRYING: the whole wait, as of state_since_us */
	uint64_t block_count, byte_count, reconnect_count;
	/* What this start does about the break before it; the type may set it until source_live. */
	enum source_resume resume;
	struct source_health health;
	struct sources_entry *entry; /* belongs to sources.c */
};

/* What a type may call. 0, or -errno: the type stops reading and calls nothing more; its stop
 * follows in a later turn of the loop. sources.c keeps the block, offers it again until it is
 * taken, and then starts the type at the block's cursor. Only a source that is live or catching up
 * delivers. */
int source_deliver(struct source *s, const struct source_block *block);
void source_rejected(struct source *s, uint64_t count, const char *reason);
/* Data can flow. The backoff starts anew once that has lasted five seconds, so that a server which
 * accepts and drops at once is not asked without end. A stream that replays is catching up first:
 * until source_caught_up, a post as new as the reconnect, or ten quiet seconds. */
void source_live(struct source *s);
void source_caught_up(struct source *s);
/* A sign of life that brings no record: a heartbeat, the orderly end of a stream. Gaps begin at the
 * last one. Cheap. */
void source_alive(struct source *s);
/* What a type finds to be lost although it resumes: a cursor that was too old, entries that
 * scrolled by. Breaks of a source that LOSES are told without it. to_us must be known. */
void source_gap(struct source *s, const struct source_gap *gap);
/* What people should know and that changes no state, such as a file that is awaited. */
void source_notice(struct source *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void source_ended(struct source *s);
/* The connection or file is gone, let go of already. For the backoff; floor_us 0: none. */
void source_failed(struct source *s, enum backoff_kind kind, int64_t floor_us, const char *format,
	...) __attribute__((format(printf, 4, 5)));

/* Each part fails, but the type goes on by itself: RETRYING until source_live, without a start. */
void source_retries(struct source *s, int64_t wait_us, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The keys that all types have; ends in a field without key. */
extern const struct conf_field source_fields[];

/* The types, in the order of list.h; ends in NULL. */
extern const struct source_type *const source_types[];
