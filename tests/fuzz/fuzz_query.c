/* Any text as a query: either errors within it, or a tree that is printed, as a query and in YAML,
 * so that it reads back and is printed the same. */
#include <assert.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "rules/language/print.h"
#include "rules/language/query.h"

static struct conf_node scalar(struct str text)
{
	return (struct conf_node){
		.kind = CONF_SCALAR, .exact = true, .at = { "q", 1, 1 }, .text = text
	};
}

/* { lists: { noms: [a, b] }, rules: [{ name: r, query: TEXT }] } without YAML between. */
static struct rules *load(struct str query, struct diag *diag)
{
	struct conf_node terms[] = { scalar(STR("a")), scalar(STR("b")) };
	struct conf_node lists[] = { { .kind = CONF_LIST, .items = terms, .count = 2 } };
	struct conf_key list_keys[] = { { .text = STR("noms") } };
	struct conf_node values[] = { scalar(STR("r")), scalar(query) };
	struct conf_key keys[] = { { .text = STR("name") }, { .text = STR("query") } };
	struct conf_node rules[] = {
		{ .kind = CONF_MAP, .items = values, .keys = keys, .count = 2 }
	};
	struct conf_node parts[] = {
		{ .kind = CONF_MAP, .items = lists, .keys = list_keys, .count = 1 },
		{ .kind = CONF_LIST, .items = rules, .count = 1 },
	};
	struct conf_key part_keys[] = { { .text = STR("lists") }, { .text = STR("rules") } };
	const struct conf_node root = {
		.kind = CONF_MAP, .items = parts, .keys = part_keys, .count = 2
	};
	return rules_load(&root, NULL, diag);
}

/* Each message that has a place in the query has one that is in it. */
static void check_places(const struct diag *diag, struct str query)
{
	struct buf out;
	struct str rest, line;
	buf_init(&out, 0);
	diag_print(diag, &out);
	rest = buf_str(&out);
	while (str_next(&rest, '\n', &line)) {
		int64_t column = 0;
		if (!str_starts(line, STR("q:")))
			continue;
		assert(str_starts(line, STR("q:1:")));
		line = str_slice(line, 4, line.n);
		assert(str_to_int64(str_slice(line, 0, str_find_char(line, ':')), &column));
		assert(column >= 1 && (size_t)column <= utf8_count(query) + 1);
	}
	buf_finish(&out);
}

static void check_tree(const struct expr *e, int depth)
{
	assert(depth < 6 * QUERY_MAX_NESTING);
	assert(e->kind != EXPR_NOT || e->child_count == 1);
	assert(e->kind != EXPR_NEAR || (e->child_count == 2 && e->distance <= QUERY_MAX_DISTANCE));
	assert((e->kind != EXPR_AND && e->kind != EXPR_OR) || e->child_count >= 2);
	for (size_t i = 0; i < e->child_count; i++) {
		assert(e->children[i]->kind != e->kind || e->kind == EXPR_NEAR ||
			e->kind == EXPR_NOT);
		check_tree(e->children[i], depth + 1);
	}
}

static void print(const struct rules *rules, struct buf *query, struct buf *yaml)
{
	check_tree(rules->rules[0].root, 0);
	print_query(rules, rules->rules[0].root, query);
	buf_add(yaml, STR("lists: { noms: [a, b] }\nrules:\n"));
	print_yaml(rules, 0, yaml);
}

static struct rules *load_yaml(struct str yaml, struct diag *diag)
{
	struct arena arena;
	arena_init(&arena, 0);
	const struct conf_node *root = conf_read_text("y", yaml, &arena, diag);
	struct rules *rules = root ? rules_load(root, NULL, diag) : NULL;
	arena_finish(&arena);
	return rules;
}

static void check_round(const struct rules *rules)
{
	struct diag *diag = diag_create();
	struct buf query, yaml, again, more;
	struct buf *const all[] = { &query, &yaml, &again, &more };
	for (size_t i = 0; i < 4; i++)
		buf_init(all[i], 0);
	print(rules, &query, &yaml);
	struct rules *second = load(buf_str(&query), diag);
	/* Escapes may make it longer than a query may be. */
	if (query.n <= QUERY_MAX_BYTES && query.n < TERM_MAX_BYTES) {
		assert(!diag_failed(diag));
		print(second, &again, &more);
		assert(str_eq(buf_str(&again), buf_str(&query)));
		struct rules *third = load_yaml(buf_str(&yaml), diag);
		assert(third && !diag_failed(diag));
		buf_clear(&again);
		buf_clear(&more);
		print(third, &again, &more);
		assert(str_eq(buf_str(&more), buf_str(&yaml)));
		rules_destroy(third);
	}
	rules_destroy(second);
	for (size_t i = 0; i < 4; i++)
		buf_finish(all[i]);
	diag_destroy(diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* On the heap in its very size, so that a sanitizer sees a read behind it. */
	char *copy = malloc(size + !size);
	for (size_t i = 0; i < size; i++)
		copy[i] = (char)data[i];
	struct str query = { copy, size };
	if (utf8_valid(query) && str_find_char(query, '\0') == SIZE_MAX) {
		struct diag *diag = diag_create();
		struct rules *rules = load(query, diag);
		check_places(diag, query);
		if (!diag_failed(diag))
			check_round(rules);
		rules_destroy(rules);
		diag_destroy(diag);
	}
	free(copy);
	return 0;
}
