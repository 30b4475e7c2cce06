/* The parts of alike.c: tables from keys of eight bytes to entries, and the forms of a word that
 * edits leave alone. */
#pragma once

#include "base/str.h"

/* Keys, each with the entries that have it: a bit table that fits the cache says no to nearly all,
 * then open addressing. */
struct alike_keys {
	uint64_t *bits;
	struct alike_slot {
		uint64_t key;
		uint32_t first; /* link; 0: the slot is empty */
	} * slots;
	struct alike_link {
		uint32_t entry;
		uint32_t next; /* 0: none */
	} * links; /* [0] is not used */
	unsigned bit_power, slot_power;
	size_t link_count;
};

void alike_keys_init(struct alike_keys *k, size_t max_count); /* of alike_keys_add */
void alike_keys_finish(struct alike_keys *k); /* takes {0} */
void alike_keys_add(struct alike_keys *k, uint64_t key, uint32_t entry);

static inline uint64_t alike_hash(uint64_t key)
{
	uint64_t h = key * UINT64_C(0x9FB21C651E98DF25);
	return h ^ h >> 32;
}

/* The first link of a key, or 0. */
static inline uint32_t alike_keys_first(const struct alike_keys *k, uint64_t key)
{
	uint64_t hash = alike_hash(key);
	uint64_t bit = hash >> (64 - k->bit_power), mask = ((uint64_t)1 << k->slot_power) - 1;
	if (!(k->bits[bit >> 6] >> (bit & 63) & 1))
		return 0;
	uint64_t i = hash >> (64 - k->slot_power);
	while (k->slots[i].first && k->slots[i].key != key)
		i = (i + 1) & mask;
	return k->slots[i].first;
}

enum {
	ALIKE_FORM_LETTERS = 7, /* of a word's beginning that forms are made of */
	ALIKE_MAX_FORMS = 22, /* with two letters left out of six */
};

/* Calls form(ctx, key) for each form of a word: its first ALIKE_FORM_LETTERS, and those without any
 * one (two) of them but the first. Two words within so many edits, the first letter the same, have
 * a form in common: what an edit touches is at most one letter on either side, and what is cut off
 * at the end of one stands against letters that the other has to leave out. Stops when form returns
 * false, and returns that. */
bool alike_forms(struct str word, unsigned edits, bool (*form)(void *ctx, uint64_t key), void *ctx);
