/* What a request asks and what it hears. Redirects are followed here and not by libcurl, which
 * would hand a caller's own headers (keys, tokens) on to strangers. */
#define _GNU_SOURCE

#include "net/http.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/address.h"
#include "net/request.h"

enum {
	CONNECT_TIMEOUT_MS = 10 * 1000,
	STREAM_BUFFER_BYTES = 64 * 1024,
	REDIRECT_BODY_MAX_BYTES = 64 * 1024, /* nobody reads it */
	/* What unfolds to more than a hundred times its size, past the first MiB, is an attack. */
	GZIP_RATIO_MAX = 100,
	GZIP_RATIO_FROM_BYTES = 1024 * 1024,
};

static void must(CURLcode code)
{
	assert(code == CURLE_OK);
	(void)code;
}

static void refuse(struct http_request *r, const char *why)
{
	if (r->state != REQUEST_REFUSED) /* the first reason is the one told */
		(void)snprintf(r->message, sizeof r->message, "%s", why); /* constants; they fit */
	r->state = REQUEST_REFUSED;
}

static long as_ms(int64_t us)
{
	return us <= 0 ? 0 : (long)((us + 999) / 1000);
}

/* NULL if there is none; to be freed by curl_free. */
static char *url_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	unsigned flags = part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0;
	return curl_url_get(url, part, &text, flags) == CURLUE_OK ? text : NULL;
}

static bool same_part(CURLU *a, CURLU *b, CURLUPart part)
{
	char *x = url_part(a, part), *y = url_part(b, part);
	bool same = x && y && str_eq_ignore_case(str_of(x), str_of(y));
	curl_free(x);
	curl_free(y);
	return same;
}

static bool has_scheme(CURLU *url, const char *scheme)
{
	char *text = url_part(url, CURLUPART_SCHEME);
	bool same = text && strcmp(text, scheme) == 0;
	curl_free(text);
	return same;
}

static bool url_is_clean(struct str url)
{
	return curl_text_is_clean(url) && str_find_char(url, ' ') == SIZE_MAX;
}

/* NULL and *why if it is no URL that we go to. The result is freed by curl_url_cleanup. */
static CURLU *parse_url(struct str text, const char **why)
{
	if (!url_is_clean(text)) {
		*why = "the address holds a space or a control character";
		return NULL;
	}
	CURLU *url = curl_url();
	char *copy = mem_text(text.p, text.n);
	CURLUcode code = curl_url_set(url, CURLUPART_URL, copy,
		CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE);
	curl_wipe_text(copy);
	if (code == CURLUE_OK && (has_scheme(url, "http") || has_scheme(url, "https")))
		return url;
	*why = code == CURLUE_USER_NOT_ALLOWED ? "the address holds a user name"
		: code == CURLUE_OK	       ? "the address is neither http nor https"
					       : "the address cannot be read";
	curl_url_cleanup(url);
	return NULL;
}

static char *url_text(CURLU *url)
{
	char *text = url_part(url, CURLUPART_URL);
	assert(text);
	char *copy = mem_text(text, strlen(text));
	curl_free(text);
	return copy;
}

/* Decides whether the answer is a redirect to be followed; then next_url is set. */
static void plan_redirect(struct http_request *r)
{
	const struct http_answer *answer = &r->reader.answer;
	bool redirect = answer->status == 301 || answer->status == 302 || answer->status == 303 ||
		answer->status == 307 || answer->status == 308;
	if (!redirect || r->max_redirects == 0 || r->has_body || !answer->location.p)
		return;
	if (r->redirects_left == 0) {
		(void)snprintf(r->message, sizeof r->message, "too many redirects");
		return;
	}
	CURLU *here = curl_url(), *there = curl_url();
	char *location = mem_text(answer->location.p, answer->location.n);
	const char *why = NULL;
	if (curl_url_set(here, CURLUPART_URL, r->url, 0) != CURLUE_OK ||
		curl_url_set(there, CURLUPART_URL, r->url, 0) != CURLUE_OK ||
		curl_url_set(there, CURLUPART_URL, location,
			CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE) !=
			CURLUE_OK)
		why = "the redirect's address cannot be read";
	else if (!has_scheme(there, "https") && !has_scheme(there, "http"))
		why = "the redirect is neither to http nor to https";
	else if (has_scheme(here, "https") && !has_scheme(there, "https"))
		why = "the redirect is from https to http";
	if (why) {
		(void)snprintf(r->message, sizeof r->message, "%s", why);
	} else {
		r->next_url = url_text(there);
		r->strange = r->strange || !same_part(here, there, CURLUPART_HOST);
		r->foreign = r->foreign || r->strange ||
			!same_part(here, there, CURLUPART_SCHEME) ||
			!same_part(here, there, CURLUPART_PORT);
	}
	mem_free(location);
	curl_url_cleanup(here);
	curl_url_cleanup(there);
}

