#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/log.h"
#include "daemon/command.h"
#include "daemon/config.h"
#include "rules/advice/explain.h"
#include "rules/language/print.h"

enum { SHOWN_NAMES = 20 };

struct options {
	const char *file, *map, *post, *rule, *text;
	const char *lang, *from, *source, *type;
	bool json, yaml;
	bool tree; /* no post: the rule itself is shown */
};

struct explaining {
	struct options options;
	struct arena arena;
	struct config *config; /* only for a map of the user's own */
	struct ruleset *set;
	const struct post_map *map;
	struct post_reader *reader;
	struct buf input;
	struct post post;
};

/* --- rules --- */

static bool load(struct explaining *x)
{
	const char *map = x->options.map;
	struct diag *diag = diag_create();
	struct rules *rules = NULL;
	/* Secrets matter only to a configuration, and that only to a map of its own. */
	if (!map || config_map(NULL, str_of(map), &x->map))
		rules = config_load_rules(x->options.file, diag);
	else
		x->config = config_load(x->options.file, diag);
	if (x->config && !config_map(x->config, str_of(map), &x->map))
		diag_error(diag, (struct where){ NULL, 0, 0 }, "no such map: '%s'", map);
	bool good = !diag_failed(diag);
	if (good)
		x->set = rules ? ruleset_create(rules) : config_take_rules(x->config);
	else
		rules_destroy(rules);
	if (!good)
		(void)command_print_diag(diag); /* what is not wrong is for check to say */
	diag_destroy(diag);
	return good;
}

static bool find_rule(const struct explaining *x, size_t *number)
{
	const struct rules *rules = ruleset_rules(x->set);
	struct str name = str_of(x->options.rule);
	const struct rule *rule = map_get(&rules->rule_by_name, name);
	if (rule) {
		*number = (size_t)(rule - rules->rules);
		return true;
	}
	struct buf shown;
	buf_init(&shown, 0);
	escape_control(&shown, name);
	fprintf(stderr, "vigie explain: no such rule: '%s'\n", shown.p ? shown.p : "");
	buf_finish(&shown);
	struct arena names;
	arena_init(&names, 0);
	struct str *known = arena_array(&names, struct str, rules->rule_count);
	for (size_t i = 0; i < rules->rule_count; i++)
		known[i] = rules->rules[i].name;
	struct str near = diag_nearest(name, known, rules->rule_count);
	if (near.p)
		fprintf(stderr, "  hint: did you mean '%.*s'?\n", STR_ARGS(near));
	for (size_t i = 0; !near.p && i < rules->rule_count && i < SHOWN_NAMES; i++)
		fprintf(stderr, "%s%.*s%s", i ? ", " : "  hint: the rules are ", STR_ARGS(known[i]),
			i + 1 == rules->rule_count     ? "\n"
				: i + 1 == SHOWN_NAMES ? ", ...\n"
						       : "");
	arena_finish(&names);
	return false;
}

/* --- the post --- */

static bool read_input(struct explaining *x, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	int error = command_read(path, &x->input);
	if (error)
		fprintf(stderr, "vigie explain: cannot read %s: %s\n",
			standard ? "standard input" : path,
			error == -EFBIG ? "longer than a post may be" : error_text(error));
	return error == 0;
}

/* JSON by the map, or else a text. */
static bool read_post(struct explaining *x, struct str record)
{
	const char *reason;
	size_t at;
	if ((x->options.map && !x->map) || !str_starts(record, STR("{"))) {
		x->post.text = record;
		return true;
	}
	x->reader = post_reader_create(x->map);
	switch (post_read(x->reader, record, &x->post, &reason, &at)) {
	case POST_READ:
		return true;
	case POST_SKIPPED:
		fprintf(stderr, "vigie explain: this record is no post\n");
		break;
	case POST_REJECTED:
		fprintf(stderr, "vigie explain: byte %zu: %s\n", at, reason);
		if (str_find(record, STR("\n{")) != SIZE_MAX)
			fprintf(stderr, "  hint: one post is explained; there are several here\n");
		break;
	}
	return false;
}

static bool get_post(struct explaining *x)
{
	const struct options *o = &x->options;
	if (o->tree)
		return true;
	const char *path = o->post ? o->post : strcmp(o->text, "-") == 0 ? o->text : NULL;
	x->post = post_empty();
	if (path && !read_input(x, path))
		return false;
	struct str given = path ? str_trim(buf_str(&x->input)) : str_of(o->text);
	bool json = path || (str_starts(given, STR("{\"")) && str_ends(given, STR("}")));
	if (!json)
		x->post.text = given;
	else if (!read_post(x, given))
		return false;
	if (o->lang) {
		struct str *lang = arena_new(&x->arena, struct str);
		*lang = str_of(o->lang);
		x->post.langs = (struct str_list){ lang, 1 };
	}
	if (o->from)
		x->post.author.handle = str_of(o->from[0] == '@' ? o->from + 1 : o->from);
	if (o->source)
		x->post.source = str_of(o->source);
	if (o->type)
		(void)post_type_of(str_of(o->type), &x->post.type); /* parse has looked */
	return true;
}

/* --- the command line --- */

static bool take_file(const struct command *c, const char *value, void *options)
{
	struct options *o = options;
	if (o->file)
		(void)command_usage(c, "one file of rules at a time");
	bool first = !o->file;
	o->file = value;
	return first;
}

