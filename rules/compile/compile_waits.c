#include "rules/compile/compile_waits.h"

#include <string.h>

#include "base/mem.h"
#include "rules/compile/compile_alike.h"
#include "rules/compile/wake_words.h"
#include "rules/language/address.h"
#include "rules/language/term_alike.h"

struct waiting {
	struct ruleset *set;
	const struct rules *rules;
	const struct str_list *term_literals;
	size_t *list_costs; /* what it costs to wait for any term of a list */
};

/* A word as it is, without apostrophes, signs or letters that need no boundary. */
bool term_is_plain_word(const struct term *t)
{
	bool plain = t->kind == TERM_WORDS && !t->edits && t->folded.n > 0;
	for (size_t i = 0; i < t->folded.n && plain; i++)
		plain = fold_is_word(t->folded.p[i]) && (unsigned char)t->folded.p[i] < 0xE0;
	return plain;
}

/* What it costs to wait for something: words that occur often cost more. Nothing to wait for, so
 * that every post must be looked at: */
#define COST_ALWAYS SIZE_MAX
/* Every post must be read, and then the outline of a regex tells: more than any words cost. */
#define COST_OUTLINE ((size_t)1 << 48)

static bool can_wait(const struct waiting *c, uint32_t id)
{
	enum term_kind kind = c->rules->terms[id].kind;
	return kind != TERM_SYMBOLS &&
		(kind != TERM_REGEX || c->term_literals[id].count > 0 || c->set->outlined[id]);
}

static size_t term_cost(const struct waiting *c, uint32_t id)
{
	const struct term *t = &c->rules->terms[id];
	if (!can_wait(c, id))
		return COST_ALWAYS;
	if (term_is_alike(t))
		return alike_term_cost(t);
	if (t->kind == TERM_REGEX && c->set->outlined[id])
		return COST_OUTLINE;
	if (t->kind == TERM_REGEX)
		return 20 * c->term_literals[id].count;
	struct str own = t->kind == TERM_SITE ? address_host_label(t->folded) : t->folded;
	size_t r = word_rarity(wake_piece(own), false);
	return r > 7 ? 1 : r > 5 ? 3 : r > 4 ? 10 : r > 2 ? 40 : r > 1 ? 100 : 1000;
}

static size_t sum(size_t a, size_t b)
{
	return a == COST_ALWAYS || b == COST_ALWAYS ? COST_ALWAYS : a + b;
}

/* Of a long list the first terms stand for all. */
static size_t list_cost(const struct waiting *c, const struct term_list *l)
{
	enum { SAMPLE = 1000 };
	size_t cost = 0;
	for (uint32_t i = 0; i < l->term_count; i++) {
		if (!can_wait(c, l->first_term + i))
			return COST_ALWAYS;
	}
	uint32_t count = l->term_count < SAMPLE ? l->term_count : SAMPLE;
	for (uint32_t i = 0; i < count; i++)
		cost = sum(cost, term_cost(c, l->first_term + i));
	if (cost >= COST_OUTLINE)
		return cost;
	return count ? cost * l->term_count / count : 0;
}

static void find_list_costs(struct waiting *c)
{
	c->list_costs = mem_zero(c->rules->list_count + 1, sizeof *c->list_costs);
	for (size_t i = 0; i < c->rules->list_count; i++)
		c->list_costs[i] = list_cost(c, &c->rules->lists[i]);
}

static size_t cost_of(const struct waiting *c, const struct expr *e);

/* The cheapest child of a conjunction, or NULL if none can be waited for. */
static const struct expr *cheapest(const struct waiting *c, const struct expr *e)
{
	const struct expr *best = NULL;
	size_t best_cost = COST_ALWAYS;
	for (size_t i = 0; i < e->child_count; i++) {
		size_t cost = cost_of(c, e->children[i]);
		if (cost < best_cost) {
			best = e->children[i];
			best_cost = cost;
		}
	}
	return best;
}

