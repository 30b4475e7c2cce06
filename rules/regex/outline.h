/* The outline of a pattern: rows of character classes of which any text that it matches must hold
 * some. It takes few instructions a character to look for those of many patterns at once, where
 * each search with PCRE2 costs as much as a short text takes.
 *
 * A text is a row of symbols: each ASCII character is one, all others are a few together, and so
 * are its beginning and its end. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum {
	SYMBOL_CONTROL = 0x80, /* U+0080..009F */
	SYMBOL_LATIN_SIGN, /* ..00BF */
	SYMBOL_LATIN_LETTER, /* ..00FF */
	SYMBOL_LETTER, /* ..1FFF */
	SYMBOL_PUNCTUATION, /* ..207F */
	SYMBOL_WIDE, /* ..FFFF */
	SYMBOL_ASTRAL,
	SYMBOL_BEGIN,
	SYMBOL_END,
	SYMBOL_COUNT
};

struct symbol_set {
	uint64_t bits[3];
};

enum { OUTLINE_MAX_SETS = 8, OUTLINE_MAX_ROWS = 16, OUTLINE_MAX_PIECES = 3 };

/* Sets that one symbol after the other is in. */
struct outline_row {
	struct symbol_set sets[OUTLINE_MAX_SETS];
	size_t count; /* at least 1 */
};

/* Each text that the pattern matches has, of each piece, one row. */
struct outline {
	struct outline_piece {
		const struct outline_row *rows; /* at most OUTLINE_MAX_ROWS */
		size_t count; /* at least 1 */
	} pieces[OUTLINE_MAX_PIECES];
	size_t piece_count;
};

/* In the arena. False: nothing is known for certain, or what is known is true of most texts. */
bool regex_outline(
	struct str pattern, struct str flags, struct arena *arena, struct outline *outline);

enum { OUTLINE_SPARE_SYMBOLS = 2 + 8 };
/* out has room for so many symbols more than the text has bytes; returns how many there are. The
 * text is valid UTF-8. */
size_t outline_symbols(struct str text, uint8_t *out);
