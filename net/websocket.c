/* A WebSocket connection from the call to the end.
 *
 *   CALLING    dial connects                        ASKING
 *   ASKING     the answer is an upgrade             OPEN
 *   OPEN       the server closes                    ANSWERING: our close is written, then the end
 *   OPEN       the server breaks the rules          CLOSING: ours is written, and theirs or the end
 *                                                   of the connection waited for
 *   any        anything else that ends it           ENDED
 *
 * What is under way in the last two has two seconds. */
#define _GNU_SOURCE
#include "net/websocket.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "net/client.h"
#include "net/dial.h"
#include "net/frames.h"
#include "net/upgrade.h"

enum {
	WRITE_BYTES = 16 * 1024,
};

#define TIMEOUT_US (10 * US_PER_S)
#define CLOSE_US (2 * US_PER_S)

enum state { CALLING, ASKING, OPEN, ANSWERING, CLOSING, ENDED };

struct websocket {
	struct loop *loop;
	struct websocket_events events;
	void *ctx;
	enum state state;
	int64_t timeout_us, stall_us, last_byte_us;
	int64_t (*wall_us)(void);
	struct timer *timer; /* of the state: its deadline, or when to look whether it stalls */
	struct timer *again; /* there may be more to read than the descriptor tells */
	struct dial *dial;
	char *url; /* of the dial; may hold a secret */
	const char *refused; /* why the options are wrong */
	struct buf request;
	struct upgrade upgrade;
	struct frames frames;
	bool pinged; /* since the last byte */
	bool stopped; /* a callback returned false */
	bool broken; /* the connection is lost */
	/* What libcurl was offered and has not yet taken must stay where it is. */
	char write[WRITE_BYTES];
	size_t write_from, write_to;
	char read[WEBSOCKET_PIECE_BYTES];
};

/* ---- the end ---- */

static void end(struct websocket *w, enum websocket_end how, const char *message)
{
	if (w->state == ENDED)
		return;
	w->state = ENDED;
	timer_stop(w->timer);
	timer_stop(w->again);
	if (w->dial)
		dial_watch(w->dial, 0);
	const struct websocket_result result = {
		.end = how,
		.message = message,
		.status = w->upgrade.status,
		.retry_after_us = w->upgrade.retry_after_us,
		.body = buf_str(&w->upgrade.body),
		.close_code = w->frames.close_code,
		.close_reason = { w->frames.close_reason, w->frames.close_reason_bytes },
		.sent_code = w->frames.sent_code,
	};
	w->events.end(w->ctx, &result); /* w may be gone afterwards */
}

static void end_closing(struct websocket *w)
{
	if (w->frames.fault)
		end(w, WEBSOCKET_FAULT, w->frames.fault);
	else
		end(w, WEBSOCKET_CLOSED, "");
}

static void lost(struct websocket *w)
{
	if (w->state == ANSWERING || w->state == CLOSING)
		end_closing(w);
	else
		end(w, WEBSOCKET_BROKEN, "");
}

/* ---- writing ---- */

static void refill(struct websocket *w, struct buf *from)
{
	const struct str part = str_slice(buf_str(from), 0, sizeof w->write);
	memcpy(w->write, part.p, part.n);
	w->write_from = 0;
	w->write_to = part.n;
	buf_cut(from, part.n);
}

static struct buf *outgoing(struct websocket *w)
{
	return w->request.n ? &w->request : &w->frames.out;
}

/* Writes as much as goes; false if the connection is lost. */
static bool flush(struct websocket *w)
{
	for (;;) {
		if (w->write_from == w->write_to) {
			if (outgoing(w)->n == 0)
				break;
			refill(w, outgoing(w));
		}
		const ssize_t n = dial_write(
			w->dial, w->write + w->write_from, w->write_to - w->write_from);
		if (n == -EAGAIN)
			break;
		if (n < 0)
			return false;
		w->write_from += (size_t)n;
	}
	return true;
}

