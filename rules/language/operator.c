#include "rules/language/operator.h"

#include <assert.h>

#include "base/fold.h"
#include "rules/language/fields.h"
#include "rules/language/operator_value.h"

/* Either a condition on a field, or the beginning of a term. */
struct field_operator {
	const char *name;
	bool term;
	enum expr_field field;
};

static const struct field_operator operators[] = {
	{ "lang", false, EXPR_LANG },
	{ "source", false, EXPR_SOURCE },
	{ "from", false, EXPR_FROM },
	{ "to", false, EXPR_TO },
	{ "type", false, EXPR_TYPE },
	{ "is", false, EXPR_IS },
	{ "has", false, EXPR_HAS },
	{ "followers", false, EXPR_FOLLOWERS },
	{ "country", false, EXPR_COUNTRY },
	{ "since", false, EXPR_SINCE },
	{ .name = "site", .term = true },
	{ .name = "url", .term = true },
	{ .name = "tag", .term = true },
	{ .name = "title", .term = true },
	{ .name = "text", .term = true },
};
enum { OPERATOR_COUNT = sizeof operators / sizeof operators[0] };

static const struct field_operator *find_operator(struct str name)
{
	for (size_t i = 0; i < OPERATOR_COUNT; i++) {
		if (str_eq(name, str_of(operators[i].name)))
			return &operators[i];
	}
	return NULL;
}

bool operator_known(struct str name)
{
	return find_operator(name) != NULL;
}

struct str operator_nearest(struct str name)
{
	struct str names[OPERATOR_COUNT];
	for (size_t i = 0; i < OPERATOR_COUNT; i++)
		names[i] = str_of(operators[i].name);
	return diag_nearest(name, names, OPERATOR_COUNT);
}

const char *operator_field_name(enum expr_field field)
{
	for (size_t i = 0; i < OPERATOR_COUNT; i++) {
		if (!operators[i].term && operators[i].field == field)
			return operators[i].name;
	}
	assert(false);
	return "";
}

static struct expr *new_expr(struct loader *l, enum expr_kind kind, struct where at)
{
	struct expr *e = arena_new(&l->rules->arena, struct expr);
	*e = (struct expr){ .kind = kind, .at = load_place(l, at) };
	return e;
}

/* --- conditions --- */

/* What a value is without the quotes around it. */
static struct str unquoted(struct str value)
{
	value = str_trim(value);
	bool quoted = value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"';
	return quoted ? str_trim(str_slice(value, 1, value.n - 1)) : value;
}

static bool is_folded(enum expr_field field)
{
	return field == EXPR_FROM || field == EXPR_TO || field == EXPR_COUNTRY;
}

static struct str fold(struct arena *arena, struct str value)
{
	struct buf out;
	buf_init(&out, 0);
	fold_add(&out, value);
	struct str folded = arena_str(arena, buf_str(&out));
	buf_finish(&out);
	return folded;
}

static struct expr *condition(struct loader *l, enum expr_field field, const struct str *values,
	const struct where *places, size_t count, struct where at)
{
	struct arena *arena = &l->rules->arena;
	struct str *items = arena_array(arena, struct str, count);
	struct str *folded = is_folded(field) ? arena_array(arena, struct str, count) : NULL;
	struct expr_bound *bounds = arena_array(arena, struct expr_bound, count);
	bool good = count > 0;
	for (size_t i = 0; i < count; i++) {
		struct str value = unquoted(values[i]);
		bool at_sign = (field == EXPR_FROM || field == EXPR_TO) &&
			str_starts(value, STR("@"));
		items[i] = arena_str(arena, str_slice(value, at_sign, value.n));
		if (folded)
			folded[i] = fold(arena, items[i]);
		bool ok = operator_value(field, items[i], places[i], &bounds[i], l->diag);
		if (ok && folded && str_trim(folded[i]).n == 0) {
			diag_error(l->diag, places[i], "empty");
			ok = false;
		}
		good = good && ok;
	}
	if (!good)
		return NULL;
	struct expr *e = new_expr(l, EXPR_FIELD, at);
	e->field = field;
	e->values = (struct str_list){ items, count };
	if (folded)
		e->folded = (struct str_list){ folded, count };
	e->bounds = bounds;
	return e;
}

