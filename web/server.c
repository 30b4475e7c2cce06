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
#include "web/request.h"

enum {
	BACKLOG = 128,
	CONNECTION_MEMORY_BYTES = 32768,
	IDLE_SECONDS = 10,
	MAX_SENT_AWAY = 16 /* in one run */
};

struct connection {
	struct connection *older, *newer; /* web::oldest, web::newest */
	int fd; /* libmicrohttpd's */
	int64_t since_us; /* when it began or was last answered */
	bool cut; /* shut down, not yet closed */
	bool malformed_path; /* of the request that comes in */
};

struct web {
	struct MHD_Daemon *daemon;
	struct web_address address;
	const struct web_pages *pages;
	void *ctx;
	int listen_fd; /* libmicrohttpd's */
	int spare_fd; /* given up for a moment when there are no more; -1: there were none */
	int64_t now_us;
	struct connection *oldest, *newest; /* by since_us; those that are cut are not in it */
	size_t open_count; /* with those that are cut */
	bool changed; /* in this run a connection came or went */
};

enum page { PAGE_HEALTH, PAGE_METRICS, PAGE_STATUS };

static const char text_type[] = "text/plain; charset=utf-8";

static const struct route {
	const char *path;
	const char *type;
	enum page page;
} routes[] = {
	{ "/healthz", text_type, PAGE_HEALTH },
	{ "/metrics", "text/plain; version=0.0.4; charset=utf-8", PAGE_METRICS },
	{ "/api/v1/status", "application/json; charset=utf-8", PAGE_STATUS },
};

