/* Writes the tables of fold.c, at build time: one entry a code point, in blocks of 64, equal
 * blocks once. The only user of utf8proc. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "base/fold.h"
#include "base/fold_table.h"

enum { CODE_POINTS = 0x110000, BLOCKS = CODE_POINTS / FOLD_BLOCK, MAX_RESULT = 32 };

struct range {
	uint32_t from, to;
};

static bool in_ranges(uint32_t c, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	}
	return false;
}

#define IN(c, ranges) in_ranges((c), (ranges), sizeof(ranges) / sizeof *(ranges))

/* Marks that only accent or point a letter; all others are part of it. */
static const struct range dropped_marks[] = {
	{ 0x0300, 0x036F }, { 0x1AB0, 0x1AFF }, { 0x1DC0, 0x1DFF }, { 0x20D0, 0x20FF },
	{ 0xFE20, 0xFE2F }, /* combining marks of general use */
	{ 0x0591, 0x05BD }, { 0x05BF, 0x05BF }, { 0x05C1, 0x05C2 }, { 0x05C4, 0x05C5 },
	{ 0x05C7, 0x05C7 }, /* Hebrew points */
	{ 0x0610, 0x061A }, { 0x0640, 0x0640 }, { 0x064B, 0x065F }, { 0x0670, 0x0670 },
	{ 0x06D6, 0x06DC }, { 0x06DF, 0x06E4 }, { 0x06E7, 0x06E8 }, { 0x06EA, 0x06ED },
	{ 0x08D3, 0x08E1 }, { 0x08E3, 0x08FF }, /* Arabic harakat, tatweel */
};

static const struct range spaceless[] = {
	{ 0x0E00, 0x0EFF }, /* Thai, Lao */
	{ 0x1000, 0x109F }, { 0xA9E0, 0xA9FF }, { 0xAA60, 0xAA7F }, /* Myanmar */
	{ 0x1100, 0x11FF }, { 0x3131, 0x318E }, { 0xA960, 0xA97F }, { 0xAC00, 0xD7FF },
	{ 0xFFA0, 0xFFDC }, /* Hangul */
	{ 0x1780, 0x17FF }, /* Khmer */
	{ 0x2E80, 0x2FDF }, { 0x3005, 0x3007 }, { 0x3021, 0x3029 }, { 0x3031, 0x3035 },
	{ 0x3038, 0x303B }, { 0x3400, 0x4DBF }, { 0x4E00, 0x9FFF }, { 0xF900, 0xFAFF },
	{ 0x20000, 0x323AF }, /* Han */
	{ 0x3041, 0x30FF }, { 0x31F0, 0x31FF }, { 0xFF66, 0xFF9F }, { 0x1AFF0, 0x1B16F }, /* kana */
};

static const uint32_t apostrophes[] = { 0x00B4, 0x02B9, 0x02BB, 0x02BC, 0x02C8, 0x02CA, 0x055A,
	0x05F3, 0x07F4, 0x07F5, 0x2018, 0x2019, 0x201B, 0x2032, 0x2035, 0xA78B, 0xA78C, 0xFF07,
	0xFF40 };
static const uint32_t hyphens[] = { 0x058A, 0x05BE, 0x1806, 0x2010, 0x2011, 0x2012, 0x2013, 0x2014,
	0x2015, 0x2043, 0x207B, 0x208B, 0x2212, 0x2E3A, 0x2E3B, 0xFE31, 0xFE32, 0xFE58, 0xFE63,
	0xFF0D };

static bool listed(uint32_t c, const uint32_t *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] == c)
			return true;
	}
	return false;
}

/* Letters that Unicode does not decompose but that readers take for others. */
static const char *letter_override(uint32_t c)
{
	switch (c) {
	case 0xE6:
		return "ae";
	case 0xF0:
	case 0x111:
		return "d";
	case 0xF8:
		return "o";
	case 0xFE:
		return "th";
	case 0x127:
		return "h";
	case 0x131:
		return "i";
	case 0x142:
		return "l";
	case 0x153:
		return "oe";
	default:
		return NULL;
	}
}

static bool is_word(uint32_t c)
{
	switch (utf8proc_category((utf8proc_int32_t)c)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
	case UTF8PROC_CATEGORY_PC:
		return true;
	default:
		return false;
	}
}

