#include "daemon/config_keys.h"
#include "sources/preset.h"

static bool has_key(const struct conf_node *map, struct str key)
{
	for (size_t i = 0; map && map->kind == CONF_MAP && i < map->count; i++)
		if (str_eq(map->keys[i].text, key))
			return true;
	return false;
}

/* The maps with one more; the user's of the same name counts. */
static const struct conf_node *with_map(const struct conf_node *maps, const struct preset *preset,
	struct where at, struct arena *arena)
{
	const size_t count = maps ? maps->count : 0;
	if (has_key(maps, preset->name) || (maps && maps->kind != CONF_MAP))
		return maps;
	struct conf_node *more = arena_new(arena, struct conf_node);
	*more = (struct conf_node){ .kind = CONF_MAP, .at = at, .count = count + 1 };
	more->keys = arena_array(arena, struct conf_key, count + 1);
	more->items = arena_array(arena, struct conf_node, count + 1);
	for (size_t i = 0; i < count; i++) {
		more->keys[i] = maps->keys[i];
		more->items[i] = maps->items[i];
	}
	more->keys[count] = (struct conf_key){ preset->name, at };
	more->items[count] = *preset->fields;
	return more;
}

void config_expand_presets(struct config *c, const struct conf_node **sources,
	const struct conf_node **maps, struct diag *diag)
{
	const struct conf_node *old = *sources;
	if (!old || old->kind != CONF_MAP)
		return;
	struct conf_node *all = arena_new(&c->arena, struct conf_node);
	*all = *old;
	all->count = 0;
	all->keys = arena_array(&c->arena, struct conf_key, old->count);
	all->items = arena_array(&c->arena, struct conf_node, old->count);
	for (size_t i = 0; i < old->count; i++) {
		const struct conf_node *source = &old->items[i];
		bool failed;
		const struct preset *preset = preset_of(source, &c->arena, diag, &failed);
		if (preset) {
			const struct where at = conf_get(source, "type")->at;
			source = preset_expand(preset, source, &c->arena, diag);
			if (preset->fields)
				*maps = with_map(*maps, preset, at, &c->arena);
		}
		if (failed || !source)
			continue;
		all->keys[all->count] = old->keys[i];
		all->items[all->count++] = *source;
	}
	*sources = all;
}
