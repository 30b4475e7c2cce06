/* Likeness against the obvious: every word of a small language asked about every entry. */
#include "tests/check.h"

#include "base/fold.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "rules/text/alike.h"

/* Words in a text that may be read around. */
struct padded {
	struct buf text;
};

static void pad(struct padded *p, struct str word)
{
	char spaces[ALIKE_STEP_BYTES];
	memset(spaces, ' ', sizeof spaces);
	buf_init(&p->text, 0);
	buf_add(&p->text, (struct str){ spaces, sizeof spaces });
	buf_add(&p->text, word);
	buf_add(&p->text, (struct str){ spaces, sizeof spaces });
}

static struct str inner(const struct padded *p)
{
	return str_slice(buf_str(&p->text), ALIKE_STEP_BYTES, p->text.n - ALIKE_STEP_BYTES);
}

static bool note_id(void *ctx, uint32_t id)
{
	*(uint64_t *)ctx |= (uint64_t)1 << id;
	return true;
}

/* The ids that the word is like, a bit each. */
static uint64_t found_by(const struct alike *a, struct str word)
{
	struct padded p;
	uint64_t ids = 0;
	pad(&p, word);
	alike_find(a, inner(&p), note_id, &ids);
	assert_int_equal(alike_has(a, inner(&p)), ids != 0);
	assert_int_equal(
		alike_any(a, p.text.p, ALIKE_STEP_BYTES, p.text.n - ALIKE_STEP_BYTES), ids != 0);
	buf_finish(&p.text);
	return ids;
}

static uint64_t like_by_definition(const struct alike_entry *entries, size_t count, struct str word)
{
	uint64_t ids = 0;
	for (size_t i = 0; i < count; i++) {
		const struct alike_entry *e = &entries[i];
		bool like = e->kind == ALIKE_BEGINS ? str_starts(word, e->letters)
			: e->kind == ALIKE_ENDS	    ? str_ends(word, e->letters)
						    : word.p[0] == e->letters.p[0] &&
				alike_edits(word, e->letters, e->edits) <= e->edits;
		ids |= (uint64_t)like << e->id;
	}
	return ids;
}

#define BEGINS(number, text)                                        \
	{                                                           \
		{ text, sizeof(text) - 1 }, number, ALIKE_BEGINS, 0 \
	}
#define ENDS(number, text)                                        \
	{                                                         \
		{ text, sizeof(text) - 1 }, number, ALIKE_ENDS, 0 \
	}
#define EDITED(number, text, most)                                     \
	{                                                              \
		{ text, sizeof(text) - 1 }, number, ALIKE_EDITED, most \
	}

/* All words of up to 7 letters of an alphabet of three. */
static void every_word_of_a_small_language_is_judged_by_its_letters(void **state)
{
	static const struct alike_entry entries[] = { BEGINS(0, "ab"), BEGINS(1, "abc"),
		BEGINS(2, "bacab"), ENDS(3, "ba"), ENDS(4, "cab"), ENDS(5, "aaaa"),
		EDITED(6, "abcab", 1), EDITED(7, "aabbc", 1), EDITED(8, "cccccc", 1),
		EDITED(9, "bacbaca", 1), EDITED(10, "abc", 1), EDITED(11, "cabcab", 2),
		EDITED(12, "aaaaaaa", 2) };
	const size_t count = sizeof entries / sizeof *entries;
	(void)state;
	for (size_t first = 0; first < count; first++) {
		/* Each entry alone, so that no other one opens a gate for it; then all. */
		const struct alike_entry *from = first ? &entries[first] : entries;
		size_t n = first ? 1 : count;
		struct alike *a = alike_create(from, n);
		for (size_t number = 0; number < 2187 * 2; number++) {
			char word[8];
			size_t length = 3 + number % 5, left = number / 2;
			for (size_t i = 0; i < length; i++, left /= 3)
				word[i] = (char)('a' + left % 3);
			struct str s = { word, length };
			uint64_t expected = like_by_definition(from, n, s);
			if (found_by(a, s) != expected)
				fail_msg("%.*s from entry %zu", STR_ARGS(s), first);
		}
		alike_destroy(a);
	}
}

