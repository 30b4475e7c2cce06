/* One normal form for rules and posts: what a reader takes for the same word is the same
 * bytes. Per code point: compatibility decomposition (NFKD), without the marks that only
 * accent a letter (U+0300..036F and the other general combining blocks, Arabic harakat,
 * Hebrew points, tatweel), default case folding, and œ→oe æ→ae ß→ss ø→o ł→l đ→d ħ→h ı→i þ→th
 * ð→d; every apostrophe → ', every hyphen → -; what is neither letter, digit, mark, connector nor
 * ASCII → one space; what is default-ignorable vanishes. Hangul and voiced kana are composed.
 * The tables are made at build time by fold_gen.c with utf8proc (Unicode 15).
 *
 * In folded text a byte is part of a word exactly if fold_is_word says so: ASCII letters, digits
 * and "_", and every byte of a non-ASCII character. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

/* Adds the folded form of s. Bytes that are not UTF-8 fold like U+FFFD: to a space. */
void fold_add(struct buf *out, struct str s);

/* The folded form of a text with the way back to it. */
struct folded {
	char *p; /* n bytes, then FOLD_PAD_BYTES spaces; FOLD_PAD_BYTES spaces stand before p too */
	size_t n;
	uint32_t *from; /* from[i]: where in the text the character that gave byte i begins;
			   from[n]: its length */
	char *memory;
	size_t size; /* bytes that fit */
};

enum {
	FOLD_PAD_BYTES = 64,
	FOLD_MAX_BYTES = 1 << 24 /* of a text; what is beyond is not folded */
};

void folded_init(struct folded *f);
void folded_finish(struct folded *f); /* takes {0} */
/* Replaces what f held. */
void folded_set(struct folded *f, struct str s);
/* The bytes of the text that gave folded bytes from..to-1 (from < to): whole characters, with the
 * marks that follow the last one. */
void folded_span(
	const struct folded *f, size_t from, size_t to, uint32_t *text_from, uint32_t *text_to);

/* The folding of one code point. */
enum fold_class {
	FOLD_WORD = 1, /* letter, digit, mark or connector */
	FOLD_SPACELESS = 2, /* of a script written without spaces: no word boundary is asked for */
	FOLD_UPPER = 4, /* an upper-case or title-case letter: shows the seams of a hashtag */
	FOLD_LOWER = 8,
	FOLD_SYMBOL = 16, /* became a space */
	FOLD_VANISHES = 32,
};
unsigned fold_class(uint32_t code_point);
/* At most FOLD_MAX_EXPANSION bytes; 0 if it vanishes. Not composed with what stands before it. */
enum { FOLD_MAX_EXPANSION = 40 };
size_t fold_code_point(uint32_t code_point, char out[FOLD_MAX_EXPANSION]);
/* The one character that folded characters a and b make together (Hangul, voiced kana), or 0. */
uint32_t fold_compose(uint32_t a, uint32_t b);

static inline bool fold_is_word(char c)
{
	unsigned char u = (unsigned char)c;
	return u >= 0x80 || (u >= 'a' && u <= 'z') || (u >= '0' && u <= '9') || u == '_' ||
		(u >= 'A' && u <= 'Z');
}

/* Are these the same letters, case and accents included, whatever their normal form (NFC or NFD)?
 * Default-ignorable characters do not count. For terms written with "=". */
bool fold_same_letters(struct str a, struct str b);
