#include "sources/preset.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/log.h"
#include "sources/picker.h"
#include "sources/source.h"

enum { VALUE_MAX_BYTES = 64 * 1024 };

/* ---- reading ---- */

struct preset_keys {
	struct str about;
	struct str_list needs;
	const struct conf_node *parameters, *source, *fields;
};

static const struct conf_field preset_fields[] = {
	{ .key = "about", .type = CONF_TEXT, .offset = offsetof(struct preset_keys, about) },
	{ .key = "parameters",
		.type = CONF_TREE,
		.offset = offsetof(struct preset_keys, parameters) },
	{ .key = "source",
		.type = CONF_TREE,
		.offset = offsetof(struct preset_keys, source),
		.required = true },
	{ .key = "needs", .type = CONF_TEXTS, .offset = offsetof(struct preset_keys, needs) },
	{ .key = "fields", .type = CONF_TREE, .offset = offsetof(struct preset_keys, fields) },
	{ .key = NULL },
};

struct parameter_keys {
	struct str fallback, about, from, cut;
	const struct conf_node *cases;
};

static const struct conf_field parameter_fields[] = {
	{ .key = "default",
		.type = CONF_TEXT,
		.offset = offsetof(struct parameter_keys, fallback) },
	{ .key = "about", .type = CONF_TEXT, .offset = offsetof(struct parameter_keys, about) },
	{ .key = "from", .type = CONF_TEXT, .offset = offsetof(struct parameter_keys, from) },
	{ .key = "cut", .type = CONF_TEXT, .offset = offsetof(struct parameter_keys, cut) },
	{ .key = "cases", .type = CONF_TREE, .offset = offsetof(struct parameter_keys, cases) },
	{ .key = NULL },
};

static size_t find_parameter(const struct preset *p, struct str name)
{
	size_t i = 0;
	while (i < p->parameter_count && !str_eq(p->parameters[i].name, name))
		i++;
	return i;
}

/* The other parameter stands before it, so that there are no circles. */
static bool check_cases(const struct preset *p, const struct parameter_keys *keys,
	const struct conf_node *node, struct diag *diag)
{
	if (!keys->from.p && !keys->cases)
		return true;
	if (!keys->cases || keys->cases->kind != CONF_MAP || keys->fallback.p) {
		diag_error(diag, node->at, "from needs a map of cases, and no default: 'cases'");
		return false;
	}
	for (size_t i = 0; i < keys->cases->count; i++) {
		if (keys->cases->items[i].kind == CONF_SCALAR)
			continue;
		diag_error(diag, keys->cases->items[i].at, "expected a text: '%.*s'",
			STR_ARGS(keys->cases->keys[i].text));
		return false;
	}
	if (find_parameter(p, keys->from) < p->parameter_count)
		return true;
	diag_error(diag, node->at, "not a parameter before this one: '%.*s'", STR_ARGS(keys->from));
	return false;
}

static bool read_parameters(
	struct preset *p, const struct conf_node *map, struct arena *arena, struct diag *diag)
{
	if (!map)
		return true;
	if (map->kind != CONF_MAP || map->count > PRESET_MAX_PARAMETERS) {
		diag_error(diag, map->at, "expected a map of at most %d names: 'parameters'",
			PRESET_MAX_PARAMETERS);
		return false;
	}
	for (size_t i = 0; i < map->count; i++) {
		struct parameter_keys keys;
		if (!conf_decode(parameter_fields, NULL, &map->items[i], &keys, arena, diag))
			return false;
		if (!conf_name_ok(map->keys[i].text) || str_eq(map->keys[i].text, STR("type"))) {
			diag_error(diag, map->keys[i].at, "bad name of a parameter: '%.*s'",
				STR_ARGS(map->keys[i].text));
			return false;
		}
		if (!check_cases(p, &keys, &map->items[i], diag))
			return false;
		p->parameters[p->parameter_count++] = (struct preset_parameter){
			.name = map->keys[i].text,
			.fallback = keys.fallback,
			.about = keys.about,
			.from = keys.from,
			.cut = keys.cut,
			.cases = keys.cases,
		};
	}
	return true;
}

static bool read_tree(
	struct preset *p, const struct conf_node *root, struct arena *arena, struct diag *diag)
{
	struct preset_keys keys;
	if (!conf_decode(preset_fields, NULL, root, &keys, arena, diag))
		return false;
	p->about = keys.about;
	p->needs = keys.needs;
	p->source = keys.source;
	p->fields = keys.fields;
	if (p->source->kind != CONF_MAP || !conf_get(p->source, "type")) {
		diag_error(diag, p->source->at, "source without a type: 'source'");
		return false;
	}
	return read_parameters(p, keys.parameters, arena, diag);
}

