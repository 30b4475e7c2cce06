/* A stream over HTTP: lines (NDJSON) or Server-Sent Events, told apart by what the server says it
 * sends. What the records of one piece of network input are is one block, so that nothing waits.
 * Only events have a cursor: the id of the last one of the block. */
#include "sources/source.h"

#include "base/clock.h"
#include "net/sse.h"
#include "sources/incoming.h"
#include "sources/records.h"
#include "sources/refill.h"
#include "sources/web_options.h"

enum {
	MAX_REDIRECTS = 3,
	/* A longer id is not sent back: servers refuse headers of such a size. */
	ID_MAX_BYTES = 8 * 1024,
	PROBLEM_MAX_BYTES = 512,
	EVENTS_MAX_BYTES = SOURCE_MAX_RECORD_BYTES + SOURCE_PIECE_BYTES + 2,
	IDLE_MAX_BYTES = 128 * 1024 * 1024,
};

/* A server that asks for a longer wait between events is not obeyed. */
#define RETRY_MAX_US US_PER_HOUR

enum format { FORMAT_AUTO, FORMAT_NDJSON, FORMAT_SSE };

static const char *const format_names[] = { "auto", "ndjson", "sse", NULL };

struct http_source {
	struct source base;
	struct str url, token, ca_file;
	struct str_list headers, events;
	struct incoming_options incoming_options;
	int format;
	int64_t stall_us;
	bool allow_private;
	struct refill_options refill_options;

	bool ready; /* records, sse, block and problem are made */
	struct http_request *request;
	enum format framing; /* of this answer; FORMAT_AUTO: not known yet */
	bool was_sse; /* an earlier answer was */
	bool has_data; /* something came on this connection */
	uint64_t idle_bytes; /* since the last record */
	struct records records;
	struct sse sse;
	struct buf block; /* the payloads of one piece */
	struct incoming *incoming;
	struct buf kept; /* of a block, what is wanted */
	struct buf problem; /* why the answer is not wanted; the end reports it */
	enum backoff_kind problem_kind;
	bool told_to_stop;
	struct refill *refill;
	struct buf place; /* where the refill begins */
};

/* ---- what the server answers ---- */

__attribute__((format(printf, 3, 4))) static bool refuse(
	struct http_source *h, enum backoff_kind kind, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	buf_clear(&h->problem);
	buf_addv(&h->problem, format, args);
	va_end(args);
	if (h->problem.n == 0)
		buf_add(&h->problem, STR("refused"));
	h->problem_kind = kind;
	return false;
}

static bool take_status(struct http_source *h, int status)
{
	if (status == 204) {
		h->told_to_stop = h->format == FORMAT_SSE ||
			(h->format == FORMAT_AUTO && h->was_sse);
		return refuse(h, BACKOFF_HTTP, "the server has nothing to send (HTTP 204)");
	}
	if (status >= 200 && status < 300)
		return true;
	buf_clear(&h->problem);
	h->problem_kind = web_refusal(status, &h->problem);
	return false;
}

static bool carries_lines(struct str type)
{
	static const char *const known[] = { "", "application/json", "application/x-ndjson",
		"application/ndjson", "application/jsonl", "application/x-jsonlines",
		"application/json-lines", "application/stream+json" };
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_eq(type, str_of(known[i])))
			return true;
	return str_ends(type, STR("+json")) || str_starts(type, STR("text/"));
}

static bool take_content_type(struct http_source *h, struct str type)
{
	if (str_eq(type, STR("text/html")) || str_eq(type, STR("application/xhtml+xml")))
		return refuse(h, BACKOFF_HTTP,
			"the server sent a web page instead of a stream (content type '%.*s')",
			STR_ARGS(type));
	h->framing = (enum format)h->format;
	if (h->framing != FORMAT_AUTO)
		return true;
	if (str_eq(type, STR("text/event-stream")))
		h->framing = FORMAT_SSE;
	else if (carries_lines(type))
		h->framing = FORMAT_NDJSON;
	else
		return refuse(h, BACKOFF_HTTP,
			"neither lines nor events: content type '%.*s'; set format if it is one",
			STR_ARGS(type));
	return true;
}

static bool on_headers(void *ctx, const struct http_answer *answer)
{
	struct http_source *h = ctx;
	if (!take_status(h, answer->status) || !take_content_type(h, answer->content_type))
		return false;
	h->was_sse = h->framing == FORMAT_SSE;
	source_live(&h->base);
	refill_start(h->refill, buf_str(&h->place));
	return true;
}

/* ---- what the stream brings ---- */

