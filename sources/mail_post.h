/* A mail as posts: one, or of Google Alerts one a result. */
#pragma once

#include "base/buf.h"
#include "sources/mail_parse.h"

/* Calls take with a line of JSON that the map "post" reads, with its LF, for each post; until it
 * answers false. NULL, or why the mail is none. */
const char *mail_posts(struct str bytes, const struct mail_options *options, int64_t received_us,
	bool (*take)(void *ctx, struct str line), void *ctx);
