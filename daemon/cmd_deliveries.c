#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/json_write.h"
#include "base/log.h"
#include "base/utf8.h"
#include "daemon/command.h"
#include "daemon/config.h"
#include "store/store.h"

enum action { ACTION_LIST, ACTION_RETRY, ACTION_DROP };

static const char *const action_names[] = { "list", "retry", "drop", NULL };

struct options {
	const char *config, *store, *state, *target, *rule, *id, *limit;
	bool json, all;
	enum action action;
	struct outbox_filter filter;
};

enum { LIST_DEFAULT = 1000, LIST_MAX_BYTES = 256 * 1024 * 1024 };

/* --- the list --- */

enum column { COLUMN_ID, COLUMN_STATE, COLUMN_TARGET, COLUMN_RULE, COLUMN_ATTEMPTS, COLUMN_WHEN };
enum { COLUMNS = COLUMN_WHEN + 1 };

static const char *const titles[COLUMNS] = { "ID", "STATE", "TARGET", "RULE", "ATTEMPTS", "WHEN" };

/* When it is due, or when it was sent or given up. */
static int64_t when_of(const struct outbox_row *row)
{
	return row->state == OUTBOX_PENDING ? row->due_at_us : row->changed_at_us;
}

static void add_cell(struct buf *out, const struct outbox_row *row, enum column column)
{
	char time[TIME_TEXT_BYTES];
	switch (column) {
	case COLUMN_ID:
		escape_control(out, row->id);
		break;
	case COLUMN_STATE:
		buf_add(out, str_of(delivery_state_name(row->state)));
		break;
	case COLUMN_TARGET:
		escape_control(out, row->target);
		break;
	case COLUMN_RULE:
		escape_control(out, row->rule);
		break;
	case COLUMN_ATTEMPTS:
		buf_addf(out, "%u", row->attempts);
		break;
	case COLUMN_WHEN:
		/* Whole seconds are enough for people. */
		time_format(when_of(row) - when_of(row) % US_PER_S, time);
		buf_add(out, str_of(time));
		break;
	}
}

static size_t cell_chars(struct buf *scratch, const struct outbox_row *row, enum column column)
{
	buf_clear(scratch);
	add_cell(scratch, row, column);
	return utf8_count(buf_str(scratch));
}

static void add_padded(struct buf *out, struct str text, size_t chars)
{
	size_t n = utf8_count(text);
	buf_add(out, text);
	buf_addf(out, "%*s", (int)(chars > n ? chars - n : 0) + 2, "");
}

static void add_table(struct buf *out, const struct outbox_row *rows, size_t count)
{
	size_t widths[COLUMNS];
	struct buf cell;
	buf_init(&cell, 0);
	for (size_t c = 0; c < COLUMNS; c++) {
		widths[c] = strlen(titles[c]);
		for (size_t i = 0; i < count; i++) {
			size_t chars = cell_chars(&cell, &rows[i], (enum column)c);
			widths[c] = chars > widths[c] ? chars : widths[c];
		}
	}
	for (size_t c = 0; c < COLUMNS; c++)
		add_padded(out, str_of(titles[c]), widths[c]);
	buf_add(out, STR("MESSAGE\n"));
	for (size_t i = 0; i < count; i++) {
		for (size_t c = 0; c < COLUMNS; c++) {
			buf_clear(&cell);
			add_cell(&cell, &rows[i], (enum column)c);
			add_padded(out, buf_str(&cell), widths[c]);
		}
		escape_control(out, rows[i].message);
		while (out->p[out->n - 1] == ' ')
			out->n--;
		buf_add_char(out, '\n');
	}
	buf_finish(&cell);
}