/* A mark such as the trade mark sign: raised, and no part of the word before it. */
static bool is_raised_symbol(uint32_t c)
{
	const utf8proc_property_t *p = utf8proc_get_property((utf8proc_int32_t)c);
	return p->category == UTF8PROC_CATEGORY_SO && p->decomp_type == UTF8PROC_DECOMP_TYPE_SUPER;
}

static bool is_composed_script(uint32_t c)
{
	bool digraph = c == 0x309F || c == 0x30FF; /* yori and koto: two kana in one sign */
	return (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0x3041 && c <= 0x30FF && !digraph);
}

/* Decomposes and case-folds once. */
static size_t decompose(uint32_t c, uint32_t out[MAX_RESULT])
{
	if (is_composed_script(c)) {
		out[0] = c;
		return 1;
	}
	int boundary = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, (utf8proc_int32_t *)out,
		MAX_RESULT, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD, &boundary);
	if (n < 0 || n > MAX_RESULT) {
		fprintf(stderr, "fold_gen: U+%04X does not decompose\n", c);
		exit(1);
	}
	return (size_t)n;
}

/* Decomposes until nothing changes any more. Composed Hangul and kana come apart in
 * compatibility forms only, and are put together again. */
static size_t decompose_fully(uint32_t c, uint32_t out[MAX_RESULT])
{
	size_t n = decompose(c, out);
	for (int round = 0; round < 4; round++) {
		uint32_t next[MAX_RESULT * MAX_RESULT];
		size_t next_n = 0;
		for (size_t i = 0; i < n; i++)
			next_n += decompose(out[i], next + next_n);
		if (next_n > MAX_RESULT)
			exit(1);
		memcpy(out, next, next_n * sizeof *out);
		n = next_n;
	}
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t whole = kept ? fold_compose_characters(out[kept - 1], out[i]) : 0;
		if (whole)
			out[kept - 1] = whole;
		else
			out[kept++] = out[i];
	}
	return kept;
}

static void add_text(char *bytes, size_t *n, const char *text)
{
	for (; *text; text++)
		bytes[(*n)++] = *text;
}

static void add_result(char *bytes, size_t *n, uint32_t c)
{
	const char *other = letter_override(c);
	if (listed(c, apostrophes, sizeof apostrophes / sizeof *apostrophes))
		other = "'";
	else if (listed(c, hyphens, sizeof hyphens / sizeof *hyphens))
		other = "-";
	else if (IN(c, dropped_marks))
		other = "";
	else if (c >= 0x80 && !is_word(c))
		other = " ";
	if (other)
		add_text(bytes, n, other);
	else
		*n += (size_t)utf8proc_encode_char(
			(utf8proc_int32_t)c, (utf8proc_uint8_t *)bytes + *n);
}

/* Several spaces, as of a symbol that decomposes into symbols, are one. */
static bool only_symbols(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (fold_is_word(bytes[i]))
			return false;
	}
	return n > 0;
}

static size_t fold(uint32_t c, char bytes[256])
{
	const utf8proc_property_t *p = utf8proc_get_property((utf8proc_int32_t)c);
	size_t n = 0;
	bool mapped = listed(c, apostrophes, sizeof apostrophes / sizeof *apostrophes) ||
		listed(c, hyphens, sizeof hyphens / sizeof *hyphens);
	if (p->ignorable && !mapped && c != 0x115F && c != 0x1160)
		return 0;
	if (mapped) {
		add_result(bytes, &n, c);
		return n;
	}
	if ((c >= 0xD800 && c <= 0xDFFF) || is_raised_symbol(c)) {
		add_text(bytes, &n, " ");
		return n;
	}
	uint32_t result[MAX_RESULT];
	size_t count = decompose_fully(c, result);
	for (size_t i = 0; i < count; i++)
		add_result(bytes, &n, result[i]);
	if (c >= 0x80 && only_symbols(bytes, n) && n > 1) {
		n = 0;
		add_text(bytes, &n, " ");
	}
	return n;
}

static unsigned class_of(uint32_t c, const char *bytes, size_t n)
{
	unsigned class = 0;
	const utf8proc_property_t *p = utf8proc_get_property((utf8proc_int32_t)c);
	if (n == 0)
		class |= FOLD_VANISHES | (p->ignorable ? FOLD_IGNORABLE : 0);
	else if (only_symbols(bytes, n))
		class |= c >= 0x80 ? FOLD_SYMBOL : 0;
	else
		class |= FOLD_WORD;
	if ((class & FOLD_WORD) && IN(c, spaceless))
		class |= FOLD_SPACELESS;
	if (p->category == UTF8PROC_CATEGORY_LU || p->category == UTF8PROC_CATEGORY_LT)
		class |= FOLD_UPPER;
	if (p->category == UTF8PROC_CATEGORY_LL)
		class |= FOLD_LOWER;
	return class;
}

