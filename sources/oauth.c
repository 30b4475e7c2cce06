#define _GNU_SOURCE
#include "sources/oauth.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/escape.h"
#include "base/json.h"
#include "base/mem.h"
#include "sources/picker.h"
#include "sources/web_options.h"

enum {
	ANSWER_MAX_BYTES = 64 * 1024,
	TOKEN_MAX_BYTES = 16 * 1024,
	WHY_MAX_BYTES = 512,
	SHOWN_BYTES = 100,
};

#define REQUEST_TIMEOUT_US (30 * US_PER_S)

/* A server that says nothing about the end of a token gives it for an hour (RFC 6749 leaves it
 * open); none is trusted for more than a day. */
#define LIFE_US US_PER_HOUR
#define LIFE_MAX_US US_PER_DAY

const char *const oauth_grant_names[] = { "client_credentials", "password", NULL };

struct oauth {
	struct oauth_options options;
	struct buf token;
	int64_t ends_at_us; /* monotonic: until when it is used */
	struct buf answer;
	struct http_request *request;
	struct loop *loop;
	void (*done)(void *ctx, struct str why, enum backoff_kind kind, int64_t wait_us);
	void *ctx;
};

struct oauth *oauth_create(const struct oauth_options *options)
{
	struct oauth *o = mem_zero(1, sizeof *o);
	o->options = *options;
	buf_init(&o->token, TOKEN_MAX_BYTES);
	buf_init(&o->answer, ANSWER_MAX_BYTES);
	return o;
}

static void wipe(struct buf *b)
{
	if (b->p)
		explicit_bzero(b->p, b->n);
	buf_clear(b);
}

void oauth_destroy(struct oauth *o)
{
	if (!o)
		return;
	oauth_cancel(o);
	wipe(&o->token);
	wipe(&o->answer);
	buf_finish(&o->token);
	buf_finish(&o->answer);
	mem_free(o);
}

struct str oauth_token(const struct oauth *o, int64_t now_us)
{
	return o->token.n && now_us < o->ends_at_us ? buf_str(&o->token) : STR_NONE;
}

void oauth_forget(struct oauth *o)
{
	wipe(&o->token);
}

void oauth_cancel(struct oauth *o)
{
	if (!o)
		return;
	http_cancel(o->request);
	o->request = NULL;
}

/* ---- what the server answers ---- */

static bool fits_header(struct str token)
{
	return token.n && token.n <= TOKEN_MAX_BYTES && web_is_clean(token) &&
		str_find_char(token, ' ') == SIZE_MAX;
}

/* False: there is no token in it, and why says so. */
static bool take_token(struct oauth *o, struct str body, struct buf *why)
{
	static const struct str paths[] = { { "access_token", 12 }, { "expires_in", 10 },
		{ "error", 5 } };
	struct json_picked picked[3] = { 0 };
	struct json_error error;
	struct arena arena;
	size_t bad;
	arena_init(&arena, 2 * ANSWER_MAX_BYTES);
	struct json_paths *all = json_paths_create(paths, 3, &bad);
	const bool read = json_pick(all, body, &arena, picked, &error) == 0;
	const struct str token = read && picked[0].count ? picked[0].items[0].text : STR_NONE;
	const bool good = read && picked[0].count && picked[0].items[0].type == JSON_STRING &&
		fits_header(token);
	if (good) {
		int64_t seconds, life_us = LIFE_US;
		if (picked[1].count && str_to_int64(picked[1].items[0].text, &seconds) &&
			seconds > 0)
			life_us = seconds < LIFE_MAX_US / US_PER_S ? seconds * US_PER_S
								   : LIFE_MAX_US;
		wipe(&o->token);
		buf_add(&o->token, token);
		/* A new one is asked for before this one ends under way. */
		o->ends_at_us = loop_now_us(o->loop) + life_us - life_us / 10;
	} else {
		buf_add(why, STR("no token in the answer of the token server"));
		if (read && picked[2].count && picked[2].items[0].type == JSON_STRING) {
			buf_add(why, STR(": "));
			escape_control(why, str_slice(picked[2].items[0].text, 0, SHOWN_BYTES));
		}
	}
	json_paths_destroy(all);
	arena_finish(&arena);
	return good;
}

