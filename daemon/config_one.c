#include "daemon/config_keys.h"

static const struct conf_node *find(
	const struct conf_node *sources, struct str name, const struct conf_key **key)
{
	for (size_t i = 0; sources && sources->kind == CONF_MAP && i < sources->count; i++) {
		if (!str_eq(sources->keys[i].text, name))
			continue;
		*key = &sources->keys[i];
		return &sources->items[i];
	}
	return NULL;
}

const struct conf_node *config_one_source(
	const struct conf_node *sources, struct str name, struct arena *arena, struct diag *diag)
{
	const struct conf_key *key;
	const struct conf_node *found = find(sources, name, &key);
	if (!found) {
		diag_error(diag, sources ? sources->at : (struct where){ 0 },
			"no such source: '%.*s'", STR_ARGS(name));
		return NULL;
	}
	struct conf_node *one = arena_new(arena, struct conf_node);
	*one = *sources;
	one->count = 1;
	one->keys = arena_array(arena, struct conf_key, 1);
	one->items = arena_array(arena, struct conf_node, 1);
	one->keys[0] = *key;
	one->items[0] = *found;
	return one;
}

static const struct source_type *type_of(const struct conf_node *source)
{
	const struct conf_node *name = conf_get(source, "type");
	for (const struct source_type *const *type = source_types; name && *type; type++)
		if (str_eq(name->text, str_of((*type)->name)))
			return *type;
	return NULL;
}

static bool knows_since(const struct source_type *type)
{
	for (const struct conf_field *field = type->fields; field->key; field++)
		if (str_eq(str_of(field->key), STR("since")) && field->type == CONF_CHOICE)
			return true;
	return false;
}

const struct conf_node *config_since_all(const struct conf_node *sources, struct arena *arena)
{
	const struct conf_node *source = sources && sources->count ? &sources->items[0] : NULL;
	const struct source_type *type = source ? type_of(source) : NULL;
	if (!type || !knows_since(type) || source->kind != CONF_MAP)
		return sources;
	struct conf_node *all = arena_new(arena, struct conf_node);
	struct conf_node *more = arena_new(arena, struct conf_node);
	*all = *sources;
	all->items = more;
	*more = *source;
	more->count = 0;
	more->keys = arena_array(arena, struct conf_key, source->count + 1);
	more->items = arena_array(arena, struct conf_node, source->count + 1);
	for (size_t i = 0; i < source->count; i++) {
		if (str_eq(source->keys[i].text, STR("since")))
			continue;
		more->keys[more->count] = source->keys[i];
		more->items[more->count++] = source->items[i];
	}
	more->keys[more->count] = (struct conf_key){ STR("since"), source->at };
	more->items[more->count++] = (struct conf_node){
		.kind = CONF_SCALAR, .at = source->at, .text = STR("all")
	};
	return all;
}