static const struct argument arguments[] = {
	{ "config", 'c', "FILE", "configuration whose rules are used", 0, take_file },
	{ "rules", 'r', "FILE", "rules alone: YAML, or a file of terms, one a line", 0, take_file },
	{ "post", 0, "FILE",
		"the post, as JSON or as text; - is standard input, also as\nTEXT, which may be "
		"JSON too: {\"text\":...}",
		offsetof(struct options, post), NULL },
	{ "map", 0, "NAME",
		"where the JSON has its text: auto (default), bluesky,\nmastodon, x, tweet-v1, "
		"journal, post, text (no JSON),\nor one of the configuration's maps",
		offsetof(struct options, map), NULL },
	{ "lang", 0, "LANG", "the post's language, such as fr", offsetof(struct options, lang),
		NULL },
	{ "from", 0, "HANDLE", "its author", offsetof(struct options, from), NULL },
	{ "source", 0, "NAME", "its source", offsetof(struct options, source), NULL },
	{ "type", 0, "TYPE", "post, reply, repost, quote, article, edit or delete",
		offsetof(struct options, type), NULL },
	{ "json", 0, NULL, "one JSON object", offsetof(struct options, json), NULL },
	{ "yaml", 0, NULL,
		"without a post: the rule as any, all, none and where, if\nit can be said so",
		offsetof(struct options, yaml), NULL },
	{ 0 },
};

static bool is_yaml(const char *path)
{
	return str_ends(str_of(path), STR(".yaml")) || str_ends(str_of(path), STR(".yml"));
}

/* -1: go on; else the exit code. */
static int check_options(const struct operands *words, struct options *o)
{
	size_t given = words->count;
	bool post_wanted = o->post || o->map || o->lang || o->from || o->source || o->type ||
		o->json;
	size_t wanted = o->post || (given == 1 && !post_wanted) || o->yaml ? 1 : 2;
	enum post_type type;
	if (given < 1)
		return command_usage(&command_explain, "which rule, and which text?");
	if (given < wanted)
		return command_usage(&command_explain, "which text?");
	if (given > wanted && is_yaml(words->items[0]))
		return command_usage(&command_explain, "the file of rules comes after -r: '%s'",
			words->items[0]);
	if (given > wanted)
		return command_usage(
			&command_explain, "too many arguments: a text with spaces needs quotes");
	if (o->type && !post_type_of(str_of(o->type), &type))
		return command_usage(&command_explain, "no such type of post: '%s'", o->type);
	o->rule = words->items[0];
	o->tree = o->yaml || (given == 1 && !o->post);
	o->text = o->post || o->tree ? NULL : words->items[1];
	if (o->yaml && (o->post || post_wanted))
		return command_usage(&command_explain, "--yaml shows a rule, not a post");
	return -1;
}

/* The rule as it could be written, a line at a time escaped for the terminal. */
static int print_tree(const struct explaining *x, size_t rule)
{
	const struct rules *rules = ruleset_rules(x->set);
	struct buf text, out;
	struct str rest, line;
	buf_init(&text, 0);
	buf_init(&out, 0);
	if (x->options.yaml)
		print_yaml(rules, rule, &text);
	else
		print_query(rules, rules->rules[rule].root, &text);
	rest = buf_str(&text);
	while (str_next(&rest, '\n', &line)) {
		if (line.n == 0)
			continue;
		escape_control(&out, line);
		buf_add_char(&out, '\n');
	}
	bool written = command_write(buf_str(&out));
	buf_finish(&text);
	buf_finish(&out);
	return written ? EXIT_FOUND : EXIT_USAGE;
}

static int print(struct explaining *x, size_t rule)
{
	if (x->options.tree)
		return print_tree(x, rule);
	const struct explained *root = explain(x->set, rule, &x->post, &x->arena);
	struct buf out;
	buf_init(&out, 0);
	if (x->options.json) {
		explain_json(x->set, rule, &x->post, root, &out);
		buf_add_char(&out, '\n');
	} else {
		explain_text(x->set, rule, &x->post, root, &out);
	}
	bool written = command_write(buf_str(&out));
	buf_finish(&out);
	if (!written)
		return EXIT_USAGE;
	return root->yes ? EXIT_FOUND : EXIT_NOTHING;
}

static int explain_main(int argc, char **argv)
{
	struct explaining x = { .map = post_map_auto() };
	size_t rule;
	struct operands words;
	int code = arguments_parse(&command_explain, argc, argv, &x.options, &words);
	if (code < 0)
		code = check_options(&words, &x.options);
	if (code >= 0)
		return code;
	arena_init(&x.arena, 0); /* our own data only: a clause keeps few hits */
	buf_init(&x.input, SOURCE_MAX_RECORD_BYTES + 1);
	code = EXIT_USAGE;
	if (command_config(&x.options.file, &x.arena) && load(&x) && find_rule(&x, &rule) &&
		get_post(&x))
		code = print(&x, rule);
	post_reader_destroy(x.reader);
	buf_finish(&x.input);
	ruleset_destroy(x.set);
	config_destroy(x.config);
	arena_finish(&x.arena);
	return code;
}

const struct command command_explain = {
	.name = "explain",
	.arguments = "[-c FILE | -r RULES] [--json] RULE [TEXT | --post FILE]",
	.help = "Show clause by clause why a rule matches a post, or does not.",
	.intro = "Without a post: the rule itself in one canonical form, as a query.\n",
	.notes = "Without a post the rule itself is shown in one canonical form, as a query.\n"
		 "\n"
		 "Exit status: 0 the rule matches, 1 it does not, 2 there are errors.\n",
	.options = arguments,
	.run = explain_main,
};
