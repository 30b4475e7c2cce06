/* An alert as an HTTP POST of JSON, signed as Standard Webhooks 1.0 has it. The body is rendered
 * once and is the same over all attempts; id, time of the attempt and signature are headers that
 * send adds. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "net/signature.h"
#include "notifiers/notifier.h"
#include "notifiers/trim.h"

enum {
	WEBHOOK_MAX_BODY_BYTES = 20 * 1000 - 1, /* "below 20 kB", says the specification */
	WEBHOOK_MAX_ANSWER_BYTES = 4 * 1024,
	WEBHOOK_MAX_HEADERS = 32,
	OWN_HEADERS = 4
};

struct webhook {
	struct notifier base;
	struct str url, secret, bearer, ca_file;
	struct str_list headers;
	int64_t timeout_us;
	struct signing_key keys[SIGNING_MAX_KEYS];
	size_t key_count;
};

struct post_attempt {
	struct delivery *delivery;
	struct http_request *request;
	size_t answer_bytes;
};

static const struct conf_field fields[] = {
	{ "url", CONF_TEXT, offsetof(struct webhook, url), .required = true,
		.help = "Where alerts are posted to." },
	{ "secret", CONF_SECRET, offsetof(struct webhook, secret),
		.help = "Signs each post (Standard Webhooks): whsec_ and base64 of 24 to 64 bytes; "
			"up to 4 with spaces between, newest first, while secrets are "
			"being changed." },
	{ "bearer", CONF_SECRET, offsetof(struct webhook, bearer),
		.help = "Sent as Authorization: Bearer." },
	{ "headers", CONF_TEXTS, offsetof(struct webhook, headers),
		.help = "More headers, each as 'Name: value'." },
	{ "timeout", CONF_DURATION, offsetof(struct webhook, timeout_us), .fallback = "15s",
		.min = US_PER_S, .max = 5 * US_PER_MINUTE, .help = "For one whole attempt." },
	{ "ca_file", CONF_PATH, offsetof(struct webhook, ca_file),
		.help = "Certificates to trust instead of the system's." },
	{ 0 },
};

static struct where place(const struct conf_node *map, const char *key)
{
	const struct conf_node *node = conf_get(map, key);
	return node ? node->at : map->at;
}

static bool header_ok(struct str header, const char **reason)
{
	static const char *const taken[] = { "content-type", "content-length", "host",
		"transfer-encoding", "authorization", "webhook-id", "webhook-timestamp",
		"webhook-signature" };
	static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789!#$%&'*+-.^_`|~";
	size_t colon = str_find_char(header, ':');
	*reason = "a header is written 'Name: value'";
	if (colon == SIZE_MAX || colon == 0)
		return false;
	for (size_t i = 0; i < colon; i++)
		if (!header.p[i] || !strchr(token, header.p[i]))
			return false;
	*reason = "a header's value has no control characters";
	for (size_t i = colon; i < header.n; i++)
		if (((unsigned char)header.p[i] < 0x20 && header.p[i] != '\t') ||
			header.p[i] == 0x7F)
			return false;
	*reason = "this header is set by vigie itself";
	for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
		if (str_eq_ignore_case(str_slice(header, 0, colon), str_of(taken[i])))
			return false;
	return true;
}

static bool check(struct notifier *n, const struct conf_node *node, struct diag *diag)
{
	struct webhook *w = (struct webhook *)n;
	const char *reason;
	bool ok = true;
	if (!str_starts(w->url, STR("https://")) && !str_starts(w->url, STR("http://"))) {
		diag_error(diag, place(node, "url"), "a webhook's url starts with https://");
		ok = false;
	}
	if (w->secret.p && !signing_keys_read(w->secret, w->keys, &w->key_count, &reason)) {
		diag_error(diag, place(node, "secret"), "bad webhook secret: %s", reason);
		ok = false;
	}
	if (w->headers.count > WEBHOOK_MAX_HEADERS) {
		diag_error(
			diag, place(node, "headers"), "more than %d headers", WEBHOOK_MAX_HEADERS);
		ok = false;
	}
	for (size_t i = 0; i < w->headers.count; i++) {
		if (header_ok(w->headers.items[i], &reason))
			continue;
		diag_error(diag, place(node, "headers"), "bad header %zu: %s", i + 1, reason);
		ok = false;
	}
	return ok;
}

