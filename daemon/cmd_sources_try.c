#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/advice.h"
#include "daemon/command.h"
#include "daemon/config_keys.h"
#include "daemon/guess.h"
#include "daemon/input.h"
#include "daemon/target.h"
#include "daemon/try.h"

#define PROBE_TIMEOUT_US (20 * US_PER_S)

enum { WANTED_DEFAULT = 5, WANTED_MAX = 1000 };

struct trying {
	struct try_options options;
	const char *config_path;
	struct arena arena;
	struct draft draft;
	struct probe probe;
	bool probed;
	struct loop *loop;
	struct http_client *http;
	struct try_result result;
	FILE *notes; /* where all but posts goes */
};

/* ---- what is said ---- */

static void say_text(const struct trying *t, const char *before, struct str text, const char *after)
{
	struct buf shown;
	buf_init(&shown, 0);
	escape_control(&shown, text);
	fprintf(t->notes, "%s%.*s%s", before, STR_ARGS(buf_str(&shown)), after);
	buf_finish(&shown);
}

/* What was said before it on the other stream stands before it. */
static void say_first(const struct trying *t)
{
	(void)fflush(t->notes); /* nobody left to tell */
}

static void say_hint(const struct trying *t, const char *hint)
{
	say_first(t);
	if (hint)
		fprintf(stderr, "  hint: %s\n", hint);
}

static void say_failure(const struct trying *t, struct str why)
{
	struct buf shown;
	buf_init(&shown, 0);
	escape_control(&shown, why);
	say_first(t);
	fprintf(stderr, "vigie sources try: not connected: %.*s\n", STR_ARGS(buf_str(&shown)));
	say_hint(t, advice_of_message(why));
	buf_finish(&shown);
}

static void say_title(const struct trying *t)
{
	if (t->probe.title.n)
		say_text(t, ", \"", t->probe.title, "\"");
}

static void say_page(const struct trying *t)
{
	const struct probe *p = &t->probe;
	fprintf(t->notes, "a web page");
	say_title(t);
	fprintf(t->notes, "%s\n", p->login ? " that asks for a password" : "");
	if (p->software && target_has_preset(str_of(p->software)))
		say_text(t, "  it is made by ", str_of(p->software),
			": there is a preset for that, 'vigie sources presets' tells more\n");
	if (p->feed_count)
		fprintf(t->notes, "  it names %zu feed%s:\n", p->feed_count,
			p->feed_count > 1 ? "s" : "");
	for (size_t i = 0; i < p->feed_count; i++)
		say_text(t, "    ", p->feeds[i], i ? "\n" : "   (tried now)\n");
}

static void say_answer(const struct trying *t)
{
	const struct probe *p = &t->probe;
	switch (p->kind) {
	case PROBE_FEED:
		fprintf(t->notes, "a feed (%s)", p->form);
		say_title(t);
		fprintf(t->notes, ", %zu entries\n", p->entry_count);
		break;
	case PROBE_EVENTS:
		fprintf(t->notes, "a stream of events (SSE)\n");
		break;
	case PROBE_LINES:
		fprintf(t->notes, "a stream of JSON lines\n");
		break;
	case PROBE_DOCUMENT:
		say_text(t, "a JSON document with a list at '", p->list.n ? p->list : STR("(top)"),
			"'");
		fprintf(t->notes, " of %zu objects\n", p->record_count);
		break;
	case PROBE_JSON:
		fprintf(t->notes, "a JSON document without a list of objects\n");
		break;
	case PROBE_PAGE:
		say_page(t);
		break;
	default:
		say_text(t, "neither feed nor stream: content type '", p->content_type, "'\n");
		break;
	}
}

static void say_preset(struct trying *t)
{
	const char *preset = target_preset_of_host(draft_get(&t->draft, STR("url")), &t->arena);
	if (preset && !str_eq(draft_get(&t->draft, STR("type")), str_of(preset)))
		fprintf(t->notes, "  the preset '%s' is made for it: vigie sources try %s\n",
			preset, preset);
}

