/* The generated tables behind fold.h: for fold.c, fold_gen.c and the scan. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { FOLD_BLOCK = 64 };

/* More bits of an entry's class, beside enum fold_class. */
enum {
	FOLD_IDENTITY = 64, /* folds to itself: the entry holds no bytes */
	FOLD_IGNORABLE = 128, /* vanishes because nobody sees it, not because it is an accent */
};

struct fold_entry {
	char bytes[6]; /* the folded form; past six bytes, its place in fold_overflow */
	uint8_t n;
	uint8_t class;
};

extern const uint16_t fold_index[];
extern const struct fold_entry fold_entries[];
extern const char fold_overflow[];

struct fold_canonical {
	uint32_t code_point;
	uint32_t parts[4]; /* 0 where there are fewer */
};

extern const struct fold_canonical fold_canonical[]; /* by code point */
extern const size_t fold_canonical_count;

static inline const struct fold_entry *fold_entry(uint32_t code_point)
{
	return &fold_entries[fold_index[code_point / FOLD_BLOCK] * FOLD_BLOCK +
		code_point % FOLD_BLOCK];
}

/* Hangul by the arithmetic of the Unicode Standard, section 3.12; voiced kana by their order
 * in the block. */
static inline uint32_t fold_compose_characters(uint32_t a, uint32_t b)
{
	if (a >= 0x1100 && a <= 0x1112 && b >= 0x1161 && b <= 0x1175)
		return 0xAC00 + ((a - 0x1100) * 21 + (b - 0x1161)) * 28;
	if (a >= 0xAC00 && a <= 0xD7A3 && (a - 0xAC00) % 28 == 0 && b >= 0x11A8 && b <= 0x11C2)
		return a + (b - 0x11A7);
	if (b != 0x3099 && b != 0x309A)
		return 0;
	uint32_t kana = a >= 0x30A1 ? a - 0x60 : a; /* as hiragana */
	uint32_t mark = b - 0x3098; /* 1 or 2 */
	if (kana >= 0x306F && kana <= 0x307B && (kana - 0x306F) % 3 == 0)
		return a + mark; /* ha hi fu he ho: both marks */
	if (mark != 1)
		return 0;
	if ((kana >= 0x304B && kana <= 0x3061 && kana % 2 == 1) ||
		(kana >= 0x3064 && kana <= 0x3068 && kana % 2 == 0))
		return a + 1; /* ka to chi; tsu te to */
	if (kana == 0x3046)
		return a + 0x4E; /* u: vu */
	if (a >= 0x30EF && a <= 0x30F2)
		return a + 8; /* wa wi we wo */
	if (kana == 0x309D)
		return a + 1; /* iteration mark */
	return 0;
}
