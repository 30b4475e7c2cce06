#include "daemon/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/config_keys.h"
#include "daemon/ingest.h"
#include "daemon/websub.h"
#include "rules/language/fields.h"
#include "web/address.h"

/* $variable/name, or ~/otherwise/name; absent without a home. */
static struct str place_of(
	struct arena *arena, const char *variable, const char *otherwise, const char *name)
{
	const char *base = getenv(variable), *home = getenv("HOME");
	if (base && base[0] == '/') /* a relative one is to be ignored, says the standard */
		return arena_format(arena, "%s/%s", base, name);
	if (!home || !home[0])
		return STR_NONE;
	return arena_format(arena, "%s/%s/%s", home, otherwise, name);
}

struct str config_default_path(struct arena *arena)
{
	struct str path = place_of(arena, "XDG_CONFIG_HOME", ".config", "vigie/vigie.yaml");
	return path.p ? path : arena_str(arena, STR("vigie.yaml"));
}

/* --- the sections that are ours --- */

static void refuse_later(
	const struct conf_node *map, const struct conf_field *fields, struct diag *diag)
{
	for (const struct conf_field *f = fields; f->key; f++) {
		for (size_t i = 0; map->kind == CONF_MAP && i < map->count; i++) {
			if (f->help == RULES_NOT_YET && str_eq(map->keys[i].text, str_of(f->key)))
				diag_error(diag, map->keys[i].at, "%s: %s", RULES_NOT_YET, f->key);
		}
	}
}

static void load_store(
	struct config *c, const struct conf_node *node, bool needed, struct diag *diag)
{
	struct config_store_keys store;
	(void)conf_decode(config_store_fields, NULL, node, &store, &c->arena, diag);
	c->store.path = store.path;
	c->store.keep_us = store.keep_us;
	if (store.archive)
		diag_error(diag, conf_get(node, "archive")->at, "%s: archive: all", RULES_NOT_YET);
	const struct conf_node *path = conf_get(node, "path");
	if (path) {
		if (store.path.p && str_eq(store.path, STR("-")))
			diag_error(diag, path->at, "the store must be a file");
		return;
	}
	c->store.path = place_of(&c->arena, "XDG_DATA_HOME", ".local/share", "vigie/vigie.db");
	if (!c->store.path.p && needed) {
		diag_error(diag, (struct where){ c->path, 0, 0 },
			"no place for the store: HOME is not set");
		diag_hint(diag, "set store.path");
	}
}

static void load_hosts(
	struct config *c, const struct conf_node *node, struct str_list hosts, struct diag *diag)
{
	c->http.hosts = hosts;
	for (size_t i = 0; i < hosts.count; i++) {
		if (web_name_ok(hosts.items[i]))
			continue;
		const bool many = node->kind == CONF_LIST && node->count == hosts.count;
		diag_error(diag, many ? node->items[i].at : node->at,
			"not a name of a host: '%.*s'", STR_ARGS(hosts.items[i]));
		diag_hint(diag, "write the name alone, such as vigie.example.org");
	}
}

static void load_http(struct config *c, const struct conf_node *node, struct diag *diag)
{
	struct config_http_keys http;
	if (!node)
		return;
	(void)conf_decode(config_http_fields, NULL, node, &http, &c->arena, diag);
	const struct conf_node *token = conf_get(node, "token");
	if (token && token->kind == CONF_SCALAR)
		diag_hide(diag, token->at); /* a secret all the same */
	refuse_later(node, config_http_fields, diag);
	c->http.listen = http.listen;
	load_hosts(c, conf_get(node, "hosts"), http.hosts, diag);
	c->http.public_url = http.public_url;
	while (str_ends(c->http.public_url, STR("/")))
		c->http.public_url.n--;
	if (c->http.public_url.p)
		config_check_public_url(c, conf_get(node, "public_url")->at, diag);
	if (!http.listen.p)
		return;
	struct web_address address;
	struct buf message;
	buf_init(&message, 0);
	if (!web_address_parse(http.listen, &address, &message))
		diag_error(diag, conf_get(node, "listen")->at, "%s", message.p);
	buf_finish(&message);
}

