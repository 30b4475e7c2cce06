#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "rules/text/alike.h"
#include "rules/text/alike_parts.h"

/* The beginning of a word, letter by letter. */
struct beginning {
	char bytes[ALIKE_FORM_LETTERS][UTF8_MAX_BYTES];
	size_t sizes[ALIKE_FORM_LETTERS];
	size_t count;
};

static struct beginning beginning_of(struct str word)
{
	struct beginning b = { .count = 0 };
	for (size_t i = 0; i < word.n && b.count < ALIKE_FORM_LETTERS; b.count++) {
		uint32_t c;
		size_t n = utf8_read(word, i, &c);
		n = n ? n : 1;
		memcpy(b.bytes[b.count], word.p + i, n);
		b.sizes[b.count] = n;
		i += n;
	}
	return b;
}

/* Of all letters but the two at these places; SIZE_MAX is no place. */
static uint64_t form_of(const struct beginning *b, size_t without, size_t or_without)
{
	char bytes[(ALIKE_FORM_LETTERS + 1) * UTF8_MAX_BYTES] = { 0 };
	uint64_t key = 0, part;
	size_t n = 0;
	for (size_t i = 0; i < b->count; i++) {
		if (i == without || i == or_without)
			continue;
		memcpy(bytes + n, b->bytes[i], b->sizes[i]);
		n += b->sizes[i];
	}
	for (size_t i = 0; i == 0 || i < n; i += sizeof part) {
		memcpy(&part, bytes + i, sizeof part);
		key = key * UINT64_C(0x9E3779B97F4A7C15) ^ part;
	}
	return key;
}

bool alike_forms(struct str word, unsigned edits, bool (*form)(void *ctx, uint64_t key), void *ctx)
{
	const struct beginning b = beginning_of(word);
	if (!form(ctx, form_of(&b, SIZE_MAX, SIZE_MAX)))
		return false;
	for (size_t i = 1; i < b.count; i++) {
		if (!form(ctx, form_of(&b, i, SIZE_MAX)))
			return false;
		for (size_t j = i + 1; edits > 1 && j < b.count; j++) {
			if (!form(ctx, form_of(&b, i, j)))
				return false;
		}
	}
	return true;
}

enum { MAX_LETTERS = ALIKE_MAX_LETTERS + ALIKE_MAX_EDITS };

static size_t letters_of(struct str s, uint32_t letters[MAX_LETTERS])
{
	size_t count = 0;
	for (size_t i = 0; i < s.n; count++) {
		assert(count < MAX_LETTERS);
		size_t n = 1;
		letters[count] = (unsigned char)s.p[i];
		if (letters[count] >= 0x80)
			n = utf8_read(s, i, &letters[count]);
		i += n ? n : 1;
	}
	return count;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Row by row of the table of distances between beginnings; `before` and `last` are the two rows
 * above. Only a band beside the diagonal can be small enough: what is outside counts as too much.
 */
static unsigned distance(const uint32_t *x, size_t m, const uint32_t *y, size_t n, unsigned most)
{
	unsigned rows[3][MAX_LETTERS + 2];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2], much = most + 1;
	for (size_t j = 0; j <= n + 1; j++) {
		before[j] = row[j] = much;
		last[j] = least((unsigned)j, much);
	}
	for (size_t i = 1; i <= m; i++) {
		size_t from = i > most ? i - most : 1, to = i + most < n ? i + most : n;
		row[from - 1] = from == 1 ? least((unsigned)i, much) : much;
		for (size_t j = from; j <= to; j++) {
			row[j] = least(least(last[j], row[j - 1]) + 1, much);
			row[j] = least(row[j], last[j - 1] + (x[i - 1] != y[j - 1]));
			if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		row[to + 1] = much;
		unsigned *above = before;
		before = last;
		last = row;
		row = above;
	}
	return least(last[n], much);
}

/* What both begin and end with does not count. */
unsigned alike_edits(struct str a, struct str b, unsigned most)
{
	uint32_t x[MAX_LETTERS], y[MAX_LETTERS];
	size_t m = letters_of(a, x), n = letters_of(b, y), first = 0;
	if (m > n + most || n > m + most)
		return most + 1;
	while (first < m && first < n && x[first] == y[first])
		first++;
	while (m > first && n > first && x[m - 1] == y[n - 1]) {
		m--;
		n--;
	}
	return distance(x + first, m - first, y + first, n - first, most);
}
