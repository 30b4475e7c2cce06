/* Stems of words, by Snowball. A word is read as it was written: lower case and whole characters
 * are made of it first, accents stay, because the algorithms go by them; the stem comes back folded
 * (base/fold.h), so that accents do not tell stems apart.
 *
 * A word of the same stem must also begin with an opening of the stem: all of it, but for the last
 * letter or two where the language's algorithm may have put them in a longer ending's place. All
 * words of the dictionaries of nine languages do. That is what the scan waits for. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

struct stemmers; /* one a thread */

enum {
	STEM_MAX_BYTES = 128, /* of a word; a longer one is its own stem */
	STEM_MAX_LANGUAGES = 32,
	STEM_MIN_LETTERS = 3, /* of a term */
	STEM_OPENING_LETTERS = 2, /* at least */
};

/* The number of a language by its code, such as fr, fra or fr-CA; -1 if there is no stemmer for
 * it. */
int stem_language(struct str code);
const char *stem_language_code(int language); /* "fr" */
int stem_language_count(void);
/* What a post's words are taken for if neither it nor the rule names a language: a bit for each
 * language. */
uint32_t stem_default_languages(void);

struct stemmers *stemmers_create(void);
void stemmers_destroy(struct stemmers *s); /* takes NULL */

/* Adds the stem of a word, folded. */
void stem_add(struct stemmers *s, int language, struct str word, struct buf *out);
/* How many bytes of a stem, as stem_add gives it, its words must begin with. */
size_t stem_opening(int language, struct str stem);
