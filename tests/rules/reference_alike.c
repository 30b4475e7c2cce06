/* Terms by likeness, word by word. Only the stemming itself is the program's own. */
#include "base/fold.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "rules/text/stem.h"
#include "tests/rules/reference_near.h"

struct letters {
	const struct reference_letter *items;
	size_t count;
};

struct comparing {
	const struct term *term;
	struct letters own; /* the term's */
	struct str text;
	struct str_list langs;
	struct stemmers *stemmers;
	struct reference_spans *spans; /* NULL: whether there is one is enough */
	bool found;
};

static struct letters slice(struct letters s, size_t from, size_t to)
{
	return (struct letters){ s.items + from, to - from };
}

static bool same(struct letters a, struct letters b)
{
	for (size_t i = 0; i < a.count && i < b.count; i++) {
		if (a.items[i].c != b.items[i].c)
			return false;
	}
	return a.count == b.count;
}

static struct str original(const struct comparing *x, struct letters s)
{
	return str_slice(x->text, s.items[0].from, s.items[s.count - 1].to);
}

static bool is_starred(const struct comparing *x, struct letters word)
{
	size_t n = x->own.count;
	if (word.count < n)
		return false;
	struct letters part = x->term->kind == TERM_PREFIX
		? slice(word, 0, n)
		: slice(word, word.count - n, word.count);
	if (!same(part, x->own))
		return false;
	return !x->term->exact || fold_same_letters(original(x, part), x->term->letters);
}

/* The whole table of distances between the first i letters of one and the first k of the other. */
static size_t edits_between(struct letters a, struct letters b)
{
	size_t width = b.count + 1;
	size_t *table = mem_zero((a.count + 1) * width, sizeof *table);
	for (size_t i = 0; i <= a.count; i++) {
		for (size_t k = 0; k <= b.count; k++) {
			size_t best = i + k; /* all left out, all put in */
			if (i > 0 && table[(i - 1) * width + k] + 1 < best)
				best = table[(i - 1) * width + k] + 1;
			if (k > 0 && table[i * width + k - 1] + 1 < best)
				best = table[i * width + k - 1] + 1;
			if (i > 0 && k > 0) {
				bool other = a.items[i - 1].c != b.items[k - 1].c;
				size_t kept = table[(i - 1) * width + k - 1] + other;
				best = kept < best ? kept : best;
			}
			if (i > 1 && k > 1 && a.items[i - 1].c == b.items[k - 2].c &&
				a.items[i - 2].c == b.items[k - 1].c &&
				table[(i - 2) * width + k - 2] + 1 < best)
				best = table[(i - 2) * width + k - 2] + 1;
			table[i * width + k] = best;
		}
	}
	size_t edits = table[a.count * width + b.count];
	mem_free(table);
	return edits;
}

static bool is_edited(const struct comparing *x, struct letters word)
{
	if (same(word, x->own))
		return true;
	for (size_t i = 0; i < word.count; i++) {
		if (word.items[i].c == '\'')
			return false;
	}
	return word.items[0].c == x->own.items[0].c &&
		edits_between(word, x->own) <= x->term->edits;
}

/* --- stems --- */

static void add_stem(const struct comparing *x, int language, struct str word, struct buf *out)
{
	buf_clear(out);
	stem_add(x->stemmers, language, word, out);
}

static bool same_stem(const struct comparing *x, int language, struct letters word)
{
	struct buf own, other;
	buf_init(&own, 0);
	buf_init(&other, 0);
	add_stem(x, language, x->term->letters, &own);
	add_stem(x, language, original(x, word), &other);
	bool equal = str_eq(buf_str(&own), buf_str(&other));
	buf_finish(&own);
	buf_finish(&other);
	return equal;
}

/* Does the word begin with the first n characters of s? lax: i is y in the last one. */
static bool begins(struct letters word, struct str s, size_t n, bool lax)
{
	size_t at = 0;
	for (size_t i = 0; i < n && at < s.n; i++) {
		uint32_t c, has = i < word.count ? word.items[i].c : 0;
		at += utf8_read(s, at, &c);
		bool last = i + 1 == n || at == s.n;
		bool either = (c == 'i' || c == 'y') && (has == 'i' || has == 'y');
		if (c != has && !(lax && last && either))
			return false;
	}
	return true;
}

