#include <string.h>

#include "rules/language/fields.h"
#include "rules/language/load.h"
#include "rules/language/operator.h"
#include "rules/language/query.h"

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

struct expr *load_list_leaf(struct loader *l, const struct load_leaf *leaf)
{
	static const size_t prefix = sizeof "list:" - 1;
	struct str name = str_trim(str_slice(leaf->text, prefix, leaf->text.n));
	struct term_list *list = map_get(&l->rules->list_by_name, name);
	if (!list) {
		size_t from = (size_t)(leaf->text.p - leaf->node->text.p);
		diag_error(l->diag, conf_place(leaf->node, from + prefix), "unknown list: '%.*s'",
			STR_ARGS(name));
		load_hint_name(l, name, &l->rules->list_by_name);
		return NULL;
	}
	struct expr *e = new_expr(l, EXPR_LIST, leaf->at);
	e->list = (uint32_t)(list - l->rules->lists);
	list->used = true;
	l->positive[e->list] = l->positive[e->list] || !leaf->negative;
	return e;
}

/* The last term of the rules becomes a leaf, if it is whole. */
static struct expr *keep_term(
	struct loader *l, struct term *term, const struct load_leaf *leaf, bool whole)
{
	if (!whole) {
		load_drop_term(l);
		return NULL;
	}
	term->at = load_place(l, leaf->at);
	term->owner = (uint32_t)leaf->rule;
	term->negative = leaf->negative;
	struct expr *e = new_expr(l, EXPR_TERM, leaf->at);
	e->term = (uint32_t)(l->rules->term_count - 1);
	return e;
}

struct expr *load_term_leaf(struct loader *l, const struct load_leaf *leaf)
{
	struct term *term = load_new_term(l, leaf->at);
	if (!term)
		return NULL;
	bool whole = term_parse(leaf->text, leaf->node, leaf->at, &l->rules->arena, term, l->diag);
	return keep_term(l, term, leaf, whole);
}

static struct expr *pattern_leaf(struct loader *l, const struct load_leaf *leaf)
{
	struct term *term = load_new_term(l, leaf->at);
	if (!term)
		return NULL;
	bool whole = term_parse_regex(leaf->text, leaf->node, &l->rules->arena, term, l->diag);
	return keep_term(l, term, leaf, whole);
}

enum leaf_kind { LEAF_TERM, LEAF_NEGATIVE, LEAF_PATTERN };

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

static struct expr *entry(
	struct loader *l, const struct conf_node *node, enum leaf_kind kind, size_t rule)
{
	if (node->kind == CONF_LIST || node->kind == CONF_MAP) {
		load_expected(l, node, kind == LEAF_PATTERN ? "a pattern" : "a term");
		return NULL;
	}
	const struct load_leaf leaf = { node, node->text, node->at, kind == LEAF_NEGATIVE, rule };
	if (kind == LEAF_PATTERN) {
		note_slashes(l, node);
		return pattern_leaf(l, &leaf);
	}
	return str_starts(node->text, STR("list:")) ? load_list_leaf(l, &leaf)
						    : load_term_leaf(l, &leaf);
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
		gather_add(g, entry(l, &items[i], kind, rule));
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

static void check_whole(struct loader *l, const struct conf_node *map, const struct rule_keys *keys,
	const struct expr *query)
{
	const struct expr *culprit = NULL;
	bool alone = !keys->any && !keys->all && !keys->regex && !keys->where;
	bool demands = !query || query_demands(query, &culprit);
	if (query && (demands || !alone))
		query_note_negatives(l->diag, query);
	if (!alone)
		return;
	if (!demands) {
		diag_error(l->diag, culprit->at,
			"a query that nearly every post matches: this may be all it asks for");
		diag_hint(l->diag, "negatives go together with what must be there: word -other");
	} else if (keys->none && !keys->query) {
		diag_error(
			l->diag, map->at, "a rule of negatives alone would match all other posts");
		diag_hint(l->diag, "say with any, all or where what it is about");
	} else if (!keys->query) {
		diag_error(l->diag, map->at, "a rule needs any, all, regex, query or where");
	}
}

/* An AND gives its children, for that is what the rule itself is. */
static void add_query(struct gather *g, struct expr *query)
{
	bool several = query && query->kind == EXPR_AND;
	for (size_t i = 0; several && i < query->child_count; i++)
		gather_add(g, query->children[i]);
	gather_add(g, several ? NULL : query);
}

static struct expr *build_tree(
	struct loader *l, const struct conf_node *map, const struct rule_keys *keys, size_t rule)
{
	struct expr *query = keys->query ? query_load(l, keys->query, rule) : NULL;
	size_t most = 3 + entry_count(keys->all) + OPERATOR_MAX_CONDITIONS +
		(query ? query->child_count : 0);
	struct gather g = gather_of(l, most);
	check_whole(l, map, keys, query);
	gather_add(&g, entries(l, EXPR_OR, keys->any, LEAF_TERM, keys->regex, rule));
	add_entries(l, &g, keys->all, LEAF_TERM, rule);
	add_query(&g, query);
	gather_add(&g, negate(l, entries(l, EXPR_OR, keys->none, LEAF_NEGATIVE, NULL, rule)));
	if (keys->where)
		g.count += operator_where(l, keys->where, rule, g.items + g.count);
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
	rule->language = load_language(l, map, keys.language);
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
