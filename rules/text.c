#include "rules/text.h"

#include <string.h>

#include "base/fold_table.h"
#include "base/mem.h"
#include "base/utf8.h"

void text_init(struct text *t)
{
	*t = (struct text){ 0 };
	folded_init(&t->folded);
}

void text_finish(struct text *t)
{
	folded_finish(&t->folded);
	mem_free(t->words.items);
	mem_free(t->parts.items);
	mem_free(t->entities);
	*t = (struct text){ 0 };
}

static void add_word(struct text_words *list, size_t from, size_t to, unsigned flags)
{
	if (list->count == list->size) {
		list->size = list->size ? list->size * 2 : 64;
		list->items = mem_resize(list->items, list->size, sizeof *list->items);
	}
	if (list->count && list->items[list->count - 1].to == from)
		flags |= WORD_GLUED;
	list->items[list->count++] = (struct text_word){ (uint32_t)from, (uint32_t)to,
		(uint8_t)flags };
}

static void add_entity(struct text *t, size_t from, size_t to, enum text_entity_kind kind)
{
	if (t->entity_count == t->entity_size) {
		t->entity_size = t->entity_size ? t->entity_size * 2 : 16;
		t->entities = mem_resize(t->entities, t->entity_size, sizeof *t->entities);
	}
	t->entities[t->entity_count++] = (struct text_entity){ (uint32_t)from, (uint32_t)to, kind };
}

/* Does an apostrophe after this much of a word belong to it? */
static bool joins(const char *word, size_t n)
{
	static const char pronouns[] = "jnmtsc";
	if (n == 1)
		return memchr(pronouns, word[0], sizeof pronouns - 1) != NULL;
	return n == 7 && memcmp(word, "aujourd", 7) == 0;
}

/* The length of a spaceless character at p[i], or 0. All of them take three bytes or more. */
static size_t spaceless_at(const char *p, size_t i, size_t n)
{
	uint32_t c;
	if ((unsigned char)p[i] < 0xE0)
		return 0;
	size_t step = utf8_read((struct str){ p, n }, i, &c);
	return fold_entry(c)->class & FOLD_SPACELESS ? step : 0;
}

/* Cuts the run of word characters from `from`, before n, into words, apostrophes joined. */
static size_t add_run(struct text *t, size_t from, size_t n, unsigned flags)
{
	const char *p = t->folded.p;
	size_t start = from, i = from;
	while (i < n) {
		size_t step = fold_is_word(p[i]) ? spaceless_at(p, i, n) : 0;
		if (step) {
			if (i > start)
				add_word(&t->words, start, i, flags);
			add_word(&t->words, i, i + step, flags | WORD_SPACELESS);
			i += step;
			start = i;
		} else if (fold_is_word(p[i])) {
			i++;
		} else if (p[i] == '\'' && i + 1 < n && fold_is_word(p[i + 1]) &&
			joins(p + start, i - start)) {
			i++;
		} else {
			break;
		}
	}
	if (i > start)
		add_word(&t->words, start, i, flags);
	return i;
}

/* The words of a URL or handle. Returns `to`. */
static size_t add_shut(struct text *t, size_t from, size_t to)
{
	while (from < to)
		from = fold_is_word(t->folded.p[from]) ? add_run(t, from, to, WORD_SHUT) : from + 1;
	return to;
}

static bool is_tag_body(const char *p, size_t i, size_t n)
{
	return i < n && fold_is_word(p[i]);
}

/* The end of a URL that begins at p[i], or 0 if none does. */
static size_t url_end(const char *p, size_t i, size_t n)
{
	struct str rest = { p + i, n - i };
	if (!str_starts(rest, STR("http://")) && !str_starts(rest, STR("https://")) &&
		!str_starts(rest, STR("www.")))
		return 0;
	while (i < n && !strchr(" \t\n\v\f\r<>\"{}|\\^`", p[i]) && p[i])
		i++;
	return i;
}