/* Blank lines are signs of life, as comments are. */
static bool says_anything(struct str records)
{
	size_t i = 0;
	while (i < records.n && (records.p[i] == '\n' || records.p[i] == '\r'))
		i++;
	return i < records.n;
}

/* A record too long is stepped over, but not for ever. */
static bool is_idle(struct http_source *h, size_t bytes)
{
	h->idle_bytes += bytes;
	return h->idle_bytes > IDLE_MAX_BYTES &&
		!refuse(h, BACKOFF_HTTP, "the server sends much and says nothing");
}

static bool deliver(struct http_source *h, struct str records, struct str cursor)
{
	if (records.p) {
		uint64_t too_long;
		records = incoming_lines(h->incoming, records, &h->kept, &too_long);
		source_rejected(&h->base, too_long, "record too long");
	}
	if (h->refill) {
		refill_saw(h->refill, records);
		cursor = refill_cursor(h->refill);
	}
	const struct source_block block = { .records = records, .cursor = cursor };
	return records.n == 0 || source_deliver(&h->base, &block) == 0;
}

static bool wanted(const struct http_source *h, struct str type)
{
	for (size_t i = 0; i < h->events.count; i++)
		if (str_eq(h->events.items[i], type))
			return true;
	return h->events.count == 0;
}

/* JSON over several data lines has its line ends between tokens, where a space is as good. */
static void add_payload(struct buf *block, struct str data)
{
	const size_t from = block->n;
	buf_add(block, data);
	buf_add_char(block, '\n');
	for (size_t i = from; i + 1 < block->n; i++)
		if (block->p[i] == '\n' || block->p[i] == '\r')
			block->p[i] = ' ';
}

static bool on_event(void *ctx, const struct sse_event *event)
{
	struct http_source *h = ctx;
	if (event->data.n)
		h->idle_bytes = 0;
	/* One blank line is enough to bring the cursor. */
	if (wanted(h, event->type) && (event->data.n || h->block.n == 0))
		add_payload(&h->block, event->data);
	return true;
}

static bool take_events(struct http_source *h, struct str piece)
{
	const uint64_t too_long = h->sse.too_long_count;
	buf_clear(&h->block);
	(void)sse_feed(&h->sse, piece, on_event, h); /* on_event never refuses */
	source_rejected(&h->base, h->sse.too_long_count - too_long, "event too long");
	if (h->block.n == 0)
		return true;
	return deliver(h, buf_str(&h->block), sse_last_id(&h->sse));
}

static bool take_lines(struct http_source *h, struct str piece)
{
	const struct str records = records_feed(&h->records, piece);
	source_rejected(&h->base, records_rejected(&h->records), "line too long");
	if (!says_anything(records))
		return true;
	h->idle_bytes = 0;
	return deliver(h, records, STR_NONE);
}

static bool on_data(void *ctx, struct str piece)
{
	struct http_source *h = ctx;
	h->has_data = h->has_data || piece.n;
	source_alive(&h->base);
	while (piece.n) {
		const struct str part = str_slice(piece, 0, SOURCE_PIECE_BYTES);
		const bool ok = h->framing == FORMAT_SSE ? take_events(h, part)
							 : take_lines(h, part);
		if (!ok || is_idle(h, part.n))
			return false;
		piece = str_slice(piece, part.n, piece.n);
	}
	return true;
}

/* ---- how it ends ---- */

/* The longest of what the server asked for. */
static int64_t least_wait_us(const struct http_source *h, const struct http_answer *answer)
{
	int64_t wait_us = answer && answer->retry_after_us > 0 ? answer->retry_after_us : 0;
	int64_t retry_us = h->framing == FORMAT_SSE ? h->sse.retry_us : 0;
	if (retry_us > RETRY_MAX_US)
		retry_us = RETRY_MAX_US;
	return retry_us > wait_us ? retry_us : wait_us;
}

static void report(struct http_source *h, enum http_end end, int64_t wait_us, const char *message)
{
	/* A stream that ran may be taken up again at once. */
	const enum backoff_kind gone = h->has_data ? BACKOFF_DROPPED : BACKOFF_NETWORK;
	struct source *s = &h->base;
	switch (end) {
	case HTTP_DONE:
		source_alive(s); /* nothing was sent before that did not come */
		source_failed(s, gone, wait_us, "the server ended the stream");
		break;
	case HTTP_BROKEN:
		source_failed(s, gone, wait_us, "connection lost: %s", message);
		break;
	case HTTP_STALLED:
		source_failed(s, gone, wait_us, "no byte for %d s", (int)(h->stall_us / US_PER_S));
		break;
	case HTTP_UNREACHED:
	case HTTP_TIMED_OUT:
		source_failed(s, BACKOFF_NETWORK, wait_us, "not reached: %s", message);
		break;
	case HTTP_REFUSED:
	case HTTP_TOO_LARGE:
		source_failed(s, BACKOFF_HTTP, wait_us, "not possible: %s", message);
		break;
	}
}

