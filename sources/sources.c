/* The registry of sources and their one state machine:
 *
 *   STOPPED     sources_start          CONNECTING  the type's start
 *   CONNECTING  source_live            LIVE, or CATCHING_UP if it was blind and its stream replays
 *   CATCHING_UP source_caught_up       LIVE        or a post or quiet that says the same
 *   any of them source_failed          RETRYING    a timer by net/backoff.h
 *   any of them source_retries         RETRYING    the type goes on; source_live ends it
 *   LIVE        a deliver that fails   RETRYING    the type's stop in the next turn, then the timer
 *   RETRYING    the timer              CONNECTING  first the block that was not taken, then start
 *   any         source_ended           ENDED
 *   any         sources_stop           STOPPED     the type's stop
 *
 * A block that the host did not take is copied and offered again before the type is started: no
 * server is asked while the store is in trouble, and nothing is lost of what cannot be read twice.
 */
#define _GNU_SOURCE
#include "sources/sources.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sources/source_keys.h"

enum {
	MESSAGE_MAX_BYTES = 1024,
	CURSOR_MAX_BYTES = 1536 * 1024,
	PART_MAX_BYTES = 256,
	BLOCK_MAX_BYTES = SOURCE_MAX_RECORD_BYTES + 2 * SOURCE_PIECE_BYTES,
};

/* Live for that long, and what went wrong before is forgotten. */
#define STEADY_US (5 * US_PER_S)
/* The store is ours and near: a full disk is noticed as free again soon. */
#define STORE_RETRY_MAX_US (5 * US_PER_S)

struct sources_entry {
	/* For the next attempt, the stop after a failed deliver, or quiet while catching up. */
	struct timer *timer;
	struct backoff backoff, store_backoff;
	struct buf cursor; /* of the last block taken */
	bool cursor_known;
	struct buf block, block_cursor, block_part; /* not taken yet, while store_error is set */
	bool block_cursor_known;
	int64_t block_received_at_us;
	struct log_place block_place;
	int store_error; /* negative errno of the last deliver; 0: no block is waiting */
	bool letting_go; /* the type is still to be stopped */
	bool goes_on; /* RETRYING, but the type was not stopped: it asks again by itself */
	bool started; /* at least once */
	bool new_enough; /* what comes is as new as the moment since when it catches up */
	int64_t flows_since_us; /* monotonic: when it was live or catching up last */
	bool busy; /* a function of the host is running */
	struct buf said; /* the last failure that was logged */
};

struct sources {
	struct source **items;
	size_t count;
};

static const char *const state_names[] = { "stopped", "connecting", "catching up", "live",
	"retrying", "ended" };

const char *source_state_name(enum source_state state)
{
	return state_names[state];
}

static struct sources_entry *create_entry(void)
{
	struct sources_entry *entry = mem_zero(1, sizeof *entry);
	buf_init(&entry->cursor, CURSOR_MAX_BYTES);
	buf_init(&entry->block, BLOCK_MAX_BYTES);
	buf_init(&entry->block_cursor, CURSOR_MAX_BYTES);
	buf_init(&entry->block_part, PART_MAX_BYTES);
	buf_init(&entry->said, MESSAGE_MAX_BYTES);
	return entry;
}

struct sources *sources_create(const struct conf_node *node, struct arena *arena, struct diag *diag)
{
	struct sources *all = mem_zero(1, sizeof *all);
	if (!node || node->kind == CONF_NULL)
		return all;
	if (node->kind != CONF_MAP) {
		diag_error(diag, node->at, "sources is a map of names: 'sources'");
		return all;
	}
	all->items = mem_zero(node->count, sizeof(struct source *));
	for (size_t i = 0; i < node->count; i++) {
		struct source *s = source_decode(&node->keys[i], &node->items[i], arena, diag);
		if (!s)
			continue;
		s->entry = create_entry();
		all->items[all->count++] = s;
	}
	return all;
}