static struct fold_entry entries[CODE_POINTS];
static char overflow[1 << 16];
static size_t overflow_n;

static void fill_entry(uint32_t c)
{
	char bytes[256], own[4];
	size_t n = fold(c, bytes);
	struct fold_entry *e = &entries[c];
	*e = (struct fold_entry){ .class = (uint8_t)class_of(c, bytes, n) };
	size_t own_n = c >= 0xD800 && c <= 0xDFFF
		? 0
		: (size_t)utf8proc_encode_char((utf8proc_int32_t)c, (utf8proc_uint8_t *)own);
	if (n == own_n && memcmp(bytes, own, n) == 0) {
		e->class |= FOLD_IDENTITY;
		return;
	}
	if (n > FOLD_MAX_EXPANSION)
		exit(1);
	if (n <= sizeof e->bytes) {
		e->n = (uint8_t)n;
		memcpy(e->bytes, bytes, n);
		return;
	}
	uint16_t at = (uint16_t)overflow_n;
	memcpy(overflow + overflow_n, bytes, n);
	overflow_n += n;
	if (overflow_n > 65000)
		exit(1);
	e->n = (uint8_t)n;
	memcpy(e->bytes, &at, sizeof at);
}

static void write_bytes(const char *bytes, size_t n)
{
	printf("{");
	for (size_t i = 0; i < n; i++)
		printf("%d,", bytes[i]);
	printf("}");
}

static void write_tables(void)
{
	static uint16_t index[BLOCKS];
	static uint32_t kept[BLOCKS];
	size_t count = 0;
	for (size_t b = 0; b < BLOCKS; b++) {
		size_t same = 0;
		while (same < count &&
			memcmp(&entries[kept[same] * FOLD_BLOCK], &entries[b * FOLD_BLOCK],
				FOLD_BLOCK * sizeof *entries) != 0)
			same++;
		if (same == count)
			kept[count++] = (uint32_t)b;
		index[b] = (uint16_t)same;
	}
	printf("/* Made by fold_gen.c. */\n#include \"base/fold_table.h\"\n\n"
	       "const uint16_t fold_index[%d] = {",
		BLOCKS);
	for (size_t b = 0; b < BLOCKS; b++)
		printf("%s%u,", b % 16 ? "" : "\n", index[b]);
	printf("\n};\n\nconst struct fold_entry fold_entries[%zu] = {\n", count * FOLD_BLOCK);
	for (size_t k = 0; k < count; k++) {
		for (size_t i = 0; i < FOLD_BLOCK; i++) {
			const struct fold_entry *e = &entries[kept[k] * FOLD_BLOCK + i];
			printf("{");
			write_bytes(e->bytes, sizeof e->bytes);
			printf(",%u,%u},\n", e->n, e->class);
		}
	}
	printf("};\n\nconst char fold_overflow[%zu] = ", overflow_n + 8);
	write_bytes(overflow, overflow_n);
	printf(";\n");
}

/* Canonical decompositions, case kept, for fold_same_letters. */
static void write_canonical(void)
{
	size_t count = 0;
	printf("\nconst struct fold_canonical fold_canonical[] = {\n");
	for (uint32_t c = 0xC0; c < CODE_POINTS; c++) {
		int boundary = 0;
		uint32_t out[MAX_RESULT];
		if ((c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xD800 && c <= 0xDFFF))
			continue;
		utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c,
			(utf8proc_int32_t *)out, MAX_RESULT, UTF8PROC_DECOMPOSE, &boundary);
		if (n < 1 || n > 4 || (n == 1 && out[0] == c))
			continue;
		printf("{%u,{", c);
		for (utf8proc_ssize_t i = 0; i < n; i++)
			printf("%u,", out[i]);
		printf("}},\n");
		count++;
	}
	printf("};\nconst size_t fold_canonical_count = %zu;\n", count);
}

int main(void)
{
	for (uint32_t c = 0; c < CODE_POINTS; c++)
		fill_entry(c);
	write_tables();
	write_canonical();
	return 0;
}
