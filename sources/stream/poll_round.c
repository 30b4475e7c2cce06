#include "sources/stream/poll_round.h"

#include <stdio.h>

#include "base/mem.h"
#include "sources/feed/feed_url.h"
#include "sources/picker.h"

enum {
	LINES_MAX_BYTES = 48 * 1024 * 1024, /* of a round; then it is no longer for want of pages */
	RECORD_MAX_BYTES = 1024 * 1024, /* as sources/source.h has it */
	BATCH_BYTES = 256 * 1024, /* handed out in one piece */
	BATCH_ITEMS = 20,
	MAX_RECORDS = 20000, /* of a round, known ones too */
	URL_MAX_BYTES = 64 * 1024,
	WHY_MAX_BYTES = 512,
	SHOWN_BYTES = 100,
};

const char *const poll_next_names[] = { "none", "link", "path", "record", "newer", NULL };

/* A new record, or the id of an item, within the lines; with its line end. */
struct span {
	size_t from, to;
};

struct poll_round {
	struct poll_options options;
	struct poll_state *state;
	struct poll_events events;
	void *ctx;
	struct poll_fetch *fetch;
	struct poll_reader *reader;
	struct sieve *drop;
	struct adder *add;
	/* of a round */
	struct buf url; /* of this page */
	struct buf base; /* of the first page */
	struct buf lines, newest, etag, last_modified;
	struct span *spans;
	uint64_t *keys;
	size_t span_count, key_count;
	uint64_t *pages; /* keys of the addresses asked for */
	size_t page_count;
	bool baseline, any, missed, more;
	int64_t pace_us;
	/* of items */
	size_t item; /* the next one */
	struct buf batch;
	size_t batch_items;
	struct buf why;
};

static void ask_page(struct poll_round *r, bool first);
static void ask_item(struct poll_round *r);

struct poll_round *poll_round_create(struct loop *loop, struct http_client *http,
	const struct poll_options *options, struct poll_state *state,
	const struct poll_events *events, void *ctx)
{
	struct poll_round *r = mem_zero(1, sizeof *r);
	size_t bad;
	r->options = *options;
	r->state = state;
	r->events = *events;
	r->ctx = ctx;
	r->fetch = poll_fetch_create(loop, http, &options->fetch);
	r->reader = poll_reader_create(&options->paths, &bad);
	r->drop = sieve_create(&r->options.drop, 1, STR_NONE);
	r->add = adder_create(options->add);
	buf_init(&r->url, URL_MAX_BYTES);
	buf_init(&r->base, URL_MAX_BYTES);
	buf_init(&r->lines, LINES_MAX_BYTES);
	buf_init(&r->newest, POLL_VALUE_MAX_BYTES);
	buf_init(&r->etag, POLL_VALIDATOR_MAX_BYTES);
	buf_init(&r->last_modified, POLL_VALIDATOR_MAX_BYTES);
	buf_init(&r->batch, BATCH_BYTES + 4 * RECORD_MAX_BYTES);
	buf_init(&r->why, WHY_MAX_BYTES);
	r->pages = mem_zero(POLL_MAX_PAGES, sizeof *r->pages);
	return r;
}

/* What only a round needs. */
static void forget(struct poll_round *r)
{
	mem_free(r->spans);
	mem_free(r->keys);
	r->spans = NULL;
	r->keys = NULL;
	r->span_count = r->key_count = r->page_count = r->item = r->batch_items = 0;
	buf_finish(&r->lines);
	buf_init(&r->lines, LINES_MAX_BYTES);
	buf_clear(&r->newest);
	buf_clear(&r->batch);
	r->any = r->missed = r->more = false;
	r->pace_us = 0;
}

void poll_round_destroy(struct poll_round *r)
{
	if (!r)
		return;
	forget(r);
	poll_fetch_destroy(r->fetch);
	poll_reader_destroy(r->reader);
	sieve_destroy(r->drop);
	adder_destroy(r->add);
	buf_finish(&r->url);
	buf_finish(&r->base);
	buf_finish(&r->lines);
	buf_finish(&r->newest);
	buf_finish(&r->etag);
	buf_finish(&r->last_modified);
	buf_finish(&r->batch);
	buf_finish(&r->why);
	mem_free(r->pages);
	mem_free(r);
}

