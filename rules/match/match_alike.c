#include "rules/match/match_alike.h"

#include <string.h>

#include "base/mem.h"
#include "rules/compile/compile_alike.h"
#include "rules/match/matching.h"
#include "rules/text/stem.h"

enum { NO_LANGUAGE = -1 };

struct alike_scratch {
	const struct compiled_alike *compiled;
	struct stemmers *stemmers;
	struct buf term_stem; /* in a language that its rule does not name */
	struct buf stem; /* of the word at hand in stem_language */
	int stem_language;
	/* What is asked at the moment: */
	struct match_scratch *match;
	int language; /* of the post */
	enum post_field field;
	uint32_t from, to; /* the word in the folded text */
	uint32_t asked_from; /* without its pronoun */
};

struct alike_scratch *alike_scratch_create(const struct compiled_alike *c)
{
	if (!c)
		return NULL;
	struct alike_scratch *s = mem_zero(1, sizeof *s);
	s->compiled = c;
	s->stemmers = stemmers_create();
	buf_init(&s->term_stem, 0);
	buf_init(&s->stem, 0);
	return s;
}

void alike_scratch_destroy(struct alike_scratch *s)
{
	if (!s)
		return;
	stemmers_destroy(s->stemmers);
	buf_finish(&s->term_stem);
	buf_finish(&s->stem);
	mem_free(s);
}

static const struct term *term_of(const struct alike_scratch *s, uint32_t id)
{
	return &s->match->set->rules->terms[id];
}

static const struct text *text_of(const struct alike_scratch *s)
{
	return &s->match->texts[s->field];
}

static struct str asked_word(const struct alike_scratch *s)
{
	return (struct str){ text_of(s)->folded.p + s->asked_from, s->to - s->asked_from };
}

/* Folded bytes as they stand in the post. */
static struct str written(const struct alike_scratch *s, uint32_t from, uint32_t to)
{
	uint32_t text_from, text_to;
	folded_span(&text_of(s)->folded, from, to, &text_from, &text_to);
	return str_slice(text_of(s)->original, text_from, text_to);
}

/* --- stems --- */

static struct str word_stem(struct alike_scratch *s, int language)
{
	if (s->stem_language != language) {
		buf_clear(&s->stem);
		stem_add(s->stemmers, language, written(s, s->asked_from, s->to), &s->stem);
		s->stem_language = language;
	}
	return buf_str(&s->stem);
}

static struct str term_stem(struct alike_scratch *s, uint32_t id, int language)
{
	const struct term_stems *stems = &s->compiled->stems[id];
	for (size_t i = 0; i < stems->count; i++) {
		if (stems->items[i].language == language)
			return stems->items[i].stem;
	}
	buf_clear(&s->term_stem);
	stem_add(s->stemmers, language, term_of(s, id)->letters, &s->term_stem);
	return buf_str(&s->term_stem);
}

static bool same_stem(struct alike_scratch *s, uint32_t id, int language)
{
	return str_eq(word_stem(s, language), term_stem(s, id, language));
}

static bool is_of_stem(struct alike_scratch *s, uint32_t id)
{
	const struct term_stems *stems = &s->compiled->stems[id];
	if (s->language != NO_LANGUAGE)
		return same_stem(s, id, s->language);
	for (size_t i = 0; i < stems->count; i++) {
		if (same_stem(s, id, stems->items[i].language))
			return true;
	}
	return false;
}

static int language_of(const struct post *post)
{
	for (size_t i = 0; i < post->langs.count; i++) {
		int language = stem_language(post->langs.items[i]);
		if (language >= 0)
			return language;
	}
	return NO_LANGUAGE;
}

/* --- words --- */

/* Does the part of the word that the term has letters for have these very letters? */
static bool same_letters(const struct alike_scratch *s, const struct term *t)
{
	uint32_t from = s->asked_from, to = s->to, n = (uint32_t)t->folded.n;
	if (t->kind == TERM_PREFIX)
		to = from + n;
	if (t->kind == TERM_SUFFIX)
		from = to - n;
	return fold_same_letters(written(s, from, to), t->letters);
}

