#include "rules/operator.h"

static const char *const names[] = { "lang", "source", "from", "type" };
enum { NAME_COUNT = sizeof names / sizeof names[0] };

static size_t find_name(struct str name)
{
	size_t i = 0;
	while (i < NAME_COUNT && !str_eq(name, str_of(names[i])))
		i++;
	return i;
}

bool operator_known(struct str name)
{
	return find_name(name) < NAME_COUNT;
}

struct str operator_nearest(struct str name)
{
	struct str known[NAME_COUNT];
	for (size_t i = 0; i < NAME_COUNT; i++)
		known[i] = str_of(names[i]);
	return diag_nearest(name, known, NAME_COUNT);
}

const char *operator_field_name(enum expr_field field)
{
	return names[field];
}

struct expr *operator_expr(struct loader *l, struct str name, const struct str *values,
	const struct where *places, size_t count, size_t rule, struct where at)
{
	struct arena *arena = &l->rules->arena;
	struct expr *e = arena_new(arena, struct expr);
	struct str *items = arena_array(arena, struct str, count);
	(void)places;
	(void)rule;
	*e = (struct expr){ .kind = EXPR_FIELD,
		.at = load_place(l, at),
		.field = (enum expr_field)find_name(name) };
	for (size_t i = 0; i < count; i++) {
		struct str value = values[i];
		if (value.n >= 2 && value.p[0] == '"')
			value = str_slice(value, 1, value.n - 1);
		if (e->field == EXPR_FROM && str_starts(value, STR("@")))
			value = str_slice(value, 1, value.n);
		items[i] = arena_str(arena, value);
	}
	e->values = (struct str_list){ items, count };
	return e;
}
