#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>

#include "base/escape.h"
#include "base/utf8.h"
#include "daemon/command.h"
#include "daemon/config.h"
#include "rules/regex_lint.h"
#include "rules/ruletest.h"

enum { SHOWN_POST_CHARS = 60 };

struct check {
	const char *path;
	bool json;
	struct arena arena;
	struct diag *diag;
	struct config *config; /* NULL: a file of rules that is no YAML */
	struct ruleset *set; /* NULL: there are errors */
	struct ruletest_result tests;
};

/* --- looking --- */

static bool is_yaml(const char *path)
{
	return str_ends(str_of(path), STR(".yaml")) || str_ends(str_of(path), STR(".yml"));
}

/* What is slow or unproven; only of rules without errors. */
static void note_rules(struct check *c)
{
	const struct rules *rules = ruleset_rules(c->set);
	for (size_t i = 0; i < rules->rule_count; i++) {
		const struct rule *rule = &rules->rules[i];
		if (!ruleset_rule_is_always(c->set, i))
			continue;
		diag_note(c->diag, rule->at, "the rule '%.*s' is slow: no word must be there",
			STR_ARGS(rule->name));
		diag_hint(c->diag, "every post has to be parsed for it; add a term to all");
	}
	regex_lint(rules, c->diag);
	for (size_t i = 0; c->config && i < c->tests.untested.count; i++) {
		struct str name = c->tests.untested.items[i];
		const struct rule *rule = map_get(&rules->rule_by_name, name);
		diag_note(c->diag, rule->at, "no test expects the rule '%.*s' to match",
			STR_ARGS(name));
	}
}

static void look(struct check *c)
{
	struct rules *rules = NULL;
	if (is_yaml(c->path))
		c->config = config_load(c->path, c->diag);
	else
		rules = config_load_rules(c->path, c->diag);
	if (diag_failed(c->diag)) {
		rules_destroy(rules);
		return;
	}
	c->set = rules ? ruleset_create(rules) : config_take_rules(c->config);
	ruletest_run(c->set, &c->arena, &c->tests);
	note_rules(c);
}

/* --- telling --- */

static struct str beginning(const struct post *post)
{
	struct str text = post->title.n ? post->title : post->text;
	size_t at = 0;
	for (size_t i = 0; at < text.n && i < SHOWN_POST_CHARS; i++) {
		uint32_t code_point;
		size_t n = utf8_read(text, at, &code_point);
		at += n ? n : 1;
	}
	return str_slice(text, 0, at);
}

static void add_names(struct buf *out, const char *what, struct str_list names)
{
	if (names.count == 0)
		return;
	buf_addf(out, " %s ", what);
	for (size_t i = 0; i < names.count; i++)
		buf_addf(out, "%s%.*s", i ? ", " : "", STR_ARGS(names.items[i]));
	buf_add_char(out, ';');
}

static void add_failure(struct buf *out, const struct ruletest_failure *f)
{
	const struct post *post = &f->test->post;
	struct str text = post->title.n ? post->title : post->text, head = beginning(post);
	buf_addf(out, "%s:%lu:%lu: test failed:", f->test->at.file, (unsigned long)f->test->at.line,
		(unsigned long)f->test->at.col);
	add_names(out, "missing", f->missing);
	add_names(out, "unexpected", f->unexpected);
	buf_add(out, STR(" \""));
	escape_control(out, head);
	buf_addf(out, "%s\"\n", head.n < text.n ? "..." : "");
}

static void add_json_names(struct buf *out, const char *key, struct str_list names)
{
	buf_addf(out, ",\"%s\":[", key);
	for (size_t i = 0; i < names.count; i++) {
		buf_add(out, i ? STR(",") : STR(""));
		escape_json(out, names.items[i]);
	}
	buf_add_char(out, ']');
}

static void add_json_failure(struct buf *out, const struct ruletest_failure *f)
{
	buf_add(out, STR("{\"file\":"));
	escape_json(out, str_of(f->test->at.file));
	buf_addf(out, ",\"line\":%lu,\"column\":%lu", (unsigned long)f->test->at.line,
		(unsigned long)f->test->at.col);
	add_json_names(out, "missing", f->missing);
	add_json_names(out, "unexpected", f->unexpected);
	buf_add(out, STR(",\"post\":"));
	post_json(&f->test->post, out);
	buf_add_char(out, '}');
}

static void add_json(const struct check *c, struct buf *out)
{
	const struct ruletest_result *t = &c->tests;
	buf_add(out, STR("{\"messages\":"));
	diag_json(c->diag, out);
	buf_addf(out, ",\"passed\":%zu,\"failed\":%zu,\"failures\":[",
		t->test_count - t->failure_count, t->failure_count);
	for (size_t i = 0; i < t->failure_count; i++) {
		buf_add(out, i ? STR(",") : STR(""));
		add_json_failure(out, &t->failures[i]);
	}
	buf_add(out, STR("]}\n"));
}

/* Returns the exit code. */
static int tell(const struct check *c)
{
	const struct ruletest_result *t = &c->tests;
	struct buf out;
	buf_init(&out, 0);
	if (c->json)
		add_json(c, &out);
	else
		(void)command_print_diag(c->diag); /* whether there are errors: see set */
	if (!c->json && c->set) {
		for (size_t i = 0; i < t->failure_count; i++)
			add_failure(&out, &t->failures[i]);
		buf_addf(&out, "%zu passed, %zu failed\n", t->test_count - t->failure_count,
			t->failure_count);
	}
	bool written = command_write(buf_str(&out));
	buf_finish(&out);
	if (!c->set || !written)
		return EXIT_USAGE;
	return t->failure_count ? EXIT_NOTHING : EXIT_FOUND;
}

/* --- the command line --- */

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "json", no_argument, NULL, 'J' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, struct check *c)
{
	optind = 1;
	for (int o; (o = getopt_long(argc, argv, "c:h", long_options, NULL)) != -1;) {
		switch (o) {
		case 'c':
			c->path = optarg;
			break;
		case 'J':
			c->json = true;
			break;
		case 'h':
			command_help(&command_check, stdout);
			return EXIT_FOUND;
		default:
			return command_usage(&command_check, NULL);
		}
	}
	if (argc - optind > (c->path ? 0 : 1))
		return command_usage(&command_check, "one file at a time: '%s'", argv[argc - 1]);
	if (optind < argc)
		c->path = argv[optind];
	return -1;
}

static int check_main(int argc, char **argv)
{
	struct check c = { 0 };
	int code = parse(argc, argv, &c);
	if (code >= 0)
		return code;
	arena_init(&c.arena, 0);
	c.diag = diag_create();
	code = EXIT_USAGE;
	if (command_config(&c.path, &c.arena)) {
		look(&c);
		code = tell(&c);
	}
	ruleset_destroy(c.set);
	config_destroy(c.config);
	diag_destroy(c.diag);
	arena_finish(&c.arena);
	return code;
}

const struct command command_check = {
	.name = "check",
	.arguments = "[-c FILE] [--json] [FILE]",
	.help = "Check a configuration or a rules file, and run its tests.",
	.options = "  -c, --config FILE   what to check, as FILE; a file whose name does not end\n"
		   "                      in .yaml or .yml holds terms, one a line\n"
		   "      --json          messages and failed tests as one JSON object\n"
		   "\n"
		   "Exit status: 0 fine, 1 a test failed, 2 there are errors.\n",
	.run = check_main,
};