/* For all answers. No page of ours is a document, so nothing at all is allowed to it. */
static const struct {
	const char *name, *value;
} headers[] = {
	{ "Cache-Control", "no-store" },
	{ "Content-Security-Policy",
		"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
		"require-trusted-types-for 'script'; sandbox" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Permissions-Policy",
		"accelerometer=(), autoplay=(), camera=(), clipboard-read=(), clipboard-write=(), "
		"display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), "
		"gyroscope=(), "
		"hid=(), magnetometer=(), microphone=(), midi=(), payment=(), "
		"picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), "
		"serial=(), usb=(), web-share=(), xr-spatial-tracking=()" },
	{ "Referrer-Policy", "no-referrer" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
};

static void unlink_connection(struct web *w, struct connection *c)
{
	*(c->older ? &c->older->newer : &w->oldest) = c->newer;
	*(c->newer ? &c->newer->older : &w->newest) = c->older;
	c->older = c->newer = NULL;
}

static void link_newest(struct web *w, struct connection *c)
{
	c->since_us = w->now_us;
	c->older = w->newest;
	*(w->newest ? &w->newest->newer : &w->oldest) = c;
	w->newest = c;
}

static void cut_oldest(struct web *w)
{
	struct connection *c = w->oldest;
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
	*socket_context = c;
	link_newest(w, c);
	w->open_count++;
	/* The new one stands at the other end of the list. */
	if (w->open_count > WEB_MANY_CONNECTIONS && w->oldest != c)
		cut_oldest(w);
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
	if (!c->cut)
		unlink_connection(w, c);
	mem_free(c);
	w->open_count--;
}

/* A request line came in: the first word of a request that we get. What it returns is the request's
 * ctx. */
static void *on_request(void *ctx, const char *uri, struct MHD_Connection *connection)
{
	(void)ctx;
	(void)uri;
	connection_of(connection)->malformed_path = false;
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
	(void)request_ctx;
	struct web *w = ctx;
	struct connection *c = connection_of(connection);
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

static struct web_refusal check(
	const struct web *w, struct MHD_Connection *connection, const char *method)
{
	struct web_request r = { .method = str_of(method),
		.malformed_path = connection_of(connection)->malformed_path };
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	r.header_bytes = info ? info->header_size : SIZE_MAX;
	(void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, add_header, &r);
	return web_request_check(&r, &w->address);
}

static bool add_headers(struct MHD_Response *response, const char *type, unsigned status)
{
	bool added = MHD_add_response_header(response, "Content-Type", type) == MHD_YES;
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		added = added &&
			MHD_add_response_header(response, headers[i].name, headers[i].value) ==
				MHD_YES;
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		added = added && MHD_add_response_header(response, "Allow", "GET, HEAD") == MHD_YES;
	/* 503 is a page like any other: whoever asks after our health may ask again. */
	if (status != MHD_HTTP_OK && status != MHD_HTTP_SERVICE_UNAVAILABLE)
		added = added &&
			MHD_add_response_header(response, "Connection", "close") == MHD_YES;
	return added;
}

/* MHD_NO, which closes the connection, only if the library is out of memory. */
static enum MHD_Result answer(
	struct MHD_Connection *connection, unsigned status, const char *type, struct str body)
{
	/* The library's type is not const, but with this mode it only reads. */
	struct MHD_Response *response = MHD_create_response_from_buffer(
		body.n, (void *)(uintptr_t)body.p, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	enum MHD_Result result = MHD_NO;
	if (add_headers(response, type, status))
		result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result refuse(
	struct MHD_Connection *connection, unsigned status, const char *reason)
{
	struct buf body;
	buf_init(&body, 256);
	buf_addf(&body, "%s\n", reason);
	const enum MHD_Result result = answer(connection, status, text_type, buf_str(&body));
	buf_finish(&body);
	return result;
}

static const struct route *route_of(const char *path)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
		if (strcmp(routes[i].path, path) == 0)
			return &routes[i];
	return NULL;
}

static enum MHD_Result serve(
	const struct web *w, struct MHD_Connection *connection, const struct route *route)
{
	struct buf page;
	buf_init(&page, WEB_MAX_PAGE_BYTES);
	unsigned status = MHD_HTTP_OK;
	if (route->page == PAGE_METRICS)
		w->pages->metrics(w->ctx, &page);
	else if (route->page == PAGE_STATUS)
		w->pages->status(w->ctx, &page);
	else if (!w->pages->health(w->ctx, &page))
		status = MHD_HTTP_SERVICE_UNAVAILABLE;
	const enum MHD_Result result = page.full
		? refuse(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "the page is too large")
		: answer(connection, status, route->type, buf_str(&page));
	buf_finish(&page);
	return result;
}

/* Called once when the headers are there and once when the request is. What is refused is answered
 * at the first call, which makes the library close the connection unread. */
static enum MHD_Result on_access(void *ctx, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *content, size_t *content_bytes,
	void **request_ctx)
{
	struct web *w = ctx;
	(void)version;
	(void)content;
	const struct route *route = *request_ctx;
	if (route) {
		*content_bytes = 0;
		return serve(w, connection, route);
	}
	const struct web_refusal refusal = check(w, connection, method);
	if (refusal.status)
		return refuse(connection, refusal.status, refusal.reason);
	route = route_of(path);
	if (!route)
		return refuse(connection, MHD_HTTP_NOT_FOUND, "there is no such page");
	*request_ctx = (void *)(uintptr_t)route;
	return MHD_YES;
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
	return MHD_start_daemon(MHD_USE_EPOLL | (w->address.v6 ? MHD_USE_IPv6 : 0), w->address.port,
		NULL, NULL, on_access, w, MHD_OPTION_LISTEN_SOCKET, w->listen_fd,
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
	MHD_stop_daemon(w->daemon);
	assert(!w->oldest && w->open_count == 0);
	if (w->spare_fd >= 0)
		(void)close(w->spare_fd); /* it was never used */
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

/* Is somebody at the door who cannot come in for want of a descriptor? */
static bool out_of_descriptors(const struct web *w)
{
	struct pollfd door = { .fd = w->listen_fd, .events = POLLIN };
	if (poll(&door, 1, 0) != 1)
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
	w->changed = false;
	/* What came in time is answered before time is up for it. */
	(void)MHD_run(w->daemon); /* fails only while it is stopped */
	while (w->oldest && now_us - w->oldest->since_us >= WEB_DEADLINE_US)
		cut_oldest(w);
	if (w->spare_fd < 0)
		w->spare_fd = reserve(w);
	if (!w->changed)
		send_away(w);
}

int64_t web_timeout_us(const struct web *w, int64_t now_us)
{
	/* At its limit the library looks for new connections only in the run after one ended. */
	if (w->changed)
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
