#include "sources/source_keys.h"

#include <assert.h>

#include "base/clock.h"
#include "sources/list.h"
#include "sources/preset.h"

#define ABSENT_MAX_US (365 * US_PER_DAY)

enum { TYPES_MAX_BYTES = 1024 };

#define SOURCE_EXTERN(name) extern const struct source_type source_##name;
#define SOURCE_POINTER(name) &source_##name,
SOURCE_LIST(SOURCE_EXTERN)
const struct source_type *const source_types[] = { SOURCE_LIST(SOURCE_POINTER) NULL };

const struct conf_field source_fields[] = {
	{ .key = "type",
		.type = CONF_TEXT,
		.offset = offsetof(struct source, type_name),
		.required = true,
		.help = "what kind of source this is" },
	{ .key = "map",
		.type = CONF_TEXT,
		.offset = offsetof(struct source, map),
		.fallback = "auto",
		.help = "the map that says where a record has its text, author and so on" },
	{ .key = "absent",
		.type = CONF_TEXT,
		.offset = offsetof(struct source, absent),
		.fallback = "auto",
		.help = "the silence that is too long: a duration, off, or auto: longer than it "
			"ever "
			"was" },
	{ .key = NULL },
};

static const struct source_type *find_type(const struct conf_node *node, struct diag *diag)
{
	struct str known[64];
	size_t count = 0;
	for (const struct source_type *const *type = source_types; *type; type++) {
		if (str_eq(node->text, str_of((*type)->name)))
			return *type;
		assert(count < sizeof known / sizeof *known);
		known[count++] = str_of((*type)->name);
	}
	for (const struct preset_text *preset = preset_texts; preset->name; preset++) {
		assert(count < sizeof known / sizeof *known);
		known[count++] = str_of(preset->name);
	}
	diag_error(diag, node->at, "unknown type of source: '%.*s'", STR_ARGS(node->text));
	const struct str nearest = diag_nearest(node->text, known, count);
	if (nearest.p) {
		diag_hint(diag, "did you mean '%.*s'?", STR_ARGS(nearest));
		return NULL;
	}
	struct buf names;
	buf_init(&names, TYPES_MAX_BYTES);
	for (size_t i = 0; i < count; i++)
		buf_addf(&names, "%s%.*s", i ? ", " : "", STR_ARGS(known[i]));
	diag_hint(diag, "the types are: %.*s", STR_ARGS(buf_str(&names)));
	buf_finish(&names);
	return NULL;
}

static const struct source_type *type_of(
	const struct conf_key *key, const struct conf_node *node, struct diag *diag)
{
	if (!conf_name_ok(key->text)) {
		diag_error(diag, key->at, "bad name of a source: '%.*s'", STR_ARGS(key->text));
		diag_hint(diag, "a name is 1 to 64 of a-z 0-9 _ -");
		return NULL;
	}
	if (node->kind != CONF_MAP) {
		diag_error(diag, node->at, "a source is a map with a type: '%.*s'",
			STR_ARGS(key->text));
		return NULL;
	}
	const struct conf_node *type = conf_get(node, "type");
	if (!type || type->kind != CONF_SCALAR) {
		diag_error(diag, type ? type->at : key->at, "source without a type: '%.*s'",
			STR_ARGS(key->text));
		return NULL;
	}
	const struct source_type *found = find_type(type, diag);
	if (found && found->missing) {
		diag_error(diag, type->at, "this build lacks %s, which is needed for type: '%s'",
			found->missing, found->name);
		return NULL;
	}
	return found;
}

static bool read_absent(struct source *s, const struct conf_node *node, struct diag *diag)
{
	const struct conf_node *absent = conf_get(node, "absent");
	s->absent_us = str_eq(s->absent, STR("auto")) ? -1 : 0;
	if (s->absent_us || str_eq(s->absent, STR("off")))
		return true;
	if (!conf_duration(absent, &s->absent_us, diag)) {
		diag_hint(diag, "or write auto, or off");
		return false;
	}
	if (s->absent_us >= US_PER_S && s->absent_us <= ABSENT_MAX_US)
		return true;
	diag_error(diag, absent->at, "neither auto, off nor a duration from 1s to 365d: 'absent'");
	return false;
}

struct source *source_decode(const struct conf_key *key, const struct conf_node *node,
	struct arena *arena, struct diag *diag)
{
	const struct source_type *type = type_of(key, node, diag);
	if (!type)
		return NULL;
	struct source *s = arena_zero(arena, 1, type->size);
	if (!s) {
		diag_error(diag, key->at, "too many sources: '%.*s' does not fit",
			STR_ARGS(key->text));
		return NULL;
	}
	s->type = type;
	s->name = key->text;
	s->at = key->at;
	if (!conf_decode(type->fields, source_fields, node, s, arena, diag) ||
		!read_absent(s, node, diag))
		return NULL;
	if (type->check && !type->check(s, node, diag))
		return NULL;
	return s;
}