/* A name of the time zone database, which is where the C library looks it up. */
static bool zone_ok(struct str zone)
{
	enum { ZONE_MAX_BYTES = 64 };
	char path[sizeof "/usr/share/zoneinfo/" + ZONE_MAX_BYTES] = "/usr/share/zoneinfo/";
	if (zone.n == 0 || zone.n > ZONE_MAX_BYTES || zone.p[0] == '/' ||
		str_ends(zone, STR("/")) || str_find(zone, STR("..")) != SIZE_MAX ||
		str_find_char(zone, '\0') != SIZE_MAX)
		return false;
	memcpy(path + strlen(path), zone.p, zone.n); /* the rest is cleared */
	return access(path, R_OK) == 0;
}

static void load_timezone(
	struct config *c, const struct conf_node *root, struct str zone, struct diag *diag)
{
	c->timezone = zone;
	if (!zone.p || zone_ok(zone))
		return;
	diag_error(
		diag, conf_get(root, "timezone")->at, "unknown time zone: '%.*s'", STR_ARGS(zone));
	diag_hint(diag, "zones are called like Europe/Paris or America/Montreal");
}

/* --- who is told --- */

struct str_list config_target_names(const struct conf_node *notifiers, struct arena *arena)
{
	size_t count = notifiers && notifiers->kind == CONF_MAP ? notifiers->count : 0;
	struct str *names = arena_array(arena, struct str, count + 1);
	for (size_t i = 0; i < count; i++)
		names[i] = notifiers->keys[i].text;
	return (struct str_list){ names, count };
}

static bool holds(struct str_list list, struct str name)
{
	for (size_t i = 0; i < list.count; i++) {
		if (str_eq(list.items[i], name))
			return true;
	}
	return false;
}

/* False after an error. */
static bool check_targets(const struct conf_node *node, struct str_list names,
	struct str_list known, struct diag *diag)
{
	bool many = node->kind == CONF_LIST, good = true;
	if (many && node->count == 0) {
		diag_error(diag, node->at, "nobody stands here: leave the key out");
		return false;
	}
	for (size_t i = 0; i < names.count; i++) {
		if (holds(known, names.items[i]))
			continue;
		/* A name that could not be read is missing among the names. */
		struct where at = many && node->count == names.count ? node->items[i].at : node->at;
		struct str nearest = diag_nearest(names.items[i], known.items, known.count);
		diag_error(diag, at, "unknown notifier: '%.*s'", STR_ARGS(names.items[i]));
		if (nearest.p)
			diag_hint(diag, "did you mean '%.*s'?", STR_ARGS(nearest));
		good = false;
	}
	return good;
}

static void load_notify(struct config *c, const struct conf_node *root, struct str_list names,
	struct str_list known, struct diag *diag)
{
	const struct conf_node *node = conf_get(root, "notify");
	if (node && names.items && (node->kind != CONF_LIST || node->count))
		c->notify = names;
	if (node && names.items)
		(void)check_targets(node, names, known, diag); /* it is in diag */
}

static void load_watchdog(
	struct config *c, const struct conf_node *node, struct str_list known, struct diag *diag)
{
	struct config_watchdog_keys keys;
	if (!node)
		return;
	/* What is wrong with one key says nothing against the others. */
	(void)conf_decode(config_watchdog_fields, NULL, node, &keys, &c->arena, diag);
	c->watchdog.asked = true;
	c->watchdog.blind_after_us = keys.blind_after_us;
	c->watchdog.severity = keys.severity;
	const struct conf_node *notify = conf_get(node, "notify");
	if (notify && keys.notify.items && check_targets(notify, keys.notify, known, diag))
		c->watchdog.notify = keys.notify;
}

/* Rules on their own, to be used with some configuration, may name any notifier. */
static bool is_rules_file(const struct conf_node *root)
{
	return !conf_get(root, "notifiers") && !conf_get(root, "sources") &&
		!conf_get(root, "notify");
}

static struct rules *load_rules(
	const struct conf_node *root, struct arena *arena, struct diag *diag)
{
	static const struct conf_node nothing = { .kind = CONF_NULL };
	struct str_list known = config_target_names(conf_get(root, "notifiers"), arena);
	/* That the root is no map was said already. */
	return rules_load(root->kind == CONF_MAP ? root : &nothing,
		is_rules_file(root) ? NULL : &known, diag);
}

/* --- all of it --- */

