#include "daemon/backtest_hours.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

enum { FIRST_SIZE = 16 };

void hours_init(struct hours *h, size_t capacity)
{
	*h = (struct hours){ .capacity = capacity };
}

void hours_finish(struct hours *h)
{
	mem_free(h->slots);
	*h = (struct hours){ 0 };
}

/* Where the hour stands or would stand; the table is never full. */
static struct hour *slot_of(const struct hours *h, int64_t number)
{
	size_t i = (size_t)((uint64_t)number * UINT64_C(0x9E3779B97F4A7C15) >> 32);
	for (i &= h->size - 1; h->slots[i].count && h->slots[i].number != number;)
		i = (i + 1) & (h->size - 1);
	return &h->slots[i];
}

/* Puts the first `count` of these hours into a table of that size. */
static void rebuild(struct hours *h, struct hour *old, size_t count, size_t size)
{
	h->slots = mem_zero(size, sizeof *h->slots);
	h->size = size;
	h->count = count;
	for (size_t i = 0; i < count; i++)
		*slot_of(h, old[i].number) = old[i];
	mem_free(old);
}

/* Moves the hours to the front of the slots. */
static void pack(struct hours *h)
{
	size_t n = 0;
	for (size_t i = 0; i < h->size; i++)
		if (h->slots[i].count)
			h->slots[n++] = h->slots[i];
}

static int busier_first(const void *a, const void *b)
{
	const struct hour *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static void make_room(struct hours *h)
{
	if (h->count == h->capacity) {
		pack(h);
		qsort(h->slots, h->count, sizeof *h->slots, busier_first);
		h->dropped = true;
		rebuild(h, h->slots, h->count - h->count / 2, h->size);
	} else if ((h->count + 1) * 2 > h->size) {
		pack(h);
		rebuild(h, h->slots, h->count, h->size ? h->size * 2 : FIRST_SIZE);
	}
}

void hours_add(struct hours *h, int64_t wall_us)
{
	int64_t number = wall_us / US_PER_HOUR - (wall_us % US_PER_HOUR < 0);
	struct hour *hour = h->size ? slot_of(h, number) : NULL;
	if (!hour || !hour->count) {
		make_room(h);
		hour = slot_of(h, number);
		hour->number = number;
		h->count++;
	}
	hour->count++;
}

bool hours_busiest(const struct hours *h, int64_t *from_us, uint64_t *count)
{
	const struct hour *best = NULL;
	for (size_t i = 0; i < h->size; i++) {
		const struct hour *hour = &h->slots[i];
		if (hour->count && (!best || busier_first(hour, best) < 0))
			best = hour;
	}
	if (!best)
		return false;
	*from_us = best->number * US_PER_HOUR;
	*count = best->count;
	return true;
}
