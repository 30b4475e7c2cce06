/* A find is near another if few words stand between. All finds of a side are sorted, so that each
 * needs to look only at its neighbours of the other side: the nearest before and the nearest
 * behind. Those pairs are the finds of the NEAR itself, for one that it stands in. */
#include "rules/match/match_near.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rules/match/near_scratch.h"

struct near_scratch *near_scratch_create(void)
{
	struct near_scratch *s = mem_zero(1, sizeof *s);
	arena_init(&s->arena, 0); /* bounded by the finds of one post */
	return s;
}

void near_scratch_destroy(struct near_scratch *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		text_units_finish(&s->units[i]);
	arena_finish(&s->arena);
	mem_free(s->gap_noted);
	mem_free(s->gap_terms);
	mem_free(s->places);
	mem_free(s);
}

void near_forget(struct near_scratch *s)
{
	memset(s->ready, 0, sizeof s->ready);
}

const struct text_units *near_units(struct match_scratch *m, enum post_field field)
{
	struct near_scratch *s = m->near;
	if (!s->ready[field])
		text_units_set(&s->units[field], &m->texts[field]);
	s->ready[field] = true;
	return &s->units[field];
}

/* Where a term stands, or a pair. */
struct place {
	uint32_t from, to; /* bytes of the text */
	uint32_t before, until; /* words that end before it; that begin before its end */
	const struct place *left, *right; /* of a pair */
	uint32_t found; /* of a term: into match_scratch::found */
};

struct places {
	struct place *items; /* by `from`, then `to` */
	struct place *by_end; /* by `to`, then `from` */
	size_t count;
};

static int by_beginning(const void *left, const void *right)
{
	const struct place *a = left, *b = right;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->to > b->to) - (a->to < b->to);
}

static int by_end(const void *left, const void *right)
{
	const struct place *a = left, *b = right;
	if (a->to != b->to)
		return a->to < b->to ? -1 : 1;
	return (a->from > b->from) - (a->from < b->from);
}

/* --- the finds of a side --- */

/* Regexes are found only when asked for, all of them. */
static void ask(struct match_scratch *m, const struct expr *e)
{
	size_t count = 0;
	const uint32_t *regexes = e->kind == EXPR_LIST
		? ruleset_list_regexes(m->set, e->list, &count)
		: NULL;
	if (e->kind == EXPR_TERM)
		(void)match_is(m, e); /* what it finds is noted in the scratch */
	for (size_t i = 0; i < count; i++)
		(void)match_regex_is(m, regexes[i]); /* noted as well */
	for (size_t i = 0; i < e->child_count; i++)
		ask(m, e->children[i]);
}

struct collecting {
	struct match_scratch *m;
	enum post_field field;
	const struct text_units *units;
	struct place *items; /* NULL: only counted */
	size_t count;
};

static void collect_found(struct collecting *c, uint32_t index)
{
	const struct found *f = &c->m->found[index];
	if (f->field != c->field)
		return;
	if (c->items)
		c->items[c->count] = (struct place){ .from = f->from,
			.to = f->to,
			.before = text_units_before(c->units, f->from),
			.until = text_units_until(c->units, f->to),
			.found = index };
	c->count++;
}

static struct places pairs_of(struct match_scratch *m, const struct expr *e, enum post_field field);

static void collect(struct collecting *c, const struct expr *e)
{
	const struct match_scratch *m = c->m;
	if (e->kind == EXPR_TERM) {
		for (uint32_t i = m->first_of_term[e->term]; i; i = m->found[i].next)
			collect_found(c, i);
	}
	for (uint32_t i = 1; e->kind == EXPR_LIST && i < m->found_count; i++) {
		const struct term *t = &m->set->rules->terms[m->found[i].term];
		if (t->listed && t->owner == e->list)
			collect_found(c, i);
	}
	for (size_t i = 0; e->kind == EXPR_OR && i < e->child_count; i++)
		collect(c, e->children[i]);
}

static struct place *copy_of(struct arena *arena, const struct place *items, size_t count)
{
	struct place *copy = arena_array(arena, struct place, count);
	if (count)
		memcpy(copy, items, count * sizeof *copy);
	return copy;
}

/* Sorted, each span once. */
static struct places finish(struct arena *arena, struct place *items, size_t count)
{
	struct places p = { .items = items };
	if (count)
		qsort(items, count, sizeof *items, by_beginning);
	for (size_t i = 0; i < count; i++) {
		if (p.count == 0 || by_beginning(&items[p.count - 1], &items[i]) != 0)
			items[p.count++] = items[i];
	}
	p.by_end = copy_of(arena, items, p.count);
	if (p.count)
		qsort(p.by_end, p.count, sizeof *p.by_end, by_end);
	return p;
}

/* An OR may hold terms, lists and NEARs side by side. */
static void append_pairs(struct match_scratch *m, const struct expr *e, enum post_field field,
	struct place **items, size_t *count)
{
	for (size_t i = 0; i < (e->kind == EXPR_OR ? e->child_count : 0); i++)
		append_pairs(m, e->children[i], field, items, count);
	if (e->kind != EXPR_NEAR)
		return;
	struct places pairs = pairs_of(m, e, field);
	struct place *all = arena_array(&m->near->arena, struct place, *count + pairs.count);
	if (*count)
		memcpy(all, *items, *count * sizeof *all);
	if (pairs.count)
		memcpy(all + *count, pairs.items, pairs.count * sizeof *all);
	*items = all;
	*count += pairs.count;
}

