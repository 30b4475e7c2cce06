/* All literals of all needs are searched for at once, each once. Where one occurs, the needs that
 * name it take note, by text; the characters are looked at only where all literals are there. */
#include "rules/needs.h"

#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "rules/literals.h"

/* A group that a literal is of. */
struct use {
	uint32_t need;
	uint8_t bit;
};

struct known_need {
	uint32_t term;
	uint8_t all; /* bits of its groups */
	uint8_t byte_set_count;
	struct byte_set byte_sets[NEED_MAX_BYTE_SETS];
};

struct needs {
	struct literals *literals; /* NULL: too many to be searched for, so that all may be met */
	struct str *texts; /* by literal */
	size_t literal_count;
	uint32_t *first_use; /* of a literal: uses[first_use[i]..first_use[i + 1] - 1] */
	struct use *uses;
	size_t use_count;
	struct known_need *needs;
	size_t need_count;
};

struct state {
	uint32_t stamp; /* of the text of which the bits tell */
	uint8_t bits;
};

struct needs_scratch {
	struct literals_scratch *literals;
	struct state *states; /* by need */
	uint32_t last_stamp; /* each text of each search has its own */
};

/* --- building --- */

static void count_all(const struct need_list *by_term, size_t term_count, struct needs *n)
{
	for (size_t i = 0; i < term_count; i++) {
		n->need_count += by_term[i].count;
		for (size_t j = 0; j < by_term[i].count; j++) {
			const struct need *need = &by_term[i].items[j];
			for (size_t k = 0; k < need->group_count; k++)
				n->use_count += need->groups[k].count;
		}
	}
}

/* Calls see for each literal of each group. */
static void each_use(const struct need_list *by_term, size_t term_count,
	void (*see)(struct needs *n, size_t literal, struct use use), struct needs *n,
	const struct map *numbers)
{
	uint32_t number = 0;
	for (size_t i = 0; i < term_count; i++) {
		for (size_t j = 0; j < by_term[i].count; j++, number++) {
			const struct need *need = &by_term[i].items[j];
			for (size_t k = 0; k < need->group_count; k++) {
				struct use use = { number, (uint8_t)(1U << k) };
				const struct str_list *g = &need->groups[k];
				for (size_t l = 0; l < g->count; l++) {
					const struct str *at = map_get(numbers, g->items[l]);
					see(n, (size_t)(at - n->texts), use);
				}
			}
		}
	}
}

static void count_use(struct needs *n, size_t literal, struct use use)
{
	(void)use;
	n->first_use[literal + 1]++;
}

static void note_use(struct needs *n, size_t literal, struct use use)
{
	n->uses[n->first_use[literal]++] = use;
}

static void number_literals(
	const struct need_list *by_term, size_t term_count, struct needs *n, struct map *numbers)
{
	for (size_t i = 0; i < term_count; i++) {
		for (size_t j = 0; j < by_term[i].count; j++) {
			const struct need *need = &by_term[i].items[j];
			for (size_t k = 0; k < need->group_count; k++) {
				for (size_t l = 0; l < need->groups[k].count; l++) {
					struct str text = need->groups[k].items[l];
					if (map_get(numbers, text))
						continue;
					n->texts[n->literal_count] = text;
					(void)map_set(numbers, text, &n->texts[n->literal_count++]);
				}
			}
		}
	}
}

static void keep_needs(const struct need_list *by_term, size_t term_count, struct needs *n)
{
	size_t number = 0;
	for (size_t i = 0; i < term_count; i++) {
		for (size_t j = 0; j < by_term[i].count; j++) {
			const struct need *need = &by_term[i].items[j];
			struct known_need *known = &n->needs[number++];
			known->term = (uint32_t)i;
			known->all = (uint8_t)((1U << need->group_count) - 1);
			known->byte_set_count = (uint8_t)need->byte_set_count;
			memcpy(known->byte_sets, need->byte_sets, sizeof known->byte_sets);
		}
	}
}

struct needs *needs_create(const struct need_list *by_term, size_t term_count)
{
	struct needs *n = mem_zero(1, sizeof *n);
	struct map numbers = { 0 };
	count_all(by_term, term_count, n);
	if (n->need_count == 0) {
		mem_free(n);
		return NULL;
	}
	n->texts = mem_zero(n->use_count, sizeof *n->texts);
	n->uses = mem_zero(n->use_count, sizeof *n->uses);
	n->needs = mem_zero(n->need_count, sizeof *n->needs);
	number_literals(by_term, term_count, n, &numbers);
	n->first_use = mem_zero(n->literal_count + 2, sizeof *n->first_use);
	each_use(by_term, term_count, count_use, n, &numbers);
	for (size_t i = 0; i < n->literal_count; i++)
		n->first_use[i + 1] += n->first_use[i];
	each_use(by_term, term_count, note_use, n, &numbers);
	/* Filling moved each first to the next one's; move them back. */
	memmove(n->first_use + 1, n->first_use, n->literal_count * sizeof *n->first_use);
	n->first_use[0] = 0;
	keep_needs(by_term, term_count, n);
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
	s->states = mem_zero(n->need_count, sizeof *s->states);
	if (n->literals)
		s->literals = literals_scratch_create(n->literals);
	return s;
}

void needs_scratch_destroy(struct needs_scratch *s)
{
	if (!s)
		return;
	literals_scratch_destroy(s->literals);
	mem_free(s->states);
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

static bool has_bytes(struct search *x, const struct known_need *need)
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

/* The literal stands in the text at hand. */
static void note_literal(struct search *x, uint32_t literal)
{
	const struct needs *n = x->n;
	uint32_t stamp = x->first_stamp + (uint32_t)x->text;
	for (size_t i = n->first_use[literal]; i < n->first_use[literal + 1] && !x->done; i++) {
		const struct known_need *need = &n->needs[n->uses[i].need];
		struct state *state = &x->s->states[n->uses[i].need];
		if (state->stamp != stamp)
			*state = (struct state){ stamp, 0 };
		if (state->bits == need->all)
			continue;
		state->bits |= n->uses[i].bit;
		if (state->bits == need->all && has_bytes(x, need))
			x->done = !x->found(x->ctx, x->text, need->term);
	}
}

/* It stands in a text that was left already. What else stood there is forgotten, so that each need
 * that it is of may be met. */
static void note_late(struct search *x, size_t text, uint32_t literal)
{
	const struct needs *n = x->n;
	for (size_t i = n->first_use[literal]; i < n->first_use[literal + 1]; i++) {
		if (!x->found(x->ctx, text, n->needs[n->uses[i].need].term))
			return;
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
	if (text < x->text) {
		note_late(x, text, literal);
		return true;
	}
	if (text > x->text)
		start_text(x, text);
	note_literal(x, literal);
	return true;
}

static uint32_t take_stamps(const struct needs *n, struct needs_scratch *s, size_t count)
{
	if (count >= UINT32_MAX - s->last_stamp) {
		memset(s->states, 0, n->need_count * sizeof *s->states);
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