/* ---- how it ends ---- */

static void end_good(struct poll_round *r)
{
	const struct poll_result result = {
		.good = true,
		.any = r->any,
		.more = r->more,
		.missed = r->missed,
		.pace_us = r->pace_us,
	};
	forget(r);
	r->events.end(r->ctx, &result);
}

static void end_bad(struct poll_round *r, enum backoff_kind kind, int64_t wait_us)
{
	const struct poll_result result = {
		.why = buf_str(&r->why), .kind = kind, .wait_us = wait_us
	};
	forget(r);
	r->events.end(r->ctx, &result);
}

static void fail(struct poll_round *r, const struct poll_fetch_result *result)
{
	buf_clear(&r->why);
	buf_add(&r->why, result->why);
	end_bad(r, result->kind, result->wait_us);
}

static void fail_for(struct poll_round *r, const char *why)
{
	buf_clear(&r->why);
	buf_addf(&r->why, "%s", why);
	end_bad(r, BACKOFF_HTTP, 0);
}

/* ---- handing out ---- */

/* The record as a line: white space between its parts may be a line end, which a space is as good
 * as. What is dropped or too long adds nothing. */
static void add_line(struct poll_round *r, struct str record, struct buf *out)
{
	struct str whole;
	if (record.n > RECORD_MAX_BYTES) {
		r->events.too_long(r->ctx, 1);
		return;
	}
	if (sieve_look(r->drop, record, &whole))
		return;
	const size_t from = out->n;
	adder_add(r->add, record, out);
	if (out->n - from > RECORD_MAX_BYTES) {
		out->n = from;
		r->events.too_long(r->ctx, 1);
		return;
	}
	for (size_t i = from; i < out->n; i++)
		if (out->p[i] == '\n' || out->p[i] == '\r')
			out->p[i] = ' ';
	buf_add_char(out, '\n');
}

static bool hand_out(struct poll_round *r)
{
	const struct str lines = r->batch.n ? buf_str(&r->batch) : STR("\n");
	const bool taken = r->events.lines(r->ctx, lines);
	buf_clear(&r->batch);
	return taken;
}

/* What the pages of this round brought goes into the state. */
static void settle(struct poll_round *r)
{
	poll_state_see(r->state, r->keys, r->key_count);
	poll_state_raise(r->state, buf_str(&r->newest));
	r->state->known = true;
	/* An unchanged answer must not keep us from what is still to be fetched. */
	const bool whole = !r->more && r->options.next != POLL_NEXT_NEWER;
	poll_state_validators(r->state, buf_str(&r->base), whole ? buf_str(&r->etag) : STR_NONE,
		whole ? buf_str(&r->last_modified) : STR_NONE);
}

/* All new records, the oldest first, and then the state. */
static bool hand_out_records(struct poll_round *r)
{
	for (size_t i = 0; i < r->span_count; i++) {
		const size_t at = r->options.oldest_first ? i : r->span_count - 1 - i;
		const struct span *span = &r->spans[at];
		add_line(r, str_slice(buf_str(&r->lines), span->from, span->to - 1), &r->batch);
		if (r->batch.n >= BATCH_BYTES && !hand_out(r))
			return false;
	}
	settle(r);
	r->span_count = 0;
	buf_clear(&r->lines);
	return hand_out(r);
}

/* ---- items ---- */

static struct str item_id(const struct poll_round *r, size_t i)
{
	const size_t at = r->options.oldest_first ? i : r->span_count - 1 - i;
	return str_slice(buf_str(&r->lines), r->spans[at].from, r->spans[at].to - 1);
}

/* It may be there later, but the others do not wait for it. */
static bool is_refused(const struct poll_fetch_result *result)
{
	const int status = result->status;
	return status >= 400 && status < 500 && status != 401 && status != 420 && status != 429;
}

