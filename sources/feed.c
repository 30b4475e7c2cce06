/* Feeds: asks one after the other, each at its own time, over one connection at a time. What was
 * not seen before is one post each, oldest first. A feed that fails is asked less often and stops
 * no other: the source itself fails only with the store. */
#include "sources/source.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "conf/yaml.h"
#include "sources/feed_find.h"
#include "sources/feed_post.h"
#include "sources/feed_schedule.h"
#include "sources/feed_state.h"
#include "sources/feed_url.h"
#include "sources/feed_urls.h"

enum { MAX_HOPS = 5, PROBLEM_MAX_BYTES = 256, SHOWN_URL_BYTES = 120 };

/* The other feeds wait meanwhile. */
#define REQUEST_TIMEOUT_US (30 * US_PER_S)

enum since { SINCE_NEW, SINCE_ALL };

static const char *const since_names[] = { "new", "all", NULL };

/* One feed. */
struct feed_task {
	struct feed_state state;
	int64_t next_at_us; /* monotonic */
	int64_t ttl_us; /* of its last document, as the next two */
	uint32_t skip_hours;
	uint8_t skip_days;
	unsigned quiet, failures;
	struct buf said; /* its last problem, told once */
};

struct feed_source {
	struct source base;
	struct str_list urls;
	struct str opml, ca_file;
	int64_t interval_us;
	int since;
	bool allow_private;

	struct feed_urls all;

	struct feed_task *tasks; /* one for each of all; NULL before the first start */
	struct timer *timer;
	struct http_request *request;
	struct feed_task *asked; /* whom the request is for */
	struct buf hop; /* where it goes */
	int hop_count;
	bool permanent; /* all redirects so far */
	bool from_page; /* a web page named this address */
	struct buf body;
	struct buf cursor; /* as it is on disk */
};

static void ask_next(struct feed_source *f);

/* ---- what people see ---- */

/* An address without its query, which may hold a key. */
static struct str shown(const struct feed_task *task)
{
	const struct str url = task->state.url;
	size_t end = str_find_char(url, '?');
	end = end < SHOWN_URL_BYTES ? end : SHOWN_URL_BYTES;
	return str_slice(url, 0, end);
}

static void tell(struct feed_source *f, struct feed_task *task, const char *problem)
{
	if (str_eq(buf_str(&task->said), str_slice(str_of(problem), 0, PROBLEM_MAX_BYTES)))
		return;
	buf_clear(&task->said);
	buf_add(&task->said, str_slice(str_of(problem), 0, PROBLEM_MAX_BYTES));
	source_notice(&f->base, "feed '%.*s': %s", STR_ARGS(shown(task)), problem);
}

/* ---- when ---- */

static int64_t wall_us(const struct feed_source *f)
{
	return f->base.host->wall_us ? f->base.host->wall_us() : 0;
}

static void schedule(
	struct feed_source *f, struct feed_task *task, const struct http_answer *answer)
{
	const struct feed_schedule s = {
		.interval_us = f->interval_us,
		.ttl_us = task->ttl_us,
		.max_age_us = answer ? answer->max_age_us : -1,
		.retry_after_us = answer ? answer->retry_after_us : -1,
		.skip_hours = task->skip_hours,
		.skip_days = task->skip_days,
		.quiet = task->quiet,
		.failures = task->failures,
	};
	task->next_at_us = loop_now_us(f->base.loop) + feed_schedule_wait_us(&s, wall_us(f));
}

static void failed(struct feed_source *f, const struct http_answer *answer, const char *problem)
{
	struct feed_task *task = f->asked;
	task->failures++;
	tell(f, task, problem);
	schedule(f, task, answer);
	ask_next(f);
}

/* ---- what came ---- */

static size_t keys_max(const struct feed_source *f)
{
	const size_t share = FEEDS_MAX_KEYS / f->all.count;
	return share < FEED_MAX_KEYS ? share : FEED_MAX_KEYS;
}

static void format_cursor(const struct feed_source *f, struct buf *out)
{
	struct feed_state *states = mem_zero(f->all.count, sizeof *states);
	for (size_t i = 0; i < f->all.count; i++)
		states[i] = f->tasks[i].state; /* a view */
	feed_states_format(states, f->all.count, out);
	mem_free(states);
}

