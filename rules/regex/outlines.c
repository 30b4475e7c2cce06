/* Each set of a row has a bit, which says that the text stands at that place of the row: one shift
 * and one AND with what the symbol fits moves all rows of a block a symbol on (Baeza-Yates and
 * Gonnet's Shift-And). What is shifted out of a row falls on the first place of the next, where
 * each text may stand anyway. */
#include "rules/regex/outlines.h"

#include <string.h>

#include "base/mem.h"

enum { VECTOR_WORDS = 4, BLOCK_WORDS = 8, WORD_BITS = 64, BLOCK_BITS = BLOCK_WORDS * WORD_BITS };

/* Aligned as memory comes. */
typedef uint64_t vector __attribute__((vector_size(VECTOR_WORDS * 8), aligned(16), may_alias));

struct bits {
	vector v[BLOCK_WORDS / VECTOR_WORDS];
};

struct block {
	struct bits fits[SYMBOL_COUNT];
	struct bits starts, ends; /* the first and last places */
};

/* What the last place of a row is for. */
struct use {
	uint32_t outline;
	uint32_t piece; /* its bit */
};

struct outlines {
	struct block *blocks;
	size_t block_count, bit_count;
	struct use *uses; /* by bit */
	uint32_t *wanted; /* by outline: the bits of all of its pieces */
	size_t count;
	void (*run)(const struct block *b, const uint8_t *symbols, size_t n, struct bits *seen);
};

struct outlines_scratch {
	uint8_t *symbols;
	size_t size;
	uint32_t *seen; /* by outline: bits of pieces; 0 between two searches */
	uint32_t *touched; /* the outlines of which one piece was seen */
};

/* --- the loop --- */

/* All rows of a block, which stay in registers meanwhile. */
static inline __attribute__((always_inline)) void run(
	const struct block *b, const uint8_t *symbols, size_t n, struct bits *seen)
{
	const vector starts0 = b->starts.v[0], starts1 = b->starts.v[1];
	vector places0 = { 0 }, places1 = { 0 }, seen0 = { 0 }, seen1 = { 0 };
	for (size_t i = 0; i < n; i++) {
		const struct bits *fits = &b->fits[symbols[i]];
		places0 = (places0 << 1 | starts0) & fits->v[0];
		places1 = (places1 << 1 | starts1) & fits->v[1];
		seen0 |= places0;
		seen1 |= places1;
	}
	seen->v[0] = seen0 & b->ends.v[0];
	seen->v[1] = seen1 & b->ends.v[1];
}

static void run_plain(const struct block *b, const uint8_t *symbols, size_t n, struct bits *seen)
{
	run(b, symbols, n, seen);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void run_avx2(
	const struct block *b, const uint8_t *symbols, size_t n, struct bits *seen)
{
	run(b, symbols, n, seen);
}

static void choose_fastest(struct outlines *o)
{
	if (__builtin_cpu_supports("avx2"))
		o->run = run_avx2;
}
#else
static void choose_fastest(struct outlines *o)
{
	(void)o; /* the plain one */
}
#endif

/* --- building --- */

static void set_bit(struct bits *bits, size_t bit)
{
	uint64_t word;
	char *at = (char *)bits + bit / WORD_BITS * sizeof word;
	memcpy(&word, at, sizeof word);
	word |= (uint64_t)1 << bit % WORD_BITS;
	memcpy(at, &word, sizeof word);
}

/* A row does not go from one word to the next. Returns its last bit. */
static size_t add_row(struct outlines *o, const struct outline_row *row)
{
	size_t left = WORD_BITS - o->bit_count % WORD_BITS;
	size_t first = o->bit_count + (left < row->count ? left : 0);
	struct block *b = &o->blocks[first / BLOCK_BITS];
	for (size_t i = 0; i < row->count; i++) {
		for (unsigned s = 0; s < SYMBOL_COUNT; s++) {
			if (row->sets[i].bits[s / 64] >> s % 64 & 1)
				set_bit(&b->fits[s], (first + i) % BLOCK_BITS);
		}
	}
	o->bit_count = first + row->count;
	set_bit(&b->starts, first % BLOCK_BITS);
	set_bit(&b->ends, (o->bit_count - 1) % BLOCK_BITS);
	return o->bit_count - 1;
}

static void add_outline(struct outlines *o, const struct outline *outline, uint32_t id)
{
	for (size_t i = 0; i < outline->piece_count; i++) {
		const struct outline_piece *p = &outline->pieces[i];
		o->wanted[id] |= (uint32_t)1 << i;
		for (size_t j = 0; j < p->count; j++)
			o->uses[add_row(o, &p->rows[j])] = (struct use){ id, (uint32_t)1 << i };
	}
}

/* Of each word less than a row may be left. */
static size_t blocks_for(const struct outline *list, size_t count)
{
	size_t bits = 0;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < list[i].piece_count; j++) {
			const struct outline_piece *p = &list[i].pieces[j];
			for (size_t k = 0; k < p->count; k++)
				bits += p->rows[k].count;
		}
	}
	return bits / ((WORD_BITS - OUTLINE_MAX_SETS) * BLOCK_WORDS) + 1;
}

