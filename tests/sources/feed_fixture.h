/* A source of feeds against a server that plays a script. A second request follows a restart, which
 * asks at once, so that nothing waits for an interval. */
#pragma once

#include "tests/sources/harness.h"
#include "tests/sources/server.h"

struct fixture {
	struct harness h; /* first: what waits gets the harness */
	struct server *server;
	const char *options;
	size_t wanted_count;
};

#define PRIVATE "allow_private: true"
#define START(f, more, ...)                                 \
	const struct server_step steps[] = { __VA_ARGS__ }; \
	feed_start((f), steps, sizeof steps / sizeof *steps, (more))
#define ANSWER(head, body)                                                                   \
	{                                                                                    \
		.answer = { "HTTP/1.1 " head "\r\nConnection: close\r\n\r\n" body,           \
			sizeof("HTTP/1.1 " head "\r\nConnection: close\r\n\r\n" body) - 1 }, \
		.after = SERVER_CLOSES                                                       \
	}
#define ITEM(id, title) "<item><guid>" id "</guid><title>" title "</title></item>"
#define RSS(items) "<rss version='2.0'><channel><title>T</title>" items "</channel></rss>"

#define FEED_TEST(name) cmocka_unit_test_setup_teardown(name, feed_setup, feed_teardown)

int feed_setup(void **state);
int feed_teardown(void **state);
void feed_start(
	struct fixture *f, const struct server_step *steps, size_t count, const char *options);
/* As after a crash. */
void feed_start_again(struct fixture *f);
void feed_until_blocks(struct fixture *f, size_t count);
void feed_until_requests(struct fixture *f, size_t count); /* and until the answer was digested */
bool feed_brought(struct fixture *f, const char *part);
bool feed_asked(struct fixture *f, size_t n, const char *part);
