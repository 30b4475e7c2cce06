#define _GNU_SOURCE
#include "daemon/blocks.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

struct reader {
	const char *const *files;
	size_t count, next; /* next: the file to be opened after this one */
	int fd; /* -1: none */
	const char *file;
	uint64_t offset; /* of what is read next, less what is left over */
	struct buf rest; /* the start of a line whose end was not read yet */
	bool skipping; /* inside a line that is too long */
	uint64_t too_long_count; /* since the last block */
};

/* Two locks, so that what is done can be handed over while somebody waits for more to read. */
struct run {
	const struct blocks_hooks *hooks;
	pthread_mutex_t reading; /* of the next two */
	struct reader reader;
	uint64_t taken; /* blocks */
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t turn_came;
	uint64_t handed_over; /* blocks */
	bool ended;
};

struct thread {
	struct run *run;
	void *worker;
	struct buf data;
	pthread_t id;
};

static bool open_next(struct run *run)
{
	struct reader *r = &run->reader;
	while (r->next < r->count) {
		r->file = r->files[r->next++];
		r->offset = 0;
		r->skipping = false;
		r->fd = strcmp(r->file, "-") == 0 ? STDIN_FILENO
						  : open(r->file, O_RDONLY | O_CLOEXEC);
		if (r->fd >= 0) {
			(void)posix_fadvise(r->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* a wish */
			return true;
		}
		run->hooks->failed(run->hooks->ctx, r->file, errno);
	}
	return false;
}

static void close_file(struct reader *r)
{
	if (r->fd != STDIN_FILENO)
		close(r->fd);
	r->fd = -1;
}

/* Reads once more behind what data holds. 0 at the end of the file or after an error. */
static size_t read_more(struct run *run, struct buf *data)
{
	struct reader *r = &run->reader;
	for (;;) {
		char *at = buf_room(data, BLOCK_BYTES);
		ssize_t n = read(r->fd, at, BLOCK_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			run->hooks->failed(run->hooks->ctx, r->file, errno);
		if (n <= 0)
			return 0;
		data->n += (size_t)n;
		return (size_t)n;
	}
}

/* Drops a line that is too long, or the rest of it, from the front of data. */
static void skip_line(struct reader *r, struct buf *data)
{
	size_t end = str_find_char(buf_str(data), '\n');
	size_t dropped = end == SIZE_MAX ? data->n : end + 1;
	r->skipping = end == SIZE_MAX;
	r->offset += dropped;
	buf_cut(data, dropped);
}

/* Only the first line can be longer than what is read at once. */
static void drop_long_line(struct reader *r, struct buf *data)
{
	size_t end = str_find_char(buf_str(data), '\n');
	if ((end == SIZE_MAX ? data->n : end) <= BLOCK_MAX_RECORD_BYTES)
		return;
	r->too_long_count++;
	skip_line(r, data);
}

/* Fills data with whole lines; false when there is nothing more in this file. */
static bool fill(struct run *run, struct buf *data)
{
	struct reader *r = &run->reader;
	for (;;) {
		size_t n = read_more(run, data);
		if (r->skipping)
			skip_line(r, data);
		drop_long_line(r, data);
		const char *last = data->n ? memrchr(data->p, '\n', data->n) : NULL;
		if (n == 0)
			return data->n > 0; /* what is left is the last line */
		if (last) {
			struct str rest = str_slice(
				buf_str(data), (size_t)(last - data->p) + 1, data->n);
			buf_add(&r->rest, rest);
			data->n -= rest.n;
			return true;
		}
	}
}

/* The next block of any file, its lines in data. False at the end of all. */
static bool next_block(struct run *run, struct buf *data, struct block *block)
{
	struct reader *r = &run->reader;
	while (r->fd >= 0 || open_next(run)) {
		buf_clear(data);
		buf_add(data, buf_str(&r->rest));
		buf_clear(&r->rest);
		bool any = fill(run, data);
		if (any || r->too_long_count) {
			*block = (struct block){ buf_str(data), r->file, r->offset,
				r->too_long_count };
			r->offset += data->n;
			r->too_long_count = 0;
		}
		if (!any) {
			bool counted = block->too_long_count > 0;
			close_file(r);
			if (!counted)
				continue;
		}
		return true;
	}
	return false;
}

/* Takes the next block under its lock; false at the end of all. */
static bool take_block(struct run *run, struct buf *data, struct block *block, uint64_t *ticket)
{
	pthread_mutex_lock(&run->reading);
	pthread_mutex_lock(&run->lock);
	bool more = !run->ended;
	pthread_mutex_unlock(&run->lock);
	more = more && next_block(run, data, block);
	if (more)
		*ticket = run->taken++;
	pthread_mutex_unlock(&run->reading);
	return more;
}

static void hand_over(struct thread *t, const struct block *block, uint64_t ticket)
{
	struct run *run = t->run;
	pthread_mutex_lock(&run->lock);
	while (run->handed_over != ticket)
		pthread_cond_wait(&run->turn_came, &run->lock);
	if (!run->ended && !run->hooks->done(run->hooks->ctx, t->worker, block))
		run->ended = true;
	run->handed_over++;
	pthread_cond_broadcast(&run->turn_came);
	pthread_mutex_unlock(&run->lock);
}

static void *thread_main(void *ctx)
{
	struct thread *t = ctx;
	struct block block = { 0 };
	uint64_t ticket;
	while (take_block(t->run, &t->data, &block, &ticket)) {
		t->run->hooks->work(t->worker, &block);
		hand_over(t, &block, ticket);
		block = (struct block){ 0 };
	}
	return NULL;
}

void blocks_run(
	const char *const *files, size_t count, unsigned threads, const struct blocks_hooks *hooks)
{
	struct run run = { .hooks = hooks, .reader = { .files = files, .count = count, .fd = -1 } };
	struct thread *all = mem_zero(threads, sizeof *all);
	unsigned started = 1; /* the first is the caller's */
	pthread_mutex_init(&run.reading, NULL);
	pthread_mutex_init(&run.lock, NULL);
	pthread_cond_init(&run.turn_came, NULL);
	buf_init(&run.reader.rest, 0);
	for (unsigned i = 0; i < threads; i++) {
		all[i] = (struct thread){ .run = &run, .worker = hooks->worker_create(hooks->ctx) };
		buf_init(&all[i].data, 0);
	}
	while (started < threads &&
		pthread_create(&all[started].id, NULL, thread_main, &all[started]) == 0)
		started++;
	(void)thread_main(&all[0]); /* returns nothing */
	for (unsigned i = 1; i < started; i++)
		pthread_join(all[i].id, NULL);
	for (unsigned i = 0; i < threads; i++) {
		hooks->worker_destroy(all[i].worker);
		buf_finish(&all[i].data);
	}
	if (run.reader.fd >= 0)
		close_file(&run.reader);
	buf_finish(&run.reader.rest);
	pthread_cond_destroy(&run.turn_came);
	pthread_mutex_destroy(&run.reading);
	pthread_mutex_destroy(&run.lock);
	mem_free(all);
}
