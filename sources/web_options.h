/* What sources that ask a server have in common: checks of the url, headers and token that people
 * wrote, and what a refusal means. */
#pragma once

#include "base/buf.h"
#include "base/diag.h"
#include "conf/yaml.h"
#include "net/backoff.h"

enum { WEB_MAX_HEADERS = 32 };

struct web_options {
	struct str url, token;
	struct str_list headers;
	/* "http://" and "https://", or "ws://" and "wss://". */
	struct str plain, tls;
};

bool web_has_header(struct str_list headers, struct str name);
/* No control characters. */
bool web_is_clean(struct str s);
/* node is the source's map, for the places. All errors go to diag. */
bool web_check(const struct web_options *options, const struct conf_node *node, struct diag *diag);

/* Adds to why what a status other than the wanted one means, and says how to wait. */
enum backoff_kind web_refusal(int status, struct buf *why);
