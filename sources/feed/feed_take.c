/* What stands in an answer: read on a thread if it is large, since the loop must not wait for it;
 * what was not seen before is one post each, oldest first. */
#include <string.h>

#include "base/mem.h"
#include "sources/feed/feed_find.h"
#include "sources/feed/feed_hub.h"
#include "sources/feed/feed_post.h"
#include "sources/feed/feed_source.h"
#include "sources/feed/feed_url.h"

/* A larger document takes longer than a millisecond. */
enum { READ_AT_ONCE_BYTES = 48 * 1024 };

void feed_fetch_free(struct feed_fetch *fetch)
{
	mem_free(fetch->keys);
	buf_finish(&fetch->body);
	arena_finish(&fetch->arena);
	mem_free(fetch);
}

/* ---- reading ---- */

/* Pure, and may run on any thread. */
static void read_document(void *ctx)
{
	struct feed_fetch *fetch = ctx;
	struct feed *feed = &fetch->feed_read;
	fetch->verdict = feed_parse(buf_str(&fetch->body), fetch->answer.charset, fetch->url,
		&fetch->arena, feed, &fetch->reason);
	if (fetch->verdict == FEED_WEB_PAGE)
		fetch->found = feed_find_in_page(buf_str(&fetch->body), fetch->url, &fetch->arena);
	if (fetch->verdict != FEED_READ)
		return;
	fetch->keys = mem_zero(feed->entry_count ? feed->entry_count : 1, sizeof *fetch->keys);
	for (size_t i = 0; i < feed->entry_count; i++)
		fetch->keys[i] = feed_state_key(&feed->entries[i]);
}

/* ---- handing over ---- */

struct delivery {
	struct feed_fetch *fetch;
	struct feed_task *task;
	struct buf records;
	bool *fresh;
	size_t fresh_count;
};

static int deliver(struct delivery *d, struct str part, struct str cursor)
{
	const struct source_block block = {
		/* A blank line is no record, and brings the cursor alone. */
		.records = d->records.n ? buf_str(&d->records) : STR("\n"),
		.part = part,
		.cursor = cursor,
	};
	const int r = source_deliver(&d->fetch->source->base, &block);
	buf_clear(&d->records);
	return r;
}

/* Adds the entry's record; hands over what is full. Until the last block of a document is on disk
 * the cursor stays what it was: what comes twice is found to be there already. */
static int add_record(struct delivery *d, const struct feed_entry *entry)
{
	struct source *s = &d->fetch->source->base;
	struct buf record;
	int r = 0;
	buf_init(&record, SOURCE_MAX_RECORD_BYTES);
	feed_post_json(entry, d->task->state.url, &record);
	if (record.full)
		source_rejected(s, 1, "entry too long");
	else
		buf_add(&d->records, buf_str(&record));
	buf_finish(&record);
	if (d->records.n >= SOURCE_PIECE_BYTES)
		r = deliver(d, STR_NONE, STR_NONE);
	return r;
}

static int deliver_cursor(struct delivery *d)
{
	struct buf cursor;
	char part[FEED_PART_BYTES + 1];
	buf_init(&cursor, FEED_CURSOR_MAX_BYTES);
	feed_state_format(&d->task->state, &cursor);
	feed_state_part(d->task->state.url, part);
	const int r = deliver(d, (struct str){ part, FEED_PART_BYTES }, buf_str(&cursor));
	buf_finish(&cursor);
	return r;
}

/* The entries not seen before, oldest first. */
static int add_records(struct delivery *d)
{
	const struct feed *feed = &d->fetch->feed_read;
	int r = 0;
	for (size_t i = feed->entry_count; i-- > 0 && r == 0;)
		if (d->fresh[i])
			r = add_record(d, &feed->entries[i]);
	return r;
}

/* ---- a round: a feed, and its older pages as long as all they hold is new ---- */

static void add_page(struct delivery *d)
{
	struct feed_round *round = &d->task->round;
	const size_t count = d->fetch->feed_read.entry_count;
	round->keys = mem_resize(round->keys, round->key_count + count + 1, sizeof *round->keys);
	memcpy(round->keys + round->key_count, d->fetch->keys, count * sizeof *round->keys);
	round->key_count += count;
	round->fresh_count += d->fresh_count;
	if (round->page_count++ == 0)
		round->body_hash = str_hash(buf_str(&d->fetch->body));
}

/* What was remembered is not there any more: what came between may have come and gone. A feed of
 * one entry says nothing by that. */
static void tell_gap(struct feed_source *f, struct feed_task *task)
{
	const int64_t now_us = feeds_wall_us(f);
	const int64_t before_us = task->succeeded_at_us ? task->succeeded_at_us : task->known_at_us;
	const struct source_gap gap = {
		.from_us = before_us,
		.to_us = now_us,
		.kind = SOURCE_GAP_POSSIBLE,
		.part = feed_task_shown(task),
		.reason = STR("all its entries are new: older ones may have come and gone"),
	};
	source_gap(&f->base, &gap);
}