static void drop_refill(struct http_source *h)
{
	refill_destroy(h->refill);
	h->refill = NULL;
}

static void on_end(
	void *ctx, enum http_end end, const struct http_answer *answer, const char *message)
{
	struct http_source *h = ctx;
	const int64_t wait_us = least_wait_us(h, answer);
	h->request = NULL;
	if (h->told_to_stop) {
		drop_refill(h);
		source_ended(&h->base);
		return;
	}
	if (h->problem.n) {
		drop_refill(h);
		source_failed(
			&h->base, h->problem_kind, wait_us, "%.*s", STR_ARGS(buf_str(&h->problem)));
		return;
	}
	/* Of an answer that is whole the last line is, too. */
	if (end == HTTP_DONE && h->framing == FORMAT_NDJSON) {
		const struct str last = records_end(&h->records);
		source_rejected(&h->base, records_rejected(&h->records), "line too long");
		if (!deliver(h, last, STR_NONE))
			return;
	}
	drop_refill(h);
	report(h, end, wait_us, message);
}

/* ---- asking ---- */

/* A server chooses its ids: what could not stand in a header stays away from it. */
static bool id_fits_header(struct str id)
{
	if (id.n == 0 || id.n > ID_MAX_BYTES)
		return false;
	for (size_t i = 0; i < id.n; i++)
		if ((unsigned char)id.p[i] < 0x20 || id.p[i] == 0x7f)
			return false;
	return true;
}

static struct str accept_header(const struct http_source *h)
{
	switch ((enum format)h->format) {
	case FORMAT_NDJSON:
		return STR("Accept: application/x-ndjson, application/json");
	case FORMAT_SSE:
		return STR("Accept: text/event-stream");
	case FORMAT_AUTO:
		break;
	}
	/* Events come first because they have a cursor. */
	return STR("Accept: text/event-stream, application/x-ndjson;q=0.9, "
		   "application/json;q=0.8, */*;q=0.5");
}

static void prepare(struct http_source *h, struct str cursor)
{
	const struct poll_fetch_options fetch = { .token = h->token,
		.ca_file = h->ca_file,
		.headers = h->headers,
		.private_redirects = h->allow_private };
	if (!h->ready) {
		records_init(&h->records);
		sse_init(&h->sse, SOURCE_MAX_RECORD_BYTES);
		buf_init(&h->block, EVENTS_MAX_BYTES);
		buf_init(&h->problem, PROBLEM_MAX_BYTES);
		buf_init(&h->kept, EVENTS_MAX_BYTES);
		buf_init(&h->place, ID_MAX_BYTES);
		h->incoming = incoming_create(&h->incoming_options);
	}
	h->ready = true;
	drop_refill(h);
	h->refill = refill_create(&h->base, &h->refill_options, h->incoming_options.drop, &fetch);
	buf_clear(&h->place);
	buf_add(&h->place, cursor);
	records_reset(&h->records);
	sse_reset(&h->sse);
	buf_clear(&h->problem);
	h->framing = FORMAT_AUTO;
	h->has_data = h->told_to_stop = false;
	h->idle_bytes = 0;
}

static int http_source_start(struct source *s, struct str cursor)
{
	struct http_source *h = (struct http_source *)s;
	struct str headers[WEB_MAX_HEADERS + 3];
	size_t count = 0;
	for (; count < h->headers.count; count++)
		headers[count] = h->headers.items[count];
	if (!web_has_header(h->headers, STR("Accept")))
		headers[count++] = accept_header(h);
	if (!web_has_header(h->headers, STR("Cache-Control")))
		headers[count++] = STR("Cache-Control: no-store");
	prepare(h, cursor);
	struct buf last_id;
	buf_init(&last_id, ID_MAX_BYTES + 32);
	s->resume = !id_fits_header(cursor) ? SOURCE_LOSES
		: h->refill		    ? SOURCE_REFILLS
					    : SOURCE_REPLAYS;
	if (s->resume == SOURCE_REPLAYS) {
		buf_add(&last_id, STR("Last-Event-ID: "));
		buf_add(&last_id, cursor);
		headers[count++] = buf_str(&last_id);
	}
	const struct http_options options = {
		.url = h->url,
		.headers = headers,
		.header_count = count,
		.bearer = h->token,
		.stall_us = h->stall_us,
		.max_redirects = MAX_REDIRECTS,
		.private_redirects = h->allow_private,
		.ca_file = h->ca_file,
	};
	static const struct http_events events = { on_headers, on_data, on_end };
	h->request = http_start(s->http, &options, &events, h);
	buf_finish(&last_id);
	return 0;
}

