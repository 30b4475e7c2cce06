#include "tests/check.h"

#include "rules/advice/lint.h"

/* All notes on the YAML, a line each, without places' file and hints. */
static void check_notes(const char *yaml, const char *expected)
{
	struct arena arena;
	struct diag *diag = diag_create(), *notes = diag_create();
	struct buf printed, got;
	arena_init(&arena, 0);
	buf_init(&printed, 0);
	buf_init(&got, 0);
	struct conf_node *root = conf_read_text("t.yaml", str_of(yaml), &arena, diag);
	struct rules *rules = rules_load(root, NULL, diag);
	assert_false(diag_failed(diag));
	struct ruleset *set = ruleset_create(rules);
	lint_rules(set, NULL, notes);
	diag_print(notes, &printed);
	struct str rest = buf_str(&printed), line;
	while (str_next(&rest, '\n', &line)) {
		if (str_starts(line, STR("t.yaml:")))
			buf_addf(&got, "%.*s\n", STR_ARGS(str_slice(line, 7, line.n)));
	}
	check_str(got.n ? buf_str(&got) : STR(""), str_of(expected));
	ruleset_destroy(set);
	diag_destroy(diag);
	diag_destroy(notes);
	buf_finish(&printed);
	buf_finish(&got);
	arena_finish(&arena);
}

static void good_rules_have_no_note(void **state)
{
	(void)state;
	check_notes("lists: { l: [vent, voile] }\n"
		    "rules:\n"
		    "  - { name: a, any: [solaire, éolien, list:l, '=EDF', 'Watt & Sève'],\n"
		    "      all: [parc], none: [crème solaire, '#vente'] }\n"
		    "  - { name: b, any: ['\"AT&T\"', 'd''EDF', '@ada', S.A.] }\n"
		    "  - { name: c, all: ['👩‍🚀', parc] }\n",
		"");
}

static void a_file_without_rules_is_noted(void **state)
{
	struct diag *notes = diag_create();
	struct arena arena;
	struct buf printed;
	(void)state;
	arena_init(&arena, 0);
	struct conf_node *root = conf_read_text("t.yaml", STR("lists: {}\n"), &arena, notes);
	struct ruleset *set = ruleset_create(rules_load(root, NULL, notes));
	arena_finish(&arena);
	assert_int_equal(diag_count(notes, DIAG_NOTE), 0);
	lint_rules(set, NULL, notes);
	buf_init(&printed, 0);
	diag_print(notes, &printed);
	assert_true(str_ends(buf_str(&printed), STR("note: there are no rules\n")));
	buf_finish(&printed);
	ruleset_destroy(set);
	diag_destroy(notes);
}

static void a_rule_without_a_necessary_word_is_slow(void **state)
{
	(void)state;
	check_notes("rules: [{ name: a, regex: '\\d+' }, { name: b, any: x, regex: '\\d' }]",
		"1:17: note: the rule 'a' is slow: no word must be there\n"
		"1:44: note: the rule 'b' is slow: no word must be there\n");
}

static void a_term_that_is_there_already_is_noted(void **state)
{
	(void)state;
	check_notes("lists: { l: [Vent, voile] }\n"
		    "rules:\n"
		    "  - name: a\n"
		    "    any: [solaire, SOLAIRE, '\"solaire\"', vent, list:l, '=EDF', '=EDF']\n",
		"4:20: note: 'SOLAIRE' is there already: it means the same as 'solaire' at line "
		"4\n"
		"4:29: note: '\"solaire\"' is there already: it means the same as 'solaire' at "
		"line 4\n"
		"4:42: note: 'vent' adds nothing: 'Vent' of list:l finds all of it\n"
		"4:64: note: '=EDF' is there already: it means the same as '=EDF' at line 4\n");
}

static void a_term_that_another_one_covers_is_noted(void **state)
{
	(void)state;
	check_notes(
		"rules:\n"
		"  - name: a\n"
		"    any: [parc solaire, solaire, '#Solaire', '=Solaire', edf, '=EDF', '@edf']\n",
		"3:11: note: 'parc solaire' adds only hashtags without capitals: 'solaire' at "
		"line 3 finds the rest\n"
		"3:34: note: '#Solaire' adds nothing: 'solaire' at line 3 finds all of it\n"
		"3:46: note: '=Solaire' adds nothing: 'solaire' at line 3 finds all of it\n"
		"3:63: note: '=EDF' adds nothing: 'edf' at line 3 finds all of it\n");
	check_notes("rules:\n"
		    "  - name: a\n"
		    "    any: ['sola*', solaire, 'solai*', '*voltaïque', photovoltaïque, parc "
		    "solaire]\n",
		"3:20: note: 'solaire' adds nothing: 'sola*' at line 3 finds all of it\n"
		"3:29: note: 'solai*' adds nothing: 'sola*' at line 3 finds all of it\n"
		"3:53: note: 'photovoltaïque' adds nothing: '*voltaïque' at line 3 finds all of "
		"it\n"
		"3:69: note: 'parc solaire' adds only hashtags without capitals: 'solaire' at line "
		"3 "
		"finds the rest\n");
	check_notes("rules: [{ name: a, any: [solaire, 'title:solaire', 'solaire~1'] },\n"
		    "  { name: b, any: ['title:solaire', 'text:solaire', vent, 'stem:vent',"
		    " 'site:vent.fr', 'url:vent'] }]\n",
		"1:26: note: 'solaire' adds nothing: 'solaire~1' at line 1 finds all of it\n"
		"1:35: note: 'title:solaire' adds nothing: 'solaire' at line 1 finds all of it\n");
	/* Not so: exact letters are fewer, and inside a link or handle words do not count. */
	check_notes(
		"rules: [{ name: a, any: ['=EDF', edf nord, '@solaire', solaires, '#vent'] }]", "");
}

