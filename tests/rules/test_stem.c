#include "tests/check.h"
#include "tests/data.h"

#include "base/fold.h"
#include "base/utf8.h"
#include "model/map.h"
#include "rules/text/stem.h"
#include "rules/text/text.h"

static struct buf stem_of(const char *language, struct str word)
{
	struct stemmers *s = stemmers_create();
	struct buf out;
	buf_init(&out, 0);
	stem_add(s, stem_language(str_of(language)), word, &out);
	stemmers_destroy(s);
	return out;
}

static void check_stem(const char *language, struct str word, const char *expected)
{
	struct buf stem = stem_of(language, word);
	check_str(buf_str(&stem), str_of(expected));
	buf_finish(&stem);
}

static void languages_are_known_by_their_codes(void **state)
{
	(void)state;
	int french = stem_language(STR("fr"));
	assert_string_equal(stem_language_code(french), "fr");
	assert_int_equal(stem_language(STR("FR")), french);
	assert_int_equal(stem_language(STR("fr-CA")), french);
	assert_int_equal(stem_language(STR("fr_CA")), french);
	assert_int_equal(stem_language(STR("fra")), french);
	assert_int_equal(stem_language(STR("fre")), french);
	assert_int_equal(stem_language(STR("nn-NO")), stem_language(STR("no")));
	assert_int_equal(stem_language(STR("")), -1);
	assert_int_equal(stem_language(STR("-fr")), -1);
	assert_int_equal(stem_language(STR("und")), -1);
	assert_int_equal(stem_language(STR("french")), -1);
	assert_int_equal(stem_language(STR("f")), -1);
	assert_true(stem_language_count() <= STEM_MAX_LANGUAGES);
}

static void every_language_has_its_stemmer_and_is_its_own_number(void **state)
{
	(void)state;
	struct stemmers *s = stemmers_create();
	for (int i = 0; i < stem_language_count(); i++) {
		assert_int_equal(stem_language(str_of(stem_language_code(i))), i);
		struct buf out;
		buf_init(&out, 0);
		stem_add(s, i, STR("abc"), &out);
		assert_true(out.n > 0);
		buf_finish(&out);
	}
	stemmers_destroy(s);
}

static void stems_are_folded_but_made_of_the_accents(void **state)
{
	(void)state;
	check_stem("fr", STR("évidemment"), "evident");
	check_stem("fr", STR("passée"), "pass");
	check_stem("fr", STR("chevaux"), "cheval");
	check_stem("en", STR("relational"), "relat");
	check_stem("de", STR("Häuser"), "haus");
	check_stem("ru", STR("СОЛНЦА"), "солнц");
	check_stem("en", STR("dying"), "die");
}

static void the_form_of_the_letters_does_not_matter(void **state)
{
	(void)state;
	check_stem("fr", STR("PASSÉE"), "pass");
	check_stem("fr",
		STR("passe\xCC\x81"
		    "e"),
		"pass");
	check_stem("fr",
		STR("PASSE\xCC\x81"
		    "E"),
		"pass");
	check_stem("fr", STR("pas\xE2\x80\x8Bsée"), "pass");
	check_stem("fr", STR("ｐａｎｎｅａｕｘ"), "panneau");
	check_stem("fr", STR("𝗽𝗮𝗻𝗻𝗲𝗮𝘂𝘅"), "panneau");
	check_stem("da", STR("SØSTRENE"), "sostr");
	check_stem("da", STR("søstrene"), "sostr");
	check_stem("tr", STR("İzmir"), "izmir");
	check_stem("el", STR("ΉΛΙΟΣ"), "ηλι");
}

static void a_word_of_more_than_128_bytes_is_its_own_stem(void **state)
{
	(void)state;
	char word[STEM_MAX_BYTES + 1];
	memset(word, 'a', sizeof word);
	word[STEM_MAX_BYTES - 1] = word[STEM_MAX_BYTES] = 's';
	struct buf stem = stem_of("en", (struct str){ word, STEM_MAX_BYTES });
	assert_int_equal(stem.n, STEM_MAX_BYTES - 1);
	buf_finish(&stem);
	stem = stem_of("en", (struct str){ word, STEM_MAX_BYTES + 1 });
	assert_int_equal(stem.n, STEM_MAX_BYTES + 1);
	buf_finish(&stem);
}