/* Notes in the state that the item came, or did not. */
static void settle_item(struct poll_round *r, struct str id, bool there)
{
	int64_t number;
	const uint64_t key = poll_key(id);
	if (str_to_int64(id, &number) && !there)
		poll_state_miss(r->state, number);
	else if (str_to_int64(id, &number))
		poll_state_settle(r->state, number);
	if (r->key_count)
		poll_state_see(r->state, &key, 1);
	else
		poll_state_raise(r->state, id);
}

static void take_item(void *ctx, const struct poll_fetch_result *result)
{
	struct poll_round *r = ctx;
	const struct str body = str_trim(result->body);
	const bool there = result->status == 200 && body.n && body.p[0] == '{';
	if (!result->good && !is_refused(result)) {
		/* What came before is kept. */
		if (r->batch_items == 0 || hand_out(r))
			fail(r, result);
		return;
	}
	r->pace_us = result->wait_us;
	if (there)
		add_line(r, body, &r->batch);
	settle_item(r, item_id(r, r->item), there);
	r->item++;
	if (++r->batch_items >= BATCH_ITEMS || r->batch.n >= BATCH_BYTES) {
		r->batch_items = 0;
		if (!hand_out(r))
			return;
	}
	ask_item(r);
}

static void ask_item(struct poll_round *r)
{
	if (r->item == r->span_count) {
		settle(r);
		if (hand_out(r))
			end_good(r);
		return;
	}
	const struct str url = r->options.item_url;
	const size_t hole = str_find(url, STR("{id}"));
	buf_clear(&r->url);
	buf_add(&r->url, str_slice(url, 0, hole));
	percent_encode(&r->url, item_id(r, r->item));
	buf_add(&r->url, str_slice(url, hole == SIZE_MAX ? url.n : hole + 4, url.n));
	poll_fetch_start(r->fetch, buf_str(&r->url), STR_NONE, STR_NONE, take_item, r);
}

/* ---- pages ---- */

static bool add_span(struct poll_round *r, struct str text)
{
	if (!r->spans)
		r->spans = mem_zero(MAX_RECORDS, sizeof *r->spans);
	const size_t from = r->lines.n;
	if (r->span_count == MAX_RECORDS)
		return false;
	buf_add(&r->lines, text);
	buf_add_char(&r->lines, '\n');
	if (r->lines.full)
		return false;
	r->spans[r->span_count++] = (struct span){ from, r->lines.n };
	return true;
}

static bool add_key(struct poll_round *r, uint64_t key)
{
	if (!r->keys)
		r->keys = mem_zero(MAX_RECORDS, sizeof *r->keys);
	for (size_t i = 0; i < r->key_count; i++)
		if (r->keys[i] == key)
			return false;
	if (r->key_count < MAX_RECORDS)
		r->keys[r->key_count++] = key;
	return true;
}

static void raise_newest(struct poll_round *r, struct str value)
{
	if (value.n == 0 || value.n > POLL_VALUE_MAX_BYTES)
		return;
	if (r->newest.n && poll_value_cmp(value, buf_str(&r->newest)) <= 0)
		return;
	buf_clear(&r->newest);
	buf_add(&r->newest, value);
}

struct page {
	size_t count, new_count;
	bool last_known; /* the last record was seen in an earlier round */
	struct str next; /* of the last record */
};

static void take_record(struct poll_round *r, struct str text, struct page *page)
{
	struct poll_record record;
	poll_reader_record(r->reader, text, &record);
	const uint64_t key = poll_key(record.id.p ? record.id : text);
	page->count++;
	page->last_known = poll_state_saw(r->state, key);
	page->next = record.next;
	raise_newest(r, record.value);
	const bool first = add_key(r, key);
	if (page->last_known || !first)
		return;
	page->new_count++;
	r->any = true;
	const struct str wanted = r->options.item_url.p && record.id.p ? record.id : text;
	if (!r->baseline && !add_span(r, wanted))
		r->missed = true;
}

