#define _GNU_SOURCE
#include "sources/imap_wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/dial.h"
#include "sources/imap_read.h"

enum {
	PIECES_A_TURN = 4, /* then others have theirs */
	WRITE_BYTES = 4096,
	OUT_MAX_BYTES = 64 * 1024,
	MEMORY_BYTES = 2 * IMAP_LITERAL_MAX_BYTES, /* of texts with escapes */
	/* A folder of a million mails may be listed once. */
	MAX_RESPONSES = 4 * 1000 * 1000, /* of one command */
	TAG_BYTES = 16,
};

struct imap_wire {
	struct loop *loop;
	struct imap_wire_events events;
	void *ctx;
	struct dial *dial;
	struct timer *timer; /* of the command: when to look whether it takes too long */
	struct timer *again; /* there may be more to read than the descriptor tells */
	int64_t timeout_us, last_byte_us, end_us;
	struct imap_reader reader;
	struct arena arena; /* of the response being handed out */
	unsigned number; /* of the last command */
	char tag[TAG_BYTES];
	uint64_t response_count;
	bool connected, patient, broken, ended;
	unsigned depth; /* of our own functions that run callbacks */
	bool doomed; /* to be freed once depth is 0 */
	struct buf out;
	/* What libcurl was offered and has not yet taken must stay where it is. */
	char write[WRITE_BYTES];
	size_t write_from, write_to;
	char read[IMAP_PIECE_BYTES];
};

static void wire_free(struct imap_wire *w)
{
	timer_destroy(w->timer);
	timer_destroy(w->again);
	dial_destroy(w->dial);
	imap_reader_finish(&w->reader);
	arena_finish(&w->arena);
	explicit_bzero(w->write, sizeof w->write);
	if (w->out.p)
		explicit_bzero(w->out.p, w->out.size_bytes);
	buf_finish(&w->out);
	mem_free(w);
}

static void leave(struct imap_wire *w)
{
	if (--w->depth == 0 && w->doomed)
		wire_free(w);
}

static void lose(struct imap_wire *w, bool fault, const char *message)
{
	if (w->ended)
		return;
	w->ended = true;
	timer_stop(w->timer);
	timer_stop(w->again);
	if (w->connected)
		dial_watch(w->dial, 0);
	w->events.lost(w->ctx, fault, message);
}

/* ---- writing ---- */