const struct preset *preset_read(const struct preset_text *text, struct arena *arena)
{
	struct preset *p = arena_new(arena, struct preset);
	struct diag *diag = diag_create();
	p->name = str_of(text->name);
	p->built_in = true;
	const struct conf_node *root = conf_read_text(text->name, str_of(text->text), arena, diag);
	const bool whole = root && read_tree(p, root, arena, diag);
	assert(whole && !diag_failed(diag)); /* a test reads them all */
	(void)whole;
	diag_destroy(diag);
	return p;
}

static struct str file_name(struct str path)
{
	size_t slash = path.n;
	while (slash && path.p[slash - 1] != '/')
		slash--;
	const struct str name = str_slice(path, slash, path.n);
	return str_slice(name, 0, name.n - (str_ends(name, STR(".yml")) ? 4 : 5));
}

struct path_keys {
	struct str path;
};

static const struct conf_field path_fields[] = {
	{ .key = "type", .type = CONF_PATH, .offset = offsetof(struct path_keys, path) },
	{ .key = NULL },
};

static const struct preset *read_file(
	const struct conf_node *type, struct arena *arena, struct diag *diag)
{
	struct path_keys keys;
	struct conf_key key = { STR("type"), type->at };
	struct conf_node value = *type;
	const struct conf_node map = {
		.kind = CONF_MAP, .at = type->at, .items = &value, .keys = &key, .count = 1
	};
	if (!conf_decode(path_fields, NULL, &map, &keys, arena, diag))
		return NULL;
	struct preset *p = arena_new(arena, struct preset);
	p->name = file_name(keys.path);
	if (!conf_name_ok(p->name)) {
		diag_error(diag, type->at, "bad name of a preset's file: '%.*s'",
			STR_ARGS(type->text));
		diag_hint(diag, "a name is 1 to 64 of a-z 0-9 _ - and .yaml");
		return NULL;
	}
	FILE *file = fopen(keys.path.p, "rbe");
	if (!file) {
		diag_error(diag, type->at, "cannot open the preset '%.*s': %s",
			STR_ARGS(type->text), error_text(errno));
		return NULL;
	}
	(void)fclose(file); /* only looked at */
	const struct conf_node *root = conf_read_file(keys.path.p, arena, diag);
	return root && read_tree(p, root, arena, diag) ? p : NULL;
}

const struct preset *preset_of(
	const struct conf_node *source, struct arena *arena, struct diag *diag, bool *failed)
{
	const struct conf_node *type = conf_get(source, "type");
	*failed = false;
	if (!type || type->kind != CONF_SCALAR)
		return NULL;
	for (const struct preset_text *text = preset_texts; text->name; text++)
		if (str_eq(type->text, str_of(text->name)))
			return preset_read(text, arena);
	if (!str_ends(type->text, STR(".yaml")) && !str_ends(type->text, STR(".yml")))
		return NULL;
	const struct preset *p = read_file(type, arena, diag);
	*failed = !p;
	return p;
}

/* ---- putting in ---- */

struct expansion {
	const struct preset *preset;
	const struct conf_node *type; /* as the user wrote it */
	struct str values[PRESET_MAX_PARAMETERS];
	struct where at[PRESET_MAX_PARAMETERS];
	bool own[PRESET_MAX_PARAMETERS]; /* the value is a case of the preset, not the user's */
	struct arena *arena;
	struct diag *diag;
	bool failed;
};

enum context { CONTEXT_PLAIN, CONTEXT_URL, CONTEXT_JSON };

static enum context context_of(struct str key)
{
	if (str_eq(key, STR("url")) || str_ends(key, STR("_url")))
		return CONTEXT_URL;
	return str_eq(key, STR("send")) || str_eq(key, STR("send_resume")) ? CONTEXT_JSON
									   : CONTEXT_PLAIN;
}

static bool fits_character(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c && strchr("-._~/:,[]", c));
}

/* A host as people paste it: without scheme and the slash at its end. */
static struct str bare_host(struct str value)
{
	const size_t scheme = str_find(value, STR("://"));
	if (scheme != SIZE_MAX)
		value = str_slice(value, scheme + 3, value.n);
	return str_ends(value, STR("/")) ? str_slice(value, 0, value.n - 1) : value;
}

/* Host and port: what could lead elsewhere is not for a parameter. */
static bool fits_address(struct str value)
{
	for (size_t i = 0; i < value.n; i++)
		if (!fits_character(value.p[i]))
			return false;
	return value.n > 0;
}

