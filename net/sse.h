/* Server-Sent Events, as the WHATWG HTML standard parses them (section 9.2.6). */
#pragma once

#include "base/buf.h"

enum { SSE_MAX_NAME_BYTES = 1024 /* an event's type or id; longer counts as too long an event */ };

struct sse {
	struct buf line; /* unfinished */
	struct buf data; /* of the event under way, each line with an LF */
	struct buf type;
	struct buf id, next_id; /* as of the last blank line; as of the last id field */
	bool started, after_cr, too_long;
	bool line_too_long; /* `line` holds only its start */
	size_t max_bytes; /* of one event's data; a longer event is dropped and counted */
	uint64_t too_long_count;
	int64_t retry_us; /* what the server asked for last, at most 24 h; -1: nothing yet */
	bool id_set, next_id_set;
};

struct sse_event {
	struct str type; /* "message" if the event names none */
	struct str data;
	/* The last event id, which sticks from event to event; absent before the first. */
	struct str id;
};

void sse_init(struct sse *s, size_t max_bytes);
void sse_finish(struct sse *s);
void sse_reset(struct sse *s); /* for a new connection: keeps the last id and retry_us */
/* Feeds one piece, cut anywhere. Bytes that are not UTF-8 are handed on as they are. Returns false
 * as soon as `event` does; what is left of the piece is then lost. An unfinished event at the end
 * of the stream is to be forgotten, so there is no sse_end. */
bool sse_feed(struct sse *s, struct str piece,
	bool (*event)(void *ctx, const struct sse_event *event), void *ctx);
/* The last event id, absent if there is none or the server took it back: for Last-Event-ID. */
struct str sse_last_id(const struct sse *s);
