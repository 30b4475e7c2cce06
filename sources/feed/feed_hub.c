#define _GNU_SOURCE
#include "sources/feed/feed_hub.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "sources/feed/feed_link.h"
#include "sources/feed/feed_url.h"
#include "sources/feed/feed_websub.h"

#define ASK_AGAIN_US US_PER_HOUR
#define DENIED_US US_PER_DAY
#define LEASE_S (10 * US_PER_DAY / US_PER_S)
#define LEAST_LEASE_US US_PER_MINUTE
#define MOST_LEASE_US (90 * US_PER_DAY)
#define REQUEST_TIMEOUT_US (30 * US_PER_S)
/* A ping makes us ask the feed at most that often. */
#define PING_PAUSE_US US_PER_MINUTE

enum { MAX_REQUESTS = 4, FORM_MAX_BYTES = 16 * 1024, SECRET_BYTES = DIGEST_HEX_BYTES - 1 };

enum hub_state { OFFERED, ASKED, ACTIVE, DENIED };

struct feed_hub {
	struct feed_source *source;
	struct str url, topic; /* owned */
	enum hub_state state;
	bool asked; /* since the start */
	bool with_secret;
	bool pushes; /* its last word was a document */
	int64_t asked_at_us, ends_at_us, lease_us; /* monotonic */
	struct http_request *request;
};

static const struct str cursor_prefix = { "websub ", 7 };

static int64_t now_us(const struct feed_source *f)
{
	return loop_now_us(f->base.loop);
}

/* ---- keys ---- */

static void derive(
	const struct feed_source *f, const char *what, struct str url, char out[DIGEST_HEX_BYTES])
{
	unsigned char digest[DIGEST_BYTES];
	struct buf text;
	buf_init(&text, 0);
	buf_addf(&text, "%s %.*s", what, STR_ARGS(url));
	digest_hmac((struct str){ f->hub_key, sizeof f->hub_key }, buf_str(&text), digest);
	digest_hex(digest, out);
	buf_finish(&text);
}

static void make_tokens(struct feed_source *f)
{
	char hex[DIGEST_HEX_BYTES];
	f->hub_key_known = true;
	for (size_t i = 0; i < f->all.count; i++) {
		derive(f, "token", f->all.items[i], hex);
		memcpy(f->tasks[i].token, hex, FEED_TOKEN_BYTES);
	}
}

void feed_hub_load(struct feed_source *f, struct str cursor)
{
	const struct str text = str_slice(cursor, cursor_prefix.n, cursor.n);
	struct buf key;
	buf_init(&key, 2 * sizeof f->hub_key);
	if (f->public_url.n && str_starts(cursor, cursor_prefix) && base64_decode(text, &key) &&
		key.n == sizeof f->hub_key) {
		memcpy(f->hub_key, key.p, sizeof f->hub_key);
		make_tokens(f);
	}
	buf_finish(&key);
}

/* Once in a source's life. */
static bool have_key(struct feed_source *f)
{
	if (f->hub_key_known)
		return true;
	if (getrandom(f->hub_key, sizeof f->hub_key, GRND_NONBLOCK) != sizeof f->hub_key)
		return false; /* too early after the machine's start */
	struct buf cursor;
	buf_init(&cursor, 0);
	buf_add(&cursor, cursor_prefix);
	base64_encode((struct str){ f->hub_key, sizeof f->hub_key }, &cursor);
	const struct source_block block = { .records = STR("\n"), .cursor = buf_str(&cursor) };
	const int r = source_deliver(&f->base, &block);
	buf_finish(&cursor);
	if (r == 0)
		make_tokens(f);
	return r == 0;
}

/* ---- what is offered ---- */

static struct str copy(struct str s)
{
	return (struct str){ mem_text(s.p, s.n), s.n };
}

void feed_hub_stop(struct feed_task *task)
{
	if (!task->hub)
		return;
	http_cancel(task->hub->request);
	if (task->hub->request)
		task->hub->source->hub_request_count--;
	task->hub->request = NULL;
}

void feed_hub_finish(struct feed_task *task)
{
	feed_hub_stop(task);
	if (!task->hub)
		return;
	mem_free((char *)task->hub->url.p);
	mem_free((char *)task->hub->topic.p);
	mem_free(task->hub);
	task->hub = NULL;
}

static struct str offered(struct feed_fetch *fetch, struct str rel, struct str in_document)
{
	const struct str in_header = feed_link_find(fetch->answer.links, rel);
	const struct str url = feed_url_resolve(
		fetch->url, in_header.n ? in_header : in_document, &fetch->arena);
	return feed_url_is_http(url) && url.n <= FEED_URL_MAX_BYTES ? url : STR_NONE;
}