static size_t got_header(char *p, size_t size, size_t n, void *ctx)
{
	struct http_request *r = ctx;
	size_t bytes = size * n;
	if (r->cancelled || r->stopped)
		return 0;
	switch (answer_line(&r->reader, (struct str){ p, bytes }, r->client->wall_us())) {
	case ANSWER_MORE:
		return bytes;
	case ANSWER_TOO_LARGE:
		(void)snprintf(r->message, sizeof r->message, "the headers are too large");
		r->too_large = true;
		return 0;
	case ANSWER_COMPLETE:
		break;
	}
	/* Not with each line: a header a minute is no sign of life. */
	r->last_byte_us = loop_now_us(r->client->loop);
	r->reader.answer.url = str_of(r->url);
	plan_redirect(r);
	if (r->next_url)
		return bytes;
	/* libcurl would unpack all that it can, and some formats want memory as they please. */
	if ((r->gzip && r->reader.packed_otherwise) || r->reader.packed_on_the_way) {
		(void)snprintf(r->message, sizeof r->message,
			"the answer is packed in a way that was not asked for");
		r->packed_otherwise = true;
		return 0;
	}
	r->stopped = r->events.headers && !r->events.headers(r->ctx, &r->reader.answer);
	return r->stopped || r->cancelled ? 0 : bytes;
}

static bool is_too_large(const struct http_request *r, size_t bytes)
{
	if (r->max_body_bytes && bytes > r->max_body_bytes - r->body_bytes)
		return true;
	if (!r->gzip || r->body_bytes < GZIP_RATIO_FROM_BYTES)
		return false;
	curl_off_t wire_bytes = 0;
	curl_easy_getinfo(r->easy, CURLINFO_SIZE_DOWNLOAD_T, &wire_bytes);
	/* Of chunks those of the buffer under way are not counted yet. */
	wire_bytes += STREAM_BUFFER_BYTES;
	return r->body_bytes / (size_t)wire_bytes >= GZIP_RATIO_MAX;
}

/* libcurl reads on for as long as there is something, a hundred buffers at a time: of a server that
 * sends faster than we can take, the others would see little of us. What is to be unpacked has its
 * ceilings, and cannot be held without all that its piece unfolds to. */
static bool had_its_turn(const struct http_request *r)
{
	return !r->gzip && clock_monotonic_us() - r->client->working_since_us > LOOP_TURN_US;
}

/* Goes on in the loop's next turn. */
static size_t hold(struct http_request *r)
{
	r->held = r->resume = true;
	r->turn = r->client->turn;
	client_kick(r->client);
	return CURL_WRITEFUNC_PAUSE;
}

static size_t got_body(char *p, size_t size, size_t n, void *ctx)
{
	struct http_request *r = ctx;
	size_t bytes = size * n;
	if (r->cancelled || r->stopped)
		return CURL_WRITEFUNC_ERROR;
	r->last_byte_us = loop_now_us(r->client->loop);
	if (r->next_url) {
		r->body_bytes += bytes;
		return r->body_bytes > REDIRECT_BODY_MAX_BYTES ? CURL_WRITEFUNC_ERROR : bytes;
	}
	if (r->paused) {
		r->held = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (had_its_turn(r))
		return hold(r);
	if (is_too_large(r, bytes)) {
		(void)snprintf(r->message, sizeof r->message, "the answer is too large");
		r->too_large = true;
		return CURL_WRITEFUNC_ERROR;
	}
	r->body_bytes += bytes;
	r->stopped = r->events.data && !r->events.data(r->ctx, (struct str){ p, bytes });
	return r->stopped || r->cancelled ? CURL_WRITEFUNC_ERROR : bytes;
}

static void refuse_address(struct http_request *r, const char *address)
{
	r->address_refused = true;
	(void)snprintf(r->message, sizeof r->message, "the address %s is not public", address);
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)purpose;
	struct http_request *r = ctx;
	if (r->only_public && !address_is_public(&address->addr)) {
		char text[ADDRESS_TEXT_BYTES];
		address_format(&address->addr, text);
		refuse_address(r, text);
		return CURL_SOCKET_BAD;
	}
	r->address_tried = true;
	return curl_open_plain_socket(address->family, address->socktype, address->protocol);
}

