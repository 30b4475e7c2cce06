#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "conf/values.h"
#include "daemon/backtest_report.h"
#include "daemon/input.h"
#include "store/store.h"

struct options {
	const char *config, *rules, *against, *map;
	const char **chosen; /* names */
	size_t chosen_count;
	int64_t since_us, until_us;
	size_t example_count;
	bool json, color;
	unsigned threads;
};

struct run {
	struct options options;
	const char *const *files;
	size_t file_count;
	struct input_rules now, old;
	struct backtest_rules rules;
	struct backtest_input input;
	struct backtest backtest;
	uint64_t report_count, regex_limit_count;
	bool failed;
};

/* --- files --- */

/* One a thread. */
struct worker {
	struct run *run;
	struct pass *pass;
	const struct block *block;
	struct backtest_sums sums; /* of the block */
	bool more; /* to be found in it */
	struct buf reports;
	uint64_t report_count;
};

static void *make_worker(void *ctx)
{
	struct worker *w = mem_zero(1, sizeof *w);
	w->run = ctx;
	w->pass = pass_create(&w->run->input);
	buf_init(&w->reports, 0);
	return w;
}

static void free_worker(void *ctx)
{
	struct worker *w = ctx;
	w->run->regex_limit_count += pass_regex_limit_count(w->pass);
	pass_destroy(w->pass);
	buf_finish(&w->reports);
	mem_free(w);
}

static void on_rejected(void *ctx, struct str record, const char *reason, size_t at)
{
	struct worker *w = ctx;
	input_add_rejected(&w->reports, &w->report_count, w->block, record, reason, at);
}

static void work(void *ctx, const struct block *block)
{
	struct worker *w = ctx;
	w->sums = (struct backtest_sums){ 0 };
	w->block = block;
	w->report_count = 0;
	buf_clear(&w->reports);
	if (block->too_long_count)
		matcher_reject(&w->sums.counts, "line too long", block->too_long_count);
	w->more = pass_run(w->pass,
		&(struct pass_block){ .records = block->lines, .rejected = on_rejected, .ctx = w },
		&w->sums);
}

static void add_found(struct run *run, const struct pass *pass)
{
	size_t count;
	const struct found_post *found = pass_found(pass, &count);
	backtest_add(&run->backtest, found, count);
}

static bool done(void *ctx, void *worker, const struct block *block)
{
	struct run *run = ctx;
	struct worker *w = worker;
	w->block = block;
	add_found(run, w->pass);
	while (w->more) {
		w->more = pass_more(w->pass, &w->sums);
		add_found(run, w->pass);
	}
	backtest_sums_add(&run->backtest.sums, &w->sums);
	if (w->reports.n && run->report_count < MATCHER_MAX_REPORTS)
		(void)fwrite(w->reports.p, 1, w->reports.n, stderr); /* nobody left to tell */
	run->report_count += w->report_count;
	return true;
}

static void failed(void *ctx, const char *file, int error)
{
	struct run *run = ctx;
	run->failed = true;
	log_error("cannot read '%s': %s", file, error_text(error));
}

static void read_files(struct run *run)
{
	struct blocks_hooks hooks = { make_worker, free_worker, work, done, failed, run };
	input_note_terminal(run->files, run->file_count);
	blocks_run(run->files, run->file_count, run->options.threads, &hooks);
}

/* --- the archive --- */

enum { PAGE_POSTS = 500, PAGE_BYTES = 32 * 1024 * 1024 };

/* False after an error was printed. */
static bool read_pages(struct run *run, struct store *s, struct pass *pass)
{
	struct arena arena;
	struct archived_post *posts;
	size_t count = 1;
	int64_t after = 0;
	int error = 0;
	arena_init(&arena, PAGE_BYTES);
	while (!error && count) {
		arena_reset(&arena);
		error = store_archived(s, after, PAGE_POSTS, &arena, &posts, &count);
		for (size_t i = 0; !error && i < count; i++) {
			struct pass_block block = { .records = posts[i].json,
				.source = posts[i].source };
			(void)pass_run(pass, &block, &run->backtest.sums); /* it is one post */
			add_found(run, pass);
			after = posts[i].row;
		}
	}
	if (error)
		log_error("cannot read the archive: %s", store_error(s));
	arena_finish(&arena);
	return !error;
}

/* Returns an exit code; EXIT_FOUND: it was read. */
static int read_archive(struct run *run, const char *path)
{
	struct buf message;
	buf_init(&message, 0);
	struct store *s = store_open(path, STORE_READ, &message);
	int code = s ? EXIT_FOUND : EXIT_USAGE;
	if (s) {
		struct pass *pass = pass_create(&run->input);
		if (!read_pages(run, s, pass))
			code = EXIT_STORE;
		run->regex_limit_count = pass_regex_limit_count(pass);
		pass_destroy(pass);
	} else {
		log_error("%.*s", STR_ARGS(buf_str(&message)));
		fprintf(stderr, "  hint: name files to look through, or '-'\n");
	}
	store_close(s);
	buf_finish(&message);
	return code;
}

