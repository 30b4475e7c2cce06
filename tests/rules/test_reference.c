#include "tests/check.h"

#include "base/mem.h"
#include "tests/rules/reference.h"

struct state {
	struct arena arena;
	struct diag *diag;
	struct regex_scratch *scratch;
};

static int set_up(void **state)
{
	struct state *s = mem_zero(1, sizeof *s);
	arena_init(&s->arena, 0);
	s->diag = diag_create();
	s->scratch = regex_scratch_create();
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct state *s = *state;
	arena_finish(&s->arena);
	diag_destroy(s->diag);
	regex_scratch_destroy(s->scratch);
	mem_free(s);
	return 0;
}

struct sample {
	const char *term, *text;
	int expected;
};

static void check_samples(struct state *s, const struct sample *samples, size_t count)
{
	size_t wrong = 0;
	for (size_t i = 0; i < count; i++) {
		struct term term;
		if (!term_parse(str_of(samples[i].term), NULL, (struct where){ 0 }, &s->arena,
			    &term, s->diag))
			fail_msg("'%s' is no term", samples[i].term);
		int found = reference_term(&term, str_of(samples[i].text), s->scratch);
		if (found != samples[i].expected) {
			print_error("'%s' in '%s': %d\n", samples[i].term, samples[i].text, found);
			wrong++;
		}
		regex_destroy(term.regex);
	}
	assert_int_equal(wrong, 0);
}

#define CHECK_SAMPLES(state, samples) \
	check_samples((state), (samples), sizeof(samples) / sizeof *(samples))

static void words_are_found_whole_whatever_their_case_and_accents(void **state)
{
	static const struct sample samples[] = {
		{ "solaire", "Une centrale SOLAIRE ouvre", 1 },
		{ "solaire", "le système extrasolaire", 0 },
		{ "solaire", "panneaux solaires", 0 },
		{ "solaire", "so\u200Blaire", 1 },
		{ "photovoltaïque", "PHOTOVOLTAIQUE", 1 },
		{ "photovoltaique", "photovoltai\u0308que", 1 },
		{ "solaire", "𝗦𝗢𝗟𝗔𝗜𝗥𝗘 ＳＯＬＡＩＲＥ", 1 },
		{ "solaire", "solaire_2", 0 },
		{ "solaire", "(solaire)", 1 },
		{ "solaire", "", 0 },
		{ "œuvre", "OEUVRE", 1 },
	};
	CHECK_SAMPLES(*state, samples);
}

static void apostrophes_join_pronouns_only(void **state)
{
	static const struct sample samples[] = {
		{ "EDF", "le prix d'EDF monte", 1 },
		{ "AI", "j'ai dit", 0 },
		{ "AI", "J’AI dit", 0 },
		{ "AI", "l'AI act", 1 },
		{ "AI", "AI'n", 1 },
		{ "apple", "Apple's new", 1 },
		{ "il", "s'il vient", 0 },
		{ "il", "qu'il vienne", 1 },
		{ "aujourd'hui", "Aujourd’hui", 1 },
		{ "hui", "d'aujourd'hui", 0 },
		{ "aujourd'hui", "d'aujourd'hui", 1 },
		{ "j'ai", "jai", 0 },
		{ "ai", "東'ai", 1 },
		{ "ai", "東j'ai", 0 },
		{ "ai", "j''ai", 1 },
	};
	CHECK_SAMPLES(*state, samples);
}

static void phrases_cross_spaces_and_punctuation(void **state)
{
	static const struct sample samples[] = {
		{ "centrale solaire", "la Centrale, solaire", 1 },
		{ "centrale solaire", "centrale\nsolaire", 1 },
		{ "centrale solaire", "centrale 🌞 solaire", 1 },
		{ "centrale solaire", "centrale très solaire", 0 },
		{ "centrale solaire", "solaire centrale", 0 },
		{ "centrale solaire", "centralesolaire", 0 },
		{ "centrale solaire", "la #centrale #solaire", 1 },
		{ "centrale solaire", "centrale @edf solaire", 0 },
		{ "centrale solaire", "centrale http://x.fr solaire", 0 },
		{ "a a b", "a a a b", 1 },
		{ "Saint-Denis", "saint denis", 1 },
		{ "L'Abergement-Clémenciat", "à l’abergement clemenciat", 1 },
	};
	CHECK_SAMPLES(*state, samples);
}

