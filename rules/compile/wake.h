/* The set of words that rules wait for, asked once for each word of the stream: a bit table that
 * fits the cache says no to nearly all, then a table of 32-bit tags. May say yes to a
 * word that was never added (about once in 2^32), never no to one that was.
 *
 * Why so: one word of the stream costs two loads, a multiply and one bit, whatever the number of
 * rules; bench_scan compares it with Vectorscan and with a plain hash table. */
#pragma once

#include "rules/text/word_hash.h"

enum wake_place {
	WAKE_BEHIND, /* with nothing but other characters than those of words between */
	WAKE_BEFORE,
	WAKE_ANYWHERE /* in the same record */
};

/* One of the words of which one must be there for a word to count. */
struct wake_partner {
	uint64_t hash;
	uint32_t place; /* enum wake_place: where it stands, as seen from the word */
	uint32_t next; /* wake::partners: the next of the same word; 0: none */
};

struct wake_pairs {
	uint64_t hash; /* of the word; 0 is empty */
	uint32_t first; /* wake::partners; 0: it counts alone after all */
};

struct wake {
	uint64_t *bits; /* 2^bit_power of them */
	uint32_t *tags; /* 2^tag_power; 0 is empty */
	struct wake_pairs *pairs; /* 2^pair_power: words that do not count alone; NULL: all do */
	struct wake_partner *partners; /* [0] is not used */
	size_t pair_count, partner_count, partner_size;
	unsigned bit_power, tag_power, pair_power;
	size_t count;
	bool spaceless; /* some are of scripts without spaces: pairs of characters are asked for too
			 */
};

void wake_init(struct wake *w, size_t max_count); /* of wake_add */
void wake_finish(struct wake *w);
void wake_add(struct wake *w, uint64_t hash); /* word_hash_of a word */
/* A word that counts only with one of its partners: so it is in a phrase, and in a rule that needs
 * other words as well. Words that count alone must have been added before. Past WAKE_MAX_PARTNERS
 * it counts alone. */
enum { WAKE_MAX_PARTNERS = 8 };
void wake_add_pair(struct wake *w, uint64_t hash, uint64_t partner, enum wake_place place);
/* Of a word that is waited for: its first partner, or NULL if it counts alone. */
const struct wake_partner *wake_partners(const struct wake *w, uint64_t hash);
static inline const struct wake_partner *wake_next_partner(
	const struct wake *w, const struct wake_partner *p)
{
	return p->next ? &w->partners[p->next] : NULL;
}

static inline bool wake_bit(const struct wake *w, uint64_t hash)
{
	uint64_t i = hash >> (64 - w->bit_power);
	return w->bits[i >> 6] >> (i & 63) & 1;
}

static inline bool wake_tag(const struct wake *w, uint64_t hash)
{
	uint32_t tag = (uint32_t)hash | 1;
	uint64_t mask = ((uint64_t)1 << w->tag_power) - 1;
	for (uint64_t i = hash >> (64 - w->tag_power);; i = (i + 1) & mask) {
		if (w->tags[i] == tag)
			return true;
		if (w->tags[i] == 0)
			return false;
	}
}

static inline void wake_prefetch(const struct wake *w, uint64_t hash)
{
	__builtin_prefetch(&w->tags[hash >> (64 - w->tag_power)]);
}

static inline bool wake_has(const struct wake *w, const char *p, size_t n)
{
	uint64_t hash = word_hash(p, n);
	return wake_bit(w, hash) && wake_tag(w, hash);
}
