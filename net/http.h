/* HTTP requests by libcurl on the loop, with every option of a careful client set. Streams and
 * short requests are the same thing: bytes come in pieces, then one end. */
#pragma once

#include "base/str.h"
#include "net/loop.h"

struct http_client; /* connections are kept and shared among its requests */

struct http_client *http_client_create(struct loop *loop);
/* Cancels what is under way, mails too. Takes NULL; allowed within any callback below. */
void http_client_destroy(struct http_client *client);

/* Of all an answer's header lines, status line and trailers included. */
enum { HTTP_MAX_HEADERS_BYTES = 64 * 1024, HTTP_MAX_HEADER_LINES = 100 };

struct http_options {
	struct str method; /* absent: GET, or POST if there is a body */
	struct str url; /* http or https; control characters are refused */
	const struct str *headers; /* "Name: value"; control characters are refused */
	size_t header_count;
	struct str bearer; /* Authorization: Bearer; never logged, never sent after a redirect */
	struct str body; /* copied */
	int64_t connect_timeout_us; /* 0: 10 s */
	int64_t timeout_us; /* of the whole request; 0: none (streams) */
	/* No byte for that long ends it with HTTP_STALLED, as headers do that take longer as a
	 * whole; 0: never. */
	int64_t stall_us;
	size_t max_body_bytes; /* decoded; 0: none (streams) */
	/* 0: a redirect is an answer like any other, as it is past that number, for a request with
	 * a body, and from https to http. To another origin only harmless headers go along (Accept,
	 * Accept-Language, If-None-Match, If-Modified-Since, User-Agent). */
	int max_redirects;
	bool only_public; /* refuse private, loopback and link-local addresses */
	/* Without only_public: may a redirect to another host, or by a public one, lead to such an
	 * address? It is not the caller who chose that one. */
	bool private_redirects;
	struct str ca_file; /* absent: the system's */
	/* Past the first MiB of body at most 100 bytes out of one are believed; an answer packed in
	 * another way, or more than once, ends it with HTTP_BROKEN. */
	bool gzip;
};

enum http_end {
	HTTP_DONE, /* an answer came, whatever its status, and is complete */
	HTTP_REFUSED, /* we refuse: a control character in the request, an address not public */
	HTTP_UNREACHED, /* name, connection or TLS failed */
	HTTP_BROKEN, /* the connection ended within the answer */
	HTTP_STALLED,
	HTTP_TIMED_OUT,
	HTTP_TOO_LARGE,
};

struct http_answer {
	int status; /* 0 before an answer */
	struct str url; /* where it came from, after redirects; may hold a secret, not for logs */
	struct str content_type; /* without parameters, lower case; "" if none */
	struct str charset; /* of the content type, as written; absent if none */
	/* Cache-Control: max-age (0 for no-cache and no-store), else Expires; -1: none. At most a
	 * year. */
	int64_t max_age_us;
	int64_t retry_after_us; /* from now; -1: none. Seconds and HTTP dates; at most 24 h */
	struct str etag, last_modified, location; /* absent if none, or with control characters */
	struct str links; /* all Link headers, with commas between them; absent likewise */
	bool expires_zero; /* Expires: 0 */
	int64_t pace_us; /* how long to wait with the next request by its limits; 0: not at all */
};

struct http_events {
	/* The status line and headers are there. Returning false ends the request with HTTP_DONE.
	 */
	bool (*headers)(void *ctx, const struct http_answer *answer);
	/* A piece of the body. Returning false ends the request likewise. */
	bool (*data)(void *ctx, struct str piece);
	/* Exactly once, last; the request is gone after it, and a cancel within it does nothing.
	 * message says for people what went wrong ("" if nothing). */
	void (*end)(void *ctx, enum http_end end, const struct http_answer *answer,
		const char *message);
};

struct http_request;
/* Everything in options is copied. Nothing happens before the loop's next turn: end never comes
 * within the call. headers and data may be NULL. All calls here are allowed within all callbacks.
 */
struct http_request *http_start(struct http_client *client, const struct http_options *options,
	const struct http_events *events, void *ctx);
void http_cancel(struct http_request *request); /* no end after this; takes NULL */
/* Backpressure: nobody reads while paused, so that TCP tells the sender; no data comes and no stall
 * is seen. The time of the whole request goes on, and end may come if nothing is left to read. */
void http_pause(struct http_request *request, bool paused);

/* Wall clock, needed for Retry-After dates; tests set their own. */
void http_client_set_clock(struct http_client *client, int64_t (*wall_us)(void));
