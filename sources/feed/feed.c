/* Feeds: each is asked at its own time, several at once, of one host one at a time. What was not
 * seen before is one post each. A feed that fails is asked less often and stops no other: the
 * source itself fails only with the store. */
#include "sources/feed/feed_source.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "conf/yaml.h"
#include "sources/feed/feed_hub.h"
#include "sources/feed/feed_websub.h"

/* Between two requests to one host. */
#define HOST_PAUSE_US US_PER_S

static const char *const since_names[] = { "new", "all", NULL };

/* ---- life ---- */

struct ranked {
	uint64_t hash;
	size_t feed;
};

static int by_hash(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->feed > y->feed) - (x->feed < y->feed);
}

/* In no order that a list of feeds may have, such as by host. */
static void plan_first_round(struct feed_source *f, int64_t now_us)
{
	const size_t count = f->all.count;
	struct ranked *order = mem_zero(count, sizeof *order);
	for (size_t i = 0; i < count; i++)
		order[i] = (struct ranked){ count > 1 ? str_hash(f->all.items[i]) : 0, i };
	qsort(order, count, sizeof *order, by_hash);
	for (size_t rank = 0; rank < count; rank++) {
		const struct feed_first first = feed_schedule_first(rank, count, f->interval_us);
		const size_t feed = order[rank].feed;
		f->tasks[feed].later_us = first.later_us;
		feed_queue_put(f->queue, feed, now_us + first.wait_us);
	}
	mem_free(order);
}

static void load_state(struct feed_source *f, struct feed_task *task, struct buf *cursor)
{
	char part[FEED_PART_BYTES + 1];
	const struct str url = task->state.url;
	feed_state_finish(&task->state);
	feed_state_init(&task->state, url);
	buf_clear(cursor);
	feed_state_part(url, part);
	if (f->base.host->part_cursor)
		f->base.host->part_cursor(
			f->base.host->ctx, &f->base, (struct str){ part, FEED_PART_BYTES }, cursor);
	(void)feed_state_parse(buf_str(cursor), &task->state); /* else it is new */
	task->known_at_us = task->state.read_at_us;
	task->body_hash = 0;
	feed_task_reset(task);
	task->asked_no_more = false; /* perhaps it is back */
}

static void prepare(struct feed_source *f)
{
	f->tasks = mem_zero(f->all.count, sizeof *f->tasks);
	for (size_t i = 0; i < f->all.count; i++) {
		feed_state_init(&f->tasks[i].state, f->all.items[i]);
	}
}

/* Keeps the time of those that wait for it; who was asked meanwhile is asked anew. */
static void plan_again(struct feed_source *f, struct feed_queue *old, int64_t now_us)
{
	for (size_t i = 0; i < f->all.count; i++) {
		const int64_t at_us = feed_queue_at_us(old, i);
		feed_queue_put(f->queue, i, at_us < INT64_MAX ? at_us : now_us);
	}
}

static void on_timer(void *ctx)
{
	feeds_ask(ctx);
}

static int feed_source_start(struct source *s, struct str cursor)
{
	struct feed_source *f = (struct feed_source *)s;
	struct feed_queue *old = f->queue;
	const int64_t now_us = loop_now_us(s->loop);
	struct buf text;
	if (!f->tasks)
		prepare(f);
	f->queue = feed_queue_create(f->all.count, HOST_PAUSE_US);
	buf_init(&text, FEED_CURSOR_MAX_BYTES);
	/* What is remembered is what is on disk. */
	for (size_t i = 0; i < f->all.count; i++) {
		load_state(f, &f->tasks[i], &text);
		feed_queue_set_url(f->queue, i, feed_task_url(&f->tasks[i]));
	}
	buf_finish(&text);
	feed_hub_load(f, cursor); /* each feed has a cursor of its own */
	if (old)
		plan_again(f, old, now_us);
	else
		plan_first_round(f, now_us);
	feed_queue_destroy(old);
	f->timer = timer_create_on(s->loop, on_timer, f);
	feeds_ask(f);
	return 0;
}

static void feed_source_stop(struct source *s)
{
	struct feed_source *f = (struct feed_source *)s;
	feeds_drop(f);
	timer_destroy(f->timer);
	f->timer = NULL;
}

static void feed_source_finish(struct source *s)
{
	struct feed_source *f = (struct feed_source *)s;
	for (size_t i = 0; f->tasks && i < f->all.count; i++) {
		feed_state_finish(&f->tasks[i].state);
		feed_task_reset(&f->tasks[i]);
		feed_hub_finish(&f->tasks[i]);
		mem_free((char *)f->tasks[i].problem.p);
	}
	mem_free(f->tasks);
	f->tasks = NULL;
	feed_queue_destroy(f->queue);
	f->queue = NULL;
	feed_urls_finish(&f->all);
}

