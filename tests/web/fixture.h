/* A server of web/ and clients of it in one thread: the clients write to raw sockets, and a small
 * poll loop runs the server with a clock that only the test moves. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "web/server.h"

struct place {
	struct web *web;
	int64_t now_us;
	bool unwell; /* what health says */
	size_t page_bytes; /* of the metrics page; 0: a short one */
	int page_count; /* pages that were asked for */
	int run_count; /* of web_run */
};

extern const struct web_pages place_pages;

int place_set_up(void **state); /* on 127.0.0.1, any port */
int place_tear_down(void **state);

/* Runs the server until it has nothing left to do at this time. */
void place_run(struct place *p);
/* A connection to the server, which has not yet taken it in. */
int client_open(const struct place *p);
void client_close(int fd);
/* Sends text in which each "PORT" becomes the server's port. */
void client_send(const struct place *p, int fd, struct str text);
/* Runs the server and adds what comes until `answers` whole answers are there or the connection
 * ends, which it returns. Fails the test after some seconds of silence. A HEAD's answer ends with
 * its headers. */
bool client_read(struct place *p, int fd, int answers, bool head, struct buf *out);

/* One request on a connection of its own; fills out and returns whether the server closed. */
bool place_ask(struct place *p, struct str request, struct buf *out);
/* The number in the first line, 0 if there is no answer. */
int answer_status(const struct buf *answer);
/* The value of a header, STR_NONE if it is not there. */
struct str answer_header(const struct buf *answer, struct str name);
struct str answer_body(const struct buf *answer);