static struct places places_of(struct match_scratch *m, const struct expr *e, enum post_field field)
{
	struct collecting c = { .m = m, .field = field, .units = near_units(m, field) };
	collect(&c, e);
	size_t count = c.count;
	c.items = arena_array(&m->near->arena, struct place, count);
	c.count = 0;
	if (count)
		collect(&c, e);
	append_pairs(m, e, field, &c.items, &count);
	return finish(&m->near->arena, c.items, count);
}

/* --- pairs --- */

/* The first place that begins at or behind the byte: of those that begin there the shortest. */
static const struct place *first_behind(const struct places *p, uint32_t byte)
{
	size_t low = 0, high = p->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (p->items[middle].from < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return low < p->count ? &p->items[low] : NULL;
}

/* The last place that ends at or before the byte: of those that end there the shortest. */
static const struct place *last_before(const struct places *p, uint32_t byte)
{
	size_t low = 0, high = p->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (p->by_end[middle].to <= byte)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &p->by_end[low - 1] : NULL;
}

static uint32_t words_between(const struct place *first, const struct place *second)
{
	return second->before > first->until ? second->before - first->until : 0;
}

/* Calls see with each pair of neighbours, the first one in the text first. Not in the order of
 * their sides only if `reversed`. */
static void each_pair(const struct places *a, const struct places *b, bool reversed,
	void (*see)(void *ctx, const struct place *first, const struct place *second), void *ctx)
{
	const struct places *first = reversed ? b : a, *second = reversed ? a : b;
	for (size_t i = 0; i < first->count; i++) {
		const struct place *next = first_behind(second, first->items[i].to);
		if (next)
			see(ctx, &first->items[i], next);
	}
	for (size_t i = 0; i < second->count; i++) {
		const struct place *last = last_before(first, second->items[i].from);
		if (last)
			see(ctx, last, &second->items[i]);
	}
}

struct pairing {
	uint32_t distance;
	struct place *items;
	size_t count;
};

static void add_pair(void *ctx, const struct place *first, const struct place *second)
{
	struct pairing *p = ctx;
	if (words_between(first, second) > p->distance)
		return;
	p->items[p->count++] = (struct place){ .from = first->from,
		.to = second->to,
		.before = first->before,
		.until = second->until,
		.left = first,
		.right = second };
}

static struct places pairs_of(struct match_scratch *m, const struct expr *e, enum post_field field)
{
	struct arena *arena = &m->near->arena;
	struct places a = places_of(m, e->children[0], field);
	struct places b = a.count ? places_of(m, e->children[1], field) : (struct places){ 0 };
	if (a.count == 0 || b.count == 0)
		return (struct places){ 0 };
	struct pairing p = { .distance = e->distance };
	p.items = arena_array(arena, struct place, 2 * (a.count + b.count));
	each_pair(&a, &b, false, add_pair, &p);
	if (!e->ordered)
		each_pair(&a, &b, true, add_pair, &p);
	struct places pairs = finish(arena, p.items, p.count);
	if (pairs.count > NEAR_MAX_PLACES)
		pairs = finish(arena, pairs.items, NEAR_MAX_PLACES);
	return pairs;
}

/* Do all sides occur at all? */
static bool occurs(struct match_scratch *m, const struct expr *e)
{
	for (size_t i = 0; e->kind == EXPR_OR && i < e->child_count; i++) {
		if (occurs(m, e->children[i]))
			return true;
	}
	if (e->kind == EXPR_NEAR)
		return occurs(m, e->children[0]) && occurs(m, e->children[1]);
	return e->kind != EXPR_OR && match_is(m, e);
}

bool near_is(struct match_scratch *m, const struct expr *e)
{
	bool is = false;
	if (!occurs(m, e))
		return false;
	ask(m, e);
	for (size_t i = 0; i < FIELD_COUNT && !is; i++) {
		is = pairs_of(m, e, (enum post_field)i).count > 0;
		arena_reset(&m->near->arena);
	}
	return is;
}

/* --- what was near --- */

static void mark(const struct place *p, bool *used)
{
	if (!p->left) {
		used[p->found] = true;
		return;
	}
	mark(p->left, used);
	mark(p->right, used);
}

void near_places(struct match_scratch *m, const struct expr *e,
	void (*add)(void *ctx, const struct found *f), void *ctx)
{
	ask(m, e);
	bool *used = mem_zero(m->found_count, sizeof *used);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		struct places pairs = pairs_of(m, e, (enum post_field)i);
		for (size_t k = 0; k < pairs.count; k++)
			mark(&pairs.items[k], used);
		arena_reset(&m->near->arena);
	}
	for (size_t i = 1; i < m->found_count; i++) {
		if (used[i])
			add(ctx, &m->found[i]);
	}
	mem_free(used);
}

struct nearest {
	struct near_pair best;
	enum post_field field;
	bool reversed;
};

static void consider(void *ctx, const struct place *first, const struct place *second)
{
	struct nearest *n = ctx;
	uint32_t words = words_between(first, second);
	bool better = !n->best.any || (n->best.reversed && !n->reversed) ||
		(n->best.reversed == n->reversed && words < n->best.words);
	if (better)
		n->best = (struct near_pair){ .any = true,
			.reversed = n->reversed,
			.field = n->field,
			.words = words,
			.from = first->from,
			.to = first->to,
			.other_from = second->from,
			.other_to = second->to };
}

struct near_pair near_nearest(struct match_scratch *m, const struct expr *e)
{
	struct nearest n = { .field = 0 };
	ask(m, e);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		n.field = (enum post_field)i;
		struct places a = places_of(m, e->children[0], n.field);
		struct places b = places_of(m, e->children[1], n.field);
		n.reversed = false;
		each_pair(&a, &b, false, consider, &n);
		n.reversed = e->ordered;
		each_pair(&a, &b, true, consider, &n);
		arena_reset(&m->near->arena);
	}
	return n.best;
}
