#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "daemon/command.h"
#include "daemon/config.h"
#include "net/http.h"

#define PATIENCE_US (2 * US_PER_S)
enum { ANSWER_MAX_BYTES = 16 * 1024 * 1024, CELLS = 8 };

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

/* --- the table --- */

/* A value as people read it: text escaped, null and nothing as "-". */
static void add_value(struct buf *out, struct json_picked picked)
{
	const struct json_value *v = picked.count ? &picked.items[0] : NULL;
	if (v && v->text.n && v->type != JSON_NULL)
		escape_control(out, v->text);
	else
		buf_add_char(out, '-');
}

/* Rows of cells, so that each column is as wide as its widest. The first row has the titles. */
struct table {
	struct arena *arena;
	struct str *cells; /* rows of `columns` */
	size_t columns, count, size;
};

static void add_cell(struct table *t, struct str text)
{
	if (t->count == t->size) {
		size_t size = t->size ? 2 * t->size : 64;
		struct str *cells = arena_array(t->arena, struct str, size);
		for (size_t i = 0; i < t->count; i++)
			cells[i] = t->cells[i];
		t->cells = cells;
		t->size = size;
	}
	t->cells[t->count++] = arena_str(t->arena, text);
}

static void print_table(const struct table *t, struct buf *out)
{
	size_t widths[CELLS] = { 0 };
	for (size_t i = 0; i < t->count; i++) {
		size_t chars = utf8_count(t->cells[i]), column = i % t->columns;
		widths[column] = chars > widths[column] ? chars : widths[column];
	}
	for (size_t i = 0; i < t->count; i++) {
		size_t chars = utf8_count(t->cells[i]), column = i % t->columns;
		buf_add(out, t->cells[i]);
		if (column + 1 < t->columns)
			buf_addf(out, "%*s", (int)(widths[column] - chars) + 2, "");
		else
			buf_add_char(out, '\n');
	}
}

/* The paths of one kind of object, each a column. */
struct columns {
	const char *titles[CELLS];
	struct str paths[CELLS];
	size_t count;
};

static const struct columns source_columns = {
	{ "SOURCE", "TYPE", "STATE", "SINCE", "RECORDS", "CANDIDATES", "MATCHES", "MESSAGE" },
	{ { "name", 4 }, { "type", 4 }, { "state", 5 }, { "since", 5 }, { "records", 7 },
		{ "candidates", 10 }, { "matches", 7 }, { "message", 7 } },
	8,
};

static const struct columns target_columns = {
	{ "NOTIFIER", "TYPE", "IN FLIGHT", "SENT", "RETRIED", "REJECTED", "OFF" },
	{ { "name", 4 }, { "type", 4 }, { "in_flight", 9 }, { "sent", 4 }, { "retried", 7 },
		{ "rejected", 8 }, { "off", 3 } },
	7,
};

static const struct columns regex_columns = {
	{ "REGEX OF", "NAME", "GIVEN UP", "NOT BEGUN", "SET ASIDE", "REGEX" },
	{ { "of", 2 }, { "name", 4 }, { "given_up", 8 }, { "not_begun", 9 }, { "set_aside", 9 },
		{ "regex", 5 } },
	6,
};

static void add_table(struct buf *out, const struct columns *columns, struct json_picked items,
	struct arena *arena)
{
	size_t bad;
	struct json_paths *paths = json_paths_create(columns->paths, columns->count, &bad);
	struct table table = { .arena = arena, .columns = columns->count };
	struct json_picked picked[CELLS];
	struct json_error error;
	struct buf cell;
	buf_init(&cell, 0);
	for (size_t c = 0; c < columns->count; c++)
		add_cell(&table, str_of(columns->titles[c]));
	for (size_t i = 0; i < items.count; i++) {
		if (json_pick_yajl(paths, items.items[i].text, arena, picked, &error) != 0)
			continue; /* the whole was JSON, so this is no object */
		for (size_t c = 0; c < columns->count; c++) {
			buf_clear(&cell);
			add_value(&cell, picked[c]);
			add_cell(&table, buf_str(&cell));
		}
	}
	buf_finish(&cell);
	json_paths_destroy(paths);
	if (items.count)
		print_table(&table, out);
}

