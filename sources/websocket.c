/* A stream of JSON over WebSocket: one text message is one record. What the records of one piece of
 * network input are is one block, so that nothing waits. Where to go on is a value in the records
 * that the server takes back in the URL, such as the time of Bluesky's Jetstream. */
#include "sources/source.h"

#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "net/websocket.h"
#include "sources/incoming.h"
#include "sources/picker.h"
#include "sources/refill.h"
#include "sources/replay.h"
#include "sources/web_options.h"

enum {
	MAX_SENDS = 64,
	SEND_MAX_BYTES = 64 * 1024,
	URL_MAX_BYTES = 64 * 1024,
	PROBLEM_MAX_BYTES = 1024,
	SHOWN_BYTES = 200, /* of what a server says, in a message */
	BLOCK_BYTES = SOURCE_MAX_RECORD_BYTES + SOURCE_PIECE_BYTES,
};

/* A server that says nothing about the end of what it kept. */
#define BACKLOG_MAX_US (10 * US_PER_S)

struct websocket_source {
	struct source base;
	struct str url, token, ca_file, proxy, resume_path, resume_parameter, resume_too_old;
	struct str_list headers, sends, sends_resume;
	struct incoming_options incoming_options;
	struct refill_options refill_options;
	int64_t stall_us, resume_overlap;
	bool resume_received;

	bool ready; /* what follows is made */
	struct websocket *socket;
	struct json_paths *path; /* of resume_path; NULL: none */
	struct incoming *incoming;
	struct refill *refill;
	struct timer *timer; /* ends the connection in the loop's next turn */
	struct buf block, cursor;
	struct buf failure; /* what the server said that means its end; empty: nothing */
	bool backlog; /* what comes is of the past, and was never asked for */
	int64_t opened_us;
	bool has_data; /* something came on this connection */
	bool sent_cursor; /* with this connection */
	struct replay replay;
	bool without_cursor; /* the next one: the server does not know that place any more */
	uint64_t too_long_count;
};

/* ---- what the stream brings ---- */

static int64_t wall_us(const struct websocket_source *h)
{
	return h->base.host->wall_us ? h->base.host->wall_us() : 1;
}

static void send_all(struct websocket_source *h)
{
	const bool resumes = h->sent_cursor && h->sends_resume.count;
	const struct str_list list = resumes ? h->sends_resume : h->sends;
	struct buf text;
	buf_init(&text, 2 * SEND_MAX_BYTES);
	for (size_t i = 0; i < list.count; i++) {
		buf_clear(&text);
		if (resumes)
			resume_text(&text, list.items[i], buf_str(&h->cursor), h->resume_overlap);
		else
			buf_add(&text, list.items[i]);
		(void)websocket_send(h->socket, buf_str(&text)); /* its end will tell */
	}
	buf_finish(&text);
}

static void on_open(void *ctx)
{
	struct websocket_source *h = ctx;
	source_live(&h->base);
	h->opened_us = loop_now_us(h->base.loop);
	h->backlog = !h->sent_cursor && h->incoming_options.backlog_end.count;
	send_all(h);
	refill_start(h->refill, buf_str(&h->cursor));
}

/* What was lost is told after what was refilled, since both are the same span. */
static void tell_gap(struct websocket_source *h, const char *reason)
{
	const int64_t now_us = wall_us(h), blind_us = h->base.health.blind_since_us;
	const struct source_gap gap = {
		.from_us = blind_us ? blind_us : now_us - 1,
		.to_us = now_us,
		.kind = SOURCE_GAP_LOST,
		.reason = str_of(reason),
	};
	source_caught_up(&h->base);
	source_gap(&h->base, &gap);
}

