/* YAML as a tree in which everything knows its place. Aliases, anchors, tags, several
 * documents, keys that are no text or written twice, NUL, text that is not UTF-8 and nesting
 * past CONF_MAX_DEPTH are errors; all scalars are text. */
#pragma once

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"

enum { CONF_MAX_DEPTH = 32, CONF_MAX_BYTES = 64 * 1024 * 1024, CONF_MAX_NODES = 2 * 1000 * 1000 };

/* CONF_NULL: nothing written, or one of the plain words ~ null Null NULL; then also in text. */
enum conf_kind { CONF_NULL, CONF_SCALAR, CONF_LIST, CONF_MAP };

struct conf_node {
	enum conf_kind kind;
	bool quoted; /* was written in quotes or as a block, so "yes" is text */
	bool exact; /* text stands in the file as it is, on one line */
	struct where at;
	struct str text; /* of a scalar */
	const char *written; /* of a scalar that is not exact: in the file, which ends in a NUL */
	struct conf_node *items; /* of a list, or the values of a map */
	struct conf_key *keys; /* of a map, one for each item */
	size_t count;
};

struct conf_key {
	struct str text;
	struct where at;
};

/* Reads a file, or text that is said to come from `name`. The tree lives in the arena.
 * NULL when there is nothing to go on with: no such file, no YAML. What can be stepped over (a
 * key written twice, an alias) is an error in diag and still gives a tree, so that the errors of
 * the rest are found in the same run: diag_failed() decides, not the tree. An empty file is an
 * empty map. */
struct conf_node *conf_read_file(const char *path, struct arena *arena, struct diag *diag);
struct conf_node *conf_read_text(
	const char *name, struct str text, struct arena *arena, struct diag *diag);

/* The value of a key of a map; NULL if there is none or node is no map. */
struct conf_node *conf_get(const struct conf_node *node, const char *key);

/* The place of a character inside a scalar's text, for errors within a term or a query, however
 * the scalar is written: plain, quoted with escapes, folded or literal. */
struct where conf_place(const struct conf_node *scalar, size_t byte);
/* The same for bytes in ascending order, in one pass. */
void conf_places(
	const struct conf_node *scalar, const size_t *bytes, size_t count, struct where *places);

/* "nothing", "text", "a list" or "a map", for messages. */
const char *conf_kind_name(const struct conf_node *node);