static void add_number(struct poll_round *r, int64_t number)
{
	char text[24];
	snprintf(text, sizeof text, "%lld", (long long)number);
	(void)add_span(r, str_of(text));
}

/* Items that were not there before are asked for again. */
static void add_pending(struct poll_round *r)
{
	for (size_t i = 0; i < r->state->pending_count; i++)
		add_number(r, r->state->pending[i].number);
}

/* The list is a number: the newest item's. The items up to it are to be asked for. */
static void take_number(struct poll_round *r, struct str number)
{
	int64_t newest, from;
	if (!str_to_int64(number, &newest) || newest < 0) {
		fail_for(r, "the newest item has no number");
		return;
	}
	if (!r->state->known || !str_to_int64(buf_str(&r->state->value), &from))
		from = r->options.all ? newest - POLL_MAX_ITEMS : newest;
	if (from < 0)
		from = 0;
	r->options.oldest_first = true;
	add_pending(r);
	for (int64_t i = from + 1; i <= newest && i - from <= POLL_MAX_ITEMS; i++) {
		add_number(r, i);
		r->any = true;
	}
	r->more = newest - from > POLL_MAX_ITEMS;
	if (r->baseline)
		raise_newest(r, number);
	ask_item(r);
}

/* ---- the next page ---- */

static void add_parameter(struct poll_round *r, struct str parameter, struct str value)
{
	struct buf url;
	buf_init(&url, URL_MAX_BYTES);
	resume_url(&url, buf_str(&r->base), parameter, value, 0);
	buf_clear(&r->url);
	buf_add(&r->url, buf_str(&url));
	buf_finish(&url);
}

/* False: it leads to another server, which would get our headers. */
static bool go_to(struct poll_round *r, struct str target, const struct http_answer *answer)
{
	struct arena arena;
	arena_init(&arena, 4 * URL_MAX_BYTES);
	const struct str url = feed_url_resolve(answer->url, target, &arena);
	const bool good = url.p && poll_same_origin(url, r->options.url);
	if (good) {
		buf_clear(&r->url);
		buf_add(&r->url, url);
	}
	arena_finish(&arena);
	return good && !r->url.full;
}

/* Puts the address of the next page into url; false if there is none. */
static bool find_next(struct poll_round *r, const struct page *page,
	const struct poll_answer *answer, const struct http_answer *http)
{
	struct str next = STR_NONE;
	switch ((enum poll_next)r->options.next) {
	case POLL_NEXT_NONE:
	case POLL_NEXT_NEWER:
		return false;
	case POLL_NEXT_LINK:
		next = poll_next_link(http->links);
		return next.n && go_to(r, next, http);
	case POLL_NEXT_PATH:
		next = answer->next;
		break;
	case POLL_NEXT_RECORD:
		next = page->next;
		break;
	}
	if (next.n == 0)
		return false;
	if (!r->options.next_parameter.p)
		return go_to(r, next, http);
	add_parameter(r, r->options.next_parameter, next);
	return true;
}

static bool was_asked(const struct poll_round *r, struct str url)
{
	const uint64_t key = poll_key(url);
	for (size_t i = 0; i < r->page_count; i++)
		if (r->pages[i] == key)
			return true;
	return false;
}

/* The address for what is newer than the value, or for all if that is empty. */
static void make_url(
	const struct poll_options *o, struct str newest, int64_t overlap, struct buf *out)
{
	struct buf text;
	buf_clear(out);
	if (!o->resume_parameter.p || newest.n == 0) {
		buf_add(out, o->url);
		return;
	}
	buf_init(&text, URL_MAX_BYTES);
	resume_text(&text, o->resume_format, newest, overlap);
	resume_url(out, o->url, o->resume_parameter, buf_str(&text), 0);
	buf_finish(&text);
}

