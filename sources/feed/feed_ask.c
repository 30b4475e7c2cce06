/* Requests: up to so many at once, of one host one at a time. Each step on a feed's way (a
 * redirect, a page that names it) is a request of its own, which stands in line for its host like
 * any other. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sources/feed/feed_hub.h"
#include "sources/feed/feed_source.h"
#include "sources/feed/feed_url.h"

#define REQUEST_TIMEOUT_US (60 * US_PER_S)
#define STALL_US (20 * US_PER_S)

enum { FETCH_MEMORY_BYTES = FEED_MAX_MEMORY_BYTES + 256 * 1024 };

/* ---- what people see ---- */

static void set_text(struct str *own, struct str value)
{
	char *copy = value.n ? mem_text(value.p, value.n) : NULL;
	mem_free((char *)own->p);
	*own = (struct str){ copy, copy ? value.n : 0 };
}

/* Without its query, which may hold a key. */
struct str feed_task_shown(const struct feed_task *task)
{
	const struct str url = task->state.url;
	size_t end = str_find_char(url, '?');
	end = end < FEED_SHOWN_URL_BYTES ? end : FEED_SHOWN_URL_BYTES;
	return str_slice(url, 0, end);
}

static void tell(struct feed_source *f, struct feed_task *task, const char *problem)
{
	const struct str text = str_slice(str_of(problem), 0, FEED_PROBLEM_MAX_BYTES);
	if (str_eq(task->problem, text))
		return;
	set_text(&task->problem, text);
	source_notice(
		&f->base, "feed '%.*s': %.*s", STR_ARGS(feed_task_shown(task)), STR_ARGS(text));
}

/* ---- when ---- */

int64_t feeds_wall_us(const struct feed_source *f)
{
	return f->base.host->wall_us ? f->base.host->wall_us() : 0;
}

static int64_t wait_us(struct feed_fetch *fetch, bool lasting)
{
	struct feed_source *f = fetch->source;
	struct feed_task *task = &f->tasks[fetch->feed];
	const struct feed_schedule s = {
		.interval_us = f->interval_us,
		.ttl_us = task->ttl_us,
		.max_age_us = fetch->answer.max_age_us,
		.retry_after_us = fetch->answer.retry_after_us,
		.skip_hours = task->skip_hours,
		.skip_days = task->skip_days,
		.quiet = task->quiet,
		.haste = task->haste,
		.failures = task->failures,
		.lasting = lasting,
		.pushed = feed_hub_pushes(f, task),
		.dice = feed_schedule_dice(str_hash(task->state.url), task->poll_count),
	};
	const int64_t later_us = task->later_us;
	task->later_us = 0;
	return feed_schedule_wait_us(&s, feeds_wall_us(f)) + later_us;
}

/* A server that is too busy for one feed is so for all. */
static int64_t host_rests_until(const struct feed_fetch *fetch, int64_t now_us)
{
	const struct http_answer *answer = &fetch->answer;
	const bool busy = answer->status == 429 || answer->status == 503;
	return busy && answer->retry_after_us > 0 ? now_us + answer->retry_after_us : now_us;
}

/* ---- the life of a fetch ---- */

struct str feed_task_url(const struct feed_task *task)
{
	return task->hop.n ? task->hop : feed_state_url(&task->state);
}

bool feed_task_hop(struct feed_task *task, struct str url)
{
	if (!feed_url_is_http(url) || url.n > FEED_URL_MAX_BYTES)
		return false;
	set_text(&task->hop, url);
	return true;
}

void feed_task_reset(struct feed_task *task)
{
	mem_free(task->round.keys);
	task->round = (struct feed_round){ 0 };
	set_text(&task->hop, STR_NONE);
	task->hop_count = 0;
	task->permanent = true;
	task->from_page = false;
}

static void unlink_fetch(struct feed_source *f, struct feed_fetch *fetch)
{
	struct feed_fetch **at = &f->fetches;
	while (*at != fetch)
		at = &(*at)->next;
	*at = fetch->next;
	f->fetch_count -= !fetch->pushed;
	f->push_count -= fetch->pushed;
}

