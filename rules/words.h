/* A table from words to what is to be done when they occur, for the exact matcher: open
 * addressing over the same hash as the scan's, with the words themselves compared. */
#pragma once

#include "rules/wake.h"

enum posting_kind {
	POSTING_WORD, /* the word at `position` of a term */
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
};

struct word_entry {
	const char *p;
	uint32_t n;
	uint32_t first; /* posting; 0: none */
};

struct words {
	uint32_t *slots; /* entry + 1; 0 is empty */
	struct word_entry *entries;
	struct posting *postings; /* [0] is not used */
	size_t slot_power, entry_count, entry_size, posting_count, posting_size;
};

void words_init(struct words *w);
void words_finish(struct words *w);
/* The word's bytes must live as long as the table. */
void words_add(
	struct words *w, struct str word, uint32_t term, uint16_t position, enum posting_kind kind);
/* The first posting of a word, or NULL. WAKE_PAD_BYTES must be readable before and behind it. */
const struct posting *words_find(const struct words *w, const char *p, size_t n);
static inline const struct posting *words_next(const struct words *w, const struct posting *p)
{
	return p->next ? &w->postings[p->next] : NULL;
}