static int deliver(struct feed_source *f, struct buf *records, struct str cursor)
{
	const struct source_block block = {
		/* A blank line is no record, and brings the cursor alone. */
		.records = records->n ? buf_str(records) : STR("\n"),
		.cursor = cursor,
	};
	const int r = source_deliver(&f->base, &block);
	buf_clear(records);
	return r;
}

/* Adds the entry's record; hands over what is full. Until the last block of a document is on disk
 * the cursor stays what it was: what comes twice is found to be there already. */
static int add_record(struct feed_source *f, const struct feed_entry *entry, struct buf *records)
{
	struct buf record;
	int r = 0;
	buf_init(&record, SOURCE_MAX_RECORD_BYTES);
	feed_post_json(entry, f->asked->state.url, &record);
	if (record.full)
		source_rejected(&f->base, 1, "entry too long");
	else
		buf_add(records, buf_str(&record));
	buf_finish(&record);
	if (records->n >= SOURCE_PIECE_BYTES)
		r = deliver(f, records, f->cursor.n ? buf_str(&f->cursor) : STR(""));
	return r;
}

/* The entries not seen before, oldest first. */
static int deliver_new(struct feed_source *f, const struct feed *feed, bool *any)
{
	struct feed_task *task = f->asked;
	const size_t max = keys_max(f);
	const size_t count = feed->entry_count < max ? feed->entry_count : max;
	const bool baseline = !task->state.known && f->since == SINCE_NEW;
	uint64_t *keys = mem_zero(count ? count : 1, sizeof *keys);
	struct buf records;
	int r = 0;
	buf_init(&records, SOURCE_MAX_RECORD_BYTES + SOURCE_PIECE_BYTES);
	for (size_t i = count; i-- > 0 && r == 0;) {
		keys[i] = feed_state_key(&feed->entries[i]);
		if (feed_state_saw(&task->state, keys[i]))
			continue;
		*any = true;
		if (!baseline)
			r = add_record(f, &feed->entries[i], &records);
	}
	if (r == 0) {
		const bool changed = feed_state_see(&task->state, keys, count, max);
		const bool first = !task->state.known;
		task->state.known = true;
		if (changed || first || records.n) {
			struct buf cursor;
			buf_init(&cursor, FEED_CURSOR_MAX_BYTES);
			format_cursor(f, &cursor);
			r = deliver(f, &records, buf_str(&cursor));
			buf_clear(&f->cursor);
			buf_add(&f->cursor, buf_str(&cursor));
			buf_finish(&cursor);
		}
	}
	buf_finish(&records);
	mem_free(keys);
	return r;
}

static bool hop_to(struct feed_source *f, struct str url);

static void take_page(struct feed_source *f, const struct http_answer *answer)
{
	struct arena arena;
	bool gone_on = false;
	arena_init(&arena, FEED_MAX_BYTES);
	const struct str url = feed_find_in_page(buf_str(&f->body), buf_str(&f->hop), &arena);
	if (url.n && !f->from_page) {
		f->from_page = true;
		gone_on = hop_to(f, url);
	}
	arena_finish(&arena);
	if (!gone_on)
		failed(f, answer, "a web page that names no feed");
}

static void take_document(struct feed_source *f, const struct http_answer *answer)
{
	struct feed_task *task = f->asked;
	struct arena arena;
	struct feed feed;
	const char *reason = "";
	bool any = false;
	arena_init(&arena, FEED_MAX_MEMORY_BYTES);
	const enum feed_verdict verdict = feed_parse(
		buf_str(&f->body), answer->charset, buf_str(&f->hop), &arena, &feed, &reason);
	if (verdict != FEED_READ) {
		arena_finish(&arena);
		if (verdict == FEED_WEB_PAGE)
			take_page(f, answer);
		else
			failed(f, answer, reason);
		return;
	}
	source_live(&f->base);
	/* Where a page names a feed it is asked directly from now on. */
	if ((f->permanent && f->hop_count) || f->from_page)
		feed_state_move(&task->state, buf_str(&f->hop));
	/* Validators belong to the address that is asked the next time. */
	const bool own = str_eq(feed_state_url(&task->state), buf_str(&f->hop));
	feed_state_validators(&task->state, own ? answer->etag : STR_NONE,
		own ? answer->last_modified : STR_NONE);
	task->ttl_us = feed.ttl_us;
	task->skip_hours = feed.skip_hours;
	task->skip_days = feed.skip_days;
	const int r = deliver_new(f, &feed, &any);
	arena_finish(&arena);
	if (r < 0)
		return;
	task->failures = 0;
	task->quiet = any ? 0 : task->quiet + 1;
	buf_clear(&task->said);
	schedule(f, task, answer);
	ask_next(f);
}