/* Where the configuration has its store; absent after an error was printed. */
static struct str find_archive(const char *config, struct arena *arena)
{
	struct diag *diag = diag_create();
	struct config *c = config_load_part(config, CONFIG_STORE, diag);
	struct str path = STR_NONE;
	if (!command_print_diag(diag))
		path = arena_str(arena, c->store.path);
	config_destroy(c);
	diag_destroy(diag);
	return path;
}

/* --- the rules --- */

/* Leaves only the rules that were asked for; false after a word to the user. */
static bool choose(struct run *run)
{
	const struct options *o = &run->options;
	struct backtest_rules *r = &run->rules;
	bool good = true;
	for (size_t i = 0; o->chosen_count && i < r->count; i++)
		r->items[i].chosen = false;
	for (size_t i = 0; i < o->chosen_count; i++) {
		struct str name = str_of(o->chosen[i]);
		struct backtest_rule *rule = map_get(&r->by_name, name);
		if (rule) {
			rule->chosen = true;
			continue;
		}
		struct str *known = mem_zero(r->count + 1, sizeof *known);
		for (size_t k = 0; k < r->count; k++)
			known[k] = r->items[k].name;
		struct str near = diag_nearest(name, known, r->count);
		log_error("no such rule: '%s'", o->chosen[i]);
		if (near.p)
			fprintf(stderr, "  hint: did you mean '%.*s'?\n", STR_ARGS(near));
		mem_free(known);
		good = false;
	}
	return good;
}

static bool load(struct run *run, bool from_archive)
{
	struct options *o = &run->options;
	/* The archive's posts are vigie's own. */
	const char *map = from_archive ? "post" : o->map;
	bool good = input_load(&run->now, o->config, o->rules, map);
	/* Mistakes in both files come in one run. */
	if (o->against)
		good = input_load(&run->old, NULL, o->against, NULL) && good;
	if (!good)
		return false;
	backtest_rules_init(&run->rules, run->now.set, run->old.set);
	run->input = (struct backtest_input){ .rules = &run->rules,
		.now = run->now.set,
		.old = run->old.set,
		.map = run->now.map,
		.since_us = o->since_us,
		.until_us = o->until_us };
	return choose(run);
}

/* --- the whole --- */

static bool print(const struct run *run, const char *archive)
{
	const struct options *o = &run->options;
	struct backtest_report report = { .backtest = &run->backtest,
		.rules = o->rules ? o->rules : o->config,
		.against = o->against,
		.files = run->files,
		.file_count = run->file_count,
		.archive = archive,
		.color = o->color };
	struct buf out;
	buf_init(&out, 0);
	if (o->json)
		backtest_json(&report, &out);
	else if (o->against)
		backtest_changes_text(&report, &out);
	else
		backtest_text(&report, &out);
	bool written = command_write(buf_str(&out));
	if (!written && errno != EPIPE) /* nobody wants to read on: no reason to complain */
		log_error("cannot write: %s", error_text(errno));
	buf_finish(&out);
	return written;
}

static int result_of(const struct run *run)
{
	if (run->options.against)
		return backtest_same(&run->backtest) ? EXIT_FOUND : EXIT_NOTHING;
	return run->backtest.all.post_count ? EXIT_FOUND : EXIT_NOTHING;
}

static int read_and_report(struct run *run, const char *archive)
{
	int code = EXIT_FOUND;
	backtest_init(&run->backtest, &run->rules, run->options.example_count);
	if (archive)
		code = read_archive(run, archive);
	else
		read_files(run);
	if (code == EXIT_FOUND) {
		const struct matcher_counts *counts = &run->backtest.sums.counts;
		input_print_rejected(counts, run->regex_limit_count);
		if (archive && counts->record_count == 0)
			fprintf(stderr, "vigie: the archive is empty: nothing matched yet\n");
		bool printed = print(run, archive);
		code = printed && !run->failed ? result_of(run) : EXIT_USAGE;
	}
	backtest_finish(&run->backtest);
	return code;
}

/* --- the command line --- */

/* A date, a time, or a duration before now. */
static bool parse_time(const char *text, int64_t *wall_us)
{
	char whole[64];
	int64_t ago_us;
	struct diag *diag = diag_create(); /* what it says is about YAML */
	struct conf_node node = { .kind = CONF_SCALAR, .text = str_of(text) };
	bool good = value_duration(&node, 0, 0, &ago_us, diag);
	diag_destroy(diag);
	if (good) {
		*wall_us = clock_wall_us() - ago_us;
		return true;
	}
	(void)snprintf(whole, sizeof whole, "%sT00:00:00Z", text); /* cut: no date */
	return time_parse(str_of(whole), wall_us) ||
		(strchr(text, '-') && time_parse(str_of(text), wall_us));
}

