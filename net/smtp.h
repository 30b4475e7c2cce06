/* One mail by SMTP, through libcurl, on the loop. */
#pragma once

#include "net/http.h"

enum smtp_tls { SMTP_TLS_REQUIRED /* STARTTLS or smtps, else nothing is sent */, SMTP_TLS_NONE };

struct smtp_options {
	struct str url; /* smtp://host:port or smtps://host:port */
	enum smtp_tls tls;
	struct str user, password;
	struct str from; /* envelope, bare address; control characters are refused */
	struct str_list to; /* envelope */
	struct str message; /* the whole mail with CRLF lines; copied */
	struct str ca_file; /* absent: the system's */
	int64_t timeout_us; /* 0: 30 s */
};

enum smtp_end {
	SMTP_SENT,
	SMTP_RETRY, /* 4xx, unreachable, broken, timed out, certificate trouble */
	SMTP_REJECTED, /* 5xx */
	SMTP_UNSAFE, /* TLS was required and the server offers none: nothing was sent; retry later,
			tell the operator */
};

struct smtp_request;
struct smtp_request *smtp_start(struct http_client *client, const struct smtp_options *options,
	void (*end)(void *ctx, enum smtp_end end, int code, const char *message), void *ctx);
void smtp_cancel(struct smtp_request *request); /* takes NULL */
