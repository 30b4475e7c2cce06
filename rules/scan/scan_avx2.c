/* The scan's loops with AVX2, 32 bytes a step; chosen at run time. What is left at the end of a
 * block, less than one step, goes the plain way. */
#include "base/fold.h"
#include "rules/scan/scan_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt")))

enum { STEP = 32 };

AVX2 static inline __m256i load(const char *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

AVX2 static inline void store(char *p, __m256i v)
{
	_mm256_storeu_si256((__m256i *)(void *)p, v);
}

AVX2 static inline uint32_t mask_of(__m256i v)
{
	return (uint32_t)_mm256_movemask_epi8(v);
}

AVX2 static inline __m256i equal(__m256i v, char c)
{
	return _mm256_cmpeq_epi8(v, _mm256_set1_epi8(c));
}

/* One of 16 table entries for each byte, by its low and its high nibble, ANDed. */
AVX2 static inline __m256i look_up(__m256i v, __m256i low, __m256i high)
{
	__m256i nibble = _mm256_set1_epi8(15);
	__m256i a = _mm256_shuffle_epi8(low, _mm256_and_si256(v, nibble));
	__m256i b = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble));
	return _mm256_and_si256(a, b);
}

AVX2 static inline __m256i table(const uint8_t bytes[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)bytes));
}

AVX2 static const char *next_event(const struct scan_keys *keys, const char *p, const char *end)
{
	__m256i low0 = table(keys->low[0]), high0 = table(keys->high[0]);
	__m256i low1 = table(keys->low[1]), high1 = table(keys->high[1]);
	__m256i low2 = table(keys->low[2]), high2 = table(keys->high[2]);
	for (; end - p >= STEP + 3; p += STEP) {
		__m256i v0 = load(p), quote = equal(load(p + 3), '"');
		__m256i bits = _mm256_and_si256(look_up(v0, low0, high0),
			_mm256_and_si256(look_up(load(p + 1), low1, high1),
				look_up(load(p + 2), low2, high2)));
		__m256i none = _mm256_cmpeq_epi8(bits, _mm256_setzero_si256());
		__m256i event = _mm256_or_si256(_mm256_andnot_si256(none, quote), equal(v0, '\n'));
		uint32_t mask = mask_of(event);
		if (mask)
			return p + _tzcnt_u32(mask);
	}
	return scan_kernel_plain.next_event(keys, p, end);
}

AVX2 static inline __m256i lower(__m256i v)
{
	__m256i from_a = _mm256_sub_epi8(v, _mm256_set1_epi8('A'));
	__m256i upper = _mm256_cmpeq_epi8(_mm256_min_epu8(from_a, _mm256_set1_epi8(25)), from_a);
	return _mm256_or_si256(v, _mm256_and_si256(upper, _mm256_set1_epi8(0x20)));
}

/* Bytes that end a run of plain ASCII inside a JSON string: controls, quote, backslash, non-ASCII.
 */
AVX2 static inline uint32_t special_mask(__m256i v)
{
	__m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1F)), v);
	__m256i stop = _mm256_or_si256(equal(v, '"'), equal(v, '\\'));
	return mask_of(_mm256_or_si256(v, _mm256_or_si256(stop, control)));
}

AVX2 static const char *fold_string(
	struct scan_text *t, const struct wake *w, const char *p, const char *end)
{
	scan_text_room(t, (size_t)(end - p));
	while (end - p >= STEP) {
		__m256i v = load(p);
		uint32_t special = special_mask(v);
		store(t->p + t->n, lower(v));
		if (!special) {
			p += STEP;
			t->n += STEP;
			continue;
		}
		unsigned plain = _tzcnt_u32(special);
		p += plain;
		t->n += plain;
		if (*p == '"')
			return p;
		if ((unsigned char)*p < 0x20) {
			t->odd = true;
			return p;
		}
		p = scan_special_fast(t, w, p, end);
		if (t->odd)
			return p;
	}
	return scan_kernel_plain.fold_string(t, w, p, end);
}

