#include "rules/text/stem.h"

#include <string.h>

#include <libstemmer.h>

#include "base/fold.h"
#include "base/fold_table.h"
#include "base/mem.h"
#include "base/utf8.h"

/* Only languages whose algorithm leaves the beginnings of words alone. What it puts in place of an
 * ending is in the stem but not in the word: French makes -al of -aux, -ent of -ence and -emment,
 * -iqu of -ication. */
static const struct language {
	const char *codes; /* the first is libstemmer's */
	const char
		*one; /* endings of stems whose last letter words may lack; "": none; NULL: all */
	const char *two; /* of those whose last two letters */
} languages[] = {
	{ "ca cat", NULL, "" },
	{ "da dan", "", "" },
	{ "de deu ger", "", "" },
	{ "el ell gre", NULL, "" },
	{ "en eng", "e i l y", "" },
	{ "es spa", "ent", "" },
	{ "eu eus baq", NULL, "" },
	{ "fi fin", NULL, "" },
	{ "fr fra fre", "i l x", "iqu ent" },
	{ "hu hun", NULL, "" },
	{ "hy hye arm", NULL, "" },
	{ "it ita", "ent", "" },
	{ "lt lit", NULL, "" },
	{ "nl nld dut", NULL, "heid" },
	{ "no nor nb nob nn nno", "", "" },
	{ "pt por", "ent", "" },
	{ "ro ron rum", NULL, "" },
	{ "ru rus", NULL, "" },
	{ "sv swe", "", "" },
	{ "tr tur", NULL, "" },
};

enum { LANGUAGES = sizeof languages / sizeof *languages };

struct stemmers {
	struct sb_stemmer *of[LANGUAGES]; /* made when first asked for */
	struct buf word;
};

int stem_language(struct str code)
{
	size_t n = 0;
	while (n < code.n && code.p[n] != '-' && code.p[n] != '_')
		n++;
	code = str_slice(code, 0, n);
	for (int i = 0; i < LANGUAGES && n > 0; i++) {
		struct str rest = str_of(languages[i].codes), one;
		while (str_next(&rest, ' ', &one)) {
			if (str_eq_ignore_case(one, code))
				return i;
		}
	}
	return -1;
}

const char *stem_language_code(int language)
{
	static const char codes[LANGUAGES][3] = { "ca", "da", "de", "el", "en", "es", "eu", "fi",
		"fr", "hu", "hy", "it", "lt", "nl", "no", "pt", "ro", "ru", "sv", "tr" };
	return codes[language];
}

int stem_language_count(void)
{
	return LANGUAGES;
}

uint32_t stem_default_languages(void)
{
	return (uint32_t)1 << stem_language(STR("fr")) | (uint32_t)1 << stem_language(STR("en"));
}

struct stemmers *stemmers_create(void)
{
	struct stemmers *s = mem_zero(1, sizeof *s);
	buf_init(&s->word, 0);
	return s;
}

void stemmers_destroy(struct stemmers *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < LANGUAGES; i++) {
		if (s->of[i])
			sb_stemmer_delete(s->of[i]);
	}
	buf_finish(&s->word);
	mem_free(s);
}

/* --- the word as the algorithms want it --- */

/* Ranges of letters of the alphabets above whose lower case is so much further; step 2: every
 * second one, beginning with the first, is upper case. */
static const struct case_range {
	uint16_t from, to;
	uint8_t step, further;
} upper_case[] = {
	{ 'A', 'Z', 1, 0x20 },
	{ 0xC0, 0xD6, 1, 0x20 },
	{ 0xD8, 0xDE, 1, 0x20 },
	{ 0x100, 0x12E, 2, 1 },
	{ 0x132, 0x136, 2, 1 },
	{ 0x139, 0x147, 2, 1 },
	{ 0x14A, 0x176, 2, 1 },
	{ 0x179, 0x17D, 2, 1 },
	{ 0x1CD, 0x1DB, 2, 1 },
	{ 0x1DE, 0x1EE, 2, 1 },
	{ 0x1F8, 0x21E, 2, 1 },
	{ 0x222, 0x232, 2, 1 },
	{ 0x386, 0x386, 1, 38 },
	{ 0x388, 0x38A, 1, 37 },
	{ 0x38C, 0x38C, 1, 64 },
	{ 0x38E, 0x38F, 1, 63 },
	{ 0x391, 0x3A1, 1, 0x20 },
	{ 0x3A3, 0x3AB, 1, 0x20 },
	{ 0x400, 0x40F, 1, 0x50 },
	{ 0x410, 0x42F, 1, 0x20 },
	{ 0x531, 0x556, 1, 0x30 },
};

