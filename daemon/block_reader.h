/* Cuts files into blocks of whole lines. A regular file is cut at fixed places that are known
 * before anything is read, so that threads read at the same time: a piece has the lines that begin
 * behind the first line end in it, or at the file's beginning, up to the one that begins where the
 * next piece does. What has no size to go by (pipes, terminals, standard input) is read by one
 * thread at a time.
 *
 * Why so: at 2 GB/s a thread the kernel's copy is a fifth of the work; under one lock it made two
 * threads 1.5 times as fast as one. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/blocks.h"

struct input; /* an open file; there while somebody reads a piece of it */

struct block_reader {
	const char *const *files;
	size_t count, next; /* next: the file to be opened after this one */
	struct input *input; /* NULL: none is open */
	uint64_t offset; /* of what is read next, less what is left over */
	struct buf rest; /* of a stream: the start of a line whose end was not read yet */
	bool skipping; /* of a stream: inside a line that is too long */
	uint64_t too_long_count; /* of a stream: since the last block */
	void (*failed)(void *ctx, const char *file, int error);
	void *ctx;
};

/* What a thread has taken: a piece that is still to be read, or a block that was. */
struct piece {
	struct input *input; /* NULL: the block is whole */
	uint64_t from, to;
	struct block block;
};

void block_reader_init(struct block_reader *r, const char *const *files, size_t count);
void block_reader_finish(struct block_reader *r);

/* The next piece of any file; a stream's lines are read into data. False at the end of all. */
bool block_take(struct block_reader *r, struct buf *data, struct piece *piece);
/* Reads a piece that is still to be read into data, makes its block of it and returns 0, or an
 * errno: the block then has what was read before. Needs no lock. */
int block_read(struct piece *piece, struct buf *data);
/* The piece is done with. */
void block_release(struct piece *piece);