/* ---- what people see ---- */

static enum source_part_state part_state(const struct feed_task *task)
{
	return task->asked_no_more	? SOURCE_PART_GONE
		: task->failures	? SOURCE_PART_FAILING
		: task->succeeded_at_us ? SOURCE_PART_WELL
					: SOURCE_PART_WAITING;
}

static void feed_source_parts(
	const struct source *s, bool (*emit)(void *ctx, const struct source_part *part), void *ctx)
{
	const struct feed_source *f = (const struct feed_source *)s;
	struct buf moved;
	bool more = true;
	buf_init(&moved, FEED_PROBLEM_MAX_BYTES);
	for (size_t i = 0; more && f->tasks && i < f->all.count; i++) {
		const struct feed_task *task = &f->tasks[i];
		const struct str address = task->state.moved;
		buf_clear(&moved);
		if (address.n)
			buf_addf(&moved, "moved to %.*s",
				STR_ARGS(str_slice(address, 0, str_find_char(address, '?'))));
		const int64_t next_us = feed_queue_at_us(f->queue, i);
		const struct source_part part = {
			.name = feed_task_shown(task),
			.state = part_state(task),
			.since_us = task->since_us,
			.next_us = next_us < INT64_MAX ? next_us : 0,
			.reason = task->problem.n ? task->problem : buf_str(&moved),
			.well_at_us = task->succeeded_at_us,
			.records = task->entry_count,
		};
		more = emit(ctx, &part);
	}
	buf_finish(&moved);
}

/* ---- what people wrote ---- */

static bool feed_source_check(struct source *s, const struct conf_node *node, struct diag *diag)
{
	struct feed_source *f = (struct feed_source *)s;
	const struct conf_node *url = conf_get(node, "url"), *opml = conf_get(node, "opml"),
			       *map = conf_get(node, "map");
	const size_t before = diag_count(diag, DIAG_ERROR);
	feed_urls_init(&f->all);
	feed_urls_add(&f->all, f->urls, url, diag);
	if (f->opml.p)
		feed_urls_add_opml(&f->all, f->opml, opml ? opml->at : node->at, diag);
	if (diag_count(diag, DIAG_ERROR) == before && f->all.count == 0)
		diag_error(diag, node->at, "a source of feeds needs url or opml: '%.*s'",
			STR_ARGS(s->name));
	if (!str_eq(s->map, STR("auto")) && !str_eq(s->map, STR("post")))
		diag_error(diag, map ? map->at : node->at, "a feed has no other map: 'map'");
	s->map = STR("post");
	if (diag_count(diag, DIAG_ERROR) == before)
		return true;
	feed_source_finish(s);
	return false;
}

static const struct conf_field feed_fields[] = {
	{ .key = "url",
		.type = CONF_TEXTS,
		.offset = offsetof(struct feed_source, urls),
		.help = "addresses of feeds, or of pages that name one" },
	{ .key = "opml",
		.type = CONF_PATH,
		.offset = offsetof(struct feed_source, opml),
		.help = "a list of feeds, as readers export it" },
	{ .key = "interval",
		.type = CONF_DURATION,
		.offset = offsetof(struct feed_source, interval_us),
		.fallback = "15m",
		.min = 10 * US_PER_S,
		.max = 7 * US_PER_DAY,
		.help = "how often a feed is asked; one that brings much up to four times as "
			"often" },
	{ .key = "connections",
		.type = CONF_INT,
		.offset = offsetof(struct feed_source, connections),
		.fallback = "8",
		.min = 1,
		.max = 64,
		.help = "how many feeds are asked at once; of one host always one" },
	{ .key = "since",
		.type = CONF_CHOICE,
		.offset = offsetof(struct feed_source, since),
		.fallback = "new",
		.choices = since_names,
		.help = "whether what a feed already holds when first read counts" },
	{ .key = "allow_private",
		.type = CONF_BOOL,
		.offset = offsetof(struct feed_source, allow_private),
		.fallback = "false",
		.help = "also ask servers at private and loopback addresses" },
	{ .key = "ca_file",
		.type = CONF_PATH,
		.offset = offsetof(struct feed_source, ca_file),
		.help = "certificates to trust instead of the system's" },
	{ .key = NULL },
};

const struct source_type source_feed = {
	.name = "feed",
	.help = "entries of feeds: RSS, Atom, RDF and JSON Feed",
	.size = sizeof(struct feed_source),
	.fields = feed_fields,
	.check = feed_source_check,
	.start = feed_source_start,
	.stop = feed_source_stop,
	.finish = feed_source_finish,
	.resume = SOURCE_KEEPS,
	.parts = feed_source_parts,
};

struct feed_source *feed_source_of(struct source *s)
{
	return s->type == &source_feed ? (struct feed_source *)s : NULL;
}
