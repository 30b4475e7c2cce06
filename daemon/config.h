/* The configuration of vigie as a whole: one YAML file, or the folder of files it includes. */
#pragma once

#include "model/map.h"
#include "notifiers/notifier.h"
#include "rules/compile/ruleset.h"
#include "sources/sources.h"

struct config {
	struct arena arena;
	const char *path;
	struct {
		struct str path; /* absent only without sources and HOME */
		int64_t keep_us; /* sent deliveries, archive and dead letters are kept that long */
	} store;
	struct {
		struct str listen; /* "127.0.0.1:8470"; absent: no server */
		struct str_list hosts; /* names by which a reverse proxy asks */
		struct str public_url; /* without a slash at its end; absent: others cannot reach us
					*/
	} http;
	struct {
		bool asked; /* alerts about sources are wanted */
		struct str_list notify; /* who is told; none: whom `notify` tells */
		int64_t blind_after_us;
		int severity; /* enum severity */
	} watchdog;
	struct str timezone; /* for TZ: a name of the time zone database; absent: the system's */
	struct str_list notify; /* who is told when a rule names nobody; none: every notifier */
	struct sources *sources;
	struct notifiers *notifiers;
	struct rules *rules; /* NULL once config_take_rules was called */
	struct named_map {
		struct str name;
		struct post_map *map;
	} * maps; /* the user's own */
	size_t map_count;
};

/* Reads and checks all of it, also the secrets; every error goes to diag in one run. NULL only if
 * there is no file or no YAML; what comes back otherwise is whole only if diag has no error. There
 * may be no sources and no rules. */
struct config *config_load(const char *path, struct diag *diag);
/* The same of a text, which path names in messages and from where relative paths start. */
struct config *config_load_text(const char *path, struct str text, struct diag *diag);
void config_destroy(struct config *c); /* takes NULL */

/* One section alone, without a look at the rest and its secrets: for commands beside the daemon.
 * Everything else is empty or NULL. */
enum config_part { CONFIG_STORE, CONFIG_HTTP };
struct config *config_load_part(const char *path, enum config_part part, struct diag *diag);

/* One source alone with its map, to be tried: a source that takes only what is new takes all. Rules
 * is NULL, and there are no notifiers. text absent: of the file. */
struct config *config_load_source(
	const char *path, struct str text, struct str name, struct diag *diag);

/* Compiled; the config lets go of them. */
struct ruleset *config_take_rules(struct config *c);

/* A built-in map, the user's own, or NULL for "text" (each line is a text). False if there is none
 * of that name. c may be NULL: the built-in ones only. */
bool config_map(const struct config *c, struct str name, const struct post_map **map);

/* Where vigie looks for its configuration without -c: $XDG_CONFIG_HOME/vigie/vigie.yaml or
 * ~/.config/vigie/vigie.yaml; without a home vigie.yaml. Lives in the arena. */
struct str config_default_path(struct arena *arena);

/* The rules alone, those of included files too, without a look at the rest and its secrets: of a
 * configuration, a rules file (lists, rules, tests), or a file of plain terms, one a line (any name
 * that does not end in .yaml or .yml; the one rule is called "terms"). NULL only if there is no
 * file or no YAML; destroy it also if diag has errors. */
struct rules *config_load_rules(const char *path, struct diag *diag);
/* The same for a configuration or a rules file, whatever its name. */
struct rules *config_load_yaml_rules(const char *path, struct diag *diag);
