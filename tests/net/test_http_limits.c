#define _GNU_SOURCE

#include "tests/check.h"

#include <netdb.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "tests/net/web.h"

#define NO_OPTIONS ((struct http_options){ .timeout_us = 20 * US_PER_S })

/* A resolver that hangs, for one name: the C library's is asked by libcurl through this. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
	struct addrinfo **result)
{
	if (name && strcmp(name, "hang.test") == 0) {
		struct timespec long_time = { .tv_sec = 30 };
		nanosleep(&long_time, NULL);
		return EAI_AGAIN;
	}
	struct addrinfo *found = calloc(1, sizeof *found + sizeof(struct sockaddr_in));
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)(found + 1);
	(void)hints;
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)(service ? strtol(service, NULL, 10) : 0));
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*found = (struct addrinfo){ .ai_family = AF_INET,
		.ai_socktype = SOCK_STREAM,
		.ai_protocol = IPPROTO_TCP,
		.ai_addrlen = sizeof *in,
		.ai_addr = (struct sockaddr *)in };
	*result = found;
	return 0;
}

void freeaddrinfo(struct addrinfo *found)
{
	free(found);
}

static bool holds(const struct web *w, const char *text)
{
	return str_find(buf_str(&w->body), str_of(text)) != SIZE_MAX;
}

static void check_refused(struct web *w, struct http_options options)
{
	char url[128];
	if (!options.url.p) {
		snprintf(url, sizeof url, "http://127.0.0.1:%d/ok", w->server.port);
		options.url = str_of(url);
	}
	w->end_count = 0;
	w->request = http_start(w->client, &options, &web_events, w);
	assert_int_equal(w->end_count, 0);
	web_run(w);
	assert_int_equal(w->end_count, 1);
	assert_int_equal(w->end, HTTP_REFUSED);
	assert_int_equal(w->headers_count, 0);
	assert_true(w->message[0] != '\0');
}

static void a_request_with_control_characters_is_refused_whole(void **state)
{
	struct web *w = *state;
	struct str bad_headers[] = { STR("X: a\r\nY: b"), STR("X: a\nY: b"), STR("X: a\0"),
		STR("X: \x7f"), STR("X\t: a"), STR("no colon"), STR(": no name"), STR("a b: c"),
		STR("") };
	for (size_t i = 0; i < sizeof bad_headers / sizeof *bad_headers; i++)
		check_refused(
			w, (struct http_options){ .headers = &bad_headers[i], .header_count = 1 });
	struct str bad_urls[] = { STR("http://127.0.0.1:1/\r\nX: y"), STR("http://127.0.0.1/a b"),
		STR("http://127.0.0.1/\0"), STR("ftp://127.0.0.1/"), STR("file:///etc/passwd"),
		STR("gopher://127.0.0.1/"), STR("127.0.0.1/no-scheme"), STR("/no-host"), STR(""),
		STR("http://"), STR("http://user:pass@127.0.0.1/"),
		STR("http://127.0.0.1:99999/") };
	for (size_t i = 0; i < sizeof bad_urls / sizeof *bad_urls; i++)
		check_refused(w, (struct http_options){ .url = bad_urls[i] });
	check_refused(w, (struct http_options){ .bearer = STR("a\r\nX: y") });
	check_refused(w, (struct http_options){ .method = STR("GET /\r\n") });
	check_refused(w, (struct http_options){ .method = STR("") });
	check_refused(w, (struct http_options){ .ca_file = STR("/a\nb") });
	web_get(w, "/counters", NO_OPTIONS);
	assert_true(holds(w, "\"connections\": 1,"));
}

static void a_body_of_max_bytes_is_taken_and_one_more_is_too_large(void **state)
{
	struct web *w = *state;
	static const char *const ways[] = { "", "&chunked=1" };
	struct http_options options = NO_OPTIONS;
	options.max_body_bytes = 200000;
	for (size_t i = 0; i < 2; i++) {
		char path[64];
		snprintf(path, sizeof path, "/big?bytes=200000%s", ways[i]);
		web_get(w, path, options);
		assert_int_equal(w->end, HTTP_DONE);
		assert_int_equal(w->body.n, 200000);
		snprintf(path, sizeof path, "/big?bytes=200001%s", ways[i]);
		web_get(w, path, options);
		assert_int_equal(w->end, HTTP_TOO_LARGE);
		assert_int_equal(w->status, 200);
		assert_true(w->body.n <= 200000);
		assert_true(w->message[0] != '\0');
	}
}

static void what_gzip_unfolds_counts(void **state)
{
	struct web *w = *state;
	struct http_options options = NO_OPTIONS;
	options.gzip = true;
	options.max_body_bytes = 1 << 20;
	web_get(w, "/bomb?mb=1", options);
	assert_int_equal(w->end, HTTP_DONE);
	assert_int_equal(w->body.n, 1 << 20);
	options.max_body_bytes = (1 << 20) - 1;
	web_get(w, "/bomb?mb=1", options);
	assert_int_equal(w->end, HTTP_TOO_LARGE);
}

static void a_bomb_is_found_out_without_a_ceiling_too(void **state)
{
	struct web *w = *state;
	struct http_options options = NO_OPTIONS;
	options.gzip = true;
	web_get(w, "/bomb?mb=100", options);
	assert_int_equal(w->end, HTTP_TOO_LARGE);
	assert_true(w->body.n < 40 << 20);
}

static void a_hundred_header_lines_are_taken_and_one_more_is_not(void **state)
{
	struct web *w = *state;
	web_get(w, "/headers?count=98", NO_OPTIONS); /* with the status line and the length */
	assert_int_equal(w->end, HTTP_DONE);
	check_text(buf_str(&w->body), "ok\n");
	web_get(w, "/headers?count=99", NO_OPTIONS);
	assert_int_equal(w->end, HTTP_TOO_LARGE);
	assert_int_equal(w->headers_count, 0);
	web_get(w, "/headers?endless=1", NO_OPTIONS);
	assert_int_equal(w->end, HTTP_TOO_LARGE);
	web_get(w, "/headers?count=9&size=7000", NO_OPTIONS);
	assert_int_equal(w->end, HTTP_DONE);
	web_get(w, "/headers?count=10&size=7000", NO_OPTIONS);
	assert_int_equal(w->end, HTTP_TOO_LARGE);
	web_get(w, "/headers?count=1&size=200000", NO_OPTIONS);
	assert_true(w->end == HTTP_TOO_LARGE || w->end == HTTP_BROKEN);
}

