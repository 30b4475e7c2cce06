#include "daemon/probe.h"

#include "base/clock.h"
#include "daemon/guess.h"
#include "daemon/json_walk.h"
#include "sources/feed/feed_find.h"
#include "sources/feed/feed_parse.h"

enum { BODY_MAX_BYTES = 8 * 1024 * 1024, MAX_REDIRECTS = 5 };
enum { PAGE_LOOK_BYTES = 512 * 1024, TITLE_MAX_BYTES = 200 };

/* A stream does not end: what came within that time after its first byte is judged. */
#define SETTLE_US (2 * US_PER_S)
/* Streams may be silent. */
#define FIRST_BYTE_US (5 * US_PER_S)

/* ---- what it is ---- */

static struct str between(struct str html, struct str before, struct str after)
{
	const size_t at = str_find(html, before);
	if (at == SIZE_MAX)
		return STR_NONE;
	const struct str rest = str_slice(html, at + before.n, html.n);
	const size_t end = str_find(rest, after);
	return end == SIZE_MAX ? STR_NONE : str_slice(rest, 0, end);
}

static bool has_any(struct str html, const char *const *parts)
{
	for (; *parts; parts++)
		if (str_find(html, str_of(*parts)) != SIZE_MAX)
			return true;
	return false;
}

static const char *software_of(struct str html)
{
	static const char *const mastodon[] = { "id='mastodon'", "id=\"mastodon\"", NULL };
	static const char *const discourse[] = { "content=\"Discourse", "content='Discourse",
		NULL };
	static const char *const lemmy[] = { "id=\"lemmy", "lemmy-site", "content=\"Lemmy", NULL };
	return has_any(html, mastodon)	   ? "mastodon"
		: has_any(html, discourse) ? "discourse"
		: has_any(html, lemmy)	   ? "lemmy"
					   : NULL;
}

static void judge_page(struct str html, struct arena *arena, struct probe *probe)
{
	static const char *const password[] = { "type=\"password\"", "type='password'",
		"type=password", NULL };
	struct str rest = str_slice(html, 0, PAGE_LOOK_BYTES);
	probe->kind = PROBE_PAGE;
	probe->login = has_any(rest, password);
	probe->software = software_of(rest);
	const struct str title = str_trim(
		str_slice(between(rest, STR("<title>"), STR("</title>")), 0, TITLE_MAX_BYTES));
	probe->title = title.n ? arena_str(arena, title) : STR_NONE;
	/* One is found at a time: what stands behind its link is looked at next. */
	while (probe->feed_count < PROBE_MAX_FEEDS) {
		const struct str url = feed_find_in_page(rest, probe->url, arena);
		if (!url.p)
			break;
		bool known = false;
		for (size_t i = 0; i < probe->feed_count; i++)
			known = known || str_eq(probe->feeds[i], url);
		if (!known)
			probe->feeds[probe->feed_count++] = url;
		const size_t at = str_find(rest, STR("alternate"));
		if (at == SIZE_MAX)
			break;
		const struct str after = str_slice(rest, at, rest.n);
		const size_t next = str_find(after, STR("<link"));
		if (next == SIZE_MAX)
			break;
		rest = str_slice(after, next, after.n);
	}
}

static bool nothing(void *ctx, const struct json_leaf *leaf)
{
	(void)ctx;
	(void)leaf;
	return true;
}

static bool is_object(struct str line)
{
	line = str_trim(line);
	return line.n && line.p[0] == '{' && json_walk(line, nothing, NULL);
}

/* Lines of which the first is whole and an object; a single one counts if more may come. */
static bool judge_lines(struct str body, bool ended, struct arena *arena, struct probe *probe)
{
	struct str rest = body, line;
	size_t lines = 0;
	while (probe->record_count < PROBE_MAX_RECORDS) {
		const size_t at = str_find_char(rest, '\n');
		if (at == SIZE_MAX && !ended)
			break;
		line = str_trim(str_slice(rest, 0, at));
		rest = str_slice(rest, at == SIZE_MAX ? rest.n : at + 1, rest.n);
		if (line.n) {
			if (!is_object(line))
				break;
			lines++;
			probe->records[probe->record_count++] = arena_str(arena, line);
		}
		if (!rest.n)
			break;
	}
	if (lines > 1 || (lines == 1 && !ended)) {
		probe->kind = PROBE_LINES;
		return true;
	}
	probe->record_count = 0;
	return false;
}

static bool judge_document(struct str body, struct arena *arena, struct probe *probe)
{
	struct guess_list list;
	if (!json_walk(body, nothing, NULL))
		return false;
	probe->kind = PROBE_JSON;
	if (!guess_records(body, arena, &list))
		return true;
	probe->kind = PROBE_DOCUMENT;
	probe->list = list.path;
	while (probe->record_count < list.count && probe->record_count < PROBE_MAX_RECORDS) {
		probe->records[probe->record_count] = list.items[probe->record_count];
		probe->record_count++;
	}
	return true;
}

void probe_judge(
	struct str body, struct str charset, bool ended, struct arena *arena, struct probe *probe)
{
	struct feed feed;
	const char *reason;
	const struct str start = str_trim(str_slice(body, 0, 1024));
	probe->kind = PROBE_OTHER;
	if (str_eq(probe->content_type, STR("text/event-stream"))) {
		probe->kind = PROBE_EVENTS;
		return;
	}
	switch (feed_parse(body, charset, probe->url, arena, &feed, &reason)) {
	case FEED_READ:
		probe->kind = PROBE_FEED;
		probe->form = feed_form_name(feed.form);
		probe->title = feed.title;
		probe->entry_count = feed.entry_count;
		return;
	case FEED_WEB_PAGE:
		judge_page(body, arena, probe);
		return;
	case FEED_UNKNOWN:
		break;
	}
	if (start.n && (start.p[0] == '{' || start.p[0] == '[') &&
		(judge_lines(body, ended, arena, probe) || judge_document(body, arena, probe)))
		return;
	if (str_eq(probe->content_type, STR("text/html")))
		judge_page(body, arena, probe);
	else if (!ended && !start.n && str_find(probe->content_type, STR("json")) != SIZE_MAX)
		probe->kind = PROBE_LINES; /* a stream that is silent for now */
}