static bool ends_so(struct str s, const char *endings)
{
	struct str rest = str_of(endings), one;
	while (str_next(&rest, ' ', &one)) {
		if (one.n > 0 && str_ends(s, one))
			return true;
	}
	return false;
}

/* How many of the stem's last characters its words may lack. */
static size_t lacking(struct str code, struct str stem)
{
	static const char *const none[] = { "da", "de", "no", "sv" };
	static const char *const ent[] = { "es", "it", "pt" };
	if (str_eq(code, STR("fr")))
		return ends_so(stem, "iqu ent") ? 2 : ends_so(stem, "i l x");
	if (str_eq(code, STR("nl")))
		return ends_so(stem, "heid") ? 2 : 1;
	if (str_eq(code, STR("en")))
		return ends_so(stem, "e i l y");
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		if (str_eq(code, str_of(none[i])))
			return 0;
	}
	for (size_t i = 0; i < sizeof ent / sizeof *ent; i++) {
		if (str_eq(code, str_of(ent[i])))
			return ends_so(stem, "ent");
	}
	return 1;
}

static bool opens(const struct comparing *x, int language, struct letters word)
{
	struct buf stem;
	buf_init(&stem, 0);
	add_stem(x, language, x->term->letters, &stem);
	struct str s = utf8_count(buf_str(&stem)) < 2 ? x->term->folded : buf_str(&stem);
	size_t n = utf8_count(s), less = lacking(str_of(stem_language_code(language)), s);
	bool so = begins(word, s, n < less + 2 ? 2 : n - less, true);
	buf_finish(&stem);
	return so;
}

static bool named(const struct comparing *x, int language)
{
	uint32_t languages = x->term->languages;
	if (languages == 0)
		return language == stem_language(STR("fr")) || language == stem_language(STR("en"));
	return languages >> language & 1;
}

static bool is_of_stem(const struct comparing *x, struct letters word)
{
	int of_post = -1;
	bool stem = false;
	while (word.count > 2 && word.items[1].c == '\'')
		word = slice(word, 2, word.count);
	if (same(word, x->own))
		return true;
	for (size_t i = 0; i < x->langs.count && of_post < 0; i++)
		of_post = stem_language(x->langs.items[i]);
	bool opened = begins(word, x->term->folded, SIZE_MAX, false);
	for (int i = 0; i < stem_language_count(); i++) {
		if (named(x, i))
			opened = opened || opens(x, i, word);
		if (of_post >= 0 ? i == of_post : named(x, i))
			stem = stem || same_stem(x, i, word);
	}
	return opened && stem;
}

static void compare(void *ctx, const struct reference_letter *letters, size_t count)
{
	struct comparing *x = ctx;
	struct letters word = { letters, count };
	bool found = x->term->kind == TERM_STEM ? is_of_stem(x, word)
		: x->term->edits		? is_edited(x, word)
						: is_starred(x, word);
	x->found = x->found || found;
	if (found && x->spans)
		reference_add_span(x->spans, letters[0].from, letters[count - 1].to);
}

/* The term is one word: its letters are read as those of a text. */
static void compare_all(void *ctx, const struct reference_letter *letters, size_t count)
{
	struct comparing *x = ctx;
	x->own = (struct letters){ letters, count };
	reference_words(x->text, compare, x);
}

bool reference_alike(const struct term *term, struct str text, struct str_list langs)
{
	return reference_alike_spans(term, text, langs, NULL);
}

bool reference_alike_spans(const struct term *term, struct str text, struct str_list langs,
	struct reference_spans *spans)
{
	struct comparing x = { .term = term, .text = text, .langs = langs, .spans = spans };
	x.stemmers = stemmers_create();
	reference_words(term->letters, compare_all, &x);
	stemmers_destroy(x.stemmers);
	return x.found;
}