static bool on_message(void *ctx, struct str text)
{
	struct websocket_source *h = ctx;
	const size_t from = h->block.n;
	h->has_data = true;
	const unsigned news = incoming_take(h->incoming, text, &h->block);
	if (h->block.full) {
		h->block.full = false;
		h->block.n = from;
		source_rejected(&h->base, 1, "message too long");
	}
	if (h->backlog)
		h->block.n = from;
	if ((news & INCOMING_BACKLOG_END) ||
		loop_now_us(h->base.loop) - h->opened_us > BACKLOG_MAX_US)
		h->backlog = false;
	if (news & INCOMING_GAP)
		tell_gap(h, "the server says that it does not go back that far");
	if ((news & INCOMING_FAIL) && h->failure.n == 0) {
		buf_add(&h->failure, str_slice(text, 0, SHOWN_BYTES));
		timer_start(h->timer, 0);
	}
	return true;
}

/* Where to go on once the block is stored. */
static struct str cursor_of(struct websocket_source *h, struct str records)
{
	if (h->refill) {
		refill_saw(h->refill, records);
		return refill_cursor(h->refill);
	}
	if (h->path) {
		resume_value(h->path, records, &h->cursor);
	} else if (h->resume_received) {
		buf_clear(&h->cursor);
		buf_addf(&h->cursor, "%lld", (long long)(wall_us(h) / US_PER_S));
	}
	return h->cursor.n ? buf_str(&h->cursor) : STR_NONE;
}

static bool on_piece(void *ctx)
{
	struct websocket_source *h = ctx;
	const uint64_t too_long = websocket_too_long_count(h->socket);
	source_alive(&h->base);
	source_rejected(&h->base, too_long - h->too_long_count, "message too long");
	h->too_long_count = too_long;
	if (h->block.n == 0)
		return true;
	const struct str all = buf_str(&h->block);
	const struct source_block block = { .records = all, .cursor = cursor_of(h, all) };
	const bool taken = source_deliver(&h->base, &block) == 0;
	if (h->path && taken)
		replay_saw(&h->replay, &h->base, h->path, all, buf_str(&h->cursor));
	buf_clear(&h->block);
	return taken;
}

/* ---- how it ends ---- */

static void add_said(struct buf *out, struct str said)
{
	said = str_trim(str_slice(said, 0, SHOWN_BYTES));
	if (said.n == 0)
		return;
	buf_add(out, STR(": "));
	escape_control(out, said);
}

/* Those that a server closes with for good reason: it does not want us, or not now. */
static bool is_refusal(int code)
{
	return code == 1008 || code == 1011 || code == 1013 || (code >= 3000 && code <= 4999);
}

static bool is_too_old(const struct websocket_source *h, struct str said)
{
	return h->sent_cursor && h->resume_too_old.n &&
		str_find(said, h->resume_too_old) != SIZE_MAX;
}

/* Why it ended, for people, and what the wait is to be. */
static enum backoff_kind explain(
	struct websocket_source *h, const struct websocket_result *result, struct buf *why)
{
	/* A stream that ran may be taken up again at once. */
	const enum backoff_kind gone = h->has_data ? BACKOFF_DROPPED : BACKOFF_NETWORK;
	switch (result->end) {
	case WEBSOCKET_CLOSED:
		source_alive(&h->base); /* nothing was sent before that did not come */
		if (result->close_code == 1005)
			buf_addf(why, "the server closed the stream");
		else
			buf_addf(why, "the server closed the stream (code %d)", result->close_code);
		add_said(why, result->close_reason);
		return is_refusal(result->close_code) ? BACKOFF_HTTP : gone;
	case WEBSOCKET_FAULT:
		buf_addf(why, "%s", result->message);
		return BACKOFF_HTTP;
	case WEBSOCKET_BROKEN:
		buf_addf(why, "connection lost%s%s", result->message[0] ? ": " : "",
			result->message);
		return gone;
	case WEBSOCKET_STALLED:
		buf_addf(why, "no byte for %d s", (int)(h->stall_us / US_PER_S));
		return gone;
	case WEBSOCKET_ANSWERED: {
		const enum backoff_kind kind = web_refusal(result->status, why);
		add_said(why, result->body);
		return kind;
	}
	case WEBSOCKET_NO_UPGRADE:
		buf_addf(why, "no WebSocket: %s", result->message);
		return BACKOFF_HTTP;
	case WEBSOCKET_UNREACHED:
		buf_addf(why, "not reached: %s", result->message);
		return BACKOFF_NETWORK;
	case WEBSOCKET_REFUSED:
		buf_addf(why, "not possible: %s", result->message);
		return BACKOFF_HTTP;
	}
	return gone;
}

