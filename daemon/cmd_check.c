#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "daemon/check.h"
#include "daemon/command.h"
#include "daemon/ingest.h"
#include "rules/advice/lint.h"

enum { SAMPLE_MAX_BYTES = 256 * 1024 * 1024 };

struct options {
	const char *config, *rules, *junit, *sample, *map;
	bool json;
};

struct checking {
	struct options options;
	struct check check;
	struct arena arena;
	struct config *config; /* NULL: rules alone */
	bool failed; /* to read the sample or to write */
};

/* --- looking --- */

static bool is_yaml(const char *path)
{
	return str_ends(str_of(path), STR(".yaml")) || str_ends(str_of(path), STR(".yml"));
}

static void look(struct checking *x)
{
	struct check *c = &x->check;
	struct rules *rules = NULL;
	if (x->options.rules || !is_yaml(c->path))
		rules = config_load_rules(c->path, c->diag);
	else
		x->config = config_load(c->path, c->diag);
	if (diag_failed(c->diag)) {
		rules_destroy(rules);
		return;
	}
	c->set = rules ? ruleset_create(rules) : config_take_rules(x->config);
	ruletest_run(c->set, &x->arena, &c->tests);
	lint_rules(c->set, is_yaml(c->path) ? &c->tests : NULL, c->diag);
}

/* What there is of it up to the ceiling, in whole lines. */
static bool read_sample(struct checking *x, struct buf *sample)
{
	int error = command_read(x->options.sample, sample);
	if (error && error != -EFBIG) {
		log_error("cannot read '%s': %s", x->options.sample, error_text(error));
		return false;
	}
	while (error && sample->n && sample->p[sample->n - 1] != '\n')
		sample->n--;
	x->check.costs.cut = error != 0;
	return true;
}

static void measure(struct checking *x)
{
	const struct post_map *map;
	struct str name = x->options.map ? str_of(x->options.map) : STR("auto");
	struct buf sample;
	if (!config_map(x->config, name, &map)) {
		log_error("no such map: '%s'", x->options.map);
		x->failed = true;
		return;
	}
	buf_init(&sample, SAMPLE_MAX_BYTES);
	if (read_sample(x, &sample)) {
		bool cut = x->check.costs.cut;
		cost_measure(x->check.set, map, buf_str(&sample), &x->arena, &x->check.costs);
		x->check.costs.cut = cut;
		x->check.sample_path = x->options.sample;
	} else {
		x->failed = true;
	}
	buf_finish(&sample);
}

/* --- telling --- */

static bool junit_is_output(const struct checking *x)
{
	return x->options.junit && str_eq(str_of(x->options.junit), STR("-"));
}

/* False, with the reason in *error. */
static bool write_file(const char *path, struct str text, int *error)
{
	FILE *file = fopen(path, "we");
	bool written = file && fwrite(text.p, 1, text.n, file) == text.n;
	*error = errno;
	if (file && fclose(file) != 0 && written) {
		written = false;
		*error = errno;
	}
	return written;
}

static void write_junit(struct checking *x)
{
	const char *path = x->options.junit;
	int error;
	struct buf out;
	buf_init(&out, 0);
	check_junit(&x->check, &out);
	if (junit_is_output(x)) {
		x->failed = !command_write(buf_str(&out)) || x->failed;
	} else if (!write_file(path, buf_str(&out), &error)) {
		log_error("cannot write '%s': %s", path, error_text(error));
		x->failed = true;
	}
	buf_finish(&out);
}

/* Returns the exit code. */
static int tell(struct checking *x)
{
	const struct check *c = &x->check;
	struct buf out;
	buf_init(&out, 0);
	if (x->options.json)
		check_json(c, &out);
	else
		(void)command_print_diag(c->diag); /* whether there are errors: see set */
	if (!x->options.json && c->set)
		check_text(c, &out);
	if (!x->options.json && c->set && x->config)
		config_ingest_urls(x->config, &out);
	bool written = true;
	if (!junit_is_output(x))
		written = command_write(buf_str(&out));
	else if (out.n)
		(void)fwrite(out.p, 1, out.n, stderr); /* nobody left to tell */
	buf_finish(&out);
	if (x->options.junit)
		write_junit(x);
	if (!c->set || !written || x->failed)
		return EXIT_USAGE;
	return c->tests.failure_count ? EXIT_NOTHING : EXIT_FOUND;
}

/* --- the command line --- */

static const struct argument arguments[] = {
	{ "config", 'c', "FILE",
		"what to check, as FILE; a file whose name does not end\nin .yaml or .yml holds "
		"terms, one a line",
		offsetof(struct options, config), NULL },
	{ "rules", 'r', "FILE",
		"rules alone, also those of a configuration: sources,\nnotifiers and secrets are "
		"left out",
		offsetof(struct options, rules), NULL },
	{ "json", 0, NULL, "messages, failed tests and costs as one JSON object",
		offsetof(struct options, json), NULL },
	{ "junit", 0, "FILE",
		"writes the tests as JUnit's XML; to - as the only output,\nand all else to "
		"standard error",
		offsetof(struct options, junit), NULL },
	{ "sample", 0, "FILE",
		"what each rule costs with these posts, NDJSON as match\ntakes; - is standard "
		"input",
		offsetof(struct options, sample), NULL },
	{ "map", 0, "NAME", "where the sample's text is, as for match",
		offsetof(struct options, map), NULL },
	{ 0 },
};

/* -1: go on; else the exit code. */
static int check_options(const struct operands *files, struct checking *x)
{
	struct options *o = &x->options;
	bool named = o->config || o->rules;
	if (o->config && o->rules)
		return command_usage(&command_check, "-c and -r exclude each other");
	if (files->count > (named ? 0 : 1))
		return command_usage(
			&command_check, "one file at a time: '%s'", files->items[files->count - 1]);
	if (o->map && !o->sample)
		return command_usage(&command_check, "--map is for --sample");
	if (o->json && junit_is_output(x))
		return command_usage(&command_check, "--json and --junit - exclude each other");
	x->check.path = o->rules ? o->rules : o->config ? o->config : files->items[0];
	return -1;
}

static int check_main(int argc, char **argv)
{
	struct checking x = { 0 };
	struct operands files;
	int code = arguments_parse(&command_check, argc, argv, &x.options, &files);
	if (code < 0)
		code = check_options(&files, &x);
	if (code >= 0)
		return code;
	arena_init(&x.arena, 0);
	x.check.diag = diag_create();
	code = EXIT_USAGE;
	if (command_config(&x.check.path, &x.arena)) {
		look(&x);
		if (x.check.set && x.options.sample)
			measure(&x);
		code = tell(&x);
	}
	ruleset_destroy(x.check.set);
	config_destroy(x.config);
	diag_destroy(x.check.diag);
	arena_finish(&x.arena);
	return code;
}

const struct command command_check = {
	.name = "check",
	.arguments = "[-c FILE | -r RULES] [--sample FILE] [OPTION...] [FILE]",
	.help = "Check a configuration or a rules file, and run its tests.",
	.notes = "Exit status: 0 fine, 1 a test failed, 2 there are errors.\n",
	.options = arguments,
	.run = check_main,
};
