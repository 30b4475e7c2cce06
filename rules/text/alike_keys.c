#include <assert.h>

#include "base/mem.h"
#include "rules/text/alike_parts.h"

enum {
	BITS_A_KEY = 32,
	MIN_BIT_POWER = 10,
	MAX_BIT_POWER = 22,
	MIN_SLOT_POWER = 4,
	MAX_SLOT_POWER = 40,
};

static unsigned power_for(size_t n, unsigned min, unsigned max)
{
	unsigned power = min;
	while (power < max && ((size_t)1 << power) < n)
		power++;
	return power;
}

void alike_keys_init(struct alike_keys *k, size_t max_count)
{
	*k = (struct alike_keys){ .link_count = 1 };
	k->bit_power = power_for(max_count * BITS_A_KEY, MIN_BIT_POWER, MAX_BIT_POWER);
	k->slot_power = power_for(max_count * 2, MIN_SLOT_POWER, MAX_SLOT_POWER);
	k->bits = mem_zero((size_t)1 << (k->bit_power - 6), sizeof *k->bits);
	k->slots = mem_zero((size_t)1 << k->slot_power, sizeof *k->slots);
	k->links = mem_zero(max_count + 1, sizeof *k->links);
}

void alike_keys_finish(struct alike_keys *k)
{
	mem_free(k->bits);
	mem_free(k->slots);
	mem_free(k->links);
	*k = (struct alike_keys){ 0 };
}

void alike_keys_add(struct alike_keys *k, uint64_t key, uint32_t entry)
{
	uint64_t hash = alike_hash(key);
	uint64_t bit = hash >> (64 - k->bit_power), mask = ((uint64_t)1 << k->slot_power) - 1;
	uint64_t i = hash >> (64 - k->slot_power);
	assert(k->link_count * 2 <= mask + 1);
	k->bits[bit >> 6] |= (uint64_t)1 << (bit & 63);
	while (k->slots[i].first && k->slots[i].key != key)
		i = (i + 1) & mask;
	if (k->slots[i].first && k->links[k->slots[i].first].entry == entry)
		return; /* a form that comes twice, as of a double letter */
	k->links[k->link_count] = (struct alike_link){ entry, k->slots[i].first };
	k->slots[i].key = key;
	k->slots[i].first = (uint32_t)k->link_count++;
}