/* Of the connection; nothing of what it brought is valid after that. */
static void let_go(struct websocket_source *h)
{
	websocket_destroy(h->socket);
	h->socket = NULL;
	refill_destroy(h->refill);
	h->refill = NULL;
	timer_destroy(h->timer);
	h->timer = NULL;
}

static void fail_for_message(struct websocket_source *h)
{
	struct buf why;
	buf_init(&why, PROBLEM_MAX_BYTES);
	buf_addf(&why, "the server refuses");
	add_said(&why, buf_str(&h->failure));
	let_go(h);
	source_failed(&h->base, BACKOFF_HTTP, 0, "%.*s", STR_ARGS(buf_str(&why)));
	buf_finish(&why);
}

static void on_timer(void *ctx)
{
	fail_for_message(ctx);
}

static void on_end(void *ctx, const struct websocket_result *result)
{
	struct websocket_source *h = ctx;
	struct buf why;
	if (h->failure.n) {
		fail_for_message(h);
		return;
	}
	buf_init(&why, PROBLEM_MAX_BYTES);
	const bool too_old = is_too_old(h, result->body) || is_too_old(h, result->close_reason);
	enum backoff_kind kind = explain(h, result, &why);
	if (too_old) {
		h->without_cursor = true;
		kind = BACKOFF_NETWORK;
		buf_clear(&why);
		buf_addf(
			&why, "the server no longer has all that came since; posts may be missing");
	}
	const int64_t wait_us = result->retry_after_us > 0 ? result->retry_after_us : 0;
	let_go(h);
	source_failed(&h->base, kind, wait_us, "%.*s", STR_ARGS(buf_str(&why)));
	buf_finish(&why);
}

/* ---- asking ---- */

static void prepare(struct websocket_source *h, struct str cursor)
{
	if (!h->ready) {
		size_t bad;
		buf_init(&h->block, BLOCK_BYTES);
		buf_init(&h->failure, SHOWN_BYTES);
		buf_init(&h->cursor, RESUME_MAX_BYTES);
		h->path = h->resume_path.p ? json_paths_create(&h->resume_path, 1, &bad) : NULL;
		h->incoming = incoming_create(&h->incoming_options);
	}
	const struct poll_fetch_options fetch = {
		.token = h->token, .ca_file = h->ca_file, .headers = h->headers
	};
	let_go(h);
	h->refill = refill_create(&h->base, &h->refill_options, h->incoming_options.drop, &fetch);
	h->timer = timer_create_on(h->base.loop, on_timer, h);
	h->ready = true;
	h->has_data = h->backlog = false;
	buf_clear(&h->failure);
	h->too_long_count = 0;
	buf_clear(&h->block);
	buf_clear(&h->cursor);
	buf_add(&h->cursor, cursor);
}

static int websocket_source_start(struct source *s, struct str cursor)
{
	struct websocket_source *h = (struct websocket_source *)s;
	struct buf url;
	prepare(h, cursor);
	buf_init(&url, URL_MAX_BYTES);
	h->sent_cursor = (h->path || h->resume_received) && h->cursor.n && !h->without_cursor;
	h->without_cursor = false;
	s->resume = h->refill && h->cursor.n ? SOURCE_REFILLS
		: h->sent_cursor	     ? SOURCE_REPLAYS
					     : SOURCE_LOSES;
	replay_start(&h->replay, s, h->sent_cursor ? buf_str(&h->cursor) : STR_NONE);
	if (h->sent_cursor && !h->sends_resume.count)
		resume_url(
			&url, h->url, h->resume_parameter, buf_str(&h->cursor), h->resume_overlap);
	else
		buf_add(&url, h->url);
	const struct websocket_options options = {
		.url = buf_str(&url),
		.headers = h->headers.items,
		.header_count = h->headers.count,
		.bearer = h->token,
		.ca_file = h->ca_file,
		.proxy = h->proxy,
		.stall_us = h->stall_us,
		.max_message_bytes = SOURCE_MAX_RECORD_BYTES,
		.wall_us = s->host->wall_us,
	};
	static const struct websocket_events events = { on_open, on_message, on_piece, on_end };
	h->socket = websocket_create(s->loop, &options, &events, h);
	buf_finish(&url);
	return 0;
}

