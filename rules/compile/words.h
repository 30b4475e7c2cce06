/* A table from words, and from pairs of words that follow each other, to what is to be done when
 * they occur, for the exact matcher. A phrase stands under a pair: names share their words
 * ("saint", "sur", "la") far more often than their pairs. Bits that fit the cache say no to most
 * words. */
#pragma once

#include "rules/compile/wake.h"

enum posting_kind {
	POSTING_WORD, /* the word at `position` of a term */
	POSTING_PAIR, /* the words at `position` and behind it */
	POSTING_JOINED, /* a phrase written as one word, in a hashtag or handle */
	POSTING_TAG,
	POSTING_HANDLE,
	POSTING_CASHTAG,
	POSTING_SITE, /* a host, whole */
	POSTING_URL, /* the word at byte `position` of what is looked for in links */
};

struct posting {
	uint32_t term;
	uint32_t next; /* words::postings: the next of the same word; 0: none */
	uint16_t position;
	uint8_t kind;
	bool waits; /* a rule waits for the term; such postings stand first if they are added last
		     */
};

struct word_entry {
	uint64_t hash;
	const char *p; /* NULL: a pair, which is known by its hash alone */
	uint32_t n;
	uint32_t first; /* posting; 0: none */
};

struct words {
	uint64_t *bits; /* 2^bit_power of them */
	uint32_t *slots; /* entry + 1; 0 is empty */
	struct word_entry *entries;
	struct posting *postings; /* [0] is not used */
	size_t slot_power, entry_count, entry_size, posting_count, posting_size;
	unsigned bit_power;
};

void words_init(struct words *w);
void words_finish(struct words *w);
/* The word's bytes must live as long as the table. */
void words_add(struct words *w, struct str word, struct posting posting);
void words_add_pair(struct words *w, struct str first, struct str second, struct posting posting);
/* After the last was added and before the first is asked for. */
void words_ready(struct words *w);

static inline uint64_t words_pair_hash(uint64_t first, uint64_t second)
{
	return word_hash_mix(first, second, 0);
}

static inline bool words_may_have(const struct words *w, uint64_t hash)
{
	uint64_t i = hash >> (64 - w->bit_power);
	return w->bits[i >> 6] >> (i & 63) & 1;
}

/* The first posting of a word, or NULL. hash: word_hash of it. */
const struct posting *words_find(const struct words *w, uint64_t hash, struct str word);
/* The same with the hash made here: WORD_PAD_BYTES must be readable before and behind the word. */
static inline const struct posting *words_find_word(const struct words *w, struct str word)
{
	return words_find(w, word_hash(word.p, word.n), word);
}

/* The same of a pair of words; may be that of another pair. hash: words_pair_hash of theirs. */
const struct posting *words_find_pair(const struct words *w, uint64_t hash);
static inline const struct posting *words_next(const struct words *w, const struct posting *p)
{
	return p->next ? &w->postings[p->next] : NULL;
}