void sources_destroy(struct sources *all)
{
	if (!all)
		return;
	sources_stop(all);
	for (size_t i = 0; i < all->count; i++) {
		struct source *s = all->items[i];
		if (s->type->finish)
			s->type->finish(s);
		buf_finish(&s->entry->cursor);
		buf_finish(&s->entry->block);
		buf_finish(&s->entry->block_cursor);
		buf_finish(&s->entry->block_part);
		buf_finish(&s->entry->said);
		mem_free(s->entry);
		s->entry = NULL;
	}
	mem_free(all->items);
	mem_free(all);
}

size_t sources_count(const struct sources *all)
{
	return all->count;
}

struct source *sources_at(const struct sources *all, size_t i)
{
	assert(i < all->count);
	return all->items[i];
}

/* ---- states ---- */

static int64_t now_us(const struct source *s)
{
	return s->host->monotonic_us ? s->host->monotonic_us() : loop_now_us(s->loop);
}

static int64_t wall_us(const struct source *s)
{
	return s->host->wall_us ? s->host->wall_us() : 0;
}

bool source_flows(const struct source *s)
{
	return s->state == SOURCE_LIVE || s->state == SOURCE_CATCHING_UP;
}

static void tell_gap(struct source *s, const struct source_gap *gap)
{
	if (!s->host->gap)
		return;
	s->entry->busy = true;
	s->host->gap(s->host->ctx, s, gap);
	s->entry->busy = false;
}

static void enter(struct source *s, enum source_state state, const char *message)
{
	s->state = state;
	s->state_since_us = now_us(s);
	if (!s->host->state)
		return;
	s->entry->busy = true;
	s->host->state(s->host->ctx, s, message);
	s->entry->busy = false;
}

static void set_cursor(struct sources_entry *entry, struct str cursor)
{
	buf_clear(&entry->cursor);
	buf_add(&entry->cursor, cursor);
	entry->cursor_known = cursor.p && !entry->cursor.full;
}

static struct str known_cursor(const struct buf *b, bool known)
{
	if (!known)
		return STR_NONE;
	return b->n ? buf_str(b) : STR("");
}

static uint64_t random_bits(void)
{
	uint64_t bits = 0;
	/* Without randomness the wait has no jitter, which is no reason to stop. */
	if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != sizeof bits)
		bits = 0;
	return bits;
}

static void add_wait(struct buf *out, int64_t wait_us)
{
	if (wait_us <= 0)
		buf_add(out, STR("at once"));
	else if (wait_us < US_PER_S)
		buf_addf(out, "in %d ms", (int)(wait_us / US_PER_MS));
	else if (wait_us < 2 * US_PER_MINUTE)
		buf_addf(out, "in %d s", (int)(wait_us / US_PER_S));
	else
		buf_addf(out, "in %d min", (int)(wait_us / US_PER_MINUTE));
}

/* The same failure again and again is one line in the log. */
static void say_failure(struct source *s, const struct buf *why, struct str line)
{
	if (str_eq(buf_str(&s->entry->said), buf_str(why))) {
		log_debug("source '%.*s': %.*s", STR_ARGS(s->name), STR_ARGS(line));
		return;
	}
	log_warn("source '%.*s': %.*s", STR_ARGS(s->name), STR_ARGS(line));
	buf_clear(&s->entry->said);
	buf_add(&s->entry->said, buf_str(why));
}

static void enter_retrying(struct source *s, int64_t wait_us, const struct buf *why)
{
	struct buf line;
	buf_init(&line, 2 * MESSAGE_MAX_BYTES);
	buf_add(&line, why->n ? buf_str(why) : STR("failed"));
	buf_add(&line, STR("; again "));
	add_wait(&line, wait_us);
	say_failure(s, why, buf_str(&line));
	s->retry_in_us = wait_us;
	struct source_gap gap;
	const bool news = source_health_lost(
		&s->health, s->resume, buf_str(why), now_us(s), wall_us(s), &gap);
	enter(s, SOURCE_RETRYING, line.p);
	if (news)
		tell_gap(s, &gap);
	buf_finish(&line);
}

