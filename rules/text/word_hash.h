/* One number for a word: two loads and a multiply, whatever its length. The tables of words are
 * asked with it. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

enum { WORD_PAD_BYTES = 8 /* that must be readable before and behind a word to be hashed */ };

static inline uint64_t word_hash_load(const char *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

static inline uint64_t word_hash_mix(uint64_t first, uint64_t last, size_t n)
{
	uint64_t h = (first ^ (last << 27 | last >> 37) ^ n) * UINT64_C(0x9FB21C651E98DF25);
	return h ^ h >> 32;
}

/* n >= 1. Words longer than 16 bytes are told apart by their length and ends only: where the scan
 * asks, that costs a candidate, never a miss. */
static inline uint64_t word_hash(const char *p, size_t n)
{
	unsigned unused_bits = n < 8 ? (unsigned)(8 - n) * 8 : 0;
	return word_hash_mix(
		word_hash_load(p) << unused_bits, word_hash_load(p + n - 8) >> unused_bits, n);
}

/* The same for a word whose neighbours may not be read; 1 byte or more. */
static inline uint64_t word_hash_of(struct str word)
{
	char padded[3 * WORD_PAD_BYTES] = { 0 };
	if (word.n >= 8)
		return word_hash_mix(
			word_hash_load(word.p), word_hash_load(word.p + word.n - 8), word.n);
	memcpy(padded + WORD_PAD_BYTES, word.p, word.n);
	return word_hash(padded + WORD_PAD_BYTES, word.n);
}