/* How the term finds the word, which is like it; false: it does not. */
static bool find_way(struct alike_scratch *s, uint32_t id, enum hit_way *way)
{
	const struct term *t = term_of(s, id);
	bool star = t->kind == TERM_PREFIX || t->kind == TERM_SUFFIX;
	struct str word = asked_word(s);
	if (t->kind != TERM_STEM && s->asked_from != s->from)
		return false;
	if (t->edits && str_find_char(word, '\'') != SIZE_MAX)
		return false;
	if (star || str_eq(word, t->folded)) {
		*way = same_letters(s, t) ? WAY_EXACT : WAY_FOLDED;
		return *way == WAY_EXACT || !t->exact;
	}
	*way = t->edits ? WAY_FUZZY : WAY_STEM;
	return t->edits || is_of_stem(s, id);
}

static bool found_like(void *ctx, uint32_t id)
{
	struct alike_scratch *s = ctx;
	struct match_scratch *m = s->match;
	uint32_t from, to, last = m->first_of_term[id];
	enum hit_way way;
	if (!find_way(s, id, &way))
		return true;
	folded_span(&text_of(s)->folded, s->from, s->to, &from, &to);
	/* A term may be told more than once of the same word. */
	const struct found *f = last ? &m->found[last] : NULL;
	if (f && f->field == s->field && f->from == from && f->to == to)
		return true;
	match_add_span(m, id, s->field, from, to, way);
	return true;
}

static void ask(struct alike_scratch *s, uint32_t asked_from)
{
	s->asked_from = asked_from;
	s->stem_language = NO_LANGUAGE;
	alike_find(s->compiled->terms, asked_word(s), found_like, s);
}

/* Where a word goes on behind its pronouns: j'adore, j'n'adore. */
static uint32_t behind_pronouns(const char *p, uint32_t from, uint32_t to)
{
	while (to - from > 2 && p[from + 1] == '\'')
		from += 2;
	return from;
}

static void ask_word(struct alike_scratch *s, uint32_t from, uint32_t to)
{
	const char *p = text_of(s)->folded.p;
	s->from = from;
	s->to = to;
	ask(s, from);
	uint32_t behind = behind_pronouns(p, from, to);
	if (behind != from && s->compiled->stems)
		ask(s, behind);
}

static void ask_words(struct alike_scratch *s, const struct text_words *words)
{
	for (size_t i = 0; i < words->count; i++) {
		const struct text_word *w = &words->items[i];
		if (!(w->flags & (WORD_SHUT | WORD_SPACELESS)))
			ask_word(s, w->from, w->to);
	}
}

/* The word that begins there, or NULL. */
static const struct text_word *word_from(const struct text_words *words, uint32_t from)
{
	size_t low = 0, high = words->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (words->items[middle].from < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low < words->count && words->items[low].from == from ? &words->items[low] : NULL;
}

/* A hashtag's body is a word already, unless an apostrophe behind it makes a longer one of it; or
 * unless it holds spaceless characters: then it is none here. */
static void ask_bodies(struct alike_scratch *s)
{
	const struct text *text = text_of(s);
	for (size_t i = 0; i < text->entity_count; i++) {
		const struct text_entity *e = &text->entities[i];
		if (e->kind != ENTITY_TAG)
			continue;
		const struct text_word *word = word_from(&text->words, e->from);
		if (word && word->to > e->to)
			ask_word(s, e->from, e->to);
	}
}

void match_alike(struct match_scratch *m, const struct post *post, enum post_field field)
{
	struct alike_scratch *s = m->alike;
	if (!s || m->texts[field].folded.n == 0)
		return;
	s->match = m;
	s->language = s->compiled->stems ? language_of(post) : NO_LANGUAGE;
	s->field = field;
	ask_words(s, &m->texts[field].words);
	ask_words(s, &m->texts[field].parts);
	ask_bodies(s);
}
