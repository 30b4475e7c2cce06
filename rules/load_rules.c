#include <string.h>

#include "rules/fields.h"
#include "rules/load.h"

/* The children of a node while they are gathered: at most `size`. */
struct gather {
	struct expr **items;
	size_t count;
};

static struct expr *new_expr(struct loader *l, enum expr_kind kind, struct where at)
{
	struct expr *e = arena_new(&l->rules->arena, struct expr);
	*e = (struct expr){ .kind = kind, .at = load_place(l, at) };
	return e;
}

static struct gather gather_of(struct loader *l, size_t size)
{
	return (struct gather){ arena_array(&l->rules->arena, struct expr *, size), 0 };
}

static void gather_add(struct gather *g, struct expr *e)
{
	if (e)
		g->items[g->count++] = e;
}

/* One child stands for itself; none is NULL. */
static struct expr *join(
	struct loader *l, enum expr_kind kind, struct where at, struct gather children)
{
	if (children.count <= 1)
		return children.count ? children.items[0] : NULL;
	struct expr *e = new_expr(l, kind, at);
	e->children = children.items;
	e->child_count = children.count;
	return e;
}

static struct expr *negate(struct loader *l, struct expr *inner)
{
	if (!inner)
		return NULL;
	struct gather child = gather_of(l, 1);
	gather_add(&child, inner);
	struct expr *e = new_expr(l, EXPR_NOT, inner->at);
	e->at = inner->at;
	e->children = child.items;
	e->child_count = 1;
	return e;
}

static struct expr *list_leaf(struct loader *l, const struct conf_node *node, bool negative)
{
	static const size_t prefix = sizeof "list:" - 1;
	struct str name = str_trim(str_slice(node->text, prefix, node->text.n));
	struct term_list *list = map_get(&l->rules->list_by_name, name);
	if (!list) {
		diag_error(
			l->diag, conf_place(node, prefix), "unknown list: '%.*s'", STR_ARGS(name));
		load_hint_name(l, name, &l->rules->list_by_name);
		return NULL;
	}
	struct expr *e = new_expr(l, EXPR_LIST, node->at);
	e->list = (uint32_t)(list - l->rules->lists);
	list->used = true;
	l->positive[e->list] = l->positive[e->list] || !negative;
	return e;
}

enum leaf_kind { LEAF_TERM, LEAF_NEGATIVE, LEAF_PATTERN };

static struct expr *term_leaf(
	struct loader *l, const struct conf_node *node, enum leaf_kind kind, size_t rule)
{
	struct arena *arena = &l->rules->arena;
	struct term *term = load_new_term(l, node->at);
	if (!term)
		return NULL;
	bool ok = kind == LEAF_PATTERN
		? term_parse_regex(node->text, node, arena, term, l->diag)
		: term_parse(node->text, node, node->at, arena, term, l->diag);
	if (!ok) {
		load_drop_term(l);
		return NULL;
	}
	term->at = load_place(l, term->at);
	term->owner = (uint32_t)rule;
	term->negative = kind == LEAF_NEGATIVE;
	struct expr *e = new_expr(l, EXPR_TERM, term->at);
	e->at = term->at;
	e->term = (uint32_t)(l->rules->term_count - 1);
	return e;
}

/* "/foo/i" under regex: the slashes would have to be in the post. */
static void note_slashes(struct loader *l, const struct conf_node *node)
{
	struct str s = node->text;
	size_t end = s.n;
	while (end > 1 && strchr("imsx", s.p[end - 1]))
		end--;
	if (end > 2 && s.p[0] == '/' && s.p[end - 1] == '/') {
		diag_note(l->diag, node->at, "the slashes are part of this pattern");
		diag_hint(l->diag, "/.../ with flags is a term: put it under any");
	}
}

static struct expr *leaf(
	struct loader *l, const struct conf_node *node, enum leaf_kind kind, size_t rule)
{
	if (node->kind == CONF_LIST || node->kind == CONF_MAP) {
		load_expected(l, node, kind == LEAF_PATTERN ? "a pattern" : "a term");
		return NULL;
	}
	if (kind == LEAF_PATTERN)
		note_slashes(l, node);
	else if (str_starts(node->text, STR("list:")))
		return list_leaf(l, node, kind == LEAF_NEGATIVE);
	return term_leaf(l, node, kind, rule);
}

static size_t entry_count(const struct conf_node *node)
{
	if (!node)
		return 0;
	return node->kind == CONF_LIST ? node->count : 1;
}

