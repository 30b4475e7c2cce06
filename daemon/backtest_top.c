#include "daemon/backtest_top.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { FIRST_SIZE = 8 };
static const uint32_t nobody = UINT32_MAX;
/* Of HyperLogLog: the standard error is 1.04 / sqrt(1024). */
enum { REGISTER_BITS = 10, REGISTERS = 1 << REGISTER_BITS };

void top_init(struct top *t, size_t capacity)
{
	*t = (struct top){ .capacity = capacity };
}

void top_finish(struct top *t)
{
	for (size_t i = 0; i < t->count; i++) {
		mem_free((void *)(uintptr_t)t->entries[i].key.p);
		mem_free((void *)(uintptr_t)t->entries[i].note.p);
	}
	mem_free(t->entries);
	mem_free(t->heap);
	mem_free(t->buckets);
	mem_free(t->registers);
	*t = (struct top){ 0 };
}

/* All bits of it depend on all bits of the keys, which the estimate needs. */
static uint64_t hash_of(struct str key, struct str note)
{
	uint64_t h = str_hash(key) ^ (note.p ? str_hash(note) * 3 : 1);
	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

/* --- the estimate --- */

static void note_hash(struct top *t, uint64_t hash)
{
	size_t which = hash >> (64 - REGISTER_BITS);
	unsigned char zeros = 1;
	for (uint64_t rest = hash << REGISTER_BITS; !(rest >> 63) && zeros < 64 - REGISTER_BITS;
		rest <<= 1)
		zeros++;
	if (zeros > t->registers[which])
		t->registers[which] = zeros;
}

/* The raw estimate of HyperLogLog; where registers are still empty their share says more. */
static uint64_t estimate(const struct top *t)
{
	double sum = 0;
	size_t empty = 0;
	for (size_t i = 0; i < REGISTERS; i++) {
		sum += ldexp(1, -t->registers[i]);
		empty += t->registers[i] == 0;
	}
	const double m = REGISTERS, alpha = 0.7213 / (1 + 1.079 / m);
	double raw = alpha * m * m / sum;
	if (raw <= 2.5 * m && empty)
		raw = m * log(m / (double)empty);
	return (uint64_t)(raw + 0.5);
}

bool top_exact(const struct top *t)
{
	return !t->registers;
}

uint64_t top_distinct(const struct top *t)
{
	if (top_exact(t))
		return t->count;
	uint64_t about = estimate(t);
	return about > t->count ? about : t->count + 1; /* somebody had to go */
}

/* --- the heap --- */

/* Does entry a go before b? Of equal ones the older slot, so that all runs do the same. */
static bool smaller(const struct top *t, uint32_t a, uint32_t b)
{
	uint64_t x = t->entries[a].count, y = t->entries[b].count;
	return x != y ? x < y : a < b;
}

static void place(struct top *t, size_t at, uint32_t entry)
{
	t->heap[at] = entry;
	t->entries[entry].heap_place = (uint32_t)at;
}

static void sift_up(struct top *t, size_t at)
{
	uint32_t entry = t->heap[at];
	for (; at > 0 && smaller(t, entry, t->heap[(at - 1) / 2]); at = (at - 1) / 2)
		place(t, at, t->heap[(at - 1) / 2]);
	place(t, at, entry);
}

static void sift_down(struct top *t, size_t at)
{
	uint32_t entry = t->heap[at];
	for (size_t child; (child = 2 * at + 1) < t->count; at = child) {
		if (child + 1 < t->count && smaller(t, t->heap[child + 1], t->heap[child]))
			child++;
		if (!smaller(t, t->heap[child], entry))
			break;
		place(t, at, t->heap[child]);
	}
	place(t, at, entry);
}

/* --- the entries --- */

static uint32_t *bucket_of(const struct top *t, uint64_t hash)
{
	return &t->buckets[hash & (t->size - 1)];
}

static uint32_t find(const struct top *t, uint64_t hash)
{
	uint32_t i = t->size ? *bucket_of(t, hash) : nobody;
	while (i != nobody && t->entries[i].hash != hash)
		i = t->entries[i].next;
	return i;
}

static void link_entry(struct top *t, uint32_t i)
{
	uint32_t *bucket = bucket_of(t, t->entries[i].hash);
	t->entries[i].next = *bucket;
	*bucket = i;
}

static void unlink_entry(struct top *t, uint32_t i)
{
	uint32_t *at = bucket_of(t, t->entries[i].hash);
	while (*at != i)
		at = &t->entries[*at].next;
	*at = t->entries[i].next;
}

static void grow(struct top *t)
{
	t->size = t->size ? t->size * 2 : FIRST_SIZE;
	t->entries = mem_resize(t->entries, t->size, sizeof *t->entries);
	t->heap = mem_resize(t->heap, t->size, sizeof *t->heap);
	t->buckets = mem_resize(t->buckets, t->size, sizeof *t->buckets);
	for (size_t i = 0; i < t->size; i++)
		t->buckets[i] = nobody;
	for (uint32_t i = 0; i < t->count; i++)
		link_entry(t, i);
}

static struct str copy_cut(struct str s)
{
	if (!s.p)
		return s;
	size_t n = s.n <= TOP_MAX_KEY_BYTES ? s.n : utf8_floor(s, TOP_MAX_KEY_BYTES);
	return (struct str){ mem_text(s.p, n), n };
}

/* The place of the smallest, which is forgotten but for its count. */
static struct top_entry *take_smallest(struct top *t)
{
	uint32_t i = t->heap[0];
	if (!t->registers) {
		t->registers = mem_zero(REGISTERS, 1);
		for (size_t k = 0; k < t->count; k++)
			note_hash(t, t->entries[k].hash);
	}
	struct top_entry *e = &t->entries[i];
	unlink_entry(t, i);
	mem_free((void *)(uintptr_t)e->key.p);
	mem_free((void *)(uintptr_t)e->note.p);
	e->over = e->count;
	return e;
}

static struct top_entry *new_entry(struct top *t)
{
	if (t->count == t->capacity)
		return take_smallest(t);
	if (t->count == t->size)
		grow(t);
	struct top_entry *e = &t->entries[t->count];
	*e = (struct top_entry){ 0 };
	t->heap[t->count] = (uint32_t)t->count;
	t->count++;
	return e;
}

void top_add(struct top *t, struct str key, struct str note)
{
	uint64_t hash = hash_of(key, note);
	uint32_t i = find(t, hash);
	if (i == nobody) {
		struct top_entry *e = new_entry(t);
		e->key = copy_cut(key);
		e->note = copy_cut(note);
		e->hash = hash;
		i = (uint32_t)(e - t->entries);
		link_entry(t, i);
		if (t->registers)
			note_hash(t, hash);
		if (e->count == 0) {
			e->count = 1;
			e->heap_place = (uint32_t)(t->count - 1);
			sift_up(t, t->count - 1);
			return;
		}
	}
	t->entries[i].count++;
	sift_down(t, t->entries[i].heap_place);
}

static int compare(const void *a, const void *b)
{
	const struct top_entry *x = *(const struct top_entry *const *)a;
	const struct top_entry *y = *(const struct top_entry *const *)b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	int order = str_cmp(x->key, y->key);
	return order ? order : str_cmp(x->note, y->note);
}

size_t top_list(const struct top *t, const struct top_entry **out, size_t limit)
{
	const struct top_entry **all = mem_alloc((t->count + 1) * sizeof *all);
	for (size_t i = 0; i < t->count; i++)
		all[i] = &t->entries[i];
	qsort(all, t->count, sizeof *all, compare); /* never equal but for cut keys */
	size_t n = t->count < limit ? t->count : limit;
	if (n)
		memcpy(out, all, n * sizeof *all);
	mem_free(all);
	return n;
}
