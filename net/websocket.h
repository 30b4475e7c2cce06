/* A WebSocket client on the loop: text messages of a server, whole and valid UTF-8, and what ended
 * it. No extensions, no subprotocols. Pings are answered; when nothing comes, the server is pinged
 * and given up in the end. */
#pragma once

#include "base/buf.h"
#include "net/loop.h"

struct websocket_options {
	struct str url; /* ws or wss; without user and control characters */
	const struct str *headers; /* "Name: value"; control characters are refused */
	size_t header_count;
	struct str bearer; /* Authorization: Bearer; never logged */
	struct str ca_file; /* absent: the system's */
	struct str proxy; /* a URL; absent: none */
	int64_t timeout_us; /* to connect, and as much again for the answer; 0: 10 s */
	/* Nothing came for half of that: a ping. For all of it: WEBSOCKET_STALLED. 0: never. */
	int64_t stall_us;
	size_t max_message_bytes; /* a longer one is dropped and counted */
	int64_t (*wall_us)(void); /* for Retry-After dates; NULL: the clock's */
};

enum websocket_end {
	WEBSOCKET_CLOSED, /* the server said goodbye: close_code and close_reason */
	WEBSOCKET_FAULT, /* the server broke the rules; we closed with sent_code */
	WEBSOCKET_BROKEN, /* the connection ended without a close */
	WEBSOCKET_STALLED,
	WEBSOCKET_ANSWERED, /* HTTP, but no upgrade: status, retry_after_us, body */
	WEBSOCKET_NO_UPGRADE, /* the answer to the request is against the rules */
	WEBSOCKET_UNREACHED, /* name, connection, proxy or TLS failed, or no answer in time */
	WEBSOCKET_REFUSED, /* we refuse: the url or a header is wrong */
};

struct websocket_result {
	enum websocket_end end;
	const char *message; /* for people; "" if there is nothing to add to the end */
	int status; /* of HTTP; 0: none came */
	int64_t retry_after_us; /* -1: none */
	struct str body; /* the first KiB of the answer; any bytes */
	int close_code; /* 1005: a close without one; 0: none came */
	struct str close_reason; /* UTF-8 */
	int sent_code; /* 0: none */
};

struct websocket_events {
	void (*open)(void *ctx); /* may be NULL */
	/* Returning false ends the reading: only websocket_destroy may follow. */
	bool (*message)(void *ctx, struct str text);
	/* All messages of a piece of input have come. Returning false as above. May be NULL. */
	bool (*piece)(void *ctx);
	/* Exactly once, last; the websocket is still to be destroyed, which is allowed within. */
	void (*end)(void *ctx, const struct websocket_result *result);
};

/* Most of a piece of input. */
enum { WEBSOCKET_PIECE_BYTES = 64 * 1024 };

struct websocket;
/* Everything in options is copied. No callback comes within the call. */
struct websocket *websocket_create(struct loop *loop, const struct websocket_options *options,
	const struct websocket_events *events, void *ctx);
/* Says goodbye, as far as that goes without waiting. Takes NULL. Not allowed within open, message
 * and piece. */
void websocket_destroy(struct websocket *w);
uint64_t websocket_too_long_count(const struct websocket *w);
/* Only after open and before end; UTF-8 of at most 64 KiB. False: the server does not read. */
bool websocket_send(struct websocket *w, struct str text);