/* A connection that a request with other rights has left open is checked as well. */
static int check_connection(void *ctx, char *address, char *local_address, int port, int local_port)
{
	(void)local_address;
	(void)port;
	(void)local_port;
	struct http_request *r = ctx;
	if (!r->only_public || address_text_is_public(address))
		return CURL_PREREQFUNC_OK;
	refuse_address(r, address);
	return CURL_PREREQFUNC_ABORT;
}

/* May go to another origin after a redirect; all else may be a secret. */
static bool is_harmless(struct str header)
{
	static const struct str names[] = {
		{ "accept:", 7 },
		{ "accept-language:", 16 },
		{ "if-modified-since:", 18 },
		{ "if-none-match:", 14 },
		{ "user-agent:", 11 },
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_eq_ignore_case(str_slice(header, 0, names[i].n), names[i]))
			return true;
	}
	return false;
}

static bool names_header(const struct http_request *r, struct str name)
{
	for (size_t i = 0; i < r->header_count; i++) {
		if (str_eq_ignore_case(str_slice(str_of(r->headers[i]), 0, name.n), name))
			return true;
	}
	return false;
}

static void set_header_list(struct http_request *r)
{
	struct curl_slist *list = NULL;
	for (size_t i = 0; i < r->header_count; i++) {
		struct str header = str_of(r->headers[i]);
		if (r->foreign && !is_harmless(header))
			continue;
		list = curl_slist_append(list, r->headers[i]);
	}
	if (r->authorization)
		list = curl_slist_append(list, r->authorization);
	/* What libcurl would add of itself. */
	list = curl_slist_append(list, "Expect:");
	if (r->has_body && !names_header(r, STR("content-type:")))
		list = curl_slist_append(list, "Content-Type:");
	must(curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, list));
	curl_wipe_list(r->header_list);
	r->header_list = list;
}

/* libcurl's own spelling of "Name:" without a value is "Name;". */
static char *header_text(struct str header)
{
	size_t colon = str_find_char(header, ':');
	char *text = mem_text(header.p, header.n);
	if (str_trim(str_slice(header, colon + 1, header.n)).n == 0) {
		text[colon] = ';';
		text[colon + 1] = '\0';
	}
	return text;
}

static bool header_is_good(struct str header)
{
	size_t colon = str_find_char(header, ':');
	return curl_text_is_clean(header) && colon != SIZE_MAX && colon > 0 &&
		str_find_char(str_slice(header, 0, colon), ' ') == SIZE_MAX;
}

static void copy_headers(struct http_request *r, const struct http_options *options)
{
	r->headers = mem_zero(options->header_count + 1, sizeof *r->headers);
	for (size_t i = 0; i < options->header_count; i++) {
		if (!header_is_good(options->headers[i])) {
			refuse(r, "a header holds a control character or is none");
			return;
		}
		r->headers[r->header_count++] = header_text(options->headers[i]);
	}
	if (!options->bearer.p)
		return;
	if (!curl_text_is_clean(options->bearer)) {
		refuse(r, "the bearer token holds a control character");
		return;
	}
	struct buf text;
	buf_init(&text, 0);
	buf_addf(&text, "Authorization: Bearer %.*s", STR_ARGS(options->bearer));
	r->authorization = mem_text(text.p, text.n);
	explicit_bzero(text.p, text.n);
	buf_finish(&text);
}

static bool method_is_good(struct str method)
{
	for (size_t i = 0; i < method.n; i++) {
		if (method.p[i] < 'A' || method.p[i] > 'Z')
			return false;
	}
	return method.n > 0;
}

static void set_method(struct http_request *r, const struct http_options *options)
{
	CURL *easy = r->easy;
	struct str method = options->method;
	if (!method.p)
		method = options->body.p ? STR("POST") : STR("GET");
	if (!method_is_good(method)) {
		refuse(r, "the method is none");
		return;
	}
	r->has_body = options->body.p || str_eq(method, STR("POST"));
	if (r->has_body) {
		buf_init(&r->body, 0);
		buf_add(&r->body, options->body);
		must(curl_easy_setopt(easy, CURLOPT_POST, 1L));
		must(curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n));
		must(curl_easy_setopt(easy, CURLOPT_POSTFIELDS, buf_str(&r->body).p));
	}
	if (str_eq(method, STR("HEAD"))) {
		must(curl_easy_setopt(easy, CURLOPT_NOBODY, 1L));
	} else {
		char *text = mem_text(method.p, method.n);
		must(curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, text));
		mem_free(text);
		if (r->max_body_bytes)
			must(curl_easy_setopt(
				easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)r->max_body_bytes));
	}
}

