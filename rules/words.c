#include "rules/words.h"

#include "base/mem.h"

void words_init(struct words *w)
{
	*w = (struct words){ .slot_power = 6, .posting_count = 1 };
	w->slots = mem_zero((size_t)1 << w->slot_power, sizeof *w->slots);
}

void words_finish(struct words *w)
{
	mem_free(w->slots);
	mem_free(w->entries);
	mem_free(w->postings);
	*w = (struct words){ 0 };
}

static uint32_t *slot_of(const struct words *w, uint64_t hash, const char *p, size_t n)
{
	size_t mask = ((size_t)1 << w->slot_power) - 1;
	size_t i = (size_t)(hash >> (64 - w->slot_power));
	while (w->slots[i]) {
		const struct word_entry *e = &w->entries[w->slots[i] - 1];
		if (e->n == n && memcmp(e->p, p, n) == 0)
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
		/* All words differ, so any empty slot will do. */
		const struct word_entry *e = &w->entries[i];
		uint64_t hash = wake_hash_of((struct str){ e->p, e->n });
		size_t slot = (size_t)(hash >> (64 - w->slot_power));
		while (w->slots[slot])
			slot = (slot + 1) & mask;
		w->slots[slot] = (uint32_t)i + 1;
	}
}

void words_add(
	struct words *w, struct str word, uint32_t term, uint16_t position, enum posting_kind kind)
{
	if ((w->entry_count + 1) * 2 > (size_t)1 << w->slot_power)
		grow(w);
	uint32_t *slot = slot_of(w, wake_hash_of(word), word.p, word.n);
	if (*slot == 0) {
		if (w->entry_count == w->entry_size) {
			w->entry_size = w->entry_size ? w->entry_size * 2 : 64;
			w->entries = mem_resize(w->entries, w->entry_size, sizeof *w->entries);
		}
		w->entries[w->entry_count++] = (struct word_entry){ word.p, (uint32_t)word.n, 0 };
		*slot = (uint32_t)w->entry_count;
	}
	if (w->posting_count >= w->posting_size) {
		w->posting_size = w->posting_size ? w->posting_size * 2 : 64;
		w->postings = mem_resize(w->postings, w->posting_size, sizeof *w->postings);
	}
	struct word_entry *e = &w->entries[*slot - 1];
	w->postings[w->posting_count] = (struct posting){ term, e->first, position, (uint8_t)kind };
	e->first = (uint32_t)w->posting_count++;
}

const struct posting *words_find(const struct words *w, const char *p, size_t n)
{
	uint32_t entry = *slot_of(w, wake_hash(p, n), p, n);
	return entry ? &w->postings[w->entries[entry - 1].first] : NULL;
}