static bool all_written(struct websocket *w)
{
	return w->write_from == w->write_to && outgoing(w)->n == 0;
}

static void watch(struct websocket *w)
{
	dial_watch(w->dial, LOOP_READABLE | (all_written(w) ? 0 : LOOP_WRITABLE));
}

static void follow_frames(struct websocket *w)
{
	if (w->state == OPEN && w->frames.state != FRAMES_OPEN) {
		w->state = CLOSING;
		timer_start(w->timer, CLOSE_US);
	}
	if (w->state == CLOSING && w->frames.state == FRAMES_CLOSED)
		w->state = ANSWERING;
}

/* Writes what is to be said and goes where the frames have gone. False: it ended, and w may be
 * gone. */
static bool go_on(struct websocket *w)
{
	if (w->frames.state == FRAMES_BROKEN) {
		end(w, WEBSOCKET_BROKEN, w->frames.fault);
		return false;
	}
	follow_frames(w);
	if (!flush(w) || w->broken) {
		lost(w);
		return false;
	}
	if (w->state == ANSWERING && all_written(w)) {
		end_closing(w);
		return false;
	}
	watch(w);
	return true;
}

/* ---- reading ---- */

static bool got_message(void *ctx, struct str text)
{
	struct websocket *w = ctx;
	w->stopped = !w->events.message(w->ctx, text);
	return !w->stopped;
}

static void got_frames(struct websocket *w, struct str piece)
{
	if (piece.n)
		frames_feed(&w->frames, piece, got_message, w);
	if (!w->stopped && w->events.piece)
		w->stopped = !w->events.piece(w->ctx);
}

static void arm_stall(struct websocket *w)
{
	if (w->stall_us <= 0)
		return;
	const int64_t idle_us = loop_now_us(w->loop) - w->last_byte_us;
	timer_start(w->timer, (w->pinged ? w->stall_us : w->stall_us / 2) - idle_us);
}

static bool got_upgrade(struct websocket *w, enum upgrade_step step)
{
	switch (step) {
	case UPGRADE_MORE:
		return true;
	case UPGRADE_REFUSED:
		end(w, WEBSOCKET_ANSWERED, "");
		return false;
	case UPGRADE_BROKEN:
		end(w, WEBSOCKET_NO_UPGRADE, w->upgrade.why);
		return false;
	case UPGRADE_DONE:
		break;
	}
	w->state = OPEN;
	timer_stop(w->timer);
	arm_stall(w);
	if (w->events.open)
		w->events.open(w->ctx);
	return true;
}

/* False once it ended or may not be read any more. */
static bool got(struct websocket *w, struct str piece)
{
	w->last_byte_us = loop_now_us(w->loop);
	w->pinged = false;
	if (w->state == ASKING) {
		size_t used;
		if (!got_upgrade(w, upgrade_feed(&w->upgrade, piece, w->wall_us(), &used)))
			return false;
		piece = str_slice(piece, used, piece.n);
	}
	if (w->state != ASKING)
		got_frames(w, piece);
	return !w->stopped;
}

/* A piece as full as it can be had now. 0: nothing more is there. */
static size_t read_piece(struct websocket *w)
{
	size_t n = 0;
	while (n < sizeof w->read && !w->broken) {
		const ssize_t r = dial_read(w->dial, w->read + n, sizeof w->read - n);
		if (r == -EAGAIN)
			break;
		w->broken = r <= 0;
		n += r > 0 ? (size_t)r : 0;
	}
	return n;
}

static void read_some(struct websocket *w)
{
	const int64_t until_us = clock_monotonic_us() + LOOP_TURN_US;
	size_t n;
	do {
		n = read_piece(w);
		if (n && !got(w, (struct str){ w->read, n }))
			return;
	} while (n == sizeof w->read && clock_monotonic_us() < until_us);
	if (w->broken && w->state == ASKING)
		(void)got_upgrade(w, upgrade_end(&w->upgrade));
	else if (go_on(w) && n == sizeof w->read)
		timer_start(w->again, 0);
}

