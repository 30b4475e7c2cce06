#include "rules/compile/compile_alike.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "rules/language/term_alike.h"
#include "rules/text/stem.h"

struct builder {
	struct compiled_alike *out;
	const struct rules *rules;
	struct stemmers *stemmers;
	struct buf stem;
	struct alike_entry *entries;
	size_t count, size;
};

static void add_entry(struct builder *b, struct alike_entry entry)
{
	if (b->count == b->size) {
		b->size = b->size ? b->size * 2 : 64;
		b->entries = mem_resize(b->entries, b->size, sizeof *b->entries);
	}
	b->entries[b->count++] = entry;
}

static void add_beginning(struct builder *b, struct str letters, uint32_t id)
{
	add_entry(b, (struct alike_entry){ .letters = letters, .id = id, .kind = ALIKE_BEGINS });
}

/* What words of the stem begin with. In English i and y change places there: dying, die. */
static void add_opening(struct builder *b, struct str opening, uint32_t id)
{
	char last = opening.p[opening.n - 1];
	add_beginning(b, opening, id);
	if (last == 'i' || last == 'y') {
		char *other = arena_text(&b->out->arena, opening);
		other[opening.n - 1] = last == 'i' ? 'y' : 'i';
		add_beginning(b, (struct str){ other, opening.n }, id);
	}
}

static void add_stem(struct builder *b, uint32_t id, int language, struct term_stems *stems)
{
	const struct term *t = &b->rules->terms[id];
	buf_clear(&b->stem);
	stem_add(b->stemmers, language, t->letters, &b->stem);
	struct str stem = arena_str(&b->out->arena, buf_str(&b->stem));
	struct str from = utf8_count(stem) < STEM_OPENING_LETTERS ? t->folded : stem;
	stems->items[stems->count++] = (struct term_stem){ language, stem };
	add_opening(b, str_slice(from, 0, stem_opening(language, from)), id);
}

static void add_stems(struct builder *b, uint32_t id)
{
	struct compiled_alike *out = b->out;
	const struct term *t = &b->rules->terms[id];
	uint32_t languages = t->languages ? t->languages : stem_default_languages();
	size_t count = 0;
	for (uint32_t left = languages; left; left &= left - 1)
		count++;
	if (!out->stems)
		out->stems = mem_zero(b->rules->term_count, sizeof *out->stems);
	struct term_stems *stems = &out->stems[id];
	stems->items = arena_array(&out->arena, struct term_stem, count);
	for (int i = 0; i < STEM_MAX_LANGUAGES; i++) {
		if (languages >> i & 1)
			add_stem(b, id, i, stems);
	}
	add_beginning(b, t->folded, id); /* the word itself is found whatever its stem */
}

static void add_term(struct builder *b, uint32_t id)
{
	const struct term *t = &b->rules->terms[id];
	struct alike_entry entry = { .letters = t->folded, .id = id, .edits = t->edits };
	if (t->kind == TERM_STEM) {
		add_stems(b, id);
		return;
	}
	entry.kind = t->kind == TERM_PREFIX ? ALIKE_BEGINS
		: t->kind == TERM_SUFFIX    ? ALIKE_ENDS
					    : ALIKE_EDITED;
	add_entry(b, entry);
}

/* The entries that are waited for move to the front. */
static size_t waited_for(struct builder *b, const bool *wakes)
{
	size_t count = 0;
	for (size_t i = 0; i < b->count; i++) {
		if (!wakes[b->entries[i].id])
			continue;
		struct alike_entry entry = b->entries[i];
		b->entries[i] = b->entries[count];
		b->entries[count++] = entry;
	}
	return count;
}

static void build(struct builder *b, const bool *wakes)
{
	struct compiled_alike *out = b->out;
	for (size_t i = 0; i < b->rules->term_count; i++) {
		if (!term_is_alike(&b->rules->terms[i]))
			continue;
		add_term(b, (uint32_t)i);
		out->wake_count += wakes[i];
	}
	out->terms = alike_create(b->entries, b->count);
	size_t waited = waited_for(b, wakes);
	if (waited)
		out->wakes = alike_create(b->entries, waited);
}

struct compiled_alike *compiled_alike_create(const struct rules *rules, const bool *wakes)
{
	size_t first = 0;
	while (first < rules->term_count && !term_is_alike(&rules->terms[first]))
		first++;
	if (first == rules->term_count)
		return NULL;
	struct builder b = { .out = mem_zero(1, sizeof *b.out), .rules = rules };
	arena_init(&b.out->arena, 0);
	b.stemmers = stemmers_create();
	buf_init(&b.stem, 0);
	build(&b, wakes);
	stemmers_destroy(b.stemmers);
	buf_finish(&b.stem);
	mem_free(b.entries);
	return b.out;
}

void compiled_alike_destroy(struct compiled_alike *c)
{
	if (!c)
		return;
	alike_destroy(c->terms);
	alike_destroy(c->wakes);
	mem_free(c->stems);
	arena_finish(&c->arena);
	mem_free(c);
}

size_t alike_term_cost(const struct term *t)
{
	size_t letters = utf8_count(t->folded);
	if (t->edits)
		return letters > 7 ? 2 : 5;
	return letters > 7 ? 3 : letters > 5 ? 6 : letters > 3 ? 20 : 60;
}
