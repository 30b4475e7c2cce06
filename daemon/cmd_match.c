#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/blocks.h"
#include "daemon/command.h"
#include "daemon/input.h"
#include "daemon/matcher.h"
#include "daemon/regexes.h"

struct options {
	const char *config, *rules, *map;
	bool json, count, stats, color;
	unsigned threads;
};

struct run {
	struct options options;
	struct input_rules rules;
	struct matcher_counts counts;
	uint64_t byte_count, report_count, regex_limit_count, regex_skipped_count;
	struct regex_guard *guard; /* the sum of the workers' */
	bool failed, output_failed;
};

/* One a thread. */
struct worker {
	struct run *run;
	struct matcher *matcher;
	struct matcher_counts counts;
	const struct block *block;
	struct buf out, reports;
	uint64_t report_count;
};

enum { OUT_KEPT_BYTES = 4 * 1024 * 1024 };

static void *make_worker(void *ctx)
{
	struct worker *w = mem_zero(1, sizeof *w);
	w->run = ctx;
	w->matcher = matcher_create(w->run->rules.set, w->run->rules.map);
	buf_init(&w->out, 0);
	buf_init(&w->reports, 0);
	return w;
}

static void free_worker(void *ctx)
{
	struct worker *w = ctx;
	const struct match_errors *errors = matcher_errors(w->matcher);
	w->run->regex_limit_count += errors->regex_limit_count;
	w->run->regex_skipped_count += errors->regex_skipped_count;
	if (matcher_guard(w->matcher))
		regex_guard_add(w->run->guard, matcher_guard(w->matcher));
	matcher_destroy(w->matcher);
	buf_finish(&w->out);
	buf_finish(&w->reports);
	mem_free(w);
}

static void add_field(struct buf *out, const struct match *match, enum post_field field, bool color)
{
	input_add_marked(out, post_field(match->post, field), match->hits, match->hit_count, field,
		color ? &input_color_marks : &input_no_marks);
}

static void add_line(struct buf *out, const struct match *match, bool color)
{
	const struct post *post = match->post;
	buf_add(out, color ? STR("\033[36m") : STR(""));
	buf_add(out, match->rule);
	buf_add(out, color ? STR("\033[0m\t") : STR("\t"));
	escape_control(out, post->url.p ? post->url : post->id.p ? post->id : STR("-"));
	buf_add_char(out, '\t');
	if (post->title.p) {
		add_field(out, match, FIELD_TITLE, color);
		if (post->text.n)
			buf_add(out, STR(" | "));
	}
	add_field(out, match, FIELD_TEXT, color);
	buf_add_char(out, '\n');
}

static bool on_match(void *ctx, const struct match *match)
{
	struct worker *w = ctx;
	const struct options *o = &w->run->options;
	if (o->json) {
		match_json(match, &w->out);
		buf_add_char(&w->out, '\n');
	} else {
		add_line(&w->out, match, o->color);
	}
	return true;
}

static void on_rejected(void *ctx, struct str record, const char *reason, size_t at)
{
	struct worker *w = ctx;
	input_add_rejected(&w->reports, &w->report_count, w->block, record, reason, at);
}

static void work(void *ctx, const struct block *block)
{
	struct worker *w = ctx;
	w->counts = (struct matcher_counts){ 0 };
	w->block = block;
	w->report_count = 0;
	buf_clear(&w->reports);
	if (w->out.size_bytes > OUT_KEPT_BYTES)
		buf_finish(&w->out);
	buf_clear(&w->out);
	if (block->too_long_count)
		matcher_reject(&w->counts, "line too long", block->too_long_count);
	matcher_run(w->matcher,
		&(struct matcher_block){ .records = block->lines,
			.found = w->run->options.count ? NULL : on_match,
			.rejected = on_rejected,
			.ctx = w },
		&w->counts);
}

static void write_out(struct run *run, struct str text)
{
	if (command_write(text))
		return;
	run->output_failed = true;
	if (errno != EPIPE) /* nobody wants to read on: no reason to complain */
		log_error("cannot write: %s", error_text(errno));
}

static bool done(void *ctx, void *worker, const struct block *block)
{
	struct run *run = ctx;
	const struct worker *w = worker;
	run->byte_count += block->lines.n;
	matcher_counts_add(&run->counts, &w->counts);
	if (w->reports.n && run->report_count < MATCHER_MAX_REPORTS)
		(void)fwrite(w->reports.p, 1, w->reports.n, stderr); /* nobody left to tell */
	run->report_count += w->report_count;
	if (w->out.n && !run->output_failed)
		write_out(run, buf_str(&w->out));
	return !run->output_failed;
}

static void failed(void *ctx, const char *file, int error)
{
	struct run *run = ctx;
	run->failed = true;
	log_error("cannot read '%s': %s", file, error_text(error));
}

