/* Of each literal the rarest four bytes, or all of a shorter one, are its gram. Each place of the
 * text asks one bit, by a hash of the bytes that stand there, whether a gram may begin here; few
 * do. A table then leads from the gram to its literals, which are compared. */
#include "rules/regex/literals.h"

#include <assert.h>
#include <string.h>

#include "base/fold.h"
#include "base/mem.h"

enum {
	GRAM_BYTES = 4,
	BITS_A_GRAM = 32,
	MIN_BIT_POWER = 10,
	MAX_BIT_POWER = 18, /* what the first-level cache holds */
};

#define NO_LITERAL UINT32_MAX

struct entry {
	struct str text;
	size_t gram_at; /* in the text */
	uint32_t next; /* in literals::entries: the next of the same gram */
};

struct gram {
	uint32_t key; /* 0: none */
	uint32_t first; /* in literals::entries */
};

struct literals {
	uint64_t *bits; /* 2^bit_power */
	struct gram *grams; /* 2^gram_power */
	unsigned bit_power, gram_power;
	bool lengths[GRAM_BYTES + 1]; /* grams of so many bytes are there */
	struct entry *entries;
	size_t count;
	char *bytes;
};

struct literals_scratch {
	char unused;
};

/* Four bytes as a number; what a shorter gram does not hold is shifted out (key_of). No literal
 * holds a NUL, so that keys of different lengths differ. */
