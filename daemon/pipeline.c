#include "daemon/pipeline.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/parts.h"
#include "daemon/regexes.h"

/* Without matches a cursor is written at most this often. */
#define CURSOR_INTERVAL_US US_PER_S
/* Of a source a post is looked at for its date this often. */
#define LOOK_INTERVAL_US US_PER_S

enum { MESSAGE_MAX_BYTES = 512 };

struct lane {
	struct source *source;
	const struct post_map *map;
	struct matcher *matcher;
	struct matcher_counts counts;
	struct buf cursor; /* after all blocks that were matched */
	bool cursor_dirty; /* it is not on disk yet */
	struct parts parts; /* the same of its parts */
	struct buf message;
	int64_t since_us;
	uint64_t regex_limit_count, unstorable_count;
	int64_t looked_at_us; /* monotonic: at the date of a post */
};

struct pipeline {
	struct config *config;
	struct ruleset *set;
	struct regex_guard *guard; /* of all lanes */
	struct store *store;
	struct loop *loop;
	struct pipeline_host host;
	struct source_host source_host;
	struct lane *lanes;
	size_t lane_count, ended_count;
	struct timer *cursor_timer;
	struct watchdog *watchdog;
	struct str *targets; /* who is told when a rule names nobody */
	size_t target_count;
	/* Of the block at hand: */
	struct lane *lane;
	bool begun; /* the transaction is */
	bool added; /* an alert is in it */
	int error;
};

/* --- cursors --- */

static int write_cursor(struct pipeline *p, struct lane *l)
{
	int error = l->cursor_dirty
		? store_set_cursor(p->store, l->source->name, buf_str(&l->cursor))
		: 0;
	return error == -EMSGSIZE ? 0 : error; /* such a cursor cannot be kept: start anew then */
}

/* Of its parts too. */
static int write_cursors(struct pipeline *p, struct lane *l)
{
	const int error = write_cursor(p, l);
	return error ? error : parts_write(&l->parts, p->store, l->source->name);
}

static bool is_dirty(const struct lane *l)
{
	return l->cursor_dirty || l->parts.count;
}

static void store_trouble(struct pipeline *p, int error)
{
	if (error == -EIO || error == -EUCLEAN)
		p->host.store_failed(p->host.ctx, error);
}

static int write_all_cursors(struct pipeline *p)
{
	bool any = false;
	for (size_t i = 0; i < p->lane_count; i++)
		any = any || is_dirty(&p->lanes[i]);
	if (!any)
		return 0;
	int error = store_begin(p->store);
	for (size_t i = 0; !error && i < p->lane_count; i++)
		error = write_cursors(p, &p->lanes[i]);
	if (!error)
		error = watchdog_add_alive(p->watchdog);
	if (!error)
		error = store_commit(p->store);
	if (error) {
		log_warn("cannot write cursors: %s", store_error(p->store));
		store_rollback(p->store);
		store_trouble(p, error);
		return error;
	}
	watchdog_alive_written(p->watchdog);
	for (size_t i = 0; i < p->lane_count; i++) {
		p->lanes[i].cursor_dirty = false;
		parts_clear(&p->lanes[i].parts);
	}
	return 0;
}

static void on_cursor_timer(void *ctx)
{
	struct pipeline *p = ctx;
	if (write_all_cursors(p) != 0)
		timer_start(p->cursor_timer, CURSOR_INTERVAL_US);
}

/* --- a block --- */

/* Who is told of this match, of those that exist. */
static size_t targets_of(struct pipeline *p, const struct match *match, const struct str **targets,
	struct arena *arena)
{
	*targets = p->targets;
	if (match->notify.count == 0)
		return p->target_count;
	struct str *list = arena_array(arena, struct str, match->notify.count);
	size_t count = 0;
	for (size_t i = 0; i < match->notify.count; i++) {
		if (notifiers_get(p->config->notifiers, match->notify.items[i]))
			list[count++] = match->notify.items[i];
	}
	*targets = list;
	return count;
}

