#include "rules/wake.h"

#include <assert.h>

#include "base/mem.h"

enum {
	BITS_A_WORD = 32,
	MIN_BIT_POWER = 12,
	MAX_BIT_POWER = 22, /* half a megabyte: what a core's second-level cache holds */
	MIN_TAG_POWER = 6,
};

static unsigned power_for(size_t n, unsigned min, unsigned max)
{
	unsigned power = min;
	while (power < max && ((size_t)1 << power) < n)
		power++;
	return power;
}

static void make_tables(struct wake *w, size_t count)
{
	w->bit_power = power_for(count * BITS_A_WORD, MIN_BIT_POWER, MAX_BIT_POWER);
	w->tag_power = power_for(count * 2, MIN_TAG_POWER, 40);
	w->bits = mem_zero((size_t)1 << (w->bit_power - 6), sizeof *w->bits);
	w->tags = mem_zero((size_t)1 << w->tag_power, sizeof *w->tags);
}

void wake_init(struct wake *w, size_t max_count)
{
	*w = (struct wake){ 0 };
	make_tables(w, max_count ? max_count : 1);
}

void wake_finish(struct wake *w)
{
	mem_free(w->bits);
	mem_free(w->tags);
	*w = (struct wake){ 0 };
}

uint64_t wake_hash_of(struct str word)
{
	char padded[3 * WAKE_PAD_BYTES] = { 0 };
	if (word.n >= 8)
		return wake_mix(wake_load(word.p), wake_load(word.p + word.n - 8), word.n);
	memcpy(padded + WAKE_PAD_BYTES, word.p, word.n);
	return wake_hash(padded + WAKE_PAD_BYTES, word.n);
}

void wake_add(struct wake *w, struct str word)
{
	uint64_t hash = wake_hash_of(word);
	if (wake_bit(w, hash) && wake_tag(w, hash))
		return;
	uint64_t bit = hash >> (64 - w->bit_power);
	w->bits[bit >> 6] |= (uint64_t)1 << (bit & 63);
	assert(w->count * 2 < (size_t)1 << w->tag_power);
	uint64_t mask = ((uint64_t)1 << w->tag_power) - 1, i = hash >> (64 - w->tag_power);
	while (w->tags[i])
		i = (i + 1) & mask;
	w->tags[i] = (uint32_t)hash | 1;
	w->count++;
}