/* Trees are as deep as their YAML or query, which have a ceiling, so recursion is safe. */
static size_t cost_of(const struct waiting *c, const struct expr *e)
{
	size_t cost = 0;
	const struct expr *best;
	switch (e->kind) {
	case EXPR_TERM:
		return term_cost(c, e->term);
	case EXPR_LIST:
		return c->list_costs[e->list];
	case EXPR_OR:
		for (size_t i = 0; i < e->child_count; i++)
			cost = sum(cost, cost_of(c, e->children[i]));
		return cost;
	case EXPR_AND:
	case EXPR_NEAR:
		best = cheapest(c, e);
		return best ? cost_of(c, best) : COST_ALWAYS;
	case EXPR_NOT:
	case EXPR_FIELD:
		break;
	}
	return COST_ALWAYS;
}

/* Marks the terms to wait for, of an expression whose cost is not COST_ALWAYS. */
static void mark_wakes(struct waiting *c, const struct expr *e)
{
	const struct term_list *list;
	switch (e->kind) {
	case EXPR_TERM:
		c->set->waits[e->term] = true;
		break;
	case EXPR_LIST:
		list = &c->rules->lists[e->list];
		memset(c->set->waits + list->first_term, true, list->term_count);
		break;
	case EXPR_OR:
		for (size_t i = 0; i < e->child_count; i++)
			mark_wakes(c, e->children[i]);
		break;
	case EXPR_AND:
	case EXPR_NEAR:
		mark_wakes(c, cheapest(c, e));
		break;
	case EXPR_NOT:
	case EXPR_FIELD:
		break;
	}
}

/* Trees are as deep as their YAML or query, which have a ceiling, so recursion is safe. */
static bool is_any_term(const struct expr *e)
{
	if (e->kind == EXPR_TERM || e->kind == EXPR_LIST)
		return true;
	bool any = e->kind == EXPR_OR;
	for (size_t i = 0; i < e->child_count && any; i++)
		any = is_any_term(e->children[i]);
	return any;
}

/* The rarest plain word that must be there and is not waited for. Trees are as deep as their YAML
 * or query, which have a ceiling, so recursion is safe. */
static void consider_second(
	const struct waiting *c, const struct expr *e, size_t *best_cost, uint32_t *second)
{
	if (e->kind == EXPR_TERM && !c->set->waits[e->term] &&
		term_is_plain_word(&c->rules->terms[e->term]) &&
		term_cost(c, e->term) < *best_cost) {
		*best_cost = term_cost(c, e->term);
		*second = e->term + 1;
	}
	for (size_t i = 0; i < e->child_count; i++) {
		if (e->kind == EXPR_AND || e->kind == EXPR_NEAR)
			consider_second(c, e->children[i], best_cost, second);
	}
}

static void find_second(struct waiting *c, size_t rule)
{
	struct ruleset *set = c->set;
	size_t cost = COST_ALWAYS;
	consider_second(c, c->rules->rules[rule].root, &cost, &set->rule_second[rule]);
	if (set->rule_second[rule] == 0)
		return;
	const struct term *t = &c->rules->terms[set->rule_second[rule] - 1];
	set->second_hash[rule] = word_hash_of(t->folded);
	set->has_seconds = true;
}

static void mark_rules(struct waiting *c)
{
	struct ruleset *set = c->set;
	size_t n = c->rules->rule_count;
	set->rule_any_term = mem_zero(n + 1, sizeof *set->rule_any_term);
	set->rule_always = mem_zero(n + 1, sizeof *set->rule_always);
	set->always = mem_zero(n + 1, sizeof *set->always);
	set->rule_second = mem_zero(n + 1, sizeof *set->rule_second);
	set->second_hash = mem_zero(n + 1, sizeof *set->second_hash);
	for (size_t i = 0; i < n; i++) {
		const struct expr *root = c->rules->rules[i].root;
		set->rule_any_term[i] = is_any_term(root);
		size_t cost = cost_of(c, root);
		set->rule_always[i] = cost >= COST_OUTLINE;
		if (cost == COST_ALWAYS) {
			set->always[set->always_count++] = (uint32_t)i;
		} else {
			set->outline_rule_count += set->rule_always[i];
			mark_wakes(c, root);
			find_second(c, i);
		}
	}
}

/* Those first that count alone. */

void compile_waits(struct ruleset *set, const struct str_list *term_literals)
{
	struct waiting c = { .set = set, .rules = set->rules, .term_literals = term_literals };
	set->waits = mem_zero(set->rules->term_count + 1, sizeof *set->waits);
	find_list_costs(&c);
	mark_rules(&c);
	mem_free(c.list_costs);
}
