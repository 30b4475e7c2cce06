/* Which words the scan waits for: chosen while rules are compiled, gathered, and then put into a
 * struct wake at once. */
#pragma once

#include "rules/compile/compiled.h"

/* How well a word tells posts apart: longer is rarer. */
size_t word_rarity(struct str word, bool spaceless);
/* The piece of folded text that the scan will see as a word and that is rarest: the scan parts
 * words at every apostrophe, and reads spaceless characters in pairs. */
struct str wake_piece(struct str folded);

struct wake_hashes;

struct wake_words {
	struct wake_hashes *items;
	size_t count, size;
	bool spaceless; /* some are of scripts without spaces */
};

/* word: a wake_piece. */
void wake_words_add(struct wake_words *w, struct str word);
/* A word that counts only if another is in the same record. */
void wake_words_add_with(struct wake_words *w, struct str word, struct str other);
/* A phrase by its word `anchor`, beside a neighbour if the scan sees both as whole words. */
void wake_words_add_phrase(struct wake_words *w, const struct phrase *phrase, size_t anchor);
void wake_words_fill(const struct wake_words *w, struct wake *wake);
void wake_words_finish(struct wake_words *w); /* takes {0} */
