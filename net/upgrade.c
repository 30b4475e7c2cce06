#include "net/upgrade.h"

#include <assert.h>
#include <string.h>

#include "base/digest.h"
#include "net/answer.h"

bool upgrade_request(
	struct buf *out, const struct upgrade_target *target, const char key[UPGRADE_KEY_BYTES])
{
	buf_addf(out,
		"GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Key: %.*s\r\nSec-WebSocket-Version: 13\r\n",
		target->path, target->host, (int)UPGRADE_KEY_BYTES, key);
	bool agent = false;
	for (size_t i = 0; i < target->header_count; i++) {
		const struct str line = target->headers[i];
		const struct str name = str_slice(line, 0, str_find_char(line, ':'));
		agent = agent || str_eq_ignore_case(name, STR("User-Agent"));
		buf_add(out, line);
		buf_add(out, STR("\r\n"));
	}
	if (!agent)
		buf_add(out, STR("User-Agent: vigie\r\n"));
	if (target->bearer.p)
		buf_addf(out, "Authorization: Bearer %.*s\r\n", STR_ARGS(target->bearer));
	buf_add(out, STR("\r\n"));
	return !out->full;
}

void upgrade_init(struct upgrade *u, const char key[UPGRADE_KEY_BYTES])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	char text[UPGRADE_KEY_BYTES + sizeof guid - 1];
	unsigned char digest[DIGEST_SHA1_BYTES];
	*u = (struct upgrade){ .retry_after_us = -1 };
	memcpy(text, key, UPGRADE_KEY_BYTES);
	memcpy(text + UPGRADE_KEY_BYTES, guid, sizeof guid - 1);
	digest_sha1((struct str){ text, sizeof text }, digest);
	struct buf accept;
	buf_init(&accept, sizeof u->accept - 1);
	base64_encode((struct str){ (const char *)digest, sizeof digest }, &accept);
	assert(!accept.full);
	memcpy(u->accept, accept.p, accept.n);
	buf_finish(&accept);
	buf_init(&u->head, HTTP_MAX_HEADERS_BYTES);
	buf_init(&u->body, UPGRADE_MAX_BODY_BYTES);
}

void upgrade_finish(struct upgrade *u)
{
	buf_finish(&u->head);
	buf_finish(&u->body);
	*u = (struct upgrade){ 0 };
}

/* ---- the head ---- */

/* Is the word one of a comma-separated list? */
static bool lists(struct str value, struct str word)
{
	struct str item;
	while (str_next(&value, ',', &item)) {
		if (str_eq_ignore_case(str_trim(item), word))
			return true;
	}
	return false;
}

struct seen {
	bool upgrade, connection, accept, extension, protocol, chunked;
	size_t accept_count;
	int64_t length;
};

static bool take_header(struct upgrade *u, struct seen *seen, struct str line, int64_t now_wall_us)
{
	const size_t colon = str_find_char(line, ':');
	if (colon == SIZE_MAX || colon == 0)
		return false;
	const struct str name = str_slice(line, 0, colon);
	const struct str value = str_trim(str_slice(line, colon + 1, line.n));
	if (str_eq_ignore_case(name, STR("upgrade"))) {
		seen->upgrade = seen->upgrade || lists(value, STR("websocket"));
	} else if (str_eq_ignore_case(name, STR("connection"))) {
		seen->connection = seen->connection || lists(value, STR("upgrade"));
	} else if (str_eq_ignore_case(name, STR("sec-websocket-accept"))) {
		seen->accept = str_eq(value, str_of(u->accept));
		seen->accept_count++;
	} else if (str_eq_ignore_case(name, STR("sec-websocket-extensions"))) {
		seen->extension = seen->extension || value.n > 0;
	} else if (str_eq_ignore_case(name, STR("sec-websocket-protocol"))) {
		seen->protocol = true;
	} else if (str_eq_ignore_case(name, STR("retry-after"))) {
		u->retry_after_us = answer_retry_after_us(value, now_wall_us);
	} else if (str_eq_ignore_case(name, STR("content-length"))) {
		return str_to_int64(value, &seen->length) && seen->length >= 0;
	}
	return true;
}

