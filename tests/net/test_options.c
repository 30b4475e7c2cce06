/* What libcurl is told, read back where it is told: each way to the network closes each door that
 * libcurl leaves open, whoever writes the next one. */
#define _GNU_SOURCE

#include "tests/check.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "net/dial.h"
#include "net/http.h"
#include "net/smtp.h"

enum { SEEN_MAX = 200 };

static struct seen {
	CURLoption option;
	void *value;
	char text[64]; /* of those that are texts */
} seen[SEEN_MAX];

static size_t seen_count;

/* As all parameters are of the size of a pointer here, one form does for all. */
static CURLcode record(CURL *easy, CURLoption option, void *value)
{
	static CURLcode (*real)(CURL * easy, CURLoption option, ...);
	struct seen *s = &seen[seen_count++];
	assert_true(seen_count < SEEN_MAX);
	*s = (struct seen){ option, value, "" };
	if (option == CURLOPT_PROTOCOLS_STR || option == CURLOPT_REDIR_PROTOCOLS_STR ||
		option == CURLOPT_PROXY || option == CURLOPT_ACCEPT_ENCODING)
		snprintf(s->text, sizeof s->text, "%s", value ? (const char *)value : "(null)");
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "curl_easy_setopt");
	return real(easy, option, value);
}

CURLcode(curl_easy_setopt)(CURL *easy, CURLoption option, ...)
{
	va_list arguments;
	va_start(arguments, option);
	void *value = va_arg(arguments, void *);
	va_end(arguments);
	return record(easy, option, value);
}

/* What was said last. */
static const struct seen *last(CURLoption option)
{
	for (size_t i = seen_count; i-- > 0;)
		if (seen[i].option == option)
			return &seen[i];
	return NULL;
}

#define IS(option, number) check_number(#option, option, number)
#define TEXT(option, text) check_option_text(#option, option, text)

static void check_number(const char *name, CURLoption option, long value)
{
	const struct seen *s = last(option);
	if (!s || (long)(intptr_t)s->value != value)
		fail_msg("%s is %ld instead of %ld", name, s ? (long)(intptr_t)s->value : -1L,
			value);
}

static void check_option_text(const char *name, CURLoption option, const char *text)
{
	const struct seen *s = last(option);
	if (!s || strcmp(s->text, text) != 0)
		fail_msg("%s is '%s' instead of '%s'", name, s ? s->text : "nothing", text);
}

