/* Strings of JSON: finding their end and decoding them. For the readers of JSON only. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

extern const signed char json_hex_digit[256]; /* 0 to 15, or -1 */

/* From the byte behind the opening quote to the one behind the closing quote. NULL if the
 * string is wrong; *at is then where and *reason why. Reads nothing at `end` or behind. */
const char *json_string_end(const char *p, const char *end, const char **at, const char **reason);

#ifdef __SSE2__

#include <emmintrin.h>

/* A bit for each of the 16 bytes at p that ends a run of plain ones: quote, backslash,
 * control. */
static inline unsigned json_string_stops(const char *p)
{
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i quote = _mm_cmpeq_epi8(x, _mm_set1_epi8('"'));
	__m128i backslash = _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'));
	__m128i control = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1F)), x);
	return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control));
}

/* The same as json_string_end for a string that is likely to end within 32 bytes. */
static inline const char *json_short_string_end(
	const char *p, const char *end, const char **at, const char **reason)
{
	if (end - p >= 32) {
		unsigned stops = json_string_stops(p) | json_string_stops(p + 16) << 16;
		if (stops) {
			unsigned i = (unsigned)__builtin_ctz(stops);
			if (p[i] == '"')
				return p + i + 1;
		}
	}
	return json_string_end(p, end, at, reason);
}

#else

static inline const char *json_short_string_end(
	const char *p, const char *end, const char **at, const char **reason)
{
	return json_string_end(p, end, at, reason);
}

#endif

/* The same one byte at a time: what json_string_end is tested against. */
const char *json_string_end_plain(
	const char *p, const char *end, const char **at, const char **reason);

/* Decodes what stands between the quotes of a string that json_string_end took. Returns raw
 * itself where there is nothing to decode, else a text in the arena; STR_NONE if it is full. */
struct str json_string_decode(struct str raw, struct arena *arena);

/* Decoded text with each byte that is not UTF-8 and each NUL made U+FFFD, in the arena;
 * STR_NONE if it is full. */
struct str json_string_clean(struct str text, struct arena *arena);
