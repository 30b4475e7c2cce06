#include <stdlib.h>

#include "base/fold.h"
#include "base/fold_table.h"
#include "base/utf8.h"
#include "tests/check.h"

static struct str fold(struct buf *out, const char *text)
{
	buf_clear(out);
	fold_add(out, str_of(text));
	return buf_str(out);
}

static void every_spelling_of_a_word_folds_to_one(void **state)
{
	static const char *const pairs[][2] = {
		{ "SOLAIRE", "solaire" },
		{ "𝗦𝗢𝗟𝗔𝗜𝗥𝗘", "solaire" },
		{ "ＳＯＬＡＩＲＥ", "solaire" },
		{ "so\xE2\x80\x8Blaire", "solaire" },
		{ "so\xC2\xADlaire", "solaire" },
		{ "\xEF\xBB\xBFsolaire", "solaire" },
		{ "ÉNERGIE", "energie" },
		{ "e\xCC\x81nergie", "energie" },
		{ "Œuvre æther", "oeuvre aether" },
		{ "Straße", "strasse" },
		{ "Łódź Ø đ ħ ı þ ð İ", "lodz o d h i th d i" },
		{ "l’eau lʼeau l＇eau", "l'eau l'eau l'eau" },
		{ "a‐b–c—d−e", "a-b-c-d-e" },
		{ "a\xC2\xA0"
		  "b\xE3\x80\x80"
		  "c",
			"a b c" },
		{ "Apple™ Pepsi® m²", "apple  pepsi  m2" },
		{ "prix 10€", "prix 10 " },
		{ "ﬁn", "fin" },
		{ "ｶﾞｽ", "ガス" },
		{ "カ\xE3\x82\x99ス", "ガス" },
		{ "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", "한" },
		{ "مُحَمَّد", "محمد" },
		{ "שָׁלוֹם", "שלום" },
		{ "ΣΊΣΥΦΟΣ", "σισυφοσ" },
		{ "Ёлка", "елка" },
		{ "＃ＴＡＧ", "#tag" },
		{ "👩‍🚀", "  " },
		{ "日本語", "日本語" },
	};
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		check_str(fold(&out, pairs[i][0]), str_of(pairs[i][1]));
	buf_finish(&out);
}

static void folding_twice_changes_nothing(void **state)
{
	(void)state;
	struct buf once, twice;
	buf_init(&once, 0);
	buf_init(&twice, 0);
	for (uint32_t c = 0; c < 0x110000; c++) {
		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		char bytes[UTF8_MAX_BYTES];
		struct str s = { bytes, utf8_write(c, bytes) };
		buf_clear(&once);
		buf_clear(&twice);
		fold_add(&once, s);
		fold_add(&twice, buf_str(&once));
		if (!str_eq(buf_str(&once), buf_str(&twice)))
			print_error("U+%04X\n", c);
		check_str(buf_str(&twice), buf_str(&once));
		assert_true(utf8_valid(buf_str(&once)));
	}
	buf_finish(&once);
	buf_finish(&twice);
}

static void a_byte_of_folded_text_is_part_of_a_word_exactly_if_its_character_is(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 0x110000; c++) {
		char out[FOLD_MAX_EXPANSION];
		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		size_t n = fold_code_point(c, out);
		bool any = false;
		for (size_t i = 0; i < n; i++)
			any = any || fold_is_word(out[i]);
		assert_int_equal(any, (fold_class(c) & FOLD_WORD) != 0);
		for (size_t i = 0; i < n;) {
			uint32_t folded;
			size_t step = utf8_read((struct str){ out, n }, i, &folded);
			assert_true(step > 0);
			if (folded >= 0x80)
				assert_true(fold_class(folded) & FOLD_WORD);
			i += step;
		}
	}
}

static void invalid_bytes_fold_to_one_space_each(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	check_text(fold(&out,
			   "a\xC0\xAF"
			   "b\xFF"),
		"a  b ");
	check_text(fold(&out, "\xED\xA0\x80"), "   ");
	check_text(fold(&out, "x\xE2\x82"), "x  ");
	buf_finish(&out);
}

