/* What stands at a place of folded text: for text.c and links.c. A tight character is a word
 * character of a script with spaces, which a sign, a link or a word needs to be parted from. */
#pragma once

#include "base/fold.h"
#include "base/fold_table.h"
#include "base/utf8.h"

static inline bool word_at(const char *p, size_t i, size_t n)
{
	return i < n && fold_is_word(p[i]);
}

/* The length of a spaceless character at p[i], or 0. All of them take three bytes or more. */
static inline size_t spaceless_at(const char *p, size_t i, size_t n)
{
	uint32_t c;
	if (i >= n || (unsigned char)p[i] < 0xE0)
		return 0;
	size_t step = utf8_read((struct str){ p, n }, i, &c);
	return fold_entry(c)->class & FOLD_SPACELESS ? step : 0;
}

/* The length of a tight character at p[i], or 0. */
static inline size_t tight_at(const char *p, size_t i, size_t n)
{
	uint32_t c;
	if (!word_at(p, i, n))
		return 0;
	if ((unsigned char)p[i] < 0x80)
		return 1;
	size_t step = utf8_read((struct str){ p, n }, i, &c);
	return fold_entry(c)->class & FOLD_SPACELESS ? 0 : step ? step : 1;
}

static inline bool tight_before(const char *p, size_t i)
{
	if (i == 0 || !fold_is_word(p[i - 1]))
		return false;
	size_t at = utf8_floor((struct str){ p, i }, i - 1);
	return !spaceless_at(p, at, i);
}

/* The end of the tight characters from p[i]. */
static inline size_t tight_end(const char *p, size_t i, size_t n)
{
	size_t step;
	while ((step = tight_at(p, i, n)) != 0)
		i += step;
	return i;
}