static void add_entries(struct loader *l, struct gather *g, const struct conf_node *node,
	enum leaf_kind kind, size_t rule)
{
	if (!node)
		return;
	if (node->kind == CONF_LIST && node->count == 0) {
		diag_error(l->diag, node->at, "nothing stands here: leave the key out");
		return;
	}
	const struct conf_node *items = node->kind == CONF_LIST ? node->items : node;
	for (size_t i = 0; i < entry_count(node); i++)
		gather_add(g, leaf(l, &items[i], kind, rule));
}

/* The entries of one key, or of two that count as one. */
static struct expr *entries(struct loader *l, enum expr_kind kind, const struct conf_node *terms,
	enum leaf_kind leaf_kind, const struct conf_node *patterns, size_t rule)
{
	struct gather g = gather_of(l, entry_count(terms) + entry_count(patterns));
	const struct conf_node *first = terms ? terms : patterns;
	if (!first)
		return NULL;
	add_entries(l, &g, terms, leaf_kind, rule);
	add_entries(l, &g, patterns, LEAF_PATTERN, rule);
	return join(l, kind, first->at, g);
}

static bool is_language(struct str s)
{
	size_t n = str_find_char(s, '-');
	n = n == SIZE_MAX ? s.n : n;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!letter && (i < n || !((c >= '0' && c <= '9') || c == '-')))
			return false;
	}
	return n == 2 || n == 3;
}

static void check_value(
	struct loader *l, enum expr_field field, struct str value, const struct conf_node *node)
{
	enum post_type type;
	if (field == EXPR_LANG && !is_language(value)) {
		diag_error(l->diag, node->at, "not a language: '%.*s'", STR_ARGS(value));
		diag_hint(l->diag, "languages are written fr, en or pt-BR");
	} else if (field == EXPR_TYPE && !post_type_of(value, &type)) {
		struct str names[POST_DELETE + 1];
		for (size_t i = 0; i <= POST_DELETE; i++)
			names[i] = str_of(post_type_name((enum post_type)i));
		struct str nearest = diag_nearest(value, names, POST_DELETE + 1);
		diag_error(l->diag, node->at, "not a type of post: '%.*s'", STR_ARGS(value));
		if (nearest.p)
			diag_hint(l->diag, "did you mean '%.*s'?", STR_ARGS(nearest));
	} else if (value.n == 0 || (field == EXPR_FROM && str_eq(value, STR("@")))) {
		diag_error(l->diag, node->at, "empty");
	}
}

static struct expr *condition(struct loader *l, const struct conf_node *where, const char *key,
	enum expr_field field, struct str_list values)
{
	const struct conf_node *node = conf_get(where, key);
	bool many = node && node->kind == CONF_LIST;
	if (!node || values.count != (many ? node->count : node->kind != CONF_NULL))
		return NULL; /* absent, or an error was reported */
	if (values.count == 0) {
		diag_error(l->diag, node->at, "nothing stands here: leave the key out");
		return NULL;
	}
	struct str *items = arena_array(&l->rules->arena, struct str, values.count);
	for (size_t i = 0; i < values.count; i++) {
		check_value(l, field, values.items[i], many ? &node->items[i] : node);
		bool at_sign = field == EXPR_FROM && str_starts(values.items[i], STR("@"));
		items[i] = str_slice(values.items[i], at_sign, values.items[i].n);
	}
	struct expr *e = new_expr(l, EXPR_FIELD, node->at);
	e->field = field;
	e->values = (struct str_list){ items, values.count };
	return e;
}

enum { CONDITIONS = 4 };

static void add_conditions(struct loader *l, struct gather *g, const struct conf_node *where)
{
	struct where_keys keys;
	if (!where)
		return;
	/* What is wrong with one key says nothing against the others. */
	(void)conf_decode(rules_where_fields, NULL, where, &keys, &l->rules->arena, l->diag);
	load_refuse_later(l, where, rules_where_fields);
	gather_add(g, condition(l, where, "lang", EXPR_LANG, keys.lang));
	gather_add(g, condition(l, where, "source", EXPR_SOURCE, keys.source));
	gather_add(g, condition(l, where, "from", EXPR_FROM, keys.from));
	gather_add(g, condition(l, where, "type", EXPR_TYPE, keys.type));
}