static void set_callbacks(struct http_request *r)
{
	CURL *easy = r->easy;
	must(curl_easy_setopt(easy, CURLOPT_PRIVATE, r));
	must(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, got_header));
	must(curl_easy_setopt(easy, CURLOPT_HEADERDATA, r));
	must(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, got_body));
	must(curl_easy_setopt(easy, CURLOPT_WRITEDATA, r));
	must(curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket));
	must(curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, r));
	must(curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, check_connection));
	must(curl_easy_setopt(easy, CURLOPT_PREREQDATA, r));
}

static void set_options(struct http_request *r, const struct http_options *options)
{
	CURL *easy = r->easy;
	curl_set_common(easy, options->ca_file, r->error_text);
	must(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https"));
	/* HTTP/2's windows would let a sender fill 32 MB of ours while a request is paused. */
	must(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1));
	must(curl_easy_setopt(easy, CURLOPT_USERAGENT, "vigie"));
	if (options->gzip)
		must(curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip"));
	if (options->timeout_us == 0)
		must(curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)STREAM_BUFFER_BYTES));
	long connect_ms = options->connect_timeout_us ? as_ms(options->connect_timeout_us)
						      : CONNECT_TIMEOUT_MS;
	must(curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms));
	must(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, as_ms(options->timeout_us)));
}

struct http_request *http_start(struct http_client *client, const struct http_options *options,
	const struct http_events *events, void *ctx)
{
	struct http_request *r = mem_zero(1, sizeof *r);
	const char *why = NULL;
	r->events = *events;
	r->ctx = ctx;
	r->easy = curl_easy_init();
	assert(r->easy && events->end);
	answer_init(&r->reader);
	r->gzip = options->gzip;
	r->only_public = options->only_public;
	r->private_redirects = options->private_redirects;
	r->max_body_bytes = options->max_body_bytes;
	r->timeout_us = options->timeout_us;
	r->stall_us = options->stall_us;
	r->max_redirects = r->redirects_left = options->max_redirects;
	if (!curl_text_is_clean(options->ca_file))
		refuse(r, "the path of the certificates holds a control character");
	set_options(r, options);
	set_callbacks(r);
	set_method(r, options);
	copy_headers(r, options);
	CURLU *url = parse_url(options->url, &why);
	if (url) {
		r->url = url_text(url);
		must(curl_easy_setopt(r->easy, CURLOPT_URL, r->url));
		set_header_list(r);
	} else {
		refuse(r, why);
	}
	curl_url_cleanup(url);
	client_add(client, r);
	return r;
}

/* A redirect by a host of the public internet, or to another one. The first holds for a name that
 * was public a moment ago, too. */
static bool leaves_home(const struct http_request *r)
{
	char *address = NULL;
	if (r->strange)
		return true;
	curl_easy_getinfo(r->easy, CURLINFO_PRIMARY_IP, &address);
	return !address || !address[0] || address_text_is_public(address);
}

void request_follow(struct http_request *r)
{
	curl_wipe_text(r->url);
	r->url = r->next_url;
	r->next_url = NULL;
	r->redirects_left--;
	r->only_public = r->only_public || (!r->private_redirects && leaves_home(r));
	r->body_bytes = 0;
	r->error_text[0] = '\0';
	r->address_refused = r->address_tried = false;
	answer_reset(&r->reader);
	curl_wipe_text(r->authorization);
	r->authorization = NULL;
	set_header_list(r);
	must(curl_easy_setopt(r->easy, CURLOPT_URL, r->url));
	if (r->timeout_us == 0)
		return;
	int64_t spent_us = loop_now_us(r->client->loop) - r->started_us;
	int64_t left_us = r->timeout_us - spent_us;
	must(curl_easy_setopt(r->easy, CURLOPT_TIMEOUT_MS, left_us > 1000 ? as_ms(left_us) : 1L));
}

void request_free(struct http_request *r)
{
	timer_destroy(r->stall);
	curl_easy_cleanup(r->easy);
	curl_wipe_list(r->header_list);
	for (size_t i = 0; i < r->header_count; i++)
		curl_wipe_text(r->headers[i]);
	mem_free(r->headers);
	curl_wipe_text(r->authorization);
	curl_wipe_text(r->url);
	curl_wipe_text(r->next_url);
	buf_finish(&r->body);
	answer_finish(&r->reader);
	mem_free(r);
}

void http_cancel(struct http_request *r)
{
	if (r)
		client_drop(r);
}

void http_pause(struct http_request *r, bool paused)
{
	if (r->state == REQUEST_ENDING || r->paused == paused)
		return;
	r->paused = paused;
	r->resume = !paused && r->held;
	if (!r->resume)
		return;
	r->turn = r->client->turn;
	client_kick(r->client);
}