static void retry_after(struct source *s, int64_t wait_us, const struct buf *why)
{
	timer_start(s->entry->timer, wait_us);
	enter_retrying(s, wait_us, why);
}

static void fail(struct source *s, enum backoff_kind kind, int64_t floor_us, const struct buf *why)
{
	struct sources_entry *entry = s->entry;
	if (source_flows(s) && now_us(s) - entry->flows_since_us >= STEADY_US)
		backoff_succeeded(&entry->backoff);
	const int64_t floor = floor_us > 0 ? floor_us : 0;
	retry_after(s, backoff_next_us(&entry->backoff, kind, floor, random_bits()), why);
}

static void wait_for_store(struct source *s)
{
	struct sources_entry *entry = s->entry;
	int64_t wait_us = backoff_next_us(&entry->store_backoff, BACKOFF_NETWORK, 0, random_bits());
	if (wait_us > STORE_RETRY_MAX_US)
		wait_us = STORE_RETRY_MAX_US;
	struct buf why;
	buf_init(&why, MESSAGE_MAX_BYTES);
	buf_addf(&why, "stopped, what it brought could not be stored: %s",
		error_text(entry->store_error));
	retry_after(s, wait_us, &why);
	buf_finish(&why);
}

static int hand_over(struct source *s, const struct source_block *block)
{
	struct sources_entry *entry = s->entry;
	entry->busy = true;
	const int r = s->host->deliver(s->host->ctx, s, block);
	entry->busy = false;
	if (r < 0)
		return r;
	entry->store_backoff = (struct backoff){ 0 };
	s->block_count++;
	s->byte_count += block->records.n;
	if (block->cursor.p && !block->part.p)
		set_cursor(entry, block->cursor);
	return 0;
}

/* Offers the block that was not taken. */
static bool hand_over_again(struct source *s)
{
	struct sources_entry *entry = s->entry;
	const struct source_block block = {
		.records = buf_str(&entry->block),
		.cursor = known_cursor(&entry->block_cursor, entry->block_cursor_known),
		.part = entry->block_part.n ? buf_str(&entry->block_part) : STR_NONE,
		.received_at_us = entry->block_received_at_us,
		.place = entry->block_place,
	};
	entry->store_error = hand_over(s, &block);
	if (entry->store_error)
		return false;
	buf_finish(&entry->block);
	buf_init(&entry->block, BLOCK_MAX_BYTES);
	return true;
}

static void begin(struct source *s)
{
	struct sources_entry *entry = s->entry;
	if (entry->started)
		s->reconnect_count++;
	entry->started = true;
	s->resume = s->type->resume;
	enter(s, SOURCE_CONNECTING, "connecting");
	const int r = s->type->start(s, known_cursor(&entry->cursor, entry->cursor_known));
	if (r < 0)
		source_failed(s, BACKOFF_NETWORK, 0, "cannot start: %s", error_text(r));
}

static void wait_for_quiet(struct source *s)
{
	const int64_t left_us = source_health_quiet_us(&s->health, now_us(s));
	if (left_us > 0)
		timer_start(s->entry->timer, left_us);
	else
		source_caught_up(s);
}

static void timer_fired(void *ctx)
{
	struct source *s = ctx;
	struct sources_entry *entry = s->entry;
	if (entry->letting_go) {
		entry->letting_go = false;
		s->type->stop(s);
		wait_for_store(s);
		return;
	}
	if (entry->store_error && !hand_over_again(s)) {
		wait_for_store(s);
		return;
	}
	if (s->state == SOURCE_CATCHING_UP)
		wait_for_quiet(s);
	else
		begin(s);
}

static void remember(struct source *s)
{
	const struct source_memory memory = s->host->memory ? s->host->memory(s->host->ctx, s)
							    : (struct source_memory){ 0 };
	s->health.before_us = memory.alive_us;
	s->health.blind_since_us = memory.blind_since_us;
	s->health.alive_us = now_us(s);
	source_silence_parse(&s->health.silence, memory.silence);
}

