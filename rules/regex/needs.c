/* The literals of the first groups of all needs are searched for at once, each once. Where one
 * occurs, the rest of the needs that name it is looked for in that text alone. */
#include "rules/regex/needs.h"

#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "rules/regex/literals.h"

struct known_need {
	struct need need;
	uint32_t term;
};

struct needs {
	struct literals *literals; /* NULL: too many to be searched for, so that all may be met */
	struct str *texts; /* by literal */
	size_t literal_count;
	uint32_t *first_use; /* of a literal: uses[first_use[i]..first_use[i + 1] - 1] */
	uint32_t *uses; /* needs whose first group has it */
	size_t use_count;
	struct known_need *needs;
	size_t need_count;
};

struct needs_scratch {
	struct literals_scratch *literals;
	uint32_t *seen; /* by need: the text in which it was looked for last */
	uint32_t last_stamp; /* each text of each search has its own */
};

/* --- building --- */

static void keep_needs(const struct need_list *by_term, size_t term_count, struct needs *n)
{
	for (size_t i = 0; i < term_count; i++)
		n->need_count += by_term[i].count;
	n->needs = mem_zero(n->need_count + 1, sizeof *n->needs);
	size_t number = 0;
	for (size_t i = 0; i < term_count; i++) {
		for (size_t j = 0; j < by_term[i].count; j++, number++) {
			n->needs[number] = (struct known_need){ by_term[i].items[j], (uint32_t)i };
			n->use_count += by_term[i].items[j].groups[0].count;
		}
	}
}

static void number_literals(struct needs *n, struct map *numbers)
{
	for (size_t i = 0; i < n->need_count; i++) {
		const struct str_list *g = &n->needs[i].need.groups[0];
		for (size_t j = 0; j < g->count; j++) {
			if (map_get(numbers, g->items[j]))
				continue;
			n->texts[n->literal_count] = g->items[j];
			(void)map_set(numbers, g->items[j], &n->texts[n->literal_count++]);
		}
	}
}

static size_t number_of(const struct needs *n, const struct map *numbers, struct str text)
{
	const struct str *at = map_get(numbers, text);
	return (size_t)(at - n->texts);
}

/* Which needs name a literal: counted, then filled, in one array. */
static void link_uses(struct needs *n, const struct map *numbers)
{
	n->first_use = mem_zero(n->literal_count + 2, sizeof *n->first_use);
	for (size_t i = 0; i < n->need_count; i++) {
		const struct str_list *g = &n->needs[i].need.groups[0];
		for (size_t j = 0; j < g->count; j++)
			n->first_use[number_of(n, numbers, g->items[j]) + 1]++;
	}
	for (size_t i = 0; i < n->literal_count; i++)
		n->first_use[i + 1] += n->first_use[i];
	for (size_t i = 0; i < n->need_count; i++) {
		const struct str_list *g = &n->needs[i].need.groups[0];
		for (size_t j = 0; j < g->count; j++)
			n->uses[n->first_use[number_of(n, numbers, g->items[j])]++] = (uint32_t)i;
	}
	/* Filling moved each first to the next one's; move them back. */
	memmove(n->first_use + 1, n->first_use, n->literal_count * sizeof *n->first_use);
	n->first_use[0] = 0;
}

struct needs *needs_create(const struct need_list *by_term, size_t term_count)
{
	struct needs *n = mem_zero(1, sizeof *n);
	struct map numbers = { 0 };
	keep_needs(by_term, term_count, n);
	if (n->need_count == 0) {
		needs_destroy(n);
		return NULL;
	}
	n->texts = mem_zero(n->use_count, sizeof *n->texts);
	n->uses = mem_zero(n->use_count, sizeof *n->uses);
	number_literals(n, &numbers);
	link_uses(n, &numbers);
	n->literals = literals_create(n->texts, n->literal_count);
	map_finish(&numbers);
	return n;
}

void needs_destroy(struct needs *n)
{
	if (!n)
		return;
	literals_destroy(n->literals);
	mem_free(n->texts);
	mem_free(n->first_use);
	mem_free(n->uses);
	mem_free(n->needs);
	mem_free(n);
}

size_t needs_literal_count(const struct needs *n)
{
	return n->literal_count;
}

struct needs_scratch *needs_scratch_create(const struct needs *n)
{
	struct needs_scratch *s = mem_zero(1, sizeof *s);
	s->seen = mem_zero(n->need_count, sizeof *s->seen);
	if (n->literals)
		s->literals = literals_scratch_create(n->literals);
	return s;
}