/* Behind the host, where a parameter may hold anything. */
static bool in_path(struct str url)
{
	const size_t host = str_find(url, STR("://"));
	return host != SIZE_MAX && str_find_char(str_slice(url, host + 3, url.n), '/') != SIZE_MAX;
}

static void put_in_path(struct buf *out, struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (fits_character(value.p[i]))
			buf_add_char(out, value.p[i]);
		else
			percent_encode(out, str_slice(value, i, i + 1));
	}
}

static void put_value(struct expansion *x, struct buf *out, size_t i, enum context context)
{
	const struct str value = x->values[i];
	if (context == CONTEXT_JSON) {
		struct buf quoted;
		buf_init(&quoted, VALUE_MAX_BYTES * 6 + 2);
		escape_json(&quoted, value);
		buf_add(out, str_slice(buf_str(&quoted), 1, quoted.n - 1));
		buf_finish(&quoted);
	} else if (context == CONTEXT_PLAIN || x->own[i]) {
		buf_add(out, value);
	} else if (str_find_char(buf_str(out), '?') != SIZE_MAX) {
		percent_encode(out, value);
	} else if (in_path(buf_str(out)) && value.n) {
		put_in_path(out, value);
	} else if (fits_address(bare_host(value))) {
		buf_add(out, bare_host(value));
	} else {
		diag_error(x->diag, x->at[i], "cannot stand in an address: '%.*s'",
			STR_ARGS(x->preset->parameters[i].name));
		x->failed = true;
	}
}

/* Braces around what is no parameter are text, as in JSON. */
static struct str put_in(struct expansion *x, struct str text, enum context context)
{
	struct buf out;
	buf_init(&out, VALUE_MAX_BYTES * 8);
	for (size_t at = 0; at < text.n; at++) {
		const struct str rest = str_slice(text, at + 1, text.n);
		const size_t end = str_find_char(rest, '}');
		const size_t i = text.p[at] == '{' && end != SIZE_MAX
			? find_parameter(x->preset, str_slice(rest, 0, end))
			: x->preset->parameter_count;
		if (i == x->preset->parameter_count) {
			buf_add_char(&out, text.p[at]);
			continue;
		}
		put_value(x, &out, i, context);
		at += end + 1;
	}
	const struct str all = arena_str(x->arena, out.n ? buf_str(&out) : STR(""));
	buf_finish(&out);
	return all;
}

/* As deep as a YAML tree can be, which is CONF_MAX_DEPTH. */
static void copy(struct expansion *x, const struct conf_node *from, enum context context,
	struct conf_node *to)
{
	*to = *from;
	if (x->preset->built_in)
		to->at = x->type->at;
	if (from->kind == CONF_SCALAR && str_find_char(from->text, '{') != SIZE_MAX) {
		to->text = put_in(x, from->text, context);
		to->quoted = true;
		to->exact = false;
		to->written = NULL;
	}
	if (from->count == 0)
		return;
	to->items = arena_array(x->arena, struct conf_node, from->count);
	for (size_t i = 0; i < from->count; i++)
		copy(x, &from->items[i], context, &to->items[i]);
}

/* The case of the other parameter's value. */
static void take_case(struct expansion *x, size_t i)
{
	const struct preset_parameter *p = &x->preset->parameters[i];
	const size_t other = find_parameter(x->preset, p->from);
	struct buf known;
	for (size_t k = 0; k < p->cases->count; k++) {
		if (!str_eq(p->cases->keys[k].text, x->values[other]))
			continue;
		x->values[i] = p->cases->items[k].text;
		x->own[i] = true;
		return;
	}
	if (x->failed || !x->values[other].p)
		return;
	buf_init(&known, VALUE_MAX_BYTES);
	for (size_t k = 0; k < p->cases->count; k++)
		buf_addf(&known, "%s%.*s", k ? ", " : "", STR_ARGS(p->cases->keys[k].text));
	diag_error(x->diag, x->at[other], "unknown value: '%.*s'", STR_ARGS(x->values[other]));
	diag_hint(x->diag, "%.*s is one of: %.*s; or give '%.*s' too", STR_ARGS(p->from),
		STR_ARGS(buf_str(&known)), STR_ARGS(p->name));
	buf_finish(&known);
	x->failed = true;
}

/* Of a parameter that the user did not write. */
static void take_default(struct expansion *x, size_t i)
{
	const struct preset_parameter *p = &x->preset->parameters[i];
	if (p->cases && !x->values[i].p)
		take_case(x, i);
	else if (p->fallback.p && x->values[i].p == p->fallback.p)
		x->values[i] = put_in(x, p->fallback, CONTEXT_PLAIN);
}

static struct str without(struct str text, struct str start)
{
	return start.n && str_starts(text, start) ? str_slice(text, start.n, text.n) : text;
}