struct outlines *outlines_create(
	const struct outline *list, size_t count, enum outlines_kernel_choice kernel)
{
	if (count == 0)
		return NULL;
	struct outlines *o = mem_zero(1, sizeof *o);
	o->count = count;
	o->block_count = blocks_for(list, count);
	o->blocks = mem_zero(o->block_count, sizeof *o->blocks);
	o->uses = mem_zero(o->block_count * BLOCK_BITS, sizeof *o->uses);
	o->wanted = mem_zero(count, sizeof *o->wanted);
	for (size_t i = 0; i < count; i++)
		add_outline(o, &list[i], (uint32_t)i);
	o->run = run_plain;
	if (kernel == OUTLINES_FASTEST)
		choose_fastest(o);
	return o;
}

void outlines_destroy(struct outlines *o)
{
	if (!o)
		return;
	mem_free(o->blocks);
	mem_free(o->uses);
	mem_free(o->wanted);
	mem_free(o);
}

struct outlines_scratch *outlines_scratch_create(const struct outlines *o)
{
	struct outlines_scratch *s = mem_zero(1, sizeof *s);
	s->seen = mem_zero(o->count, sizeof *s->seen);
	s->touched = mem_zero(o->count, sizeof *s->touched);
	return s;
}

void outlines_scratch_destroy(struct outlines_scratch *s)
{
	if (!s)
		return;
	mem_free(s->symbols);
	mem_free(s->seen);
	mem_free(s->touched);
	mem_free(s);
}

/* --- searching --- */

/* Notes of which pieces the last places of a block are. */
static size_t note(const struct outlines *o, struct outlines_scratch *s, size_t block,
	const struct bits *last, size_t touched_count)
{
	uint64_t words[BLOCK_WORDS];
	const struct use *uses = o->uses + block * BLOCK_BITS;
	memcpy(words, last, sizeof words);
	for (size_t i = 0; i < BLOCK_WORDS; i++, uses += WORD_BITS) {
		for (uint64_t left = words[i]; left; left &= left - 1) {
			const struct use *use = &uses[__builtin_ctzll(left)];
			uint32_t *seen = &s->seen[use->outline];
			if (*seen == 0)
				s->touched[touched_count++] = use->outline;
			*seen |= use->piece;
		}
	}
	return touched_count;
}

void outlines_find(const struct outlines *o, struct outlines_scratch *s, struct str text,
	void (*found)(void *ctx, uint32_t id), void *ctx)
{
	size_t touched_count = 0;
	if (s->size < text.n + OUTLINE_SPARE_SYMBOLS) {
		s->size = text.n * 2 + OUTLINE_SPARE_SYMBOLS;
		s->symbols = mem_resize(s->symbols, s->size, 1);
	}
	size_t n = outline_symbols(text, s->symbols);
	for (size_t i = 0; i < o->block_count; i++) {
		struct bits last;
		o->run(&o->blocks[i], s->symbols, n, &last);
		touched_count = note(o, s, i, &last, touched_count);
	}
	for (size_t i = 0; i < touched_count; i++) {
		uint32_t id = s->touched[i], seen = s->seen[id];
		s->seen[id] = 0;
		if (seen == o->wanted[id])
			found(ctx, id);
	}
}
