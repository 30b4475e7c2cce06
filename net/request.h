/* One HTTP request under way, shared by http.c (what it asks, what it hears) and http_client.c
 * (when it runs). Within net/ only.
 *
 *     WAITING   for the next turn of the loop, then libcurl has it
 *     REFUSED   bad from the start; ends in the next turn
 *     RUNNING   libcurl has it
 *     ENDING    `end` is being called: nothing may be done with it any more */
#pragma once

#include "base/buf.h"
#include "net/answer.h"
#include "net/client.h"

enum request_state { REQUEST_WAITING, REQUEST_REFUSED, REQUEST_RUNNING, REQUEST_ENDING };

enum { REQUEST_MESSAGE_BYTES = 256 /* CURL_ERROR_SIZE */ };

struct http_request {
	struct http_client *client;
	struct http_request *next, *previous; /* http_client.requests */
	enum request_state state;
	uint64_t turn; /* when it was started or resumed */
	struct http_events events;
	void *ctx;

	/* What is asked. */
	void *easy;
	char *url;
	char **headers;
	size_t header_count;
	char *authorization; /* the whole header; gone after a redirect */
	void *header_list; /* what libcurl sends */
	struct buf body;
	bool has_body, gzip, only_public, private_redirects;
	size_t max_body_bytes;
	int64_t timeout_us, stall_us;
	int max_redirects, redirects_left;

	/* How it goes. */
	struct answer_reader reader;
	size_t body_bytes; /* decoded */
	struct timer *stall;
	int64_t started_us, last_byte_us;
	char *next_url; /* a redirect to be followed */
	bool foreign; /* redirected to another origin */
	bool strange; /* redirected to another host */
	bool paused; /* by the caller */
	bool held; /* libcurl knows of the pause */
	bool resume; /* libcurl is to go on */
	bool cancelled; /* no callback any more; freed as soon as libcurl allows */
	bool stopped; /* a callback returned false */
	bool too_large;
	bool packed_otherwise; /* not as we asked */
	bool address_refused, address_tried; /* of a name's addresses one was not public, one was */
	char message[REQUEST_MESSAGE_BYTES];
	char error_text[REQUEST_MESSAGE_BYTES]; /* libcurl's */
};

/* http.c */
void request_follow(struct http_request *r); /* turns it to next_url */
void request_free(struct http_request *r);

/* http_client.c */
void client_add(struct http_client *client, struct http_request *r);
void client_kick(struct http_client *client);
void client_drop(struct http_request *r); /* cancels it, now or as soon as libcurl allows */
