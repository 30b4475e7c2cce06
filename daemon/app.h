/* The running daemon: the parts and what ties them together. */
#pragma once

#include "daemon/config.h"
#include "daemon/dispatch.h"
#include "daemon/pipeline.h"

struct reload;
struct serve;
struct web;
struct web_answer;
struct web_call;

/* Who hears of alerts beside the notifiers, as `vigie watch` does; there is no reload then. */
struct app_observer {
	void (*alert)(void *ctx, const struct alert *alert); /* a new one */
	void (*alerts_added)(void *ctx); /* those of a block are stored */
	struct matcher_counts counts; /* of all sources, at the end */
	void *ctx;
};

struct app {
	struct loop *loop;
	struct http_client *http;
	struct config *config;
	struct store *store;
	struct pipeline *pipeline;
	struct dispatch *dispatch;
	struct serve *serve; /* NULL: no http.listen */
	struct reload *reload; /* NULL: none under way */
	bool reload_again; /* asked for while one was under way */
	uint64_t reload_count, reload_failed_count;
	struct timer *expire_timer, *stop_timer;
	int64_t stop_left_us; /* patience with what is in flight */
	struct signal_watch *signals[3];
	int64_t started_at_us; /* wall clock */
	bool once; /* stop when all sources have ended and nothing is left to send */
	bool stopping;
	bool store_failed; /* stop in the loop's next turn */
	struct app_observer *observer; /* NULL: nobody */
	int exit_code;
};

/* Runs until it is stopped; config is there and whole, and is destroyed. Returns the exit code. */
int app_run(struct app *app);
/* Sources stop, what is in flight gets five seconds, then the loop stops. */
void app_stop(struct app *app, int exit_code);

/* daemon/reload.c: builds the rules of the configuration file anew on a thread, and swaps them if
 * whole. */
void app_reload(struct app *app);

/* daemon/status.c and metrics.c: what the daemon tells of itself. */
void status_json(const struct app *app, struct buf *out);
void status_metrics(const struct app *app, struct buf *out);

/* daemon/serve.c: those over HTTP, on the loop. NULL after an error was logged. */
struct serve *serve_start(struct app *app);
void serve_stop(struct serve *serve); /* takes NULL */
/* For web_add_route. */
struct web *serve_web(struct serve *serve);
/* web_answer, within the route's call or later. */
void serve_answer(struct serve *serve, struct web_call *call, const struct web_answer *answer);