static void say_probe(struct trying *t)
{
	const struct probe *p = &t->probe;
	if (p->redirected)
		say_text(t, "led on to ", p->url, "\n");
	say_text(t, "", p->url, ": ");
	say_answer(t);
	if (p->private)
		fprintf(t->notes, "  it is at a private address\n");
	say_preset(t);
}

/* ---- what to write into a configuration ---- */

static void say_yaml(struct trying *t, const char *map, const struct guess *guess)
{
	struct buf yaml;
	buf_init(&yaml, 0);
	buf_add(&yaml, STR("\nFor the configuration:\n\nsources:\n"));
	draft_yaml(&t->draft, &yaml);
	if (map)
		buf_addf(&yaml, "    map: %s\n", map);
	if (guess) {
		buf_addf(&yaml, "maps:\n  %s:\n", map);
		guess_yaml(guess, 4, &yaml);
	}
	fprintf(t->notes, "%.*s", STR_ARGS(buf_str(&yaml)));
	buf_finish(&yaml);
}

/* Does the guess find a field that no post had? Those that the fields of try_field_names[2] on are
 * called in maps. */
static bool finds_more(const struct guess *guess, const struct try_result *r)
{
	static const char *const fields[] = { "id", "url", "author.handle", "created_at" };
	for (size_t i = 0; i < guess->count; i++)
		for (size_t j = 0; j < sizeof fields / sizeof *fields; j++)
			if (strcmp(guess->fields[i].field, fields[j]) == 0 &&
				r->field_counts[2 + j] == 0)
				return true;
	return r->post_count == 0;
}

static const char *guess_name(struct trying *t)
{
	const struct str name = t->draft.name;
	struct post_map *const none = NULL;
	const struct post_map *map = none;
	/* Names of built-in maps are taken. */
	return config_map(NULL, name, &map) ? arena_format(&t->arena, "%.*s-own", STR_ARGS(name)).p
					    : name.p;
}

/* A map is proposed where the built-in ones found little. */
static bool propose(struct trying *t, const struct str *records, size_t count)
{
	struct guess guess;
	if (!count || !guess_fields(records, count, &t->arena, &guess))
		return false;
	if (!finds_more(&guess, &t->result))
		return false;
	fprintf(t->notes, "\nA map of its own would fit, guessed by the names of its keys:\n");
	say_yaml(t, guess_name(t), &guess);
	return true;
}

static void say_fields(const struct trying *t)
{
	const struct try_result *r = &t->result;
	const char *between = "";
	fprintf(t->notes, "found:");
	for (size_t i = 0; i < 8; i++)
		if (r->field_counts[i])
			fprintf(t->notes, " %s %zu/%zu", try_field_names[i], r->field_counts[i],
				r->post_count);
	fprintf(t->notes, "\nmissing: ");
	for (size_t i = 0; i < 8; i++) {
		if (r->field_counts[i])
			continue;
		fprintf(t->notes, "%s%s", between, try_field_names[i]);
		between = ", ";
	}
	fprintf(t->notes, "%s\n", between[0] ? "" : "nothing");
}

static void say_counts(const struct trying *t)
{
	const struct try_result *r = &t->result;
	if (r->skipped_count)
		fprintf(t->notes, "%zu of %zu records hold no text and are no posts\n",
			r->skipped_count, r->record_count);
	if (r->rejected_count)
		fprintf(t->notes, "%zu records were rejected: %s\n", r->rejected_count,
			r->rejected ? r->rejected : "");
}

static int say_result(struct trying *t, bool from_config)
{
	struct try_result *r = &t->result;
	if (r->post_count) {
		fprintf(t->notes, "\n");
		say_fields(t);
	}
	say_counts(t);
	if (r->map && r->post_count)
		fprintf(t->notes, "read by the map '%s'\n", r->map);
	if (r->live && r->failure.n)
		say_text(t, "then: ", buf_str(&r->failure), "\n");
	const bool json = str_find_char(r->sample_count ? r->samples[0] : STR(""), '{') != SIZE_MAX;
	const bool proposed = json && propose(t, r->samples, r->sample_count);
	if (r->post_count && !proposed && !from_config)
		say_yaml(t, NULL, NULL);
	if (r->post_count)
		return EXIT_FOUND;
	if (!r->live) {
		say_failure(t, r->failure.n ? buf_str(&r->failure) : STR("no answer in time"));
		return EXIT_UNREACHED;
	}
	say_first(t);
	if (!r->interrupted)
		fprintf(stderr, "vigie sources try: connected, but no post came\n");
	return EXIT_NOTHING;
}