static void take_gone(struct feed_source *f)
{
	struct feed_task *task = f->asked;
	task->state.gone = true;
	tell(f, task, "the server says it is gone for good (HTTP 410); asked no more");
	ask_next(f);
}

/* ---- asking ---- */

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void take_redirect(struct feed_source *f, const struct http_answer *answer)
{
	struct arena arena;
	bool gone_on = false;
	arena_init(&arena, FEED_MAX_BYTES);
	const struct str url = feed_url_resolve(buf_str(&f->hop), answer->location, &arena);
	const bool downgrade = str_starts(buf_str(&f->hop), STR("https:")) &&
		!str_starts(url, STR("https:"));
	f->permanent = f->permanent && (answer->status == 301 || answer->status == 308);
	if (f->hop_count < MAX_HOPS && feed_url_is_http(url) && !downgrade) {
		f->hop_count++;
		gone_on = hop_to(f, url);
	}
	arena_finish(&arena);
	if (!gone_on)
		failed(f, answer, "a redirect that cannot be followed");
}

static void take_answer(struct feed_source *f, const struct http_answer *answer)
{
	struct feed_task *task = f->asked;
	char problem[64];
	if (answer->status == 304) {
		source_live(&f->base);
		task->failures = 0;
		task->quiet++;
		buf_clear(&task->said);
		schedule(f, task, answer);
		ask_next(f);
	} else if (is_redirect(answer->status)) {
		take_redirect(f, answer);
	} else if (answer->status == 410) {
		take_gone(f);
	} else if (answer->status == 200) {
		take_document(f, answer);
	} else {
		struct buf text;
		buf_init(&text, sizeof problem - 1);
		buf_addf(&text, "the server answered HTTP %d", answer->status);
		memcpy(problem, text.p ? text.p : "", text.n + 1);
		buf_finish(&text);
		failed(f, answer, problem);
	}
}

static bool on_headers(void *ctx, const struct http_answer *answer)
{
	(void)ctx;
	return answer->status == 200;
}

static bool on_data(void *ctx, struct str piece)
{
	struct feed_source *f = ctx;
	buf_add(&f->body, piece);
	return !f->body.full;
}

static void on_end(
	void *ctx, enum http_end end, const struct http_answer *answer, const char *message)
{
	struct feed_source *f = ctx;
	f->request = NULL;
	if (end == HTTP_DONE && !f->body.full)
		take_answer(f, answer);
	else
		failed(f, answer,
			end == HTTP_DONE || end == HTTP_TOO_LARGE ? "too large" : message);
	/* A document may be large, and the next one comes in a quarter of an hour. */
	if (!f->request) {
		buf_finish(&f->body);
		buf_init(&f->body, FEED_MAX_BYTES);
	}
}

static size_t add_validators(
	const struct feed_source *f, struct buf lines[2], struct str *headers, size_t count)
{
	const struct feed_state *state = &f->asked->state;
	if (!str_eq(buf_str(&f->hop), feed_state_url(state)))
		return count;
	if (state->etag.n) {
		buf_add(&lines[0], STR("If-None-Match: "));
		buf_add(&lines[0], buf_str(&state->etag));
		headers[count++] = buf_str(&lines[0]);
	}
	if (state->last_modified.n) {
		buf_add(&lines[1], STR("If-Modified-Since: "));
		buf_add(&lines[1], buf_str(&state->last_modified));
		headers[count++] = buf_str(&lines[1]);
	}
	return count;
}

