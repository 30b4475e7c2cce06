#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "base/log.h"
#include "daemon/check.h"
#include "daemon/command.h"
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

static void write_junit(struct checking *x)
{
	const char *path = x->options.junit;
	struct buf out;
	buf_init(&out, 0);
	check_junit(&x->check, &out);
	FILE *file = fopen(path, "we");
	bool written = file && fwrite(out.p, 1, out.n, file) == out.n;
	int error = errno;
	if (file && fclose(file) != 0 && written) {
		written = false;
		error = errno;
	}
	if (!written) {
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
	bool written = command_write(buf_str(&out));
	buf_finish(&out);
	if (x->options.junit)
		write_junit(x);
	if (!c->set || !written || x->failed)
		return EXIT_USAGE;
	return c->tests.failure_count ? EXIT_NOTHING : EXIT_FOUND;
}

/* --- the command line --- */

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "rules", required_argument, NULL, 'r' },
	{ "json", no_argument, NULL, 'J' },
	{ "junit", required_argument, NULL, 'U' },
	{ "sample", required_argument, NULL, 's' },
	{ "map", required_argument, NULL, 'm' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char **option_of(struct options *o, int letter)
{
	switch (letter) {
	case 'c':
		return &o->config;
	case 'r':
		return &o->rules;
	case 'U':
		return &o->junit;
	case 's':
		return &o->sample;
	case 'm':
		return &o->map;
	default:
		return NULL;
	}
}

/* -1: go on; else the exit code. */
static int check_arguments(int given, char **arguments, struct checking *x)
{
	struct options *o = &x->options;
	bool named = o->config || o->rules;
	if (o->config && o->rules)
		return command_usage(&command_check, "-c and -r exclude each other");
	if (given > (named ? 0 : 1))
		return command_usage(
			&command_check, "one file at a time: '%s'", arguments[given - 1]);
	if (o->map && !o->sample)
		return command_usage(&command_check, "--map is for --sample");
	x->check.path = o->rules ? o->rules : o->config ? o->config : given ? arguments[0] : NULL;
	return -1;
}

static int parse(int argc, char **argv, struct checking *x)
{
	optind = 1;
	for (int c; (c = getopt_long(argc, argv, "c:r:h", long_options, NULL)) != -1;) {
		const char **value = option_of(&x->options, c);
		if (value) {
			*value = optarg;
		} else if (c == 'J') {
			x->options.json = true;
		} else if (c == 'h') {
			command_help(&command_check, stdout);
			return EXIT_FOUND;
		} else {
			return command_usage(&command_check, NULL);
		}
	}
	return check_arguments(argc - optind, argv + optind, x);
}

static int check_main(int argc, char **argv)
{
	struct checking x = { 0 };
	int code = parse(argc, argv, &x);
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
	.options = "  -c, --config FILE   what to check, as FILE; a file whose name does not end\n"
		   "                      in .yaml or .yml holds terms, one a line\n"
		   "  -r, --rules FILE    rules alone, also those of a configuration: sources,\n"
		   "                      notifiers and secrets are left out\n"
		   "      --json          messages, failed tests and costs as one JSON object\n"
		   "      --junit FILE    writes the tests as JUnit's XML\n"
		   "      --sample FILE   what each rule costs with these posts, NDJSON as match\n"
		   "                      takes; - is standard input\n"
		   "      --map NAME      where the sample's text is, as for match\n"
		   "\n"
		   "Exit status: 0 fine, 1 a test failed, 2 there are errors.\n",
	.run = check_main,
};