/* {"reason":N,...} is flat, was read as JSON, and comes from our own daemon, which writes quotes
 * and backslashes in no reason: a line a reason. */
static void add_reasons(struct buf *out, struct str name, struct str object)
{
	struct str rest = str_trim(str_slice(object, 1, object.n - 1)), reason, count;
	while (str_next(&rest, '"', &reason) && str_next(&rest, '"', &reason)) {
		size_t colon = str_find_char(rest, ':');
		rest = str_slice(rest, colon == SIZE_MAX ? rest.n : colon + 1, rest.n);
		size_t end = str_find_char(rest, ',');
		count = str_trim(str_slice(rest, 0, end));
		rest = str_slice(rest, end, rest.n);
		buf_add(out, STR("  "));
		escape_control(out, name);
		buf_addf(out, ": %.*s rejected: ", STR_ARGS(count));
		escape_control(out, reason);
		buf_add_char(out, '\n');
	}
}

static void add_rejected(struct buf *out, struct json_picked sources, struct arena *arena)
{
	static const struct str wanted[] = { { "name", 4 }, { "rejected", 8 } };
	size_t bad;
	struct json_paths *paths = json_paths_create(wanted, 2, &bad);
	struct json_picked picked[2];
	struct json_error error;
	for (size_t i = 0; i < sources.count; i++) {
		if (json_pick_yajl(paths, sources.items[i].text, arena, picked, &error) == 0 &&
			picked[0].count && picked[1].count &&
			picked[1].items[0].type == JSON_OBJECT)
			add_reasons(out, picked[0].items[0].text, picked[1].items[0].text);
	}
	json_paths_destroy(paths);
}

enum { VERSION, STARTED_AT, RULES, PENDING, SENT, DEAD, SOURCES, TARGETS, REGEXES, PATHS };

/* False if it is not the JSON of a daemon. */
static bool add_all(struct buf *out, struct str json, struct arena *arena)
{
	static const struct str wanted[PATHS] = { { "version", 7 }, { "started_at", 10 },
		{ "rules", 5 }, { "deliveries.pending", 18 }, { "deliveries.sent", 15 },
		{ "deliveries.dead", 15 }, { "sources[]", 9 }, { "targets[]", 9 },
		{ "regexes[]", 9 } };
	static const char *const labels[] = { "vigie ", ", running since ",
		", rules: ", "\ndeliveries: pending ", ", sent ", ", dead " };
	size_t bad;
	struct json_paths *paths = json_paths_create(wanted, PATHS, &bad);
	struct json_picked picked[PATHS];
	struct json_error error;
	bool good = json_pick_yajl(paths, json, arena, picked, &error) == 0 &&
		picked[VERSION].count == 1;
	json_paths_destroy(paths);
	if (!good)
		return false;
	for (size_t i = 0; i < SOURCES; i++) {
		buf_add(out, str_of(labels[i]));
		add_value(out, picked[i]);
	}
	buf_add(out, STR("\n\n"));
	add_table(out, &source_columns, picked[SOURCES], arena);
	add_rejected(out, picked[SOURCES], arena);
	if (picked[SOURCES].count && picked[TARGETS].count)
		buf_add_char(out, '\n');
	add_table(out, &target_columns, picked[TARGETS], arena);
	if (picked[REGEXES].count)
		buf_add_char(out, '\n');
	add_table(out, &regex_columns, picked[REGEXES], arena);
	return true;
}

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
		good = add_all(&out, json, &arena);
	}
	if (!good)
		fprintf(stderr, "vigie status: what answers is no vigie\n");
	bool written = good && command_write(buf_str(&out));
	arena_finish(&arena);
	buf_finish(&out);
	return !good ? EXIT_NOTHING : written ? EXIT_FOUND : EXIT_USAGE;
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
	if (listen.p)
		code = ask(&asking, listen) ? print(buf_str(&asking.body), o.json) : EXIT_NOTHING;
	buf_finish(&asking.problem);
	buf_finish(&asking.body);
	arena_finish(&arena);
	return code;
}

const struct command command_status = {
	.name = "status",
	.arguments = "[-c FILE] [--json]",
	.help = "Ask the daemon for its sources, its deliveries and its notifiers.",
	.notes = "Exit status: 0 it answers, 1 it does not, 2 bad usage or configuration.\n",
	.options = arguments,
	.run = status_main,
};
