/* Where words begin and end, against the cases of Unicode's UAX 29. Ours differ on purpose: what a
 * keyword is compared with is smaller than what a cursor jumps over. Each difference has a reason.
 */
#include "rules/text/text.h"

#include "base/utf8.h"
#include "tests/data.h"

#define CASES "unicode/unicode-data_15.0.0-1/usr/share/unicode/auxiliary/WordBreakTest.txt"

enum { MAX_CHARACTERS = 32 };

enum reason { APOSTROPHE, PUNCTUATION, KANA, OTHER, REASONS };

static const char *const reasons[REASONS] = {
	[APOSTROPHE] = "an apostrophe parts words but after a French pronoun",
	[PUNCTUATION] = "marks such as . , : part words and numbers: phrases pass over them",
	[KANA] = "each kana is a word: words in running Japanese are found",
	[OTHER] = "other",
};

struct test_case {
	uint32_t characters[MAX_CHARACTERS];
	bool breaks[MAX_CHARACTERS + 1]; /* before a character, and at the end */
	size_t count;
};

/* "÷ 0061 × 0027 ÷ 0062 ÷": where ÷ is, text breaks. */
static void read_case(struct str line, struct test_case *t)
{
	struct str piece;
	*t = (struct test_case){ 0 };
	for (struct str rest = str_trim(line); str_next(&rest, ' ', &piece);) {
		if (str_eq(piece, STR("÷")))
			t->breaks[t->count] = true;
		else if (!str_eq(piece, STR("×")) && piece.n && t->count < MAX_CHARACTERS)
			t->characters[t->count++] = (uint32_t)strtoul(piece.p, NULL, 16);
	}
}

/* One line for each word: its bytes. UAX 29's are the pieces in which one of our word characters
 * stands. */
static void add_theirs(const struct test_case *t, struct buf *out)
{
	struct buf piece;
	buf_init(&piece, 0);
	bool word = false;
	for (size_t i = 0; i < t->count; i++) {
		char bytes[UTF8_MAX_BYTES];
		word = word || fold_class(t->characters[i]) & FOLD_WORD;
		buf_add(&piece, (struct str){ bytes, utf8_write(t->characters[i], bytes) });
		if (!t->breaks[i + 1])
			continue;
		if (word)
			buf_addf(out, "%.*s|", STR_ARGS(buf_str(&piece)));
		buf_clear(&piece);
		word = false;
	}
	buf_finish(&piece);
}

static void add_ours(const struct test_case *t, struct buf *out)
{
	struct buf all;
	struct text text;
	buf_init(&all, 0);
	text_init(&text);
	for (size_t i = 0; i < t->count; i++) {
		char bytes[UTF8_MAX_BYTES];
		buf_add(&all, (struct str){ bytes, utf8_write(t->characters[i], bytes) });
	}
	text_set(&text, buf_str(&all));
	for (size_t i = 0; i < text.words.count; i++) {
		struct text_word w = text.words.items[i];
		uint32_t from, to;
		folded_span(&text.folded, w.from, w.to, &from, &to);
		buf_addf(out, "%.*s|", STR_ARGS(str_slice(text.original, from, to)));
	}
	text_finish(&text);
	buf_finish(&all);
}

static enum reason reason_of(const struct test_case *t)
{
	enum reason reason = OTHER;
	for (size_t i = 0; i < t->count; i++) {
		uint32_t c = t->characters[i];
		unsigned class = fold_class(c);
		char folded[FOLD_MAX_EXPANSION];
		size_t n = fold_code_point(c, folded);
		if (n == 1 && folded[0] == '\'')
			return APOSTROPHE;
		if (class & FOLD_SPACELESS)
			reason = KANA;
		else if (reason != KANA && n == 1 && strchr(".,:; \"", folded[0]))
			reason = PUNCTUATION;
	}
	return reason;
}

static void words_end_where_unicode_ends_them_but_for_reasons(void **state)
{
	(void)state;
	struct buf data, theirs, ours;
	struct str line;
	size_t count = 0, seen[REASONS] = { 0 };
	read_data(CASES, &data);
	buf_init(&theirs, 0);
	buf_init(&ours, 0);
	for (struct str rest = buf_str(&data); str_next(&rest, '\n', &line);) {
		struct test_case t;
		line = str_slice(line, 0, str_find_char(line, '\t'));
		if (line.n == 0 || line.p[0] == '#')
			continue;
		count++;
		read_case(line, &t);
		buf_clear(&theirs);
		buf_clear(&ours);
		add_theirs(&t, &theirs);
		add_ours(&t, &ours);
		if (str_eq(buf_str(&theirs), buf_str(&ours)))
			continue;
		enum reason reason = reason_of(&t);
		seen[reason]++;
		if (reason == OTHER || getenv("VIGIE_SHOW"))
			print_error("%.*s  %s: '%.*s' '%.*s'\n", STR_ARGS(line), reasons[reason],
				STR_ARGS(buf_str(&theirs)), STR_ARGS(buf_str(&ours)));
	}
	print_message("%zu cases; of which differ:\n", count);
	for (size_t i = 0; i < REASONS; i++)
		print_message("  %4zu %s\n", seen[i], reasons[i]);
	assert_true(count > 1000);
	assert_true(seen[APOSTROPHE] && seen[PUNCTUATION] && seen[KANA]);
	assert_int_equal(seen[OTHER], 0);
	buf_finish(&theirs);
	buf_finish(&ours);
	buf_finish(&data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_end_where_unicode_ends_them_but_for_reasons),
	};
	return cmocka_run_group_tests_name("words, Unicode", tests, NULL, NULL);
}