/* Every word that one edit makes of some, in every place. */
static void every_single_edit_is_found(void **state)
{
	static const struct alike_entry entries[] = { EDITED(0, "table", 1), EDITED(1, "solair", 1),
		EDITED(2, "solaire", 1), EDITED(3, "photovoltaique", 1),
		EDITED(4, "\xD1\x81\xD0\xBE\xD0\xBB\xD0\xBD\xD1\x86\xD0\xB5", 1) };
	static const struct str letters[] = { { "z", 1 }, { "a", 1 }, { "\xD0\xBB", 2 } };
	(void)state;
	for (size_t e = 0; e < sizeof entries / sizeof *entries; e++) {
		struct str s = entries[e].letters;
		struct alike *a = alike_create(&entries[e], 1);
		uint32_t c;
		size_t first = utf8_read(s, 0, &c);
		for (size_t i = first, n; i <= s.n; i += n ? n : 1) {
			struct buf word;
			n = i < s.n ? utf8_read(s, i, &c) : 0;
			size_t next = i + n < s.n ? utf8_read(s, i + n, &c) : 0;
			struct str head = str_slice(s, 0, i), tail = str_slice(s, i + n, s.n);
			buf_init(&word, 0);
			for (size_t k = 0; k < 3; k++) {
				buf_clear(&word); /* one replaced, or put in at the end */
				buf_addf(&word, "%.*s%.*s%.*s", STR_ARGS(head),
					STR_ARGS(letters[k]), STR_ARGS(tail));
				assert_int_equal(found_by(a, buf_str(&word)), 1 << e);
				buf_clear(&word); /* one put in */
				buf_addf(&word, "%.*s%.*s%.*s", STR_ARGS(head),
					STR_ARGS(letters[k]), STR_ARGS(str_slice(s, i, s.n)));
				assert_int_equal(found_by(a, buf_str(&word)), 1 << e);
			}
			buf_clear(&word); /* one left out */
			buf_addf(&word, "%.*s%.*s", STR_ARGS(head), STR_ARGS(tail));
			assert_int_equal(found_by(a, buf_str(&word)), 1 << e);
			buf_clear(&word); /* two swapped */
			buf_addf(&word, "%.*s%.*s%.*s%.*s", STR_ARGS(head),
				STR_ARGS(str_slice(s, i + n, i + n + next)),
				STR_ARGS(str_slice(s, i, i + n)),
				STR_ARGS(str_slice(s, i + n + next, s.n)));
			assert_int_equal(found_by(a, buf_str(&word)), 1 << e);
			buf_finish(&word);
		}
		alike_destroy(a);
	}
}

static void distances_are_those_of_optimal_string_alignment(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned most, edits;
	} cases[] = { { "solaire", "solaire", 2, 0 }, { "solaire", "sloaire", 2, 1 },
		{ "solaire", "solare", 2, 1 }, { "solaire", "solaires", 2, 1 },
		{ "solaire", "saloire", 2, 2 }, { "solaire", "lunaire", 2, 3 },
		{ "ca", "abc", 2, 3 }, /* no letter is touched twice: else it would be 2 */
		{ "abcdef", "badcfe", 2, 3 }, { "abcdef", "badcef", 2, 2 },
		{ "\xD1\x81\xD0\xBE\xD0\xBB", "\xD1\x81\xD0\xBB\xD0\xBE", 2, 1 },
		{ "aaaa", "aaaaaaa", 2, 3 }, { "a", "", 1, 1 }, { "", "", 1, 0 } };
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct str a = str_of(cases[i].a), b = str_of(cases[i].b);
		assert_int_equal(alike_edits(a, b, cases[i].most), cases[i].edits);
		assert_int_equal(alike_edits(b, a, cases[i].most), cases[i].edits);
	}
}

