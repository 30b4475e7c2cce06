#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/app.h"
#include "daemon/command.h"
#include "daemon/input.h"

#define EXPIRE_INTERVAL_US (10 * US_PER_MINUTE)
#define STOP_PATIENCE_US (5 * US_PER_S)
#define STOP_LOOK_US (20 * US_PER_MS)
#define ONCE_PATIENCE_US US_PER_MINUTE

enum { EXPIRE_ROWS = 1000 };

static uint64_t random_bits(void)
{
	uint64_t bits = 0;
	ssize_t n = getrandom(&bits, sizeof bits, 0);
	(void)n; /* only jitter depends on it */
	return bits;
}

/* --- stopping --- */

static void look_whether_done(void *ctx)
{
	struct app *app = ctx;
	if (app->store_failed && !app->stopping) {
		app_stop(app, EXIT_STORE);
		return;
	}
	if (!app->reload && dispatch_idle(app->dispatch)) {
		loop_stop(app->loop);
		return;
	}
	timer_start(app->stop_timer, STOP_LOOK_US);
	app->stop_left_us -= STOP_LOOK_US;
	if (app->stop_left_us <= 0)
		loop_stop(app->loop);
}

void app_stop(struct app *app, int exit_code)
{
	if (app->stopping) {
		loop_stop(app->loop); /* asked twice: at once */
		return;
	}
	app->stopping = true;
	app->exit_code = exit_code;
	log_info("stopping");
	pipeline_stop(app->pipeline);
	dispatch_stop(app->dispatch);
	app->stop_left_us = STOP_PATIENCE_US;
	timer_start(app->stop_timer, 0);
}

static void on_signal(void *ctx, int number)
{
	struct app *app = ctx;
	if (number == SIGHUP && !app->observer)
		app_reload(app);
	else
		app_stop(app, EXIT_FOUND);
}

static void on_store_failed(void *ctx, int error)
{
	struct app *app = ctx;
	if (app->stopping || app->store_failed)
		return;
	log_error("the store failed: %s; nothing more is taken", error_text(error));
	app->store_failed = true; /* the source at work may not be stopped within its call */
	timer_start(app->stop_timer, 0);
}

/* --- work --- */

/* With --once: all sources have ended, and no delivery is due soon. Those of a target that fails
 * for longer stay in the store for the next run. */
static void stop_if_done(struct app *app)
{
	int64_t due_us;
	struct store_counts counts = { 0 };
	if (!app->once || app->stopping || !pipeline_all_ended(app->pipeline) ||
		!dispatch_idle(app->dispatch))
		return;
	if (store_next_due(app->store, &due_us) != 0 || due_us - clock_wall_us() < ONCE_PATIENCE_US)
		return;
	(void)store_count(app->store, &counts); /* only told */
	if (counts.pending)
		log_warn("%lld deliveries wait in the store for the next run",
			(long long)counts.pending);
	app_stop(app, EXIT_FOUND);
}

static void on_alert(void *ctx, const struct alert *alert)
{
	const struct app *app = ctx;
	if (app->observer)
		app->observer->alert(app->observer->ctx, alert);
}

static void on_alerts_added(void *ctx)
{
	const struct app *app = ctx;
	if (app->observer)
		app->observer->alerts_added(app->observer->ctx);
	dispatch_wake(app->dispatch);
}

static void on_source_ended(void *ctx)
{
	dispatch_wake(((struct app *)ctx)->dispatch);
}

static void on_settled(void *ctx)
{
	stop_if_done(ctx);
}

static void expire(void *ctx)
{
	struct app *app = ctx;
	size_t deleted = 0;
	int64_t before_us = clock_wall_us() - app->config->store.keep_us;
	int error = store_expire(app->store, before_us, EXPIRE_ROWS, &deleted);
	if (error)
		log_warn("cannot delete what is old: %s", store_error(app->store));
	/* More to do: soon, but let others go first. */
	timer_start(app->expire_timer, deleted == EXPIRE_ROWS ? US_PER_S : EXPIRE_INTERVAL_US);
}

/* --- starting --- */

static bool open_store(struct app *app)
{
	struct buf message;
	char *path = arena_text(&app->config->arena, app->config->store.path);
	buf_init(&message, 4096);
	app->store = store_open(path, STORE_OWN, &message);
	if (!app->store)
		log_error("%.*s", STR_ARGS(buf_str(&message)));
	buf_finish(&message);
	return app->store != NULL;
}

static bool load_config(struct app *app, const char *path)
{
	struct diag *diag = diag_create();
	app->config = config_load(path, diag);
	bool failed = command_print_diag(diag);
	diag_destroy(diag);
	if (failed || !app->config)
		return false;
	if (sources_count(app->config->sources) == 0)
		log_error("nothing to read: %s has no sources", path);
	else if (app->config->rules->rule_count == 0)
		log_error("nothing to look for: %s has no rules", path);
	else
		return true;
	return false;
}