void sources_start(struct sources *all, struct loop *loop, struct http_client *http,
	const struct source_host *host, struct str (*cursor_of)(void *ctx, struct str name),
	void *ctx)
{
	for (size_t i = 0; i < all->count; i++) {
		struct source *s = all->items[i];
		assert(s->state == SOURCE_STOPPED);
		s->loop = loop;
		s->http = http;
		s->host = host;
		set_cursor(s->entry, cursor_of ? cursor_of(ctx, s->name) : STR_NONE);
		s->entry->timer = timer_create_on(loop, timer_fired, s);
		remember(s);
		begin(s);
	}
}

void sources_deliver_again(struct sources *all)
{
	for (size_t i = 0; i < all->count; i++) {
		struct source *s = all->items[i];
		if (s->state == SOURCE_RETRYING && s->entry->store_error)
			timer_start(s->entry->timer, 0);
	}
}

static void stop_one(struct source *s)
{
	struct sources_entry *entry = s->entry;
	assert(!entry->busy);
	if (!entry->timer)
		return;
	timer_destroy(entry->timer);
	entry->timer = NULL;
	s->type->stop(s);
	entry->letting_go = entry->goes_on = false;
	entry->store_error = 0;
	source_silence_end(&s->health.silence, now_us(s));
	entry->backoff = entry->store_backoff = (struct backoff){ 0 };
	if (s->state != SOURCE_ENDED)
		enter(s, SOURCE_STOPPED, "stopped");
	s->state = SOURCE_STOPPED;
}

void sources_stop(struct sources *all)
{
	for (size_t i = 0; i < all->count; i++)
		stop_one(all->items[i]);
}

/* ---- what types call ---- */

/* The type is in the middle of its work: it is stopped in the loop's next turn. */
static void keep_for_later(struct source *s, const struct source_block *block, int error)
{
	struct sources_entry *entry = s->entry;
	entry->store_error = error;
	entry->letting_go = true;
	buf_clear(&entry->block);
	buf_add(&entry->block, block->records);
	assert(!entry->block.full);
	buf_clear(&entry->block_cursor);
	buf_add(&entry->block_cursor, block->cursor);
	entry->block_cursor_known = block->cursor.p && !entry->block_cursor.full;
	buf_clear(&entry->block_part);
	buf_add(&entry->block_part, block->part);
	assert(!entry->block_part.full);
	entry->block_received_at_us = block->received_at_us;
	entry->block_place = block->place;
	timer_start(entry->timer, 0);
}

int source_deliver(struct source *s, const struct source_block *block)
{
	if (s->entry->store_error)
		return s->entry->store_error;
	if (!source_flows(s))
		return -ECANCELED;
	source_alive(s);
	struct source_block whole = *block;
	if (whole.received_at_us == 0 && s->host->wall_us)
		whole.received_at_us = s->host->wall_us();
	const int r = hand_over(s, &whole);
	if (r < 0) {
		keep_for_later(s, &whole, r);
	} else if (s->entry->new_enough) {
		s->entry->new_enough = false;
		source_caught_up(s);
	}
	return r;
}

void source_rejected(struct source *s, uint64_t count, const char *reason)
{
	if (count == 0 || !s->host->rejected)
		return;
	s->entry->busy = true;
	s->host->rejected(s->host->ctx, s, count, reason);
	s->entry->busy = false;
}

void source_live(struct source *s)
{
	struct source_gap gap;
	if (s->state != SOURCE_CONNECTING && !(s->state == SOURCE_RETRYING && s->entry->goes_on))
		return;
	s->entry->goes_on = false;
	const bool news = source_health_back(&s->health, s->resume, now_us(s), wall_us(s), &gap);
	const bool past = s->health.back_us != 0;
	log_info("source '%.*s': %s", STR_ARGS(s->name), past ? "catching up" : "live");
	buf_clear(&s->entry->said);
	s->entry->flows_since_us = now_us(s);
	if (past)
		timer_start(s->entry->timer, source_health_quiet_us(&s->health, now_us(s)));
	enter(s, past ? SOURCE_CATCHING_UP : SOURCE_LIVE, past ? "catching up" : "live");
	if (news)
		tell_gap(s, &gap);
}

