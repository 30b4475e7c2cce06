#include "sources/poll_fetch.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sources/poll_answer.h"
#include "sources/poll_state.h"
#include "sources/web_options.h"

enum { MAX_REDIRECTS = 3, URL_MAX_BYTES = 64 * 1024, WHY_MAX_BYTES = 512 };

#define REQUEST_TIMEOUT_US (60 * US_PER_S)
#define STALL_US (30 * US_PER_S)

struct poll_fetch {
	struct loop *loop;
	struct http_client *http;
	struct poll_fetch_options options;
	struct http_request *request;
	struct buf url, etag, last_modified, body, why;
	bool renewed; /* the token, for this one */
	void (*done)(void *ctx, const struct poll_fetch_result *result);
	void *ctx;
};

struct poll_fetch *poll_fetch_create(
	struct loop *loop, struct http_client *http, const struct poll_fetch_options *options)
{
	struct poll_fetch *f = mem_zero(1, sizeof *f);
	f->loop = loop;
	f->http = http;
	f->options = *options;
	buf_init(&f->url, URL_MAX_BYTES);
	buf_init(&f->etag, 2 * POLL_VALIDATOR_MAX_BYTES);
	buf_init(&f->last_modified, 2 * POLL_VALIDATOR_MAX_BYTES);
	buf_init(&f->body, POLL_MAX_BODY_BYTES);
	buf_init(&f->why, WHY_MAX_BYTES);
	return f;
}

void poll_fetch_destroy(struct poll_fetch *f)
{
	if (!f)
		return;
	http_cancel(f->request);
	oauth_cancel(f->options.oauth);
	buf_finish(&f->url);
	buf_finish(&f->etag);
	buf_finish(&f->last_modified);
	buf_finish(&f->body);
	buf_finish(&f->why);
	mem_free(f);
}

static void ask(struct poll_fetch *f);

static void finish_bad(struct poll_fetch *f, const struct http_answer *answer,
	enum backoff_kind kind, int64_t wait_us)
{
	const struct poll_fetch_result result = {
		.status = answer ? answer->status : 0,
		.answer = answer,
		.why = buf_str(&f->why),
		.kind = kind,
		.wait_us = wait_us,
	};
	f->done(f->ctx, &result);
}

static void on_token(void *ctx, struct str why, enum backoff_kind kind, int64_t wait_us)
{
	struct poll_fetch *f = ctx;
	if (!why.p) {
		ask(f);
		return;
	}
	buf_clear(&f->why);
	buf_add(&f->why, why);
	finish_bad(f, NULL, kind, wait_us);
}

/* ---- what comes ---- */

static bool on_headers(void *ctx, const struct http_answer *answer)
{
	(void)ctx;
	return answer->status == 200;
}

static bool on_data(void *ctx, struct str piece)
{
	struct poll_fetch *f = ctx;
	buf_add(&f->body, piece);
	return !f->body.full;
}

static int64_t least_wait_us(const struct http_answer *answer)
{
	const int64_t retry_us = answer->retry_after_us;
	return retry_us > answer->pace_us ? retry_us : answer->pace_us;
}

static void take_status(struct poll_fetch *f, const struct http_answer *answer)
{
	const int status = answer->status;
	if (status == 401 && f->options.oauth && !f->renewed) {
		f->renewed = true;
		oauth_forget(f->options.oauth);
		ask(f);
		return;
	}
	const bool good = status == 200 || status == 304 || status == 404 || status == 410;
	enum backoff_kind kind = BACKOFF_HTTP;
	buf_clear(&f->why);
	if (status != 200 && status != 304)
		kind = web_refusal(status, &f->why);
	const struct poll_fetch_result result = {
		.good = good,
		.status = status,
		.body = status == 200 ? buf_str(&f->body) : STR(""),
		.answer = answer,
		.why = buf_str(&f->why),
		.kind = kind,
		.wait_us = least_wait_us(answer),
	};
	f->done(f->ctx, &result);
}

static void on_end(
	void *ctx, enum http_end end, const struct http_answer *answer, const char *message)
{
	struct poll_fetch *f = ctx;
	f->request = NULL;
	if (end == HTTP_DONE && !f->body.full) {
		take_status(f, answer);
		return;
	}
	const bool too_large = end == HTTP_DONE || end == HTTP_TOO_LARGE;
	const bool ours = too_large || end == HTTP_REFUSED;
	buf_clear(&f->why);
	if (too_large)
		buf_addf(&f->why, "the answer is longer than %d MiB", POLL_MAX_BODY_BYTES >> 20);
	else
		buf_addf(&f->why, "%s: %s", ours ? "not possible" : "not reached", message);
	finish_bad(f, answer, ours ? BACKOFF_HTTP : BACKOFF_NETWORK, 0);
}

/* ---- asking ---- */

static size_t add_headers(struct poll_fetch *f, struct str *headers, struct buf lines[2])
{
	const struct poll_fetch_options *o = &f->options;
	size_t count = 0;
	for (; count < o->headers.count; count++)
		headers[count] = o->headers.items[count];
	if (!web_has_header(o->headers, STR("Accept")))
		headers[count++] = STR("Accept: application/json");
	if (f->etag.n) {
		buf_add(&lines[0], STR("If-None-Match: "));
		buf_add(&lines[0], buf_str(&f->etag));
		headers[count++] = buf_str(&lines[0]);
	}
	if (f->last_modified.n) {
		buf_add(&lines[1], STR("If-Modified-Since: "));
		buf_add(&lines[1], buf_str(&f->last_modified));
		headers[count++] = buf_str(&lines[1]);
	}
	return count;
}

static void ask(struct poll_fetch *f)
{
	static const struct http_events events = { on_headers, on_data, on_end };
	const struct poll_fetch_options *o = &f->options;
	struct str headers[WEB_MAX_HEADERS + 3], token = o->token;
	struct buf lines[2];
	if (o->oauth) {
		token = oauth_token(o->oauth, loop_now_us(f->loop));
		if (!token.p) {
			oauth_ask(o->oauth, f->loop, f->http, on_token, f);
			return;
		}
	}
	buf_clear(&f->body);
	buf_init(&lines[0], 4 * POLL_VALIDATOR_MAX_BYTES);
	buf_init(&lines[1], 4 * POLL_VALIDATOR_MAX_BYTES);
	const struct http_options options = {
		.url = buf_str(&f->url),
		.headers = headers,
		.header_count = add_headers(f, headers, lines),
		.bearer = token,
		.timeout_us = REQUEST_TIMEOUT_US,
		.stall_us = STALL_US,
		.max_body_bytes = POLL_MAX_BODY_BYTES,
		.max_redirects = MAX_REDIRECTS,
		.private_redirects = o->private_redirects,
		.ca_file = o->ca_file,
		.gzip = true,
	};
	f->request = http_start(f->http, &options, &events, f);
	buf_finish(&lines[0]);
	buf_finish(&lines[1]);
}

void poll_fetch_start(struct poll_fetch *f, struct str url, struct str etag,
	struct str last_modified, void (*done)(void *ctx, const struct poll_fetch_result *result),
	void *ctx)
{
	buf_clear(&f->url);
	buf_add(&f->url, url);
	buf_clear(&f->etag);
	buf_add(&f->etag, etag);
	buf_clear(&f->last_modified);
	buf_add(&f->last_modified, last_modified);
	f->renewed = false;
	f->done = done;
	f->ctx = ctx;
	ask(f);
}