/* The server gave the oldest that are newer than what was asked for; there may be more. */
static void go_on_newer(struct poll_round *r, const struct page *page)
{
	const bool more = page->count > 0 && !r->baseline && r->newest.n;
	make_url(&r->options, buf_str(&r->newest), 0, &r->url);
	if (!hand_out_records(r))
		return;
	buf_clear(&r->newest);
	if (!more || was_asked(r, buf_str(&r->url))) {
		end_good(r);
	} else if ((int64_t)r->page_count >= r->options.pages) {
		r->more = true; /* nothing is lost: the next round goes on here */
		end_good(r);
	} else {
		ask_page(r, false);
	}
}

static void after_page(struct poll_round *r, const struct page *page,
	const struct poll_answer *answer, const struct http_answer *http)
{
	if (r->options.next == POLL_NEXT_NEWER) {
		go_on_newer(r, page);
		return;
	}
	const bool through = page->new_count == 0 || page->last_known || r->baseline || r->missed;
	if (!through && find_next(r, page, answer, http) && !was_asked(r, buf_str(&r->url))) {
		if ((int64_t)r->page_count < r->options.pages) {
			ask_page(r, false);
			return;
		}
		r->missed = true;
	}
	/* Without pages nobody can tell, unless the server was asked for what is newer. */
	if (!through && r->options.next == POLL_NEXT_NONE && !r->options.resume_parameter.p)
		r->missed = true;
	/* Before the first record there was nothing to be missed. */
	r->missed = r->missed && r->state->known && r->state->key_count;
	if (r->options.item_url.p) {
		add_pending(r);
		ask_item(r);
		return;
	}
	if (hand_out_records(r))
		end_good(r);
}

static void take_list(
	struct poll_round *r, const struct poll_answer *answer, const struct http_answer *http)
{
	struct page page = { 0 };
	struct str rest = poll_list_begin(answer->records), element;
	if (answer->type == JSON_ARRAY)
		while (poll_list_next(&rest, &element))
			take_record(r, element, &page);
	/* Lives only until the next record is read. */
	const struct str next = page.next.p
		? (struct str){ mem_text(page.next.p, page.next.n), page.next.n }
		: STR_NONE;
	page.next = next;
	after_page(r, &page, answer, http);
	mem_free((void *)next.p);
}

static void take_page(void *ctx, const struct poll_fetch_result *result)
{
	struct poll_round *r = ctx;
	struct poll_answer answer;
	const char *reason;
	if (!result->good || result->status == 404 || result->status == 410) {
		fail(r, result);
		return;
	}
	r->pace_us = result->answer->pace_us;
	if (result->status == 304) {
		if (r->options.item_url.p)
			add_pending(r);
		if (r->span_count)
			ask_item(r);
		else
			end_good(r);
		return;
	}
	if (r->page_count == 1) {
		buf_clear(&r->etag);
		buf_add(&r->etag, result->answer->etag);
		buf_clear(&r->last_modified);
		buf_add(&r->last_modified, result->answer->last_modified);
	}
	if (poll_reader_answer(r->reader, result->body, &answer, &reason) < 0) {
		fail_for(r, reason);
		return;
	}
	const bool scalar = answer.type == JSON_NUMBER || answer.type == JSON_STRING;
	if (scalar && r->options.item_url.p)
		take_number(r, answer.records);
	else if (answer.type == JSON_ARRAY || answer.type == JSON_NULL)
		take_list(r, &answer, result->answer);
	else
		fail_for(r, "the answer has no list where one should be");
}

static void ask_page(struct poll_round *r, bool first)
{
	const struct str url = buf_str(&r->url);
	const bool known = first && poll_state_has_validators(r->state, url);
	r->pages[r->page_count++] = poll_key(url);
	poll_fetch_start(r->fetch, url, known ? buf_str(&r->state->etag) : STR_NONE,
		known ? buf_str(&r->state->last_modified) : STR_NONE, take_page, r);
}

void poll_round_start(struct poll_round *r)
{
	forget(r);
	r->baseline = !r->state->known && !r->options.all;
	make_url(&r->options, buf_str(&r->state->value), r->options.resume_overlap, &r->base);
	buf_clear(&r->url);
	buf_add(&r->url, buf_str(&r->base));
	ask_page(r, true);
}
