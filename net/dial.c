#include "net/dial.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "base/mem.h"
#include "net/client.h"
#include "net/multi.h"

static_assert((int)DIAL_MESSAGE_BYTES >= CURL_ERROR_SIZE, "libcurl writes that much");

struct dial {
	struct loop *loop;
	struct dial_events events;
	void *ctx;
	struct multi multi;
	CURL *easy;
	struct fd_watch *watch; /* ours, once connected */
	char message[DIAL_MESSAGE_BYTES];
};

static void must(CURLcode code)
{
	assert(code == CURLE_OK);
	(void)code;
}

static void must_multi(CURLMcode code)
{
	assert(code == CURLM_OK);
	(void)code;
}

static void became_ready(void *ctx, int events)
{
	struct dial *d = ctx;
	d->events.ready(d->ctx, events);
}

static void finish(struct dial *d, CURLcode code)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	timer_stop(d->multi.timer);
	if (code == CURLE_OK)
		must(curl_easy_getinfo(d->easy, CURLINFO_ACTIVESOCKET, &fd));
	if (code == CURLE_OK && fd != CURL_SOCKET_BAD)
		d->watch = fd_watch_create(d->loop, fd, became_ready, d);
	if (d->watch) {
		d->events.connected(d->ctx, NULL);
		return;
	}
	if (code == CURLE_USE_SSL_FAILED)
		(void)snprintf(d->message, sizeof d->message, "the server offers no TLS");
	if (!d->message[0])
		(void)snprintf(d->message, sizeof d->message, "%s", curl_easy_strerror(code));
	d->events.connected(d->ctx, d->message);
}

static void drive(void *ctx, int fd, int mask)
{
	struct dial *d = ctx;
	int running, left;
	must_multi(curl_multi_socket_action(d->multi.curl, fd, mask, &running));
	const CURLMsg *message = curl_multi_info_read(d->multi.curl, &left);
	if (message && message->msg == CURLMSG_DONE)
		finish(d, message->data.result); /* d may be gone afterwards */
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)ctx;
	(void)purpose;
	return curl_open_plain_socket(address->family, address->socktype, address->protocol);
}

static void set_proxy(CURL *easy, struct str proxy)
{
	if (!proxy.p)
		return; /* curl_set_common has ruled it out */
	char *text = mem_text(proxy.p, proxy.n);
	must(curl_easy_setopt(easy, CURLOPT_PROXY, text));
	must(curl_easy_setopt(easy, CURLOPT_NOPROXY, ""));
	must(curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1L));
	must(curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2L));
	must(curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
	/* Without TLS too: the proxy is to carry bytes, not to read them. */
	must(curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L));
	must(curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L));
	curl_wipe_text(text);
}

/* libcurl reads the greeting and does STARTTLS; without a user it logs nobody in. */
static void set_protocol(CURL *easy, const struct dial_options *options)
{
	const bool imap = strncmp(options->url, "imap", 4) == 0;
	must(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, imap ? "imap,imaps" : "http,https"));
	if (!imap)
		return;
	must(curl_easy_setopt(
		easy, CURLOPT_USE_SSL, (long)(options->plain ? CURLUSESSL_NONE : CURLUSESSL_ALL)));
	/* TLS would offer HTTP otherwise. */
	must(curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L));
}

static void set_options(struct dial *d, const struct dial_options *options)
{
	CURL *easy = d->easy;
	const long ms = (long)((options->timeout_us + 999) / 1000);
	curl_set_common(easy, options->ca_file, d->message);
	must(curl_easy_setopt(easy, CURLOPT_URL, options->url));
	set_protocol(easy, options);
	must(curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L));
	/* Else TLS would offer HTTP/2, and the server take it. */
	must(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1));
	must(curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, ms));
	must(curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket));
	must(curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L));
	set_proxy(easy, options->proxy);
}

struct dial *dial_start(struct loop *loop, const struct dial_options *options,
	const struct dial_events *events, void *ctx)
{
	struct dial *d = mem_zero(1, sizeof *d);
	d->loop = loop;
	d->events = *events;
	d->ctx = ctx;
	must(curl_global_init(CURL_GLOBAL_DEFAULT));
	multi_init(&d->multi, loop, drive, d);
	d->easy = curl_easy_init();
	assert(d->easy);
	set_options(d, options);
	/* It asks for its timer, and begins when that fires. */
	must_multi(curl_multi_add_handle(d->multi.curl, d->easy));
	return d;
}

void dial_destroy(struct dial *d)
{
	if (!d)
		return;
	fd_watch_destroy(d->watch);
	(void)curl_multi_remove_handle(d->multi.curl, d->easy); /* closes the connection */
	curl_easy_cleanup(d->easy);
	multi_finish(&d->multi);
	mem_free(d);
	curl_global_cleanup();
}

static ssize_t result(CURLcode code, size_t n)
{
	if (code == CURLE_OK)
		return (ssize_t)n;
	return code == CURLE_AGAIN ? -EAGAIN : -EIO;
}

ssize_t dial_write(struct dial *d, const char *p, size_t n)
{
	size_t done = 0;
	const CURLcode code = curl_easy_send(d->easy, p, n, &done);
	return code == CURLE_OK && done == 0 ? -EAGAIN : result(code, done);
}

ssize_t dial_read(struct dial *d, char *p, size_t n)
{
	size_t done = 0;
	const CURLcode code = curl_easy_recv(d->easy, p, n, &done);
	return result(code, done);
}

void dial_watch(struct dial *d, int events)
{
	if (d->watch)
		fd_watch_start(d->watch, events);
}