static void print_stats(const struct run *run, int64_t build_us, int64_t run_us, const char *kernel)
{
	const struct matcher_counts *c = &run->counts;
	double seconds = run_us > 0 ? (double)run_us / 1e6 : 1e-6;
	fprintf(stderr, "rules ready in %.1f ms, %s scan, %u thread%s\n", (double)build_us / 1e3,
		kernel, run->options.threads, run->options.threads == 1 ? "" : "s");
	fprintf(stderr, "%llu records, %.1f MB in %.3f s: %.0f records/s, %.3f GB/s\n",
		(unsigned long long)c->record_count, (double)run->byte_count / 1e6, seconds,
		(double)c->record_count / seconds, (double)run->byte_count / seconds / 1e9);
	fprintf(stderr,
		"%llu decoded, %llu posts match, %llu matches, %llu rejected, "
		"%llu regex searches given up\n",
		(unsigned long long)c->candidate_count, (unsigned long long)c->matching_count,
		(unsigned long long)c->match_count, (unsigned long long)c->rejected_count,
		(unsigned long long)run->regex_limit_count);
}

static void print_regexes(const struct run *run)
{
	struct buf lines;
	buf_init(&lines, 0);
	fprintf(stderr,
		"vigie: %llu searches by a regex were given up: nobody knows whether they match\n",
		(unsigned long long)run->regex_limit_count);
	if (run->regex_skipped_count)
		fprintf(stderr, "vigie: %llu more were not begun in the same posts\n",
			(unsigned long long)run->regex_skipped_count);
	regexes_print(run->guard, &lines);
	(void)fwrite(lines.p, 1, lines.n, stderr); /* nobody left to tell */
	buf_finish(&lines);
}

/* --- the command line --- */

static const struct argument arguments[] = {
	{ "config", 'c', "FILE", "configuration whose rules are used",
		offsetof(struct options, config), NULL },
	{ "rules", 'r', "FILE", "rules alone: YAML, or a file of terms, one a line",
		offsetof(struct options, rules), NULL },
	{ "map", 0, "NAME",
		"where the records' text is: auto (default), bluesky,\nmastodon, x, tweet-v1, "
		"journal, post, text (each line\nis a text), or one of the configuration's maps",
		offsetof(struct options, map), NULL },
	{ "format", 0, "FORMAT", "ndjson, or text: lines of a log, the same as --map text",
		offsetof(struct options, map), input_format },
	{ "json", 0, NULL, "one JSON object a match", offsetof(struct options, json), NULL },
	{ "count", 0, NULL, "only the number of matching posts", offsetof(struct options, count),
		NULL },
	{ "jobs", 'j', "N", "threads; 0: one a core", offsetof(struct options, threads),
		input_threads },
	{ "stats", 0, NULL, "speed and counts, on standard error", offsetof(struct options, stats),
		NULL },
	{ "color", 0, "[=WHEN]", "auto, always or never", offsetof(struct options, color),
		input_color },
	{ 0 },
};

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, struct options *o, struct operands *files)
{
	*o = (struct options){ .threads = 1, .color = isatty(STDOUT_FILENO) };
	int code = arguments_parse(&command_match, argc, argv, o, files);
	if (code < 0 && o->config && o->rules)
		return command_usage(&command_match, "-c and -r exclude each other");
	return code;
}

static int run_files(struct run *run, const char *const *files, size_t count, int64_t build_us)
{
	struct blocks_hooks hooks = { make_worker, free_worker, work, done, failed, run };
	int64_t start_us = clock_monotonic_us();
	input_note_terminal(files, count);
	run->guard = regex_guard_create(run->rules.set);
	blocks_run(files, count, run->options.threads, &hooks);
	int64_t run_us = clock_monotonic_us() - start_us;
	if (run->options.count) {
		char text[32];
		(void)snprintf(text, sizeof text, "%llu\n",
			(unsigned long long)run->counts.matching_count);
		write_out(run, str_of(text));
	}
	input_print_rejected(&run->counts, 0);
	if (run->regex_limit_count)
		print_regexes(run);
	regex_guard_destroy(run->guard);
	if (run->options.stats) {
		struct matcher *m = matcher_create(run->rules.set, run->rules.map);
		print_stats(run, build_us, run_us, matcher_kernel(m));
		matcher_destroy(m);
	}
	if (run->failed || run->output_failed)
		return EXIT_USAGE;
	return run->counts.matching_count ? EXIT_FOUND : EXIT_NOTHING;
}

static int match_main(int argc, char **argv)
{
	static const char *const standard_input[] = { "-" };
	struct run run = { 0 };
	struct arena arena;
	struct operands files;
	int code = parse(argc, argv, &run.options, &files);
	if (code >= 0)
		return code;
	arena_init(&arena, 0);
	int64_t start_us = clock_monotonic_us();
	code = EXIT_USAGE;
	if ((run.options.rules || command_config(&run.options.config, &arena)) &&
		input_load(&run.rules, run.options.config, run.options.rules, run.options.map)) {
		int64_t build_us = clock_monotonic_us() - start_us;
		code = run_files(&run, files.count ? files.items : standard_input,
			files.count ? files.count : 1, build_us);
	}
	input_finish(&run.rules);
	arena_finish(&arena);
	return code;
}

const struct command command_match = {
	.name = "match",
	.arguments = "[-c FILE | -r RULES] [--json | --count] [FILE...]",
	.help = "Print the posts that rules match, like grep for posts.",
	.intro = "Reads the files; '-', or no file, is standard input.\n",
	.notes = "Exit status: 0 posts were found, 1 none, 2 bad usage, configuration or files.\n",
	.options = arguments,
	.run = match_main,
};
