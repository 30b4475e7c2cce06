#include "base/fold.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/fold_table.h"
#include "base/mem.h"
#include "base/utf8.h"

unsigned fold_class(uint32_t code_point)
{
	return fold_entry(code_point)->class & (FOLD_IDENTITY - 1);
}

uint32_t fold_compose(uint32_t a, uint32_t b)
{
	return fold_compose_characters(a, b);
}

size_t fold_code_point(uint32_t code_point, char out[FOLD_MAX_EXPANSION])
{
	const struct fold_entry *e = fold_entry(code_point);
	if (e->class & FOLD_IDENTITY)
		return utf8_write(code_point, out);
	if (e->n <= sizeof e->bytes) {
		memcpy(out, e->bytes, e->n);
		return e->n;
	}
	uint16_t at;
	memcpy(&at, e->bytes, sizeof at);
	memcpy(out, fold_overflow + at, e->n);
	return e->n;
}

/* Can this folded character join the one before it? All are three bytes long: vowels and
 * final consonants of Hangul, the voicing marks of kana. */
static bool may_compose(const char *p, size_t n)
{
	unsigned char a = (unsigned char)p[0], b = n > 1 ? (unsigned char)p[1] : 0;
	return n == 3 && ((a == 0xE1 && b >= 0x85 && b <= 0x87) || (a == 0xE3 && b == 0x82));
}

/* Where text before p[at] ends in a character that composes with the one at p[at], puts the
 * composed one in its place and returns true. All three are three bytes long. */
static bool compose_last(char *p, size_t at)
{
	uint32_t a, b;
	struct str all = { p, at + 3 };
	if (at < 3 || !utf8_read(all, at, &b) || utf8_read(all, at - 3, &a) != 3)
		return false;
	uint32_t whole = fold_compose_characters(a, b);
	if (whole)
		utf8_write(whole, p + at - 3);
	return whole != 0;
}

void fold_add(struct buf *out, struct str s)
{
	size_t first = out->n;
	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		char folded[FOLD_MAX_EXPANSION];
		size_t step = utf8_read(s, i, &c);
		size_t n = fold_code_point(c, folded);
		buf_add(out, (struct str){ folded, n });
		if (may_compose(folded, n) && !out->full && out->n - n >= first + 3 &&
			compose_last(out->p, out->n - n))
			out->n -= n;
		i += step ? step : 1;
	}
}

void folded_init(struct folded *f)
{
	*f = (struct folded){ 0 };
}

void folded_finish(struct folded *f)
{
	mem_free(f->memory);
	mem_free(f->from);
	*f = (struct folded){ 0 };
}

static void make_room(struct folded *f, size_t size)
{
	if (size <= f->size)
		return;
	size_t grown = f->size * 2 > size ? f->size * 2 : size;
	f->memory = mem_resize(f->memory, grown + 2 * FOLD_PAD_BYTES, 1);
	f->from = mem_resize(f->from, grown + 1, sizeof *f->from);
	memset(f->memory, ' ', FOLD_PAD_BYTES);
	f->p = f->memory + FOLD_PAD_BYTES;
	f->size = grown;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte is the lowest");

/* Upper-case ASCII letters among eight bytes to lower case. */
static uint64_t lower_eight(uint64_t v)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones * 0x80;
	uint64_t low = v & ~high;
	uint64_t from_a = low + ones * (0x80 - 'A'), past_z = low + ones * (0x80 - 'Z' - 1);
	return v | (from_a & ~past_z & ~v & high) >> 2;
}

/* Folds the plain ASCII from text byte i on, eight bytes a step. Returns where to go on: at a byte
 * that is none, or near the end. */
static size_t fold_ascii(struct folded *f, struct str s, size_t i)
{
	enum { STEP = 8 };
	size_t plain = STEP;
	while (plain == STEP && s.n - i >= STEP) {
		uint64_t v;
		memcpy(&v, s.p + i, STEP);
		uint64_t other = v & UINT64_C(0x8080808080808080), low = lower_eight(v);
		plain = other ? (size_t)__builtin_ctzll(other) / 8 : STEP;
		memcpy(f->p + f->n, &low, STEP);
		for (size_t j = 0; j < STEP; j++)
			f->from[f->n + j] = (uint32_t)(i + j);
		i += plain;
		f->n += plain;
	}
	return i;
}

