#include "daemon/config_keys.h"
#include "model/map.h"

static const struct str text_map = { "text", 4 };

static bool is_builtin(struct str name)
{
	return str_eq(name, text_map) || str_eq(name, STR("auto")) || post_map_builtin(name);
}

/* A path, a list of paths, or {path or paths, html}. False after an error. */
static bool read_entry(const struct conf_key *key, const struct conf_node *node,
	struct arena *arena, struct post_map_entry *entry, struct diag *diag)
{
	struct config_map_path_keys keys;
	struct conf_key name = { STR("paths"), node->at };
	struct conf_node value = *node;
	const struct conf_node short_form = {
		.kind = CONF_MAP, .at = node->at, .items = &value, .keys = &name, .count = 1
	};
	const struct conf_node *map = node->kind == CONF_MAP ? node : &short_form;
	if (!conf_decode(config_map_path_fields, NULL, map, &keys, arena, diag))
		return false;
	if (!keys.path.p == !keys.paths.items) {
		diag_error(diag, key->at,
			keys.path.p ? "both path and paths: '%.*s'" : "no path: '%.*s'",
			STR_ARGS(key->text));
		return false;
	}
	if (keys.path.p) {
		struct str *path = arena_new(arena, struct str);
		*path = keys.path;
		keys.paths = (struct str_list){ path, 1 };
	}
	*entry = (struct post_map_entry){
		.field = key->text, .paths = keys.paths, .html = keys.html, .at = key->at
	};
	return true;
}

static struct post_map *read_map(const struct conf_key *name, const struct conf_node *node,
	struct arena *arena, struct diag *diag)
{
	if (node->kind != CONF_MAP || node->count == 0) {
		diag_error(diag, name->at, "the map '%.*s' has no fields", STR_ARGS(name->text));
		diag_hint(diag, "write 'text: PATH' under it");
		return NULL;
	}
	struct post_map_entry *entries = arena_array(arena, struct post_map_entry, node->count);
	size_t count = 0;
	bool text = false;
	for (size_t i = 0; i < node->count; i++) {
		if (!read_entry(&node->keys[i], &node->items[i], arena, &entries[count], diag))
			continue;
		text = text || str_eq(entries[count].field, STR("text"));
		count++;
	}
	if (count < node->count && !text)
		return NULL; /* that the map lacks text may only be due to the mistake */
	struct post_map *map = post_map_create(entries, count, diag);
	if (count == node->count)
		return map;
	post_map_destroy(map);
	return NULL;
}

static bool name_ok(const struct conf_key *name, struct diag *diag)
{
	if (!conf_name_ok(name->text)) {
		diag_error(diag, name->at, "bad name of a map: '%.*s'", STR_ARGS(name->text));
		diag_hint(diag, "a name is 1 to 64 of a-z 0-9 _ -");
		return false;
	}
	if (is_builtin(name->text)) {
		diag_error(diag, name->at, "the map '%.*s' is built in", STR_ARGS(name->text));
		diag_hint(diag, "give yours another name");
		return false;
	}
	return true;
}

void config_load_maps(struct config *c, const struct conf_node *maps, struct diag *diag)
{
	if (!maps)
		return;
	if (maps->kind != CONF_MAP) {
		diag_error(diag, maps->at, "expected a map of names and maps, not %s",
			conf_kind_name(maps));
		return;
	}
	c->maps = arena_array(&c->arena, struct named_map, maps->count);
	for (size_t i = 0; i < maps->count; i++) {
		const struct conf_key *name = &maps->keys[i];
		if (!name->text.p || !name_ok(name, diag))
			continue;
		struct post_map *map = read_map(name, &maps->items[i], &c->arena, diag);
		if (map)
			c->maps[c->map_count++] = (struct named_map){ name->text, map };
	}
}

static bool is_known(const struct conf_node *maps, struct str name)
{
	/* Also where the user's map did not load: that was said. */
	for (size_t i = 0; maps && maps->kind == CONF_MAP && i < maps->count; i++) {
		if (str_eq(maps->keys[i].text, name))
			return true;
	}
	return is_builtin(name);
}

static void unknown_map(struct config *c, const struct conf_node *maps, struct where at,
	struct str name, struct diag *diag)
{
	size_t count = 0, own = maps && maps->kind == CONF_MAP ? maps->count : 0;
	for (size_t i = 0; post_map_names[i]; i++)
		count++;
	struct str *known = arena_array(&c->arena, struct str, count + own + 1);
	for (size_t i = 0; i < count; i++)
		known[i] = str_of(post_map_names[i]);
	known[count++] = text_map;
	for (size_t i = 0; i < own; i++)
		known[count++] = maps->keys[i].text;
	struct str nearest = diag_nearest(name, known, count);
	diag_error(diag, at, "unknown map: '%.*s'", STR_ARGS(name));
	if (nearest.p)
		diag_hint(diag, "did you mean '%.*s'?", STR_ARGS(nearest));
}

void config_check_maps(struct config *c, const struct conf_node *maps,
	const struct conf_node *sources, struct diag *diag)
{
	if (!sources || sources->kind != CONF_MAP)
		return;
	for (size_t i = 0; i < sources->count; i++) {
		const struct conf_node *map = conf_get(&sources->items[i], "map");
		/* Anything but text is an error of its own. */
		if (map && map->kind == CONF_SCALAR && !is_known(maps, map->text))
			unknown_map(c, maps, map->at, map->text, diag);
	}
}

bool config_map(const struct config *c, struct str name, const struct post_map **map)
{
	if (str_eq(name, text_map)) {
		*map = NULL;
		return true;
	}
	for (size_t i = 0; c && i < c->map_count; i++) {
		if (str_eq(c->maps[i].name, name)) {
			*map = c->maps[i].map;
			return true;
		}
	}
	const struct post_map *found = str_eq(name, STR("auto")) ? post_map_auto()
								 : post_map_builtin(name);
	if (found)
		*map = found;
	return found != NULL;
}