/* Of all lengths, so that words meet the edges of the steps that a text is walked in. */
static void a_word_is_found_wherever_it_stands_in_a_text(void **state)
{
	static const struct alike_entry entries[] = { BEGINS(0, "begin"), ENDS(1, "end"),
		EDITED(2, "solaire", 1),
		EDITED(3, "\xD1\x81\xD0\xBE\xD0\xBB\xD0\xBD\xD1\x86\xD0\xB5", 1) };
	static const struct {
		const char *word;
		bool like;
	} words[] = { { "beginning", true }, { "trend", true }, { "solarie", true },
		{ "\xD1\x81\xD0\xBE\xD0\xBB\xD0\xBD\xD1\x86", true }, { "began", false },
		{ "ending", false }, { "xsolaire", false } };
	(void)state;
	struct alike *a = alike_create(entries, 4);
	for (size_t before = 0; before < 200; before++) {
		for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
			struct padded p;
			struct buf text;
			buf_init(&text, 0);
			for (size_t k = 0; k < before; k++)
				buf_add_char(&text, before % 3 ? 'x' : ' ');
			buf_addf(&text, " %s%s", words[i].word, before % 2 ? "" : ", x");
			pad(&p, buf_str(&text));
			bool any = alike_any(
				a, p.text.p, ALIKE_STEP_BYTES, p.text.n - ALIKE_STEP_BYTES);
			if (any != words[i].like)
				fail_msg("%s after %zu", words[i].word, before);
			buf_finish(&p.text);
			buf_finish(&text);
		}
	}
	alike_destroy(a);
}

/* A word of 200 bytes whose letters beyond ASCII are all in its beginning, where a step has ended
 * before its last. */
static void a_long_word_is_not_taken_for_ascii(void **state)
{
	(void)state;
	struct buf word;
	struct padded p;
	buf_init(&word, 0);
	for (size_t i = 0; i < 31; i++)
		buf_add(&word, STR("\xD1\x81"));
	for (size_t i = 0; i < 33; i++)
		buf_add_char(&word, 'x');
	const struct alike_entry entry = { buf_str(&word), 0, ALIKE_EDITED, 1 };
	struct alike *a = alike_create(&entry, 1);
	for (size_t before = 0; before < 70; before++) {
		struct buf text;
		buf_init(&text, 0);
		for (size_t k = 0; k < before; k++)
			buf_add_char(&text, ' ');
		buf_add(&text, buf_str(&word));
		buf_add_char(&text, 'y');
		pad(&p, buf_str(&text));
		assert_true(alike_any(a, p.text.p, ALIKE_STEP_BYTES, p.text.n - ALIKE_STEP_BYTES));
		buf_finish(&p.text);
		buf_finish(&text);
	}
	alike_destroy(a);
	buf_finish(&word);
}

static void a_text_outside_the_range_is_not_asked_about(void **state)
{
	static const struct alike_entry entry = BEGINS(0, "sol");
	struct padded p;
	(void)state;
	struct alike *a = alike_create(&entry, 1);
	pad(&p, STR("solaire un solaire"));
	assert_false(alike_any(a, p.text.p, ALIKE_STEP_BYTES + 8, ALIKE_STEP_BYTES + 13));
	assert_true(alike_any(a, p.text.p, ALIKE_STEP_BYTES + 8, ALIKE_STEP_BYTES + 14));
	assert_false(alike_any(a, p.text.p, ALIKE_STEP_BYTES + 8, ALIKE_STEP_BYTES + 8));
	buf_finish(&p.text);
	alike_destroy(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_of_a_small_language_is_judged_by_its_letters),
		cmocka_unit_test(every_single_edit_is_found),
		cmocka_unit_test(distances_are_those_of_optimal_string_alignment),
		cmocka_unit_test(a_word_is_found_wherever_it_stands_in_a_text),
		cmocka_unit_test(a_long_word_is_not_taken_for_ascii),
		cmocka_unit_test(a_text_outside_the_range_is_not_asked_about),
	};
	return cmocka_run_group_tests_name("alike", tests, NULL, NULL);
}
