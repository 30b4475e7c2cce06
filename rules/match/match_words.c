/* Words, phrases and entities of a field's text: each word of it leads to the terms that it is in.
 */
#include "base/mem.h"
#include "rules/match/match_near.h"
#include "rules/match/matching.h"

/* Does the text have these very letters at folded bytes from..to-1? */
static bool same_letters(const struct text *text, uint32_t from, uint32_t to, struct str letters)
{
	uint32_t text_from, text_to;
	folded_span(&text->folded, from, to, &text_from, &text_to);
	return fold_same_letters(str_slice(text->original, text_from, text_to), letters);
}

/* A term stands at folded bytes from..to-1: a hit, unless it asks for exact letters and these are
 * others. */
static void add_words(struct match_scratch *m, uint32_t id, enum post_field field, uint32_t from,
	uint32_t to, bool same)
{
	uint32_t text_from, text_to;
	if (m->set->rules->terms[id].exact && !same)
		return;
	folded_span(&m->texts[field].folded, from, to, &text_from, &text_to);
	match_add_span(m, id, field, text_from, text_to, same ? WAY_EXACT : WAY_FOLDED);
}

/* Do the words from `first` on spell the phrase? */
static bool phrase_at(const struct text *text, const struct word_run *run, size_t first,
	const struct phrase *phrase)
{
	for (size_t i = 0; i < phrase->count; i++) {
		struct text_word w = run->words[first + i];
		bool parted = phrase->words[i].glued && !(w.flags & WORD_GLUED);
		if (w.flags & WORD_SHUT || parted ||
			!str_eq(text_word(text, w), phrase->words[i].word))
			return false;
	}
	return true;
}

/* What the terms of one word have in common: many rules have the same word. */
struct same {
	struct str letters; /* of a term */
	bool is; /* they are the text's */
};

static void try_word(struct match_scratch *m, enum post_field field, struct text_word w,
	uint32_t id, struct same *same)
{
	const struct term *t = &m->set->rules->terms[id];
	struct str letters = t->letters;
	if (m->any && !t->exact) {
		add_words(m, id, field, w.from, w.to, false);
		return; /* nobody asks which letters they are */
	}
	if (!same->letters.p || !str_eq(letters, same->letters)) {
		same->letters = letters;
		same->is = same_letters(&m->texts[field], w.from, w.to, letters);
	}
	add_words(m, id, field, w.from, w.to, same->is);
}

/* The words of a phrase may begin at word `first` of the run. */
static void try_phrase(struct match_scratch *m, enum post_field field, const struct word_run *run,
	size_t first, uint32_t id, const struct phrase *phrase)
{
	const struct text *text = &m->texts[field];
	if (first + phrase->count > run->count || !phrase_at(text, run, first, phrase))
		return;
	bool same = true;
	for (size_t i = 0; i < phrase->count && same; i++) {
		struct text_word w = run->words[first + i];
		same = same_letters(text, w.from, w.to, phrase->words[i].letters);
	}
	add_words(m, id, field, run->words[first].from, run->words[first + phrase->count - 1].to,
		same);
}

/* Word `at` of the run is the word `position` of a term: is the whole term there? */
static void try_term(struct match_scratch *m, enum post_field field, const struct word_run *run,
	size_t at, const struct posting *p, struct same *same)
{
	const struct phrase *phrase = m->set->phrase_of ? m->set->phrase_of[p->term] : NULL;
	if (!phrase)
		try_word(m, field, run->words[at], p->term, same);
	else if (m->set->rules->terms[p->term].gap)
		gap_note(m, p->term);
	else if (at >= p->position)
		try_phrase(m, field, run, at - p->position, p->term, phrase);
}

static void defer(struct match_scratch *m, struct deferred deferred)
{
	if (m->deferred_count == m->deferred_size) {
		m->deferred_size = m->deferred_size ? m->deferred_size * 2 : 64;
		m->deferred = mem_resize(m->deferred, m->deferred_size, sizeof *m->deferred);
	}
	m->deferred[m->deferred_count++] = deferred;
}

/* Word `at` of the run, or the pair that begins there, has postings: those that a rule waits for
 * stand first, and the others need not be looked at if none of these is found. */
static void try_postings(struct match_scratch *m, enum post_field field, const struct word_run *run,
	size_t at, const struct posting *p)
{
	struct same same = { 0 };
	for (; p && (p->waits || m->all); p = words_next(&m->set->words, p)) {
		if (p->kind == POSTING_WORD || p->kind == POSTING_PAIR)
			try_term(m, field, run, at, p, &same);
	}
	if (p)
		defer(m, (struct deferred){ p, *run, (uint32_t)at, field });
}

/* Does a rule have the term that is to be evaluated? */
static bool is_wanted(const struct match_scratch *m, uint32_t id)
{
	const struct ruleset *set = m->set;
	const struct term *t = &set->rules->terms[id];
	if (!t->listed)
		return m->rule_marked[t->owner];
	for (uint32_t i = set->list_first[t->owner]; i < set->list_first[t->owner + 1]; i++) {
		if (m->rule_marked[set->list_rules[i]])
			return true;
	}
	return false;
}