AVX2 static void fold_plain(
	struct scan_text *t, const struct wake *w, const char *p, const char *end)
{
	scan_text_room(t, (size_t)(end - p));
	while (end - p >= STEP) {
		__m256i v = load(p);
		uint32_t special = mask_of(v);
		store(t->p + t->n, lower(v));
		unsigned plain = special ? _tzcnt_u32(special) : STEP;
		p += plain;
		t->n += plain;
		if (special)
			p = scan_special_fast(t, w, p, end);
	}
	scan_kernel_plain.fold_plain(t, w, p, end);
}

/* Bytes of words; the text is folded, so letters are lower-case. */
AVX2 static inline uint32_t word_mask(__m256i v)
{
	__m256i from_a = _mm256_sub_epi8(v, _mm256_set1_epi8('a'));
	__m256i from_0 = _mm256_sub_epi8(v, _mm256_set1_epi8('0'));
	__m256i letter = _mm256_cmpeq_epi8(_mm256_min_epu8(from_a, _mm256_set1_epi8(25)), from_a);
	__m256i digit = _mm256_cmpeq_epi8(_mm256_min_epu8(from_0, _mm256_set1_epi8(9)), from_0);
	__m256i other = _mm256_or_si256(v, equal(v, '_'));
	return mask_of(_mm256_or_si256(_mm256_or_si256(letter, digit), other));
}

/* Writes the word, and keeps it if its bit is there: no branch to go wrong. */
AVX2 static inline size_t add_word(const struct wake *w, const char *folded, size_t start,
	size_t end, struct scan_word *words, size_t count)
{
	uint64_t hash = word_hash(folded + start, end - start);
	words[count] = (struct scan_word){ hash, (uint32_t)start, (uint32_t)end };
	return count + wake_bit(w, hash);
}

/* Walks the edges of words, 64 bytes a step: an edge is a bit where being in a word changes. */
AVX2 static size_t find_words(
	const struct wake *w, const char *folded, size_t *from, size_t n, struct scan_word *words)
{
	enum { MOST_A_STEP = 33 };
	uint64_t before = 0; /* was the last byte of the step before part of a word? */
	size_t start = *from, count = 0, at; /* start: of the word that reaches into this step */
	for (at = *from; at < n && count <= SCAN_MAX_WORDS - MOST_A_STEP; at += 64) {
		uint64_t word = (uint64_t)word_mask(load(folded + at)) |
			(uint64_t)word_mask(load(folded + at + STEP)) << 32;
		if (n - at < 64)
			word = _bzhi_u64(word, (unsigned)(n - at));
		uint64_t starts = word & ~(word << 1 | before), ends = ~word & (word << 1 | before);
		if (before && ends) {
			size_t end = at + (size_t)_tzcnt_u64(ends);
			count = add_word(w, folded, start, end, words, count);
			ends = _blsr_u64(ends);
		}
		for (; ends; ends = _blsr_u64(ends), starts = _blsr_u64(starts))
			count = add_word(w, folded, at + (size_t)_tzcnt_u64(starts),
				at + (size_t)_tzcnt_u64(ends), words, count);
		if (starts)
			start = at + (size_t)_tzcnt_u64(starts);
		before = word >> 63;
	}
	if (before && at >= n) {
		count = add_word(w, folded, start, n, words, count);
		before = 0;
	}
	*from = before ? start : at < n ? at : n;
	return count;
}

static const struct scan_kernel scan_kernel_avx2 = {
	.name = "avx2",
	.next_event = next_event,
	.fold_string = fold_string,
	.fold_plain = fold_plain,
	.find_words = find_words,
};

const struct scan_kernel *scan_kernel_best(void)
{
	bool able = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
		__builtin_cpu_supports("bmi2");
	return able ? &scan_kernel_avx2 : &scan_kernel_plain;
}
#else
const struct scan_kernel *scan_kernel_best(void)
{
	return &scan_kernel_plain;
}
#endif
