/* Cuts a stream of bytes into records that end in LF or CRLF. Works on whole blocks: what it hands
 * out is one view of as many complete lines as there are, so that nothing is copied but the last,
 * unfinished line. */
#pragma once

#include "base/buf.h"

struct lines {
	struct buf rest; /* the unfinished line */
	size_t max_bytes; /* without its LF; a longer line is dropped and counted */
	bool skipping; /* inside a line that is too long */
	uint64_t skipped_bytes; /* of it so far */
	uint64_t too_long_count;
	uint64_t consumed_bytes; /* of the stream, up to the end of the last complete line handed
				    out or dropped; within `block` the view is counted already */
};

void lines_init(struct lines *l, size_t max_bytes);
void lines_finish(struct lines *l);

/* Feeds one piece. Calls block(ctx, view) zero or more times: each view holds one or more whole
 * lines, each with its LF; the view ends in LF. Returns false as soon as block does; what is left
 * of the piece is then lost, and the stream is to be read again from consumed_bytes. */
bool lines_feed(
	struct lines *l, struct str piece, bool (*block)(void *ctx, struct str view), void *ctx);
/* The stream has ended: a last line without LF is handed out without one. */
bool lines_end(struct lines *l, bool (*block)(void *ctx, struct str view), void *ctx);
