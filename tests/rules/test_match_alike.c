/* What the matcher says of terms by likeness: which word, which way, in which language. */
#include "tests/check.h"

#include "conf/yaml.h"
#include "rules/compile/ruleset.h"

struct said {
	const struct post *post;
	struct buf text;
};

/* "rule: word way; word way" a line. */
static bool say(void *ctx, const struct match *match)
{
	static const char *const ways[] = { "exact", "folded", "stem", "fuzzy", "regex" };
	struct said *s = ctx;
	buf_addf(&s->text, "%.*s:", STR_ARGS(match->rule));
	for (size_t i = 0; i < match->hit_count; i++) {
		const struct hit *h = &match->hits[i];
		struct str field = post_field(match->post, h->field);
		buf_addf(&s->text, " %.*s %s", STR_ARGS(str_slice(field, h->from, h->to)),
			ways[h->way]);
	}
	buf_add_char(&s->text, '\n');
	return true;
}

static void check_said(const char *yaml, const char *lang, const char *text, const char *expected)
{
	struct arena arena;
	struct diag *diag = diag_create();
	arena_init(&arena, 0);
	struct rules *rules = rules_load(
		conf_read_text("r.yaml", str_of(yaml), &arena, diag), NULL, diag);
	assert_false(diag_failed(diag));
	arena_finish(&arena);
	diag_destroy(diag);
	struct ruleset *set = ruleset_create(rules);
	struct match_scratch *scratch = match_scratch_create(set);
	struct post post = post_empty();
	struct str langs[2] = { str_of("und"), str_of(lang) };
	struct said said = { .post = &post };
	buf_init(&said.text, 0);
	post.text = str_of(text);
	post.langs = (struct str_list){ langs, lang ? 2 : 0 };
	(void)ruleset_match(set, scratch, &post, say, &said);
	check_str(buf_str(&said.text), str_of(expected));
	buf_finish(&said.text);
	match_scratch_destroy(scratch);
	ruleset_destroy(set);
}

static void a_hit_is_the_whole_word_as_it_stands_in_the_post(void **state)
{
	(void)state;
	check_said("rules: [{ name: r, any: [sola*, '*voltaïque'] }]", NULL,
		"Solarium d’Agrivolta\u00EFque #MaisonSolaire",
		"r: Solarium folded Agrivoltaïque exact Solaire folded\n");
	check_said("rules: [{ name: r, any: [solaire~1] }]", NULL,
		"(So\u200Bliaire, SOLAIRE et solaire)",
		"r: So\u200Bliaire fuzzy SOLAIRE folded solaire exact\n");
	check_said("rules: [{ name: r, any: ['stem:adorer'], language: fr }]", NULL,
		"j'adorais, adorer, ADORER", "r: j'adorais stem adorer exact ADORER folded\n");
}

static void a_word_that_is_found_in_many_ways_is_one_hit(void **state)
{
	(void)state;
	check_said("rules: [{ name: r, any: [aaaaaa~1] }]", NULL, "aaaaaaa #AaaaaaBb",
		"r: aaaaaaa fuzzy Aaaaaa folded\n");
}

static void the_language_of_the_post_decides_about_stems(void **state)
{
	static const char yaml[] = "rules: [{ name: r, any: ['stem:national'], language: en }]";
	(void)state;
	/* English: nation; French: national, nationaux. */
	check_said(yaml, "en", "nationals", "r: nationals stem\n");
	check_said(yaml, "en-GB", "nationally", "r: nationally stem\n");
	check_said(yaml, "fr", "nationally", "");
	check_said(yaml, "fr-CA", "nationaux", "r: nationaux stem\n");
	check_said(yaml, "fra", "nationaux", "r: nationaux stem\n");
	check_said(yaml, "en", "nationaux", "");
	check_said(yaml, "ja", "nationally", "r: nationally stem\n");
	check_said(yaml, NULL, "nationally", "r: nationally stem\n");
	check_said(yaml, NULL, "nationaux", "");
}

static void without_any_language_stems_are_french_or_english(void **state)
{
	static const char yaml[] = "rules: [{ name: r, any: ['stem:national'] }]";
	(void)state;
	check_said(yaml, NULL, "nationaux nationally", "r: nationaux stem nationally stem\n");
}

static void a_list_has_the_languages_of_the_rules_that_name_it(void **state)
{
	static const char both[] = "lists: { l: ['stem:haus', 'stem:national'] }\n"
				   "rules:\n- { name: a, any: ['list:l'], language: de }\n"
				   "- { name: b, any: ['list:l'], language: en }\n";
	(void)state;
	check_said(both, NULL, "hauses nationally",
		"a: hauses stem nationally stem\nb: hauses stem nationally stem\n");
}

static void likeness_counts_in_every_place_of_a_rule(void **state)
{
	static const char yaml[] = "lists: { l: [solaire~1] }\n"
				   "rules:\n- { name: r, any: ['list:l'], all: ['stem:panneau'], "
				   "none: [publi*], language: fr }\n";
	(void)state;
	check_said(yaml, NULL, "panneaux solaires", "r: panneaux stem solaires fuzzy\n");
	check_said(yaml, NULL, "panneaux solaires publicité", "");
	check_said(yaml, NULL, "panne solaires", "");
	check_said(yaml, NULL, "panneaux lunaires", "");
}

static void rules_wait_for_likeness_instead_of_every_post(void **state)
{
	static const char yaml[] = "rules:\n"
				   "- { name: r, any: [sola*, '*aire', solaire~1, 'stem:eau'] }\n"
				   "- { name: s, all: [sola*, photovoltaïque] }\n"
				   "- { name: t, any: [énergie], none: [vent*] }\n";
	struct arena arena;
	struct diag *diag = diag_create();
	(void)state;
	arena_init(&arena, 0);
	struct ruleset *set = ruleset_create(
		rules_load(conf_read_text("r.yaml", str_of(yaml), &arena, diag), NULL, diag));
	arena_finish(&arena);
	diag_destroy(diag);
	struct ruleset_costs costs = ruleset_costs(set);
	assert_int_equal(costs.alike_count, 4);
	assert_int_equal(costs.word_count, 2);
	assert_int_equal(costs.always_count, 0);
	assert_false(ruleset_rule_is_always(set, 0));
	ruleset_destroy(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hit_is_the_whole_word_as_it_stands_in_the_post),
		cmocka_unit_test(a_word_that_is_found_in_many_ways_is_one_hit),
		cmocka_unit_test(the_language_of_the_post_decides_about_stems),
		cmocka_unit_test(without_any_language_stems_are_french_or_english),
		cmocka_unit_test(a_list_has_the_languages_of_the_rules_that_name_it),
		cmocka_unit_test(likeness_counts_in_every_place_of_a_rule),
		cmocka_unit_test(rules_wait_for_likeness_instead_of_every_post),
	};
	return cmocka_run_group_tests_name("match alike", tests, NULL, NULL);
}
