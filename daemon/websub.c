#include "daemon/websub.h"

#include "base/mem.h"
#include "sources/feed_parse.h"
#include "sources/feed_url.h"
#include "sources/feed_websub.h"
#include "web/request.h"
#include "web/route.h"

#define WEBSUB_PATH "/websub/"

enum { PARAMETER_MAX_BYTES = 8 * 1024 };

struct websub {
	struct app *app;
};

/* The source and the token that a path names; NULL: there is no such. */
static struct feed_source *find(const struct websub *w, struct str path, struct str *token)
{
	const struct sources *all = w->app->config->sources;
	struct str rest = str_slice(path, sizeof WEBSUB_PATH - 1, path.n), name;
	if (!str_next(&rest, '/', &name))
		return NULL;
	*token = rest;
	for (size_t i = 0; i < sources_count(all); i++) {
		struct source *s = sources_at(all, i);
		struct feed_source *f = feed_source_of(s);
		if (f && str_eq(s->name, name) && feed_websub_knows(f, *token))
			return f;
	}
	return NULL;
}

static bool on_begin(void *ctx, const struct web_call *call, struct web_answer *answer)
{
	struct str token;
	if (find(ctx, call->path, &token))
		return true;
	/* 410: the hub shall forget what nobody wants any more. */
	const bool post = str_eq(call->method, STR("POST"));
	*answer = (struct web_answer){ .status = post ? 410 : 404,
		.body = STR("no such subscription\n") };
	return false;
}

static struct str parameter(const struct web_call *call, const char *name, struct buf *value)
{
	buf_init(value, PARAMETER_MAX_BYTES);
	const bool there = web_query(call->query, str_of(name), value);
	return there && !value->full && value->n ? buf_str(value) : STR_NONE;
}

static void verify(struct feed_source *f, struct str token, struct web_call *call)
{
	struct buf mode, topic, lease, challenge;
	struct feed_websub_question question = {
		.mode = parameter(call, "hub.mode", &mode),
		.topic = parameter(call, "hub.topic", &topic),
	};
	const struct str lease_text = parameter(call, "hub.lease_seconds", &lease);
	const struct str echo = parameter(call, "hub.challenge", &challenge);
	if (!str_to_int64(lease_text, &question.lease_s))
		question.lease_s = 0;
	/* A denial has nothing to be echoed. */
	const bool wanted = feed_websub_verify(f, token, &question);
	const struct web_answer answer = { .status = wanted ? 200 : 404,
		.type = "text/plain; charset=utf-8",
		.body = wanted ? echo : STR("not wanted\n") };
	web_answer(call, &answer);
	buf_finish(&mode);
	buf_finish(&topic);
	buf_finish(&lease);
	buf_finish(&challenge);
}

static struct str charset_of(struct str type)
{
	const struct str key = STR("charset=");
	struct str part;
	while (str_next(&type, ';', &part)) {
		part = str_trim(part);
		if (!str_eq_ignore_case(str_slice(part, 0, key.n), key))
			continue;
		part = str_slice(part, key.n, part.n);
		if (part.n >= 2 && part.p[0] == '"' && part.p[part.n - 1] == '"')
			part = str_slice(part, 1, part.n - 1);
		return part.n ? part : STR_NONE;
	}
	return STR_NONE;
}

static void take(struct feed_source *f, struct str token, struct web_call *call)
{
	struct feed_websub_push push = { .body = call->body };
	struct str type = STR_NONE;
	/* With two of them nobody can say which one holds. */
	const size_t signatures = web_call_header(call, STR("X-Hub-Signature"), &push.signature);
	if (signatures == 0)
		push.signature = STR_NONE;
	else if (signatures > 1)
		push.signature = STR("");
	if (web_call_header(call, STR("Content-Type"), &type) == 1)
		push.charset = charset_of(type);
	feed_websub_take(f, token, &push);
	const struct web_answer answer = { .status = 204 };
	web_answer(call, &answer);
}

static void on_call(void *ctx, struct web_call *call)
{
	struct str token;
	struct feed_source *f = find(ctx, call->path, &token);
	if (!f) {
		const struct web_answer gone = { .status = 410,
			.body = STR("no such subscription\n") };
		web_answer(call, &gone);
	} else if (str_eq(call->method, STR("POST"))) {
		take(f, token, call);
	} else {
		verify(f, token, call);
	}
}

struct websub *websub_start(struct app *app, struct web *web)
{
	const struct sources *all = app->config->sources;
	const struct str url = app->config->http.public_url;
	size_t count = 0;
	if (!url.n)
		return NULL;
	for (size_t i = 0; i < sources_count(all); i++) {
		struct feed_source *f = feed_source_of(sources_at(all, i));
		if (f)
			feed_websub_enable(f, url);
		count += f != NULL;
	}
	if (count == 0)
		return NULL;
	struct websub *w = mem_zero(1, sizeof *w);
	w->app = app;
	const struct web_route route = { WEBSUB_PATH, WEB_GET | WEB_POST, FEED_MAX_BYTES, on_begin,
		on_call, w };
	web_add_route(web, &route);
	return w;
}

void websub_stop(struct websub *w)
{
	mem_free(w);
}

/* ---- what people wrote ---- */

void config_check_public_url(const struct config *c, struct where at, struct diag *diag)
{
	const struct str url = c->http.public_url, host = feed_url_host(url);
	if (!feed_url_is_http(url) || !host.n || str_find_char(url, '?') != SIZE_MAX ||
		str_find_char(url, '#') != SIZE_MAX || str_find_char(url, '@') != SIZE_MAX ||
		str_find_char(url, ' ') != SIZE_MAX) {
		diag_error(diag, at, "no address of ours: 'public_url'");
		diag_hint(diag, "write it as others reach it, such as https://vigie.example.org");
		return;
	}
	if (!c->http.listen.p) {
		diag_error(diag, at, "nobody listens there: 'public_url'");
		diag_hint(diag, "set http.listen, and let a reverse proxy pass requests on");
		return;
	}
	bool known = str_eq(host, STR("localhost")) || str_starts(host, STR("127."));
	for (size_t i = 0; i < c->http.hosts.count; i++)
		known = known || str_eq_ignore_case(host, c->http.hosts.items[i]);
	if (!known) {
		diag_error(diag, at, "its host is not among http.hosts: 'public_url'");
		diag_hint(diag, "add '%.*s' to http.hosts", STR_ARGS(host));
	}
}
