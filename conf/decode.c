#include "conf/decode.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "conf/text.h"
#include "conf/values.h"

enum { NAME_MAX_BYTES = 64, SHOWN_KEYS = 12 };

struct decoder {
	const struct conf_field *tables[2]; /* each ends in a field without a key; or NULL */
	const struct conf_node *map;
	char *out;
	struct arena *arena;
	struct diag *diag;
};

static size_t value_bytes(enum conf_type type)
{
	switch (type) {
	case CONF_TEXT:
	case CONF_SECRET:
	case CONF_PATH:
		return sizeof(struct str);
	case CONF_BOOL:
		return sizeof(bool);
	case CONF_INT:
	case CONF_DURATION:
	case CONF_SIZE:
		return sizeof(int64_t);
	case CONF_CHOICE:
		return sizeof(int);
	case CONF_TEXTS:
	case CONF_SECRETS:
		return sizeof(struct str_list);
	case CONF_TREE:
		return sizeof(const struct conf_node *);
	}
	assert(false);
	return 0;
}

static struct where map_place(const struct decoder *d)
{
	return d->map ? d->map->at : (struct where){ 0 };
}

static void no_room(struct decoder *d)
{
	diag_error(d->diag, map_place(d),
		"the configuration does not fit in the memory set aside for it");
}

static void decode_texts(
	struct decoder *d, const struct conf_node *node, bool literal_ok, struct str_list *list)
{
	bool many = node->kind == CONF_LIST;
	size_t count = many ? node->count : 1;
	struct str *items = arena_array(d->arena, struct str, count);
	if (!items) {
		no_room(d);
		return;
	}
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		const struct conf_node *item = many ? &node->items[i] : node;
		n += read_text_value(item, literal_ok, d->arena, &items[n], d->diag);
	}
	*list = (struct str_list){ items, n };
}

static void decode_value(
	struct decoder *d, const struct conf_field *f, const struct conf_node *node, void *value)
{
	switch (f->type) {
	case CONF_TEXT:
	case CONF_SECRET:
		(void)read_text_value(node, f->type == CONF_TEXT, d->arena, value, d->diag);
		break;
	case CONF_PATH:
		(void)value_path(node, d->arena, value, d->diag);
		break;
	case CONF_BOOL:
		(void)value_bool(node, value, d->diag);
		break;
	case CONF_INT:
		(void)value_int(node, f->min, f->max, value, d->diag);
		break;
	case CONF_DURATION:
		(void)value_duration(node, f->min, f->max, value, d->diag);
		break;
	case CONF_SIZE:
		(void)value_size(node, f->min, f->max, value, d->diag);
		break;
	case CONF_CHOICE:
		(void)value_choice(node, f->choices, value, d->diag);
		break;
	case CONF_TEXTS:
	case CONF_SECRETS:
		decode_texts(d, node, f->type == CONF_TEXTS, value);
		break;
	case CONF_TREE:
		memcpy(value, &node, sizeof node);
		break;
	}
}

/* The fallback as the node that a person would have written; NULL without room for it. */
static struct conf_node *fallback_node(struct decoder *d, const struct conf_field *f)
{
	struct str text = str_of(f->fallback);
	struct conf_node *node;
	if (text.n && strchr("[{\"'", text.p[0])) {
		node = conf_read_text(f->key, text, d->arena, d->diag);
	} else {
		node = arena_new(d->arena, struct conf_node);
		if (node)
			*node = (struct conf_node){ .kind = CONF_SCALAR, .text = text };
		else
			no_room(d);
	}
	if (node)
		node->at = map_place(d);
	return node;
}

static bool is_number(enum conf_type type)
{
	return type == CONF_BOOL || type == CONF_INT || type == CONF_DURATION ||
		type == CONF_SIZE || type == CONF_CHOICE;
}

/* A fallback is ours, so a bad one is a bug; but texts may lack room, and paths a home. */
static void decode_fallback(struct decoder *d, const struct conf_field *f, void *value)
{
	const struct conf_node *node = fallback_node(d, f);
	if (!node)
		return;
	if (!is_number(f->type)) {
		assert(f->type != CONF_SECRET && f->type != CONF_SECRETS);
		decode_value(d, f, node, value);
		return;
	}
	struct decoder inner = *d;
	inner.diag = diag_create();
	decode_value(&inner, f, node, value);
	assert(!diag_failed(inner.diag));
	diag_destroy(inner.diag);
}

