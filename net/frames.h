/* WebSocket frames of a client (RFC 6455): bytes of the server in, whole text messages out, and the
 * bytes that are to be sent. Knows neither sockets nor clocks. wslay reads and writes the frames;
 * what they mean together (messages, control frames, closing) is decided here, since its own
 * layer for that holds back codes, checks the reason of a close that comes in pieces wrongly and
 * keeps each fragment as a piece of memory. */
#pragma once

#include "base/buf.h"

enum {
	FRAMES_MAX_CONTROL_BYTES = 125,
	FRAMES_MAX_REASON_BYTES = FRAMES_MAX_CONTROL_BYTES - 2,
	/* What the server does not read of our pongs may grow to that. */
	FRAMES_MAX_OUT_BYTES = 256 * 1024,
	FRAMES_MAX_SEND_BYTES = 64 * 1024, /* of one message of ours */
	/* A message that is too long is stepped over and counted, so that a stream taken up again
	 * does not run into it for ever; one that is longer than that closes the connection. */
	FRAMES_MAX_SKIPPED_BYTES = 64 * 1024 * 1024,
	/* As is a server that sends more than that without a message that says anything. */
	FRAMES_MAX_IDLE_BYTES = 128 * 1024 * 1024,
};

/* Codes of a close. NO_CODE stands for a close frame without one and is never sent. */
enum {
	FRAMES_CLOSE_NORMAL = 1000,
	FRAMES_CLOSE_GOING_AWAY = 1001,
	FRAMES_CLOSE_PROTOCOL = 1002,
	FRAMES_CLOSE_UNSUPPORTED = 1003,
	FRAMES_NO_CODE = 1005,
	FRAMES_CLOSE_NOT_UTF8 = 1007,
	FRAMES_CLOSE_POLICY = 1008,
	FRAMES_CLOSE_TOO_BIG = 1009,
};

enum frames_state {
	FRAMES_OPEN,
	FRAMES_CLOSING, /* our close is in `out`; only theirs is waited for, all else is dropped */
	/* Theirs came and the answer to it is in `out`, or after ours it cannot come any more.
	 * Nothing more is read. */
	FRAMES_CLOSED,
	FRAMES_BROKEN, /* nothing more can be read or said: the server reads nothing */
};

struct frames {
	enum frames_state state;
	struct buf out; /* to be sent; the caller cuts off what was */
	uint64_t pong_count, too_long_count;
	/* Why we closed, for people; NULL: we did not, or because frames_close was called. */
	const char *fault;
	int sent_code; /* of our close, 0: none sent */
	int close_code; /* of theirs, FRAMES_NO_CODE: without; 0: none came */
	char close_reason[FRAMES_MAX_REASON_BYTES]; /* UTF-8 */
	size_t close_reason_bytes;

	/* The inside. */
	void *wslay;
	struct str piece; /* of the server, not yet read */
	uint64_t frame_bytes; /* read of the payload of the frame being read */
	size_t max_message_bytes;
	struct buf message;
	uint64_t message_bytes; /* with the frame being read, also of what is not kept */
	uint64_t idle_bytes; /* since the last message that said anything */
	bool in_message; /* a message has begun and lacks its last frame */
	bool in_frame; /* the frame being read has begun */
	unsigned char control[FRAMES_MAX_CONTROL_BYTES];
	size_t control_bytes;
};

/* A message of more than max_message_bytes is dropped and counted. */
void frames_init(struct frames *f, size_t max_message_bytes);
void frames_finish(struct frames *f); /* takes {0} */

/* Reads a piece; each message whole and valid UTF-8, for the call only. Returning false ends the
 * reading: nothing more may be fed then. After a fault of the server `out` has our close, and the
 * state is FRAMES_CLOSING. */
void frames_feed(
	struct frames *f, struct str piece, bool (*message)(void *ctx, struct str text), void *ctx);

/* Adds to `out`; nothing once closing. text is UTF-8 of at most FRAMES_MAX_SEND_BYTES. */
void frames_send(struct frames *f, struct str text);
void frames_ping(struct frames *f);
void frames_close(struct frames *f, int code);