static int add_alert(struct pipeline *p, const struct match *match)
{
	struct alert alert = { .created_at_us = p->host.wall_us(), .match = *match };
	struct arena arena;
	const struct str *targets;
	bool added = false;
	alert_id(match, alert.id);
	arena_init(&arena, 0);
	size_t count = targets_of(p, match, &targets, &arena);
	int error = store_add_alert(p->store, &alert, targets, count, &added);
	arena_finish(&arena);
	if (error == -EMSGSIZE) {
		p->lane->unstorable_count++;
		return 0;
	}
	p->added = p->added || added;
	if (!error && added && p->host.alert)
		p->host.alert(p->host.ctx, &alert);
	return error;
}

static bool on_match(void *ctx, const struct match *match)
{
	struct pipeline *p = ctx;
	if (!p->error && !p->begun) {
		p->error = store_begin(p->store);
		p->begun = !p->error;
	}
	if (!p->error)
		p->error = add_alert(p, match);
	return !p->error;
}

/* Commits what the block at hand caused, with its cursor. */
static int commit_block(struct pipeline *p, struct lane *l, const struct source_block *block)
{
	const struct str name = l->source->name;
	if (!p->error && block->part.p)
		p->error = parts_write_one(p->store, name, block->part, block->cursor);
	if (!p->error)
		p->error = write_cursor(p, l);
	if (!p->error)
		p->error = store_commit(p->store);
	if (!p->error) {
		l->cursor_dirty = false;
		parts_forget(&l->parts, block->part);
	}
	return p->error;
}

static struct lane *lane_of(struct pipeline *p, const struct source *s)
{
	size_t i = 0;
	while (p->lanes[i].source != s)
		i++;
	return &p->lanes[i];
}

/* What the block tells of its source. Candidates alone would tell too little of one that brings no
 * match, so now and then a post is read for its date. */
static void look_at_block(
	struct pipeline *p, struct lane *l, struct source *s, struct str records, uint64_t count)
{
	const int64_t now_us = p->host.monotonic_us();
	int64_t created_us = 0;
	if (count == 0)
		return;
	if (l->map && (!l->looked_at_us || now_us - l->looked_at_us >= LOOK_INTERVAL_US)) {
		l->looked_at_us = now_us;
		created_us = matcher_last_created_us(l->matcher, records);
	}
	source_saw(s, count, created_us);
	watchdog_saw(p->watchdog, s);
}

static int on_block(void *ctx, struct source *s, const struct source_block *block)
{
	struct pipeline *p = ctx;
	struct lane *l = lane_of(p, s);
	struct matcher_counts before = l->counts;
	bool was_dirty = l->cursor_dirty;
	const bool own = block->cursor.p && !block->part.p;
	struct str old_cursor = own ? buf_str(&l->cursor) : STR_NONE;
	struct buf kept;
	buf_init(&kept, 0);
	buf_add(&kept, old_cursor);
	p->lane = l;
	p->begun = p->added = false;
	p->error = 0;
	if (own) {
		buf_clear(&l->cursor);
		buf_add(&l->cursor, block->cursor);
		l->cursor_dirty = !l->cursor.full;
	}
	regex_guard_set_time(p->guard, p->host.monotonic_us());
	matcher_run(l->matcher,
		&(struct matcher_block){ .records = block->records,
			.source = s->name,
			.received_at_us = block->received_at_us,
			.place = block->place,
			.found = on_match,
			.ctx = p },
		&l->counts);
	if (p->begun)
		(void)commit_block(p, l, block); /* p->error tells */
	else if (block->part.p)
		parts_set(&l->parts, block->part, block->cursor);
	if (p->error) {
		log_warn("source '%.*s': cannot store alerts: %s", STR_ARGS(s->name),
			store_error(p->store));
		store_rollback(p->store);
		l->counts = before; /* the block will come again */
		l->cursor_dirty = was_dirty;
		buf_clear(&l->cursor);
		buf_add(&l->cursor, buf_str(&kept));
		store_trouble(p, p->error);
	} else if (is_dirty(l) && !timer_running(p->cursor_timer)) {
		timer_start(p->cursor_timer, CURSOR_INTERVAL_US);
	}
	buf_finish(&kept);
	if (!p->error)
		look_at_block(
			p, l, s, block->records, l->counts.record_count - before.record_count);
	l->regex_limit_count = matcher_errors(l->matcher)->regex_limit_count;
	regexes_log_news(p->guard);
	if (!p->error && p->added)
		p->host.alerts_added(p->host.ctx);
	return p->error;
}