/* ---- doing it ---- */

static int run_config(struct trying *t, struct config *config, bool from_config)
{
	if (strcmp(sources_at(config->sources, 0)->type->name, "ingest") == 0) {
		fprintf(stderr,
			"vigie sources try: others send to this source: it cannot be tried\n"
			"  hint: 'vigie run' takes what is sent to POST /api/v1/posts\n");
		return EXIT_USAGE;
	}
	if (config->timezone.p)
		input_set_timezone(config->timezone, &t->arena);
	log_set_level(LOG_LEVEL_ERROR); /* what goes wrong is told here */
	try_source(config, t->loop, t->http, &t->options, &t->arena, &t->result);
	return say_result(t, from_config);
}

static int run_source(struct trying *t, const char *path, struct str yaml, struct str name)
{
	struct diag *diag = diag_create();
	struct config *config = config_load_source(path, yaml, name, diag);
	const bool failed = command_print_diag(diag) || !config;
	diag_destroy(diag);
	const int code = failed ? EXIT_USAGE : run_config(t, config, !yaml.p);
	if (config) {
		/* They let go of the client, which must outlive them. */
		sources_destroy(config->sources);
		config->sources = NULL;
	}
	config_destroy(config);
	return code;
}

static int run_draft(struct trying *t)
{
	struct buf yaml;
	buf_init(&yaml, 0);
	buf_add(&yaml, STR("sources:\n"));
	draft_yaml(&t->draft, &yaml);
	const int code = run_source(t, "command line", buf_str(&yaml), t->draft.name);
	buf_finish(&yaml);
	return code;
}

static int judge_not_readable(struct trying *t)
{
	const struct probe *p = &t->probe;
	if (p->kind == PROBE_FAILED) {
		say_failure(t, str_of(p->message));
		return EXIT_UNREACHED;
	}
	if (p->kind == PROBE_REFUSED) {
		fprintf(stderr, "vigie sources try: the server answered HTTP %d\n", p->status);
		say_hint(t, advice_of_status(p->status));
		return EXIT_UNREACHED;
	}
	if (p->kind == PROBE_PAGE && p->login)
		say_hint(t, "it may have an API that takes a token, or a feed");
	else if (p->kind == PROBE_PAGE)
		say_hint(t, "it names no feed: look on the site for RSS, Atom or an API");
	else if (p->kind == PROBE_DOCUMENT)
		(void)propose(t, p->records, p->record_count);
	return EXIT_NOTHING;
}

static int run_web(struct trying *t)
{
	target_probe(t->loop, t->http, &t->draft,
		t->options.for_us < PROBE_TIMEOUT_US ? t->options.for_us : PROBE_TIMEOUT_US,
		&t->probe);
	t->probed = true;
	if (t->probe.kind == PROBE_FAILED || t->probe.kind == PROBE_REFUSED)
		return judge_not_readable(t);
	say_probe(t);
	if (!target_judge(&t->draft, &t->probe))
		return judge_not_readable(t);
	fprintf(t->notes, "\n");
	say_first(t);
	return run_draft(t);
}

/* ---- the command line ---- */

/* The names of the configuration's sources; none if there is no such file. */
static struct str_list configured(const char *path, struct arena *arena)
{
	struct diag *diag = diag_create();
	const struct conf_node *root = config_read(path, arena, diag);
	const struct conf_node *sources = root ? conf_get(root, "sources") : NULL;
	struct str_list names = { NULL, 0 };
	if (sources && sources->kind == CONF_MAP)
		names = config_target_names(sources, arena);
	diag_destroy(diag); /* what is wrong is said when a name of it is wanted */
	return names;
}

static bool holds(struct str_list list, struct str name)
{
	for (size_t i = 0; i < list.count; i++)
		if (str_eq(list.items[i], name))
			return true;
	return false;
}