static bool on_data(void *ctx, struct str piece)
{
	struct oauth *o = ctx;
	buf_add(&o->answer, piece);
	return !o->answer.full;
}

static void on_end(
	void *ctx, enum http_end end, const struct http_answer *answer, const char *message)
{
	struct oauth *o = ctx;
	struct buf why;
	enum backoff_kind kind = BACKOFF_HTTP;
	buf_init(&why, WHY_MAX_BYTES);
	o->request = NULL;
	bool good = false;
	if (end != HTTP_DONE) {
		kind = end == HTTP_REFUSED || end == HTTP_TOO_LARGE ? BACKOFF_HTTP
								    : BACKOFF_NETWORK;
		buf_addf(&why, "no token: %s", message);
	} else if (answer->status == 400 || answer->status == 401 || answer->status == 403) {
		buf_addf(&why, "the token server does not know this client or account (HTTP %d)",
			answer->status);
	} else if (answer->status / 100 != 2) {
		buf_add(&why, STR("no token: "));
		kind = web_refusal(answer->status, &why);
	} else {
		good = take_token(o, buf_str(&o->answer), &why);
	}
	wipe(&o->answer);
	const int64_t wait_us = answer && answer->retry_after_us > 0 ? answer->retry_after_us : 0;
	o->done(o->ctx, good ? STR_NONE : buf_str(&why), kind, wait_us);
	buf_finish(&why);
}

/* ---- asking ---- */

static void add_field(struct buf *body, const char *name, struct str value)
{
	if (!value.p)
		return;
	buf_addf(body, "%s%s=", body->n ? "&" : "", name);
	percent_encode(body, value);
}

static void add_login(const struct oauth *o, struct buf *header)
{
	struct buf login;
	buf_init(&login, 0);
	buf_add(&login, o->options.client_id);
	buf_add_char(&login, ':');
	buf_add(&login, o->options.client_secret);
	buf_add(header, STR("Authorization: Basic "));
	base64_encode(buf_str(&login), header);
	wipe(&login);
	buf_finish(&login);
}

void oauth_ask(struct oauth *o, struct loop *loop, struct http_client *http,
	void (*done)(void *ctx, struct str why, enum backoff_kind kind, int64_t wait_us), void *ctx)
{
	static const struct http_events events = { NULL, on_data, on_end };
	struct buf body, login;
	struct str headers[4] = { STR("Content-Type: application/x-www-form-urlencoded"),
		STR("Accept: application/json") };
	size_t count = 2;
	o->loop = loop;
	o->done = done;
	o->ctx = ctx;
	oauth_forget(o);
	buf_clear(&o->answer);
	buf_init(&body, 0);
	buf_init(&login, 0);
	add_field(&body, "grant_type", str_of(oauth_grant_names[o->options.grant]));
	if (o->options.grant == OAUTH_PASSWORD) {
		add_field(&body, "username", o->options.user);
		add_field(&body, "password", o->options.password);
	}
	add_field(&body, "scope", o->options.scope);
	add_login(o, &login);
	headers[count++] = buf_str(&login);
	if (o->options.agent.p)
		headers[count++] = o->options.agent;
	const struct http_options options = {
		.url = o->options.url,
		.headers = headers,
		.header_count = count,
		.body = buf_str(&body),
		.timeout_us = REQUEST_TIMEOUT_US,
		.max_body_bytes = ANSWER_MAX_BYTES,
		.ca_file = o->options.ca_file,
	};
	o->request = http_start(http, &options, &events, o);
	wipe(&body);
	wipe(&login);
	buf_finish(&body);
	buf_finish(&login);
}