static void body_of(const struct alert *alert, bool truncated, struct buf *out)
{
	char created[TIME_TEXT_BYTES];
	time_format(alert->created_at_us, created);
	buf_addf(out, "{\"type\":\"vigie.alert\",\"timestamp\":\"%s\",%s\"data\":", created,
		truncated ? "\"truncated\":true," : "");
	alert_json(alert, out);
	buf_add_char(out, '}');
}

static void render(const struct notifier *n, const struct alert *alert, struct str delivery_id,
	struct buf *out)
{
	(void)n;
	(void)delivery_id; /* is a header */
	trim_render(alert, WEBHOOK_MAX_BODY_BYTES, body_of, out);
}

static enum delivery_result result_of_status(int status)
{
	if (status >= 200 && status < 300)
		return DELIVERY_SENT;
	if (status == 410)
		return DELIVERY_GONE;
	if (status == 408 || status == 425 || status == 429)
		return DELIVERY_RETRY;
	return status >= 400 && status < 500 ? DELIVERY_REJECTED : DELIVERY_RETRY;
}

static bool got_data(void *ctx, struct str piece)
{
	struct post_attempt *a = ctx;
	a->answer_bytes += piece.n;
	return a->answer_bytes < WEBHOOK_MAX_ANSWER_BYTES;
}

static void ended(
	void *ctx, enum http_end end, const struct http_answer *answer, const char *message)
{
	struct post_attempt *a = ctx;
	struct delivery *d = a->delivery;
	int64_t wait_us = answer->retry_after_us;
	mem_free(a);
	if (end == HTTP_DONE || (end == HTTP_TOO_LARGE && answer->status))
		delivery_done(d, result_of_status(answer->status), wait_us, "answered %d",
			answer->status);
	else
		delivery_done(d, end == HTTP_REFUSED ? DELIVERY_REJECTED : DELIVERY_RETRY, wait_us,
			"%s", message);
}

static const struct http_events events = { .data = got_data, .end = ended };

static void send(struct notifier *n, struct delivery *d, struct str body)
{
	struct webhook *w = (struct webhook *)n;
	int64_t seconds = d->now_us / US_PER_S;
	struct buf id, time, signature;
	buf_init(&id, 0);
	buf_init(&time, 0);
	buf_init(&signature, 0);
	buf_addf(&id, "webhook-id: %.*s", STR_ARGS(d->id));
	buf_addf(&time, "webhook-timestamp: %" PRId64, seconds);
	buf_add(&signature, STR("webhook-signature: "));
	signature_add(w->keys, w->key_count, d->id, seconds, body, &signature);

	struct str headers[OWN_HEADERS + WEBHOOK_MAX_HEADERS];
	size_t count = 0;
	headers[count++] = STR("Content-Type: application/json");
	headers[count++] = buf_str(&id);
	headers[count++] = buf_str(&time);
	if (w->key_count)
		headers[count++] = buf_str(&signature);
	for (size_t i = 0; i < w->headers.count; i++)
		headers[count++] = w->headers.items[i];

	struct post_attempt *a = mem_zero(1, sizeof *a);
	a->delivery = d;
	d->state = a;
	a->request = http_start(n->http,
		&(struct http_options){
			.method = STR("POST"),
			.url = w->url,
			.headers = headers,
			.header_count = count,
			.bearer = w->bearer,
			.body = body,
			.timeout_us = w->timeout_us,
			.ca_file = w->ca_file,
		},
		&events, a);
	buf_finish(&id);
	buf_finish(&time);
	buf_finish(&signature);
}

static void cancel(struct notifier *n, struct delivery *d)
{
	(void)n;
	struct post_attempt *a = d->state;
	http_cancel(a->request);
	mem_free(a);
}

extern const struct notifier_type notifier_webhook;
const struct notifier_type notifier_webhook = {
	.name = "webhook",
	.help = "Posts JSON to an address, signed as Standard Webhooks 1.0 has it.",
	.size = sizeof(struct webhook),
	.fields = fields,
	.concurrency = 4,
	.check = check,
	.render = render,
	.send = send,
	.cancel = cancel,
};
