/* libmicrohttpd reads and writes; what may be asked is decided in request.c. Two things it has not
 * are added here. Its time limit starts anew with each byte, so all connections stand in a list by
 * the time since which they wait for an answer, and the oldest are shut down at the socket; the
 * library then finds them ended. And where accept fails for want of descriptors it would be woken
 * for ever, so one descriptor is kept in reserve to take such clients in and send them away. */
#include "web/server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/log.h"
#include "base/mem.h"
#include "web/address.h"
#include "web/call.h"
#include "web/request.h"
#include "web/respond.h"

enum {
	BACKLOG = 256,
	CONNECTION_MEMORY_BYTES = 32768,
	IDLE_SECONDS = 10,
	MAX_SENT_AWAY = 16 /* in one run */
};

struct connection {
	struct connection *older, *newer; /* web::oldest, web::newest */
	int fd; /* libmicrohttpd's */
	int64_t since_us; /* when it began, was last answered, or last brought much content */
	bool listed; /* it is the client's turn; else it is cut, or a route has the request */
	bool cut; /* shut down, not yet closed */
	bool malformed_path; /* of the request that comes in, as what follows: */
	struct buf query;
	bool has_query;
	size_t content_bytes; /* since since_us */
};

struct web {
	struct MHD_Daemon *daemon;
	struct web_address address;
	const struct web_pages *pages;
	void *ctx;
	struct web_route routes[WEB_MAX_ROUTES];
	size_t route_count;
	struct arena names_arena;
	struct str_list names;
	size_t bodies_bytes; /* of all calls that came in or are handed over */
	size_t handed_over_count;
	int listen_fd; /* libmicrohttpd's */
	int spare_fd; /* given up for a moment when there are no more; -1: there were none */
	int64_t now_us;
	struct connection *oldest, *newest; /* by since_us */
	size_t open_count; /* with those that are cut */
	bool changed; /* in this run a connection came or went */
	bool resumed; /* since the last run, of which the library tells nobody */
};

enum page_kind { PAGE_HEALTH, PAGE_METRICS, PAGE_STATUS };

static const struct page {
	const char *path;
	const char *type;
	enum page_kind kind;
} page_kinds[] = {
	{ "/healthz", web_text_type, PAGE_HEALTH },
	{ "/metrics", "text/plain; version=0.0.4; charset=utf-8", PAGE_METRICS },
	{ "/api/v1/status", "application/json; charset=utf-8", PAGE_STATUS },
};

static void unlink_connection(struct web *w, struct connection *c)
{
	if (!c->listed)
		return;
	*(c->older ? &c->older->newer : &w->oldest) = c->newer;
	*(c->newer ? &c->newer->older : &w->newest) = c->older;
	c->older = c->newer = NULL;
	c->listed = false;
}

static void link_newest(struct web *w, struct connection *c)
{
	c->since_us = w->now_us;
	c->content_bytes = 0;
	c->older = w->newest;
	*(w->newest ? &w->newest->newer : &w->oldest) = c;
	w->newest = c;
	c->listed = true;
}

static void cut(struct web *w, struct connection *c)
{
	unlink_connection(w, c);
	c->cut = true;
	(void)shutdown(c->fd, SHUT_RDWR); /* fails if the client was faster, which is as good */
}

static struct connection *connection_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	assert(info && info->socket_context);
	return info->socket_context;
}

static void began(struct web *w, struct MHD_Connection *connection, void **socket_context)
{
	struct connection *c = mem_zero(1, sizeof *c);
	c->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	buf_init(&c->query, WEB_MAX_HEADER_BYTES);
	*socket_context = c;
	link_newest(w, c);
	w->open_count++;
	/* The new one stands at the other end of the list. */
	if (w->open_count > WEB_MANY_CONNECTIONS && w->oldest && w->oldest != c)
		cut(w, w->oldest);
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	struct web *w = ctx;
	w->changed = true;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		began(w, connection, socket_context);
		return;
	}
	struct connection *c = *socket_context;
	*socket_context = NULL;
	unlink_connection(w, c);
	buf_finish(&c->query);
	mem_free(c);
	w->open_count--;
}

/* A request line came in: the first word of a request that we get. What it returns is the request's
 * ctx. */
static void *on_request(void *ctx, const char *uri, struct MHD_Connection *connection)
{
	(void)ctx;
	struct connection *c = connection_of(connection);
	const struct str all = str_of(uri);
	const size_t mark = str_find_char(all, '?');
	c->malformed_path = false;
	c->has_query = mark != SIZE_MAX;
	buf_clear(&c->query);
	if (c->has_query) /* too long a line is refused with its headers */
		buf_add(&c->query, str_slice(all, mark + 1, all.n));
	return NULL;
}