static void scripts_without_spaces_are_found_inside_running_text(void **state)
{
	static const struct sample samples[] = {
		{ "東京", "私は東京都に住んでいます", 1 },
		{ "東京", "東 京", 0 },
		{ "東京 経済", "東京経済", 1 },
		{ "東京 経済", "東京の経済", 0 },
		{ "삼성", "삼성전자가", 1 },
		{ "5G基站", "新的5G 基站", 1 },
		{ "5G基站", "新的5G基站", 1 },
		{ "iPhone", "新iPhone発売", 1 },
		{ "ガス", "ｶﾞｽ会社", 1 },
		{ "カス", "ガス", 0 },
		{ "東京", "ライブ@東京", 1 },
		{ "東京", "#東京タワー", 1 },
	};
	CHECK_SAMPLES(*state, samples);
}

static void links_and_handles_hide_their_words(void **state)
{
	static const struct sample samples[] = {
		{ "edf", "https://www.edf.fr/edf", 0 },
		{ "edf", "voir www.edf.fr", 0 },
		{ "edf", "edf.fr", 1 },
		{ "edf", "(http://x.fr/a),edf", 1 },
		{ "edf", "http://x.fr/a(edf)", 0 },
		{ "edf", "http://x.fr/a?b=(edf", 0 },
		{ "edf", "http://x.fr/a(edf", 1 },
		{ "edf", "http://x/a(edf", 0 },
		{ "edf", "http://x.fr#edf", 1 },
		{ "edf", "http://t.co/abc_edf", 0 },
		{ "edf", "http://t.co/abc.edf", 1 },
		{ "edf", "http://t.co/abc?edf", 0 },
		{ "東京", "http://x.fr/a東京", 1 },
		{ "東京", "http://x.fr東京.fr", 1 },
		{ "東京", "http://x東京.fr/", 0 },
		{ "edf", "edf.fr/edf", 1 },
		{ "@edf", "medium.com/@edf", 0 },
		{ "@edf", "medium.solaire/@edf", 1 },
		{ "@edf", "f@edf #@edf &@edf !@edf", 0 },
		{ "@edf", "RT@edf", 1 },
		{ "@edf", "art@edf", 0 },
		{ "@edf", "@edf@ x", 0 },
		{ "@edf", "@edf@a@b", 0 },
		{ "edf", "(http://x.fr/a), edf", 1 },
		{ "edf", "<http://x.fr/>edf", 1 },
		{ "edf", "@edf", 0 },
		{ "edf", "@https://x.y/edf", 0 },
		{ "edf", "@edf.bsky.social", 0 },
		{ "social", "@edf@mastodon.social", 0 },
		{ "edf", "mail@edf.fr", 1 },
		{ "edf", "@ edf", 1 },
		{ "さん", "@userさん", 1 },
		{ "x", "xhttp://a.b", 0 },
		{ "xhttp", "xhttp://a.b", 1 },
		{ "notre marque", "merci @NotreMarque", 1 },
		{ "notremarque", "merci @NotreMarque", 0 },
		{ "notre marque", "merci @NotreMarqueFR", 0 },
	};
	CHECK_SAMPLES(*state, samples);
}

static void hashtags_are_found_whole_and_by_their_parts(void **state)
{
	static const struct sample samples[] = {
		{ "solaire", "#EnergieSolaire", 1 },
		{ "energie", "#EnergieSolaire", 1 },
		{ "energie solaire", "#EnergieSolaire", 1 },
		{ "energie solaire", "#energiesolaire", 1 },
		{ "energie solaire", "#EnergieSolaireFrance", 1 },
		{ "energie solaire", "#energiesolairefrance", 0 },
		{ "solaire", "#energiesolaire", 0 },
		{ "solaire", "#ÉnergieSolaire2024", 0 },
		{ "solaire", "#2024Solaire", 1 },
		{ "edf", "#EDFEnergie", 1 },
		{ "energie", "#EDFEnergie", 1 },
		{ "solaire", "#energie_solaire", 1 },
		{ "energie_solaire", "#energie_solaire", 1 },
		{ "energie solaire", "#energie_solaire", 1 },
		{ "solaire", "x#EnergieSolaire", 0 },
		{ "solaire", "＃EnergieSolaire", 1 },
		{ "aujourd'hui", "#Aujourdhui", 1 },
		{ "york", "#NewYork東京", 1 },
		{ "=EDF", "#EDFEnergie", 1 },
		{ "=edf", "#EDFEnergie", 0 },
		{ "=\"Énergie Solaire\"", "#ÉnergieSolaire", 1 },
		{ "=\"Énergie Solaire\"", "#EnergieSolaire", 0 },
		{ "=\"Énergie Solaire\"", "#Énergiesolaire", 0 },
	};
	CHECK_SAMPLES(*state, samples);
}