void needs_scratch_destroy(struct needs_scratch *s)
{
	if (!s)
		return;
	literals_scratch_destroy(s->literals);
	mem_free(s->seen);
	mem_free(s);
}

/* --- searching --- */

struct search {
	const struct needs *n;
	struct needs_scratch *s;
	const char *p;
	const uint32_t *starts;
	bool (*found)(void *ctx, size_t text, uint32_t term);
	void *ctx;
	size_t text; /* the one at hand */
	uint32_t first_stamp; /* of the first text */
	bool done; /* nothing more is asked for in it */
	bool bytes_known;
	struct byte_set bytes; /* that stand in it */
};

static void start_text(struct search *x, size_t text)
{
	x->text = text;
	x->done = x->bytes_known = false;
}

static void find_bytes(struct search *x)
{
	x->bytes = (struct byte_set){ { 0, 0 } };
	for (size_t i = x->starts[x->text]; i < x->starts[x->text + 1]; i++)
		byte_set_add(&x->bytes, x->p[i]);
	x->bytes_known = true;
}

static bool has_bytes(struct search *x, const struct need *need)
{
	if (need->byte_set_count && !x->bytes_known)
		find_bytes(x);
	for (size_t i = 0; i < need->byte_set_count; i++) {
		const struct byte_set *set = &need->byte_sets[i];
		if (!((set->bits[0] & x->bytes.bits[0]) | (set->bits[1] & x->bytes.bits[1])))
			return false;
	}
	return true;
}

/* Has the text at hand one of each group but the first? */
static bool has_groups(const struct search *x, const struct need *need)
{
	uint32_t from = x->starts[x->text], to = x->starts[x->text + 1];
	struct str text = { x->p + from, to - from };
	for (size_t i = 1; i < need->group_count; i++) {
		const struct str_list *g = &need->groups[i];
		bool any = false;
		for (size_t j = 0; j < g->count && !any; j++)
			any = str_find(text, g->items[j]) != SIZE_MAX;
		if (!any)
			return false;
	}
	return true;
}

/* The literal stands in the text at hand. */
static void note_literal(struct search *x, uint32_t literal)
{
	const struct needs *n = x->n;
	uint32_t stamp = x->first_stamp + (uint32_t)x->text;
	for (size_t i = n->first_use[literal]; i < n->first_use[literal + 1] && !x->done; i++) {
		const struct known_need *known = &n->needs[n->uses[i]];
		uint32_t *seen = &x->s->seen[n->uses[i]];
		if (*seen == stamp)
			continue;
		*seen = stamp;
		if (has_bytes(x, &known->need) && has_groups(x, &known->need))
			x->done = !x->found(x->ctx, x->text, known->term);
	}
}

static bool occurred(void *ctx, uint32_t literal, size_t to)
{
	struct search *x = ctx;
	size_t text = x->text;
	to += x->starts[0];
	while (to > x->starts[text + 1])
		text++;
	while (to <= x->starts[text])
		text--;
	if (to - x->starts[text] < x->n->texts[literal].n)
		return true; /* it begins in the text before */
	if (text != x->text)
		start_text(x, text); /* mostly the next; one before is only asked anew */
	note_literal(x, literal);
	return true;
}

static uint32_t take_stamps(const struct needs *n, struct needs_scratch *s, size_t count)
{
	if (count >= UINT32_MAX - s->last_stamp) {
		memset(s->seen, 0, n->need_count * sizeof *s->seen);
		s->last_stamp = 0;
	}
	uint32_t first = s->last_stamp + 1;
	s->last_stamp += (uint32_t)count;
	return first;
}

void needs_find(const struct needs *n, struct needs_scratch *s, const char *p,
	const uint32_t *starts, size_t text_count,
	bool (*found)(void *ctx, size_t text, uint32_t term), void *ctx)
{
	struct search x = { .n = n, .s = s, .p = p, .starts = starts, .found = found, .ctx = ctx };
	if (n->literals && text_count) {
		struct str all = { p + starts[0], starts[text_count] - starts[0] };
		x.first_stamp = take_stamps(n, s, text_count);
		literals_find(n->literals, s->literals, all, occurred, &x);
	}
	for (size_t i = 0; !n->literals && i < text_count; i++) {
		for (size_t j = 0; j < n->need_count && found(ctx, i, n->needs[j].term);)
			j++;
	}
}