/* --- terms --- */

static struct expr *term(
	struct loader *l, const char *name, struct str value, struct where place, size_t rule)
{
	struct term *t = load_new_term(l, place);
	if (!t)
		return NULL;
	if (!term_parse_field(str_of(name), value, place, &l->rules->arena, t, l->diag)) {
		load_drop_term(l);
		return NULL;
	}
	t->at = load_place(l, t->at);
	t->owner = (uint32_t)rule;
	struct expr *e = new_expr(l, EXPR_TERM, t->at);
	e->term = (uint32_t)(l->rules->term_count - 1);
	return e;
}

static struct expr *terms(struct loader *l, const char *name, const struct str *values,
	const struct where *places, size_t count, size_t rule, struct where at)
{
	struct expr **children = arena_array(&l->rules->arena, struct expr *, count);
	size_t good = 0;
	for (size_t i = 0; i < count; i++) {
		children[good] = term(l, name, values[i], places[i], rule);
		good += children[good] != NULL;
	}
	if (good < count || count == 0)
		return NULL;
	if (count == 1)
		return children[0];
	struct expr *e = new_expr(l, EXPR_OR, at);
	e->children = children;
	e->child_count = count;
	return e;
}

struct expr *operator_expr(struct loader *l, struct str name, const struct str *values,
	const struct where *places, size_t count, size_t rule, struct where at)
{
	const struct field_operator *o = find_operator(name);
	assert(o);
	if (o->term)
		return terms(l, o->name, values, places, count, rule, at);
	return condition(l, o->field, values, places, count, at);
}

/* --- where --- */

/* repost: true or false, or NULL after an error that conf_decode has told. */
static struct expr *repost(struct loader *l, const struct conf_node *node)
{
	bool yes = str_eq(node->text, STR("true"));
	if (node->kind != CONF_SCALAR || (!yes && !str_eq(node->text, STR("false"))))
		return NULL;
	struct str value = STR("repost");
	struct expr *e = condition(l, EXPR_IS, &value, &node->at, 1, node->at);
	if (yes)
		return e;
	struct expr *not = new_expr(l, EXPR_NOT, node->at);
	not ->children = arena_array(&l->rules->arena, struct expr *, 1);
	not ->children[0] = e;
	not ->child_count = 1;
	return not ;
}

static struct expr *key(struct loader *l, const char *name, const struct conf_node *node,
	struct str_list values, size_t rule)
{
	bool many = node->kind == CONF_LIST, inside = find_operator(str_of(name))->term;
	if (values.count != (many ? node->count : node->kind != CONF_NULL))
		return NULL; /* an error was reported */
	if (values.count == 0) {
		diag_error(l->diag, node->at, "nothing stands here: leave the key out");
		return NULL;
	}
	struct where *places = arena_array(&l->rules->arena, struct where, values.count);
	for (size_t i = 0; i < values.count; i++) {
		const struct conf_node *item = many ? &node->items[i] : node;
		places[i] = inside ? conf_place(item, 0) : item->at;
	}
	return operator_expr(l, str_of(name), values.items, places, values.count, rule, node->at);
}

size_t operator_where(
	struct loader *l, const struct conf_node *where, size_t rule, struct expr **conditions)
{
	struct where_keys keys;
	size_t count = 0;
	/* What is wrong with one key says nothing against the others. */
	(void)conf_decode(rules_where_fields, NULL, where, &keys, &l->rules->arena, l->diag);
	for (const struct conf_field *f = rules_where_fields; f->key; f++) {
		const struct conf_node *node = conf_get(where, f->key);
		if (!node)
			continue;
		assert(count < OPERATOR_MAX_CONDITIONS);
		const char *member = (const char *)&keys + f->offset;
		conditions[count] = f->type == CONF_BOOL
			? repost(l, node)
			: key(l, f->key, node, *(const struct str_list *)(const void *)member,
				  rule);
		count += conditions[count] != NULL;
	}
	return count;
}
