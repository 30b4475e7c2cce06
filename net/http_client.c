/* libcurl's multi interface on the loop. libcurl calls us back from within its own functions, where
 * it may not be called again; so whatever a callback asks for (start, cancel, resume) is noted and
 * done afterwards, in `kick` or on the way out of `drive`. `end` is never called from within
 * libcurl. */
#include "net/http.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/request.h"

static_assert((int)REQUEST_MESSAGE_BYTES >= CURL_ERROR_SIZE, "libcurl writes that much");

enum {
	IDLE_CONNECTIONS_MAX = 32,
	CLOCKS_DIFFER_US = 20 * 1000, /* libcurl's time-outs and our clock, both in whole ms */
};

static void enter(struct http_client *client)
{
	client->depth++;
}

static void unlink_request(struct http_request *r)
{
	if (r->previous)
		r->previous->next = r->next;
	else
		r->client->requests = r->next;
	if (r->next)
		r->next->previous = r->previous;
	r->next = r->previous = NULL;
}

static void remove_handle(struct http_request *r)
{
	if (r->state != REQUEST_RUNNING)
		return;
	r->client->in_curl = true;
	curl_multi_remove_handle(r->client->multi.curl, r->easy);
	r->client->in_curl = false;
}

static void drop_now(struct http_request *r)
{
	remove_handle(r);
	unlink_request(r);
	request_free(r);
}

void client_drop(struct http_request *r)
{
	if (r->state == REQUEST_ENDING || r->cancelled)
		return;
	r->cancelled = true;
	if (!r->client->in_curl)
		drop_now(r);
}

static void client_free(struct http_client *client)
{
	while (client->requests)
		client_drop(client->requests);
	smtp_drop_all(client);
	client->in_curl = true; /* its callbacks for sockets still come */
	multi_finish(&client->multi);
	timer_destroy(client->kick);
	mem_free(client);
	curl_global_cleanup();
}

static void leave(struct http_client *client)
{
	if (--client->depth == 0 && client->destroyed)
		client_free(client);
}

static void end(struct http_request *r, enum http_end how)
{
	struct http_client *client = r->client;
	remove_handle(r);
	unlink_request(r);
	r->state = REQUEST_ENDING;
	const char *message = r->message[0] ? r->message : "";
	if (!message[0] && how != HTTP_DONE)
		message = r->error_text;
	enter(client);
	r->events.end(r->ctx, how, &r->reader.answer, message);
	request_free(r);
	leave(client);
}

static void say(struct http_request *r, const char *message)
{
	if (!r->message[0])
		(void)snprintf(r->message, sizeof r->message, "%s", message); /* cut is fine */
}

static bool is_timeout_of_all(const struct http_request *r)
{
	int64_t spent_us = loop_now_us(r->client->loop) - r->started_us;
	return r->timeout_us > 0 &&
		(r->reader.answer.status != 0 || spent_us + CLOCKS_DIFFER_US >= r->timeout_us);
}

static enum http_end end_of(struct http_request *r, CURLcode code)
{
	if (r->too_large)
		return HTTP_TOO_LARGE;
	if (r->packed_otherwise)
		return HTTP_BROKEN;
	if (r->stopped || (code == CURLE_OK && r->reader.complete))
		return HTTP_DONE;
	if (code == CURLE_OK) { /* libcurl is content with a status line */
		say(r, "the headers broke off");
		return HTTP_BROKEN;
	}
	if (r->address_refused && !r->address_tried &&
		(code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK))
		return HTTP_REFUSED;
	r->message[0] = '\0'; /* libcurl's word counts */
	say(r, r->error_text[0] ? r->error_text : curl_easy_strerror(code));
	switch (code) {
	case CURLE_URL_MALFORMAT:
	case CURLE_LOGIN_DENIED:
		return HTTP_REFUSED;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_PEER_FAILED_VERIFICATION:
		return HTTP_UNREACHED;
	case CURLE_OPERATION_TIMEDOUT:
		return is_timeout_of_all(r) ? HTTP_TIMED_OUT : HTTP_UNREACHED;
	case CURLE_FILESIZE_EXCEEDED:
		return HTTP_TOO_LARGE;
	default:
		return HTTP_BROKEN;
	}
}

static void begin(struct http_request *r)
{
	r->state = REQUEST_RUNNING;
	r->client->in_curl = true;
	CURLMcode code = curl_multi_add_handle(r->client->multi.curl, r->easy);
	r->client->in_curl = false;
	assert(code == CURLM_OK);
	(void)code;
}