static void read_again(void *ctx)
{
	read_some(ctx);
}

static void ready(void *ctx, int events)
{
	struct websocket *w = ctx;
	if (w->stopped || w->state == ENDED)
		dial_watch(w->dial, 0);
	else if (events & LOOP_READABLE)
		read_some(w);
	else
		(void)go_on(w);
}

/* ---- time ---- */

static void look_for_stall(struct websocket *w)
{
	const int64_t idle_us = loop_now_us(w->loop) - w->last_byte_us;
	if (w->stopped)
		return;
	if (idle_us >= w->stall_us) {
		end(w, WEBSOCKET_STALLED, "");
		return;
	}
	if (idle_us >= w->stall_us / 2 && !w->pinged) {
		w->pinged = true;
		frames_ping(&w->frames);
	}
	arm_stall(w);
	(void)go_on(w);
}

static void timer_fired(void *ctx)
{
	struct websocket *w = ctx;
	switch (w->state) {
	case CALLING:
		end(w, WEBSOCKET_REFUSED, w->refused);
		break;
	case ASKING:
		if (w->upgrade.head_done) /* and only its body was still awaited */
			end(w, WEBSOCKET_ANSWERED, "");
		else
			end(w, WEBSOCKET_UNREACHED, "no answer in time");
		break;
	case OPEN:
		look_for_stall(w);
		break;
	case ANSWERING:
	case CLOSING:
		end_closing(w);
		break;
	case ENDED:
		break;
	}
}

/* ---- the call ---- */

static void connected(void *ctx, const char *message)
{
	struct websocket *w = ctx;
	if (message) {
		end(w, WEBSOCKET_UNREACHED, message);
		return;
	}
	w->state = ASKING;
	timer_start(w->timer, w->timeout_us);
	(void)go_on(w);
}

static bool header_is_good(struct str header)
{
	const size_t colon = str_find_char(header, ':');
	return curl_text_is_clean(header) && colon != SIZE_MAX && colon > 0 &&
		str_find_char(str_slice(header, 0, colon), ' ') == SIZE_MAX;
}

static const char *check(const struct websocket_options *options)
{
	for (size_t i = 0; i < options->header_count; i++) {
		if (!header_is_good(options->headers[i]))
			return "a header holds a control character or is none";
	}
	if (!curl_text_is_clean(options->bearer))
		return "the bearer token holds a control character";
	if (!curl_text_is_clean(options->proxy) || !curl_text_is_clean(options->ca_file))
		return "an option holds a control character";
	if (!curl_text_is_clean(options->url) || str_find_char(options->url, ' ') != SIZE_MAX)
		return "the address holds a space or a control character";
	if (!str_starts(options->url, STR("ws://")) && !str_starts(options->url, STR("wss://")))
		return "the address is neither ws nor wss";
	return NULL;
}