void match_find_deferred(struct match_scratch *m)
{
	size_t count = m->marked_count ? m->deferred_count : 0;
	for (size_t i = 0; i < count; i++) {
		const struct deferred *d = &m->deferred[i];
		struct same same = { 0 };
		for (const struct posting *p = d->posting; p; p = words_next(&m->set->words, p)) {
			bool words = p->kind == POSTING_WORD || p->kind == POSTING_PAIR;
			if (words && is_wanted(m, p->term))
				try_term(m, d->field, &d->run, d->at, p, &same);
		}
		if (i + 1 == count || m->deferred[i + 1].field != d->field)
			gap_find(m, d->field);
	}
	m->deferred_count = 0;
}

static void find_in_run(struct match_scratch *m, enum post_field field, const struct word_run *run)
{
	const struct text *text = &m->texts[field];
	const struct words *words = &m->set->words;
	uint64_t before = 0, hash;
	for (size_t i = 0; i < run->count && !m->sure; i++, before = hash) {
		struct text_word w = run->words[i];
		struct str word = text_word(text, w);
		hash = word_hash(word.p, word.n);
		if (w.flags & WORD_SHUT)
			continue;
		const struct posting *p = words_find(words, hash, word);
		if (p)
			try_postings(m, field, run, i, p);
		p = i > 0 ? words_find_pair(words, words_pair_hash(before, hash)) : NULL;
		if (p)
			try_postings(m, field, run, i - 1, p);
	}
}

static void find_in_parts(struct match_scratch *m, enum post_field field)
{
	const struct text_words *parts = &m->texts[field].parts;
	for (size_t i = 0; i < parts->count;) {
		size_t end = i + 1;
		while (end < parts->count && !(parts->items[end].flags & WORD_FIRST_PART))
			end++;
		find_in_run(m, field, &(struct word_run){ parts->items + i, end - i });
		i = end;
	}
}

/* An entity whose body is folded bytes from..to-1 may be a term of its kind, or a phrase joined. */
static void find_entity(struct match_scratch *m, enum post_field field, enum text_entity_kind kind,
	uint32_t from, uint32_t to)
{
	static const enum posting_kind kinds[] = { [ENTITY_TAG] = POSTING_TAG,
		[ENTITY_HANDLE] = POSTING_HANDLE,
		[ENTITY_CASHTAG] = POSTING_CASHTAG };
	const struct text *text = &m->texts[field];
	struct str body = { text->folded.p + from, to - from };
	const struct posting *p = words_find_word(&m->set->words, body);
	for (; p; p = words_next(&m->set->words, p)) {
		struct str letters = m->set->rules->terms[p->term].letters;
		const struct phrase *phrase = m->set->phrase_of ? m->set->phrase_of[p->term] : NULL;
		bool joined = p->kind == POSTING_JOINED &&
			(kind == ENTITY_TAG || (kind == ENTITY_HANDLE && phrase->count > 1));
		if (p->kind == POSTING_WORD && kind == ENTITY_TAG &&
			m->set->rules->terms[p->term].gap)
			gap_note(m, p->term);
		/* An apostrophe after a hashtag may make its body part of a longer word. */
		bool word = p->kind == POSTING_WORD && kind == ENTITY_TAG &&
			(!phrase || phrase->count == 1);
		if (p->kind != kinds[kind] && !joined && !word)
			continue;
		if (phrase)
			letters = phrase->joined_letters;
		add_words(m, p->term, field, from, to, same_letters(text, from, to, letters));
	}
}

static void find_entities(struct match_scratch *m, enum post_field field)
{
	const struct text *text = &m->texts[field];
	for (size_t i = 0; i < text->entity_count; i++) {
		struct text_entity e = text->entities[i];
		find_entity(m, field, e.kind, e.from, e.to);
		if (e.shorter) /* @name@example.org is also @name */
			find_entity(m, field, e.kind, e.from, e.shorter);
	}
}

static void note_word(struct match_scratch *m, struct str word)
{
	uint64_t hash = word_hash(word.p, word.n);
	m->words_there[hash >> 60] |= (uint64_t)1 << (hash >> 54 & 63);
}

/* All that a plain word can be found as. */
void match_note_words(struct match_scratch *m, enum post_field field)
{
	const struct text *text = &m->texts[field];
	for (size_t i = 0; i < text->words.count; i++)
		note_word(m, text_word(text, text->words.items[i]));
	for (size_t i = 0; i < text->parts.count; i++)
		note_word(m, text_word(text, text->parts.items[i]));
	for (size_t i = 0; i < text->entity_count; i++) {
		const struct text_entity *e = &text->entities[i];
		note_word(m, (struct str){ text->folded.p + e->from, e->to - e->from });
		if (e->shorter)
			note_word(
				m, (struct str){ text->folded.p + e->from, e->shorter - e->from });
	}
}

void match_find_words(struct match_scratch *m, enum post_field field)
{
	const struct text_words *words = &m->texts[field].words;
	find_in_run(m, field, &(struct word_run){ words->items, words->count });
	if (m->sure)
		return;
	find_in_parts(m, field);
	find_entities(m, field);
}
