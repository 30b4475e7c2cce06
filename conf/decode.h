/* Tables that say what a YAML map may hold: the parser, the help, the manual and the JSON
 * Schema come from the same table. A decoded struct's pointers live in the arena given. */
#pragma once

#include "conf/yaml.h"

enum conf_type {
	CONF_TEXT, /* struct str; also {env: NAME}, {file: PATH}, {credential: NAME} */
	CONF_SECRET, /* struct str; those references only: a literal is an error */
	CONF_PATH, /* struct str; ~/ and paths relative to the file's folder resolved; "-" stays */
	CONF_BOOL, /* bool: true or false */
	CONF_INT, /* int64_t within min..max */
	CONF_DURATION, /* int64_t microseconds, written 250ms 30s 10m 2h 7d */
	CONF_SIZE, /* int64_t bytes, written 512B 64KB 16MB 1GB; KB is 1024 */
	CONF_CHOICE, /* int: index into choices */
	CONF_TEXTS, /* struct str_list: one text or a list of them, references allowed */
	CONF_SECRETS, /* struct str_list: one reference or a list of them, no literals */
	CONF_TREE, /* const struct conf_node *: decoded by whoever owns it; NULL if empty */
};

struct conf_field {
	const char *key;
	enum conf_type type;
	size_t offset; /* into the struct that is filled */
	bool required;
	const char *fallback; /* written as in YAML; NULL: zero, or absent */
	int64_t min, max; /* of numbers with or without a unit; both 0: any; INT64_MAX: no end */
	const char *const *choices; /* ends in NULL */
	const char *help; /* one sentence */
};

/* Fills `out` from `map` by the tables, which end in a field whose key is NULL. `more` may be
 * NULL: a second table over the same struct (the keys that all of a kind have). An unknown key is
 * an error with the nearest known one as a hint. A key with ~ or null counts as absent, as do an
 * empty list or map without a value. map NULL or without a value: no key is there. Texts are
 * copied into the arena and end in a NUL that is not counted; trees stay where they are. False
 * when diag got an error here; out is then filled as far as it goes, the rest is zero. */
bool conf_decode(const struct conf_field *fields, const struct conf_field *more,
	const struct conf_node *map, void *out, struct arena *arena, struct diag *diag);

/* The same for one scalar, for keys that no table describes. */
bool conf_duration(const struct conf_node *node, int64_t *us, struct diag *diag);
bool conf_bool(const struct conf_node *node, bool *value, struct diag *diag);

/* Names of lists, rules, sources and notifiers: [a-z0-9_-]{1,64}. */
bool conf_name_ok(struct str name);