static void redirects_are_answers_unless_asked_for(void **state)
{
	struct web *w = *state;
	struct http_options options = NO_OPTIONS;
	web_get(w, "/redirect/1", options);
	assert_int_equal(w->status, 302);
	assert_string_equal(w->message, "");
	options.max_redirects = 3;
	web_get(w, "/redirect/3", options);
	assert_int_equal(w->status, 200);
	assert_int_equal(w->headers_count, 1);
	check_text(buf_str(&w->body), "ok\n");
	assert_non_null(strstr(w->url, "/ok"));
	web_get(w, "/redirect/4", options);
	assert_int_equal(w->end, HTTP_DONE);
	assert_int_equal(w->status, 302);
	assert_string_equal(w->message, "too many redirects");
	check_text(buf_str(&w->body), "elsewhere\n");
	options.body = STR("x");
	web_get(w, "/redirect/1", options);
	assert_int_equal(w->status, 302);
}

static void a_redirect_to_elsewhere_than_the_web_is_not_followed(void **state)
{
	struct web *w = *state;
	struct http_options options = NO_OPTIONS;
	options.max_redirects = 3;
	static const char *const places[] = { "ftp://127.0.0.1/", "file:///etc/passwd",
		"http://user@127.0.0.1/", "http://%00/", "http://a%0d%0ab/",
		"gopher://127.0.0.1/" };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		char path[128];
		snprintf(path, sizeof path, "/redirect/1?to=%s", places[i]);
		web_get(w, path, options);
		if (w->status != 302 || w->headers_count > 1)
			fail_msg("%s ends with %d, %d", places[i], (int)w->end, w->status);
	}
}

static void time_runs_on_over_redirects(void **state)
{
	struct web *w = *state;
	struct http_options options = { .timeout_us = 300 * US_PER_MS, .max_redirects = 3 };
	int64_t start_us = clock_monotonic_us();
	web_get(w, "/redirect/1?to=/hang", options);
	assert_int_equal(w->end, HTTP_TIMED_OUT);
	assert_true(clock_monotonic_us() - start_us < 3 * US_PER_S);
}