void source_caught_up(struct source *s)
{
	struct source_gap gap;
	if (s->state != SOURCE_CATCHING_UP || s->entry->store_error)
		return;
	timer_stop(s->entry->timer);
	log_info("source '%.*s': live", STR_ARGS(s->name));
	const bool news = source_health_caught_up(&s->health, now_us(s), &gap);
	enter(s, SOURCE_LIVE, "live");
	if (news)
		tell_gap(s, &gap);
}

void source_alive(struct source *s)
{
	s->health.alive_us = now_us(s);
}

void source_gap(struct source *s, const struct source_gap *gap)
{
	assert(gap->to_us > 0);
	log_warn("source '%.*s': %.*s", STR_ARGS(s->name), STR_ARGS(gap->reason));
	if (gap->from_us > 0 && gap->from_us < gap->to_us)
		tell_gap(s, gap);
}

void source_saw(struct source *s, uint64_t records, int64_t created_wall_us)
{
	if (source_health_saw(&s->health, records, created_wall_us, now_us(s), wall_us(s)))
		s->entry->new_enough = true; /* the block is still being delivered */
}

void source_notice(struct source *s, const char *format, ...)
{
	struct buf text;
	buf_init(&text, MESSAGE_MAX_BYTES);
	va_list args;
	va_start(args, format);
	buf_addv(&text, format, args);
	va_end(args);
	log_info("source '%.*s': %.*s", STR_ARGS(s->name), STR_ARGS(buf_str(&text)));
	if (s->host->notice && text.n)
		s->host->notice(s->host->ctx, s, text.p);
	buf_finish(&text);
}

/* Nothing more is missed by who has seen all, or was sent away. */
static void end_sight(struct source *s)
{
	struct source_gap gap;
	if (source_health_back(&s->health, s->resume, now_us(s), wall_us(s), &gap) ||
		source_health_caught_up(&s->health, now_us(s), &gap))
		tell_gap(s, &gap);
	source_silence_end(&s->health.silence, now_us(s));
}

void source_ended(struct source *s)
{
	struct sources_entry *entry = s->entry;
	if (entry->store_error || s->state == SOURCE_STOPPED || s->state == SOURCE_ENDED)
		return;
	log_info("source '%.*s': ended", STR_ARGS(s->name));
	end_sight(s);
	enter(s, SOURCE_ENDED, "ended");
	if (!s->host->ended)
		return;
	entry->busy = true;
	s->host->ended(s->host->ctx, s);
	entry->busy = false;
}

void source_failed(
	struct source *s, enum backoff_kind kind, int64_t floor_us, const char *format, ...)
{
	if (s->entry->store_error || (s->state != SOURCE_CONNECTING && !source_flows(s)))
		return;
	struct buf why;
	buf_init(&why, MESSAGE_MAX_BYTES);
	va_list args;
	va_start(args, format);
	buf_addv(&why, format, args);
	va_end(args);
	fail(s, kind, floor_us, &why);
	buf_finish(&why);
}

void source_retries(struct source *s, int64_t wait_us, const char *format, ...)
{
	struct sources_entry *entry = s->entry;
	const bool retries = s->state == SOURCE_RETRYING && entry->goes_on;
	if (entry->store_error || (s->state != SOURCE_CONNECTING && !source_flows(s) && !retries))
		return;
	struct buf why;
	buf_init(&why, MESSAGE_MAX_BYTES);
	va_list args;
	va_start(args, format);
	buf_addv(&why, format, args);
	va_end(args);
	entry->goes_on = true;
	timer_stop(entry->timer); /* of catching up */
	enter_retrying(s, wait_us, &why);
	buf_finish(&why);
}
