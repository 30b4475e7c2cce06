/* Paths of others on the server: who takes in what is sent there. A request comes in two steps:
 * its headers, upon which it may be refused before any of its content is read, and the whole of
 * it, which is answered at once or in a later turn of the loop. All runs on the loop's thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "web/request.h"

struct web;

enum {
	WEB_MAX_ROUTES = 64,
	WEB_MAX_ANSWER_HEADERS = 4,
	WEB_MAX_BODIES_BYTES = 32 << 20, /* of all requests together; more is answered 503 */
	WEB_PROGRESS_BYTES = 64 << 10 /* that much content must come in WEB_DEADLINE_US */
};

struct web_header {
	struct str name, value;
};

/* The views live until web_answer. */
struct web_call {
	struct str method; /* GET, HEAD or POST; a HEAD is answered like a GET */
	struct str path; /* %XX undone */
	struct str query; /* as sent, without the question mark; absent if there is none */
	const struct web_header *headers;
	size_t header_count;
	bool length_known; /* Content-Length was there: */
	uint64_t length;
	struct str body; /* as sent; absent in `begin` */
	void *state; /* the route's own */
};

/* How often the header is there; *value is the first one's. */
size_t web_call_header(const struct web_call *call, struct str name, struct str *value);
/* The value of a parameter of a query, %XX and + undone, added to *out; the first one counts.
 * False if there is none or it is malformed. Pure. */
bool web_query(struct str query, struct str name, struct buf *out);

struct web_answer {
	unsigned status; /* of HTTP */
	const char *type; /* NULL: plain text */
	struct str body; /* copied, as are the headers */
	struct {
		const char *name, *value;
	} headers[WEB_MAX_ANSWER_HEADERS]; /* up to the first without name */
};

struct web_route {
	const char *path; /* "/a": this path; "/a/": all paths that begin so and are longer */
	unsigned methods; /* WEB_GET, WEB_POST or both */
	size_t max_body_bytes; /* as sent; more is answered 413 */
	/* The headers are there. False: *answer says why it is refused, and no content is read.
	 * Must keep nothing: the client may go away before `call`. NULL: all are welcome. */
	bool (*begin)(void *ctx, const struct web_call *call, struct web_answer *answer);
	/* All of it is there. web_answer must follow, within or later, and before web_close. Time
	 * is not limited, and the client is not looked after meanwhile. */
	void (*call)(void *ctx, struct web_call *call);
	void *ctx;
};

/* The route is copied, path and ctx must outlive w. At most WEB_MAX_ROUTES. */
void web_add_route(struct web *w, const struct web_route *route);
/* The call is gone afterwards. Also outside web_run, which is due then: web_timeout_us says 0. */
void web_answer(struct web_call *call, const struct web_answer *answer);
/* Names by which a reverse proxy may ask for routes, with any port; the pages of web_pages are not
 * served under them. Copied. */
void web_set_names(struct web *w, struct str_list names);