static int run(struct trying *t, const struct operands *given)
{
	const struct str what = str_of(given->items[0]);
	const char *path = t->config_path ? t->config_path : config_default_path(&t->arena).p;
	const bool there = access(path, F_OK) == 0;
	bool web;
	if (t->config_path && !there) {
		log_error("no configuration: '%s' does not exist", path);
		return EXIT_USAGE;
	}
	const struct str_list names = there ? configured(path, &t->arena) : (struct str_list){ 0 };
	if (holds(names, what)) {
		if (given->count > 1)
			return command_usage(&command_sources_try,
				"a source of the configuration takes no more options: '%s'",
				given->items[1]);
		return run_source(t, path, STR_NONE, what);
	}
	draft_init(&t->draft, &t->arena, STR_NONE);
	for (size_t i = 1; i < given->count; i++)
		if (!draft_add_argument(&t->draft, str_of(given->items[i])))
			return command_usage(
				&command_sources_try, "expected KEY=VALUE: '%s'", given->items[i]);
	if (!target_read(what, names, command_sources_try.name, &t->draft, &web))
		return EXIT_USAGE;
	return web ? run_web(t) : run_draft(t);
}

static bool take_wanted(const struct command *c, const char *value, void *options)
{
	int64_t wanted;
	if (!str_to_int64(str_of(value), &wanted) || wanted < 1 || wanted > WANTED_MAX) {
		(void)command_usage(c, "-n takes 1 to %d: '%s'", WANTED_MAX, value);
		return false;
	}
	((struct trying *)options)->options.wanted = (size_t)wanted;
	return true;
}

static bool take_time(const struct command *c, const char *value, void *options)
{
	return input_duration(c, "--for", value, &((struct trying *)options)->options.for_us);
}

static const struct argument arguments[] = {
	{ "config", 'c', "FILE", "configuration; default ~/.config/vigie/vigie.yaml",
		offsetof(struct trying, config_path), NULL },
	{ "number", 'n', "N", "stop after so many posts; default 5, at most 1000", 0, take_wanted },
	{ "for", 0, "TIME", "stop after this time; default 30s", 0, take_time },
	{ "json", 0, NULL,
		"a post a line on standard output, as 'vigie match' reads\nthem; all else goes to "
		"standard error",
		offsetof(struct trying, options.json), NULL },
	{ "color", 0, "[=WHEN]", "auto, always or never", offsetof(struct trying, options.color),
		input_color },
	{ 0 },
};

static int try_main(int argc, char **argv)
{
	struct trying t = { .options = { .wanted = WANTED_DEFAULT,
				    .for_us = 30 * US_PER_S,
				    .color = isatty(STDOUT_FILENO) } };
	struct operands what;
	int code = arguments_parse(&command_sources_try, argc, argv, &t, &what);
	if (code >= 0)
		return code;
	if (what.count == 0)
		return command_usage(&command_sources_try, "which source?");
	arena_init(&t.arena, 0);
	t.notes = t.options.json ? stderr : stdout;
	try_result_init(&t.result);
	t.loop = loop_create();
	t.http = http_client_create(t.loop);
	code = run(&t, &what);
	http_client_destroy(t.http);
	loop_destroy(t.loop);
	try_result_finish(&t.result);
	arena_finish(&t.arena);
	return code;
}

const struct command command_sources_try = {
	.name = "sources try",
	.arguments = "NAME|URL|FILE [KEY=VALUE...] [--json] [-n N] [OPTION...]",
	.help = "Connect to a source and show its first posts as vigie understands them.",
	.intro = "NAME is a source of the configuration. Anything else needs none: a preset\n"
		 "('vigie sources presets' lists them) with its parameters, an address (http,\n"
		 "https, ws, wss, imaps), or a file; - is standard input. Any option of a source\n"
		 "may follow as KEY=VALUE, secrets as KEY=env:VARIABLE or KEY=file:PATH. What an\n"
		 "address is, is found out: a feed, events, JSON lines, a document, a page that\n"
		 "names feeds. Nothing is stored, no place to resume at is moved.\n",
	.options = arguments,
	.notes = "Exit status: 0 posts came, 1 connected and none came in time, 2 bad usage or\n"
		 "configuration, 69 no connection.\n",
	.run = try_main,
};