static void decode_field(struct decoder *d, const struct conf_field *f)
{
	void *value = d->out + f->offset;
	const struct conf_node *node = conf_get(d->map, f->key);
	/* A key with nothing behind it is an empty list or map, but no text or number. */
	bool may_be_empty = f->type == CONF_TEXTS || f->type == CONF_SECRETS ||
		f->type == CONF_TREE;
	if (node && node->kind == CONF_NULL && (node->text.n || may_be_empty))
		node = NULL;
	if (node && node->kind == CONF_NULL) {
		diag_error(d->diag, node->at, "no value: '%s'", f->key);
		diag_hint(d->diag, "give it one or remove the key");
	} else if (node) {
		decode_value(d, f, node, value);
	} else if (f->required) {
		diag_error(d->diag, map_place(d), "missing key: '%s'", f->key);
		if (f->help)
			diag_hint(d->diag, "%s: %s", f->key, f->help);
	} else if (f->fallback) {
		decode_fallback(d, f, value);
	}
}

/* All known keys; the array is the caller's. */
static struct str *list_keys(const struct decoder *d, size_t *count)
{
	size_t n = 0;
	for (size_t t = 0; t < 2; t++) {
		for (const struct conf_field *f = d->tables[t]; f && f->key; f++)
			n++;
	}
	struct str *keys = mem_zero(n, sizeof *keys);
	*count = 0;
	for (size_t t = 0; t < 2; t++) {
		for (const struct conf_field *f = d->tables[t]; f && f->key; f++)
			keys[(*count)++] = str_of(f->key);
	}
	return keys;
}

static void hint_keys(struct decoder *d, struct str name, const struct str *known, size_t count)
{
	struct str nearest = diag_nearest(name, known, count);
	if (nearest.p) {
		diag_hint(d->diag, "did you mean '%.*s'?", STR_ARGS(nearest));
	} else if (count && count <= SHOWN_KEYS) {
		struct buf list;
		buf_init(&list, 0);
		for (size_t i = 0; i < count; i++)
			buf_addf(&list, "%s%.*s", i ? ", " : "", STR_ARGS(known[i]));
		diag_hint(d->diag, "known here: %s", list.p);
		buf_finish(&list);
	}
}

static bool holds(const struct str *list, size_t count, struct str text)
{
	for (size_t i = 0; i < count; i++) {
		if (str_eq(list[i], text))
			return true;
	}
	return false;
}

static void refuse_unknown(struct decoder *d)
{
	size_t count;
	struct str *known = list_keys(d, &count);
	for (size_t i = 0; i < d->map->count; i++) {
		const struct conf_key *key = &d->map->keys[i];
		if (!key->text.p || holds(known, count, key->text))
			continue;
		diag_error(
			d->diag, key->at, "unknown key: '%.*s'", STR_ARGS(text_shown(key->text)));
		hint_keys(d, key->text, known, count);
	}
	mem_free(known);
}

bool conf_decode(const struct conf_field *fields, const struct conf_field *more,
	const struct conf_node *map, void *out, struct arena *arena, struct diag *diag)
{
	struct decoder d = { { fields, more }, map, out, arena, diag };
	size_t errors = diag_count(diag, DIAG_ERROR);
	bool is_map = !map || map->kind == CONF_MAP || map->kind == CONF_NULL;
	if (!is_map)
		diag_error(diag, map->at, "expected a map of keys and values, not %s",
			conf_kind_name(map));
	else if (map)
		refuse_unknown(&d);
	for (size_t t = 0; t < 2; t++) {
		for (const struct conf_field *f = d.tables[t]; f && f->key; f++) {
			memset(d.out + f->offset, 0, value_bytes(f->type));
			if (is_map)
				decode_field(&d, f);
		}
	}
	return diag_count(diag, DIAG_ERROR) == errors;
}

bool conf_name_ok(struct str name)
{
	if (name.n == 0 || name.n > NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '-')
			return false;
	}
	return true;
}
