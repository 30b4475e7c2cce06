/* One GET of a polled source: with its headers and its token, which is asked for where it comes
 * from OAuth, and renewed once if the server does not take it. */
#pragma once

#include "base/buf.h"
#include "net/backoff.h"
#include "net/http.h"
#include "sources/oauth.h"

/* Views, which must outlive it. */
struct poll_fetch_options {
	struct str token, ca_file;
	struct str_list headers;
	struct oauth *oauth; /* NULL: none; not owned */
	bool private_redirects; /* to another host's private address */
};

struct poll_fetch_result {
	bool good; /* an answer with 200 or 304, or one of the item's 404 and 410 */
	int status;
	struct str body; /* of a 200 */
	const struct http_answer *answer; /* NULL if none came */
	/* if it is not good */
	struct str why;
	enum backoff_kind kind;
	int64_t wait_us; /* at least; 0: none */
};

struct poll_fetch;
struct poll_fetch *poll_fetch_create(
	struct loop *loop, struct http_client *http, const struct poll_fetch_options *options);
void poll_fetch_destroy(struct poll_fetch *f); /* takes NULL */

/* done is called once, in a later turn of the loop, and may start the next one. etag and
 * last_modified: sent if present. */
void poll_fetch_start(struct poll_fetch *f, struct str url, struct str etag,
	struct str last_modified, void (*done)(void *ctx, const struct poll_fetch_result *result),
	void *ctx);