static size_t on_unescape(void *ctx, struct MHD_Connection *connection, char *text)
{
	(void)ctx;
	size_t length;
	if (!web_unescape(text, &length))
		connection_of(connection)->malformed_path = true;
	return length;
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **request_ctx,
	enum MHD_RequestTerminationCode code)
{
	struct web *w = ctx;
	struct connection *c = connection_of(connection);
	struct call *call = *request_ctx;
	if (call) {
		w->bodies_bytes -= call->body.n;
		call_destroy(call);
		*request_ctx = NULL;
	}
	if (code != MHD_REQUEST_TERMINATED_COMPLETED_OK || c->cut)
		return;
	unlink_connection(w, c);
	link_newest(w, c);
}

static enum MHD_Result add_header(void *ctx, enum MHD_ValueKind kind, const char *name,
	size_t name_bytes, const char *value, size_t value_bytes)
{
	(void)kind;
	web_request_header(ctx, (struct str){ name, name_bytes },
		(struct str){ value ? value : "", value ? value_bytes : 0 });
	return MHD_YES;
}

/* By what may be asked for this path. */
static struct web_refusal check(const struct web *w, struct MHD_Connection *connection,
	const char *method, const struct web_route *route)
{
	struct web_request r = { .method = str_of(method),
		.malformed_path = connection_of(connection)->malformed_path };
	if (route) {
		r.methods = route->methods;
		r.names = w->names;
	}
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	r.header_bytes = info ? info->header_size : SIZE_MAX;
	(void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, add_header, &r);
	return web_request_check(&r, &w->address);
}

static enum MHD_Result refuse(
	struct MHD_Connection *connection, unsigned status, const char *reason, unsigned methods)
{
	struct buf body;
	buf_init(&body, 256);
	buf_addf(&body, "%s\n", reason);
	const struct web_answer answer = { .status = status, .body = buf_str(&body) };
	const bool queued = web_respond(connection, &answer, web_request_allow(methods), true);
	buf_finish(&body);
	return queued ? MHD_YES : MHD_NO;
}

static const struct page *page_of(const char *path)
{
	for (size_t i = 0; i < sizeof page_kinds / sizeof *page_kinds; i++)
		if (strcmp(page_kinds[i].path, path) == 0)
			return &page_kinds[i];
	return NULL;
}

static const struct web_route *route_of(const struct web *w, struct str path)
{
	for (size_t i = 0; i < w->route_count; i++) {
		const struct str own = str_of(w->routes[i].path);
		const bool all = str_ends(own, STR("/"));
		if (all ? path.n > own.n && str_starts(path, own) : str_eq(path, own))
			return &w->routes[i];
	}
	return NULL;
}

static void make_page(const struct web *w, struct call *call)
{
	const struct page *kind = call->page;
	struct web_answer answer = { .status = MHD_HTTP_OK, .type = kind->type };
	struct buf page;
	buf_init(&page, WEB_MAX_PAGE_BYTES);
	if (kind->kind == PAGE_METRICS)
		w->pages->metrics(w->ctx, &page);
	else if (kind->kind == PAGE_STATUS)
		w->pages->status(w->ctx, &page);
	else if (!w->pages->health(w->ctx, &page))
		answer.status = MHD_HTTP_SERVICE_UNAVAILABLE;
	answer.body = buf_str(&page);
	if (page.full)
		call_refuse(call, MHD_HTTP_INTERNAL_SERVER_ERROR, "the page is too large");
	else
		call_set_answer(call, &answer);
	buf_finish(&page);
}

/* An error of ours or of the client's ends the connection, but what passes does not: whoever asks
 * may ask again. */
static bool is_last(const struct call *call)
{
	const unsigned status = call->answer.status;
	return call->page && status != MHD_HTTP_OK && status != MHD_HTTP_SERVICE_UNAVAILABLE;
}

static enum MHD_Result send_answer(struct call *call, bool close)
{
	const unsigned methods = call->route ? call->route->methods : WEB_GET;
	struct connection *c = connection_of(call->connection);
	if (!c->listed && !c->cut)
		link_newest(call->web, c); /* it must be taken in time, too */
	const bool queued = web_respond(call->connection, &call->answer, web_request_allow(methods),
		close || is_last(call));
	return queued ? MHD_YES : MHD_NO;
}

