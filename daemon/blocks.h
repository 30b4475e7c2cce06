/* Reads files in blocks of whole lines and has them worked on by several threads, with the results
 * given back in order. This file holds the only locks of `vigie match`: a thread takes the next
 * block under one, reads and works without, and hands over under another what is done in order. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

enum { BLOCK_BYTES = 256 * 1024, BLOCK_MAX_RECORD_BYTES = 1024 * 1024 };

struct block {
	struct str lines; /* whole lines; the last of a file may lack its LF */
	const char *file; /* as given; "-" is standard input */
	uint64_t offset; /* of lines in the file, in bytes */
	uint64_t too_long_count; /* records over BLOCK_MAX_RECORD_BYTES that were dropped beside it
				  */
};

struct blocks_hooks {
	/* One or two a thread, made before and destroyed after the run, on the caller's thread. */
	void *(*worker_create)(void *ctx);
	void (*worker_destroy)(void *worker);
	/* On any thread; what it makes stays in the worker until done. */
	void (*work)(void *worker, const struct block *block);
	/* In the order of the blocks, never two at once. False ends the run: it is not called
	 * again.
	 */
	bool (*done)(void *ctx, void *worker, const struct block *block);
	/* A file could not be opened or read; the others go on. Never two at once, but maybe while
	 * another thread is in done. */
	void (*failed)(void *ctx, const char *file, int error);
	void *ctx;
};

/* files: count of them; "-" is standard input. threads: 1 or more. */
void blocks_run(
	const char *const *files, size_t count, unsigned threads, const struct blocks_hooks *hooks);