static void websocket_source_stop(struct source *s)
{
	let_go((struct websocket_source *)s);
}

static void websocket_source_finish(struct source *s)
{
	struct websocket_source *h = (struct websocket_source *)s;
	if (!h->ready)
		return;
	buf_finish(&h->block);
	buf_finish(&h->failure);
	buf_finish(&h->cursor);
	json_paths_destroy(h->path);
	h->path = NULL;
	incoming_destroy(h->incoming);
	h->incoming = NULL;
	h->ready = false;
}

/* ---- what people wrote ---- */

static struct where place(const struct conf_node *node, const char *key)
{
	const struct conf_node *value = conf_get(node, key);
	return value ? value->at : node->at;
}

static bool check_sends(
	struct str_list sends, const char *key, const struct conf_node *node, struct diag *diag)
{
	if (sends.count > MAX_SENDS) {
		diag_error(diag, place(node, key), "more than %d messages: '%s'", MAX_SENDS, key);
		return false;
	}
	for (size_t i = 0; i < sends.count; i++) {
		if (sends.items[i].n <= SEND_MAX_BYTES)
			continue;
		diag_error(
			diag, place(node, key), "longer than %d bytes: '%s'", SEND_MAX_BYTES, key);
		return false;
	}
	return true;
}

static bool check_resume(
	const struct websocket_source *h, const struct conf_node *node, struct diag *diag)
{
	size_t bad;
	if (h->refill_options.url.p && (h->resume_path.p || h->resume_received)) {
		diag_error(diag, place(node, "refill_url"),
			"either the stream goes on where it was, or it is refilled: 'refill_url'");
		return false;
	}
	if (h->resume_path.p && h->resume_received) {
		diag_error(diag, place(node, "resume_received"),
			"either a path or the time of receipt: 'resume_received'");
		return false;
	}
	if (!h->resume_path.p && !h->resume_received) {
		if (conf_get(node, "resume_parameter") || conf_get(node, "resume_overlap") ||
			conf_get(node, "resume_too_old"))
			diag_warning(
				diag, node->at, "nothing is resumed without a path: 'resume_path'");
		return true;
	}
	if (h->resume_received)
		return true;
	struct json_paths *paths = json_paths_create(&h->resume_path, 1, &bad);
	if (!paths)
		diag_error(diag, place(node, "resume_path"), "not a path: '%.*s'",
			STR_ARGS(h->resume_path));
	json_paths_destroy(paths);
	return paths != NULL;
}

static bool check_proxy(
	const struct websocket_source *h, const struct conf_node *node, struct diag *diag)
{
	static const char *const schemes[] = { "http://", "https://", "socks5://", "socks5h://" };
	if (!h->proxy.p)
		return true;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (str_starts(h->proxy, str_of(schemes[i])) && web_is_clean(h->proxy))
			return true;
	/* Not shown: it may hold a password. */
	diag_error(diag, place(node, "proxy"), "not the url of a proxy: 'proxy'");
	diag_hint(diag, "write http://HOST:PORT, https://, socks5:// or socks5h://");
	return false;
}