static void start_parts(struct app *app)
{
	struct dispatch_host dispatch_host = { clock_wall_us, random_bits, on_store_failed,
		on_settled, app };
	struct pipeline_host pipeline_host = {
		.wall_us = clock_wall_us,
		.monotonic_us = clock_monotonic_us,
		.alert = on_alert,
		.alerts_added = on_alerts_added,
		.source_ended = on_source_ended,
		.store_failed = on_store_failed,
		.ctx = app,
	};
	app->http = http_client_create(app->loop);
	notifiers_open(app->config->notifiers, app->loop, app->http);
	app->dispatch = dispatch_create(
		app->loop, app->store, app->config->notifiers, &dispatch_host);
	app->pipeline = pipeline_create(
		app->config, config_take_rules(app->config), app->store, app->loop, &pipeline_host);
	app->expire_timer = timer_create_on(app->loop, expire, app);
	app->stop_timer = timer_create_on(app->loop, look_whether_done, app);
	timer_start(app->expire_timer, US_PER_MINUTE);
	app->signals[0] = signal_watch_create(app->loop, SIGTERM, on_signal, app);
	app->signals[1] = signal_watch_create(app->loop, SIGINT, on_signal, app);
	app->signals[2] = signal_watch_create(app->loop, SIGHUP, on_signal, app);
	dispatch_wake(app->dispatch); /* what an earlier run left */
}

static void finish(struct app *app)
{
	if (app->observer)
		for (size_t i = 0; i < pipeline_source_count(app->pipeline); i++)
			matcher_counts_add(
				&app->observer->counts, pipeline_source(app->pipeline, i).counts);
	serve_stop(app->serve);
	for (size_t i = 0; i < 3; i++)
		signal_watch_destroy(app->signals[i]);
	timer_destroy(app->expire_timer);
	timer_destroy(app->stop_timer);
	dispatch_destroy(app->dispatch);
	pipeline_destroy(app->pipeline);
	if (app->config)
		sources_destroy(app->config->sources);
	if (app->config)
		notifiers_destroy(app->config->notifiers);
	http_client_destroy(app->http);
	if (app->config) {
		app->config->sources = NULL;
		app->config->notifiers = NULL;
	}
	loop_destroy(app->loop);
	config_destroy(app->config);
	store_close(app->store);
}

int app_run(struct app *app)
{
	app->started_at_us = clock_wall_us();
	if (app->config->timezone.p)
		/* Before any thread starts: mails and bubbles tell times in it. */
		input_set_timezone(app->config->timezone, &app->config->arena);
	if (!open_store(app)) {
		config_destroy(app->config);
		return EXIT_USAGE;
	}
	app->loop = loop_create();
	start_parts(app);
	if (app->config->http.listen.p) {
		app->serve = serve_start(app);
		if (!app->serve) {
			finish(app);
			return EXIT_USAGE;
		}
	}
	log_info("watching %zu sources with %zu rules", pipeline_source_count(app->pipeline),
		ruleset_rules(pipeline_rules(app->pipeline))->rule_count);
	mem_trim(); /* of reading and compiling the rules */
	pipeline_start(app->pipeline, app->http);
	loop_run(app->loop);
	finish(app);
	return app->exit_code;
}

static int run(struct app *app, const char *path)
{
	if (load_config(app, path))
		return app_run(app);
	config_destroy(app->config);
	return EXIT_USAGE;
}

/* --- the command line --- */

struct options {
	const char *config;
	bool once;
	enum log_level level;
};

static bool take_log(const struct command *c, const char *value, void *options)
{
	if (log_level_of(str_of(value), &((struct options *)options)->level))
		return true;
	(void)command_usage(c, "--log takes error, warn, info or debug");
	return false;
}

static const struct argument arguments[] = {
	{ "config", 'c', "FILE", "configuration; default ~/.config/vigie/vigie.yaml",
		offsetof(struct options, config), NULL },
	{ "once", 0, NULL, "stop when all sources have ended and all is delivered",
		offsetof(struct options, once), NULL },
	{ "log", 0, "LEVEL", "error, warn, info (default) or debug", 0, take_log },
	{ 0 },
};

static int run_main(int argc, char **argv)
{
	struct app app = { 0 };
	struct arena arena;
	struct options o = { .level = LOG_LEVEL_INFO };
	struct operands words;
	int code = arguments_parse(&command_run, argc, argv, &o, &words);
	if (code >= 0)
		return code;
	if (words.count)
		return command_usage(&command_run, "too many arguments: '%s'", words.items[0]);
	app.once = o.once;
	log_set_level(o.level);
	(void)umask(077); /* what is stored is nobody else's business */
	arena_init(&arena, 0);
	code = command_config(&o.config, &arena) ? run(&app, o.config) : EXIT_USAGE;
	arena_finish(&arena);
	return code;
}

const struct command command_run = {
	.name = "run",
	.arguments = "[-c FILE] [--once]",
	.help = "Watch the sources and tell the notifiers: the daemon.",
	.notes = "SIGHUP reloads the rules; SIGTERM and SIGINT stop cleanly.\n"
		 "\n"
		 "Exit status: 0 it stopped cleanly, 2 bad usage or configuration, 74 the disk\n"
		 "failed.\n",
	.options = arguments,
	.run = run_main,
};
