/* The HTTP request that asks a server to speak WebSocket, and its answer, read strictly (RFC 6455,
 * section 4). Pure. */
#pragma once

#include "base/buf.h"
#include "net/http.h"

enum {
	UPGRADE_KEY_BYTES = 24, /* base64 of 16 random bytes */
	/* What a server says beside a status that is no upgrade: so much of it is kept. */
	UPGRADE_MAX_BODY_BYTES = 1024,
	UPGRADE_REQUEST_MAX_BYTES = 64 * 1024,
};

struct upgrade_target {
	const char *host; /* as in the Host header: with the port unless it is the usual one */
	const char *path; /* with the query */
	const struct str *headers; /* checked by the caller: "Name: value" without controls */
	size_t header_count;
	struct str bearer;
};

/* False: too large. */
bool upgrade_request(
	struct buf *out, const struct upgrade_target *target, const char key[UPGRADE_KEY_BYTES]);

enum upgrade_step {
	UPGRADE_MORE,
	UPGRADE_DONE, /* frames follow */
	UPGRADE_REFUSED, /* an answer, but no upgrade: status, body and so on are there */
	UPGRADE_BROKEN, /* an answer against the rules; `why` says which */
};

struct upgrade {
	int status; /* 0: no answer yet */
	int64_t retry_after_us; /* from now; -1: none */
	const char *why; /* of UPGRADE_BROKEN */
	struct buf body; /* of UPGRADE_REFUSED: what came of it, cut */
	/* The inside. */
	struct buf head;
	char accept[32];
	size_t body_left; /* of a Content-Length */
	bool head_done;
};

void upgrade_init(struct upgrade *u, const char key[UPGRADE_KEY_BYTES]);
void upgrade_finish(struct upgrade *u); /* takes {0} */
/* *used: how many bytes of the piece belong to the answer; with UPGRADE_DONE the rest are frames.
 * UPGRADE_REFUSED comes when the body is whole or longer than what is kept. */
enum upgrade_step upgrade_feed(
	struct upgrade *u, struct str piece, int64_t now_wall_us, size_t *used);
/* The connection ended: an answer that lacks only its body is one. */
enum upgrade_step upgrade_end(struct upgrade *u);