static void take_parameters(struct expansion *x, const struct conf_node *source)
{
	const struct preset *p = x->preset;
	for (size_t i = 0; i < p->parameter_count; i++) {
		x->values[i] = p->parameters[i].fallback;
		x->at[i] = x->type->at;
	}
	for (size_t k = 0; k < source->count; k++) {
		const size_t i = find_parameter(p, source->keys[k].text);
		const struct conf_node *value = &source->items[k];
		if (i == p->parameter_count || value->kind == CONF_NULL)
			continue;
		x->at[i] = value->at;
		x->values[i] = without(value->text, p->parameters[i].cut);
		if (value->kind == CONF_SCALAR && value->text.n && value->text.n <= VALUE_MAX_BYTES)
			continue;
		diag_error(x->diag, value->at, "expected a text: '%.*s'",
			STR_ARGS(source->keys[k].text));
		x->values[i] = STR("x");
		x->failed = true;
	}
	for (size_t i = 0; i < p->parameter_count; i++) {
		take_default(x, i);
		if (x->values[i].p || (x->failed && p->parameters[i].cases))
			continue;
		diag_error(x->diag, x->type->at, "%.*s needs '%.*s'", STR_ARGS(p->name),
			STR_ARGS(p->parameters[i].name));
		if (p->parameters[i].about.n)
			diag_hint(x->diag, "%.*s", STR_ARGS(p->parameters[i].about));
		x->failed = true;
	}
}

static bool has_key(const struct conf_node *map, struct str key)
{
	for (size_t i = 0; i < map->count; i++)
		if (str_eq(map->keys[i].text, key))
			return true;
	return false;
}

static const struct conf_field *find_option(const struct conf_node *source, struct str key)
{
	const struct conf_node *name = conf_get(source, "type");
	const struct source_type *const *type = source_types;
	while (*type && !str_eq(name->text, str_of((*type)->name)))
		type++;
	const struct conf_field *f = *type ? (*type)->fields : NULL;
	while (f && f->key && !str_eq(str_of(f->key), key))
		f++;
	return f && f->key ? f : NULL;
}

/* What no preset can know, such as a token. What else is wrong is told as well. */
static void check_needs(struct expansion *x, const struct conf_node *source)
{
	for (size_t i = 0; i < x->preset->needs.count; i++) {
		const struct str key = x->preset->needs.items[i];
		const struct conf_field *option = find_option(x->preset->source, key);
		if (has_key(source, key))
			continue;
		diag_error(x->diag, x->type->at, "%.*s needs '%.*s'", STR_ARGS(x->preset->name),
			STR_ARGS(key));
		if (option && option->type == CONF_SECRET)
			diag_hint(x->diag,
				"write '%.*s: {env: NAME}', {file: PATH} or {credential: NAME}",
				STR_ARGS(key));
		else if (option && option->help)
			diag_hint(x->diag, "%.*s: %s", STR_ARGS(key), option->help);
	}
}

static void add(struct conf_node *map, struct conf_key key, struct conf_node value)
{
	map->keys[map->count] = key;
	map->items[map->count++] = value;
}

const struct conf_node *preset_expand(const struct preset *preset, const struct conf_node *source,
	struct arena *arena, struct diag *diag)
{
	struct expansion x = { .preset = preset, .arena = arena, .diag = diag };
	x.type = conf_get(source, "type");
	take_parameters(&x, source);
	check_needs(&x, source);
	if (x.failed)
		return NULL;
	struct conf_node *map = arena_new(arena, struct conf_node);
	const size_t room = preset->source->count + source->count + 1;
	*map = *source;
	map->count = 0;
	map->keys = arena_array(arena, struct conf_key, room);
	map->items = arena_array(arena, struct conf_node, room);
	for (size_t i = 0; i < preset->source->count; i++) {
		const struct conf_key key = preset->source->keys[i];
		struct conf_node value;
		if (!str_eq(key.text, STR("type")) && has_key(source, key.text))
			continue;
		copy(&x, &preset->source->items[i], context_of(key.text), &value);
		add(map, (struct conf_key){ key.text, value.at }, value);
	}
	for (size_t i = 0; i < source->count; i++) {
		const struct str key = source->keys[i].text;
		if (!str_eq(key, STR("type")) &&
			find_parameter(preset, key) == preset->parameter_count)
			add(map, source->keys[i], source->items[i]);
	}
	if (preset->fields && !has_key(map, STR("map"))) {
		const struct conf_node name = {
			.kind = CONF_SCALAR, .at = x.type->at, .text = preset->name
		};
		add(map, (struct conf_key){ STR("map"), x.type->at }, name);
	}
	return x.failed ? NULL : map;
}
