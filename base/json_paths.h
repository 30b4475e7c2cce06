/* The inside of struct json_paths, for the two readers only: the paths as a tree of nodes that a
 * reader walks along with the record, and the list of what was picked so far.
 * A node stands for a place in the record. It knows which paths lead there or further: an
 * element that both [] and [2] lead to has a node of its own, so a reader is always at one. */
#pragma once

#include <string.h>

#include "base/json.h"

enum { JSON_BUCKETS = 64 };

struct json_child {
	struct str key;
	const struct json_node *node;
	uint16_t next; /* child of the same bucket, counted from 1; 0: none */
};

struct json_element {
	size_t index;
	const struct json_node *node;
};

struct json_node {
	const uint16_t
		*buckets; /* by json_key_bucket(): its first child, counted from 1; 0: none */
	const struct json_child *children;
	const struct json_element *elements; /* by [N] */
	const struct json_node *each; /* of the other elements; NULL without [] */
	const uint16_t *paths; /* those that end here, then those that go on */
	uint16_t child_count, element_count, path_count, end_count;
};

struct json_paths {
	struct arena arena;
	const struct json_node *root;
	size_t count;
};

/* What was picked so far. Values are added in the order of the record. */
struct json_collect {
	const struct json_paths *paths;
	struct arena *arena;
	struct json_picked *picked;
	struct json_value *first; /* by path: room for one item, as most paths give one */
	uint16_t *sizes; /* by path: how many items there is room for; 0: first is not yet used */
	uint64_t touched[JSON_MAX_PATHS / 64]; /* by path: did it give anything? */
	bool full; /* the arena's ceiling was reached */
};

void json_collect_init(struct json_collect *c, const struct json_paths *paths, struct arena *arena,
	struct json_picked *picked);
/* For all paths that end in the node. */
void json_collect_add(
	struct json_collect *c, const struct json_node *node, const struct json_value *value);
/* Drops what the node's paths gave from byte `from` of the record on: its key came again. */
void json_collect_forget(struct json_collect *c, const struct json_node *node, size_t from);

static inline size_t json_key_bucket(struct str key)
{
	size_t ends = key.n ? (unsigned char)key.p[0] + 3 * (size_t)(unsigned char)key.p[key.n - 1]
			    : 0;
	return (ends + 7 * key.n) % JSON_BUCKETS;
}

/* The node of the member, or NULL. *number is which child it is. */
static inline const struct json_node *json_node_child(
	const struct json_node *node, struct str key, size_t *number)
{
	for (size_t i = node->buckets[json_key_bucket(key)]; i; i = node->children[i - 1].next) {
		const struct json_child *child = &node->children[i - 1];
		if (child->key.n == key.n && memcmp(child->key.p, key.p, key.n) == 0) {
			*number = i - 1;
			return child->node;
		}
	}
	return NULL;
}

static inline const struct json_node *json_node_element(const struct json_node *node, size_t index)
{
	for (size_t i = 0; i < node->element_count; i++) {
		if (node->elements[i].index == index)
			return node->elements[i].node;
	}
	return node->each;
}
