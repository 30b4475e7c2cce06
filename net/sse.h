/* Server-Sent Events, as the WHATWG HTML standard parses them (section 9.2.6). */
#pragma once

#include "base/buf.h"

struct sse {
	struct buf line, data, type, id;
	bool started, after_cr, too_long;
	size_t max_bytes; /* of one event's data; a longer event is dropped and counted */
	uint64_t too_long_count;
	int64_t retry_us; /* what the server asked for last; -1: nothing yet */
	bool id_set;
};

struct sse_event {
	struct str type; /* "message" if the event names none */
	struct str data;
	struct str id; /* the last event id, which sticks from event to event; absent before the
			  first */
};

void sse_init(struct sse *s, size_t max_bytes);
void sse_finish(struct sse *s);
void sse_reset(struct sse *s); /* for a new connection: keeps the last id and retry_us */
/* Feeds one piece, cut anywhere. Returns false as soon as `event` does. An unfinished event at the
 * end of the stream is to be forgotten, so there is no sse_end. */
bool sse_feed(struct sse *s, struct str piece,
	bool (*event)(void *ctx, const struct sse_event *event), void *ctx);
/* The last event id, absent if there is none: for Last-Event-ID. */
struct str sse_last_id(const struct sse *s);
