#include "rules/advice/explain.h"

#include <stdlib.h>

#include "base/mem.h"
#include "rules/advice/explain_part.h"
#include "rules/match/match_near.h"

struct explaining {
	const struct rules *rules;
	struct match_scratch *match;
	struct arena *arena;
	struct hit *hits; /* of the clause at hand */
	size_t count, size;
};

static void add(struct explaining *x, const struct found *f)
{
	const struct term *t = &x->rules->terms[f->term];
	if (x->count == x->size) {
		x->size = x->size ? x->size * 2 : 16;
		x->hits = mem_resize(x->hits, x->size, sizeof *x->hits);
	}
	x->hits[x->count++] = (struct hit){
		.term = t->written,
		.list = t->listed ? x->rules->lists[t->owner].name : STR_NONE,
		.field = (enum post_field)f->field,
		.item = f->item,
		.from = f->from,
		.to = f->to,
		.way = (enum hit_way)f->way,
	};
}

static bool term_is(struct explaining *x, uint32_t id)
{
	const struct expr leaf = { .kind = EXPR_TERM, .term = id };
	return match_is(x->match, &leaf);
}

/* Matching stops at the first term of a list; here all of them are wanted. The words are found
 * already, regexes are still to be asked. */
static void ask_regexes(struct explaining *x, const struct term_list *list)
{
	for (uint32_t i = 0; i < list->term_count; i++) {
		uint32_t id = list->first_term + i;
		if (x->rules->terms[id].kind == TERM_REGEX)
			(void)term_is(x, id); /* what it finds is noted in the scratch */
	}
}

/* The first regex of a term or list in doubt whose search was given up. */
static struct str given_up(const struct explaining *x, const struct expr *e)
{
	uint32_t count = 0, first = e->term;
	if (e->kind == EXPR_TERM) {
		count = 1;
	} else if (e->kind == EXPR_LIST) {
		first = x->rules->lists[e->list].first_term;
		count = x->rules->lists[e->list].term_count;
	}
	for (uint32_t id = first; id < first + count; id++) {
		if (x->match->regex_state[id] == REGEX_IN_DOUBT)
			return x->rules->terms[id].written;
	}
	return STR_NONE;
}

static void gather(struct explaining *x, const struct expr *e)
{
	x->count = 0;
	if (e->kind == EXPR_TERM && term_is(x, e->term)) {
		uint32_t i = x->match->first_of_term[e->term];
		for (; i; i = x->match->found[i].next)
			add(x, &x->match->found[i]);
	}
	if (e->kind != EXPR_LIST)
		return;
	ask_regexes(x, &x->rules->lists[e->list]);
	for (size_t i = 1; i < x->match->found_count; i++) {
		const struct term *t = &x->rules->terms[x->match->found[i].term];
		if (t->listed && t->owner == e->list)
			add(x, &x->match->found[i]);
	}
}

static int by_place(const void *left, const void *right)
{
	const struct hit *a = left, *b = right;
	if (a->field != b->field)
		return a->field < b->field ? -1 : 1;
	if (a->item != b->item)
		return a->item < b->item ? -1 : 1;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	if (a->to != b->to)
		return a->to > b->to ? -1 : 1;
	return str_cmp(a->term, b->term);
}

/* Sorted, each once: a word that is also a part of a hashtag is found twice. */
static bool keep_hits(struct explaining *x, struct explained *out)
{
	size_t count = 0;
	if (x->count)
		qsort(x->hits, x->count, sizeof *x->hits, by_place);
	for (size_t i = 0; i < x->count; i++) {
		if (count == 0 || by_place(&x->hits[count - 1], &x->hits[i]) != 0)
			x->hits[count++] = x->hits[i];
	}
	out->hit_count = count;
	out->kept_count = count < EXPLAIN_MAX_HITS ? count : EXPLAIN_MAX_HITS;
	struct hit *kept = arena_array(x->arena, struct hit, out->kept_count);
	for (size_t i = 0; kept && i < out->kept_count; i++)
		kept[i] = x->hits[i];
	out->hits = kept;
	return kept;
}

/* wanted: the rule wants a yes here. Trees are as deep as their YAML or query, which have a
 * ceiling, so recursion is safe. */
static bool explain_clause(
	struct explaining *x, const struct expr *e, bool wanted, struct explained *out)
{
	gather(x, e);
	out->expr = e;
	out->yes = match_is(x->match, e);
	out->in_doubt = !out->yes && match_might_be(x->match, e);
	if (out->in_doubt)
		out->given_up = given_up(x, e);
	if (e->kind == EXPR_NEAR)
		out->nearest = near_nearest(x->match, e);
	out->children = arena_array(x->arena, struct explained, e->child_count);
	if (!keep_hits(x, out) || !out->children)
		return false;
	bool missing = wanted && !out->yes && !out->in_doubt;
	if (missing && (e->kind == EXPR_TERM || e->kind == EXPR_LIST))
		(void)explain_find_near(x->match, e, &out->near);
	/* Where one alternative is enough and there, nobody misses the others. */
	wanted = e->kind == EXPR_NOT ? !wanted : wanted && !(e->kind == EXPR_OR && out->yes);
	for (size_t i = 0; i < e->child_count; i++) {
		if (!explain_clause(x, e->children[i], wanted, &out->children[i]))
			return false;
	}
	return true;
}

const struct explained *explain(
	const struct ruleset *set, size_t rule, const struct post *post, struct arena *arena)
{
	struct explaining x = {
		.rules = ruleset_rules(set), .match = match_scratch_create(set), .arena = arena
	};
	struct explained *root = arena_new(arena, struct explained);
	match_find(x.match, post);
	if (root && !explain_clause(&x, x.rules->rules[rule].root, true, root))
		root = NULL;
	match_forget(x.match);
	match_scratch_destroy(x.match);
	mem_free(x.hits);
	return root;
}