/* libcurl has let go of it; the handle is still in the multi. */
static void request_finished(struct http_request *r, CURLcode code)
{
	if (r->cancelled) {
		drop_now(r);
		return;
	}
	bool follow = r->next_url && code != CURLE_OPERATION_TIMEDOUT && !r->too_large;
	if (follow) {
		remove_handle(r);
		r->state = REQUEST_WAITING;
		request_follow(r);
		begin(r);
		return;
	}
	end(r, end_of(r, code));
}

static void harvest(struct http_client *client)
{
	int left;
	CURLMsg *message;
	while (!client->destroyed && (message = curl_multi_info_read(client->multi.curl, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		CURLcode code = message->data.result;
		char *r = NULL;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &r);
		request_finished((struct http_request *)(void *)r, code);
	}
}

/* What was cancelled while libcurl was at work. */
static void sweep(struct http_client *client)
{
	struct http_request *r = client->requests;
	while (r) {
		struct http_request *next = r->next;
		if (r->cancelled)
			drop_now(r);
		r = next;
	}
}

static void drive(void *ctx, int fd, int mask)
{
	struct http_client *client = ctx;
	int running;
	enter(client);
	client->in_curl = true;
	client->working_since_us = clock_monotonic_us();
	curl_multi_socket_action(client->multi.curl, fd, mask, &running);
	client->in_curl = false;
	sweep(client);
	harvest(client);
	leave(client);
}

static void resume(struct http_request *r)
{
	struct http_client *client = r->client;
	r->resume = r->held = false;
	r->last_byte_us = loop_now_us(client->loop);
	client->in_curl = true;
	client->working_since_us = clock_monotonic_us();
	CURLcode code = curl_easy_pause(r->easy, CURLPAUSE_CONT);
	client->in_curl = false;
	if (code != CURLE_OK)
		request_finished(r, code);
	sweep(client);
	if (!client->destroyed)
		harvest(client);
}

/* The next request that waits for something since before this turn. */
static struct http_request *next_waiting(struct http_client *client)
{
	for (struct http_request *r = client->requests; r; r = r->next) {
		if (r->turn < client->turn &&
			(r->state == REQUEST_WAITING || r->state == REQUEST_REFUSED || r->resume))
			return r;
	}
	return NULL;
}

static void kicked(void *ctx)
{
	struct http_client *client = ctx;
	struct http_request *r;
	enter(client);
	client->turn++;
	while (!client->destroyed && (r = next_waiting(client))) {
		if (r->state == REQUEST_REFUSED) {
			end(r, HTTP_REFUSED);
		} else if (r->state == REQUEST_WAITING) {
			r->started_us = r->last_byte_us = loop_now_us(client->loop);
			if (r->stall)
				timer_start(r->stall, r->stall_us);
			begin(r);
		} else {
			resume(r);
		}
	}
	leave(client);
}

static void stall_fired(void *ctx)
{
	struct http_request *r = ctx;
	int64_t now_us = loop_now_us(r->client->loop);
	/* Nobody can say that a server stalls while we do not listen. */
	if (r->paused || r->held)
		r->last_byte_us = now_us;
	int64_t left_us = r->last_byte_us + r->stall_us - now_us;
	if (left_us > 0) {
		timer_start(r->stall, left_us);
		return;
	}
	(void)snprintf(r->message, sizeof r->message, "nothing came for %lld s",
		(long long)(r->stall_us / US_PER_S));
	end(r, HTTP_STALLED);
}

struct http_client *http_client_create(struct loop *loop)
{
	struct http_client *client = mem_zero(1, sizeof *client);
	CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
	client->loop = loop;
	client->wall_us = clock_wall_us;
	assert(global == CURLE_OK);
	(void)global;
	multi_init(&client->multi, loop, drive, client);
	client->kick = timer_create_on(loop, kicked, client);
	curl_multi_setopt(client->multi.curl, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS_MAX);
	return client;
}

void http_client_destroy(struct http_client *client)
{
	if (!client || client->destroyed)
		return;
	client->destroyed = true;
	/* Within a callback: all are cancelled now, the rest follows on the way out. */
	for (struct http_request *r = client->requests, *next; r; r = next) {
		next = r->next;
		client_drop(r);
	}
	enter(client);
	leave(client);
}

void http_client_set_clock(struct http_client *client, int64_t (*wall_us)(void))
{
	client->wall_us = wall_us;
}

void client_kick(struct http_client *client)
{
	timer_start(client->kick, 0);
}

void client_add(struct http_client *client, struct http_request *r)
{
	r->client = client;
	r->turn = client->turn;
	r->next = client->requests;
	if (r->next)
		r->next->previous = r;
	client->requests = r;
	if (r->stall_us > 0)
		r->stall = timer_create_on(client->loop, stall_fired, r);
	client_kick(client);
}