/* The headers are there. */
static enum MHD_Result begin(struct web *w, struct MHD_Connection *connection, const char *path,
	const char *method, void **request_ctx)
{
	const struct str text = str_of(path);
	const struct page *page = page_of(path);
	const struct web_route *route = page ? NULL : route_of(w, text);
	struct web_refusal refusal = check(w, connection, method, route);
	/* Whoever posts should know that it is the address. */
	if (refusal.status == MHD_HTTP_METHOD_NOT_ALLOWED && !page && !route &&
		str_eq(str_of(method), STR("POST")))
		refusal = (struct web_refusal){ MHD_HTTP_NOT_FOUND, "there is no such address" };
	if (refusal.status)
		return refuse(connection, refusal.status, refusal.reason,
			route ? route->methods : WEB_GET);
	if (!page && !route)
		return refuse(connection, MHD_HTTP_NOT_FOUND, "there is no such page", WEB_GET);
	const struct connection *c = connection_of(connection);
	struct call *call = call_create(
		w, connection, str_of(method), text, c->has_query ? buf_str(&c->query) : STR_NONE);
	*request_ctx = call;
	call->page = page;
	call->route = route;
	if (!route)
		return MHD_YES;
	buf_init(&call->body, route->max_body_bytes);
	struct web_answer answer = { 0 };
	if (call->base.length_known && call->base.length > route->max_body_bytes)
		call_refuse(call, MHD_HTTP_CONTENT_TOO_LARGE, "the content is too large");
	else if (route->begin && !route->begin(route->ctx, &call->base, &answer))
		call_set_answer(call, &answer);
	if (call->answered && !call_is_short(call))
		return send_answer(call, true);
	return MHD_YES;
}

static enum MHD_Result take(struct web *w, struct call *call, struct str piece)
{
	struct connection *c = connection_of(call->connection);
	if (!call->route || !call_take(call, piece, &w->bodies_bytes)) {
		cut(w, c);
		return MHD_YES; /* that it ended is seen in the next run */
	}
	c->content_bytes += piece.n;
	if (c->listed && c->content_bytes >= WEB_PROGRESS_BYTES) {
		unlink_connection(w, c);
		link_newest(w, c);
	}
	return MHD_YES;
}

static void hand_over(struct web *w, struct call *call)
{
	call->base.body = call->body.n ? buf_str(&call->body) : STR("");
	call->handed_over = true;
	w->handed_over_count++;
	unlink_connection(w, connection_of(call->connection));
	call->route->call(call->route->ctx, &call->base);
	if (!call->answered) {
		call->suspended = true;
		MHD_suspend_connection(call->connection);
	}
}

/* Called once when the headers are there, once for each piece of content, once when the request is
 * whole, and once more when what was suspended goes on. What is refused without reading its
 * content is answered at the first call, which makes the library close the connection. */
static enum MHD_Result on_access(void *ctx, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *content, size_t *content_bytes,
	void **request_ctx)
{
	struct web *w = ctx;
	(void)version;
	struct call *call = *request_ctx;
	if (!call)
		return begin(w, connection, path, method, request_ctx);
	if (*content_bytes > 0) {
		const struct str piece = { content, *content_bytes };
		*content_bytes = 0;
		return take(w, call, piece);
	}
	if (call->page)
		make_page(w, call);
	else if (!call->answered)
		hand_over(w, call);
	return call->answered ? send_answer(call, false) : MHD_YES;
}

void web_add_route(struct web *w, const struct web_route *route)
{
	assert(w->route_count < WEB_MAX_ROUTES && route->methods && route->call);
	w->routes[w->route_count++] = *route;
}

void web_answer(struct web_call *base, const struct web_answer *answer)
{
	struct call *call = (struct call *)base;
	struct web *w = call->web;
	assert(call->handed_over);
	call_set_answer(call, answer);
	w->handed_over_count--;
	if (call->suspended) {
		MHD_resume_connection(call->connection);
		w->resumed = true;
	}
}

void web_set_names(struct web *w, struct str_list names)
{
	struct str *items = arena_array(&w->names_arena, struct str, names.count + 1);
	for (size_t i = 0; i < names.count; i++)
		items[i] = arena_str(&w->names_arena, names.items[i]);
	w->names = (struct str_list){ items, names.count };
}

/* A listening socket; *port is the one it got. */
static int listen_on(const struct web_address *a, uint16_t *port)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at = { .any = { .sa_family = a->v6 ? AF_INET6 : AF_INET } };
	socklen_t bytes = a->v6 ? sizeof at.v6 : sizeof at.v4;
	*(a->v6 ? &at.v6.sin6_port : &at.v4.sin_port) = htons(a->port);
	if (inet_pton(at.any.sa_family, a->text,
		    a->v6 ? (void *)&at.v6.sin6_addr : (void *)&at.v4.sin_addr) != 1)
		return -EINVAL;
	const int fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	const int yes = 1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
		bind(fd, &at.any, bytes) != 0 || listen(fd, BACKLOG) != 0 ||
		getsockname(fd, &at.any, &bytes) != 0) {
		const int error = errno;
		(void)close(fd); /* nothing was written to it */
		return -error;
	}
	*port = ntohs(a->v6 ? at.v6.sin6_port : at.v4.sin_port);
	return fd;
}