/* Lets go of the connection and the host; at_us: when to ask again, INT64_MAX: never. */
static void end_fetch(struct feed_fetch *fetch, int64_t at_us)
{
	struct feed_source *f = fetch->source;
	const size_t feed = fetch->feed;
	const int64_t now_us = loop_now_us(f->base.loop);
	feed_queue_done(f->queue, feed, now_us, host_rests_until(fetch, now_us));
	unlink_fetch(f, fetch);
	feed_fetch_free(fetch);
	if (at_us < INT64_MAX) {
		feed_queue_set_url(f->queue, feed, feed_task_url(&f->tasks[feed]));
		feed_queue_put(f->queue, feed, at_us);
	}
	feeds_ask(f);
}

static void end_round(struct feed_fetch *fetch, bool lasting)
{
	struct feed_source *f = fetch->source;
	struct feed_task *task = &f->tasks[fetch->feed];
	task->poll_count++;
	feed_task_reset(task);
	end_fetch(fetch, loop_now_us(f->base.loop) + wait_us(fetch, lasting));
}

void feed_succeeded(struct feed_fetch *fetch)
{
	struct feed_source *f = fetch->source;
	struct feed_task *task = &f->tasks[fetch->feed];
	if (task->failures || !task->succeeded_at_us)
		task->since_us = feeds_wall_us(f);
	source_alive(&f->base);
	task->failures = 0;
	task->succeeded_at_us = feeds_wall_us(f);
	set_text(&task->problem, STR_NONE);
	feed_hub_tend(f, fetch->feed);
	end_round(fetch, false);
}

/* Once is no proof, unless it never went well since the start. */
static bool is_failing(const struct feed_task *task)
{
	return task->asked_no_more ||
		(task->round.page_count == 0 && task->failures > (task->succeeded_at_us ? 1U : 0U));
}

/* If nothing can be read any more the source as a whole does not see. */
static void judge_all(struct feed_source *f, const struct feed_task *last)
{
	const int64_t wait_us = feed_queue_next_us(f->queue) - loop_now_us(f->base.loop);
	size_t failing = 0;
	while (failing < f->all.count && is_failing(&f->tasks[failing]))
		failing++;
	if (failing < f->all.count || feed_queue_next_us(f->queue) == INT64_MAX)
		return;
	if (failing == 1)
		source_retries(&f->base, wait_us, "%.*s", STR_ARGS(last->problem));
	else
		source_retries(&f->base, wait_us,
			"none of its %zu feeds can be read, at last: %.*s", failing,
			STR_ARGS(last->problem));
}

void feed_failed(struct feed_fetch *fetch, const char *problem, bool lasting)
{
	struct feed_source *f = fetch->source;
	struct feed_task *task = &f->tasks[fetch->feed];
	if (task->failures++ == 0)
		task->since_us = feeds_wall_us(f);
	tell(f, task, problem);
	end_round(fetch, lasting);
	judge_all(f, task);
}

static void start_fetch(struct feed_source *f, size_t feed);

void feed_goes_on(struct feed_fetch *fetch)
{
	struct feed_source *f = fetch->source;
	const size_t feed = fetch->feed;
	if (!feed_queue_is_there(f->queue, feed, feed_task_url(&f->tasks[feed]))) {
		end_fetch(fetch, loop_now_us(f->base.loop));
		return;
	}
	/* On the same host it is still this feed's turn. */
	unlink_fetch(f, fetch);
	feed_fetch_free(fetch);
	start_fetch(f, feed);
}

void feed_stays_away(struct feed_fetch *fetch, const char *problem)
{
	struct feed_source *f = fetch->source;
	struct feed_task *task = &f->tasks[fetch->feed];
	task->asked_no_more = true;
	task->since_us = feeds_wall_us(f);
	feed_task_reset(task);
	tell(f, task, problem);
	end_fetch(fetch, INT64_MAX);
	judge_all(f, task);
}

