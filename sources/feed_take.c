/* What stands in an answer: read on a thread if it is large, since the loop must not wait for it;
 * what was not seen before is one post each, oldest first. */
#include <string.h>

#include "base/mem.h"
#include "sources/feed_find.h"
#include "sources/feed_post.h"
#include "sources/feed_source.h"

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
static int deliver_new(struct delivery *d)
{
	const struct feed *feed = &d->fetch->feed_read;
	struct feed_state *state = &d->task->state;
	const bool baseline = !state->known && d->fetch->source->since == FEED_SINCE_NEW;
	int r = 0;
	for (size_t i = feed->entry_count; i-- > 0 && r == 0 && !baseline;)
		if (d->fresh[i])
			r = add_record(d, &feed->entries[i]);
	if (r < 0)
		return r;
	const bool changed = feed_state_see(state, d->fetch->keys, feed->entry_count);
	const bool first = !state->known;
	state->known = true;
	return changed || first || d->records.n ? deliver_cursor(d) : 0;
}

static int take_entries(struct feed_fetch *fetch, struct feed_task *task)
{
	const struct feed *feed = &fetch->feed_read;
	struct delivery d = { .fetch = fetch, .task = task };
	const bool known = task->state.known;
	d.fresh = mem_zero(feed->entry_count ? feed->entry_count : 1, sizeof *d.fresh);
	d.fresh_count = feed_state_new(&task->state, fetch->keys, feed->entry_count, d.fresh);
	buf_init(&d.records, SOURCE_MAX_RECORD_BYTES + SOURCE_PIECE_BYTES);
	const int r = deliver_new(&d);
	buf_finish(&d.records);
	mem_free(d.fresh);
	if (r < 0)
		return r;
	task->quiet = d.fresh_count ? 0 : task->quiet + 1;
	if (!known)
		return 0;
	task->entry_count += d.fresh_count;
	task->haste = feed_schedule_haste(task->haste, d.fresh_count, feed->entry_count);
	return 0;
}

static void take_feed(struct feed_fetch *fetch)
{
	struct feed_source *f = fetch->source;
	struct feed_task *task = &f->tasks[fetch->feed];
	const struct feed *feed = &fetch->feed_read;
	source_live(&f->base);
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
	if (take_entries(fetch, task) < 0) {
		feed_left(fetch);
		return;
	}
	task->body_hash = str_hash(buf_str(&fetch->body));
	feed_succeeded(fetch);
}

static void take_page(struct feed_fetch *fetch)
{
	struct feed_task *task = &fetch->source->tasks[fetch->feed];
	if (!fetch->found.n || task->from_page || !feed_task_hop(task, fetch->found)) {
		feed_failed(fetch, "a web page that names no feed", true);
		return;
	}
	task->from_page = true;
	feed_goes_on(fetch);
}

static void take_read(struct feed_fetch *fetch)
{
	if (fetch->verdict == FEED_READ)
		take_feed(fetch);
	else if (fetch->verdict == FEED_WEB_PAGE)
		take_page(fetch);
	else
		feed_failed(fetch, fetch->reason, true);
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

void feed_take_document(struct feed_fetch *fetch)
{
	const struct feed_task *task = &fetch->source->tasks[fetch->feed];
	if (task->body_hash && task->body_hash == str_hash(buf_str(&fetch->body))) {
		/* To the byte what it was the last time. */
		feed_succeeded(fetch);
		return;
	}
	if (fetch->body.n <= READ_AT_ONCE_BYTES) {
		read_document(fetch);
		take_read(fetch);
		return;
	}
	fetch->to_be_read = true;
	read_next(fetch->source);
}