/* All pages that count are there: what they hold is known once that is on disk. */
static int end_round(struct delivery *d, bool whole)
{
	struct feed_task *task = d->task;
	struct feed_round *round = &task->round;
	const bool known = task->state.known, had_entries = task->state.key_count > 0;
	const bool changed = feed_state_see(&task->state, round->keys, round->key_count, true);
	int r = 0;
	task->state.known = true;
	task->state.read_at_us = feeds_wall_us(d->fetch->source);
	if (changed || !known || d->records.n)
		r = deliver_cursor(d);
	if (r < 0)
		return r;
	task->body_hash = round->body_hash;
	task->quiet = round->fresh_count ? 0 : task->quiet + 1;
	if (!known)
		return 0;
	task->entry_count += round->fresh_count;
	if (round->fresh_count)
		feed_hub_missed(task);
	task->haste = feed_schedule_haste(task->haste, round->fresh_count, round->key_count);
	if (had_entries && !whole && round->key_count > 1 && task->state.read_at_us)
		tell_gap(d->fetch->source, task);
	return 0;
}

/* Where the older entries are, if all of these are new; absent: no need, or nowhere. */
static struct str next_page(const struct delivery *d)
{
	const struct feed *feed = &d->fetch->feed_read;
	const struct feed_state *state = &d->task->state;
	const bool all_new = feed->entry_count && d->fresh_count == feed->entry_count;
	if (!state->known || !state->key_count || !all_new || !feed->next.n ||
		d->task->round.page_count > FEED_MAX_PAGES ||
		!feed_url_same_host(feed->next, d->fetch->url))
		return STR_NONE;
	return feed->next;
}

static int take_entries(struct delivery *d, bool *more)
{
	const struct feed *feed = &d->fetch->feed_read;
	struct feed_task *task = d->task;
	const bool baseline = !task->state.known && d->fetch->source->since == FEED_SINCE_NEW;
	int r = baseline ? 0 : add_records(d);
	if (r < 0)
		return r;
	add_page(d);
	const struct str next = next_page(d);
	*more = next.n && feed_task_hop(task, next);
	if (*more)
		return d->records.n ? deliver(d, STR_NONE, STR_NONE) : 0;
	const bool reached = d->fresh_count < feed->entry_count || feed->entry_count == 0;
	/* An archive that was read to its end is whole as well. */
	return end_round(d, reached || (task->round.page_count > 1 && !feed->next.n));
}

/* What the first page says about the feed. */
static void take_settings(struct feed_fetch *fetch, struct feed_task *task)
{
	const struct feed *feed = &fetch->feed_read;
	/* Where a page names a feed it is asked directly from now on. */
	if ((task->permanent && task->hop_count) || task->from_page)
		feed_state_move(&task->state, fetch->url);
	/* Validators belong to the address that is asked the next time. Who says that all is stale
	 * at once often sends ones that never change. */
	const bool own = str_eq(feed_state_url(&task->state), fetch->url) &&
		!fetch->answer.expires_zero;
	feed_state_validators(&task->state, own ? fetch->answer.etag : STR_NONE,
		own ? fetch->answer.last_modified : STR_NONE);
	task->ttl_us = feed->ttl_us;
	task->skip_hours = feed->skip_hours;
	task->skip_days = feed->skip_days;
	task->body_hash = 0;
	feed_hub_offer(fetch);
}

static void take_feed(struct feed_fetch *fetch)
{
	struct feed_task *task = &fetch->source->tasks[fetch->feed];
	const struct feed *feed = &fetch->feed_read;
	struct delivery d = { .fetch = fetch, .task = task };
	bool more = false;
	source_live(&fetch->source->base);
	if (task->round.page_count == 0)
		take_settings(fetch, task);
	d.fresh = mem_zero(feed->entry_count ? feed->entry_count : 1, sizeof *d.fresh);
	d.fresh_count = feed_state_new(&task->state, fetch->keys, feed->entry_count, d.fresh);
	buf_init(&d.records, SOURCE_MAX_RECORD_BYTES + SOURCE_PIECE_BYTES);
	const int r = take_entries(&d, &more);
	buf_finish(&d.records);
	mem_free(d.fresh);
	if (r < 0)
		feed_left(fetch);
	else if (more)
		feed_goes_on(fetch);
	else
		feed_succeeded(fetch);
}

