#include "notifiers/notifier.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "notifiers/list.h"

#define DECLARE(kind) extern const struct notifier_type notifier_##kind;
NOTIFIER_LIST(DECLARE)
#undef DECLARE

#define POINTER(kind) &notifier_##kind,
const struct notifier_type *const notifier_types[] = { NOTIFIER_LIST(POINTER) NULL };
#undef POINTER

enum { TYPE_COUNT = sizeof notifier_types / sizeof notifier_types[0] - 1 };

const struct conf_field notifier_fields[] = {
	{ "type", CONF_TEXT, offsetof(struct notifier, type_name), .required = true,
		.help = "The kind of notifier." },
	{ 0 },
};

struct notifiers {
	struct notifier **items; /* in the order of the configuration */
	size_t count;
	struct map by_name;
};

static const struct notifier_type *type_of(struct str name)
{
	for (size_t i = 0; notifier_types[i]; i++)
		if (str_eq(name, str_of(notifier_types[i]->name)))
			return notifier_types[i];
	return NULL;
}

static void unknown_type(const struct conf_node *node, struct diag *diag)
{
	struct str names[TYPE_COUNT];
	for (size_t i = 0; i < TYPE_COUNT; i++)
		names[i] = str_of(notifier_types[i]->name);
	diag_error(diag, node->at, "unknown type of notifier: '%.*s'", STR_ARGS(node->text));
	struct str near = diag_nearest(node->text, names, TYPE_COUNT);
	if (near.p)
		diag_hint(diag, "did you mean '%.*s'?", STR_ARGS(near));
}

/* The type that the map names, if this build can make it. */
static const struct notifier_type *read_type(
	const struct conf_key *key, const struct conf_node *node, struct diag *diag)
{
	const struct conf_node *name = conf_get(node, "type");
	if (!name || name->kind != CONF_SCALAR) {
		diag_error(diag, name ? name->at : key->at, "notifier '%.*s' needs a type",
			STR_ARGS(key->text));
		return NULL;
	}
	const struct notifier_type *type = type_of(name->text);
	if (!type) {
		unknown_type(name, diag);
	} else if (type->missing) {
		diag_error(diag, name->at, "type '%s' needs %s, which this build lacks", type->name,
			type->missing);
		diag_hint(diag, "build vigie with -D%s=enabled", type->name);
		type = NULL;
	}
	return type;
}

static struct notifier *read_notifier(const struct conf_key *key, const struct conf_node *node,
	struct arena *arena, struct diag *diag)
{
	if (!conf_name_ok(key->text)) {
		diag_error(diag, key->at, "bad name of a notifier: '%.*s'", STR_ARGS(key->text));
		diag_hint(diag, "1 to 64 of a-z, 0-9, '-' and '_'");
		return NULL;
	}
	if (node->kind != CONF_MAP) {
		diag_error(diag, node->kind == CONF_NULL ? key->at : node->at,
			"notifier '%.*s' is not a map", STR_ARGS(key->text));
		diag_hint(diag, "write it as { type: ... }");
		return NULL;
	}
	const struct notifier_type *type = read_type(key, node, diag);
	if (!type)
		return NULL;
	struct notifier *n = arena_zero(arena, 1, type->size);
	if (!n) {
		diag_error(diag, key->at, "the configuration is too large");
		return NULL;
	}
	bool decoded = conf_decode(type->fields, notifier_fields, node, n, arena, diag);
	n->type = type;
	n->name = key->text;
	n->at = key->at;
	if (!decoded || (type->check && !type->check(n, node, diag)))
		return NULL;
	return n;
}

struct notifiers *notifiers_create(
	const struct conf_node *node, struct arena *arena, struct diag *diag)
{
	struct notifiers *all = mem_zero(1, sizeof *all);
	if (!node || node->kind == CONF_NULL)
		return all;
	if (node->kind != CONF_MAP) {
		diag_error(diag, node->at, "notifiers is not a map");
		diag_hint(diag, "write 'name: { type: ... }' under it");
		return all;
	}
	all->items = mem_zero(node->count, sizeof(struct notifier *));
	for (size_t i = 0; i < node->count; i++) {
		struct notifier *n = read_notifier(&node->keys[i], &node->items[i], arena, diag);
		if (!n)
			continue;
		all->items[all->count++] = n;
		map_set(&all->by_name, n->name, n);
	}
	return all;
}

void notifiers_destroy(struct notifiers *all)
{
	if (!all)
		return;
	for (size_t i = 0; i < all->count; i++) {
		struct notifier *n = all->items[i];
		if (n->opened && n->type->close)
			n->type->close(n);
	}
	map_finish(&all->by_name);
	mem_free(all->items);
	mem_free(all);
}

size_t notifiers_count(const struct notifiers *all)
{
	return all->count;
}

struct notifier *notifiers_at(const struct notifiers *all, size_t i)
{
	assert(i < all->count);
	return all->items[i];
}

struct notifier *notifiers_get(const struct notifiers *all, struct str name)
{
	return map_get(&all->by_name, name);
}

void notifiers_open(struct notifiers *all, struct loop *loop, struct http_client *http)
{
	for (size_t i = 0; i < all->count; i++) {
		struct notifier *n = all->items[i];
		n->loop = loop;
		n->http = http;
		n->error = n->type->open ? n->type->open(n) : 0;
		n->opened = n->error == 0;
		if (!n->opened)
			log_error("notifier %.*s does not open: %s", STR_ARGS(n->name),
				error_text(n->error));
	}
}

void notifier_render(const struct notifier *n, const struct alert *alert, struct str delivery_id,
	struct buf *out)
{
	n->type->render(n, alert, delivery_id, out);
}

/* A delivery of a notifier that did not open waits for one turn of the loop, since done must not be
 * called within send. */
struct unopened {
	struct delivery *delivery;
	int error;
	struct timer *timer;
};

static void answer_unopened(void *ctx)
{
	struct unopened *u = ctx;
	struct delivery *d = u->delivery;
	int error = u->error;
	timer_destroy(u->timer);
	mem_free(u);
	delivery_done(d, DELIVERY_RETRY, -1, "the notifier did not open: %s", error_text(error));
}

void notifier_send(struct notifier *n, struct delivery *d, struct str body)
{
	if (n->opened) {
		n->type->send(n, d, body);
		return;
	}
	struct unopened *u = mem_zero(1, sizeof *u);
	*u = (struct unopened){ .delivery = d, .error = n->error };
	u->timer = timer_create_on(n->loop, answer_unopened, u);
	d->state = u;
	timer_start(u->timer, 0);
}

void notifier_cancel(struct notifier *n, struct delivery *d)
{
	if (n->opened) {
		n->type->cancel(n, d);
		return;
	}
	struct unopened *u = d->state;
	timer_destroy(u->timer);
	mem_free(u);
}

void delivery_done(struct delivery *d, enum delivery_result result, int64_t retry_after_us,
	const char *format, ...)
{
	enum { MAX_MESSAGE_BYTES = 500 };
	char message[MAX_MESSAGE_BYTES];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(message, sizeof message, format, args); /* cut is good enough */
	va_end(args);
	d->done(d, result, retry_after_us, message);
}