static bool take_rule(const struct command *c, const char *value, void *options)
{
	struct options *o = options;
	(void)c;
	o->chosen[o->chosen_count++] = value;
	return true;
}

static bool take_time(const struct command *c, const char *value, void *wall_us)
{
	if (parse_time(value, wall_us))
		return true;
	(void)command_usage(c,
		"a time is like 2026-03-02, 2026-03-02T07:30:00Z, or 7d for seven days ago: '%s'",
		value);
	return false;
}

static bool take_examples(const struct command *c, const char *value, void *options)
{
	int64_t n;
	if (!str_to_int64(str_of(value), &n) || n < 0 || n > BACKTEST_MAX_EXAMPLES) {
		(void)command_usage(
			c, "--examples takes 0 to %d: '%s'", BACKTEST_MAX_EXAMPLES, value);
		return false;
	}
	((struct options *)options)->example_count = (size_t)n;
	return true;
}

static const struct argument arguments[] = {
	{ "config", 'c', "FILE", "configuration whose rules are used",
		offsetof(struct options, config), NULL },
	{ "rules", 'r', "FILE", "rules alone: YAML, or a file of terms, one a line",
		offsetof(struct options, rules), NULL },
	{ "against", 0, "OLD",
		"compare with these rules, a configuration's or a file's:\nwhich posts each rule "
		"gains (+) and loses (-)",
		offsetof(struct options, against), NULL },
	{ "rule", 0, "NAME", "only this rule; may be given several times", 0, take_rule },
	{ "since", 0, "TIME",
		"only posts from then on: 2026-03-02, a time as in RFC\n3339, or 7d for seven days "
		"ago",
		offsetof(struct options, since_us), take_time },
	{ "until", 0, "TIME", "only posts before then", offsetof(struct options, until_us),
		take_time },
	{ "map", 0, "NAME", "where the records' text is, as in 'vigie match'",
		offsetof(struct options, map), NULL },
	{ "examples", 0, "N", "so many examples a rule (3), 0 to 100", 0, take_examples },
	{ "json", 0, NULL, "one JSON object with everything", offsetof(struct options, json),
		NULL },
	{ "jobs", 'j', "N", "threads; 0: one a core", offsetof(struct options, threads),
		input_threads },
	{ "color", 0, "[=WHEN]", "auto, always or never", offsetof(struct options, color),
		input_color },
	{ 0 },
};

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, struct options *o, struct operands *files)
{
	o->threads = 1;
	o->example_count = 3;
	o->since_us = INT64_MIN;
	o->until_us = INT64_MAX;
	o->color = isatty(STDOUT_FILENO);
	int code = arguments_parse(&command_backtest, argc, argv, o, files);
	if (code >= 0)
		return code;
	if (o->config && o->rules)
		return command_usage(&command_backtest, "-c and -r exclude each other");
	if (o->since_us >= o->until_us)
		return command_usage(&command_backtest, "--since must be before --until");
	if (o->map && !o->rules && !files->count)
		return command_usage(
			&command_backtest, "--map is for files; the archive needs none");
	return -1;
}

static int backtest_main(int argc, char **argv)
{
	static const char *const standard_input[] = { "-" };
	struct run run = { 0 };
	struct options *o = &run.options;
	struct arena arena;
	arena_init(&arena, 0);
	o->chosen = arena_array(&arena, const char *, (size_t)argc);
	struct operands files;
	int code = parse(argc, argv, o, &files);
	bool from_archive = code < 0 && !o->rules && !files.count;
	if (code < 0) {
		run.file_count = from_archive ? 0 : files.count ? files.count : 1;
		run.files = files.count ? files.items : standard_input;
		code = EXIT_USAGE;
		if ((o->rules || command_config(&o->config, &arena)) && load(&run, from_archive)) {
			struct str archive = STR_NONE;
			if (from_archive)
				archive = find_archive(o->config, &arena);
			if (!from_archive || archive.p)
				code = read_and_report(&run, archive.p);
		}
	}
	backtest_rules_finish(&run.rules);
	input_finish(&run.now);
	input_finish(&run.old);
	arena_finish(&arena);
	return code;
}

const struct command command_backtest = {
	.name = "backtest",
	.arguments = "[-c FILE | -r RULES] [--against OLD] [OPTION...] [FILE...]",
	.help = "Report what rules find in old posts, and what a change changes.",
	.intro = "Reads the files, '-' is standard input; without any the archive of the\n"
		 "configuration's store (with -r standard input). The archive holds only posts\n"
		 "that matched a rule when they came.\n",
	.notes = "Exit status: 0 posts were found, 1 none, 2 bad usage, configuration or files,\n"
		 "74 the store does not answer. With --against: 0 both find the same, 1 they\n"
		 "differ.\n",
	.options = arguments,
	.run = backtest_main,
};