static void secrets_do_not_go_along_with_a_redirect(void **state)
{
	struct web *w = *state;
	struct server stranger;
	char path[128];
	struct str headers[] = { STR("X-Api-Key: k3y"), STR("Accept: a/b"), STR("Cookie: c"),
		STR("Authorization: Basic x") };
	struct http_options options = NO_OPTIONS;
	options.headers = headers;
	options.header_count = 4;
	options.max_redirects = 3;
	server_start(&stranger, "misbehave.py", NULL);
	snprintf(path, sizeof path, "/redirect/1?to=http://127.0.0.1:%d/echo", stranger.port);
	web_get(w, path, options);
	assert_int_equal(w->status, 200);
	assert_true(holds(w, "\"accept\": \"a/b\""));
	assert_false(holds(w, "k3y"));
	assert_false(holds(w, "cookie"));
	assert_false(holds(w, "authorization"));
	/* Nor back again, by way of the stranger. */
	snprintf(path, sizeof path,
		"/redirect/1?to=http://127.0.0.1:%d/redirect/1%%3Fto=http://127.0.0.1:%d/echo",
		stranger.port, w->server.port);
	web_get(w, path, options);
	assert_int_equal(w->status, 200);
	assert_false(holds(w, "k3y"));
	/* To the same origin they do, but never the bearer token. */
	options.header_count = 2;
	options.bearer = STR("t0ken");
	web_get(w, "/redirect/1?to=/echo", options);
	assert_true(holds(w, "k3y"));
	assert_false(holds(w, "t0ken"));
	web_get(w, "/requests?path=/redirect", NO_OPTIONS);
	assert_true(holds(w, "t0ken"));
	server_stop(&stranger);
}

static void only_public_refuses_addresses_that_are_not(void **state)
{
	struct web *w = *state;
	struct http_options options = NO_OPTIONS;
	char url[128];
	options.only_public = true;
	web_get(w, "/ok", options);
	assert_int_equal(w->end, HTTP_REFUSED);
	assert_non_null(strstr(w->message, "127.0.0.1"));
	/* A name that leads there, which is what counts. */
	snprintf(url, sizeof url, "http://public.test:%d/ok", w->server.port);
	web_get_url(w, url, options);
	assert_int_equal(w->end, HTTP_REFUSED);
	/* Other spellings of the same. */
	snprintf(url, sizeof url, "http://0x7f.1:%d/ok", w->server.port);
	web_get_url(w, url, options);
	assert_int_equal(w->end, HTTP_REFUSED);
	/* A connection that somebody else has left open. */
	web_get(w, "/ok", NO_OPTIONS);
	assert_int_equal(w->end, HTTP_DONE);
	web_get(w, "/ok", options);
	assert_int_equal(w->end, HTTP_REFUSED);
	web_get(w, "/counters", NO_OPTIONS);
	assert_true(holds(w, "\"requests\": 2,"));
}

static void the_environments_proxy_is_not_asked(void **state)
{
	struct web *w = *state;
	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
	web_get(w, "/ok", NO_OPTIONS);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	assert_int_equal(w->end, HTTP_DONE);
}

static void tls_trusts_only_who_it_should(void **state)
{
	struct web *w = *state;
	char folder[64], cert[128], key[128], url[128], path[256];
	struct server safe, named_otherwise;
	folder_make(folder, sizeof folder);
	server_make_certificate(folder);
	snprintf(cert, sizeof cert, "%s/cert.pem", folder);
	snprintf(key, sizeof key, "%s/key.pem", folder);
	server_start(&safe, "misbehave.py", (const char *[]){ "--tls", cert, key, NULL });
	server_start(&named_otherwise, "misbehave.py",
		(const char *[]){ "--tls", cert, key, "--host", "127.0.0.2", NULL });
	struct http_options options = NO_OPTIONS;
	snprintf(url, sizeof url, "https://127.0.0.1:%d/ok", safe.port);
	web_get_url(w, url, options);
	assert_int_equal(w->end, HTTP_UNREACHED);
	options.ca_file = str_of(cert);
	web_get_url(w, url, options);
	assert_int_equal(w->end, HTTP_DONE);
	assert_int_equal(w->status, 200);
	options.max_redirects = 3;
	snprintf(path, sizeof path, "https://127.0.0.1:%d/redirect/1?to=http://127.0.0.1:%d/ok",
		safe.port, w->server.port);
	web_get_url(w, path, options);
	assert_int_equal(w->status, 302);
	assert_non_null(strstr(w->message, "from https to http"));
	snprintf(path, sizeof path, "/redirect/1?to=https://127.0.0.1:%d/ok", safe.port);
	web_get(w, path, options);
	assert_int_equal(w->status, 200);
	snprintf(url, sizeof url, "https://127.0.0.2:%d/ok", named_otherwise.port);
	web_get_url(w, url, options);
	assert_int_equal(w->end, HTTP_UNREACHED);
	options.ca_file = STR("/no/such/file");
	snprintf(url, sizeof url, "https://127.0.0.1:%d/ok", safe.port);
	web_get_url(w, url, options);
	assert_int_equal(w->end, HTTP_UNREACHED);
	server_stop(&safe);
	server_stop(&named_otherwise);
	folder_remove(folder);
}

static void go_on(struct web *w)
{
	/* Nobody read: the server stands at what the kernel's buffers hold. */
	assert_int_equal(w->data_count, 1);
	w->at_data = NULL;
	http_pause(w->request, false);
}

