#include "base/json_paths.h"

#include <string.h>

#include "base/mem.h"

enum { NODES_MAX = 4096, FIRST_ITEMS = 4 };

enum step_kind { STEP_KEY, STEP_INDEX, STEP_EACH };

struct step {
	enum step_kind kind;
	struct str key;
	size_t index;
};

struct path {
	struct step *steps;
	size_t count;
};

/* While the tree is built: the nodes still to be given children, in a list. */
struct build {
	struct arena *arena;
	const struct path *paths;
	struct pending *first, **last;
	size_t node_count;
};

struct pending {
	struct pending *next; /* build::first */
	struct json_node *node;
	size_t depth; /* steps from the root */
};

static bool parse_brackets(struct str *rest, struct step *step)
{
	size_t close = str_find_char(*rest, ']');
	if (close == SIZE_MAX)
		return false;
	struct str inside = str_slice(*rest, 1, close);
	*rest = str_slice(*rest, close + 1, rest->n);
	*step = (struct step){ .kind = inside.n ? STEP_INDEX : STEP_EACH };
	for (size_t i = 0; i < inside.n; i++) {
		if (inside.p[i] < '0' || inside.p[i] > '9')
			return false;
		step->index = step->index * 10 + (size_t)(inside.p[i] - '0');
		if (step->index > JSON_MAX_INDEX)
			return false;
	}
	return true;
}

static bool parse_key(struct str *rest, struct step *step)
{
	size_t n = 0;
	while (n < rest->n && !strchr(".[]", rest->p[n]))
		n++;
	*step = (struct step){ .kind = STEP_KEY, .key = str_slice(*rest, 0, n) };
	*rest = str_slice(*rest, n, rest->n);
	return n > 0;
}

static bool parse_path(struct arena *arena, struct str text, struct path *path)
{
	struct step steps[JSON_MAX_DEPTH];
	struct str rest = arena_str(arena, text);
	size_t n = 0;
	if (!rest.p || !parse_key(&rest, &steps[n++]))
		return false;
	while (rest.n) {
		if (n == JSON_MAX_DEPTH)
			return false;
		if (rest.p[0] == '[') {
			if (!parse_brackets(&rest, &steps[n++]))
				return false;
		} else {
			bool dot = rest.p[0] == '.';
			rest = str_slice(rest, 1, rest.n);
			if (!dot || !parse_key(&rest, &steps[n++]))
				return false;
		}
	}
	path->steps = arena_array(arena, struct step, n);
	memcpy(path->steps, steps, n * sizeof steps[0]);
	path->count = n;
	return true;
}

static bool step_eq(const struct step *a, const struct step *b)
{
	return a->kind == b->kind && a->index == b->index && str_eq(a->key, b->key);
}

/* Does the step lead to where `to` leads? [] leads to every element. */
static bool step_leads(const struct step *step, const struct step *to)
{
	return step_eq(step, to) || (step->kind == STEP_EACH && to->kind == STEP_INDEX);
}

/* The node below `parent` that the step leads to, with its paths. */
static struct json_node *add_node(
	struct build *b, const struct json_node *parent, size_t depth, const struct step *to)
{
	struct json_node *node = arena_new(b->arena, struct json_node);
	uint16_t *paths = arena_array(b->arena, uint16_t, parent->path_count);
	for (int ends = 1; ends >= 0; ends--) {
		for (size_t i = parent->end_count; i < parent->path_count; i++) {
			const struct path *path = &b->paths[parent->paths[i]];
			if ((path->count == depth + 1) != ends ||
				!step_leads(&path->steps[depth], to))
				continue;
			paths[node->path_count++] = parent->paths[i];
			node->end_count = (uint16_t)(node->end_count + ends);
		}
	}
	node->paths = paths;
	struct pending *pending = arena_new(b->arena, struct pending);
	*pending = (struct pending){ .node = node, .depth = depth + 1 };
	*b->last = pending;
	b->last = &pending->next;
	b->node_count++;
	return node;
}

static bool step_is_new(const struct build *b, const struct json_node *node, size_t depth, size_t i)
{
	const struct step *step = &b->paths[node->paths[i]].steps[depth];
	for (size_t j = node->end_count; j < i; j++) {
		if (step_eq(&b->paths[node->paths[j]].steps[depth], step))
			return false;
	}
	return true;
}