static void terms_of_a_list_that_the_rule_covers_are_noted(void **state)
{
	(void)state;
	check_notes("lists: { l: [parc solaire, Vent, lune], m: ['#Solaire', solarium, '=Vent'] }\n"
		    "rules:\n"
		    "  - { name: a, any: [solaire, list:l, list:m, mer] }\n"
		    "  - { name: b, any: [list:l, list:m] }\n"
		    "  - { name: c, query: 'sola* OR list:m' }\n"
		    "  - { name: d, all: [solaire, list:l] }\n",
		"3:31: note: 1 of the 3 terms of list:l adds at most hashtags without capitals "
		"here\n"
		"3:39: note: 1 of the 3 terms of list:m adds nothing here\n"
		"5:33: note: 2 of the 3 terms of list:m add nothing here\n");
}

static void signs_that_do_nothing_here_are_noted(void **state)
{
	(void)state;
	check_notes("rules: [{ name: a, query: 'te?t OR \"parc * solaire\" OR w/5 OR AROUND' },\n"
		    "  { name: b, query: 'parc^2 ~vent {EDF} <<Voltis>> [Heliora]' }]\n",
		"1:28: note: '?' stands for nothing inside of 'te?t': only words count\n"
		"1:36: note: '*' stands for nothing inside of 'parc * solaire': only words count\n"
		"1:56: note: this is looked for as words: 'w/5'\n"
		"2:22: note: '^' gives no weight here: 'parc^2'\n"
		"2:29: note: '~' does nothing before a word: '~vent'\n"
		"2:35: note: these brackets do nothing: '{EDF}'\n"
		"2:41: note: these brackets do nothing: '<<Voltis>>'\n"
		"2:52: note: these brackets do nothing: '[Heliora]'\n");
	check_notes("lists: { l: [-vent, 'Heliora, Inc.', +parc, qui ?] }\n"
		    "rules: [{ name: a, any: ['lune, soleil', list:l, -pluie] }]\n",
		"1:14: note: '-' excludes nothing here: '-vent'\n"
		"1:38: note: '+' does nothing here: '+parc'\n"
		"2:26: note: this is one term, a phrase: 'lune, soleil'\n"
		"2:50: note: '-' excludes nothing here: '-pluie'\n");
	check_notes("rules: [{ name: a, query: '\"=EDF\" OR \"#vent\" OR =\"Air Liquide\" OR \"= "
		    "x\"' }]\n",
		"1:28: note: a sign between double quotes does nothing: '\"=EDF\"'\n"
		"1:38: note: a sign between double quotes does nothing: '\"#vent\"'\n");
	/* What is quoted is meant, and so are signs beside words. */
	check_notes("rules: [{ name: a, any: ['\"-vent\"', '\"lune, soleil\"', '\"[pluie]\"', "
		    "neige ?,\n"
		    "  '=[Tank]', e-mail, 'quoi?', ping^pong] }]\n",
		"");
}

static void values_that_sources_do_not_have_are_noted(void **state)
{
	(void)state;
	check_notes("rules:\n"
		    "  - { name: a, any: x, where: { lang: [fr, fra], country: [FR, France] } }\n"
		    "  - { name: b, query: 'x -(country:FRA OR lang:eng)' }\n"
		    "  - { name: c, query: 'x lang:(fr-CA OR ast) country:be' }\n",
		"2:39: note: sources seldom say 'lang' in three letters: 'fra'\n"
		"2:59: note: sources say countries in two letters: 'France'\n"
		"3:28: note: sources say countries in two letters: 'FRA'\n"
		"3:43: note: sources seldom say 'lang' in three letters: 'eng'\n");
}

static void a_rule_that_excludes_what_it_needs_is_noted(void **state)
{
	(void)state;
	check_notes("lists: { l: [x], m: [z] }\n"
		    "rules:\n"
		    "  - { name: a, any: [solaire, vent], none: [Solaire] }\n"
		    "  - { name: b, all: [parc, '#vent'], none: vent }\n"
		    "  - { name: c, any: list:l, none: [list:l, list:m] }\n"
		    "  - { name: d, any: [parc solaire], none: solaire }\n"
		    "  - { name: e, any: [solaire], none: [parc solaire, =SOLAIRE] }\n"
		    "  - { name: f, query: 'solaire (parc OR toit) -(Solaire OR vent)' }\n"
		    "  - { name: g, query: 'solaire OR (vent -lune)' }\n",
		"3:22: note: 'solaire' is of no use here: 'Solaire' at line 3 excludes it\n"
		"4:13: warning: the rule 'b' can never match: it excludes what it needs\n"
		"4:28: note: '#vent' is of no use here: 'vent' at line 4 excludes it\n"
		"5:13: warning: the rule 'c' can never match: it excludes what it needs\n"
		"6:22: note: 'parc solaire' counts only as a hashtag: 'solaire' at line 6 "
		"excludes the rest\n"
		"8:13: warning: the rule 'f' can never match: it excludes what it needs\n"
		"8:24: note: 'solaire' is of no use here: 'Solaire' at line 8 excludes it\n");
}

