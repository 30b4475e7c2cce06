#include "rules/scan/scan_kernel.h"

#include "base/fold.h"
#include "base/fold_table.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { SPARE_BYTES = FOLD_MAX_EXPANSION + 2 * SCAN_PAD_BYTES };

void scan_text_finish(struct scan_text *t)
{
	mem_free(t->memory);
	*t = (struct scan_text){ 0 };
}

void scan_text_room(struct scan_text *t, size_t bytes)
{
	size_t need = t->n + bytes + SPARE_BYTES;
	if (need <= t->size_bytes)
		return;
	size_t size = t->size_bytes * 2 > need ? t->size_bytes * 2 : need;
	t->memory = mem_resize(t->memory, size + SCAN_PAD_BYTES, 1);
	memset(t->memory, ' ', SCAN_PAD_BYTES);
	t->p = t->memory + SCAN_PAD_BYTES;
	t->size_bytes = size;
}

/* Asks for the character, and for the pair that it makes with the one before. */
static void ask_spaceless(struct scan_text *t, const struct wake *w)
{
	char bytes[WORD_PAD_BYTES + 2 * UTF8_MAX_BYTES + WORD_PAD_BYTES] = { 0 };
	char *pair = bytes + WORD_PAD_BYTES;
	size_t first = t->before ? utf8_write(t->before, pair) : 0;
	size_t second = utf8_write(t->last, pair + first);
	if (wake_has(w, pair + first, second) || (first && wake_has(w, pair, first + second)))
		t->hit = true;
}

static void add_spaceless(struct scan_text *t, const struct wake *w, uint32_t c)
{
	if (t->last_end != t->n)
		t->before = t->last = 0;
	uint32_t whole = t->last ? fold_compose_characters(t->last, c) : 0;
	if (whole) {
		t->last = whole;
	} else {
		t->before = t->last;
		t->last = c;
		if (!t->before)
			t->p[t->n++] = ' ';
	}
	t->last_end = t->n;
	if (w->spaceless)
		ask_spaceless(t, w);
}

/* A folding that may hold spaceless characters: one by one. */
static void add_mixed(struct scan_text *t, const struct wake *w, struct str folded)
{
	for (size_t i = 0; i < folded.n;) {
		uint32_t c;
		size_t n = utf8_read(folded, i, &c);
		if (fold_entry(c)->class & FOLD_SPACELESS) {
			add_spaceless(t, w, c);
		} else {
			memcpy(t->p + t->n, folded.p + i, n);
			t->n += n;
		}
		i += n;
	}
}

void scan_text_add(struct scan_text *t, const struct wake *w, uint32_t c)
{
	const struct fold_entry *e = fold_entry(c);
	if (e->class & (FOLD_IDENTITY | FOLD_SPACELESS)) {
		if (e->class & FOLD_SPACELESS && e->class & FOLD_IDENTITY) {
			add_spaceless(t, w, c);
			return;
		}
		if (!(e->class & FOLD_SPACELESS)) {
			t->n += utf8_write(c, t->p + t->n);
			return;
		}
	}
	char folded[FOLD_MAX_EXPANSION];
	size_t n = fold_code_point(c, folded);
	bool mixed = false;
	for (size_t i = 0; i < n; i++)
		mixed = mixed || (unsigned char)folded[i] >= 0xE0;
	if (mixed) {
		add_mixed(t, w, (struct str){ folded, n });
		return;
	}
	memcpy(t->p + t->n, folded, n);
	t->n += n;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hex digits at p, or -1. */
static int32_t hex_unit(const char *p, const char *end)
{
	int32_t unit = 0;
	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int value = hex_value(p[i]);
		if (value < 0)
			return -1;
		unit = unit << 4 | value;
	}
	return unit;
}

const char *scan_escape(const char *p, const char *end, uint32_t *code_point)
{
	static const char plain[] = "\"\\/bfnrt", meaning[] = "\"\\/\b\f\n\r\t";
	if (end - p < 2)
		return NULL;
	if (p[1] != 'u') {
		const char *at = p[1] ? strchr(plain, p[1]) : NULL;
		if (!at)
			return NULL;
		*code_point = (unsigned char)meaning[at - plain];
		return p + 2;
	}
	int32_t unit = hex_unit(p + 2, end);
	if (unit < 0)
		return NULL;
	p += 6;
	*code_point = (uint32_t)unit;
	if (unit >= 0xD800 && unit <= 0xDBFF && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
		int32_t low = hex_unit(p + 2, end);
		if (low >= 0xDC00 && low <= 0xDFFF) {
			*code_point = 0x10000 + ((uint32_t)(unit - 0xD800) << 10) +
				(uint32_t)(low - 0xDC00);
			return p + 6;
		}
	}
	if (unit == 0 || (unit >= 0xD800 && unit <= 0xDFFF))
		*code_point = UTF8_REPLACEMENT;
	return p;
}

const char *scan_special(struct scan_text *t, const struct wake *w, const char *p, const char *end)
{
	uint32_t c;
	const char *next;
	if (*p == '\\') {
		t->escaped = true;
		next = scan_escape(p, end, &c);
		if (!next) {
			t->odd = true;
			return p;
		}
	} else {
		struct str rest = { p, (size_t)(end - p) };
		size_t n = utf8_read(rest, 0, &c);
		next = p + (n ? n : 1);
	}
	scan_text_add(t, w, c);
	/* Some characters fold to more bytes than they took. */
	if (t->n + (size_t)(end - next) + SPARE_BYTES > t->size_bytes)
		scan_text_room(t, (size_t)(end - next));
	return next;
}