static void pause_once(struct web *w)
{
	if (w->data_count > 1)
		return;
	w->act = go_on;
	http_pause(w->request, true);
	timer_start(w->timer, 400 * US_PER_MS);
}

static void nobody_reads_while_a_request_is_paused_and_nothing_is_lost(void **state)
{
	struct web *w = *state;
	w->at_data = pause_once;
	/* Shorter than the pause, in which no stall is seen. */
	struct http_options options = { .stall_us = 200 * US_PER_MS };
	web_get(w, "/big?bytes=50000000", options);
	assert_int_equal(w->end, HTTP_DONE);
	assert_int_equal(w->body.n, 50000000);
	w->at_data = pause_once;
	options.gzip = true;
	web_get(w, "/bomb?mb=1", options);
	assert_int_equal(w->end, HTTP_DONE);
	assert_int_equal(w->body.n, 1 << 20);
}

static void ask_how_much_was_sent(struct web *w)
{
	struct http_request *paused = w->request;
	w->at_data = NULL;
	http_cancel(paused);
	web_start(w, "/counters", NO_OPTIONS);
}

static void pause_and_ask(struct web *w)
{
	w->act = ask_how_much_was_sent;
	http_pause(w->request, true);
	timer_start(w->timer, 400 * US_PER_MS);
}

static void a_pause_reaches_the_sender(void **state)
{
	struct web *w = *state;
	w->at_data = pause_and_ask;
	web_get(w, "/big?bytes=500000000", (struct http_options){ 0 });
	int64_t sent;
	size_t at = str_find(buf_str(&w->body), STR("\"sent_bytes\": "));
	assert_int_not_equal(at, SIZE_MAX);
	struct str number = str_slice(buf_str(&w->body), at + 14, w->body.n);
	assert_true(str_to_int64(str_slice(number, 0, str_find_char(number, ',')), &sent));
	assert_true(sent < 50000000);
}

static void pause_in_vain(struct web *w)
{
	http_pause(w->request, true);
	http_pause(w->request, false);
	http_pause(w->request, false);
}

static void a_pause_taken_back_at_once_changes_nothing(void **state)
{
	struct web *w = *state;
	w->at_data = pause_in_vain;
	w->at_headers = pause_in_vain;
	w->at_end = pause_in_vain;
	web_get(w, "/big?bytes=1000000&chunked=1", NO_OPTIONS);
	assert_int_equal(w->end, HTTP_DONE);
	assert_int_equal(w->body.n, 1000000);
}

static void cancel(struct web *w)
{
	http_cancel(w->request);
	loop_stop(w->loop);
}

static void a_resolver_that_hangs_holds_up_nobody(void **state)
{
	struct web *w = *state;
	int64_t start_us = clock_monotonic_us();
	struct http_options options = { .connect_timeout_us = 200 * US_PER_MS };
	web_get_url(w, "http://hang.test/", options);
	assert_int_equal(w->end, HTTP_UNREACHED);
	options.timeout_us = 100 * US_PER_MS;
	web_get_url(w, "http://hang.test/", options);
	assert_int_equal(w->end, HTTP_TIMED_OUT);
	w->act = cancel;
	timer_start(w->timer, 100 * US_PER_MS);
	w->end_count = 0;
	options = (struct http_options){ .url = STR("http://hang.test/") };
	w->request = http_start(w->client, &options, &web_events, w);
	web_run(w);
	assert_int_equal(w->end_count, 0);
	assert_true(clock_monotonic_us() - start_us < 5 * US_PER_S);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, web_set_up, web_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_request_with_control_characters_is_refused_whole),
		CASE(a_body_of_max_bytes_is_taken_and_one_more_is_too_large),
		CASE(what_gzip_unfolds_counts),
		CASE(a_bomb_is_found_out_without_a_ceiling_too),
		CASE(a_hundred_header_lines_are_taken_and_one_more_is_not),
		CASE(redirects_are_answers_unless_asked_for),
		CASE(a_redirect_to_elsewhere_than_the_web_is_not_followed),
		CASE(time_runs_on_over_redirects),
		CASE(secrets_do_not_go_along_with_a_redirect),
		CASE(only_public_refuses_addresses_that_are_not),
		CASE(the_environments_proxy_is_not_asked),
		CASE(tls_trusts_only_who_it_should),
		CASE(nobody_reads_while_a_request_is_paused_and_nothing_is_lost),
		CASE(a_pause_reaches_the_sender),
		CASE(a_pause_taken_back_at_once_changes_nothing),
		CASE(a_resolver_that_hangs_holds_up_nobody),
	};
	return cmocka_run_group_tests_name("http limits", tests, NULL, NULL);
}
