#include "tests/net/web.h"

#include <stdlib.h>

#include "tests/check.h"

static void copy(char *to, size_t size, struct str s)
{
	snprintf(to, size, "%.*s", STR_ARGS(s));
}

static bool got_headers(void *ctx, const struct http_answer *answer)
{
	struct web *w = ctx;
	w->headers_count++;
	assert_int_equal(w->data_count, 0);
	assert_true(answer->status >= 200);
	if (w->at_headers)
		w->at_headers(w);
	return !w->stop_at_headers;
}

static bool got_data(void *ctx, struct str piece)
{
	struct web *w = ctx;
	assert_int_equal(w->headers_count, 1);
	assert_int_equal(w->end_count, 0);
	w->data_count++;
	buf_add(&w->body, piece);
	if (w->at_data)
		w->at_data(w);
	return !w->stop_at_data;
}

static void got_end(
	void *ctx, enum http_end end, const struct http_answer *answer, const char *message)
{
	struct web *w = ctx;
	w->end_count++;
	w->end = end;
	w->status = answer->status;
	w->retry_after_us = answer->retry_after_us;
	copy(w->url, sizeof w->url, answer->url);
	copy(w->etag, sizeof w->etag, answer->etag);
	copy(w->type, sizeof w->type, answer->content_type);
	copy(w->location, sizeof w->location, answer->location);
	copy(w->message, sizeof w->message, str_of(message));
	if (w->at_end)
		w->at_end(w);
	loop_stop(w->loop);
}

const struct http_events web_events = { got_headers, got_data, got_end };

static void timer_fired(void *ctx)
{
	struct web *w = ctx;
	w->act(w);
}

int web_set_up(void **state)
{
	struct web *w = calloc(1, sizeof *w);
	server_start(&w->server, "misbehave.py", NULL);
	w->loop = loop_create();
	w->client = http_client_create(w->loop);
	w->timer = timer_create_on(w->loop, timer_fired, w);
	buf_init(&w->body, 0);
	*state = w;
	return 0;
}

int web_tear_down(void **state)
{
	struct web *w = *state;
	http_client_destroy(w->client);
	timer_destroy(w->timer);
	loop_destroy(w->loop);
	server_stop(&w->server);
	buf_finish(&w->body);
	free(w);
	return 0;
}

static void start_url(struct web *w, const char *url, struct http_options options)
{
	w->headers_count = w->data_count = w->end_count = 0;
	buf_clear(&w->body);
	options.url = str_of(url);
	w->request = http_start(w->client, &options, &web_events, w);
	assert_int_equal(w->end_count, 0);
}

void web_start(struct web *w, const char *path, struct http_options options)
{
	char url[1024];
	snprintf(url, sizeof url, "http://127.0.0.1:%d%s", w->server.port, path);
	start_url(w, url, options);
}

void web_run(struct web *w)
{
	loop_run(w->loop);
}

void web_get(struct web *w, const char *path, struct http_options options)
{
	web_start(w, path, options);
	web_run(w);
	assert_int_equal(w->end_count, 1);
}

void web_get_url(struct web *w, const char *url, struct http_options options)
{
	start_url(w, url, options);
	web_run(w);
	assert_int_equal(w->end_count, 1);
}