void feed_hub_offer(struct feed_fetch *fetch)
{
	struct feed_source *f = fetch->source;
	struct feed_task *task = &f->tasks[fetch->feed];
	if (!f->public_url.n)
		return;
	const struct str url = offered(fetch, STR("hub"), fetch->feed_read.hub);
	const struct str topic = offered(fetch, STR("self"), fetch->feed_read.self);
	if (!url.n || !topic.n) {
		feed_hub_finish(task);
		return;
	}
	if (task->hub && str_eq(task->hub->url, url) && str_eq(task->hub->topic, topic))
		return;
	feed_hub_finish(task);
	task->hub = mem_zero(1, sizeof *task->hub);
	task->hub->source = f;
	task->hub->url = copy(url);
	task->hub->topic = copy(topic);
}

/* ---- asking ---- */

static void add_form(struct buf *out, const char *key, struct str value)
{
	static const char digits[] = "0123456789ABCDEF";
	buf_addf(out, "%s%s=", out->n ? "&" : "", key);
	for (size_t i = 0; i < value.n; i++) {
		const unsigned char c = (unsigned char)value.p[i];
		const bool plain = (c >= '0' && c <= '9') ||
			((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '.' ||
			c == '_';
		if (plain) {
			buf_add_char(out, (char)c);
			continue;
		}
		buf_add_char(out, '%');
		buf_add_char(out, digits[c >> 4]);
		buf_add_char(out, digits[c & 15]);
	}
}

static void add_subscription(struct buf *form, const struct feed_source *f, size_t feed)
{
	const struct feed_task *task = &f->tasks[feed];
	const struct feed_hub *hub = task->hub;
	char text[DIGEST_HEX_BYTES];
	struct buf callback;
	buf_init(&callback, 0);
	buf_addf(&callback, "%.*s/websub/%.*s/%.*s", STR_ARGS(f->public_url),
		STR_ARGS(f->base.name), FEED_TOKEN_BYTES, task->token);
	add_form(form, "hub.mode", STR("subscribe"));
	add_form(form, "hub.topic", hub->topic);
	add_form(form, "hub.callback", buf_str(&callback));
	buf_finish(&callback);
	(void)snprintf(text, sizeof text, "%lld", (long long)LEASE_S);
	add_form(form, "hub.lease_seconds", str_of(text));
	if (!hub->with_secret)
		return;
	derive(f, "secret", task->state.url, text);
	add_form(form, "hub.secret", str_of(text));
}

static void on_end(
	void *ctx, enum http_end end, const struct http_answer *answer, const char *message)
{
	struct feed_hub *hub = ctx;
	struct feed_source *f = hub->source;
	hub->request = NULL;
	f->hub_request_count--;
	if (end == HTTP_DONE && answer->status / 100 == 2)
		return;
	if (hub->state == ASKED)
		hub->state = OFFERED;
	const struct str host = feed_url_host(hub->url);
	if (end == HTTP_DONE)
		source_notice(&f->base, "the hub at %.*s answered HTTP %d", STR_ARGS(host),
			answer->status);
	else
		source_notice(&f->base, "the hub at %.*s: %s", STR_ARGS(host), message);
}

static void ask(struct feed_source *f, size_t feed)
{
	static const struct http_events events = { .end = on_end };
	struct feed_hub *hub = f->tasks[feed].hub;
	const struct str header = STR("Content-Type: application/x-www-form-urlencoded");
	struct buf form;
	buf_init(&form, FORM_MAX_BYTES);
	/* A secret is for TLS only; within one's own net it is better than none. */
	hub->with_secret = f->allow_private ||
		str_eq_ignore_case(str_slice(hub->url, 0, 8), STR("https://"));
	add_subscription(&form, f, feed);
	const struct http_options options = {
		.url = hub->url,
		.headers = &header,
		.header_count = 1,
		.body = buf_str(&form),
		.timeout_us = REQUEST_TIMEOUT_US,
		.max_body_bytes = FORM_MAX_BYTES,
		.only_public = !f->allow_private,
		.ca_file = f->ca_file,
	};
	hub->asked = true;
	hub->asked_at_us = now_us(f);
	if (hub->state != ACTIVE)
		hub->state = ASKED;
	f->hub_request_count++;
	hub->request = http_start(f->base.http, &options, &events, hub);
	buf_finish(&form);
}

static bool is_time(const struct feed_hub *hub, int64_t now)
{
	const int64_t since_us = now - hub->asked_at_us;
	switch (hub->state) {
	case OFFERED:
	case ASKED:
		return !hub->asked || since_us >= ASK_AGAIN_US;
	case ACTIVE:
		return feed_schedule_renews(hub->ends_at_us - now, hub->lease_us, since_us);
	case DENIED:
		return since_us >= DENIED_US;
	}
	return false;
}

void feed_hub_tend(struct feed_source *f, size_t feed)
{
	struct feed_hub *hub = f->tasks[feed].hub;
	if (!hub || hub->request || f->hub_request_count >= MAX_REQUESTS)
		return;
	if (hub->state == ACTIVE && hub->ends_at_us <= now_us(f))
		hub->state = OFFERED;
	if (is_time(hub, now_us(f)) && have_key(f))
		ask(f, feed);
}

bool feed_hub_pushes(const struct feed_source *f, const struct feed_task *task)
{
	const struct feed_hub *hub = task->hub;
	/* So much is left that the next request, four intervals away, renews it in time. */
	return hub && hub->state == ACTIVE && hub->pushes &&
		hub->ends_at_us - now_us(f) > 8 * f->interval_us;
}

void feed_hub_missed(struct feed_task *task)
{
	if (task->hub)
		task->hub->pushes = false;
}

/* ---- what comes from the hub ---- */

void feed_websub_enable(struct feed_source *f, struct str public_url)
{
	f->public_url = public_url;
}

static struct feed_task *find_task(const struct feed_source *f, struct str token)
{
	for (size_t i = 0; f->tasks && f->hub_key_known && i < f->all.count; i++)
		if (digest_equal(token, (struct str){ f->tasks[i].token, FEED_TOKEN_BYTES }))
			return &f->tasks[i];
	return NULL;
}

bool feed_websub_knows(const struct feed_source *f, struct str token)
{
	return find_task(f, token) != NULL;
}

bool feed_websub_verify(
	struct feed_source *f, struct str token, const struct feed_websub_question *question)
{
	struct feed_task *task = find_task(f, token);
	struct feed_hub *hub = task ? task->hub : NULL;
	if (!hub || !hub->asked || !str_eq(question->topic, hub->topic))
		return false;
	if (str_eq(question->mode, STR("denied"))) {
		hub->state = DENIED;
		return true;
	}
	if (!str_eq(question->mode, STR("subscribe")) || hub->state == DENIED)
		return false;
	int64_t lease_us = question->lease_s <= 0 || question->lease_s > MOST_LEASE_US / US_PER_S
		? US_PER_DAY
		: question->lease_s * US_PER_S;
	lease_us = lease_us > LEAST_LEASE_US ? lease_us : LEAST_LEASE_US;
	hub->state = ACTIVE;
	hub->lease_us = lease_us;
	hub->ends_at_us = now_us(f) + lease_us;
	return true;
}

bool feed_websub_signed(struct str signature, struct str secret, struct str body)
{
	static const char digits[] = "0123456789abcdef";
	const size_t equals = str_find_char(signature, '=');
	const struct str hex = str_slice(signature, equals, signature.n);
	unsigned char mac[DIGEST_MAX_BYTES];
	char own[2 * DIGEST_MAX_BYTES], given[2 * DIGEST_MAX_BYTES];
	const size_t n = digest_hmac_by(str_slice(signature, 0, equals), secret, body, mac);
	if (equals == SIZE_MAX || n == 0 || hex.n != 2 * n + 1)
		return false;
	for (size_t i = 0; i < 2 * n; i++) {
		const char c = hex.p[i + 1];
		own[i] = digits[i % 2 ? mac[i / 2] & 15 : mac[i / 2] >> 4];
		given[i] = (char)(c >= 'A' && c <= 'F' ? c | 0x20 : c);
	}
	return digest_equal((struct str){ own, 2 * n }, (struct str){ given, 2 * n });
}

/* Somebody who cannot be told from the hub says that there is news. */
static void take_ping(struct feed_source *f, size_t feed)
{
	const int64_t at_us = feed_queue_at_us(f->queue, feed), now = now_us(f);
	struct feed_task *task = &f->tasks[feed];
	if (at_us == INT64_MAX || (task->pinged_at_us && now - task->pinged_at_us < PING_PAUSE_US))
		return;
	task->pinged_at_us = now;
	feed_queue_put(f->queue, feed, now < at_us ? now : at_us);
	feeds_ask(f);
}

void feed_websub_take(struct feed_source *f, struct str token, const struct feed_websub_push *push)
{
	struct feed_task *task = find_task(f, token);
	char secret[DIGEST_HEX_BYTES];
	if (!task || !task->state.known || task->asked_no_more || !f->timer)
		return;
	if (!push->signature.p) {
		if (!task->hub || !task->hub->with_secret)
			take_ping(f, (size_t)(task - f->tasks));
		return;
	}
	derive(f, "secret", task->state.url, secret);
	if (!feed_websub_signed(push->signature, str_of(secret), push->body))
		return;
	if (task->hub)
		task->hub->pushes = true;
	feed_take_push(f, (size_t)(task - f->tasks), push->body, push->charset);
}
