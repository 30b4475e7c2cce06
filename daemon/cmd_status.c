#define _GNU_SOURCE
#include <stdio.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/json_write.h"
#include "base/log.h"
#include "daemon/command.h"
#include "daemon/config.h"
#include "daemon/status_sources.h"
#include "daemon/status_text.h"
#include "daemon/version.h"
#include "net/http.h"

#define PATIENCE_US (2 * US_PER_S)
enum { ANSWER_MAX_BYTES = 16 * 1024 * 1024 };

/* --- asking --- */

struct asking {
	struct loop *loop;
	struct buf body;
	bool good;
	struct buf problem;
};

static bool on_data(void *ctx, struct str piece)
{
	struct asking *a = ctx;
	buf_add(&a->body, piece);
	return true;
}

static void on_end(
	void *ctx, enum http_end end, const struct http_answer *answer, const char *message)
{
	struct asking *a = ctx;
	a->good = end == HTTP_DONE && answer->status == 200;
	if (end == HTTP_DONE)
		buf_addf(&a->problem, "it answers %d", answer->status);
	else
		escape_control(&a->problem, str_of(message));
	loop_stop(a->loop);
}

/* False after an error was printed. */
static bool ask(struct asking *a, struct str listen)
{
	static const struct http_events events = { .data = on_data, .end = on_end };
	struct buf url;
	buf_init(&url, 0);
	buf_addf(&url, "http://%.*s/api/v1/status", STR_ARGS(listen));
	a->loop = loop_create();
	struct http_client *client = http_client_create(a->loop);
	const struct http_options options = { .url = buf_str(&url),
		.connect_timeout_us = PATIENCE_US,
		.timeout_us = PATIENCE_US,
		.max_body_bytes = ANSWER_MAX_BYTES };
	(void)http_start(client, &options, &events, a); /* on_end tells */
	loop_run(a->loop);
	http_client_destroy(client);
	loop_destroy(a->loop);
	if (!a->good)
		fprintf(stderr, "vigie status: no daemon at %.*s: %s\n", STR_ARGS(listen),
			a->problem.p);
	buf_finish(&url);
	return a->good;
}

/* --- what is printed --- */

/* Returns the exit code. */
static int print(struct str json, bool as_json)
{
	struct buf out;
	struct arena arena;
	buf_init(&out, 0);
	arena_init(&arena, 0); /* the answer has a ceiling */
	bool good = true;
	if (as_json) {
		buf_add(&out, json);
		buf_add(&out, str_ends(json, STR("\n")) ? STR("") : STR("\n"));
	} else {
		good = status_text(json, &arena, &out);
	}
	if (!good)
		fprintf(stderr, "vigie status: what answers is no vigie\n");
	bool written = good && command_write(buf_str(&out));
	arena_finish(&arena);
	buf_finish(&out);
	return !good ? EXIT_NOTHING : written ? EXIT_FOUND : EXIT_USAGE;
}

/* Without a daemon: the gaps that the store has recorded. */
static void print_recorded(const char *config, bool as_json)
{
	struct arena arena;
	struct buf json, message;
	struct diag *diag = diag_create();
	arena_init(&arena, 0);
	buf_init(&json, 0);
	buf_init(&message, 0);
	struct config *c = config_load_part(
		config ? config : config_default_path(&arena).p, CONFIG_STORE, diag);
	struct store *store = NULL;
	if (!diag_failed(diag))
		store = store_open(arena_text(&arena, c->store.path), STORE_READ, &message);
	if (store) {
		json_open(&json, NULL, '{');
		json_text(&json, "version", STR(VIGIE_VERSION));
		json_bool(&json, "running", false);
		status_gaps(store, &json);
		buf_add(&json, STR("}\n"));
		struct buf text;
		buf_init(&text, 0);
		status_text_gaps(buf_str(&json), &arena, &text);
		(void)command_write(buf_str(as_json ? &json : &text)); /* the exit code is 1 */
		buf_finish(&text);
	}
	store_close(store);
	config_destroy(c);
	diag_destroy(diag);
	buf_finish(&message);
	buf_finish(&json);
	arena_finish(&arena);
}

/* --- the command line --- */

struct options {
	const char *config;
	bool json;
};

static const struct argument arguments[] = {
	{ "config", 'c', "FILE", "configuration of the daemon; its http.listen is asked",
		offsetof(struct options, config), NULL },
	{ "json", 0, NULL, "what the daemon answers, as it is", offsetof(struct options, json),
		NULL },
	{ 0 },
};

/* Where the daemon listens; absent after an error was printed. */
static struct str find_daemon(const char *config, struct arena *arena)
{
	struct diag *diag = diag_create();
	struct config *c = config_load_part(
		config ? config : config_default_path(arena).p, CONFIG_HTTP, diag);
	struct str listen = STR_NONE;
	if (diag_failed(diag)) {
		(void)command_print_diag(diag); /* it failed */
	} else if (!c->http.listen.p) {
		fprintf(stderr, "vigie status: %s: http.listen is not set, so nobody can ask\n",
			c->path);
	} else {
		listen = arena_str(arena, c->http.listen);
	}
	config_destroy(c);
	diag_destroy(diag);
	return listen;
}

static int status_main(int argc, char **argv)
{
	struct options o = { 0 };
	struct operands words;
	struct arena arena;
	int code = arguments_parse(&command_status, argc, argv, &o, &words);
	if (code >= 0)
		return code;
	if (words.count)
		return command_usage(&command_status, "takes no argument: '%s'", words.items[0]);
	struct asking asking = { .good = false };
	arena_init(&arena, 0);
	buf_init(&asking.body, ANSWER_MAX_BYTES);
	buf_init(&asking.problem, 0);
	struct str listen = find_daemon(o.config, &arena);
	code = EXIT_USAGE;
	if (listen.p && ask(&asking, listen)) {
		code = print(buf_str(&asking.body), o.json);
	} else if (listen.p) {
		code = EXIT_NOTHING;
		print_recorded(o.config, o.json);
	}
	buf_finish(&asking.problem);
	buf_finish(&asking.body);
	arena_finish(&arena);
	return code;
}

const struct command command_status = {
	.name = "status",
	.arguments = "[-c FILE] [--json]",
	.help = "Ask the daemon for its sources, gaps, deliveries and notifiers.",
	.notes = "Without a daemon it shows the gaps that are recorded.\n"
		 "\n"
		 "Exit status: 0 it answers, 1 it does not, 2 bad usage or configuration.\n",
	.options = arguments,
	.run = status_main,
};
