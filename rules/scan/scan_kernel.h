/* The three inner loops of the scan, in plain C and with AVX2: same meaning, tested equal.
 * Internal to the scan. */
#pragma once

#include "base/fold.h"
#include "base/fold_table.h"
#include "rules/compile/wake.h"

enum { SCAN_MAX_KEYS = 64, SCAN_PAD_BYTES = 64 };

/* The keys whose values are looked at, and the tables that find the last three bytes of any
 * of them before a quote: table[i][nibble] has a bit for each bucket of keys. */
struct scan_keys {
	struct scan_key {
		struct str name;
		bool text, html; /* text: its value is looked at; else it only leads to others */
		uint64_t tail, tail_mask; /* its last bytes, with the quote before if it is that
					   * short, as the last bytes of a word of eight */
		uint64_t within; /* bits of the keys of which one must have come before in the
				    record; 0: none need have */
	} keys[SCAN_MAX_KEYS];
	size_t count;
	uint8_t low[3][16], high[3][16]; /* [0] is the third last byte */
};

void scan_keys_init(struct scan_keys *k);
/* within absent: none. A key that is added twice is looked at if either says so. False if there
 * is no more room. */
bool scan_keys_add(struct scan_keys *k, struct str name, bool html, struct str within);

/* Folded text without a way back: the values of some records, parted by spaces. SCAN_PAD_BYTES
 * stand before p and are kept free behind. */
struct scan_text {
	char *p;
	size_t n, size_bytes;
	char *memory;
	bool odd; /* something in it is no JSON: the decoder shall say what */
	bool escaped; /* a backslash was seen */
	bool hit; /* a pair of spaceless characters is waited for */
	uint32_t before, last; /* the spaceless characters that stand at the end, 0: none */
	size_t last_end; /* n when `last` was seen: anything added since parts them */
};

void scan_text_finish(struct scan_text *t);
/* Makes room for `bytes` of input in plain ASCII, and then some. */
void scan_text_room(struct scan_text *t, size_t bytes);
/* Adds a folded code point; spaceless ones are asked for at once and leave a space. */
void scan_text_add(struct scan_text *t, const struct wake *w, uint32_t code_point);
/* Handles what is not plain ASCII at p < end: an escape or a UTF-8 sequence. Returns what stands
 * behind it. `left` bytes of input follow at most. */
const char *scan_special(struct scan_text *t, const struct wake *w, const char *p, const char *end);
/* Reads a JSON escape at p (a backslash), p < end. Returns what stands behind it and sets
 * *code_point; a lone surrogate and U+0000 give U+FFFD. NULL: no escape of JSON. */
const char *scan_escape(const char *p, const char *end, uint32_t *code_point);

/* scan_special without a call for what is frequent: UTF-8 whose folding is at most two bytes long,
 * or itself. */
static inline const char *scan_special_fast(
	struct scan_text *t, const struct wake *w, const char *p, const char *end)
{
	uint32_t x, c;
	ptrdiff_t n;
	if (end - p < 4)
		return scan_special(t, w, p, end);
	memcpy(&x, p, sizeof x);
	if ((x & 0xC0E0) == 0x80C0) {
		c = (x & 0x1F) << 6 | (x >> 8 & 0x3F);
		n = c >= 0x80 ? 2 : 0;
	} else if ((x & 0xC0C0F0) == 0x8080E0) {
		c = (x & 0x0F) << 12 | (x >> 2 & 0xFC0) | (x >> 16 & 0x3F);
		n = c >= 0x800 && (c < 0xD800 || c > 0xDFFF) ? 3 : 0;
	} else if ((x & 0xC0C0C0F8) == 0x808080F0) {
		c = (x & 0x07) << 18 | (x << 4 & 0x3F000) | (x >> 10 & 0xFC0) | (x >> 24 & 0x3F);
		n = c >= 0x10000 && c <= 0x10FFFF ? 4 : 0;
	} else {
		return scan_special(t, w, p, end);
	}
	const struct fold_entry *e = n ? fold_entry(c) : fold_entry(0xD800);
	unsigned kind = e->class & (FOLD_IDENTITY | FOLD_SPACELESS);
	if (n == 0 || e->n > 2 || kind & FOLD_SPACELESS)
		return scan_special(t, w, p, end);
	memcpy(t->p + t->n, kind ? p : e->bytes, 4);
	t->n += kind ? (size_t)n : e->n;
	return p + n;
}

struct scan_word {
	uint64_t hash;
	uint32_t from, to; /* in the folded text */
};

enum { SCAN_MAX_WORDS = 1024 };

struct scan_kernel {
	const char *name;
	/* The first newline in p..end, or the first place where three bytes and a quote may end one
	 * of the keys (the place of the third last byte, which may be before the key for short
	 * ones). end if there is neither. */
	const char *(*next_event)(const struct scan_keys *keys, const char *p, const char *end);
	/* Adds a JSON string from p, behind its opening quote, folded, to t. Returns the
	 * closing quote, or sets t->odd and returns where that became clear. */
	const char *(*fold_string)(
		struct scan_text *t, const struct wake *w, const char *p, const char *end);
	/* The same for plain text. */
	void (*fold_plain)(
		struct scan_text *t, const struct wake *w, const char *p, const char *end);
	/* The words from *from on that wake_bit lets pass, in order: at most SCAN_MAX_WORDS into
	 * words, returned as their number, with *from behind what was looked at; n once all was. No
	 * word may reach over *from or n. WORD_PAD_BYTES stand before the folded text,
	 * SCAN_PAD_BYTES behind it. */
	size_t (*find_words)(const struct wake *w, const char *folded, size_t *from, size_t n,
		struct scan_word *words);
};

extern const struct scan_kernel scan_kernel_plain;
/* The fastest one that this processor has. */
const struct scan_kernel *scan_kernel_best(void);
