#define _GNU_SOURCE
#include "tests/sources/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

enum { MAX_CONNECTIONS = 64, MAX_STEPS = 64, REQUEST_MAX_BYTES = 256 * 1024 };

struct connection {
	struct server *server;
	const struct server_step *step;
	int fd;
	struct fd_watch *watch; /* NULL: over */
	struct buf request;
	size_t sent;
	bool asked; /* the request is whole */
};

struct server {
	struct loop *loop;
	const struct server_step *steps;
	size_t step_count;
	int fd, port;
	struct fd_watch *watch;
	struct connection connections[MAX_CONNECTIONS];
	size_t connection_count, open_count, most_open;
	bool used[MAX_STEPS];
};

static void hang_up(struct connection *c)
{
	if (!c->watch)
		return;
	c->server->open_count -= c->asked;
	fd_watch_destroy(c->watch);
	c->watch = NULL;
	close(c->fd);
}

static const struct server_step *step_for(struct server *server, struct str request)
{
	const struct server_step *last = NULL;
	struct str path;
	(void)str_next(&request, ' ', &path);
	(void)str_next(&request, ' ', &path);
	for (size_t i = 0; i < server->step_count; i++) {
		if (!str_eq(str_of(server->steps[i].path), path))
			continue;
		last = &server->steps[i];
		if (!server->used[i]) {
			server->used[i] = true;
			return last;
		}
	}
	if (!last)
		fail_msg("nothing is scripted for '%.*s'", STR_ARGS(path));
	return last;
}

static void asked(struct connection *c)
{
	struct server *server = c->server;
	if (!c->asked && ++server->open_count > server->most_open)
		server->most_open = server->open_count;
	if (!c->asked && server->steps[0].path)
		c->step = step_for(server, buf_str(&c->request));
	c->asked = true;
	fd_watch_start(c->watch, LOOP_READABLE | LOOP_WRITABLE);
}

static void receive(struct connection *c)
{
	char piece[4096];
	const ssize_t n = read(c->fd, piece, sizeof piece);
	if (n <= 0) {
		hang_up(c);
		return;
	}
	buf_add(&c->request, (struct str){ piece, (size_t)n });
	if (str_find(buf_str(&c->request), STR("\r\n\r\n")) != SIZE_MAX)
		asked(c);
}

static void answer(struct connection *c)
{
	const struct str left = str_slice(c->step->answer, c->sent, c->step->answer.n);
	if (left.n) {
		const ssize_t n = send(
			c->fd, left.p, c->step->bytewise ? 1 : left.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			hang_up(c);
		else
			c->sent += (size_t)n;
	} else if (c->step->after == SERVER_CLOSES) {
		hang_up(c);
	} else {
		fd_watch_start(c->watch, LOOP_READABLE);
	}
}

static void connection_ready(void *ctx, int events)
{
	struct connection *c = ctx;
	if (events & LOOP_READABLE)
		receive(c);
	if (c->watch && (events & LOOP_WRITABLE))
		answer(c);
}

static void server_ready(void *ctx, int events)
{
	struct server *server = ctx;
	(void)events;
	const int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	assert_true(server->connection_count < MAX_CONNECTIONS);
	const int on = 1;
	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
	const size_t n = server->connection_count++;
	struct connection *c = &server->connections[n];
	c->server = server;
	c->fd = fd;
	c->step = &server->steps[n < server->step_count ? n : server->step_count - 1];
	buf_init(&c->request, REQUEST_MAX_BYTES);
	c->watch = fd_watch_create(server->loop, fd, connection_ready, c);
	fd_watch_start(c->watch, LOOP_READABLE);
}

struct server *server_create(struct loop *loop, const struct server_step *steps, size_t step_count)
{
	struct server *server = mem_zero(1, sizeof *server);
	server->loop = loop;
	assert_true(step_count <= MAX_STEPS);
	server->steps = steps;
	server->step_count = step_count;
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;
	assert_int_equal(bind(server->fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(server->fd, 16), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&at, &n), 0);
	server->port = ntohs(at.sin_port);
	server->watch = fd_watch_create(loop, server->fd, server_ready, server);
	fd_watch_start(server->watch, LOOP_READABLE);
	return server;
}

void server_destroy(struct server *server)
{
	if (!server)
		return;
	for (size_t i = 0; i < server->connection_count; i++) {
		hang_up(&server->connections[i]);
		buf_finish(&server->connections[i].request);
	}
	fd_watch_destroy(server->watch);
	close(server->fd);
	mem_free(server);
}

int server_port(const struct server *server)
{
	return server->port;
}

size_t server_request_count(const struct server *server)
{
	size_t count = 0;
	for (size_t i = 0; i < server->connection_count; i++)
		count += server->connections[i].request.n > 0;
	return count;
}

struct str server_request(const struct server *server, size_t n)
{
	assert_true(n < server->connection_count);
	return buf_str(&server->connections[n].request);
}

size_t server_most_at_once(const struct server *server)
{
	return server->most_open;
}
