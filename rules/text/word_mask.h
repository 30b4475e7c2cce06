/* Which of 64 bytes of folded text are part of a word (fold_is_word), and which are not ASCII: a
 * bit each, the first byte's the lowest. */
#pragma once

#include <stdint.h>

#include "base/fold.h"

struct word_mask {
	uint64_t word, high;
};

#if defined(__SSE2__)
#include <emmintrin.h>

/* 16 bytes. Unsigned comparison by saturating subtraction: v - low is at most `span`. */
static inline __m128i word_mask_range(__m128i v, char low, char span)
{
	__m128i from_low = _mm_sub_epi8(v, _mm_set1_epi8(low));
	return _mm_cmpeq_epi8(_mm_min_epu8(from_low, _mm_set1_epi8(span)), from_low);
}

static inline uint64_t word_mask_16(const char *p, uint64_t *high)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i letters = word_mask_range(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'z' - 'a');
	__m128i digits = word_mask_range(v, '0', '9' - '0');
	__m128i line = _mm_cmpeq_epi8(v, _mm_set1_epi8('_'));
	*high = (uint32_t)_mm_movemask_epi8(v);
	return (uint32_t)_mm_movemask_epi8(
		_mm_or_si128(_mm_or_si128(letters, digits), _mm_or_si128(line, v)));
}

static inline struct word_mask word_mask_64(const char *p)
{
	uint64_t high[4];
	uint64_t word = word_mask_16(p, &high[0]) | word_mask_16(p + 16, &high[1]) << 16 |
		word_mask_16(p + 32, &high[2]) << 32 | word_mask_16(p + 48, &high[3]) << 48;
	return (struct word_mask){ word, high[0] | high[1] << 16 | high[2] << 32 | high[3] << 48 };
}
#else
static inline struct word_mask word_mask_64(const char *p)
{
	struct word_mask m = { 0, 0 };
	for (unsigned i = 0; i < 64; i++) {
		m.word |= (uint64_t)fold_is_word(p[i]) << i;
		m.high |= (uint64_t)((unsigned char)p[i] >= 0x80) << i;
	}
	return m;
}
#endif