static void an_opening_leaves_out_what_words_may_lack(void **state)
{
	static const struct {
		const char *language, *stem, *opening;
	} cases[] = { { "fr", "panneau", "panneau" }, { "fr", "cheval", "cheva" },
		{ "fr", "evident", "evide" }, { "fr", "appliqu", "appli" }, { "fr", "sol", "so" },
		{ "en", "die", "di" }, { "en", "sky", "sk" }, { "en", "go", "go" },
		{ "de", "haus", "haus" }, { "nl", "vrijheid", "vrijhe" }, { "nl", "man", "ma" },
		{ "ru", "солнц", "солн" }, { "fr", "x", "x" } };
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct str stem = str_of(cases[i].stem);
		size_t n = stem_opening(stem_language(str_of(cases[i].language)), stem);
		check_str(str_slice(stem, 0, n), str_of(cases[i].opening));
	}
}

/* Does a word begin with the opening of its own stem, i and y the same at its end? */
static bool opens(struct stemmers *s, int language, struct str word)
{
	struct buf stem, folded;
	buf_init(&stem, 0);
	buf_init(&folded, 0);
	stem_add(s, language, word, &stem);
	fold_add(&folded, word);
	size_t n = stem_opening(language, buf_str(&stem));
	bool so = n <= folded.n;
	for (size_t i = 0; i < n && so; i++) {
		bool either = strchr("iy", stem.p[i]) && strchr("iy", folded.p[i]);
		so = stem.p[i] == folded.p[i] || (i + 1 == n && either);
	}
	buf_finish(&stem);
	buf_finish(&folded);
	return so || utf8_count(word) < STEM_MIN_LETTERS;
}

/* How many words of a text do not. */
static size_t count_lost(struct stemmers *s, int language, const struct text *text, size_t *words)
{
	size_t lost = 0;
	for (size_t i = 0; i < text->words.count; i++) {
		struct text_word w = text->words.items[i];
		uint32_t from, to;
		if (w.flags & (WORD_SHUT | WORD_SPACELESS) ||
			str_find_char(text_word(text, w), '\'') != SIZE_MAX)
			continue;
		folded_span(&text->folded, w.from, w.to, &from, &to);
		struct str word = str_slice(text->original, from, to);
		if (!opens(s, language, word)) {
			print_error("%s: %.*s\n", stem_language_code(language), STR_ARGS(word));
			lost++;
		}
		(*words)++;
	}
	return lost;
}

static size_t lost_in(struct stemmers *s, int language, struct str original, size_t *words)
{
	struct text text;
	text_init(&text);
	text_set(&text, original);
	size_t lost = count_lost(s, language, &text, words);
	text_finish(&text);
	return lost;
}

/* What the scan waits for is in the words, for real posts in their languages. */
static void words_of_real_posts_begin_with_the_opening_of_their_stem(void **state)
{
	(void)state;
	struct buf posts;
	size_t words = 0, lost = 0;
	read_data("ndjson/xlmt_8langs.ndjson", &posts);
	struct str rest = buf_str(&posts), line;
	struct stemmers *s = stemmers_create();
	struct post_reader *reader = post_reader_create(post_map_builtin(STR("post")));
	while (str_next(&rest, '\n', &line)) {
		struct post post;
		const char *reason;
		size_t at;
		if (line.n == 0 || post_read(reader, line, &post, &reason, &at) != POST_READ ||
			post.langs.count == 0)
			continue;
		int language = stem_language(post.langs.items[0]);
		if (language >= 0)
			lost += lost_in(s, language, post.text, &words);
	}
	assert_true(words > 50000);
	assert_int_equal(lost, 0);
	post_reader_destroy(reader);
	stemmers_destroy(s);
	buf_finish(&posts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(languages_are_known_by_their_codes),
		cmocka_unit_test(every_language_has_its_stemmer_and_is_its_own_number),
		cmocka_unit_test(stems_are_folded_but_made_of_the_accents),
		cmocka_unit_test(the_form_of_the_letters_does_not_matter),
		cmocka_unit_test(a_word_of_more_than_128_bytes_is_its_own_stem),
		cmocka_unit_test(an_opening_leaves_out_what_words_may_lack),
		cmocka_unit_test(words_of_real_posts_begin_with_the_opening_of_their_stem),
	};
	return cmocka_run_group_tests_name("stem", tests, NULL, NULL);
}