/* Without the older pages the first one still counts. */
static void do_without_page(struct feed_fetch *fetch)
{
	struct delivery d = { .fetch = fetch, .task = &fetch->source->tasks[fetch->feed] };
	source_live(&fetch->source->base); /* all others may have failed meanwhile */
	buf_init(&d.records, SOURCE_MAX_RECORD_BYTES);
	const int r = end_round(&d, false);
	buf_finish(&d.records);
	if (r < 0)
		feed_left(fetch);
	else
		feed_succeeded(fetch);
}

void feed_take_failure(struct feed_fetch *fetch, const char *problem, bool lasting)
{
	if (fetch->source->tasks[fetch->feed].round.page_count)
		do_without_page(fetch);
	else
		feed_failed(fetch, problem, lasting);
}

/* ---- what a hub brought ---- */

static int deliver_push(struct delivery *d)
{
	const struct feed *feed = &d->fetch->feed_read;
	int r = add_records(d);
	if (r == 0 && feed_state_see(&d->task->state, d->fetch->keys, feed->entry_count, false))
		r = deliver_cursor(d);
	return r;
}

static void take_pushed(struct feed_fetch *fetch)
{
	struct feed_task *task = &fetch->source->tasks[fetch->feed];
	const struct feed *feed = &fetch->feed_read;
	struct delivery d = { .fetch = fetch, .task = task };
	if (fetch->verdict == FEED_READ)
		source_live(&fetch->source->base);
	if (fetch->verdict == FEED_READ && source_flows(&fetch->source->base)) {
		d.fresh = mem_zero(feed->entry_count ? feed->entry_count : 1, sizeof *d.fresh);
		d.fresh_count = feed_state_new(
			&task->state, fetch->keys, feed->entry_count, d.fresh);
		buf_init(&d.records, SOURCE_MAX_RECORD_BYTES + SOURCE_PIECE_BYTES);
		if (deliver_push(&d) == 0)
			task->entry_count += d.fresh_count;
		buf_finish(&d.records);
		mem_free(d.fresh);
	}
	feed_left(fetch);
}

static void take_page(struct feed_fetch *fetch)
{
	struct feed_task *task = &fetch->source->tasks[fetch->feed];
	if (!fetch->found.n || task->from_page || task->round.page_count ||
		!feed_task_hop(task, fetch->found)) {
		feed_take_failure(fetch, "a web page that names no feed", true);
		return;
	}
	task->from_page = true;
	feed_goes_on(fetch);
}

static void take_read(struct feed_fetch *fetch)
{
	if (fetch->pushed)
		take_pushed(fetch);
	else if (fetch->verdict == FEED_READ)
		take_feed(fetch);
	else if (fetch->verdict == FEED_WEB_PAGE)
		take_page(fetch);
	else
		feed_take_failure(fetch, fetch->reason, true);
}

static void read_next(struct feed_source *f);

static void on_read(void *ctx)
{
	struct feed_fetch *fetch = ctx;
	struct feed_source *f = fetch->source;
	fetch->reading = false;
	if (!f) {
		feed_fetch_free(fetch);
		return;
	}
	f->reading = NULL;
	read_next(f);
	take_read(fetch);
}

/* One at a time: a document may need a lot of memory while it is read. */
static void read_next(struct feed_source *f)
{
	for (struct feed_fetch *fetch = f->fetches; fetch && !f->reading; fetch = fetch->next) {
		if (!fetch->to_be_read)
			continue;
		fetch->to_be_read = false;
		fetch->reading = true;
		f->reading = fetch;
		loop_work(f->base.loop, read_document, on_read, fetch);
	}
}

static void read_soon(struct feed_fetch *fetch)
{
	if (fetch->body.n <= READ_AT_ONCE_BYTES) {
		read_document(fetch);
		take_read(fetch);
		return;
	}
	fetch->to_be_read = true;
	read_next(fetch->source);
}

void feed_take_unchanged(struct feed_fetch *fetch)
{
	struct feed_task *task = &fetch->source->tasks[fetch->feed];
	source_live(&fetch->source->base);
	task->quiet++;
	task->haste = feed_schedule_haste(task->haste, 0, 0);
	feed_succeeded(fetch);
}

void feed_take_document(struct feed_fetch *fetch)
{
	const struct feed_task *task = &fetch->source->tasks[fetch->feed];
	if (!task->round.page_count && task->body_hash &&
		task->body_hash == str_hash(buf_str(&fetch->body))) {
		feed_take_unchanged(fetch); /* to the byte what it was the last time */
		return;
	}
	read_soon(fetch);
}

void feed_take_push(struct feed_source *f, size_t feed, struct str body, struct str charset)
{
	if (f->push_count >= FEED_MAX_PUSHES)
		return; /* the feed is asked anyway, if later */
	struct feed_fetch *fetch = feed_fetch_create(f, feed);
	fetch->pushed = true;
	f->push_count++;
	buf_add(&fetch->body, body);
	fetch->answer.charset = arena_str(&fetch->arena, charset);
	read_soon(fetch);
}
