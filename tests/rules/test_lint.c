#include "tests/check.h"

#include "rules/lint.h"

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
		cmocka_unit_test(a_rule_without_a_necessary_word_is_slow),
		cmocka_unit_test(a_term_that_is_there_already_is_noted),
		cmocka_unit_test(a_term_that_another_one_covers_is_noted),
		cmocka_unit_test(a_rule_that_excludes_what_it_needs_is_noted),
		cmocka_unit_test(words_that_are_everywhere_are_noted),
		cmocka_unit_test(signs_that_do_not_count_are_noted),
		cmocka_unit_test(what_nobody_sees_is_noted),
		cmocka_unit_test(repeated_terms_of_a_list_are_counted),
		cmocka_unit_test(many_notes_about_one_rule_end_somewhere),
	};
	return cmocka_run_group_tests_name("lint", tests, NULL, NULL);
}
