#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/app.h"
#include "daemon/ingest.h"
#include "daemon/websub.h"
#include "web/route.h"
#include "web/server.h"

struct serve {
	struct app *app;
	struct web *web;
	struct web_pages pages;
	struct ingest *ingest; /* NULL: no source takes posts */
	struct websub *websub; /* NULL: no feed is pushed */
	struct fd_watch *watch;
	struct timer *timer;
};

/* Well is who takes posts in: not stopping, and the store answers. */
static bool health_page(void *ctx, struct buf *out)
{
	const struct app *app = ctx;
	struct store_counts counts;
	bool well = !app->stopping && store_count(app->store, &counts) == 0;
	buf_add(out, well ? STR("ok\n") : STR("not well\n"));
	size_t aside = regex_guard_aside_count(pipeline_regexes(app->pipeline));
	if (aside)
		buf_addf(out, "regexes set aside: %zu\n", aside);
	return well;
}

static void metrics_page(void *ctx, struct buf *out)
{
	const struct app *app = ctx;
	status_metrics(app, out);
	ingest_metrics(app->serve->ingest, out);
}

static void status_page(void *ctx, struct buf *out)
{
	status_json(ctx, out);
}

static void run_web(struct serve *s)
{
	web_run(s->web, clock_monotonic_us());
	int64_t wait_us = web_timeout_us(s->web, clock_monotonic_us());
	if (wait_us >= 0)
		timer_start(s->timer, wait_us);
	else
		timer_stop(s->timer);
}

static void on_readable(void *ctx, int events)
{
	(void)events;
	run_web(ctx);
}

static void on_timer(void *ctx)
{
	run_web(ctx);
}

struct serve *serve_start(struct app *app)
{
	struct serve *s = mem_zero(1, sizeof *s);
	struct buf message;
	s->app = app;
	s->pages = (struct web_pages){ health_page, metrics_page, status_page };
	buf_init(&message, 4096);
	s->web = web_open(app->config->http.listen, &s->pages, app, &message);
	if (!s->web) {
		log_error("%.*s", STR_ARGS(buf_str(&message)));
		buf_finish(&message);
		mem_free(s);
		return NULL;
	}
	buf_finish(&message);
	web_set_names(s->web, app->config->http.hosts);
	s->ingest = ingest_start(app, s->web);
	s->websub = websub_start(app, s->web);
	s->timer = timer_create_on(app->loop, on_timer, s);
	s->watch = fd_watch_create(app->loop, web_fd(s->web), on_readable, s);
	fd_watch_start(s->watch, LOOP_READABLE);
	log_info("health, metrics and status on port %u of loopback", web_port(s->web));
	return s;
}

struct web *serve_web(struct serve *s)
{
	return s->web;
}

void serve_answer(struct serve *s, struct web_call *call, const struct web_answer *answer)
{
	web_answer(call, answer);
	timer_start(s->timer, 0);
}

void serve_stop(struct serve *s)
{
	if (!s)
		return;
	ingest_stop(s->ingest);
	web_run(s->web, clock_monotonic_us()); /* sends what it answered */
	fd_watch_destroy(s->watch);
	timer_destroy(s->timer);
	web_close(s->web);
	websub_stop(s->websub);
	ingest_destroy(s->ingest);
	mem_free(s);
}