static const char *fault_of(const struct seen *seen)
{
	if (!seen->upgrade || !seen->connection)
		return "the server's answer is no upgrade to WebSocket";
	if (!seen->accept || seen->accept_count != 1)
		return "the server's answer belongs to another request (Sec-WebSocket-Accept)";
	if (seen->extension)
		return "the server speaks an extension that was not asked for";
	if (seen->protocol)
		return "the server speaks a protocol that was not asked for";
	return NULL;
}

static enum upgrade_step broken(struct upgrade *u, const char *why)
{
	u->why = why;
	return UPGRADE_BROKEN;
}

static bool take_status(struct upgrade *u, struct str line)
{
	int64_t status;
	if (!str_starts(line, STR("HTTP/1.1 ")) && !str_starts(line, STR("HTTP/1.0 ")))
		return false;
	if (line.n < 12 || (line.n > 12 && line.p[12] != ' ') || line.p[9] < '1' ||
		line.p[9] > '9' || !str_to_int64(str_slice(line, 9, 12), &status))
		return false;
	u->status = (int)status;
	return true;
}

/* head is all header lines with their ends, without the blank line. */
static enum upgrade_step take_head(struct upgrade *u, struct str head, int64_t now_wall_us)
{
	struct seen seen = { .length = -1 };
	size_t count = 0;
	while (head.n) {
		const size_t end = str_find(head, STR("\r\n"));
		const struct str line = str_slice(head, 0, end);
		head = str_slice(head, line.n + 2, head.n);
		if (str_find_char(line, '\0') != SIZE_MAX ||
			str_find_char(line, '\n') != SIZE_MAX ||
			str_find_char(line, '\r') != SIZE_MAX ||
			!(count ? take_header(u, &seen, line, now_wall_us) : take_status(u, line)))
			return broken(u, "the server's answer is not HTTP");
		if (++count > HTTP_MAX_HEADER_LINES)
			return broken(u, "the server's answer has too many headers");
	}
	if (u->status == 101) {
		const char *why = fault_of(&seen);
		return why ? broken(u, why) : UPGRADE_DONE;
	}
	u->body_left = seen.length < 0 || seen.length > UPGRADE_MAX_BODY_BYTES
		? UPGRADE_MAX_BODY_BYTES
		: (size_t)seen.length;
	return u->status < 200 ? UPGRADE_MORE : UPGRADE_REFUSED;
}

/* ---- the answer ---- */

static enum upgrade_step take_body(struct upgrade *u, struct str piece)
{
	const struct str part = str_slice(piece, 0, u->body_left);
	buf_add(&u->body, part);
	u->body_left -= part.n;
	return u->body_left ? UPGRADE_MORE : UPGRADE_REFUSED;
}

/* Adds byte for byte up to the blank line; true once that is there. */
static bool take_line_ends(struct upgrade *u, struct str piece, size_t *used)
{
	static const struct str blank = { "\r\n\r\n", 4 };
	while (*used < piece.n && !u->head.full) {
		buf_add_char(&u->head, piece.p[(*used)++]);
		if (str_ends(buf_str(&u->head), blank))
			return true;
	}
	return false;
}

enum upgrade_step upgrade_feed(
	struct upgrade *u, struct str piece, int64_t now_wall_us, size_t *used)
{
	*used = 0;
	while (!u->head_done) {
		if (!take_line_ends(u, piece, used))
			return u->head.full ? broken(u, "the server's headers are too large")
					    : UPGRADE_MORE;
		const struct str head = str_slice(buf_str(&u->head), 0, u->head.n - 2);
		const enum upgrade_step step = take_head(u, head, now_wall_us);
		if (step == UPGRADE_DONE || step == UPGRADE_BROKEN)
			return step;
		/* 100 and the like come before the answer. */
		u->head_done = step == UPGRADE_REFUSED;
		if (!u->head_done)
			buf_clear(&u->head);
	}
	const struct str rest = str_slice(piece, *used, piece.n);
	*used = piece.n;
	return take_body(u, rest);
}

enum upgrade_step upgrade_end(struct upgrade *u)
{
	return u->head_done ? UPGRADE_REFUSED
			    : broken(u, "the server ended the connection without an answer");
}