static void add_json(struct buf *out, const struct outbox_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct outbox_row *row = &rows[i];
		buf_add_char(out, '{');
		json_text(out, "id", row->id);
		json_text(out, "alert", row->alert_id);
		json_text(out, "state", str_of(delivery_state_name(row->state)));
		json_text(out, "target", row->target);
		json_text(out, "rule", row->rule);
		json_text(out, "severity", str_of(severity_name(row->severity)));
		json_integer(out, "attempts", row->attempts);
		json_time(out, "created_at", row->created_at_us);
		if (row->state == OUTBOX_PENDING)
			json_time(out, "due_at", row->due_at_us);
		json_time(out, "changed_at", row->changed_at_us);
		if (row->message.n)
			json_text(out, "message", row->message);
		buf_add(out, STR("}\n"));
	}
}

static int list(struct store *s, const struct options *o)
{
	struct arena arena;
	struct outbox_row *rows;
	size_t count;
	struct buf out;
	arena_init(&arena, LIST_MAX_BYTES);
	int error = store_list(s, &o->filter, &arena, &rows, &count);
	if (error) {
		log_error("cannot list deliveries: %s", store_error(s));
		arena_finish(&arena);
		return EXIT_STORE;
	}
	buf_init(&out, 0);
	if (o->json)
		add_json(&out, rows, count);
	else if (count)
		add_table(&out, rows, count);
	bool written = command_write(buf_str(&out));
	size_t limit = o->filter.limit ? o->filter.limit : LIST_DEFAULT;
	if (count >= limit && !o->json)
		fprintf(stderr, "the newest %zu; --limit N shows more\n", count);
	buf_finish(&out);
	arena_finish(&arena);
	if (!written)
		return EXIT_USAGE;
	return count ? EXIT_FOUND : EXIT_NOTHING;
}

/* --- repair --- */

static int repair(struct store *s, const struct options *o)
{
	bool retry = o->action == ACTION_RETRY;
	size_t changed;
	int error = retry ? store_revive(s, &o->filter, clock_wall_us(), &changed)
			  : store_drop(s, &o->filter, &changed);
	if (error) {
		log_error("cannot %s deliveries: %s", action_names[o->action], store_error(s));
		return EXIT_STORE;
	}
	if (o->json)
		printf("{\"changed\":%zu}\n", changed);
	else
		printf("%zu %s %s\n", changed, changed == 1 ? "delivery" : "deliveries",
			retry ? "due again" : "dropped");
	if (!command_write(STR("")))
		return EXIT_USAGE;
	return changed ? EXIT_FOUND : EXIT_NOTHING;
}

/* --- the command line --- */

static const struct argument arguments[] = {
	{ "config", 'c', "FILE", "configuration that names the store",
		offsetof(struct options, config), NULL },
	{ "store", 0, "FILE", "the store itself", offsetof(struct options, store), NULL },
	{ "state", 0, "STATE", "only those: pending, sent or dead", offsetof(struct options, state),
		NULL },
	{ "target", 0, "NAME", "only those to this notifier", offsetof(struct options, target),
		NULL },
	{ "rule", 0, "NAME", "only those of this rule", offsetof(struct options, rule), NULL },
	{ "id", 0, "ID", "only this one", offsetof(struct options, id), NULL },
	{ "all", 0, NULL, "retry or drop whatever there is", offsetof(struct options, all), NULL },
	{ "limit", 'n', "N", "at most that many; list shows 1000 without it",
		offsetof(struct options, limit), NULL },
	{ "json", 0, NULL, "one JSON object a delivery; else how many",
		offsetof(struct options, json), NULL },
	{ 0 },
};

static bool parse_action(const char *text, enum action *action)
{
	for (size_t i = 0; action_names[i]; i++) {
		if (strcmp(text, action_names[i]) == 0) {
			*action = (enum action)i;
			return true;
		}
	}
	return false;
}

static bool parse_state(const char *text, int *state)
{
	for (int i = OUTBOX_PENDING; i <= OUTBOX_DEAD; i++) {
		if (strcmp(text, delivery_state_name((enum delivery_state)i)) == 0) {
			*state = i;
			return true;
		}
	}
	return false;
}