static void on_rejected(void *ctx, struct source *s, uint64_t count, const char *reason)
{
	matcher_reject(&lane_of(ctx, s)->counts, reason, count);
}

static void on_state(void *ctx, struct source *s, const char *message)
{
	struct pipeline *p = ctx;
	struct lane *l = lane_of(p, s);
	buf_clear(&l->message);
	buf_add(&l->message, str_of(message));
	l->since_us = p->host.wall_us();
	watchdog_state(p->watchdog, s);
}

/* What is waited for, until it flows. */
static void on_notice(void *ctx, struct source *s, const char *message)
{
	struct lane *l = lane_of(ctx, s);
	if (source_flows(s))
		return;
	buf_clear(&l->message);
	buf_add(&l->message, str_of(message));
}

static void on_gap(void *ctx, struct source *s, const struct source_gap *gap)
{
	struct pipeline *p = ctx;
	watchdog_gap(p->watchdog, s, gap);
}

static struct source_memory on_memory(void *ctx, const struct source *s)
{
	struct pipeline *p = ctx;
	return watchdog_memory(p->watchdog, s);
}

static void on_ended(void *ctx, struct source *s)
{
	struct pipeline *p = ctx;
	(void)s;
	p->ended_count++;
	p->host.source_ended(p->host.ctx);
}

static struct str cursor_of(void *ctx, struct str name)
{
	struct pipeline *p = ctx;
	for (size_t i = 0; i < p->lane_count; i++) {
		struct lane *l = &p->lanes[i];
		if (!str_eq(l->source->name, name))
			continue;
		buf_clear(&l->cursor);
		int error = store_cursor(p->store, name, &l->cursor);
		if (error)
			log_warn("source '%.*s': cannot read its cursor: %s", STR_ARGS(name),
				store_error(p->store));
		return l->cursor.n ? buf_str(&l->cursor) : STR_NONE;
	}
	return STR_NONE;
}

static void part_cursor(void *ctx, struct source *s, struct str part, struct buf *out)
{
	struct pipeline *p = ctx;
	if (parts_read(&lane_of(p, s)->parts, p->store, s->name, part, out))
		log_warn("source '%.*s': cannot read a cursor: %s", STR_ARGS(s->name),
			store_error(p->store));
}

/* --- life --- */

static void list_targets(struct pipeline *p)
{
	struct str_list named = p->config->notify;
	size_t all = notifiers_count(p->config->notifiers);
	p->target_count = named.items ? named.count : all;
	p->targets = mem_zero(p->target_count + 1, sizeof *p->targets);
	for (size_t i = 0; i < p->target_count; i++)
		p->targets[i] = named.items ? named.items[i]
					    : notifiers_at(p->config->notifiers, i)->name;
}

static void init_lane(struct pipeline *p, struct lane *l, struct source *s)
{
	l->source = s;
	buf_init(&l->cursor, STORE_MAX_CURSOR_BYTES);
	buf_init(&l->message, MESSAGE_MAX_BYTES);
	(void)config_map(p->config, s->map, &l->map); /* config_load has checked the name */
	l->matcher = matcher_create(p->set, l->map);
	matcher_set_guard(l->matcher, p->guard);
}