static bool websocket_source_check(
	struct source *s, const struct conf_node *node, struct diag *diag)
{
	const struct websocket_source *h = (const struct websocket_source *)s;
	const struct web_options options = { h->url, h->token, h->headers, STR("ws://"),
		STR("wss://") };
	const bool web = web_check(&options, node, diag),
		   sends = check_sends(h->sends, "send", node, diag),
		   resends = check_sends(h->sends_resume, "send_resume", node, diag),
		   resume = check_resume(h, node, diag), proxy = check_proxy(h, node, diag),
		   incoming = incoming_check(&h->incoming_options, node, diag),
		   refill = refill_check(&h->refill_options, node, diag);
	return web && sends && resends && resume && proxy && incoming && refill;
}

#define OPTION(name, kind, member, ...)                                                         \
	{                                                                                       \
		.key = name, .type = kind, .offset = offsetof(struct websocket_source, member), \
		__VA_ARGS__                                                                     \
	}

static const struct conf_field websocket_fields[] = {
	OPTION("url", CONF_TEXT, url, .required = true,
		.help = "the address of the stream, ws or wss"),
	OPTION("token", CONF_SECRET, token, .help = "sent as Authorization: Bearer"),
	OPTION("headers", CONF_TEXTS, headers, .help = "more request headers, each 'Name: value'"),
	OPTION("send", CONF_TEXTS, sends,
		.help = "messages to send once connected, such as a subscription"),
	OPTION("send_resume", CONF_TEXTS, sends_resume,
		.help = "messages to send instead after a break; {value} is where to go on"),
	OPTION("keep", CONF_TEXTS, incoming_options.keep,
		.help = "only messages with one of these, each PATH=VALUE or PATH"),
	OPTION("drop", CONF_TEXTS, incoming_options.drop,
		.help = "messages to leave out, each PATH=VALUE or PATH"),
	OPTION("payload", CONF_TEXT, incoming_options.payload,
		.help = "where in a message the record is, as JSON or as a text of JSON"),
	OPTION("add", CONF_TEXTS, incoming_options.add,
		.help = "what to add to records, each KEY=TEXT with {path} for values"),
	OPTION("fail_on", CONF_TEXTS, incoming_options.fail,
		.help = "messages by which the server ends the stream, each PATH=VALUE or PATH"),
	OPTION("gap_on", CONF_TEXTS, incoming_options.gap,
		.help = "messages by which it says that something is missing"),
	OPTION("backlog_end", CONF_TEXTS, incoming_options.backlog_end,
		.help = "the message up to which a first connection only brings the past"),
	OPTION("stall", CONF_DURATION, stall_us, .fallback = "60s", .min = US_PER_S,
		.max = US_PER_DAY,
		.help = "connect anew when no byte came for that long; after half of it the server "
			"is pinged"),
	OPTION("resume_path", CONF_TEXT, resume_path,
		.help = "where a record has the value to go on at after a break"),
	OPTION("resume_parameter", CONF_TEXT, resume_parameter, .fallback = "cursor",
		.help = "the parameter of the url that takes it"),
	OPTION("resume_overlap", CONF_INT, resume_overlap, .fallback = "0", .max = INT64_MAX,
		.help = "how much less is asked for, if it is a whole number"),
	OPTION("resume_received", CONF_BOOL, resume_received, .fallback = "false",
		.help = "go on at the second when the last record came, instead of at a value"),
	OPTION("resume_too_old", CONF_TEXT, resume_too_old,
		.help = "what a refusal says if the server does not go back that far"),
	REFILL_FIELDS(struct websocket_source, refill_options),
	OPTION("ca_file", CONF_PATH, ca_file,
		.help = "certificates to trust instead of the system's"),
	OPTION("proxy", CONF_TEXT, proxy, .help = "the url of a proxy to go through"),
	{ .key = NULL },
};

const struct source_type source_websocket = {
	.name = "websocket",
	.help = "records from a stream over WebSocket, one a message",
	.size = sizeof(struct websocket_source),
	.fields = websocket_fields,
	.check = websocket_source_check,
	.start = websocket_source_start,
	.stop = websocket_source_stop,
	.finish = websocket_source_finish,
	.resume = SOURCE_LOSES,
};