void folded_set(struct folded *f, struct str s)
{
	if (s.n > FOLD_MAX_BYTES)
		s.n = utf8_floor(s, FOLD_MAX_BYTES);
	f->n = 0;
	make_room(f, s.n + FOLD_MAX_EXPANSION);
	for (size_t i = 0; (i = fold_ascii(f, s, i)) < s.n;) {
		unsigned char a = (unsigned char)s.p[i];
		if (a < 0x80) {
			f->from[f->n] = (uint32_t)i;
			f->p[f->n++] = (char)(a >= 'A' && a <= 'Z' ? a | 0x20 : a);
			i++;
		} else {
			uint32_t c;
			size_t step = utf8_read(s, i, &c);
			size_t n = fold_code_point(c, f->p + f->n);
			for (size_t j = 0; j < n; j++)
				f->from[f->n + j] = (uint32_t)i;
			if (!may_compose(f->p + f->n, n) || !compose_last(f->p, f->n))
				f->n += n;
			i += step ? step : 1;
		}
		if (f->n + FOLD_MAX_EXPANSION + (s.n - i) > f->size)
			make_room(f, f->n + FOLD_MAX_EXPANSION + (s.n - i));
	}
	memset(f->p + f->n, ' ', FOLD_PAD_BYTES);
	f->from[f->n] = (uint32_t)s.n;
}

void folded_span(
	const struct folded *f, size_t from, size_t to, uint32_t *text_from, uint32_t *text_to)
{
	assert(from < to && to <= f->n);
	*text_from = f->from[from];
	uint32_t last = f->from[to - 1];
	while (to < f->n && f->from[to] == last)
		to++;
	*text_to = f->from[to];
}

static int by_code_point(const void *key, const void *entry)
{
	uint32_t a = *(const uint32_t *)key, b = ((const struct fold_canonical *)entry)->code_point;
	return (a > b) - (a < b);
}

/* Reads on in a text as a sequence of canonically decomposed characters. */
struct letters {
	struct str s;
	size_t at;
	uint32_t parts[4];
	size_t part, part_count;
};

static void decompose(struct letters *l, uint32_t c)
{
	l->part = 0;
	l->part_count = 1;
	l->parts[0] = c;
	if (c >= 0xAC00 && c <= 0xD7A3) {
		uint32_t index = c - 0xAC00, final = index % 28;
		l->parts[0] = 0x1100 + index / (21 * 28);
		l->parts[1] = 0x1161 + index % (21 * 28) / 28;
		l->parts[2] = 0x11A7 + final;
		l->part_count = final ? 3 : 2;
		return;
	}
	const struct fold_canonical *e = c < 0xC0
		? NULL
		: bsearch(&c, fold_canonical, fold_canonical_count, sizeof *fold_canonical,
			  by_code_point);
	if (!e)
		return;
	memcpy(l->parts, e->parts, sizeof l->parts);
	while (l->part_count < 4 && l->parts[l->part_count])
		l->part_count++;
}

/* The next one, or 0 at the end. */
static uint32_t next_letter(struct letters *l)
{
	while (l->part == l->part_count) {
		uint32_t c;
		if (l->at >= l->s.n)
			return 0;
		size_t n = utf8_read(l->s, l->at, &c);
		l->at += n ? n : 1;
		if (!(fold_entry(c)->class & FOLD_IGNORABLE))
			decompose(l, c);
	}
	return l->parts[l->part++];
}

bool fold_same_letters(struct str a, struct str b)
{
	struct letters left = { .s = a }, right = { .s = b };
	for (;;) {
		uint32_t x = next_letter(&left), y = next_letter(&right);
		if (x != y)
			return false;
		if (x == 0)
			return true;
	}
}
