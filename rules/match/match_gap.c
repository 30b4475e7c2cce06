/* "a b c"~4: all words of the phrase, in any order, within a stretch that is at most four words
 * longer than the phrase. The places of all its words are sorted; from each on, the shortest
 * stretch ends with the last of the next places of each word. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rules/match/match_near.h"
#include "rules/match/near_scratch.h"

/* A word of the phrase, or spaceless characters that stay together. */
struct part {
	size_t first, count; /* words of the phrase */
	size_t wanted; /* times it stands there; 0: it is like an earlier one */
	size_t from, to; /* its places */
};

struct gap {
	struct match_scratch *m;
	const struct phrase *phrase;
	const struct text *text;
	bool exact;
	struct part parts[TERM_MAX_WORDS];
	size_t part_count;
};

static bool like(const struct gap *g, const struct part *a, const struct part *b)
{
	for (size_t i = 0; a->count == b->count && i < a->count; i++) {
		const struct phrase_word *x = &g->phrase->words[a->first + i];
		const struct phrase_word *y = &g->phrase->words[b->first + i];
		if (!str_eq(x->word, y->word) ||
			(g->exact && !fold_same_letters(x->letters, y->letters)))
			return false;
	}
	return a->count == b->count;
}

static void cut(struct gap *g)
{
	for (size_t i = 0; i < g->phrase->count; i++) {
		if (g->phrase->words[i].glued)
			g->parts[g->part_count - 1].count++;
		else
			g->parts[g->part_count++] = (struct part){ .first = i, .count = 1 };
	}
	for (size_t i = 0; i < g->part_count; i++) {
		size_t k = 0;
		while (!like(g, &g->parts[k], &g->parts[i]))
			k++;
		g->parts[k].wanted++;
	}
}

/* --- places --- */

static struct gap_place *add_place(struct near_scratch *s)
{
	if (s->place_count == s->place_size) {
		s->place_size = s->place_size ? s->place_size * 2 : 64;
		s->places = mem_resize(s->places, s->place_size, sizeof *s->places);
	}
	return &s->places[s->place_count++];
}

/* Does the part stand in words[0..left-1] from the first on? */
static bool part_at(
	const struct gap *g, const struct part *part, const struct text_word *words, size_t left)
{
	for (size_t i = 0; i < part->count; i++) {
		if (i == left || words[i].flags & WORD_SHUT ||
			(i > 0 && !(words[i].flags & WORD_GLUED)) ||
			!str_eq(text_word(g->text, words[i]),
				g->phrase->words[part->first + i].word))
			return false;
	}
	return true;
}

static void try_part(
	struct gap *g, const struct part *part, const struct text_word *words, size_t left)
{
	struct near_scratch *s = g->m->near;
	struct gap_place place = { .same = true };
	uint32_t from, to;
	if (!part_at(g, part, words, left))
		return;
	for (size_t i = 0; i < part->count; i++) {
		folded_span(&g->text->folded, words[i].from, words[i].to, &from, &to);
		place.from = i ? place.from : from;
		place.to = to;
		place.same = place.same &&
			fold_same_letters(str_slice(g->text->original, from, to),
				g->phrase->words[part->first + i].letters);
	}
	if (place.same || !g->exact)
		*add_place(s) = place;
}

static int by_place(const void *left, const void *right)
{
	const struct gap_place *a = left, *b = right;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->to > b->to) - (a->to < b->to);
}

/* All places of one part go to the end of the scratch's, sorted, each once: the body of a hashtag
 * may also stand among the words. */