static struct MHD_Daemon *start(struct web *w)
{
	/* Without MHD_USE_ERROR_LOG it writes nothing anywhere. */
	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (w->address.v6 ? MHD_USE_IPv6 : 0),
		w->address.port, NULL, NULL, on_access, w, MHD_OPTION_LISTEN_SOCKET, w->listen_fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)WEB_MAX_CONNECTIONS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_STRICT_FOR_CLIENT,
		1, MHD_OPTION_NOTIFY_CONNECTION, on_connection, w, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, w, MHD_OPTION_URI_LOG_CALLBACK, on_request, w,
		MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, w, MHD_OPTION_END);
}

static int reserve(const struct web *w)
{
	return socket(w->address.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

bool web_check_listen(struct str listen, struct buf *message)
{
	struct web_address address;
	return web_address_parse(listen, &address, message);
}

struct web *web_open(
	struct str listen, const struct web_pages *pages, void *ctx, struct buf *message)
{
	struct web_address address;
	if (!web_address_parse(listen, &address, message))
		return NULL;
	struct web *w = mem_zero(1, sizeof *w);
	w->address = address;
	w->pages = pages;
	w->ctx = ctx;
	arena_init(&w->names_arena, 0); /* ours, from the configuration */
	w->spare_fd = -1;
	w->listen_fd = listen_on(&address, &w->address.port);
	if (w->listen_fd < 0) {
		buf_addf(message, "cannot listen on %.*s: %s", STR_ARGS(listen),
			error_text(w->listen_fd));
		mem_free(w);
		return NULL;
	}
	w->daemon = start(w);
	if (!w->daemon) {
		/* Whether the library has closed the socket it does not tell: better leave one
		 * open than close another's. */
		buf_addf(message, "cannot serve on %.*s: libmicrohttpd does not start",
			STR_ARGS(listen));
		mem_free(w);
		return NULL;
	}
	w->spare_fd = reserve(w);
	return w;
}

void web_close(struct web *w)
{
	if (!w)
		return;
	assert(w->handed_over_count == 0);
	MHD_stop_daemon(w->daemon);
	assert(!w->oldest && w->open_count == 0);
	if (w->spare_fd >= 0)
		(void)close(w->spare_fd); /* it was never used */
	arena_finish(&w->names_arena);
	mem_free(w);
}

uint16_t web_port(const struct web *w)
{
	return w->address.port;
}

int web_fd(const struct web *w)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	assert(info);
	return info->epoll_fd;
}

/* Does somebody wait who cannot be accepted for want of a descriptor? */
static bool out_of_descriptors(const struct web *w)
{
	struct pollfd waiting = { .fd = w->listen_fd, .events = POLLIN };
	if (poll(&waiting, 1, 0) != 1)
		return false;
	const int fd = reserve(w);
	if (fd < 0)
		return errno == EMFILE || errno == ENFILE;
	(void)close(fd); /* it was never used */
	return false;
}

static void send_away(struct web *w)
{
	for (int i = 0; i < MAX_SENT_AWAY && w->spare_fd >= 0 && out_of_descriptors(w); i++) {
		(void)close(w->spare_fd); /* it was never used */
		const int fd = accept(w->listen_fd, NULL, NULL);
		if (fd >= 0)
			(void)close(fd); /* that is the answer */
		w->spare_fd = reserve(w);
	}
}

void web_run(struct web *w, int64_t now_us)
{
	w->now_us = now_us;
	w->changed = w->resumed = false;
	/* What came in time is answered before time is up for it. */
	(void)MHD_run(w->daemon); /* fails only while it is stopped */
	while (w->oldest && now_us - w->oldest->since_us >= WEB_DEADLINE_US)
		cut(w, w->oldest);
	if (w->spare_fd < 0)
		w->spare_fd = reserve(w);
	if (!w->changed)
		send_away(w);
}

int64_t web_timeout_us(const struct web *w, int64_t now_us)
{
	/* At its limit the library looks for new connections only in the run after one ended. */
	if (w->changed || w->resumed)
		return 0;
	int64_t left_us = -1;
	MHD_UNSIGNED_LONG_LONG left_ms;
	if (MHD_get_timeout(w->daemon, &left_ms) == MHD_YES)
		left_us = left_ms > INT64_MAX / US_PER_MS ? INT64_MAX
							  : (int64_t)left_ms * US_PER_MS;
	if (w->oldest) {
		const int64_t due_us = w->oldest->since_us + WEB_DEADLINE_US - now_us;
		if (left_us < 0 || due_us < left_us)
			left_us = due_us > 0 ? due_us : 0;
	}
	return left_us;
}
