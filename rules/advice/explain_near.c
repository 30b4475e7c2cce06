/* Near misses: what a reader takes for the term, and why it does not count. */
#include "rules/advice/explain_part.h"
#include "rules/match/matching.h"

enum {
	NEAR_MAX_WORDS = 2000, /* of a text that are compared with a term */
	NEAR_MAX_TERMS = 10 * 1000, /* of a list that are looked for */
	NEAR_LISTED_BYTES = 5, /* shorter terms of lists are inside of words by chance */
	NEAR_SIMILAR_MIN_BYTES = 4,
	NEAR_SIMILAR_MAX_BYTES = 40,
};

struct looking {
	const struct match_scratch *match;
	const struct term *term;
	const struct text *text; /* of the field at hand */
	enum post_field field;
	struct near_miss *best;
};

static void offer(const struct looking *l, enum near_why why, size_t from, size_t to)
{
	struct near_miss *best = l->best;
	if (best->why != NEAR_NOTHING && best->why <= why)
		return;
	*best = (struct near_miss){ .why = why, .term = l->term->written, .field = l->field };
	folded_span(&l->text->folded, from, to, &best->from, &best->to);
}

/* Grows to what no space parts: how a link is written. */
static void offer_link(const struct looking *l, size_t from, size_t to)
{
	const struct folded *f = &l->text->folded;
	while (from > 0 && (unsigned char)f->p[from - 1] > ' ')
		from--;
	while (to < f->n && (unsigned char)f->p[to] > ' ')
		to++;
	offer(l, NEAR_LINK, from, to);
}

static const struct text_entity *handle_around(const struct text *text, size_t from, size_t to)
{
	for (size_t i = 0; i < text->entity_count; i++) {
		const struct text_entity *e = &text->entities[i];
		if (e->kind == ENTITY_HANDLE && e->from <= from && to <= e->to)
			return e;
	}
	return NULL;
}

/* The term's letters stand at folded bytes from..to-1. */
static void see_letters(const struct looking *l, size_t from, size_t to)
{
	const struct text_words *words = &l->text->words;
	size_t start = from, end = to;
	bool shut = false;
	for (size_t i = 0; i < words->count; i++) {
		const struct text_word *w = &words->items[i];
		if (w->to <= from || w->from >= to)
			continue;
		start = w->from < start ? w->from : start;
		end = w->to > end ? w->to : end;
		shut = shut || w->flags & WORD_SHUT;
	}
	const struct text_entity *handle = shut ? handle_around(l->text, from, to) : NULL;
	if (handle)
		offer(l, NEAR_HANDLE, handle->from, handle->to);
	else if (shut)
		offer_link(l, from, to);
	else if (start < from || end > to)
		offer(l, NEAR_LONGER, start, end);
	else if (l->term->exact)
		offer(l, NEAR_LETTERS, from, to);
}

static void see_words(const struct looking *l)
{
	const struct folded *f = &l->text->folded;
	struct str letters = l->term->folded;
	size_t at = 0, step;
	while ((step = str_find((struct str){ f->p + at, f->n - at }, letters)) != SIZE_MAX) {
		at += step;
		see_letters(l, at, at + letters.n);
		at += letters.n;
	}
}

/* #tag as a word, or at the beginning of a longer tag. */
static void see_entity(const struct looking *l)
{
	static const enum text_entity_kind kinds[] = { [TERM_TAG] = ENTITY_TAG,
		[TERM_HANDLE] = ENTITY_HANDLE,
		[TERM_CASHTAG] = ENTITY_CASHTAG };
	const struct text *text = l->text;
	struct str body = l->term->folded;
	for (size_t i = 0; i < text->entity_count; i++) {
		const struct text_entity *e = &text->entities[i];
		struct str other = { text->folded.p + e->from, e->to - e->from };
		if (e->kind == kinds[l->term->kind] && str_find(other, body) != SIZE_MAX)
			offer(l, str_eq(other, body) ? NEAR_LETTERS : NEAR_LONGER, e->from, e->to);
	}
	for (size_t i = 0; i < text->words.count; i++) {
		struct text_word w = text->words.items[i];
		if (!(w.flags & WORD_SHUT) && str_eq(text_word(text, w), body))
			offer(l, NEAR_UNSIGNED, w.from, w.to);
	}
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;
	return least < c ? least : c;
}

