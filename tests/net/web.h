/* A loop, a client and misbehave.py for tests of HTTP; an answer as a test looks at it. */
#pragma once

#include "base/buf.h"
#include "net/http.h"
#include "tests/net/server.h"

struct web {
	struct loop *loop;
	struct http_client *client;
	struct server server;
	struct timer *timer; /* free for the test, calls act */
	void (*act)(struct web *w);

	/* What the test wants. */
	bool stop_at_headers, stop_at_data;
	void (*at_headers)(struct web *w);
	void (*at_data)(struct web *w);
	void (*at_end)(struct web *w);

	/* What came. */
	struct http_request *request;
	int headers_count, data_count, end_count;
	struct buf body;
	enum http_end end;
	int status;
	int64_t retry_after_us;
	char message[256], url[256], etag[128], type[128], location[256];
};

int web_set_up(void **state); /* makes a struct web with a server */
int web_tear_down(void **state);

extern const struct http_events web_events;
/* Forgets what came and starts; path is added to the server's address. */
void web_start(struct web *w, const char *path, struct http_options options);
/* Starts and runs the loop until the end has come. */
void web_get(struct web *w, const char *path, struct http_options options);
void web_get_url(struct web *w, const char *url, struct http_options options);
void web_run(struct web *w); /* until loop_stop, as the end does */