void feed_left(struct feed_fetch *fetch)
{
	/* A push is no part of a round. */
	if (!fetch->pushed)
		feed_task_reset(&fetch->source->tasks[fetch->feed]);
	unlink_fetch(fetch->source, fetch);
	feed_fetch_free(fetch);
}

void feeds_drop(struct feed_source *f)
{
	f->reading = NULL;
	for (size_t i = 0; f->tasks && i < f->all.count; i++)
		feed_hub_stop(&f->tasks[i]);
	while (f->fetches) {
		struct feed_fetch *fetch = f->fetches;
		http_cancel(fetch->request);
		unlink_fetch(f, fetch);
		fetch->source = NULL;
		if (!fetch->reading)
			feed_fetch_free(fetch);
	}
}

/* ---- answers ---- */

/* Another feed that is asked at that address. */
static bool is_known(const struct feed_source *f, const struct feed_task *own, struct str url)
{
	for (size_t i = 0; i < f->all.count; i++) {
		const struct feed_task *task = &f->tasks[i];
		if (task != own && !task->asked_no_more &&
			str_eq(feed_state_url(&task->state), url))
			return true;
	}
	return false;
}

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void take_redirect(struct feed_fetch *fetch)
{
	struct feed_source *f = fetch->source;
	struct feed_task *task = &f->tasks[fetch->feed];
	const struct http_answer *answer = &fetch->answer;
	const struct str url = feed_url_resolve(fetch->url, answer->location, &fetch->arena);
	const bool downgrade = str_starts(fetch->url, STR("https:")) &&
		!str_starts(url, STR("https:"));
	task->permanent = task->permanent && (answer->status == 301 || answer->status == 308);
	if (task->hop_count >= FEED_MAX_HOPS || downgrade || !feed_task_hop(task, url)) {
		feed_take_failure(fetch, "a redirect that cannot be followed", true);
		return;
	}
	task->hop_count++;
	if (task->permanent && task->round.page_count == 0 && is_known(f, task, url))
		feed_stays_away(fetch, "moved to where another feed of this source is; asked once");
	else
		feed_goes_on(fetch);
}

static void take_status(struct feed_fetch *fetch)
{
	const int status = fetch->answer.status;
	char problem[64];
	struct buf text;
	buf_init(&text, sizeof problem - 1);
	buf_addf(&text, "the server answered HTTP %d", status);
	memcpy(problem, text.p ? text.p : "", text.n + 1);
	buf_finish(&text);
	feed_take_failure(fetch, problem,
		status / 100 == 4 && status != 408 && status != 425 && status != 429);
}

static void take_answer(struct feed_fetch *fetch)
{
	const int status = fetch->answer.status;
	const bool first = fetch->source->tasks[fetch->feed].round.page_count == 0;
	if (status == 200)
		feed_take_document(fetch);
	else if (is_redirect(status))
		take_redirect(fetch);
	else if (status == 304 && first)
		feed_take_unchanged(fetch);
	else if (status == 410 && first)
		feed_stays_away(
			fetch, "the server says it is gone for good (HTTP 410); asked no more");
	else
		take_status(fetch);
}

/* The answer outlives its request. */
static void keep_answer(struct feed_fetch *fetch, const struct http_answer *answer)
{
	fetch->answer = *answer;
	fetch->answer.url = fetch->answer.content_type = STR_NONE;
	fetch->answer.charset = arena_str(&fetch->arena, answer->charset);
	fetch->answer.etag = arena_str(&fetch->arena, answer->etag);
	fetch->answer.last_modified = arena_str(&fetch->arena, answer->last_modified);
	fetch->answer.links = arena_str(&fetch->arena, answer->links);
	fetch->answer.location = arena_str(&fetch->arena, answer->location);
}

static bool on_headers(void *ctx, const struct http_answer *answer)
{
	(void)ctx;
	return answer->status == 200;
}

static bool on_data(void *ctx, struct str piece)
{
	struct feed_fetch *fetch = ctx;
	buf_add(&fetch->body, piece);
	return !fetch->body.full;
}

