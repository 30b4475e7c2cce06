/* One mail by SMTP, through libcurl, on a thread of its own: libcurl waits for the server's word
 * after the mail, and for its goodbye, and the loop must not wait with it. */
#pragma once

#include "net/http.h"

enum smtp_tls { SMTP_TLS_REQUIRED /* STARTTLS or smtps, else nothing is sent */, SMTP_TLS_NONE };

struct smtp_options {
	struct str url; /* smtp://host:port or smtps://host:port */
	enum smtp_tls tls;
	struct str user, password; /* absent: no login. Never sent without TLS: SMTP_UNSAFE */
	struct str from; /* envelope, bare address; control characters are refused */
	struct str_list to; /* envelope */
	struct str message; /* the whole mail; copied. A CR or LF alone is a bug of the caller */
	struct str ca_file; /* absent: the system's */
	int64_t timeout_us; /* of the whole; 0: 30 s */
};

enum smtp_end {
	SMTP_SENT,
	SMTP_RETRY, /* 4xx, unreachable, broken, timed out, certificate trouble */
	SMTP_REJECTED, /* 5xx for any recipient, or an address or option we refuse (code 0) */
	SMTP_UNSAFE, /* TLS was required and the server offers none: nothing was sent; retry later,
			tell the operator */
};

/* end comes exactly once, never within smtp_start. code is the server's (250, 451, 550 ...) or 0;
 * the message is its own words, if it said no, else libcurl's. */
struct smtp_request;
struct smtp_request *smtp_start(struct http_client *client, const struct smtp_options *options,
	void (*end)(void *ctx, enum smtp_end end, int code, const char *message), void *ctx);
/* Takes NULL. No end after this. The mail may still go out if the server has it already; the thread
 * gives up within about a second. */
void smtp_cancel(struct smtp_request *request);