static bool hop_to(struct feed_source *f, struct str url)
{
	static const struct http_events events = { on_headers, on_data, on_end };
	struct buf lines[2];
	struct str headers[3];
	buf_clear(&f->hop);
	buf_add(&f->hop, url);
	if (f->hop.full)
		return false;
	buf_clear(&f->body);
	buf_init(&lines[0], 2 * FEED_VALIDATOR_MAX_BYTES);
	buf_init(&lines[1], 2 * FEED_VALIDATOR_MAX_BYTES);
	headers[0] = STR("Accept: application/atom+xml, application/rss+xml, "
			 "application/feed+json, application/xml;q=0.9, text/xml;q=0.9, "
			 "application/json;q=0.8, */*;q=0.5");
	const struct http_options options = {
		.url = buf_str(&f->hop),
		.headers = headers,
		.header_count = add_validators(f, lines, headers, 1),
		.timeout_us = REQUEST_TIMEOUT_US,
		.max_body_bytes = FEED_MAX_BYTES,
		.only_public = !f->allow_private,
		.ca_file = f->ca_file,
		.gzip = true,
	};
	f->request = http_start(f->base.http, &options, &events, f);
	buf_finish(&lines[0]);
	buf_finish(&lines[1]);
	return true;
}

static void ask_next(struct feed_source *f)
{
	struct feed_task *next = NULL;
	for (size_t i = 0; i < f->all.count; i++) {
		struct feed_task *task = &f->tasks[i];
		if (!task->state.gone && (!next || task->next_at_us < next->next_at_us))
			next = task;
	}
	f->asked = next;
	if (!next) {
		source_ended(&f->base);
		return;
	}
	timer_start(f->timer, next->next_at_us - loop_now_us(f->base.loop));
}

static void on_timer(void *ctx)
{
	struct feed_source *f = ctx;
	f->hop_count = 0;
	f->permanent = true;
	f->from_page = false;
	if (!hop_to(f, feed_state_url(&f->asked->state)))
		failed(f, NULL, "the address is too long");
}

static void prepare(struct feed_source *f)
{
	if (f->tasks)
		return;
	f->tasks = mem_zero(f->all.count, sizeof *f->tasks);
	for (size_t i = 0; i < f->all.count; i++) {
		feed_state_init(&f->tasks[i].state, f->all.items[i]);
		buf_init(&f->tasks[i].said, PROBLEM_MAX_BYTES);
	}
	buf_init(&f->hop, FEED_URL_MAX_BYTES);
	buf_init(&f->body, FEED_MAX_BYTES);
	buf_init(&f->cursor, FEED_CURSOR_MAX_BYTES);
}

static int feed_source_start(struct source *s, struct str cursor)
{
	struct feed_source *f = (struct feed_source *)s;
	struct feed_state *states = mem_zero(f->all.count, sizeof *states);
	prepare(f);
	/* What is remembered is what is on disk. */
	for (size_t i = 0; i < f->all.count; i++) {
		feed_state_finish(&f->tasks[i].state);
		feed_state_init(&states[i], f->all.items[i]);
	}
	(void)feed_states_parse(cursor, states, f->all.count); /* else all feeds are new */
	for (size_t i = 0; i < f->all.count; i++) {
		f->tasks[i].state = states[i];
		f->tasks[i].state.gone = false; /* asked once more after a restart */
		f->tasks[i].next_at_us = 0;
	}
	mem_free(states);
	buf_clear(&f->cursor);
	buf_add(&f->cursor, cursor);
	f->timer = timer_create_on(s->loop, on_timer, f);
	ask_next(f);
	return 0;
}

static void feed_source_stop(struct source *s)
{
	struct feed_source *f = (struct feed_source *)s;
	http_cancel(f->request);
	f->request = NULL;
	timer_destroy(f->timer);
	f->timer = NULL;
}

static void feed_source_finish(struct source *s)
{
	struct feed_source *f = (struct feed_source *)s;
	for (size_t i = 0; f->tasks && i < f->all.count; i++) {
		feed_state_finish(&f->tasks[i].state);
		buf_finish(&f->tasks[i].said);
	}
	mem_free(f->tasks);
	f->tasks = NULL;
	feed_urls_finish(&f->all);
	buf_finish(&f->hop);
	buf_finish(&f->body);
	buf_finish(&f->cursor);
}

/* ---- what people wrote ---- */

static bool feed_source_check(struct source *s, const struct conf_node *node, struct diag *diag)
{
	struct feed_source *f = (struct feed_source *)s;
	const struct conf_node *url = conf_get(node, "url"), *opml = conf_get(node, "opml"),
			       *map = conf_get(node, "map");
	const size_t before = diag_count(diag, DIAG_ERROR);
	feed_urls_init(&f->all);
	feed_urls_add(&f->all, f->urls, url ? url->at : node->at, diag);
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
		.help = "how often a feed is asked at most" },
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
};
