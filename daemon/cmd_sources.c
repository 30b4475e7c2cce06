#include <string.h>

#include "base/escape.h"
#include "base/json_write.h"
#include "daemon/command.h"
#include "daemon/config_keys.h"
#include "sources/preset.h"

/* ---- presets ---- */

static void add_preset_json(const struct preset *p, struct buf *out)
{
	buf_add_char(out, '{');
	json_text(out, "name", p->name);
	json_text(out, "about", p->about);
	json_text(out, "type", conf_get(p->source, "type")->text);
	json_open(out, "parameters", '[');
	for (size_t i = 0; i < p->parameter_count; i++) {
		const struct preset_parameter *parameter = &p->parameters[i];
		json_open(out, NULL, '{');
		json_text(out, "name", parameter->name);
		json_key(out, "default");
		escape_json(out, parameter->fallback); /* null: it must be given */
		json_text(out, "about", parameter->about);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
	json_texts(out, "needs", p->needs);
	buf_add(out, STR("}\n"));
}

static void add_preset_text(const struct preset *p, struct buf *out)
{
	buf_addf(out, "%.*s\n    %.*s\n", STR_ARGS(p->name), STR_ARGS(p->about));
	for (size_t i = 0; i < p->parameter_count; i++) {
		const struct preset_parameter *parameter = &p->parameters[i];
		buf_addf(out, "    %.*s=", STR_ARGS(parameter->name));
		if (parameter->fallback.p)
			buf_addf(out, "%.*s", STR_ARGS(parameter->fallback));
		else
			buf_add(out, STR("(required)"));
		buf_addf(out, "  %.*s\n", STR_ARGS(parameter->about));
	}
	for (size_t i = 0; i < p->needs.count; i++)
		buf_addf(out, "    %.*s=(required)\n", STR_ARGS(p->needs.items[i]));
}

static int print_presets(bool json)
{
	struct arena arena;
	struct buf out;
	arena_init(&arena, 0);
	buf_init(&out, 0);
	for (const struct preset_text *text = preset_texts; text->name; text++) {
		const struct preset *preset = preset_read(text, &arena);
		if (json)
			add_preset_json(preset, &out);
		else
			add_preset_text(preset, &out);
	}
	const bool written = command_write(buf_str(&out));
	buf_finish(&out);
	arena_finish(&arena);
	return written ? EXIT_FOUND : EXIT_USAGE;
}

/* ---- the sources of a configuration ---- */

/* An address without user, password, query and fragment, which may hold secrets. */
static struct str without_secrets(struct str url, struct arena *arena)
{
	const size_t scheme = str_find(url, STR("://"));
	if (scheme == SIZE_MAX)
		return url;
	struct str rest = str_slice(url, scheme + 3, url.n);
	size_t end = 0;
	while (end < rest.n && rest.p[end] != '?' && rest.p[end] != '#')
		end++;
	const bool cut = end < rest.n;
	rest = str_slice(rest, 0, end);
	const struct str host = str_slice(rest, 0, str_find_char(rest, '/'));
	for (size_t i = host.n; i > 0; i--) {
		if (host.p[i - 1] != '@')
			continue;
		rest = str_slice(rest, i, rest.n);
		break;
	}
	return arena_format(
		arena, "%.*s://%.*s%s", (int)scheme, url.p, STR_ARGS(rest), cut ? "?..." : "");
}

static struct str scalar_of(const struct conf_node *source, const char *key)
{
	const struct conf_node *node = conf_get(source, key);
	if (node && node->kind == CONF_LIST && node->count && node->items[0].kind == CONF_SCALAR)
		node = &node->items[0];
	return node && node->kind == CONF_SCALAR ? node->text : STR_NONE;
}

/* Where it reads: the first address, path or list of feeds; of a preset its host. */
static struct str place_of(const struct conf_node *source, struct arena *arena)
{
	static const char *const keys[] = { "url", "urls", "path", "opml", "host", NULL };
	for (const char *const *key = keys; *key; key++) {
		const struct str value = scalar_of(source, *key);
		const struct conf_node *node = conf_get(source, *key);
		if (value.p && node->kind == CONF_LIST && node->count > 1)
			return arena_format(arena, "%.*s and %zu more",
				STR_ARGS(without_secrets(value, arena)), node->count - 1);
		if (value.p)
			return without_secrets(value, arena);
	}
	return STR_NONE;
}

static void add_source(
	const struct conf_node *sources, size_t i, bool json, struct arena *arena, struct buf *out)
{
	const struct str type = scalar_of(&sources->items[i], "type");
	const struct str place = place_of(&sources->items[i], arena);
	if (json) {
		buf_add_char(out, '{');
		json_text(out, "name", sources->keys[i].text);
		json_text(out, "type", type);
		json_text(out, "place", place);
		buf_add(out, STR("}\n"));
		return;
	}
	escape_control(out, sources->keys[i].text);
	buf_add_char(out, '\t');
	escape_control(out, type.p ? type : STR("-"));
	buf_add_char(out, '\t');
	escape_control(out, place.p ? place : STR("-"));
	buf_add_char(out, '\n');
}

static int print_sources(const char *path, bool json)
{
	struct arena arena;
	struct buf out;
	int code = EXIT_USAGE;
	arena_init(&arena, 0);
	buf_init(&out, 0);
	if (command_config(&path, &arena)) {
		struct diag *diag = diag_create();
		const struct conf_node *root = config_read(path, &arena, diag);
		const struct conf_node *sources = root ? conf_get(root, "sources") : NULL;
		const bool failed = command_print_diag(diag) || !root;
		const size_t count = sources && sources->kind == CONF_MAP ? sources->count : 0;
		for (size_t i = 0; i < count; i++)
			add_source(sources, i, json, &arena, &out);
		code = failed ? EXIT_USAGE : count ? EXIT_FOUND : EXIT_NOTHING;
		if (!command_write(buf_str(&out)))
			code = EXIT_USAGE;
		diag_destroy(diag);
	}
	buf_finish(&out);
	arena_finish(&arena);
	return code;
}

/* ---- the command line ---- */

struct options {
	const char *config;
	bool json;
};

static const struct argument arguments[] = {
	{ "config", 'c', "FILE", "configuration; default ~/.config/vigie/vigie.yaml",
		offsetof(struct options, config), NULL },
	{ "json", 0, NULL, "one JSON object a line", offsetof(struct options, json), NULL },
	{ 0 },
};

static int sources_main(int argc, char **argv)
{
	struct options options = { 0 };
	struct operands what;
	if (argc > 1 && strcmp(argv[1], command_sources_try.name + sizeof "sources") == 0)
		return command_sources_try.run(argc - 1, argv + 1);
	const int code = arguments_parse(&command_sources, argc, argv, &options, &what);
	if (code >= 0)
		return code;
	if (what.count > 1)
		return command_usage(&command_sources, "too many arguments: '%s'", what.items[1]);
	if (what.count == 0 || strcmp(what.items[0], "list") == 0)
		return print_sources(options.config, options.json);
	if (strcmp(what.items[0], "presets") == 0)
		return print_presets(options.json);
	return command_usage(&command_sources, "list, presets or try, not '%s'", what.items[0]);
}

const struct command command_sources = {
	.name = "sources",
	.arguments = "[list | presets | try NAME|URL...] [-c FILE] [--json]",
	.help = "List the sources or presets, or try one: 'vigie sources try URL'.",
	.intro = "list: the configuration's sources with type and place. presets: networks that\n"
		 "are built in, with their parameters. try: connects and shows posts; 'vigie\n"
		 "sources try --help' tells more.\n",
	.options = arguments,
	.notes = "Exit status: 0 there are some, 1 none, 2 bad usage or configuration; of try see\n"
		 "there.\n",
	.run = sources_main,
};