/* The end of a handle's body from p[i]: word characters, with single dots and hyphens between. */
static size_t handle_end(const char *p, size_t i, size_t n)
{
	while (i < n &&
		(fold_is_word(p[i]) ||
			((p[i] == '.' || p[i] == '-') && i + 1 < n && fold_is_word(p[i + 1]))))
		i++;
	return i;
}

static size_t letters_end(const char *p, size_t i, size_t n)
{
	while (i < n && ((p[i] >= 'a' && p[i] <= 'z') || (unsigned char)p[i] >= 0x80))
		i++;
	return i;
}

/* Where a new part begins: at c, with the characters before and behind it. */
static bool is_seam(unsigned before, unsigned c, unsigned next)
{
	if (!(c & FOLD_UPPER))
		return false;
	return (before & FOLD_WORD && !(before & FOLD_UPPER)) ||
		(before & FOLD_UPPER && next & FOLD_LOWER);
}

static void add_part(struct text *t, size_t from, size_t to, bool *first)
{
	if (from == to)
		return;
	add_word(&t->parts, from, to, *first ? WORD_FIRST_PART : 0);
	*first = false;
}

/* Cuts a hashtag's body at the seams that its letters show in the original text. */
static void add_parts(struct text *t, size_t from, size_t to)
{
	const struct folded *f = &t->folded;
	size_t kept = t->parts.count, start = from;
	bool first = true;
	unsigned before = 0;
	for (size_t i = from; i < to;) {
		uint32_t c, next;
		size_t step = utf8_read(t->original, f->from[i], &c);
		size_t after = f->from[i] + (step ? step : 1);
		size_t end = i + 1;
		while (end < to && f->from[end] == f->from[i])
			end++;
		next = 0;
		if (after < t->original.n)
			(void)utf8_read(t->original, after, &next);
		if (c == '_' || is_seam(before, fold_class(c), fold_class(next))) {
			add_part(t, start, i, &first);
			start = c == '_' ? end : i;
		}
		before = c == '_' ? 0 : fold_class(c);
		i = end;
	}
	if (start == from) {
		t->parts.count = kept; /* no seam: the body itself is the word */
		return;
	}
	add_part(t, start, to, &first);
}

static size_t add_signed(struct text *t, size_t i)
{
	const char *p = t->folded.p;
	size_t n = t->folded.n, end = i + 1;
	if (p[i] == '#' && is_tag_body(p, i + 1, n)) {
		while (end < n && fold_is_word(p[end]))
			end++;
		add_entity(t, i + 1, end, ENTITY_TAG);
		add_parts(t, i + 1, end);
		return i + 1; /* the body is a word like any other */
	}
	if (p[i] == '@' && is_tag_body(p, i + 1, n)) {
		end = handle_end(p, i + 1, n);
		add_entity(t, i + 1, end, ENTITY_HANDLE);
		return add_shut(t, i + 1, end);
	}
	if (p[i] == '$') {
		end = letters_end(p, i + 1, n);
		if (end > i + 1 && !is_tag_body(p, end, n))
			add_entity(t, i + 1, end, ENTITY_CASHTAG);
	}
	return i + 1;
}

void text_set(struct text *t, struct str original)
{
	t->original = original;
	t->words.count = t->parts.count = t->entity_count = 0;
	folded_set(&t->folded, original);
	const char *p = t->folded.p;
	size_t n = t->folded.n;
	for (size_t i = 0; i < n;) {
		if (fold_is_word(p[i])) {
			size_t end = p[i] == 'h' || p[i] == 'w' ? url_end(p, i, n) : 0;
			i = end ? add_shut(t, i, end) : add_run(t, i, n, 0);
		} else if ((p[i] == '#' || p[i] == '@' || p[i] == '$') &&
			(i == 0 || !fold_is_word(p[i - 1]))) {
			i = add_signed(t, i);
		} else {
			i++;
		}
	}
}
