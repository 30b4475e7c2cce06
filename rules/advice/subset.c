#include "rules/advice/subset.h"

#include "base/mem.h"
#include "rules/compile/compiled.h"

struct copying {
	const struct rules *all;
	struct rules *one;
	uint32_t *new_list; /* by list of all: its number in one, plus one; 0: not copied */
};

/* Its terms, at the end, which has room. */
static uint32_t copy_terms(struct rules *one, const struct term *from, size_t count, uint32_t owner)
{
	uint32_t first = (uint32_t)one->term_count;
	for (size_t i = 0; i < count; i++) {
		one->terms[first + i] = from[i];
		one->terms[first + i].owner = owner;
	}
	one->term_count += count;
	return first;
}

/* Trees are as deep as their YAML or query, which have a ceiling, so recursion is safe. */
static void number_lists(struct copying *c, const struct expr *e, size_t *terms)
{
	if (e->kind == EXPR_LIST && !c->new_list[e->list]) {
		c->new_list[e->list] = (uint32_t)++c->one->list_count;
		*terms += c->all->lists[e->list].term_count;
	}
	for (size_t i = 0; i < e->child_count; i++)
		number_lists(c, e->children[i], terms);
}

static struct expr *copy_tree(struct copying *c, const struct expr *e, const struct rule *rule)
{
	struct expr *copy = arena_new(&c->one->arena, struct expr);
	*copy = *e;
	if (e->kind == EXPR_TERM)
		copy->term = e->term - rule->first_term;
	if (e->kind == EXPR_LIST)
		copy->list = c->new_list[e->list] - 1;
	copy->children = arena_array(&c->one->arena, struct expr *, e->child_count);
	for (size_t i = 0; i < e->child_count; i++)
		copy->children[i] = copy_tree(c, e->children[i], rule);
	return copy;
}

static void copy_lists(struct copying *c)
{
	struct rules *one = c->one;
	one->lists = arena_array(&one->arena, struct term_list, one->list_count);
	for (size_t i = 0; i < c->all->list_count; i++) {
		const struct term_list *from = &c->all->lists[i];
		if (!c->new_list[i])
			continue;
		uint32_t number = c->new_list[i] - 1;
		one->lists[number] = *from;
		one->lists[number].first_term = copy_terms(
			one, c->all->terms + from->first_term, from->term_count, number);
	}
}

struct ruleset *ruleset_of_rule(const struct rules *all, size_t number)
{
	const struct rule *rule = &all->rules[number];
	struct rules *one = mem_zero(1, sizeof *one);
	struct copying c = { all, one, mem_zero(all->list_count + 1, sizeof(uint32_t)) };
	size_t terms = rule->term_count;
	arena_init(&one->arena, 0);
	number_lists(&c, rule->root, &terms);
	one->term_size = terms;
	one->terms = mem_zero(terms + 1, sizeof *one->terms);
	(void)copy_terms(one, all->terms + rule->first_term, rule->term_count, 0); /* first: at 0 */
	copy_lists(&c);
	one->rules = arena_new(&one->arena, struct rule);
	one->rule_count = 1;
	*one->rules = *rule;
	one->rules->first_term = 0;
	one->rules->root = copy_tree(&c, rule->root, rule);
	(void)map_set(&one->rule_by_name, rule->name, one->rules);
	mem_free(c.new_list);
	return ruleset_create(one);
}

void ruleset_of_rule_destroy(struct ruleset *set)
{
	if (!set)
		return;
	/* The patterns belong to the rules that they were copied from. */
	for (size_t i = 0; i < set->rules->term_count; i++)
		set->rules->terms[i].regex = NULL;
	ruleset_destroy(set);
}
