/* What a match says it found: each term that was, with the list it is from, however they were
 * written and wherever they stand. */
#include "tests/check.h"

#include "conf/yaml.h"
#include "rules/compile/ruleset.h"

struct said {
	struct buf text;
	enum post_field field; /* of all hits */
	bool elsewhere;
};

/* "rule: list/term 'place'; term 'place'" a line. */
static bool say(void *ctx, const struct match *match)
{
	struct said *s = ctx;
	buf_addf(&s->text, "%.*s:", STR_ARGS(match->rule));
	for (size_t i = 0; i < match->hit_count; i++) {
		const struct hit *h = &match->hits[i];
		struct str place = str_slice(
			post_value(match->post, h->field, h->item), h->from, h->to);
		buf_addf(&s->text, "%s %.*s%s%.*s '%.*s'", i ? ";" : "", STR_ARGS(h->list),
			h->list.n ? "/" : "", STR_ARGS(h->term), STR_ARGS(place));
		s->elsewhere = s->elsewhere || h->field != s->field;
	}
	buf_add_char(&s->text, '\n');
	return true;
}

static void hits_in(const char *yaml, struct post post, enum post_field field, const char *expected)
{
	struct arena arena;
	struct diag *diag = diag_create();
	struct said said = { .field = field };
	arena_init(&arena, 0);
	buf_init(&said.text, 0);
	struct rules *rules = rules_load(
		conf_read_text("r.yaml", str_of(yaml), &arena, diag), NULL, diag);
	assert_false(diag_failed(diag));
	arena_finish(&arena);
	diag_destroy(diag);
	struct ruleset *set = ruleset_create(rules);
	struct match_scratch *scratch = match_scratch_create(set);
	(void)ruleset_match(set, scratch, &post, say, &said);
	check_str(buf_str(&said.text), str_of(expected));
	assert_false(said.elsewhere);
	buf_finish(&said.text);
	match_scratch_destroy(scratch);
	ruleset_destroy(set);
}

static void hits_in_text(const char *yaml, const char *text, const char *expected)
{
	struct post post = post_empty();
	post.text = str_of(text);
	hits_in(yaml, post, FIELD_TEXT, expected);
}

static void hits_in_title(
	const char *yaml, const char *title, const char *text, const char *expected)
{
	struct post post = post_empty();
	post.text = str_of(text);
	post.title = str_of(title);
	hits_in(yaml, post, FIELD_TITLE, expected);
}

static void terms_that_mean_the_same_are_all_named_with_their_lists(void **state)
{
	static const char yaml[] =
		"lists:\n"
		"  petrole: [Total Énergies, Shell]\n"
		"  bourse: ['\"total energies\"', TOTAL-ENERGIES, BP, Shell]\n"
		"rules:\n"
		"  - { name: a, any: [list:petrole, list:bourse, Total Energies, bp] }\n"
		"  - { name: b, query: 'list:bourse (list:petrole OR \"TOTAL énergies\")' }\n"
		"  - { name: c, any: [list:petrole], none: [list:bourse] }\n"
		"  - { name: d, any: [Shell] }\n";
	static const char all[] =
		"a: bourse/\"total energies\" '%s'; bourse/TOTAL-ENERGIES '%s'; Total Energies "
		"'%s';"
		" petrole/Total Énergies '%s'\n"
		"b: \"TOTAL énergies\" '%s'; bourse/\"total energies\" '%s'; bourse/TOTAL-ENERGIES"
		" '%s'; petrole/Total Énergies '%s'\n";
	static const char *const places[] = { "Total Énergies", "total energies", "TOTAL-ENERGIES",
		"TotalEnergies" };
	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		struct buf text, expected;
		const char *p = places[i];
		buf_init(&text, 0);
		buf_init(&expected, 0);
		buf_addf(&text, "le plein chez %s%s", i == 3 ? "#" : "", p);
		buf_addf(&expected, all, p, p, p, p, p, p, p, p);
		hits_in_text(yaml, text.p, expected.p);
		buf_finish(&text);
		buf_finish(&expected);
	}
	hits_in_text(yaml, "BP contre Shell",
		"a: bourse/BP 'BP'; bp 'BP'; bourse/Shell 'Shell'; petrole/Shell 'Shell'\n"
		"b: bourse/BP 'BP'; bourse/Shell 'Shell'; petrole/Shell 'Shell'\n"
		"d: Shell 'Shell'\n");
}

static void title_and_text_go_before_terms_of_any_kind(void **state)
{
	static const char yaml[] =
		"rules:\n"
		"  - { name: stem, any: ['title:stem:panneau'], language: fr }\n"
		"  - { name: star, any: ['title:sola*'] }\n"
		"  - { name: end, any: ['title:*voltaïque'] }\n"
		"  - { name: typo, any: ['title:centrale~1'] }\n"
		"  - { name: exact, any: ['title:=EDF'] }\n"
		"  - { name: phrase, any: ['title:\"parc éolien\"'] }\n"
		"  - { name: gap, query: 'title:\"parc mer\"~2' }\n"
		"  - { name: near, query: 'title:stem:panneau NEAR/1 title:sola*', language: fr }\n"
		"  - { name: body, any: ['text:stem:panneau', 'text:sola*'], language: fr }\n";
	(void)state;
	hits_in_title(yaml, "Les panneaux solaires", "rien",
		"stem: title:stem:panneau 'panneaux'\n"
		"star: title:sola* 'solaires'\n"
		"near: title:stem:panneau 'panneaux'; title:sola* 'solaires'\n");
	hits_in_title(yaml, "Agrivoltaïque : la centralle d'EDF", "rien",
		"end: title:*voltaïque 'Agrivoltaïque'\n"
		"typo: title:centrale~1 'centralle'\n"
		"exact: title:=EDF 'EDF'\n");
	hits_in_title(yaml, "Un parc éolien en mer", "rien",
		"phrase: title:\"parc éolien\" 'parc éolien'\n"
		"gap: title:\"parc mer\"~2 'parc éolien en mer'\n");
	hits_in_title(
		yaml, "edf : rien", "Agrivoltaïque, centralle, EDF, un parc éolien en mer", "");
	hits_in_text(yaml, "Les panneaux très solaires",
		"body: text:stem:panneau 'panneaux'; text:sola* 'solaires'\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms_that_mean_the_same_are_all_named_with_their_lists),
		cmocka_unit_test(title_and_text_go_before_terms_of_any_kind),
	};
	return cmocka_run_group_tests_name("hits", tests, NULL, NULL);
}
