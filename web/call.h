/* Within web/: a request while it comes in and until it is answered. */
#pragma once

#include "base/arena.h"
#include "web/route.h"

struct MHD_Connection;

struct call {
	struct web_call base; /* first */
	struct web *web;
	struct MHD_Connection *connection;
	const struct web_route *route; /* NULL: a page of web_pages */
	const void *page;
	struct arena arena;
	struct buf body;
	size_t ignored_bytes; /* of its content, once it is refused */
	bool handed_over; /* to the route's call */
	bool suspended; /* the library waits for web_answer */
	bool answered; /* with: */
	struct web_answer answer;
};

/* Copies method, path, query and headers. connection's context is not touched. */
struct call *call_create(struct web *web, struct MHD_Connection *connection, struct str method,
	struct str path, struct str query);
void call_destroy(struct call *c); /* takes NULL */

/* Keeps a copy of the answer. */
void call_set_answer(struct call *c, const struct web_answer *answer);
/* The same with a line of text. */
void call_refuse(struct call *c, unsigned status, const char *reason);

/* A piece of its content. *bodies_bytes is what all calls hold. False: enough of it, the client
 * goes on although it was refused. */
bool call_take(struct call *c, struct str piece, size_t *bodies_bytes);
/* An answer that does not wait for the content: will the content be short, so that it can be read
 * and the connection kept? */
bool call_is_short(const struct call *c);