static void check_common(void)
{
	IS(CURLOPT_VERBOSE, 0);
	IS(CURLOPT_NOSIGNAL, 1);
	IS(CURLOPT_FOLLOWLOCATION, 0);
	IS(CURLOPT_MAXREDIRS, 0);
	TEXT(CURLOPT_REDIR_PROTOCOLS_STR, "https");
	IS(CURLOPT_UNRESTRICTED_AUTH, 0);
	IS(CURLOPT_HTTP09_ALLOWED, 0);
	IS(CURLOPT_NETRC, CURL_NETRC_IGNORED);
	IS(CURLOPT_DISALLOW_USERNAME_IN_URL, 1);
	IS(CURLOPT_SSL_VERIFYPEER, 1);
	IS(CURLOPT_SSL_VERIFYHOST, 2);
	IS(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	IS(CURLOPT_MAXLIFETIME_CONN, 300);
	IS(CURLOPT_DNS_CACHE_TIMEOUT, 60);
	IS(CURLOPT_TCP_KEEPALIVE, 1);
	assert_non_null(last(CURLOPT_OPENSOCKETFUNCTION));
	/* What would keep something of a server, or take it from the environment. */
	static const CURLoption never[] = { CURLOPT_COOKIEFILE, CURLOPT_COOKIEJAR, CURLOPT_HSTS,
		CURLOPT_HSTS_CTRL, CURLOPT_ALTSVC, CURLOPT_ALTSVC_CTRL, CURLOPT_SSL_OPTIONS,
		CURLOPT_TRANSFER_ENCODING, CURLOPT_FTPPORT };
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		assert_null(last(never[i]));
}

static void on_http_end(
	void *ctx, enum http_end end, const struct http_answer *answer, const char *message)
{
	(void)end;
	(void)answer;
	(void)message;
	loop_stop(ctx);
}

static void ask(const struct http_options *options)
{
	static const struct http_events events = { .end = on_http_end };
	struct loop *loop = loop_create();
	struct http_client *client = http_client_create(loop);
	seen_count = 0;
	(void)http_start(client, options, &events, loop);
	loop_run(loop);
	http_client_destroy(client);
	loop_destroy(loop);
	check_common();
	TEXT(CURLOPT_PROTOCOLS_STR, "http,https");
	TEXT(CURLOPT_PROXY, "");
	IS(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	assert_non_null(last(CURLOPT_PREREQFUNCTION));
	assert_non_null(last(CURLOPT_HEADERFUNCTION));
	assert_non_null(last(CURLOPT_WRITEFUNCTION));
}

static void requests_and_streams_have_their_options(void **state)
{
	(void)state;
	struct http_options options = { .url = STR("http://127.0.0.1:1/") };
	ask(&options);
	IS(CURLOPT_CONNECTTIMEOUT_MS, 10 * 1000);
	IS(CURLOPT_TIMEOUT_MS, 0);
	assert_null(last(CURLOPT_ACCEPT_ENCODING));
	options.timeout_us = 15 * US_PER_S;
	options.gzip = true;
	options.max_body_bytes = 1000;
	options.connect_timeout_us = 2 * US_PER_S;
	ask(&options);
	IS(CURLOPT_CONNECTTIMEOUT_MS, 2 * 1000);
	IS(CURLOPT_TIMEOUT_MS, 15 * 1000);
	IS(CURLOPT_MAXFILESIZE_LARGE, 1000);
	TEXT(CURLOPT_ACCEPT_ENCODING, "gzip");
}

static void on_connected(void *ctx, const char *message)
{
	(void)message;
	loop_stop(ctx);
}

static void call(struct str proxy)
{
	static const struct dial_events events = { .connected = on_connected };
	struct loop *loop = loop_create();
	const struct dial_options options = {
		.url = "https://127.0.0.1:1/", .proxy = proxy, .timeout_us = 5 * US_PER_S
	};
	seen_count = 0;
	struct dial *d = dial_start(loop, &options, &events, loop);
	loop_run(loop);
	dial_destroy(d);
	loop_destroy(loop);
	check_common();
	TEXT(CURLOPT_PROTOCOLS_STR, "http,https");
	IS(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	IS(CURLOPT_CONNECT_ONLY, 1);
	IS(CURLOPT_CONNECTTIMEOUT_MS, 5 * 1000);
}

static void websockets_have_their_options(void **state)
{
	(void)state;
	call(STR_NONE);
	TEXT(CURLOPT_PROXY, "");
	call(STR("https://127.0.0.1:1"));
	TEXT(CURLOPT_PROXY, "https://127.0.0.1:1");
	IS(CURLOPT_PROXY_SSL_VERIFYPEER, 1);
	IS(CURLOPT_PROXY_SSL_VERIFYHOST, 2);
	IS(CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	IS(CURLOPT_HTTPPROXYTUNNEL, 1);
}

static void on_mail_end(void *ctx, enum smtp_end end, int code, const char *message)
{
	(void)end;
	(void)code;
	(void)message;
	loop_stop(ctx);
}

static void mails_have_their_options(void **state)
{
	(void)state;
	struct str to = STR("b@example.org");
	struct loop *loop = loop_create();
	struct http_client *client = http_client_create(loop);
	const struct smtp_options options = { .url = STR("smtp://127.0.0.1:1"),
		.from = STR("a@example.org"),
		.to = { &to, 1 },
		.message = STR("Subject: x\r\n\r\nx\r\n"),
		.tls = SMTP_TLS_REQUIRED };
	seen_count = 0;
	(void)smtp_start(client, &options, on_mail_end, loop);
	loop_run(loop);
	http_client_destroy(client);
	loop_destroy(loop);
	check_common();
	TEXT(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	TEXT(CURLOPT_PROXY, "");
	IS(CURLOPT_USE_SSL, CURLUSESSL_ALL);
	IS(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 0);
	IS(CURLOPT_CONNECTTIMEOUT_MS, 10 * 1000);
	IS(CURLOPT_TIMEOUT_MS, 30 * 1000);
	IS(CURLOPT_SERVER_RESPONSE_TIMEOUT, 31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_and_streams_have_their_options),
		cmocka_unit_test(websockets_have_their_options),
		cmocka_unit_test(mails_have_their_options),
	};
	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
