#include "rules/compile/wake.h"

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
	mem_free(w->pairs);
	mem_free(w->partners);
	*w = (struct wake){ 0 };
}

/* False if the word's tag was there already. */
static bool add_hash(struct wake *w, uint64_t hash)
{
	uint64_t bit = hash >> (64 - w->bit_power);
	uint64_t mask = ((uint64_t)1 << w->tag_power) - 1, i = hash >> (64 - w->tag_power);
	w->bits[bit >> 6] |= (uint64_t)1 << (bit & 63);
	while (w->tags[i] && w->tags[i] != ((uint32_t)hash | 1))
		i = (i + 1) & mask;
	if (w->tags[i])
		return false;
	assert(w->count * 2 < (size_t)1 << w->tag_power);
	w->tags[i] = (uint32_t)hash | 1;
	w->count++;
	return true;
}

void wake_add(struct wake *w, uint64_t hash)
{
	assert(!w->pairs);
	(void)add_hash(w, hash); /* there already is as good */
}

/* --- words that count beside a neighbour --- */

static struct wake_pairs *pairs_of(const struct wake *w, uint64_t hash)
{
	uint64_t mask = ((uint64_t)1 << w->pair_power) - 1, i = hash >> (64 - w->pair_power);
	while (w->pairs[i].hash && w->pairs[i].hash != hash)
		i = (i + 1) & mask;
	return &w->pairs[i];
}

static void grow_pairs(struct wake *w)
{
	struct wake_pairs *old = w->pairs;
	size_t old_size = old ? (size_t)1 << w->pair_power : 0;
	w->pair_power = old ? w->pair_power + 1 : MIN_TAG_POWER;
	w->pairs = mem_zero((size_t)1 << w->pair_power, sizeof *w->pairs);
	for (size_t i = 0; i < old_size; i++) {
		if (old[i].hash)
			*pairs_of(w, old[i].hash) = old[i];
	}
	mem_free(old);
}

static uint32_t new_partner(struct wake *w, struct wake_partner partner)
{
	if (w->partner_count + 1 >= w->partner_size) {
		w->partner_size = w->partner_size ? w->partner_size * 2 : 64;
		w->partners = mem_resize(w->partners, w->partner_size, sizeof *w->partners);
	}
	w->partners[++w->partner_count] = partner;
	return (uint32_t)w->partner_count;
}

void wake_add_pair(struct wake *w, uint64_t hash, uint64_t partner, enum wake_place place)
{
	if (!w->pairs || w->pair_count * 2 >= (size_t)1 << w->pair_power)
		grow_pairs(w);
	bool added = add_hash(w, hash);
	struct wake_pairs *pairs = pairs_of(w, hash);
	bool known = pairs->hash != 0;
	if (known ? pairs->first == 0 : !added)
		return; /* it counts alone */
	unsigned count = 0;
	for (uint32_t i = pairs->first; i; i = w->partners[i].next, count++) {
		if (w->partners[i].hash == partner && w->partners[i].place == place)
			return;
	}
	struct wake_partner one = { partner, place, pairs->first };
	pairs->first = count < WAKE_MAX_PARTNERS ? new_partner(w, one) : 0;
	pairs->hash = hash;
	w->pair_count += !known;
}

const struct wake_partner *wake_partners(const struct wake *w, uint64_t hash)
{
	uint32_t first = w->pairs ? pairs_of(w, hash)->first : 0;
	return first ? &w->partners[first] : NULL;
}