static void entities_are_found_by_their_whole_body(void **state)
{
	static const struct sample samples[] = {
		{ "#SolarEnergy", "love #solarenergy!", 1 },
		{ "#Solar", "#SolarEnergy", 0 },
		{ "#Solar", "solar", 0 },
		{ "#Solar", "https://x.com/#Solar", 0 },
		{ "#Solar", "x.com/#Solar", 0 },
		{ "#Solar", "x.com #Solar", 1 },
		{ "#Solar", "&#Solar", 0 },
		{ "#Solar", "#Solar·", 1 },
		{ "#Solar", "#Solar·Farm", 0 },
		{ "#il·lusió", "l'#Il·lusió", 1 },
		{ "#il·lusió", "#il lusió", 0 },
		{ "il·lusió", "#il·lusió", 1 },
		{ "farm", "#SolarFarm·x", 1 },
		{ "#メ～テレ", "#メ～テレ の", 1 },
		{ "#2024solar", "#2024Solar", 1 },
		{ "=#Solar", "#solar", 0 },
		{ "@edf", "merci @EDF.", 1 },
		{ "@edf", "@edf_officiel", 0 },
		{ "@edf", "mail@edf.fr", 0 },
		{ "@edf", "@edf@mastodon.social", 1 },
		{ "@edf@mastodon.social", "@edf@mastodon.social", 1 },
		{ "@edf.bsky.social", "@edf.bsky.social", 1 },
		{ "@user", "@userさん", 1 },
		{ "$AAPL", "buy $aapl now", 1 },
		{ "$AAPL", "buy $aaplx now", 0 },
		{ "$AAPL", "US$AAPL", 0 },
		{ "$AAPL", "$AAPL很强", 1 },
		{ "$BRK.B", "$BRK.B", 1 },
		{ "$BRK.B", "$BRK.B.", 1 },
		{ "$BRK", "$BRK.B", 0 },
		{ "$BRK", "$BRK.Now", 1 },
		{ "$BRK", "$BRK.", 1 },
		{ "$BRK", "x.com/$BRK", 0 },
	};
	CHECK_SAMPLES(*state, samples);
}

static void exact_terms_want_the_same_letters(void **state)
{
	static const struct sample samples[] = {
		{ "=EDF", "EDF", 1 },
		{ "=EDF", "edf", 0 },
		{ "=\"Total Énergies\"", "Total Énergies", 1 },
		{ "=\"Total Énergies\"", "Total\nE\u0301nergies", 1 },
		{ "=\"Total Énergies\"", "Total Energies", 0 },
		{ "=\"Total Énergies\"", "TOTAL ÉNERGIES", 0 },
		{ "=EDF", "XEDF", 0 },
	};
	CHECK_SAMPLES(*state, samples);
}

static void symbols_and_regexes_are_found_anywhere(void **state)
{
	static const struct sample samples[] = {
		{ "🌞", "beau🌞temps", 1 },
		{ "🌞", "beau temps", 0 },
		{ "/kWc|MWc/", "12MWc", 1 },
		{ "/kwc/i", "12 KWC", 1 },
		{ "/kwc/", "12 KWC", 0 },
	};
	CHECK_SAMPLES(*state, samples);
}

