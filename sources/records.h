/* Frames a stream of bytes into lines and hands out all records that a piece completes as one view,
 * so that a piece is one block, one scan and at most one commit. Copies only where a record
 * began in an earlier piece. */
#pragma once

#include "net/lines.h"

struct records {
	struct lines lines;
	struct buf joined;
	struct str piece, direct; /* direct: the part of piece that is to be handed out as it is */
	uint64_t told_count; /* of the lines that were too long */
};

void records_init(struct records *r);
void records_finish(struct records *r); /* takes {0} */
void records_reset(struct records *r); /* forgets an unfinished record; counts from 0 again */

/* The records that end in this piece of at most SOURCE_PIECE_BYTES; absent if there are none. Valid
 * until the next call and as long as the piece. */
struct str records_feed(struct records *r, struct str piece);
/* The last record, which lacks its LF; absent if there is none. */
struct str records_end(struct records *r);
/* How many lines were too long since the last call. */
uint64_t records_rejected(struct records *r);
