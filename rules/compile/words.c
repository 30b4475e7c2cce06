#include "rules/compile/words.h"

#include "base/mem.h"

enum {
	BITS_AN_ENTRY = 16,
	MIN_BIT_POWER = 12,
	MAX_BIT_POWER = 22, /* half a megabyte: what a core's second-level cache holds */
};

void words_init(struct words *w)
{
	*w = (struct words){ .slot_power = 6, .posting_count = 1 };
	w->slots = mem_zero((size_t)1 << w->slot_power, sizeof *w->slots);
}

void words_finish(struct words *w)
{
	mem_free(w->bits);
	mem_free(w->slots);
	mem_free(w->entries);
	mem_free(w->postings);
	*w = (struct words){ 0 };
}

/* word.p NULL: a pair. */
static uint32_t *slot_of(const struct words *w, uint64_t hash, struct str word)
{
	size_t mask = ((size_t)1 << w->slot_power) - 1;
	size_t i = (size_t)(hash >> (64 - w->slot_power));
	while (w->slots[i]) {
		const struct word_entry *e = &w->entries[w->slots[i] - 1];
		if (e->hash == hash && !e->p == !word.p &&
			(!word.p || (e->n == word.n && memcmp(e->p, word.p, word.n) == 0)))
			break;
		i = (i + 1) & mask;
	}
	return &w->slots[i];
}

static void grow(struct words *w)
{
	mem_free(w->slots);
	w->slot_power += 2;
	w->slots = mem_zero((size_t)1 << w->slot_power, sizeof *w->slots);
	size_t mask = ((size_t)1 << w->slot_power) - 1;
	for (size_t i = 0; i < w->entry_count; i++) {
		/* All entries differ, so any empty slot will do. */
		size_t slot = (size_t)(w->entries[i].hash >> (64 - w->slot_power));
		while (w->slots[slot])
			slot = (slot + 1) & mask;
		w->slots[slot] = (uint32_t)i + 1;
	}
}

static void add(struct words *w, uint64_t hash, struct str word, struct posting posting)
{
	if ((w->entry_count + 1) * 2 > (size_t)1 << w->slot_power)
		grow(w);
	uint32_t *slot = slot_of(w, hash, word);
	if (*slot == 0) {
		if (w->entry_count == w->entry_size) {
			w->entry_size = w->entry_size ? w->entry_size * 2 : 64;
			w->entries = mem_resize(w->entries, w->entry_size, sizeof *w->entries);
		}
		w->entries[w->entry_count++] = (struct word_entry){ hash, word.p, (uint32_t)word.n,
			0 };
		*slot = (uint32_t)w->entry_count;
	}
	if (w->posting_count >= w->posting_size) {
		w->posting_size = w->posting_size ? w->posting_size * 2 : 64;
		w->postings = mem_resize(w->postings, w->posting_size, sizeof *w->postings);
	}
	struct word_entry *e = &w->entries[*slot - 1];
	posting.next = e->first;
	w->postings[w->posting_count] = posting;
	e->first = (uint32_t)w->posting_count++;
}

void words_add(struct words *w, struct str word, struct posting posting)
{
	add(w, word_hash_of(word), word, posting);
}

void words_add_pair(struct words *w, struct str first, struct str second, struct posting posting)
{
	posting.kind = POSTING_PAIR;
	add(w, words_pair_hash(word_hash_of(first), word_hash_of(second)), STR_NONE, posting);
}

void words_ready(struct words *w)
{
	w->bit_power = MIN_BIT_POWER;
	while (w->bit_power < MAX_BIT_POWER &&
		(size_t)1 << w->bit_power < w->entry_count * BITS_AN_ENTRY)
		w->bit_power++;
	mem_free(w->bits);
	w->bits = mem_zero((size_t)1 << (w->bit_power - 6), sizeof *w->bits);
	for (size_t i = 0; i < w->entry_count; i++) {
		uint64_t bit = w->entries[i].hash >> (64 - w->bit_power);
		w->bits[bit >> 6] |= (uint64_t)1 << (bit & 63);
	}
}

static const struct posting *posting_of(const struct words *w, uint32_t entry)
{
	return entry ? &w->postings[w->entries[entry - 1].first] : NULL;
}

const struct posting *words_find(const struct words *w, uint64_t hash, struct str word)
{
	return words_may_have(w, hash) ? posting_of(w, *slot_of(w, hash, word)) : NULL;
}

const struct posting *words_find_pair(const struct words *w, uint64_t hash)
{
	return words_may_have(w, hash) ? posting_of(w, *slot_of(w, hash, STR_NONE)) : NULL;
}