static void add_children(struct build *b, struct json_node *node, size_t depth)
{
	size_t most = (size_t)(node->path_count - node->end_count);
	struct json_child *children = arena_array(b->arena, struct json_child, most);
	struct json_element *elements = arena_array(b->arena, struct json_element, most);
	uint16_t *buckets = arena_array(b->arena, uint16_t, JSON_BUCKETS);
	for (size_t i = node->end_count; i < node->path_count; i++) {
		if (!step_is_new(b, node, depth, i))
			continue;
		const struct step *step = &b->paths[node->paths[i]].steps[depth];
		const struct json_node *below = add_node(b, node, depth, step);
		if (step->kind == STEP_KEY) {
			uint16_t *bucket = &buckets[json_key_bucket(step->key)];
			children[node->child_count++] = (struct json_child){ step->key, below,
				*bucket };
			*bucket = node->child_count;
		} else if (step->kind == STEP_INDEX) {
			elements[node->element_count++] = (struct json_element){ step->index,
				below };
		} else {
			node->each = below;
		}
	}
	node->buckets = buckets;
	node->children = children;
	node->elements = elements;
}

/* False if the paths together need too many nodes. */
static bool build_tree(struct json_paths *paths, const struct path *list)
{
	struct json_node *root = arena_new(&paths->arena, struct json_node);
	uint16_t *all = arena_array(&paths->arena, uint16_t, paths->count + 1);
	for (size_t i = 0; i < paths->count; i++)
		all[i] = (uint16_t)i;
	root->paths = all;
	root->path_count = (uint16_t)paths->count;
	paths->root = root;
	struct build b = { .arena = &paths->arena, .paths = list };
	b.last = &b.first;
	add_children(&b, root, 0);
	while (b.first && b.node_count <= NODES_MAX) {
		struct pending *pending = b.first;
		b.first = pending->next;
		if (!b.first)
			b.last = &b.first;
		add_children(&b, pending->node, pending->depth);
	}
	return b.node_count <= NODES_MAX;
}

struct json_paths *json_paths_create(const struct str *texts, size_t count, size_t *bad)
{
	struct json_paths *paths = mem_zero(1, sizeof *paths);
	arena_init(&paths->arena, 0);
	paths->count = count < JSON_MAX_PATHS ? count : JSON_MAX_PATHS;
	struct path *list = arena_array(&paths->arena, struct path, paths->count + 1);
	*bad = JSON_MAX_PATHS;
	bool good = count <= JSON_MAX_PATHS;
	for (size_t i = 0; i < paths->count && good; i++) {
		*bad = i;
		good = parse_path(&paths->arena, texts[i], &list[i]);
	}
	if (!good || !build_tree(paths, list)) {
		json_paths_destroy(paths);
		return NULL;
	}
	return paths;
}

void json_paths_destroy(struct json_paths *paths)
{
	if (!paths)
		return;
	arena_finish(&paths->arena);
	mem_free(paths);
}

void json_collect_init(struct json_collect *c, const struct json_paths *paths, struct arena *arena,
	struct json_picked *picked)
{
	size_t items_bytes = paths->count * sizeof(struct json_value);
	size_t sizes_bytes = paths->count * sizeof(uint16_t);
	char *piece = arena_alloc(arena, items_bytes + sizes_bytes);
	*c = (struct json_collect){ .paths = paths,
		.arena = arena,
		.picked = picked,
		.first = (struct json_value *)(void *)piece,
		.full = !piece };
	memset(picked, 0, paths->count * sizeof *picked);
	if (!piece)
		return;
	c->sizes = (uint16_t *)(void *)(piece + items_bytes);
	memset(c->sizes, 0, sizes_bytes);
}

static bool make_room(struct json_collect *c, size_t path)
{
	struct json_picked *picked = &c->picked[path];
	if (c->sizes[path] == 0) {
		picked->items = &c->first[path];
		c->sizes[path] = 1;
		c->touched[path / 64] |= UINT64_C(1) << path % 64;
		return true;
	}
	size_t size = c->sizes[path] == 1 ? FIRST_ITEMS : (size_t)c->sizes[path] * 2;
	struct json_value *items = arena_alloc(c->arena, size * sizeof *items);
	if (!items) {
		c->full = true;
		return false;
	}
	memcpy(items, picked->items, picked->count * sizeof *items);
	picked->items = items;
	c->sizes[path] = (uint16_t)size;
	return true;
}

void json_collect_add(
	struct json_collect *c, const struct json_node *node, const struct json_value *value)
{
	for (size_t i = 0; i < node->end_count; i++) {
		size_t path = node->paths[i];
		struct json_picked *picked = &c->picked[path];
		if (picked->count == JSON_MAX_ITEMS)
			continue;
		if (picked->count < c->sizes[path] || make_room(c, path))
			picked->items[picked->count++] = *value;
	}
}

void json_collect_forget(struct json_collect *c, const struct json_node *node, size_t from)
{
	for (size_t i = 0; i < node->path_count; i++) {
		struct json_picked *picked = &c->picked[node->paths[i]];
		while (picked->count && picked->items[picked->count - 1].at >= from)
			picked->count--;
	}
}