static uint32_t lower_case(uint32_t c)
{
	if (c == 0x130)
		return 'i';
	if (c == 0x178)
		return 0xFF;
	for (size_t i = 0; i < sizeof upper_case / sizeof *upper_case; i++) {
		const struct case_range *r = &upper_case[i];
		if (c >= r->from && c <= r->to && (c - r->from) % r->step == 0)
			return c + r->further;
	}
	return c;
}

/* The character that a letter and a combining mark make, or 0. */
static uint32_t with_mark(uint32_t letter, uint32_t mark)
{
	for (size_t i = 0; i < fold_canonical_count; i++) {
		const struct fold_canonical *e = &fold_canonical[i];
		if (e->code_point > 0x590)
			break;
		if (e->parts[0] == letter && e->parts[1] == mark && e->parts[2] == 0)
			return e->code_point;
	}
	return 0;
}

enum { LAST_LETTER = 0x590 /* what comes behind is of no alphabet above, or a form for looks */ };

static void add_letter(struct buf *out, uint32_t c)
{
	char bytes[FOLD_MAX_EXPANSION];
	size_t n = c < LAST_LETTER ? utf8_write(c, bytes) : fold_code_point(c, bytes);
	buf_add(out, (struct str){ bytes, n });
}

/* The word in lower case, letters and marks as one character. */
static void spell(struct str word, struct buf *out)
{
	uint32_t last = 0;
	for (size_t i = 0; i < word.n;) {
		uint32_t c, whole;
		size_t n = utf8_read(word, i, &c);
		i += n ? n : 1;
		bool mark = c >= 0x300 && c < 0x370;
		c = lower_case(c);
		whole = mark && last ? with_mark(last, c) : 0;
		if (!mark && fold_class(c) & FOLD_VANISHES)
			continue;
		if (whole) {
			last = whole;
			continue;
		}
		if (last)
			add_letter(out, last);
		last = c;
	}
	if (last)
		add_letter(out, last);
}

void stem_add(struct stemmers *s, int language, struct str word, struct buf *out)
{
	struct sb_stemmer **stemmer = &s->of[language];
	if (!*stemmer)
		*stemmer = sb_stemmer_new(stem_language_code(language), NULL);
	if (word.n > STEM_MAX_BYTES || !*stemmer) {
		fold_add(out, word);
		return;
	}
	buf_clear(&s->word);
	spell(word, &s->word);
	const sb_symbol *stem = sb_stemmer_stem(
		*stemmer, (const sb_symbol *)s->word.p, (int)s->word.n);
	size_t n = stem ? (size_t)sb_stemmer_length(*stemmer) : 0;
	fold_add(out, n ? (struct str){ (const char *)stem, n } : buf_str(&s->word));
}

static bool ends_in_any(struct str s, struct str endings)
{
	struct str one;
	while (str_next(&endings, ' ', &one)) {
		if (one.n && str_ends(s, one))
			return true;
	}
	return false;
}

size_t stem_opening(int language, struct str stem)
{
	const struct language *l = &languages[language];
	size_t wanted = utf8_count(stem), n = 0, loose = 0;
	if (ends_in_any(stem, str_of(l->two)))
		loose = 2;
	else if (!l->one || ends_in_any(stem, str_of(l->one)))
		loose = 1;
	wanted = wanted > loose + STEM_OPENING_LETTERS ? wanted - loose : STEM_OPENING_LETTERS;
	for (size_t i = 0; i < wanted && n < stem.n; i++) {
		uint32_t c;
		size_t step = utf8_read(stem, n, &c);
		n += step ? step : 1;
	}
	return n;
}