static inline uint32_t load(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline uint32_t key_of(uint32_t bytes, size_t n)
{
	return bytes << 8 * (GRAM_BYTES - n);
}

static inline uint32_t hash(uint32_t key)
{
	return (key ^ key >> 15) * UINT32_C(0x9E3779B1);
}

static inline unsigned bit(const struct literals *l, uint32_t key)
{
	uint32_t i = hash(key) >> (32 - l->bit_power);
	return (unsigned)(l->bits[i >> 6] >> (i & 63) & 1);
}

/* --- building --- */

static unsigned rarity(char c)
{
	static const struct str often = { "eaisntrulo ", 11 }, seldom = { "bfgqvy", 6 },
				never = { "jkwxz", 5 };
	if (!fold_is_word(c) && c != ' ')
		return 5;
	return str_find_char(often, c) != SIZE_MAX		     ? 1
		: str_find_char(seldom, c) != SIZE_MAX		     ? 3
		: str_find_char(never, c) != SIZE_MAX		     ? 4
		: (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') ? 4
								     : 2;
}

static size_t rarest_gram(struct str s)
{
	size_t best = 0;
	unsigned most = 0;
	for (size_t i = 0; i + GRAM_BYTES <= s.n; i++) {
		unsigned sum = 0;
		for (size_t j = 0; j < GRAM_BYTES; j++)
			sum += rarity(s.p[i + j]);
		if (sum > most) {
			most = sum;
			best = i;
		}
	}
	return best;
}

static struct gram *gram_of(const struct literals *l, uint32_t key)
{
	size_t mask = ((size_t)1 << l->gram_power) - 1, i = hash(key) >> (32 - l->gram_power);
	while (l->grams[i].key && l->grams[i].key != key)
		i = (i + 1) & mask;
	return &l->grams[i];
}

static void add(struct literals *l, size_t id)
{
	struct entry *e = &l->entries[id];
	char padded[GRAM_BYTES] = { 0 };
	size_t n = e->text.n < GRAM_BYTES ? e->text.n : GRAM_BYTES;
	e->gram_at = rarest_gram(e->text);
	memcpy(padded, e->text.p + e->gram_at, n);
	uint32_t key = key_of(load(padded), n), i = hash(key) >> (32 - l->bit_power);
	struct gram *gram = gram_of(l, key);
	l->bits[i >> 6] |= (uint64_t)1 << (i & 63);
	l->lengths[n] = true;
	e->next = gram->key ? gram->first : NO_LITERAL;
	*gram = (struct gram){ key, (uint32_t)id };
}

static unsigned power_for(size_t n, unsigned least, unsigned most)
{
	unsigned power = least;
	while (power < most && ((size_t)1 << power) < n)
		power++;
	return power;
}

struct literals *literals_create(const struct str *list, size_t count)
{
	enum { MAX_LITERALS = 1 << 28 };
	size_t total = 0, at = 0;
	if (count > MAX_LITERALS)
		return NULL;
	for (size_t i = 0; i < count; i++)
		total += list[i].n;
	struct literals *l = mem_zero(1, sizeof *l);
	l->count = count;
	l->bit_power = power_for(count * BITS_A_GRAM, MIN_BIT_POWER, MAX_BIT_POWER);
	l->gram_power = power_for(count * 2 + 2, 4, 30);
	l->bits = mem_zero((size_t)1 << (l->bit_power - 6), sizeof *l->bits);
	l->grams = mem_zero((size_t)1 << l->gram_power, sizeof *l->grams);
	l->entries = mem_zero(count + 1, sizeof *l->entries);
	l->bytes = mem_alloc(total + 1);
	for (size_t i = 0; i < count; i++) {
		assert(list[i].n > 0 && str_find_char(list[i], '\0') == SIZE_MAX);
		memcpy(l->bytes + at, list[i].p, list[i].n);
		l->entries[i].text = (struct str){ l->bytes + at, list[i].n };
		at += list[i].n;
		add(l, i);
	}
	return l;
}

void literals_destroy(struct literals *l)
{
	if (!l)
		return;
	mem_free(l->bits);
	mem_free(l->grams);
	mem_free(l->entries);
	mem_free(l->bytes);
	mem_free(l);
}

struct literals_scratch *literals_scratch_create(const struct literals *l)
{
	(void)l;
	return mem_zero(1, sizeof(struct literals_scratch));
}

void literals_scratch_destroy(struct literals_scratch *s)
{
	mem_free(s);
}

/* --- searching --- */

struct search {
	const struct literals *l;
	struct str text;
	bool (*found)(void *ctx, uint32_t id, size_t to);
	void *ctx;
};

/* Compares the literals of a gram that may stand at `at`. */
static bool compare(const struct search *x, size_t at, uint32_t key)
{
	const struct gram *gram = gram_of(x->l, key);
	uint32_t id = gram->key && key ? gram->first : NO_LITERAL;
	for (; id != NO_LITERAL; id = x->l->entries[id].next) {
		const struct entry *e = &x->l->entries[id];
		size_t from = at - e->gram_at;
		if (at < e->gram_at || x->text.n - from < e->text.n ||
			memcmp(x->text.p + from, e->text.p, e->text.n) != 0)
			continue;
		if (!x->found(x->ctx, id, from + e->text.n))
			return false;
	}
	return true;
}

/* All grams that may begin with these four bytes. */
static bool ask(const struct search *x, size_t at, uint32_t bytes)
{
	for (size_t n = 1; n <= GRAM_BYTES; n++) {
		uint32_t key = key_of(bytes, n);
		if (x->l->lengths[n] && bit(x->l, key) && !compare(x, at, key))
			return false;
	}
	return true;
}

void literals_find(const struct literals *l, struct literals_scratch *s, struct str text,
	bool (*found)(void *ctx, uint32_t id, size_t to), void *ctx)
{
	struct search x = { l, text, found, ctx };
	bool shorter = l->lengths[1] || l->lengths[2];
	size_t i = 0;
	(void)s;
	if (l->count == 0)
		return;
	for (; i + GRAM_BYTES <= text.n; i++) {
		uint32_t bytes = load(text.p + i);
		unsigned may_begin = bit(l, bytes) | bit(l, key_of(bytes, 3));
		if (shorter)
			may_begin = may_begin | bit(l, key_of(bytes, 2)) | bit(l, key_of(bytes, 1));
		if (may_begin && !ask(&x, i, bytes))
			return;
	}
	for (; i < text.n; i++) {
		char padded[GRAM_BYTES] = { 0 };
		memcpy(padded, text.p + i, text.n - i);
		if (!ask(&x, i, load(padded)))
			return;
	}
}
