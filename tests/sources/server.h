/* An HTTP server that plays a script: what it answers to the first, second and nth connection. On
 * the test's own loop, so nothing depends on the speed of anything. */
#pragma once

#include "tests/check.h"

#include "base/buf.h"
#include "net/loop.h"

enum server_after { SERVER_CLOSES, SERVER_HANGS };

struct server_step {
	struct str answer; /* sent once the whole request is there */
	enum server_after after;
	bool bytewise; /* a byte a turn of the loop */
	/* If the first step has one: each answers requests for its path, in turn, and the last of
	 * that path again and again. */
	const char *path;
};

struct server;

/* The last step is played again and again. steps must outlive the server. */
struct server *server_create(struct loop *loop, const struct server_step *steps, size_t step_count);
void server_destroy(struct server *server);
int server_port(const struct server *server);
size_t server_request_count(const struct server *server);
/* The request on the nth connection, as it came. */
struct str server_request(const struct server *server, size_t n);
/* How many requests had no whole answer yet when that one came, itself included, at most. */
size_t server_most_at_once(const struct server *server);