static void stars_want_a_word_that_begins_or_ends_so(void **state)
{
	static const struct sample samples[] = {
		{ "sola*", "SOLAIRES", 1 },
		{ "sola*", "un sola", 1 },
		{ "sola*", "parasolaire", 0 },
		{ "sola*", "so la", 0 },
		{ "sola*", "#EnergieSolaire", 1 },
		{ "sola*", "#energiesolaire", 0 },
		{ "sola*", "l'éclat solaire", 1 },
		{ "sola*", "@solaire https://x.fr/solaire", 0 },
		{ "ador*", "j'adore", 0 },
		{ "aujourd*", "aujourd'hui", 1 },
		{ "*voltaïque", "agrivoltaique", 1 },
		{ "*voltaïque", "voltaïques", 0 },
		{ "*ire", "#Aire東京", 1 },
		{ "=Sol*", "Solaire", 1 },
		{ "=Sol*", "SOLAIRE", 0 },
		{ "=Sole*", "Solé", 0 },
		{ "=*IRE", "SOLAIRE", 1 },
		{ "=*IRE", "SOLAIRe", 0 },
		{ "=coe*", "cœur", 0 },
		{ "coe*", "cœur", 1 },
	};
	CHECK_SAMPLES(*state, samples);
}

static void typing_errors_are_counted_by_letter(void **state)
{
	static const struct sample samples[] = {
		{ "solaire~1", "Solaire", 1 },
		{ "solaire~1", "solaires", 1 },
		{ "solaire~1", "sloaire", 1 },
		{ "solaire~1", "solare", 1 },
		{ "solaire~1", "solàlre", 1 },
		{ "solaire~1", "folaire", 0 },
		{ "solaire~1", "olaire", 0 },
		{ "solaire~1", "oslaire", 0 },
		{ "solaire~1", "sloaires", 0 },
		{ "solaire~1", "soalire", 1 },
		{ "solaire~1", "soaxlire", 0 },
		{ "солнце~1", "солнцe", 1 },
		{ "солнце~1", "солце", 1 },
		{ "solaire~1", "#MaisonSolair", 1 },
		{ "jadore~1", "j'adore", 0 },
		{ "photovoltaique~2", "fotovoltaique", 0 },
		{ "photovoltaique~2", "photvoltaike", 0 },
		{ "photovoltaique~2", "photvoltaiqe", 1 },
		{ "photovoltaique~2", "phtoovoltiaque", 1 },
	};
	CHECK_SAMPLES(*state, samples);
}

static void stems_join_the_forms_of_a_word(void **state)
{
	static const struct sample samples[] = {
		{ "stem:panneau", "des PANNEAUX", 1 },
		{ "stem:panneau", "panne", 0 },
		{ "stem:cheval", "chevaux", 1 },
		{ "stem:évident", "évidemment", 1 },
		{ "stem:adorer", "j’adorais", 1 },
		{ "stem:adorer", "je n'adorais", 1 },
		{ "stem:adorer", "l'adorais", 1 },
		{ "stem:panneau", "#MesPanneaux", 1 },
		{ "stem:panneau", "@panneaux", 0 },
		{ "stem:die", "dying", 1 },
		{ "stem:sky", "skies", 1 },
		{ "stem:connect", "connected connections", 1 },
		{ "stem:connect", "disconnect", 0 },
	};
	CHECK_SAMPLES(*state, samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_found_whole_whatever_their_case_and_accents),
		cmocka_unit_test(apostrophes_join_pronouns_only),
		cmocka_unit_test(phrases_cross_spaces_and_punctuation),
		cmocka_unit_test(scripts_without_spaces_are_found_inside_running_text),
		cmocka_unit_test(links_and_handles_hide_their_words),
		cmocka_unit_test(hashtags_are_found_whole_and_by_their_parts),
		cmocka_unit_test(entities_are_found_by_their_whole_body),
		cmocka_unit_test(exact_terms_want_the_same_letters),
		cmocka_unit_test(stars_want_a_word_that_begins_or_ends_so),
		cmocka_unit_test(typing_errors_are_counted_by_letter),
		cmocka_unit_test(stems_join_the_forms_of_a_word),
		cmocka_unit_test(symbols_and_regexes_are_found_anywhere),
	};
	return cmocka_run_group_tests_name("reference", tests, set_up, tear_down);
}