static char *part_of(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

/* Host and port as the Host header has them: the usual port is left out. */
static void add_host(struct buf *out, CURLU *url)
{
	char *host = part_of(url, CURLUPART_HOST), *port = part_of(url, CURLUPART_PORT);
	buf_add(out, str_of(host));
	if (port)
		buf_addf(out, ":%s", port);
	curl_free(host);
	curl_free(port);
}

static void add_path(struct buf *out, CURLU *url)
{
	char *path = part_of(url, CURLUPART_PATH), *query = part_of(url, CURLUPART_QUERY);
	buf_add(out, path ? str_of(path) : STR("/"));
	if (query)
		buf_addf(out, "?%s", query);
	curl_free(path);
	curl_free(query);
}

static bool make_request(struct websocket *w, CURLU *url, const struct websocket_options *options)
{
	unsigned char random[16];
	struct buf key, host, path;
	const ssize_t got_random = getrandom(random, sizeof random, 0);
	assert(got_random == sizeof random);
	(void)got_random;
	buf_init(&key, UPGRADE_KEY_BYTES + 1);
	buf_init(&host, 0);
	buf_init(&path, 0);
	base64_encode((struct str){ (const char *)random, sizeof random }, &key);
	assert(key.n == UPGRADE_KEY_BYTES);
	upgrade_init(&w->upgrade, key.p);
	add_host(&host, url);
	add_path(&path, url);
	const struct upgrade_target target = { host.p, path.p, options->headers,
		options->header_count, options->bearer };
	const bool fits = upgrade_request(&w->request, &target, key.p);
	buf_finish(&key);
	buf_finish(&host);
	explicit_bzero(path.p, path.n);
	buf_finish(&path);
	return fits;
}

/* libcurl knows the schemes by the names of what they are carried by. */
static const char *prepare(struct websocket *w, const struct websocket_options *options)
{
	const char *why = check(options);
	if (why)
		return why;
	CURLU *url = curl_url();
	struct buf text;
	buf_init(&text, 0);
	buf_add(&text, STR("http"));
	buf_add(&text, str_slice(options->url, 2, options->url.n));
	if (curl_url_set(url, CURLUPART_URL, text.p, CURLU_DISALLOW_USER | CURLU_URLENCODE) !=
		CURLUE_OK)
		why = "the address cannot be read";
	else if (!make_request(w, url, options))
		why = "the request is too large";
	curl_url_cleanup(url);
	w->url = mem_text(text.p, text.n);
	explicit_bzero(text.p, text.n);
	buf_finish(&text);
	return why;
}

struct websocket *websocket_create(struct loop *loop, const struct websocket_options *options,
	const struct websocket_events *events, void *ctx)
{
	struct websocket *w = mem_zero(1, sizeof *w);
	w->loop = loop;
	w->events = *events;
	w->ctx = ctx;
	w->wall_us = options->wall_us ? options->wall_us : clock_wall_us;
	w->timeout_us = options->timeout_us ? options->timeout_us : TIMEOUT_US;
	w->stall_us = options->stall_us;
	w->upgrade.retry_after_us = -1;
	buf_init(&w->request, UPGRADE_REQUEST_MAX_BYTES);
	frames_init(&w->frames, options->max_message_bytes);
	w->refused = prepare(w, options);
	w->timer = timer_create_on(loop, timer_fired, w);
	w->again = timer_create_on(loop, read_again, w);
	if (w->refused) {
		timer_start(w->timer, 0);
		return w;
	}
	static const struct dial_events dial_events = { connected, ready };
	const struct dial_options call = {
		.url = w->url,
		.ca_file = options->ca_file,
		.proxy = options->proxy,
		.timeout_us = w->timeout_us,
	};
	w->dial = dial_start(loop, &call, &dial_events, w);
	return w;
}

uint64_t websocket_too_long_count(const struct websocket *w)
{
	return w->frames.too_long_count;
}

bool websocket_send(struct websocket *w, struct str text)
{
	frames_send(&w->frames, text);
	watch(w);
	return w->frames.state != FRAMES_BROKEN;
}

void websocket_destroy(struct websocket *w)
{
	if (!w)
		return;
	if (w->state == OPEN && !w->broken) {
		frames_close(&w->frames, FRAMES_CLOSE_GOING_AWAY);
		(void)flush(w); /* what does not go at once does not go */
	}
	timer_destroy(w->timer);
	timer_destroy(w->again);
	dial_destroy(w->dial);
	curl_wipe_text(w->url);
	explicit_bzero(w->write, sizeof w->write);
	if (w->request.p)
		explicit_bzero(w->request.p, w->request.size_bytes);
	buf_finish(&w->request);
	upgrade_finish(&w->upgrade);
	frames_finish(&w->frames);
	mem_free(w);
}
