#define _GNU_SOURCE
#include "net/frames.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

#include <wslay/wslay.h>

#include "base/utf8.h"

/* A close of ours must always find room. */
enum { HEADER_MAX_BYTES = 14, RESERVED_BYTES = FRAMES_MAX_CONTROL_BYTES + HEADER_MAX_BYTES };

static ssize_t take(uint8_t *p, size_t n, int flags, void *ctx)
{
	(void)flags;
	struct frames *f = ctx;
	if (n > f->piece.n)
		n = f->piece.n;
	if (n == 0)
		return -1;
	memcpy(p, f->piece.p, n);
	f->piece = str_slice(f->piece, n, f->piece.n);
	return (ssize_t)n;
}

static ssize_t give(const uint8_t *p, size_t n, int flags, void *ctx)
{
	(void)flags;
	struct frames *f = ctx;
	buf_add(&f->out, (struct str){ (const char *)p, n });
	assert(!f->out.full); /* add_frame asked for room */
	return (ssize_t)n;
}

/* A mask that nobody can foresee keeps what we send from looking like a request to a proxy. */
static int make_mask(uint8_t *p, size_t n, void *ctx)
{
	(void)ctx;
	const ssize_t got = getrandom(p, n, 0);
	assert(got == (ssize_t)n); /* four bytes are never cut short */
	(void)got;
	return 0;
}

void frames_init(struct frames *f, size_t max_message_bytes)
{
	static const struct wslay_frame_callbacks callbacks = { give, take, make_mask };
	wslay_frame_context_ptr wslay = NULL;
	*f = (struct frames){ .max_message_bytes = max_message_bytes };
	const int error = wslay_frame_context_init(&wslay, &callbacks, f);
	assert(!error);
	(void)error;
	f->wslay = wslay;
	buf_init(&f->message, max_message_bytes + 1);
	buf_init(&f->out, FRAMES_MAX_OUT_BYTES + RESERVED_BYTES);
}

void frames_finish(struct frames *f)
{
	if (f->wslay)
		wslay_frame_context_free(f->wslay);
	buf_finish(&f->message);
	buf_finish(&f->out);
	*f = (struct frames){ 0 };
}

/* ---- what we send ---- */

static bool has_room(const struct frames *f, uint8_t opcode, size_t bytes)
{
	const size_t max = opcode == WSLAY_CONNECTION_CLOSE ? FRAMES_MAX_OUT_BYTES + RESERVED_BYTES
							    : FRAMES_MAX_OUT_BYTES;
	return f->out.n + bytes + HEADER_MAX_BYTES <= max;
}

static void add_frame(struct frames *f, uint8_t opcode, struct str payload)
{
	if (!has_room(f, opcode, payload.n)) {
		f->fault = "the server does not read what it is sent";
		f->state = FRAMES_BROKEN;
		return;
	}
	struct wslay_frame_iocb frame = {
		.fin = 1,
		.opcode = opcode,
		.mask = 1,
		.payload_length = payload.n,
		.data = (const uint8_t *)payload.p,
		.data_length = payload.n,
	};
	const ssize_t sent = wslay_frame_send(f->wslay, &frame);
	assert(sent == (ssize_t)payload.n);
	(void)sent;
}

void frames_send(struct frames *f, struct str text)
{
	assert(text.n <= FRAMES_MAX_SEND_BYTES);
	if (f->state == FRAMES_OPEN)
		add_frame(f, WSLAY_TEXT_FRAME, text);
}

void frames_ping(struct frames *f)
{
	if (f->state == FRAMES_OPEN)
		add_frame(f, WSLAY_PING, STR(""));
}

static void send_close(struct frames *f, int code)
{
	char payload[2] = { (char)(code >> 8), (char)(code & 0xff) };
	if (f->sent_code)
		return;
	f->sent_code = code;
	add_frame(f, WSLAY_CONNECTION_CLOSE,
		(struct str){ payload, code == FRAMES_NO_CODE ? 0 : sizeof payload });
}

void frames_close(struct frames *f, int code)
{
	if (f->state != FRAMES_OPEN)
		return;
	f->state = FRAMES_CLOSING;
	buf_clear(&f->message);
	send_close(f, code);
}

/* ---- what the server sends ---- */

static void fail(struct frames *f, int code, const char *why)
{
	if (f->state == FRAMES_OPEN)
		f->fault = why;
	else if (f->state == FRAMES_CLOSING)
		f->state = FRAMES_CLOSED; /* ours is on its way; theirs cannot come any more */
	frames_close(f, code);
	/* Where the next frame begins cannot be known any more. */
	f->piece = STR_NONE;
}