static bool is_yaml(const char *path)
{
	struct str name = str_of(path);
	return str_ends(name, STR(".yaml")) || str_ends(name, STR(".yml"));
}

/* Reads the file, or the text if there is one, into the config's arena; NULL if there is nothing to
 * go on with. */
static struct config *read_whole(const char *path, struct str text, const struct conf_node **root,
	struct config_keys *keys, struct diag *diag)
{
	struct config *c = mem_zero(1, sizeof *c);
	arena_init(&c->arena, 0);
	c->path = arena_text(&c->arena, str_of(path));
	*root = text.p ? conf_read_text(c->path, text, &c->arena, diag)
		       : config_read(c->path, &c->arena, diag);
	if (!*root) {
		config_destroy(c);
		return NULL;
	}
	/* What is wrong with one section says nothing against the others. */
	(void)conf_decode(config_fields, NULL, *root, keys, &c->arena, diag);
	refuse_later(*root, config_fields, diag);
	return c;
}

static void load_sources(
	struct config *c, struct config_keys *keys, bool since_all, struct diag *diag)
{
	config_expand_presets(c, &keys->sources, &keys->maps, diag);
	if (since_all)
		keys->sources = config_since_all(keys->sources, &c->arena);
	config_load_maps(c, keys->maps, diag);
	config_check_maps(c, keys->maps, keys->sources, diag);
	c->sources = sources_create(keys->sources, &c->arena, diag);
}

struct config *config_load_text(const char *path, struct str text, struct diag *diag)
{
	struct config_keys keys;
	const struct conf_node *root;
	struct config *c = read_whole(path, text, &root, &keys, diag);
	if (!c)
		return NULL;
	struct str_list known = config_target_names(keys.notifiers, &c->arena);
	load_store(c, keys.store, keys.sources != NULL, diag);
	load_http(c, keys.http, diag);
	load_timezone(c, root, keys.timezone, diag);
	load_notify(c, root, keys.notify, known, diag);
	load_watchdog(c, keys.watchdog, known, diag);
	load_sources(c, &keys, false, diag);
	config_check_ingest(c, diag);
	c->notifiers = notifiers_create(keys.notifiers, &c->arena, diag);
	c->rules = load_rules(root, &c->arena, diag);
	return c;
}

struct config *config_load(const char *path, struct diag *diag)
{
	return config_load_text(path, STR_NONE, diag);
}

struct config *config_load_source(
	const char *path, struct str text, struct str name, struct diag *diag)
{
	struct config_keys keys;
	const struct conf_node *root;
	struct config *c = read_whole(path, text, &root, &keys, diag);
	if (!c)
		return NULL;
	keys.sources = config_one_source(keys.sources, name, &c->arena, diag);
	load_timezone(c, root, keys.timezone, diag);
	load_sources(c, &keys, true, diag);
	c->notifiers = notifiers_create(NULL, &c->arena, diag);
	return c;
}

struct config *config_load_part(const char *path, enum config_part part, struct diag *diag)
{
	struct config_keys keys;
	const struct conf_node *root;
	struct config *c = read_whole(path, STR_NONE, &root, &keys, diag);
	if (c && part == CONFIG_STORE)
		load_store(c, keys.store, true, diag);
	else if (c)
		load_http(c, keys.http, diag);
	return c;
}

void config_destroy(struct config *c)
{
	if (!c)
		return;
	rules_destroy(c->rules);
	sources_destroy(c->sources);
	notifiers_destroy(c->notifiers);
	for (size_t i = 0; i < c->map_count; i++)
		post_map_destroy(c->maps[i].map);
	arena_finish(&c->arena);
	mem_free(c);
}

struct ruleset *config_take_rules(struct config *c)
{
	struct rules *rules = c->rules;
	c->rules = NULL;
	return ruleset_create(rules);
}

struct rules *config_load_yaml_rules(const char *path, struct diag *diag)
{
	struct config_keys keys;
	const struct conf_node *root;
	struct config *c = read_whole(path, STR_NONE, &root, &keys, diag);
	struct rules *rules = c ? load_rules(root, &c->arena, diag) : NULL;
	config_destroy(c);
	return rules;
}

struct rules *config_load_rules(const char *path, struct diag *diag)
{
	return is_yaml(path) ? config_load_yaml_rules(path, diag)
			     : rules_of_list(path, STR("terms"), diag);
}
