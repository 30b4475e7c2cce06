#include "rules/text/alike.h"

#include <assert.h>
#include <string.h>

#include "base/fold.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "rules/text/alike_parts.h"
#include "rules/text/word_mask.h"

enum {
	EDGE_POWER = 16, /* bits by the hash of three bytes: 2^EDGE_POWER */
	LENGTHS = 32, /* longer words count as the longest */
	ANY_LENGTH = 0,
	KEY_BYTES = 8,
	EDITS = 3, /* the bits of alike::edits that are a number */
	NO_GATE = 4,
};

struct alike {
	struct alike_entry *entries;
	uint8_t *letter_counts; /* by entry, of ALIKE_EDITED */
	uint64_t *heads, *tails; /* a bit by the first and the last three bytes; NULL: none */
	uint8_t *edits; /* by first byte and length: how many a word may have, 0 to 2, and NO_GATE;
			   NULL: none */
	uint64_t *gate_heads, *gate_tails; /* of one edit: a bit by the first three bytes, and by
					      the first and the last three */
	uint8_t head_lengths, tail_lengths; /* bit n - 1: some have n bytes, KEY_BYTES or more */
	struct alike_keys begins, ends, edited;
};

/* --- a first glance at a word --- */

static inline uint64_t load(const char *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

static inline size_t edge_of(uint64_t three)
{
	return (uint32_t)three * UINT32_C(0x9E3779B1) >> (32 - EDGE_POWER);
}

static inline bool edge_has(const uint64_t *bits, uint64_t three)
{
	size_t i = edge_of(three);
	return bits[i >> 6] >> (i & 63) & 1;
}

static void edge_add(uint64_t *bits, uint64_t three)
{
	size_t i = edge_of(three);
	bits[i >> 6] |= (uint64_t)1 << (i & 63);
}

static inline size_t length_of(char first, size_t letters)
{
	letters = letters < LENGTHS ? letters : LENGTHS - 1;
	return (unsigned char)first * (size_t)LENGTHS + letters;
}

static inline uint64_t first_and_last(const char *p, size_t n)
{
	return (load(p) & 0xFF) ^ load(p + n - 8) >> 40 << 8;
}

/* One edit leaves the first or the last three letters of a word alone. */
static inline bool glance_edited(const struct alike *a, const char *p, size_t n, bool ascii)
{
	unsigned edits = a->edits[length_of(*p, ascii ? n : ANY_LENGTH)];
	if (edits == 0 || edits & NO_GATE || !ascii)
		return edits != 0;
	return edge_has(a->gate_heads, load(p) & 0xFFFFFF) ||
		edge_has(a->gate_tails, first_and_last(p, n));
}

/* May the word be like any? ascii: it is known to have no other letters. */
static inline bool glance(const struct alike *a, const char *p, size_t n, bool ascii)
{
	return (a->heads && edge_has(a->heads, load(p) & 0xFFFFFF)) ||
		(a->tails && edge_has(a->tails, load(p + n - 8) >> 40)) ||
		(a->edits && glance_edited(a, p, n, ascii));
}

/* --- building --- */

static uint64_t head_key(struct str s)
{
	char bytes[KEY_BYTES] = { 0 };
	memcpy(bytes, s.p, s.n < KEY_BYTES ? s.n : KEY_BYTES);
	return load(bytes);
}

static uint64_t tail_key(struct str s)
{
	char bytes[KEY_BYTES] = { 0 };
	size_t n = s.n < KEY_BYTES ? s.n : KEY_BYTES;
	memcpy(bytes + KEY_BYTES - n, s.p + s.n - n, n);
	return load(bytes);
}

static uint8_t length_bit(size_t n)
{
	return (uint8_t)(1u << ((n < KEY_BYTES ? n : KEY_BYTES) - 1));
}

static void add_begins(struct alike *a, struct str letters, uint32_t index)
{
	uint64_t key = head_key(letters);
	alike_keys_add(&a->begins, key, index);
	a->head_lengths |= length_bit(letters.n);
	for (uint64_t c = 0; c < 256 && letters.n == 2; c++)
		edge_add(a->heads, key | c << 16); /* whatever the third byte */
	if (letters.n > 2)
		edge_add(a->heads, key & 0xFFFFFF);
}

static void add_ends(struct alike *a, struct str letters, uint32_t index)
{
	uint64_t key = tail_key(letters);
	alike_keys_add(&a->ends, key, index);
	a->tail_lengths |= length_bit(letters.n);
	for (uint64_t c = 0; c < 256 && letters.n == 2; c++)
		edge_add(a->tails, key >> 40 | c);
	if (letters.n > 2)
		edge_add(a->tails, key >> 40);
}

static void allow(struct alike *a, char first, size_t letters, unsigned edits)
{
	uint8_t *most = &a->edits[length_of(first, letters)];
	unsigned number = (*most & EDITS) > (edits & EDITS) ? *most & EDITS : edits & EDITS;
	*most = (uint8_t)(number | ((*most | edits) & NO_GATE));
}

static void gate_head(struct alike *a, char first, char second, char third)
{
	const char bytes[KEY_BYTES] = { first, second, third };
	edge_add(a->gate_heads, load(bytes));
}

/* What words within one edit of these ASCII letters begin and end with. An edit behind the first
 * three letters leaves those alone, one among them the last three; but two letters swapped may be
 * the third and the fourth, and of five letters the third is among the last three too. */
static void add_gate(struct alike *a, struct str letters)
{
	const char *p = letters.p;
	char bytes[KEY_BYTES] = { 0 };
	gate_head(a, p[0], p[1], p[2]);
	gate_head(a, p[0], p[1], p[3]);
	gate_head(a, p[0], p[2], p[1]);
	for (int c = 0; c < 0x80 && letters.n == 5; c++)
		gate_head(a, p[0], p[1], (char)c);
	memcpy(bytes, p + letters.n - 3, 3);
	edge_add(a->gate_tails, (unsigned char)p[0] ^ load(bytes) << 8);
}

struct forms {
	struct alike_keys *keys;
	uint32_t index;
};

static bool add_form(void *ctx, uint64_t key)
{
	const struct forms *f = ctx;
	alike_keys_add(f->keys, key, f->index);
	return true;
}

static void add_edited(struct alike *a, const struct alike_entry *e, uint32_t index)
{
	size_t letters = utf8_count(e->letters);
	struct forms f = { &a->edited, index };
	assert(e->edits >= 1 && e->edits <= ALIKE_MAX_EDITS);
	assert(letters > ALIKE_MAX_EDITS && letters <= ALIKE_MAX_LETTERS);
	alike_forms(e->letters, e->edits, add_form, &f);
	a->letter_counts[index] = (uint8_t)letters;
	bool gate = e->edits == 1 && letters == e->letters.n && letters >= 5;
	unsigned edits = e->edits | (gate ? 0 : NO_GATE);
	if (gate)
		add_gate(a, e->letters);
	allow(a, e->letters.p[0], ANY_LENGTH, edits);
	for (size_t n = letters - e->edits; n <= letters + e->edits; n++)
		allow(a, e->letters.p[0], n, edits);
}

static void count_entries(const struct alike_entry *entries, size_t count, size_t counts[])
{
	for (size_t i = 0; i < count; i++)
		counts[entries[i].kind] += entries[i].kind == ALIKE_EDITED ? ALIKE_MAX_FORMS : 1;
}

static void make_tables(struct alike *a, const size_t counts[])
{
	size_t edge_words = (size_t)1 << (EDGE_POWER - 6);
	if (counts[ALIKE_BEGINS])
		a->heads = mem_zero(edge_words, sizeof *a->heads);
	if (counts[ALIKE_ENDS])
		a->tails = mem_zero(edge_words, sizeof *a->tails);
	if (counts[ALIKE_EDITED]) {
		a->edits = mem_zero((size_t)256 * LENGTHS, sizeof *a->edits);
		a->gate_heads = mem_zero(edge_words, sizeof *a->gate_heads);
		a->gate_tails = mem_zero(edge_words, sizeof *a->gate_tails);
	}
	alike_keys_init(&a->begins, counts[ALIKE_BEGINS]);
	alike_keys_init(&a->ends, counts[ALIKE_ENDS]);
	alike_keys_init(&a->edited, counts[ALIKE_EDITED]);
}

struct alike *alike_create(const struct alike_entry *entries, size_t count)
{
	struct alike *a = mem_zero(1, sizeof *a);
	size_t counts[] = { [ALIKE_BEGINS] = 0, [ALIKE_ENDS] = 0, [ALIKE_EDITED] = 0 };
	count_entries(entries, count, counts);
	make_tables(a, counts);
	a->entries = mem_zero(count + 1, sizeof *a->entries);
	a->letter_counts = mem_zero(count + 1, sizeof *a->letter_counts);
	for (size_t i = 0; i < count; i++) {
		const struct alike_entry *e = &entries[i];
		assert(e->letters.n >= ALIKE_MIN_BYTES);
		a->entries[i] = *e;
		if (e->kind == ALIKE_BEGINS)
			add_begins(a, e->letters, (uint32_t)i);
		else if (e->kind == ALIKE_ENDS)
			add_ends(a, e->letters, (uint32_t)i);
		else
			add_edited(a, e, (uint32_t)i);
	}
	return a;
}

void alike_destroy(struct alike *a)
{
	if (!a)
		return;
	mem_free(a->entries);
	mem_free(a->letter_counts);
	mem_free(a->heads);
	mem_free(a->tails);
	mem_free(a->edits);
	mem_free(a->gate_heads);
	mem_free(a->gate_tails);
	alike_keys_finish(&a->begins);
	alike_keys_finish(&a->ends);
	alike_keys_finish(&a->edited);
	mem_free(a);
}

/* --- asking --- */

struct asking {
	const struct alike *alike;
	const char *p; /* the word, with padding */
	size_t n;
	bool ascii;
	bool (*found)(void *ctx, uint32_t id);
	void *ctx;
};

static bool is_like(const struct asking *q, const struct alike_entry *e)
{
	struct str word = { q->p, q->n };
	if (e->kind == ALIKE_BEGINS)
		return str_starts(word, e->letters);
	if (e->kind == ALIKE_ENDS)
		return str_ends(word, e->letters);
	size_t letters = q->alike->letter_counts[e - q->alike->entries];
	size_t has = q->ascii ? q->n : utf8_count(word);
	return letters <= has + e->edits && has <= letters + e->edits &&
		alike_edits(word, e->letters, e->edits) <= e->edits;
}

/* Returns whether to go on, like all that follows. */
static bool ask_links(const struct asking *q, const struct alike_keys *keys, uint32_t link)
{
	for (; link; link = keys->links[link].next) {
		const struct alike_entry *e = &q->alike->entries[keys->links[link].entry];
		if (is_like(q, e) && !q->found(q->ctx, e->id))
			return false;
	}
	return true;
}

static inline bool ask_key(const struct asking *q, const struct alike_keys *keys, uint64_t key)
{
	uint32_t link = alike_keys_first(keys, key);
	return link == 0 || ask_links(q, keys, link);
}

/* Bit n - 1 for each number of bytes that a word of n or more can give. */
static unsigned lengths_in(unsigned lengths, size_t n)
{
	return n < KEY_BYTES ? lengths & ((1u << n) - 1) : lengths;
}

static bool ask_begins(const struct asking *q)
{
	uint64_t head = load(q->p);
	unsigned lengths = lengths_in(q->alike->head_lengths, q->n);
	for (unsigned unused = 8 * KEY_BYTES - 8; lengths; lengths >>= 1, unused -= 8) {
		if (lengths & 1 && !ask_key(q, &q->alike->begins, head << unused >> unused))
			return false;
	}
	return true;
}

static bool ask_ends(const struct asking *q)
{
	uint64_t tail = load(q->p + q->n - KEY_BYTES);
	unsigned lengths = lengths_in(q->alike->tail_lengths, q->n);
	for (unsigned unused = 8 * KEY_BYTES - 8; lengths; lengths >>= 1, unused -= 8) {
		if (lengths & 1 && !ask_key(q, &q->alike->ends, tail >> unused << unused))
			return false;
	}
	return true;
}

static bool ask_form(void *ctx, uint64_t key)
{
	const struct asking *q = ctx;
	return ask_key(q, &q->alike->edited, key);
}

/* Letter i of a form, a byte each, left out. */
static uint64_t without(uint64_t form, size_t i)
{
	uint64_t kept = ((uint64_t)1 << 8 * i) - 1;
	return (form & kept) | (form >> 8 & ~kept);
}

/* alike_forms for ASCII, where a form fits a register. */
static bool ask_ascii_forms(const struct asking *q, unsigned edits)
{
	const struct alike_keys *keys = &q->alike->edited;
	size_t n = q->n < ALIKE_FORM_LETTERS ? q->n : ALIKE_FORM_LETTERS;
	unsigned unused = (unsigned)(KEY_BYTES - n) * 8;
	uint64_t form = load(q->p) << unused >> unused;
	if (!ask_key(q, keys, form))
		return false;
	for (size_t i = 1; i < n; i++) {
		uint64_t shorter = without(form, i);
		if (!ask_key(q, keys, shorter))
			return false;
		for (size_t j = i; edits > 1 && j + 1 < n; j++) {
			if (!ask_key(q, keys, without(shorter, j)))
				return false;
		}
	}
	return true;
}

static bool ask_edited(const struct asking *q)
{
	unsigned edits = q->alike->edits[length_of(*q->p, q->ascii ? q->n : ANY_LENGTH)];
	if (edits == 0 || !glance_edited(q->alike, q->p, q->n, q->ascii))
		return true;
	edits &= EDITS;
	if (q->ascii)
		return ask_ascii_forms(q, edits);
	return alike_forms((struct str){ q->p, q->n }, edits, ask_form, (void *)q);
}

static bool ask(const struct asking *q)
{
	const struct alike *a = q->alike;
	return (!a->heads || ask_begins(q)) && (!a->tails || ask_ends(q)) &&
		(!a->edits || ask_edited(q));
}

static bool is_ascii(struct str s)
{
	uint64_t all = 0;
	unsigned unused = s.n % 8 ? (unsigned)(8 - s.n % 8) * 8 : 0;
	for (size_t i = 0; i + 8 <= s.n; i += 8)
		all |= load(s.p + i);
	if (unused)
		all |= load(s.p + s.n - s.n % 8) << unused;
	return !(all & UINT64_C(0x8080808080808080));
}

void alike_find(
	const struct alike *a, struct str word, bool (*found)(void *ctx, uint32_t id), void *ctx)
{
	bool ascii = is_ascii(word);
	struct asking q = { a, word.p, word.n, ascii, found, ctx };
	if (word.n >= ALIKE_MIN_BYTES && glance(a, word.p, word.n, ascii))
		(void)ask(&q); /* whether it was stopped is the caller's to know */
}

static bool stop(void *ctx, uint32_t id)
{
	(void)ctx;
	(void)id;
	return false;
}

bool alike_has(const struct alike *a, struct str word)
{
	bool ascii = is_ascii(word);
	struct asking q = { a, word.p, word.n, ascii, stop, NULL };
	return word.n >= ALIKE_MIN_BYTES && glance(a, word.p, word.n, ascii) && !ask(&q);
}

/* Walks the edges of words, 64 bytes a step: an edge is a bit where being in a word changes. */
bool alike_any(const struct alike *a, const char *folded, size_t from, size_t to)
{
	uint64_t before = 0; /* was the last byte of the step before part of a word? */
	size_t start = from; /* of the word that reaches into this step */
	bool ascii = true; /* of what that word has so far */
	for (size_t at = from; at <= to; at += 64) {
		struct word_mask m = word_mask_64(folded + at);
		uint64_t word = to - at < 64 ? m.word & (((uint64_t)1 << (to - at)) - 1) : m.word;
		uint64_t starts = word & ~(word << 1 | before), ends = ~word & (word << 1 | before);
		bool plain = ascii && m.high == 0;
		for (; ends; ends &= ends - 1) {
			size_t end = at + (size_t)__builtin_ctzll(ends);
			if (!before) {
				start = at + (size_t)__builtin_ctzll(starts);
				starts &= starts - 1;
			}
			before = 0;
			if (glance(a, folded + start, end - start, plain) &&
				alike_has(a, str_slice((struct str){ folded, end }, start, end)))
				return true;
		}
		if (starts)
			start = at + (size_t)__builtin_ctzll(starts);
		before = word >> 63;
		ascii = m.high == 0 && (ascii || ~word);
	}
	return false;
}