/* A code that may stand in a close frame (RFC 6455, 7.4, and the registry of what came later). */
static bool may_be_sent(int code)
{
	if (code >= 3000 && code <= 4999)
		return true;
	return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

static void take_close(struct frames *f)
{
	const struct str payload = { (const char *)f->control, f->control_bytes };
	const struct str reason = str_slice(payload, 2, payload.n);
	const int code = payload.n < 2 ? FRAMES_NO_CODE : f->control[0] << 8 | f->control[1];
	if (payload.n == 1 || (payload.n && !may_be_sent(code))) {
		fail(f, FRAMES_CLOSE_PROTOCOL, "the server closed in a wrong way");
	} else if (!utf8_valid(reason)) {
		fail(f, FRAMES_CLOSE_NOT_UTF8, "the server gave a reason that is not UTF-8");
	} else {
		f->close_code = code;
		f->close_reason_bytes = reason.n;
		if (reason.n)
			memcpy(f->close_reason, reason.p, reason.n);
		send_close(f, code);
	}
	if (f->state != FRAMES_BROKEN)
		f->state = FRAMES_CLOSED;
	f->piece = STR_NONE;
}

static void take_control(struct frames *f, uint8_t opcode)
{
	const struct str payload = { (const char *)f->control, f->control_bytes };
	if (opcode == WSLAY_CONNECTION_CLOSE)
		take_close(f);
	else if (opcode == WSLAY_PONG)
		f->pong_count++;
	else if (f->state == FRAMES_OPEN)
		add_frame(f, WSLAY_PONG, payload);
}

/* The first bytes of a frame are there: may it stand here? */
static bool begin_frame(struct frames *f, const struct wslay_frame_iocb *frame)
{
	const char *why = NULL;
	int code = FRAMES_CLOSE_PROTOCOL;
	if (frame->rsv)
		why = "the server sent a frame with reserved bits";
	else if (frame->mask)
		why = "the server sent a masked frame";
	else if (wslay_is_ctrl_frame(frame->opcode))
		why = frame->opcode > WSLAY_PONG ? "the server sent an unknown frame" : NULL;
	else if (frame->opcode > WSLAY_BINARY_FRAME)
		why = "the server sent an unknown frame";
	else if (f->in_message != (frame->opcode == WSLAY_CONTINUATION_FRAME))
		why = "the server sent fragments that do not belong together";
	else if (frame->opcode == WSLAY_BINARY_FRAME) {
		why = "the server sent binary data instead of text";
		code = FRAMES_CLOSE_UNSUPPORTED;
	} else if (frame->payload_length > FRAMES_MAX_SKIPPED_BYTES - f->message_bytes) {
		why = "the server sent a message that is too long";
		code = FRAMES_CLOSE_TOO_BIG;
	}
	if (why) {
		fail(f, code, why);
		return false;
	}
	f->in_frame = true;
	if (wslay_is_ctrl_frame(frame->opcode))
		f->control_bytes = 0;
	else {
		f->in_message = true;
		f->message_bytes += frame->payload_length;
	}
	return true;
}

static bool end_message(struct frames *f, bool (*message)(void *ctx, struct str text), void *ctx)
{
	const bool too_long = f->message_bytes > f->max_message_bytes;
	if (f->message_bytes)
		f->idle_bytes = 0;
	f->in_message = false;
	f->message_bytes = 0;
	f->too_long_count += too_long;
	if (too_long)
		buf_clear(&f->message);
	if (too_long || f->state != FRAMES_OPEN)
		return true;
	const struct str text = f->message.n ? buf_str(&f->message) : STR("");
	if (!utf8_valid(text)) {
		fail(f, FRAMES_CLOSE_NOT_UTF8, "the server sent text that is not UTF-8");
		return true;
	}
	const bool go_on = message(ctx, text);
	buf_clear(&f->message);
	return go_on;
}

/* One piece of a frame, from its header on. False: stop reading. */
static bool take_part(struct frames *f, const struct wslay_frame_iocb *frame,
	bool (*message)(void *ctx, struct str text), void *ctx)
{
	const bool control = wslay_is_ctrl_frame(frame->opcode);
	if (!f->in_frame) {
		f->frame_bytes = 0;
		if (!begin_frame(f, frame))
			return true;
	}
	const struct str part = { (const char *)frame->data, frame->data_length };
	f->frame_bytes += part.n;
	if (control && part.n) {
		memcpy(f->control + f->control_bytes, part.p, part.n);
		f->control_bytes += part.n;
	} else if (!control && f->message_bytes <= f->max_message_bytes &&
		f->state == FRAMES_OPEN) {
		buf_add(&f->message, part);
	}
	if (f->frame_bytes < frame->payload_length)
		return true;
	f->in_frame = false;
	if (control)
		take_control(f, frame->opcode);
	else if (frame->fin)
		return end_message(f, message, ctx);
	return true;
}

void frames_feed(
	struct frames *f, struct str piece, bool (*message)(void *ctx, struct str text), void *ctx)
{
	/* After a fault there is nothing to be understood any more. */
	if (f->state == FRAMES_CLOSED || f->state == FRAMES_BROKEN || f->fault)
		return;
	f->piece = piece;
	f->idle_bytes += piece.n;
	for (;;) {
		struct wslay_frame_iocb frame = { 0 };
		const ssize_t n = wslay_frame_recv(f->wslay, &frame);
		if (n == WSLAY_ERR_WANT_READ && f->piece.n == 0)
			break;
		if (n == WSLAY_ERR_WANT_READ)
			continue;
		if (n < 0) {
			fail(f, FRAMES_CLOSE_PROTOCOL, "the server sent a frame that is none");
			break;
		}
		if (!take_part(f, &frame, message, ctx))
			break;
		if (f->state == FRAMES_CLOSED || f->state == FRAMES_BROKEN || f->fault)
			break;
	}
	f->piece = STR_NONE;
	if (f->state == FRAMES_OPEN && f->idle_bytes > FRAMES_MAX_IDLE_BYTES)
		fail(f, FRAMES_CLOSE_POLICY, "the server sends much and says nothing");
}