static void http_source_stop(struct source *s)
{
	struct http_source *h = (struct http_source *)s;
	http_cancel(h->request);
	h->request = NULL;
	drop_refill(h);
}

static void http_source_finish(struct source *s)
{
	struct http_source *h = (struct http_source *)s;
	if (!h->ready)
		return;
	records_finish(&h->records);
	sse_finish(&h->sse);
	buf_finish(&h->block);
	buf_finish(&h->problem);
	buf_finish(&h->kept);
	buf_finish(&h->place);
	incoming_destroy(h->incoming);
	h->incoming = NULL;
	h->ready = false;
}

/* ---- what people wrote ---- */

static bool http_source_check(struct source *s, const struct conf_node *node, struct diag *diag)
{
	const struct http_source *h = (const struct http_source *)s;
	const struct conf_node *events = conf_get(node, "events");
	const struct web_options options = { h->url, h->token, h->headers, STR("http://"),
		STR("https://") };
	if (h->events.count && h->format == FORMAT_NDJSON)
		diag_warning(diag, events ? events->at : node->at,
			"lines have no event types: 'events'");
	const bool incoming = incoming_check(&h->incoming_options, node, diag);
	const bool refill = refill_check(&h->refill_options, node, diag);
	return web_check(&options, node, diag) && incoming && refill;
}

static const struct conf_field http_fields[] = {
	{ .key = "url",
		.type = CONF_TEXT,
		.offset = offsetof(struct http_source, url),
		.required = true,
		.help = "the address of the stream, http or https" },
	{ .key = "token",
		.type = CONF_SECRET,
		.offset = offsetof(struct http_source, token),
		.help = "sent as Authorization: Bearer" },
	{ .key = "headers",
		.type = CONF_TEXTS,
		.offset = offsetof(struct http_source, headers),
		.help = "more request headers, each 'Name: value'" },
	{ .key = "format",
		.type = CONF_CHOICE,
		.offset = offsetof(struct http_source, format),
		.fallback = "auto",
		.choices = format_names,
		.help = "how records are framed; auto goes by the answer's content type" },
	{ .key = "events",
		.type = CONF_TEXTS,
		.offset = offsetof(struct http_source, events),
		.help = "the types of server-sent events to take; all if absent" },
	{ .key = "keep",
		.type = CONF_TEXTS,
		.offset = offsetof(struct http_source, incoming_options.keep),
		.help = "only records with one of these, each PATH=VALUE or PATH" },
	{ .key = "drop",
		.type = CONF_TEXTS,
		.offset = offsetof(struct http_source, incoming_options.drop),
		.help = "records to leave out, each PATH=VALUE or PATH" },
	{ .key = "payload",
		.type = CONF_TEXT,
		.offset = offsetof(struct http_source, incoming_options.payload),
		.help = "where in what comes the record is, as JSON or as a text of JSON" },
	{ .key = "add",
		.type = CONF_TEXTS,
		.offset = offsetof(struct http_source, incoming_options.add),
		.help = "what to add to records, each KEY=TEXT with {path} for values" },
	{ .key = "stall",
		.type = CONF_DURATION,
		.offset = offsetof(struct http_source, stall_us),
		.fallback = "90s",
		.min = US_PER_S,
		.max = US_PER_DAY,
		.help = "connect anew when no byte came for that long" },
	{ .key = "allow_private",
		.type = CONF_BOOL,
		.offset = offsetof(struct http_source, allow_private),
		.fallback = "false",
		.help = "let a redirect to another host lead to a private address" },
	REFILL_FIELDS(struct http_source, refill_options),
	{ .key = "ca_file",
		.type = CONF_PATH,
		.offset = offsetof(struct http_source, ca_file),
		.help = "certificates to trust instead of the system's" },
	{ .key = NULL },
};

const struct source_type source_http = {
	.name = "http",
	.help = "records from a stream over HTTP: NDJSON or Server-Sent Events",
	.size = sizeof(struct http_source),
	.fields = http_fields,
	.check = http_source_check,
	.start = http_source_start,
	.stop = http_source_stop,
	.finish = http_source_finish,
	.resume = SOURCE_LOSES,
};
