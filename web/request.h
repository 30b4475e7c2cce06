/* Is this request one that the server answers? The checks that libmicrohttpd leaves to its user,
 * as pure functions: what a browser could be made to send by a hostile page, what two programs
 * could read in two ways, what is too long. Nothing is kept and nothing allocated. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "web/address.h"

/* The ceilings of one request. */
enum {
	WEB_MAX_HEADER_BYTES = 8192, /* the request line and all headers */
	WEB_MAX_HEADER_COUNT = 64
};

/* What a path can be asked with. */
enum {
	WEB_GET = 1, /* and HEAD */
	WEB_POST = 2 /* with content */
};

/* Filled header by header; starts as {0} with the first members. The views stay the caller's. */
struct web_request {
	struct str method;
	size_t header_bytes;
	bool malformed_path; /* web_unescape said no */
	unsigned methods; /* of this path; 0: WEB_GET */
	struct str_list names; /* more hosts by which this path may be asked for */

	size_t header_count, host_count, length_count, coding_count;
	struct str host, length, coding;
	bool malformed_header;
};

/* Why a request is not answered. status 0: it is. */
struct web_refusal {
	unsigned status; /* of HTTP */
	const char *reason; /* a constant */
};

void web_request_header(struct web_request *r, struct str name, struct str value);
/* After the last header. */
struct web_refusal web_request_check(const struct web_request *r, const struct web_address *own);
/* The value of Allow. */
const char *web_request_allow(unsigned methods);

/* Undoes %XX in place; *length is then that of the result, which a NUL follows. False, and text is
 * empty, if an escape is none, if one gives a NUL, or if the result is not UTF-8. */
bool web_unescape(char *text, size_t *length);