/* How many bytes have to be put in, taken out or replaced. Words of more than
 * NEAR_SIMILAR_MAX_BYTES are not compared. */
static size_t edits_between(struct str a, struct str b)
{
	size_t row[NEAR_SIMILAR_MAX_BYTES + 1];
	if (a.n > NEAR_SIMILAR_MAX_BYTES || b.n > NEAR_SIMILAR_MAX_BYTES)
		return SIZE_MAX;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 0; i < a.n; i++) {
		size_t diagonal = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < b.n; j++) {
			size_t cost = diagonal + (a.p[i] != b.p[j]);
			diagonal = row[j + 1];
			row[j + 1] = smallest(cost, row[j] + 1, row[j + 1] + 1);
		}
	}
	return row[b.n];
}

static void see_similar(const struct looking *l)
{
	const struct text_words *words = &l->text->words;
	size_t most = l->term->folded.n > 8 ? 2 : 1;
	for (size_t i = 0; i < words->count && i < NEAR_MAX_WORDS; i++) {
		struct text_word w = words->items[i];
		size_t edits = edits_between(l->term->folded, text_word(l->text, w));
		if (!(w.flags & WORD_SHUT) && edits > 0 && edits <= most)
			offer(l, NEAR_SIMILAR, w.from, w.to);
	}
}

/* A pattern that would match if case did not count. */
static void see_regex(const struct looking *l)
{
	struct arena arena;
	struct str message;
	size_t at, from, to;
	char flags[sizeof l->term->flags + 1] = "i";
	if (str_find_char(str_of(l->term->flags), 'i') != SIZE_MAX || l->best->why)
		return;
	for (size_t i = 0; l->term->flags[i]; i++)
		flags[i + 1] = l->term->flags[i];
	arena_init(&arena, 0); /* one message at most */
	struct regex *regex = regex_compile(l->term->letters, str_of(flags), &arena, &at, &message);
	struct str text = l->text->original;
	if (regex && regex_find(regex, l->match->regex_scratch, text, 0, &from, &to) == 1)
		*l->best = (struct near_miss){ NEAR_LETTERS, l->term->written, l->field,
			(uint32_t)from, (uint32_t)to };
	regex_destroy(regex);
	arena_finish(&arena);
}

static void see_term(const struct looking *l, bool listed)
{
	const struct term *t = l->term;
	switch (t->kind) {
	case TERM_TAG:
	case TERM_HANDLE:
	case TERM_CASHTAG:
		see_entity(l);
		break;
	case TERM_REGEX:
		if (!listed)
			see_regex(l);
		break;
	case TERM_WORDS:
	case TERM_PREFIX:
	case TERM_SUFFIX:
	case TERM_STEM:
		if (!listed || t->folded.n >= NEAR_LISTED_BYTES)
			see_words(l);
		if (!listed && l->best->why == NEAR_NOTHING &&
			t->folded.n >= NEAR_SIMILAR_MIN_BYTES)
			see_similar(l);
		break;
	default:
		break;
	}
}

bool explain_find_near(const struct match_scratch *m, const struct expr *e, struct near_miss *near)
{
	const struct rules *rules = ruleset_rules(m->set);
	bool listed = e->kind == EXPR_LIST;
	uint32_t first = listed ? rules->lists[e->list].first_term : e->term;
	uint32_t count = listed ? rules->lists[e->list].term_count : 1;
	*near = (struct near_miss){ .why = NEAR_NOTHING };
	for (uint32_t i = 0; i < count && i < NEAR_MAX_TERMS; i++) {
		for (size_t f = 0; f < FIELD_COUNT; f++) {
			const struct looking l = { m, &rules->terms[first + i], &m->texts[f],
				(enum post_field)f, near };
			bool asked = !l.term->only || l.term->only & 1 << f;
			if (asked && l.text->folded.n > 0)
				see_term(&l, listed);
		}
	}
	return near->why != NEAR_NOTHING;
}