static void spans_lead_back_to_whole_characters_of_the_text(void **state)
{
	(void)state;
	struct folded f;
	uint32_t from, to;
	struct str text = STR("l’œuvre e\xCC\x81"
			      "t\xC3\xA9 ﬁn");
	folded_init(&f);
	folded_set(&f, text);
	check_str(((struct str){ f.p, f.n }), STR("l'oeuvre ete fin"));
	folded_span(&f, 2, 8, &from, &to);
	check_text(str_slice(text, from, to), "œuvre");
	folded_span(&f, 2, 3, &from, &to); /* half of the ligature is the ligature */
	check_text(str_slice(text, from, to), "œ");
	folded_span(&f, 9, 10, &from, &to);
	check_text(str_slice(text, from, to), "e\xCC\x81");
	folded_span(&f, 9, 12, &from, &to);
	check_text(str_slice(text, from, to), "e\xCC\x81t\xC3\xA9");
	folded_span(&f, 13, 16, &from, &to);
	check_text(str_slice(text, from, to), "ﬁn");
	folded_finish(&f);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static void both_ways_of_folding_give_the_same_and_every_span_stands_on_characters(void **state)
{
	(void)state;
	uint64_t seed = 42;
	struct folded f;
	struct buf out;
	folded_init(&f);
	buf_init(&out, 0);
	for (int round = 0; round < 20000; round++) {
		char bytes[64];
		size_t n = 0, wanted = next_random(&seed) % 40;
		static const uint32_t tops[] = { 0x80, 0x250, 0x800, 0x3200, 0xFFFF, 0x1F700 };
		while (n < wanted) {
			uint32_t c = (uint32_t)(next_random(&seed) % tops[next_random(&seed) % 6]);
			if (next_random(&seed) % 8 == 0)
				bytes[n++] = (char)next_random(&seed);
			else if (c < 0xD800 || c > 0xDFFF)
				n += utf8_write(c, bytes + n);
		}
		struct str s = { bytes, n };
		buf_clear(&out);
		fold_add(&out, s);
		folded_set(&f, s);
		check_str(((struct str){ f.p, f.n }), buf_str(&out));
		for (size_t i = 0; i < f.n; i++) {
			uint32_t from, to;
			folded_span(&f, i, i + 1, &from, &to);
			assert_true(from < to && to <= n);
			assert_true(!utf8_valid(s) || utf8_valid(str_slice(s, from, to)));
			assert_true(f.from[i] <= f.from[i + 1]);
		}
	}
	folded_finish(&f);
	buf_finish(&out);
}

static void exact_letters_keep_case_and_accents_but_not_the_normal_form(void **state)
{
	(void)state;
	assert_true(fold_same_letters(STR("Énergies"), STR("E\xCC\x81nergies")));
	assert_true(fold_same_letters(STR("한국"), STR("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB국")));
	assert_true(fold_same_letters(STR("EDF"),
		STR("E\xE2\x80\x8B"
		    "DF")));
	assert_false(fold_same_letters(STR("EDF"), STR("Edf")));
	assert_false(fold_same_letters(STR("Énergies"), STR("Energies")));
	assert_false(fold_same_letters(STR("EDF"), STR("EDFF")));
	assert_false(fold_same_letters(STR(""), STR("E")));
}

/* CaseFolding.txt, statuses C and F: a letter and its folding fold to the same. */
static void all_pairs_of_unicode_case_folding_match(void **state)
{
	(void)state;
	char path[4096], line[1024];
	const char *data = getenv("VIGIE_DATA");
	(void)snprintf(path, sizeof path,
		"%s/unicode/unicode-data_15.0.0-1/usr/share/unicode/CaseFolding.txt",
		data ? data : "");
	FILE *file = fopen(path, "r");
	if (!file)
		skip();
	struct buf a, b;
	size_t pairs = 0;
	buf_init(&a, 0);
	buf_init(&b, 0);
	while (fgets(line, sizeof line, file)) {
		char status, *rest = strchr(line, ';');
		uint32_t c = (uint32_t)strtoul(line, NULL, 16);
		if (line[0] == '#' || !rest || sscanf(rest, "; %c;", &status) != 1 ||
			(status != 'C' && status != 'F'))
			continue;
		char bytes[UTF8_MAX_BYTES];
		buf_clear(&a);
		buf_clear(&b);
		fold_add(&a, (struct str){ bytes, utf8_write(c, bytes) });
		char *at = strchr(rest + 1, ';') + 1;
		for (char *end;; at = end) {
			uint32_t part = (uint32_t)strtoul(at, &end, 16);
			if (end == at)
				break;
			fold_add(&b, (struct str){ bytes, utf8_write(part, bytes) });
		}
		check_str(buf_str(&a), buf_str(&b));
		pairs++;
	}
	(void)fclose(file);
	buf_finish(&a);
	buf_finish(&b);
	assert_true(pairs > 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_spelling_of_a_word_folds_to_one),
		cmocka_unit_test(folding_twice_changes_nothing),
		cmocka_unit_test(
			a_byte_of_folded_text_is_part_of_a_word_exactly_if_its_character_is),
		cmocka_unit_test(invalid_bytes_fold_to_one_space_each),
		cmocka_unit_test(spans_lead_back_to_whole_characters_of_the_text),
		cmocka_unit_test(
			both_ways_of_folding_give_the_same_and_every_span_stands_on_characters),
		cmocka_unit_test(exact_letters_keep_case_and_accents_but_not_the_normal_form),
		cmocka_unit_test(all_pairs_of_unicode_case_folding_match),
	};
	return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
