/* Which words to wait for: the rarest that the scan sees. */
#pragma once

#include "rules/compiled.h"

/* A word to wait for. partner: another that must stand before or behind it; absent: none need. */
struct wake_word {
	struct str word, partner;
	bool before;
};

/* How well a word tells posts apart: longer is rarer. */
size_t word_rarity(struct str word, bool spaceless);
bool wake_begins_spaceless(struct str word);
/* The piece of folded text that the scan will see as a word and that is rarest: the scan parts
 * words at every apostrophe, and reads spaceless characters in pairs. */
struct str wake_piece(struct str folded);
/* What to wait for if a phrase is waited for: its rarest word, beside a neighbour if the scan sees
 * both as whole words. */
struct wake_word phrase_wake(const struct phrase *phrase, size_t anchor);
