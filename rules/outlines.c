/* Each row has a byte, a lane, whose bits are the places in the row that the text stands at: one
 * shift and one AND with what the symbol fits moves all rows of a block a symbol on (Baeza-Yates
 * and Gonnet's Shift-And). The last place is the highest bit, whatever the row's length. */
#include "rules/outlines.h"

#include <string.h>

#include "base/mem.h"

enum { BLOCK_LANES = 64, VECTOR_BYTES = 32, LAST_PLACE = 0x80 };

/* Unaligned, as memory comes. */
typedef uint8_t vector __attribute__((vector_size(VECTOR_BYTES), aligned(16), may_alias));

struct block_lanes {
	vector v[BLOCK_LANES / VECTOR_BYTES];
};

struct block {
	struct block_lanes fits[SYMBOL_COUNT];
	struct block_lanes starts; /* the bit of each row's first place */
};

/* Lanes of which one must be there. */
struct choice {
	uint32_t first, count;
};

struct outlines {
	struct block *blocks;
	size_t block_count, lane_count;
	bool avx2;
	struct choice *choices;
	uint32_t *
		first_choice; /* of an outline: choices[first_choice[i]..first_choice[i + 1] - 1] */
	size_t count;
};

struct outlines_scratch {
	uint8_t *symbols;
	size_t size;
	uint64_t *seen; /* by block: bits of lanes */
};

/* All rows of a block, which stay in registers meanwhile. */
static inline __attribute__((always_inline)) void run(
	const struct block *b, const uint8_t *symbols, size_t n, struct block_lanes *seen)
{
	const vector starts0 = b->starts.v[0], starts1 = b->starts.v[1];
	vector places0 = { 0 }, places1 = { 0 }, seen0 = { 0 }, seen1 = { 0 };
	for (size_t i = 0; i < n; i++) {
		const struct block_lanes *fits = &b->fits[symbols[i]];
		places0 = ((places0 + places0) | starts0) & fits->v[0];
		places1 = ((places1 + places1) | starts1) & fits->v[1];
		seen0 |= places0;
		seen1 |= places1;
	}
	seen->v[0] = seen0;
	seen->v[1] = seen1;
}

static void run_plain(
	const struct block *b, const uint8_t *symbols, size_t n, struct block_lanes *seen)
{
	run(b, symbols, n, seen);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void run_avx2(
	const struct block *b, const uint8_t *symbols, size_t n, struct block_lanes *seen)
{
	run(b, symbols, n, seen);
}

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}
#else
static void run_avx2(
	const struct block *b, const uint8_t *symbols, size_t n, struct block_lanes *seen)
{
	run(b, symbols, n, seen);
}

static bool has_avx2(void)
{
	return false;
}
#endif

static void add_row(struct outlines *o, const struct outline_row *row)
{
	struct block *b = &o->blocks[o->lane_count / BLOCK_LANES];
	size_t lane = o->lane_count++ % BLOCK_LANES;
	for (size_t i = 0; i < row->count; i++) {
		unsigned bit = LAST_PLACE >> (row->count - 1 - i);
		for (unsigned s = 0; s < SYMBOL_COUNT; s++) {
			if (row->sets[i].bits[s / 64] >> s % 64 & 1)
				((uint8_t *)&b->fits[s])[lane] |= (uint8_t)bit;
		}
	}
	((uint8_t *)&b->starts)[lane] = (uint8_t)(LAST_PLACE >> (row->count - 1));
}

static void add_outline(struct outlines *o, const struct outline *outline, uint32_t *choice)
{
	for (size_t i = 0; i < outline->piece_count; i++) {
		const struct outline_piece *p = &outline->pieces[i];
		o->choices[(*choice)++] = (struct choice){ (uint32_t)o->lane_count,
			(uint32_t)p->count };
		for (size_t j = 0; j < p->count; j++)
			add_row(o, &p->rows[j]);
	}
}

struct outlines *outlines_create(const struct outline *list, size_t count)
{
	size_t lanes = 0, choices = 0;
	uint32_t choice = 0;
	if (count == 0)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		choices += list[i].piece_count;
		for (size_t j = 0; j < list[i].piece_count; j++)
			lanes += list[i].pieces[j].count;
	}
	struct outlines *o = mem_zero(1, sizeof *o);
	o->count = count;
	o->avx2 = has_avx2();
	o->block_count = (lanes + BLOCK_LANES - 1) / BLOCK_LANES;
	o->blocks = mem_zero(o->block_count, sizeof *o->blocks);
	o->choices = mem_zero(choices, sizeof *o->choices);
	o->first_choice = mem_zero(count + 1, sizeof *o->first_choice);
	for (size_t i = 0; i < count; i++) {
		add_outline(o, &list[i], &choice);
		o->first_choice[i + 1] = choice;
	}
	return o;
}

void outlines_destroy(struct outlines *o)
{
	if (!o)
		return;
	mem_free(o->blocks);
	mem_free(o->choices);
	mem_free(o->first_choice);
	mem_free(o);
}

struct outlines_scratch *outlines_scratch_create(const struct outlines *o)
{
	struct outlines_scratch *s = mem_zero(1, sizeof *s);
	s->seen = mem_zero(o->block_count, sizeof *s->seen);
	return s;
}

void outlines_scratch_destroy(struct outlines_scratch *s)
{
	if (!s)
		return;
	mem_free(s->symbols);
	mem_free(s->seen);
	mem_free(s);
}

static uint64_t last_places(const struct block_lanes *seen)
{
	uint64_t bits = 0;
	for (size_t i = 0; i < BLOCK_LANES / 8; i++) {
		uint64_t eight; /* the highest bits of its bytes, gathered by a multiplication */
		memcpy(&eight, (const char *)seen + i * 8, sizeof eight);
		eight = (eight >> 7 & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080);
		bits |= (eight >> 56) << i * 8;
	}
	return bits;
}

static bool any_of(const uint64_t *seen, struct choice c)
{
	for (uint32_t i = c.first; i < c.first + c.count; i++) {
		if (seen[i / BLOCK_LANES] >> i % BLOCK_LANES & 1)
			return true;
	}
	return false;
}

void outlines_find(const struct outlines *o, struct outlines_scratch *s, struct str text,
	void (*found)(void *ctx, uint32_t id), void *ctx)
{
	if (s->size < text.n + 2) {
		s->size = text.n * 2 + 2;
		s->symbols = mem_resize(s->symbols, s->size, 1);
	}
	size_t n = outline_symbols(text, s->symbols);
	for (size_t i = 0; i < o->block_count; i++) {
		struct block_lanes seen;
		(o->avx2 ? run_avx2 : run_plain)(&o->blocks[i], s->symbols, n, &seen);
		s->seen[i] = last_places(&seen);
	}
	for (uint32_t id = 0; id < o->count; id++) {
		bool all = true;
		for (uint32_t i = o->first_choice[id]; i < o->first_choice[id + 1] && all; i++)
			all = any_of(s->seen, o->choices[i]);
		if (all)
			found(ctx, id);
	}
}