static void check_targets(struct loader *l, const struct conf_node *node, struct str_list targets)
{
	if (!l->known_targets || !node)
		return;
	for (size_t i = 0; i < targets.count; i++) {
		bool known = false;
		for (size_t k = 0; k < l->known_targets->count; k++)
			known = known || str_eq(targets.items[i], l->known_targets->items[k]);
		if (known)
			continue;
		bool many = node->kind == CONF_LIST && targets.count == node->count;
		struct str nearest = diag_nearest(
			targets.items[i], l->known_targets->items, l->known_targets->count);
		diag_error(l->diag, many ? node->items[i].at : node->at, "unknown notifier: '%.*s'",
			STR_ARGS(targets.items[i]));
		if (nearest.p)
			diag_hint(l->diag, "did you mean '%.*s'?", STR_ARGS(nearest));
	}
}

static void check_name(struct loader *l, struct rule *rule, const struct conf_node *map)
{
	const struct conf_node *node = conf_get(map, "name");
	struct where at = node ? node->at : map->at;
	if (!rule->name.p)
		return; /* reported: it is required */
	if (!conf_name_ok(rule->name)) {
		diag_error(
			l->diag, at, "the name of a rule is made of 1 to 64 of a-z, 0-9, - and _");
		return;
	}
	const struct rule *other = map_get(&l->rules->rule_by_name, rule->name);
	if (other) {
		bool same = other->at.file && at.file && strcmp(other->at.file, at.file) == 0;
		diag_error(l->diag, at, "the name '%.*s' is taken by the rule at %s%s%u",
			STR_ARGS(rule->name), same || !other->at.file ? "line " : other->at.file,
			same || !other->at.file ? "" : ":", other->at.line);
		return;
	}
	(void)map_set(&l->rules->rule_by_name, rule->name, rule);
}

static void check_whole(struct loader *l, const struct conf_node *map, const struct rule_keys *keys)
{
	bool later = conf_get(map, "query") != NULL; /* reported */
	if (keys->any || keys->all || keys->regex || keys->where || later)
		return;
	if (keys->none) {
		diag_error(
			l->diag, map->at, "a rule of negatives alone would match all other posts");
		diag_hint(l->diag, "say with any, all or where what it is about");
	} else {
		diag_error(l->diag, map->at, "a rule needs any, all, regex or where");
	}
}

static struct expr *build_tree(
	struct loader *l, const struct conf_node *map, const struct rule_keys *keys, size_t rule)
{
	size_t most = 2 + entry_count(keys->all) + CONDITIONS;
	struct gather g = gather_of(l, most);
	gather_add(&g, entries(l, EXPR_OR, keys->any, LEAF_TERM, keys->regex, rule));
	add_entries(l, &g, keys->all, LEAF_TERM, rule);
	gather_add(&g, negate(l, entries(l, EXPR_OR, keys->none, LEAF_NEGATIVE, NULL, rule)));
	add_conditions(l, &g, keys->where);
	struct expr *root = join(l, EXPR_AND, map->at, g);
	return root ? root : new_expr(l, EXPR_OR, map->at); /* matches nothing */
}

static void load_rule(struct loader *l, const struct conf_node *map)
{
	struct rules *r = l->rules;
	struct rule_keys keys;
	if (map->kind != CONF_MAP) {
		load_expected(l, map, "a rule, which is a map");
		return;
	}
	/* What is wrong with one key says nothing against the others. */
	(void)conf_decode(rules_rule_fields, NULL, map, &keys, &r->arena, l->diag);
	load_refuse_later(l, map, rules_rule_fields);
	size_t number = r->rule_count++;
	struct rule *rule = &r->rules[number];
	const struct conf_node *name = conf_get(map, "name");
	*rule = (struct rule){
		.name = keys.name,
		.about = keys.about,
		.at = load_place(l, name ? name->at : map->at),
		.severity = (enum severity)keys.severity,
		.notify = keys.notify,
		.first_term = (uint32_t)r->term_count,
	};
	check_name(l, rule, map);
	check_whole(l, map, &keys);
	check_targets(l, conf_get(map, "notify"), keys.notify);
	rule->root = build_tree(l, map, &keys, number);
	rule->term_count = (uint32_t)r->term_count - rule->first_term;
}

void load_rules(struct loader *l, const struct conf_node *rules)
{
	if (!rules || rules->kind == CONF_NULL)
		return;
	if (rules->kind != CONF_LIST) {
		load_expected(l, rules, "a list of rules");
		return;
	}
	if (rules->count > RULES_MAX_RULES) {
		diag_error(l->diag, rules->at, "too many rules: at most %d", RULES_MAX_RULES);
		return;
	}
	l->rules->rules = arena_array(&l->rules->arena, struct rule, rules->count);
	for (size_t i = 0; i < rules->count; i++)
		load_rule(l, &rules->items[i]);
}
