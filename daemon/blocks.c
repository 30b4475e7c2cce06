#include "daemon/blocks.h"

#include <pthread.h>

#include "base/mem.h"
#include "daemon/block_reader.h"

enum slot_state { SLOT_FREE, SLOT_WORKING, SLOT_DONE };

/* A block that is worked on or waits for its turn to be handed over. */
struct slot {
	enum slot_state state;
	uint64_t ticket; /* the number of its block */
	struct piece piece;
	struct buf data;
	void *worker;
};

/* Two locks, so that what is done can be handed over while somebody waits for more to read. There
 * are more slots than threads: one that is done before its turn comes need not wait. */
struct run {
	const struct blocks_hooks *hooks;
	pthread_mutex_t reading; /* of the next two */
	struct block_reader reader;
	uint64_t taken; /* blocks */
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t slot_freed;
	struct slot *slots;
	size_t slot_count;
	uint64_t handed_over; /* blocks */
	bool ended;
};

static struct slot *wait_for_slot(struct run *run)
{
	struct slot *slot = NULL;
	pthread_mutex_lock(&run->lock);
	while (!run->ended && !slot) {
		for (size_t i = 0; i < run->slot_count && !slot; i++) {
			if (run->slots[i].state == SLOT_FREE)
				slot = &run->slots[i];
		}
		if (!slot)
			pthread_cond_wait(&run->slot_freed, &run->lock);
	}
	if (slot)
		slot->state = SLOT_WORKING;
	pthread_mutex_unlock(&run->lock);
	return slot;
}

/* A slot with the next block; NULL at the end of all. */
static struct slot *take_block(struct run *run)
{
	struct slot *slot = wait_for_slot(run);
	if (!slot)
		return NULL;
	pthread_mutex_lock(&run->reading);
	block_release(&slot->piece);
	bool more = block_take(&run->reader, &slot->data, &slot->piece);
	if (more)
		slot->ticket = run->taken++;
	pthread_mutex_unlock(&run->reading);
	return more ? slot : NULL;
}

static void read_block(struct run *run, struct slot *slot)
{
	int error = slot->piece.input ? block_read(&slot->piece, &slot->data) : 0;
	if (!error)
		return;
	pthread_mutex_lock(&run->reading);
	run->hooks->failed(run->hooks->ctx, slot->piece.block.file, error);
	pthread_mutex_unlock(&run->reading);
}

static struct slot *next_in_turn(struct run *run)
{
	for (size_t i = 0; i < run->slot_count; i++) {
		struct slot *slot = &run->slots[i];
		if (slot->state == SLOT_DONE && slot->ticket == run->handed_over)
			return slot;
	}
	return NULL;
}

/* The slot's block is done: hands over all whose turn has come. */
static void hand_over(struct run *run, struct slot *slot)
{
	pthread_mutex_lock(&run->lock);
	slot->state = SLOT_DONE;
	while ((slot = next_in_turn(run)) != NULL) {
		if (!run->ended &&
			!run->hooks->done(run->hooks->ctx, slot->worker, &slot->piece.block))
			run->ended = true;
		run->handed_over++;
		slot->state = SLOT_FREE;
	}
	pthread_cond_broadcast(&run->slot_freed);
	pthread_mutex_unlock(&run->lock);
}

static void *thread_main(void *ctx)
{
	struct run *run = ctx;
	struct slot *slot;
	while ((slot = take_block(run)) != NULL) {
		read_block(run, slot);
		run->hooks->work(slot->worker, &slot->piece.block);
		hand_over(run, slot);
	}
	return NULL;
}

static void start(struct run *run, size_t slot_count)
{
	pthread_mutex_init(&run->reading, NULL);
	pthread_mutex_init(&run->lock, NULL);
	pthread_cond_init(&run->slot_freed, NULL);
	run->slot_count = slot_count;
	run->slots = mem_zero(slot_count, sizeof *run->slots);
	for (size_t i = 0; i < slot_count; i++) {
		run->slots[i].worker = run->hooks->worker_create(run->hooks->ctx);
		buf_init(&run->slots[i].data, 0);
	}
}

static void finish(struct run *run)
{
	for (size_t i = 0; i < run->slot_count; i++) {
		block_release(&run->slots[i].piece);
		run->hooks->worker_destroy(run->slots[i].worker);
		buf_finish(&run->slots[i].data);
	}
	mem_free(run->slots);
	block_reader_finish(&run->reader);
	pthread_cond_destroy(&run->slot_freed);
	pthread_mutex_destroy(&run->reading);
	pthread_mutex_destroy(&run->lock);
}

void blocks_run(
	const char *const *files, size_t count, unsigned threads, const struct blocks_hooks *hooks)
{
	struct run run = { .hooks = hooks };
	pthread_t *ids = mem_zero(threads, sizeof *ids);
	unsigned started = 1; /* the first is the caller's */
	block_reader_init(&run.reader, files, count);
	run.reader.failed = hooks->failed;
	run.reader.ctx = hooks->ctx;
	start(&run, threads > 1 ? 2 * (size_t)threads : 1);
	while (started < threads && pthread_create(&ids[started], NULL, thread_main, &run) == 0)
		started++;
	(void)thread_main(&run); /* returns nothing */
	for (unsigned i = 1; i < started; i++)
		pthread_join(ids[i], NULL);
	finish(&run);
	mem_free(ids);
}