/* ---- asking ---- */

struct asking {
	struct loop *loop;
	struct arena *arena;
	struct probe *probe;
	struct http_request *request;
	struct timer *timer;
	struct buf body;
	struct str charset;
	int64_t deadline_us;
	bool answered, ended, refused;
};

static bool on_headers(void *ctx, const struct http_answer *answer)
{
	struct asking *a = ctx;
	a->probe->status = answer->status;
	a->probe->content_type = arena_str(a->arena, answer->content_type);
	a->probe->url = arena_str(a->arena, answer->url);
	a->charset = answer->charset.p ? arena_str(a->arena, answer->charset) : STR_NONE;
	a->answered = true;
	const int64_t left_us = a->deadline_us - loop_now_us(a->loop);
	timer_start(a->timer, left_us < FIRST_BYTE_US ? left_us : FIRST_BYTE_US);
	/* Of events and refusals nothing more need be known. */
	return answer->status >= 200 && answer->status < 300 &&
		!str_eq(answer->content_type, STR("text/event-stream"));
}

/* A first line that is whole: more of the like may come, or never end. */
static bool begins_with_a_line(struct str body)
{
	const size_t at = str_find_char(body, '\n');
	return at != SIZE_MAX && is_object(str_slice(body, 0, at));
}

static bool on_data(void *ctx, struct str piece)
{
	struct asking *a = ctx;
	if (a->body.n == 0) {
		const int64_t left_us = a->deadline_us - loop_now_us(a->loop);
		timer_start(a->timer, left_us < SETTLE_US ? left_us : SETTLE_US);
	}
	buf_add(&a->body, str_slice(piece, 0, a->body.max_bytes - a->body.n));
	return a->body.n < a->body.max_bytes;
}

static void finish(struct asking *a)
{
	http_cancel(a->request);
	a->request = NULL;
	loop_stop(a->loop);
}

static void on_end(
	void *ctx, enum http_end end, const struct http_answer *answer, const char *message)
{
	struct asking *a = ctx;
	(void)answer;
	a->request = NULL;
	a->refused = end == HTTP_REFUSED;
	a->ended = end == HTTP_DONE && a->body.n < a->body.max_bytes;
	if (!a->answered)
		a->probe->message = arena_str(a->arena, str_of(message)).p;
	loop_stop(a->loop);
}

/* Time is up; a document that is still coming gets more. */
static void on_timer(void *ctx)
{
	struct asking *a = ctx;
	const int64_t left_us = a->deadline_us - loop_now_us(a->loop);
	if (left_us > 0 && a->answered && a->body.n > 0 && !begins_with_a_line(buf_str(&a->body))) {
		timer_start(a->timer, left_us);
		return;
	}
	if (!a->answered)
		a->probe->message = "no answer in time (timed out)";
	finish(a);
}

static void ask(struct asking *a, struct http_client *client, const struct probe_options *options,
	bool only_public)
{
	static const struct http_events events = { on_headers, on_data, on_end };
	struct str headers[32 + 1];
	size_t count = 0;
	for (; count < options->header_count && count < 32; count++)
		headers[count] = options->headers[count];
	headers[count++] = STR("Accept: application/atom+xml, application/rss+xml, "
			       "application/feed+json, text/event-stream, application/x-ndjson, "
			       "application/json, text/html;q=0.9, */*;q=0.5");
	const struct http_options request = {
		.url = options->url,
		.headers = headers,
		.header_count = count,
		.bearer = options->token,
		.max_redirects = MAX_REDIRECTS,
		.only_public = only_public,
		.ca_file = options->ca_file,
		.gzip = true,
	};
	a->answered = a->ended = a->refused = false;
	buf_clear(&a->body);
	a->deadline_us = loop_now_us(a->loop) + options->timeout_us;
	timer_start(a->timer, options->timeout_us);
	a->request = http_start(client, &request, &events, a);
	loop_run(a->loop);
	timer_stop(a->timer);
	http_cancel(a->request);
	a->request = NULL;
}

void probe_run(struct loop *loop, struct http_client *client, const struct probe_options *options,
	struct arena *arena, struct probe *probe)
{
	struct asking a = { .loop = loop, .arena = arena, .probe = probe };
	*probe = (struct probe){ .url = arena_str(arena, options->url), .message = "" };
	buf_init(&a.body, BODY_MAX_BYTES);
	a.timer = timer_create_on(loop, on_timer, &a);
	ask(&a, client, options, true);
	/* Who names a private address means it; the configuration will have to say so, too. */
	if (a.refused && !a.answered) {
		probe->private = true;
		ask(&a, client, options, false);
	}
	probe->redirected = !str_eq(probe->url, options->url);
	if (!a.answered)
		probe->kind = PROBE_FAILED;
	else if (probe->status < 200 || probe->status > 299)
		probe->kind = PROBE_REFUSED;
	else
		probe_judge(buf_str(&a.body), a.charset, a.ended, arena, probe);
	timer_destroy(a.timer);
	buf_finish(&a.body);
}