static void on_notices(void *ctx)
{
	struct pipeline *p = ctx;
	p->host.alerts_added(p->host.ctx);
}

static void on_store_trouble(void *ctx, int error)
{
	store_trouble(ctx, error);
}

struct pipeline *pipeline_create(struct config *config, struct ruleset *set, struct store *store,
	struct loop *loop, const struct pipeline_host *host)
{
	struct pipeline *p = mem_zero(1, sizeof *p);
	p->config = config;
	p->set = set;
	p->guard = regex_guard_create(set);
	regexes_log_slow(set);
	p->store = store;
	p->loop = loop;
	p->host = *host;
	p->lane_count = sources_count(config->sources);
	p->lanes = mem_zero(p->lane_count + 1, sizeof *p->lanes);
	for (size_t i = 0; i < p->lane_count; i++)
		init_lane(p, &p->lanes[i], sources_at(config->sources, i));
	list_targets(p);
	p->cursor_timer = timer_create_on(loop, on_cursor_timer, p);
	p->watchdog = watchdog_create(config, store, loop,
		&(struct watchdog_host){
			host->wall_us, host->monotonic_us, on_notices, on_store_trouble, p });
	return p;
}

void pipeline_destroy(struct pipeline *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->lane_count; i++) {
		matcher_destroy(p->lanes[i].matcher);
		buf_finish(&p->lanes[i].cursor);
		parts_finish(&p->lanes[i].parts);
		buf_finish(&p->lanes[i].message);
	}
	timer_destroy(p->cursor_timer);
	watchdog_destroy(p->watchdog);
	regex_guard_destroy(p->guard);
	ruleset_destroy(p->set);
	mem_free(p->lanes);
	mem_free(p->targets);
	mem_free(p);
}

void pipeline_start(struct pipeline *p, struct http_client *http)
{
	p->source_host = (struct source_host){
		.deliver = on_block,
		.rejected = on_rejected,
		.state = on_state,
		.notice = on_notice,
		.ended = on_ended,
		.gap = on_gap,
		.memory = on_memory,
		.part_cursor = part_cursor,
		.wall_us = p->host.wall_us,
		.monotonic_us = p->host.monotonic_us,
		.ctx = p,
	};
	watchdog_start(p->watchdog);
	sources_start(p->config->sources, p->loop, http, &p->source_host, cursor_of, p);
}

void pipeline_stop(struct pipeline *p)
{
	sources_stop(p->config->sources);
	timer_stop(p->cursor_timer);
	watchdog_stop(p->watchdog);
	(void)write_all_cursors(p); /* it has logged what went wrong; blocks then come again */
}

bool pipeline_all_ended(const struct pipeline *p)
{
	return p->ended_count == p->lane_count;
}

void pipeline_set_rules(struct pipeline *p, struct ruleset *set)
{
	struct regex_guard *guard = regex_guard_create(set);
	regexes_log_slow(set);
	for (size_t i = 0; i < p->lane_count; i++) {
		matcher_destroy(p->lanes[i].matcher);
		p->lanes[i].matcher = matcher_create(set, p->lanes[i].map);
		matcher_set_guard(p->lanes[i].matcher, guard);
	}
	regex_guard_destroy(p->guard);
	p->guard = guard;
	ruleset_destroy(p->set);
	p->set = set;
}

const struct ruleset *pipeline_rules(const struct pipeline *p)
{
	return p->set;
}

const struct regex_guard *pipeline_regexes(const struct pipeline *p)
{
	return p->guard;
}

size_t pipeline_source_count(const struct pipeline *p)
{
	return p->lane_count;
}

struct pipeline_source pipeline_source(const struct pipeline *p, size_t i)
{
	const struct lane *l = &p->lanes[i];
	return (struct pipeline_source){ l->source, &l->counts,
		l->message.n ? buf_str(&l->message) : STR_NONE, l->since_us, l->regex_limit_count,
		l->unstorable_count, watchdog_source(p->watchdog, l->source) };
}