static void find_part(struct gap *g, struct part *part)
{
	struct near_scratch *s = g->m->near;
	const struct text_words *words = &g->text->words, *parts = &g->text->parts;
	part->from = part->to = s->place_count;
	for (size_t i = 0; i < words->count; i++)
		try_part(g, part, words->items + i, words->count - i);
	for (size_t i = 0; i < parts->count; i++)
		try_part(g, part, parts->items + i, parts->count - i);
	for (size_t i = 0; i < g->text->entity_count; i++) {
		const struct text_entity *e = &g->text->entities[i];
		if (e->kind == ENTITY_TAG)
			try_part(g, part, &(struct text_word){ .from = e->from, .to = e->to }, 1);
	}
	size_t count = s->place_count - part->from;
	if (count)
		qsort(s->places + part->from, count, sizeof *s->places, by_place);
	for (size_t i = part->from; i < s->place_count; i++) {
		if (part->to == part->from ||
			by_place(&s->places[part->to - 1], &s->places[i]) != 0)
			s->places[part->to++] = s->places[i];
	}
	s->place_count = part->to;
}

/* --- stretches --- */

/* The part whose next place comes first, and SIZE_MAX when one has not enough places left. */
static size_t first_part(const struct gap *g)
{
	const struct gap_place *places = g->m->near->places;
	size_t best = SIZE_MAX;
	for (size_t i = 0; i < g->part_count; i++) {
		const struct part *p = &g->parts[i];
		if (p->wanted == 0)
			continue;
		if (p->to - p->from < p->wanted)
			return SIZE_MAX;
		if (best == SIZE_MAX ||
			by_place(&places[p->from], &places[g->parts[best].from]) < 0)
			best = i;
	}
	return best;
}

/* The end of the shortest stretch that begins with the next place. */
static uint32_t stretch_end(const struct gap *g, bool *same)
{
	uint32_t end = 0;
	*same = true;
	for (size_t i = 0; i < g->part_count; i++) {
		const struct part *p = &g->parts[i];
		for (size_t k = p->from; k < p->from + p->wanted; k++) {
			const struct gap_place *place = &g->m->near->places[k];
			end = place->to > end ? place->to : end;
			*same = *same && place->same;
		}
	}
	return end;
}

static void skip_to(struct gap *g, uint32_t byte)
{
	for (size_t i = 0; i < g->part_count; i++) {
		struct part *p = &g->parts[i];
		while (p->from < p->to && g->m->near->places[p->from].from < byte)
			p->from++;
	}
}

static void find_phrase(struct gap *g, uint32_t term, enum post_field field)
{
	struct match_scratch *m = g->m;
	const struct text_units *units = near_units(m, field);
	uint32_t most = (uint32_t)g->phrase->count + m->set->rules->terms[term].gap;
	size_t first;
	while ((first = first_part(g)) != SIZE_MAX) {
		bool same;
		uint32_t from = m->near->places[g->parts[first].from].from;
		uint32_t end = stretch_end(g, &same);
		if (text_units_until(units, end) - text_units_before(units, from) <= most) {
			match_add_span(m, term, field, from, end, same ? WAY_EXACT : WAY_FOLDED);
			skip_to(g, end);
		} else {
			g->parts[first].from++;
		}
	}
}

void gap_note(struct match_scratch *m, uint32_t term)
{
	struct near_scratch *s = m->near;
	if (!s->gap_noted)
		s->gap_noted = mem_zero(m->set->rules->term_count, sizeof *s->gap_noted);
	if (s->gap_noted[term])
		return;
	s->gap_noted[term] = true;
	if (s->gap_count == s->gap_size) {
		s->gap_size = s->gap_size ? s->gap_size * 2 : 16;
		s->gap_terms = mem_resize(s->gap_terms, s->gap_size, sizeof *s->gap_terms);
	}
	s->gap_terms[s->gap_count++] = term;
}

void gap_find(struct match_scratch *m, enum post_field field)
{
	struct near_scratch *s = m->near;
	for (size_t i = 0; i < s->gap_count; i++) {
		uint32_t term = s->gap_terms[i];
		struct gap g = { .m = m,
			.phrase = m->set->phrase_of[term],
			.text = &m->texts[field],
			.exact = m->set->rules->terms[term].exact };
		s->gap_noted[term] = false;
		s->place_count = 0;
		cut(&g);
		for (size_t k = 0; k < g.part_count; k++) {
			if (g.parts[k].wanted)
				find_part(&g, &g.parts[k]);
		}
		find_phrase(&g, term, field);
	}
	s->gap_count = 0;
}
