#include "base/map.h"

#include "base/mem.h"

void map_finish(struct map *m)
{
	mem_free(m->slots);
	*m = (struct map){ 0 };
}

static struct map_slot *slot_of(const struct map *m, struct str key)
{
	size_t i = str_hash(key) & (m->size - 1);
	while (m->slots[i].value && !str_eq(m->slots[i].key, key))
		i = (i + 1) & (m->size - 1);
	return &m->slots[i];
}

static void grow(struct map *m)
{
	struct map old = *m;
	m->size = old.size ? old.size * 2 : 16;
	m->slots = mem_zero(m->size, sizeof *m->slots);
	for (size_t i = 0; i < old.size; i++) {
		if (old.slots[i].value)
			*slot_of(m, old.slots[i].key) = old.slots[i];
	}
	mem_free(old.slots);
}

void *map_get(const struct map *m, struct str key)
{
	return m->size ? slot_of(m, key)->value : NULL;
}

void *map_set(struct map *m, struct str key, void *value)
{
	if ((m->count + 1) * 4 > m->size * 3)
		grow(m);
	struct map_slot *slot = slot_of(m, key);
	void *before = slot->value;
	if (!before)
		m->count++;
	*slot = (struct map_slot){ before ? slot->key : key, value };
	return before;
}

const struct map_slot *map_next(const struct map *m, size_t *at)
{
	while (*at < m->size) {
		const struct map_slot *slot = &m->slots[(*at)++];
		if (slot->value)
			return slot;
	}
	return NULL;
}
