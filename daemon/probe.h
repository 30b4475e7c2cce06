/* Asks an address once and says what answers there: a feed, a stream, a document, a page. What is
 * kept of the answer is bounded in bytes and time. */
#pragma once

#include "base/arena.h"
#include "net/http.h"

enum probe_kind {
	PROBE_FAILED, /* no answer: message says why */
	PROBE_REFUSED, /* an answer with a status that is no success */
	PROBE_FEED,
	PROBE_EVENTS, /* Server-Sent Events */
	PROBE_LINES, /* a JSON object a line */
	PROBE_DOCUMENT, /* one JSON document with a list of objects */
	PROBE_JSON, /* one JSON document without */
	PROBE_PAGE, /* HTML */
	PROBE_OTHER,
};

enum { PROBE_MAX_FEEDS = 20, PROBE_MAX_RECORDS = 50 };

struct probe {
	enum probe_kind kind;
	const char *message; /* of PROBE_FAILED */
	int status;
	struct str url; /* where the answer came from */
	struct str content_type;
	bool redirected;
	bool private; /* the address is not a public one */
	const char *form; /* of a feed: "RSS" */
	struct str title; /* of a feed or page; absent if none */
	size_t entry_count; /* of a feed */
	struct str feeds[PROBE_MAX_FEEDS]; /* that a page names */
	size_t feed_count;
	bool login; /* a page asks for a password */
	const char *software; /* that a page was made by: "mastodon", "lemmy", "discourse" */
	struct str list; /* where a document has its list */
	struct str records[PROBE_MAX_RECORDS]; /* of lines and documents */
	size_t record_count;
};

struct probe_options {
	struct str url, token, ca_file;
	const struct str *headers;
	size_t header_count;
	int64_t timeout_us;
};

/* Runs the loop until it is known. All of *probe lives in the arena. */
void probe_run(struct loop *loop, struct http_client *client, const struct probe_options *options,
	struct arena *arena, struct probe *probe);

/* What an answer is; body: as far as it was read; ended: that is all. Pure. */
void probe_judge(
	struct str body, struct str charset, bool ended, struct arena *arena, struct probe *probe);
