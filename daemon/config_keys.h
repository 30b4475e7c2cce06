/* The keys of the configuration that daemon/ reads itself: what is read, helped and documented
 * comes from these tables. Those of sources, rules and notifiers stand beside them. */
#pragma once

#include "conf/decode.h"
#include "daemon/config.h"

extern const struct conf_field config_fields[]; /* of the file */
extern const struct conf_field config_store_fields[];
extern const struct conf_field config_http_fields[];
extern const struct conf_field config_watchdog_fields[];
extern const struct conf_field config_map_path_fields[]; /* of a map's field that is a map */

/* What the tables fill. */
struct config_keys {
	const struct conf_node *store, *http, *sources, *maps, *lists, *rules, *tests, *notifiers,
		*include, *watchdog, *later;
	struct str timezone;
	struct str_list notify;
};

struct config_store_keys {
	struct str path;
	int64_t keep_us;
	int archive;
};

struct config_http_keys {
	struct str listen, public_url;
	struct str_list hosts;
	const struct conf_node *later;
};

struct config_watchdog_keys {
	struct str_list notify;
	int64_t blind_after_us;
	int severity;
};

struct config_map_path_keys {
	struct str path;
	struct str_list paths;
	bool html;
};

/* The parts of config_load. All errors go to diag. */

/* The file, and the files that it includes, as one tree whose nodes know their file. NULL if there
 * is no file or no YAML. */
const struct conf_node *config_read(const char *path, struct arena *arena, struct diag *diag);
/* The map `sources` with that one only; an unknown name goes to diag. */
const struct conf_node *config_one_source(
	const struct conf_node *sources, struct str name, struct arena *arena, struct diag *diag);
/* The same with `since: all`, if its type has that; presets are put in already. */
const struct conf_node *config_since_all(const struct conf_node *sources, struct arena *arena);
/* Puts in what presets stand for: sources of their types, with their maps beside the user's. */
void config_expand_presets(struct config *c, const struct conf_node **sources,
	const struct conf_node **maps, struct diag *diag);
/* The user's maps. */
void config_load_maps(struct config *c, const struct conf_node *maps, struct diag *diag);
/* Does each source have a map? */
void config_check_maps(struct config *c, const struct conf_node *maps,
	const struct conf_node *sources, struct diag *diag);
/* Names that `notify` may use. */
struct str_list config_target_names(const struct conf_node *notifiers, struct arena *arena);