static void on_end(
	void *ctx, enum http_end end, const struct http_answer *answer, const char *message)
{
	struct feed_fetch *fetch = ctx;
	fetch->request = NULL;
	keep_answer(fetch, answer);
	if (end == HTTP_DONE && !fetch->body.full)
		take_answer(fetch);
	else if (end == HTTP_DONE || end == HTTP_TOO_LARGE)
		feed_take_failure(fetch, "too large", true);
	else
		feed_take_failure(fetch, message, false);
}

/* ---- requests ---- */

static size_t add_validators(
	const struct feed_fetch *fetch, struct buf lines[2], struct str *headers, size_t count)
{
	const struct feed_state *state = &fetch->source->tasks[fetch->feed].state;
	/* The document names the hub: with one it is read once after each start. */
	const bool hub_unknown = fetch->source->public_url.n &&
		fetch->source->tasks[fetch->feed].poll_count == 0;
	if (!str_eq(fetch->url, feed_state_url(state)) || hub_unknown)
		return count;
	if (state->etag.n) {
		buf_add(&lines[0], STR("If-None-Match: "));
		buf_add(&lines[0], state->etag);
		headers[count++] = buf_str(&lines[0]);
	}
	if (state->last_modified.n) {
		buf_add(&lines[1], STR("If-Modified-Since: "));
		buf_add(&lines[1], state->last_modified);
		headers[count++] = buf_str(&lines[1]);
	}
	return count;
}

struct feed_fetch *feed_fetch_create(struct feed_source *f, size_t feed)
{
	struct feed_fetch *fetch = mem_zero(1, sizeof *fetch);
	fetch->source = f;
	fetch->feed = feed;
	fetch->next = f->fetches;
	f->fetches = fetch;
	buf_init(&fetch->body, FEED_MAX_BYTES);
	arena_init(&fetch->arena, FETCH_MEMORY_BYTES);
	fetch->url = arena_str(&fetch->arena, feed_task_url(&f->tasks[feed]));
	fetch->answer = (struct http_answer){ .max_age_us = -1, .retry_after_us = -1 };
	return fetch;
}

static void start_fetch(struct feed_source *f, size_t feed)
{
	static const struct http_events events = { on_headers, on_data, on_end };
	struct feed_fetch *fetch = feed_fetch_create(f, feed);
	f->fetch_count++;
	struct buf lines[2];
	struct str headers[3];
	buf_init(&lines[0], 2 * FEED_VALIDATOR_MAX_BYTES);
	buf_init(&lines[1], 2 * FEED_VALIDATOR_MAX_BYTES);
	headers[0] = STR("Accept: application/atom+xml, application/rss+xml, "
			 "application/feed+json, application/xml;q=0.9, text/xml;q=0.9, "
			 "application/json;q=0.8, */*;q=0.5");
	const struct http_options options = {
		.url = fetch->url,
		.headers = headers,
		.header_count = add_validators(fetch, lines, headers, 1),
		.timeout_us = REQUEST_TIMEOUT_US,
		.stall_us = STALL_US,
		.max_body_bytes = FEED_MAX_BYTES,
		.only_public = !f->allow_private,
		.ca_file = f->ca_file,
		.gzip = true,
	};
	fetch->request = http_start(f->base.http, &options, &events, fetch);
	buf_finish(&lines[0]);
	buf_finish(&lines[1]);
}

void feeds_ask(struct feed_source *f)
{
	const int64_t now_us = loop_now_us(f->base.loop);
	size_t feed;
	while (f->fetch_count < (size_t)f->connections && feed_queue_take(f->queue, now_us, &feed))
		start_fetch(f, feed);
	const int64_t next_us = feed_queue_next_us(f->queue);
	if (f->fetch_count == 0 && next_us == INT64_MAX)
		source_ended(&f->base);
	else if (f->fetch_count < (size_t)f->connections && next_us < INT64_MAX)
		timer_start(f->timer, next_us - now_us);
	else
		timer_stop(f->timer);
}
