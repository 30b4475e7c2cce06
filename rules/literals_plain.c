/* Each place of the text asks a table, by the two bytes that stand there, which literals could
 * begin here, and compares those. */
#include "rules/literals.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

enum { PAIRS = 1 << 16, SINGLES = 1 << 8 };

#define NO_LITERAL UINT32_MAX

struct entry {
	struct str text;
	uint32_t next; /* in literals::by_pair or by_byte: the next with this beginning */
};

struct literals {
	uint32_t by_pair[PAIRS]; /* of two bytes and more */
	uint32_t by_byte[SINGLES]; /* of one byte */
	struct entry *entries;
	char *bytes;
};

struct literals_scratch {
	char unused;
};

static unsigned byte_at(struct str s, size_t i)
{
	return (unsigned char)s.p[i];
}

static uint32_t *bucket(struct literals *l, struct str text)
{
	if (text.n == 1)
		return &l->by_byte[byte_at(text, 0)];
	return &l->by_pair[byte_at(text, 0) << 8 | byte_at(text, 1)];
}

struct literals *literals_create(const struct str *list, size_t count)
{
	size_t total = 0, at = 0;
	if (count >= NO_LITERAL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		total += list[i].n;
	struct literals *l = mem_alloc(sizeof *l);
	memset(l->by_pair, 0xFF, sizeof l->by_pair);
	memset(l->by_byte, 0xFF, sizeof l->by_byte);
	l->entries = mem_zero(count, sizeof *l->entries);
	l->bytes = mem_alloc(total + 1);
	for (size_t i = count; i-- > 0;) {
		assert(list[i].n > 0 && str_find_char(list[i], '\0') == SIZE_MAX);
		uint32_t *first = bucket(l, list[i]);
		memcpy(l->bytes + at, list[i].p, list[i].n);
		l->entries[i] = (struct entry){ { l->bytes + at, list[i].n }, *first };
		*first = (uint32_t)i;
		at += list[i].n;
	}
	return l;
}

void literals_destroy(struct literals *l)
{
	if (!l)
		return;
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

/* The rest of the text begins at `at`. */
static bool find_here(const struct literals *l, uint32_t id, struct str rest, size_t at,
	bool (*found)(void *ctx, uint32_t id, size_t to), void *ctx)
{
	for (; id != NO_LITERAL; id = l->entries[id].next) {
		struct str text = l->entries[id].text;
		if (str_starts(rest, text) && !found(ctx, id, at + text.n))
			return false;
	}
	return true;
}

void literals_find(const struct literals *l, struct literals_scratch *s, struct str text,
	bool (*found)(void *ctx, uint32_t id, size_t to), void *ctx)
{
	(void)s;
	for (size_t i = 0; i < text.n; i++) {
		struct str rest = str_slice(text, i, text.n);
		if (!find_here(l, l->by_byte[byte_at(text, i)], rest, i, found, ctx))
			return;
		if (rest.n < 2)
			return;
		unsigned pair = byte_at(text, i) << 8 | byte_at(text, i + 1);
		if (!find_here(l, l->by_pair[pair], rest, i, found, ctx))
			return;
	}
}