static bool parse_limit(const char *text, size_t *limit)
{
	int64_t n;
	if (!str_to_int64(str_of(text), &n) || n < 1 || n > STORE_MAX_ROWS)
		return false;
	*limit = (size_t)n;
	return true;
}

/* -1: go on; else the exit code. */
static int check_options(struct options *o)
{
	struct outbox_filter *f = &o->filter;
	*f = (struct outbox_filter){ .state = -1,
		.target = str_of(o->target),
		.rule = str_of(o->rule),
		.id = str_of(o->id) };
	bool filtered = o->state || o->target || o->rule || o->id;
	if (o->config && o->store)
		return command_usage(&command_deliveries, "-c and --store exclude each other");
	if (o->state && !parse_state(o->state, &f->state))
		return command_usage(
			&command_deliveries, "a state is pending, sent or dead: '%s'", o->state);
	if (o->limit && !parse_limit(o->limit, &f->limit))
		return command_usage(&command_deliveries, "--limit takes 1 to %d: '%s'",
			STORE_MAX_ROWS, o->limit);
	if (o->all && filtered)
		return command_usage(&command_deliveries, "--all and a filter exclude each other");
	if (o->action != ACTION_LIST && !filtered && !o->all)
		return command_usage(&command_deliveries,
			"which deliveries? --id, --state, --target, --rule or --all");
	if (o->action == ACTION_RETRY && f->state == OUTBOX_SENT)
		return command_usage(&command_deliveries, "what was sent is not sent again");
	return -1;
}

static int parse(int argc, char **argv, struct options *o)
{
	struct operands words;
	int code = arguments_parse(&command_deliveries, argc, argv, o, &words);
	if (code >= 0)
		return code;
	if (words.count > 1 || (words.count && !parse_action(words.items[0], &o->action)))
		return command_usage(&command_deliveries, "what to do is list, retry or drop: '%s'",
			words.items[words.count - 1]);
	return check_options(o);
}

/* The store that the configuration names; absent after an error was printed. */
static struct str find_store(const struct options *o, struct arena *arena)
{
	if (o->store)
		return arena_str(arena, str_of(o->store));
	const char *path = o->config;
	if (!command_config(&path, arena))
		return STR_NONE;
	struct diag *diag = diag_create();
	struct config *c = config_load_part(path, CONFIG_STORE, diag);
	struct str store = STR_NONE;
	if (diag_failed(diag))
		(void)command_print_diag(diag); /* it failed */
	else
		store = arena_str(arena, c->store.path);
	config_destroy(c);
	diag_destroy(diag);
	return store;
}

static int deliveries_main(int argc, char **argv)
{
	struct options o = { 0 };
	struct arena arena;
	struct buf message;
	int code = parse(argc, argv, &o);
	if (code >= 0)
		return code;
	arena_init(&arena, 0);
	buf_init(&message, 0);
	struct str path = find_store(&o, &arena);
	code = EXIT_USAGE;
	if (path.p) {
		struct store *s = store_open(path.p, STORE_SHARE, &message);
		if (!s)
			log_error("%.*s", STR_ARGS(buf_str(&message)));
		else
			code = o.action == ACTION_LIST ? list(s, &o) : repair(s, &o);
		store_close(s);
	}
	buf_finish(&message);
	arena_finish(&arena);
	return code;
}

const struct command command_deliveries = {
	.name = "deliveries",
	.arguments = "[OPTION...] [list | retry | drop]",
	.help = "Show what waits, was sent or given up; send it again or drop it.",
	.intro = "  list                the newest first (what it does without a word)\n"
		 "  retry               makes what was given up, or waits, due now\n"
		 "  drop                forgets deliveries; their alerts stay\n",
	.notes = "Exit status: 0 there were some, 1 there were none, 2 bad usage or\n"
		 "configuration, 74 the store does not answer.\n",
	.options = arguments,
	.run = deliveries_main,
};