static bool flush(struct imap_wire *w)
{
	for (;;) {
		if (w->write_from == w->write_to) {
			explicit_bzero(w->write, w->write_to);
			const struct str part = str_slice(buf_str(&w->out), 0, sizeof w->write);
			if (part.n == 0)
				break;
			memcpy(w->write, part.p, part.n);
			w->write_from = 0;
			w->write_to = part.n;
			buf_cut(&w->out, part.n);
			if (w->out.n == 0) /* it may have held a password */
				explicit_bzero(w->out.p, w->out.size_bytes);
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

static void watch(struct imap_wire *w)
{
	const bool waiting = w->write_from != w->write_to || w->out.n;
	dial_watch(w->dial, LOOP_READABLE | (waiting ? LOOP_WRITABLE : 0));
}

/* A connection that is lost shows when it is read. */
static void send(struct imap_wire *w, struct str line)
{
	buf_add(&w->out, line);
	buf_add(&w->out, STR("\r\n"));
	w->broken = !flush(w) || w->out.full || w->broken;
	watch(w);
	if (w->broken)
		timer_start(w->again, 0);
}

/* ---- time ---- */

static void arm(struct imap_wire *w)
{
	const int64_t now_us = loop_now_us(w->loop);
	int64_t at_us = w->last_byte_us + w->timeout_us;
	if (w->patient || at_us > w->end_us)
		at_us = w->end_us;
	timer_start(w->timer, at_us - now_us);
}

static void timer_fired(void *ctx)
{
	struct imap_wire *w = ctx;
	const int64_t now_us = loop_now_us(w->loop);
	w->depth++;
	if (now_us >= w->end_us)
		lose(w, !w->patient, "the server takes too long");
	else if (!w->patient && now_us - w->last_byte_us >= w->timeout_us)
		lose(w, false, "no answer in time");
	else
		arm(w);
	leave(w);
}

static void begin(struct imap_wire *w, int64_t limit_us)
{
	w->last_byte_us = loop_now_us(w->loop);
	w->end_us = w->last_byte_us + limit_us;
	w->response_count = 0;
	arm(w);
}

void imap_wire_patient(struct imap_wire *w, bool patient, int64_t limit_us)
{
	w->patient = patient;
	begin(w, limit_us);
}

/* ---- reading ---- */

/* False: nothing more is to be read. */
static bool take_responses(struct imap_wire *w)
{
	struct str bytes;
	int r;
	while ((r = imap_reader_next(&w->reader, &bytes)) > 0) {
		struct imap_response response;
		arena_reset(&w->arena);
		if (!imap_parse(bytes, &w->arena, &response)) {
			lose(w, true, "the server's answer is not IMAP");
			return false;
		}
		if (++w->response_count > MAX_RESPONSES) {
			lose(w, true, "the server talks without end");
			return false;
		}
		if (!w->events.response(w->ctx, &response)) {
			w->ended = true;
			timer_stop(w->timer);
			dial_watch(w->dial, 0);
			return false;
		}
		if (w->ended)
			return false;
	}
	if (r < 0)
		lose(w, true, "the server's answer is too long");
	return r == 0;
}

/* A piece as full as it can be had now. 0: nothing more is there. */
static size_t read_piece(struct imap_wire *w)
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

static void read_some(struct imap_wire *w)
{
	size_t n = 0;
	for (int i = 0; i < PIECES_A_TURN && !w->ended; i++) {
		n = read_piece(w);
		if (n) {
			w->last_byte_us = loop_now_us(w->loop);
			imap_reader_add(&w->reader, (struct str){ w->read, n });
			if (!take_responses(w))
				return;
		}
		if (n < sizeof w->read)
			break;
	}
	if (w->ended)
		return;
	if (w->broken) {
		lose(w, false, "connection lost");
		return;
	}
	if (n == sizeof w->read) {
		timer_start(w->again, 0);
		return;
	}
	if (w->events.quiet)
		w->events.quiet(w->ctx);
}

static void read_again(void *ctx)
{
	struct imap_wire *w = ctx;
	w->depth++;
	read_some(w);
	leave(w);
}

static void ready(void *ctx, int events)
{
	struct imap_wire *w = ctx;
	if (w->ended) {
		dial_watch(w->dial, 0);
		return;
	}
	w->depth++;
	w->broken = !flush(w) || w->broken;
	watch(w);
	if (events & LOOP_READABLE || w->broken)
		read_some(w);
	leave(w);
}

static void connected(void *ctx, const char *message)
{
	struct imap_wire *w = ctx;
	w->depth++;
	w->connected = !message;
	if (message)
		lose(w, false, message);
	else
		w->events.connected(w->ctx);
	leave(w);
}

/* ---- the rest ---- */

struct imap_wire *imap_wire_create(struct loop *loop, const struct imap_wire_options *options,
	const struct imap_wire_events *events, void *ctx)
{
	static const struct dial_events dial_events = { connected, ready };
	struct imap_wire *w = mem_zero(1, sizeof *w);
	w->loop = loop;
	w->events = *events;
	w->ctx = ctx;
	w->timeout_us = options->timeout_us;
	buf_init(&w->out, OUT_MAX_BYTES);
	arena_init(&w->arena, MEMORY_BYTES);
	imap_reader_init(&w->reader);
	w->timer = timer_create_on(loop, timer_fired, w);
	w->again = timer_create_on(loop, read_again, w);
	const struct dial_options call = {
		.url = options->url,
		.plain = options->plain,
		.ca_file = options->ca_file,
		.timeout_us = options->timeout_us,
	};
	w->dial = dial_start(loop, &call, &dial_events, w);
	return w;
}

void imap_wire_destroy(struct imap_wire *w)
{
	if (!w)
		return;
	w->ended = w->doomed = true;
	w->depth++;
	leave(w);
}

void imap_wire_command(
	struct imap_wire *w, struct str command, int64_t limit_us, size_t max_literal_bytes)
{
	struct buf line;
	buf_init(&line, OUT_MAX_BYTES);
	(void)snprintf(w->tag, sizeof w->tag, "v%u", ++w->number);
	buf_addf(&line, "%s ", w->tag);
	buf_add(&line, command);
	w->patient = false;
	w->reader.max_literal_bytes = max_literal_bytes;
	begin(w, limit_us);
	send(w, buf_str(&line));
	explicit_bzero(line.p, line.size_bytes);
	buf_finish(&line);
}

void imap_wire_line(struct imap_wire *w, struct str line)
{
	send(w, line);
}

bool imap_wire_is_end(const struct imap_wire *w, const struct imap_response *response)
{
	return response->kind == IMAP_TAGGED && str_eq(response->tag, str_of(w->tag));
}
