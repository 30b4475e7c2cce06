/* Words that are looked for by their likeness to others: those that begin or end so, and those that
 * are a few edits away. Immutable; the scan asks for any, the matcher for all.
 *
 * A word is asked about its first three bytes, its last three and its first letter with its length,
 * a bit or byte each: that says no to most. What is left is looked up: beginnings and ends by at
 * most eight bytes, edits by the word's first letters without one or two of them (Garbe's symmetric
 * deletion: two words within that many edits have a form in common). Then letters are compared, so
 * that nothing is said to be alike that is not. */
#pragma once

#include "rules/text/word_hash.h"

enum alike_kind { ALIKE_BEGINS, ALIKE_ENDS, ALIKE_EDITED };

enum {
	ALIKE_MIN_BYTES = 2, /* of an entry's letters */
	ALIKE_MAX_EDITS = 2,
	ALIKE_MAX_LETTERS = 64, /* of an ALIKE_EDITED, in characters */
	ALIKE_STEP_BYTES = 64, /* the same behind a text */
};

struct alike_entry {
	struct str letters; /* folded, word characters only */
	uint32_t id;
	enum alike_kind kind;
	unsigned edits; /* ALIKE_EDITED: at most so many, the first letter fixed; 1 or 2 */
};

struct alike;

/* The letters must live as long as what comes back. */
struct alike *alike_create(const struct alike_entry *entries, size_t count);
void alike_destroy(struct alike *a); /* takes NULL */

/* Calls found(ctx, id) for each entry that the folded word is like, until it returns false. The
 * same id may come twice if it has several entries. */
void alike_find(
	const struct alike *a, struct str word, bool (*found)(void *ctx, uint32_t id), void *ctx);
/* Is the word like any? */
bool alike_has(const struct alike *a, struct str word);
/* Is any of the words, the longest runs of word characters, of folded bytes from..to-1? */
bool alike_any(const struct alike *a, const char *folded, size_t from, size_t to);

/* Edits between two words, at most `most` + 1: a letter put in, left out or replaced, or two
 * neighbours swapped; no letter is touched twice (optimal string alignment). Letters are code
 * points; neither word may have more than ALIKE_MAX_LETTERS + ALIKE_MAX_EDITS. */
unsigned alike_edits(struct str a, struct str b, unsigned most);