static void words_that_are_everywhere_are_noted(void **state)
{
	(void)state;
	check_notes("rules: [{ name: a, any: [avec, THE, 'été', '=IT', '\"avec moi\"', '#avec'] }]",
		"1:26: note: 'avec' is in a great part of all posts\n"
		"1:32: note: 'THE' is in a great part of all posts\n"
		"1:37: note: 'été' is in a great part of all posts\n"
		"1:51: note: '\"avec moi\"' adds only hashtags without capitals: 'avec' at line 1 "
		"finds the rest\n"
		"1:65: note: '#avec' adds nothing: 'avec' at line 1 finds all of it\n");
}

static void signs_that_do_not_count_are_noted(void **state)
{
	(void)state;
	check_notes("rules: [{ name: a, any: [C++, 'C#', .NET, 100%, ASP .NET, a.b, 'x#y'] }]",
		"1:26: note: signs do not count: 'C++' also finds 'c'\n"
		"1:31: note: signs do not count: 'C#' also finds 'c'\n"
		"1:31: note: 'C#' is there already: it means the same as 'C++' at line 1\n"
		"1:37: note: signs do not count: '.NET' also finds 'net'\n"
		"1:43: note: signs do not count: '100%' also finds '100'\n"
		"1:49: note: signs do not count: 'ASP .NET' also finds 'asp net'\n"
		"1:49: note: 'ASP .NET' adds only hashtags without capitals: '.NET' at line 1 "
		"finds "
		"the rest\n"
		"1:64: note: signs do not count: 'x#y' also finds 'x y'\n");
}

static void what_nobody_sees_is_noted(void **state)
{
	(void)state;
	check_notes("rules: [{ name: a, any: [\"so\\u200Blaire\", \"\\u00A0vent\", '\" x \"'] }]",
		"1:26: note: an invisible character, U+200B, is in the term 'so\u200blaire'\n"
		"1:43: note: an invisible character, U+00A0, is in the term '\u00a0vent'\n"
		"1:57: note: spaces at the ends of a term mean nothing: '\" x \"'\n");
}

static void repeated_terms_of_a_list_are_counted(void **state)
{
	(void)state;
	check_notes("lists: { l: [vent, Vent, VENT, voile], m: [a1, 'A1'] }\n"
		    "rules: [{ name: a, any: [list:l, list:m] }]\n",
		"1:10: note: the list 'l' says 2 terms more than once\n"
		"1:40: note: the list 'm' says 1 term more than once\n");
}

static void many_notes_about_one_rule_end_somewhere(void **state)
{
	(void)state;
	struct buf yaml;
	struct diag *diag = diag_create();
	struct arena arena;
	arena_init(&arena, 0);
	buf_init(&yaml, 0);
	buf_add(&yaml, STR("rules: [{ name: a, any: [x"));
	for (int i = 0; i < LINT_MAX_NOTES + 1; i++)
		buf_add(&yaml, STR(", x"));
	buf_add(&yaml, STR("] }]"));
	struct conf_node *root = conf_read_text("t.yaml", buf_str(&yaml), &arena, diag);
	struct ruleset *set = ruleset_create(rules_load(root, NULL, diag));
	lint_rules(set, NULL, diag);
	assert_int_equal(diag_count(diag, DIAG_NOTE), LINT_MAX_NOTES);
	ruleset_destroy(set);
	diag_destroy(diag);
	buf_finish(&yaml);
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_rules_have_no_note),
		cmocka_unit_test(a_file_without_rules_is_noted),
		cmocka_unit_test(a_rule_without_a_necessary_word_is_slow),
		cmocka_unit_test(a_term_that_is_there_already_is_noted),
		cmocka_unit_test(a_term_that_another_one_covers_is_noted),
		cmocka_unit_test(terms_of_a_list_that_the_rule_covers_are_noted),
		cmocka_unit_test(signs_that_do_nothing_here_are_noted),
		cmocka_unit_test(values_that_sources_do_not_have_are_noted),
		cmocka_unit_test(a_rule_that_excludes_what_it_needs_is_noted),
		cmocka_unit_test(words_that_are_everywhere_are_noted),
		cmocka_unit_test(signs_that_do_not_count_are_noted),
		cmocka_unit_test(what_nobody_sees_is_noted),
		cmocka_unit_test(repeated_terms_of_a_list_are_counted),
		cmocka_unit_test(many_notes_about_one_rule_end_somewhere),
	};
	return cmocka_run_group_tests_name("lint", tests, NULL, NULL);
}
