#include "tests/check.h"

#include "base/mem.h"
#include "rules/language/rules.h"
#include "rules/regex/regex.h"

struct parsed {
	struct arena arena;
	struct diag *diag;
	struct term term;
	bool ok;
	struct buf printed;
};

static void parse(struct parsed *p, struct str written)
{
	arena_init(&p->arena, 0);
	p->diag = diag_create();
	p->ok = term_parse(
		written, NULL, (struct where){ "t", 1, 1 }, &p->arena, &p->term, p->diag);
	buf_init(&p->printed, 0);
	diag_print(p->diag, &p->printed);
}

static void finish(struct parsed *p)
{
	regex_destroy(p->term.regex);
	buf_finish(&p->printed);
	diag_destroy(p->diag);
	arena_finish(&p->arena);
}

struct good {
	const char *written;
	enum term_kind kind;
	bool exact;
	const char *letters, *folded;
};

static const struct good goods[] = {
	{ "solaire", TERM_WORDS, false, "solaire", "solaire" },
	{ "  Solaire\t", TERM_WORDS, false, "Solaire", "solaire" },
	{ "photovoltaïque", TERM_WORDS, false, "photovoltaïque", "photovoltaique" },
	{ "Air Liquide", TERM_WORDS, false, "Air Liquide", "air liquide" },
	{ "\"Air  Liquide \"", TERM_WORDS, false, "Air  Liquide", "air  liquide" },
	{ "L’Oréal", TERM_WORDS, false, "L’Oréal", "l'oreal" },
	{ "=EDF", TERM_WORDS, true, "EDF", "edf" },
	{ "= \"Total Énergies\"", TERM_WORDS, true, "Total Énergies", "total energies" },
	{ "=Total Énergies", TERM_WORDS, true, "Total Énergies", "total energies" },
	{ "#SolarEnergy", TERM_TAG, false, "SolarEnergy", "solarenergy" },
	{ "=#Été_2024", TERM_TAG, true, "Été_2024", "ete_2024" },
	{ "#東京", TERM_TAG, false, "東京", "東京" },
	{ "\"#tag\"", TERM_WORDS, false, "#tag", "#tag" },
	{ "@NotreMarque", TERM_HANDLE, false, "NotreMarque", "notremarque" },
	{ "@name.bsky.social", TERM_HANDLE, false, "name.bsky.social", "name.bsky.social" },
	{ "@a@mastodon.social", TERM_HANDLE, false, "a@mastodon.social", "a@mastodon.social" },
	{ "$AAPL", TERM_CASHTAG, false, "AAPL", "aapl" },
	{ "$BRK.B", TERM_CASHTAG, false, "BRK.B", "brk.b" },
	{ "$太", TERM_WORDS, false, "$太", "$太" },
	{ "$100", TERM_WORDS, false, "$100", "$100" },
	{ "🌞", TERM_SYMBOLS, false, "🌞", " " },
	{ "☀\xEF\xB8\x8F", TERM_SYMBOLS, false, "☀", " " },
	{ "=☀\xEF\xB8\x8F", TERM_SYMBOLS, true, "☀\xEF\xB8\x8F", " " },
	{ ":-)", TERM_SYMBOLS, false, ":-)", ":-)" },
	{ "\"*\"", TERM_SYMBOLS, false, "*", "*" },
	{ "\"~\"", TERM_SYMBOLS, false, "~", "~" },
	{ "* *", TERM_SYMBOLS, false, "* *", "* *" },
	{ "\"a*\"", TERM_WORDS, false, "a*", "a*" },
	{ "\"/usr/bin\"", TERM_WORDS, false, "/usr/bin", "/usr/bin" },
	{ "C++", TERM_WORDS, false, "C++", "c++" },
	{ "São~Paulo", TERM_WORDS, false, "São~Paulo", "sao~paulo" },
	{ "Watt & Sève", TERM_WORDS, false, "Watt & Sève", "watt & seve" },
	{ "/kWc|MWc/", TERM_REGEX, false, "kWc|MWc", "kWc|MWc" },
	{ "/a\\/b/im", TERM_REGEX, false, "a\\/b", "a\\/b" },
	{ "東京", TERM_WORDS, false, "東京", "東京" },
	{ "Sola*", TERM_PREFIX, false, "Sola", "sola" },
	{ "été*", TERM_PREFIX, false, "été", "ete" },
	{ "=Sol*", TERM_PREFIX, true, "Sol", "sol" },
	{ "*voltaïque", TERM_SUFFIX, false, "voltaïque", "voltaique" },
	{ "=*EDF", TERM_SUFFIX, true, "EDF", "edf" },
	{ "Solaire~1", TERM_WORDS, false, "Solaire", "solaire" },
	{ "солнц~1", TERM_WORDS, false, "солнц", "солнц" },
	{ "solaire~", TERM_WORDS, false, "solaire", "solaire" },
	{ "solaires9~2", TERM_WORDS, false, "solaires9", "solaires9" },
	{ "stem:Évident", TERM_STEM, false, "Évident", "evident" },
	{ "stem: eau", TERM_STEM, false, "eau", "eau" },
};

static void what_is_written_becomes_a_term(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof goods / sizeof *goods; i++) {
		const struct good *g = &goods[i];
		struct parsed p;
		parse(&p, str_of(g->written));
		if (!p.ok || p.printed.n)
			fail_msg("'%s': %s", g->written, p.printed.n ? p.printed.p : "refused");
		assert_int_equal(p.term.kind, g->kind);
		assert_int_equal(p.term.exact, g->exact);
		check_str(p.term.letters, str_of(g->letters));
		check_str(p.term.folded, str_of(g->folded));
		check_str(p.term.written, str_trim(str_of(g->written)));
		assert_int_equal(p.term.regex != NULL, g->kind == TERM_REGEX);
		finish(&p);
	}
}

struct bad {
	const char *written, *printed;
};

static const struct bad bads[] = {
	{ "", "t:1:1: error: empty term\n" },
	{ " \t ", "t:1:1: error: empty term\n" },
	{ "=", "t:1:1: error: empty term\n" },
	{ "\"\"", "t:1:1: error: empty term\n" },
	{ "\"  \"", "t:1:1: error: empty term\n" },
	{ "\xE2\x80\x8B", "t:1:1: error: empty term\n" },
	{ "é \"x", "t:1:3: error: this quote has no partner: quotes go around a whole term\n" },
	{ "a \"b\" c", "t:1:3: error: quotes go around a whole term\n" },
	{ " \"abc", "t:1:2: error: the closing quote is missing\n" },
	{ "=\"abc", "t:1:2: error: the closing quote is missing\n" },
	{ "\"é b\" c",
		"t:1:6: error: a term ends with its closing quote: what follows is not "
		"understood\n" },
	{ "\"a b\"~", "t:1:6: error: a number is missing after ~\n" },
	{ "a b~", "t:1:4: error: a number is missing after ~\n" },
	{ "sole~1", "t:1:5: error: ~1 needs a word of 5 letters or more; this one has 4\n" },
	{ "été~", "t:1:4: error: ~1 needs a word of 5 letters or more; this one has 3\n" },
	{ "solaires~2",
		"t:1:9: error: ~2 needs a word of 9 letters or more; this one has 8\n"
		"  hint: ~1 would do\n" },
	{ "sole~2", "t:1:5: error: ~2 needs a word of 9 letters or more; this one has 4\n" },
	{ "photovoltaïque~3", "t:1:15: error: ~ allows 1 or 2 typing errors, not more\n" },
	{ "solaire~0", "t:1:8: error: ~0 allows nothing: leave it out\n" },
	{ "=solaire~1", "t:1:9: error: = does not go with ~: leave one of them out\n" },
	{ "aujourd'hui~1",
		"t:1:12: error: a phrase with a distance needs its double quotes\n"
		"  hint: '\"aujourd'hui\"~1'\n" },
	{ "🔥solaire~1", "t:1:9: error: ~ goes with a single word, letters and digits only\n" },
	{ "東京都市圏~1",
		"t:1:6: error: ~ has no meaning in a script without spaces: leave it out\n" },
	{ "a b~3",
		"t:1:4: error: a phrase with a distance needs its double quotes\n"
		"  hint: '\"a b\"~3'\n" },
	{ "so*", "t:1:3: error: a star needs at least 3 letters beside it; there are 2\n" },
	{ "*é", "t:1:1: error: a star needs at least 3 letters beside it; there is 1\n" },
	{ "日本*",
		"t:1:3: error: a star has no meaning in a script without spaces: leave it out\n" },
	{ "e-mail*", "t:1:7: error: a star goes with a single word, letters and digits only\n" },
	{ "so*re",
		"t:1:3: error: one star can stand at the beginning or at the end of a single "
		"word\n  hint: a text in double quotes is taken as it is: '\"so*re\"'\n" },
	{ "*a*",
		"t:1:1: error: one star can stand at the beginning or at the end of a single "
		"word\n  hint: a text in double quotes is taken as it is: '\"*a*\"'\n" },
	{ "un sola*",
		"t:1:8: error: one star can stand at the beginning or at the end of a single "
		"word\n  hint: a text in double quotes is taken as it is: '\"un sola*\"'\n" },
	{ "stem:", "t:1:1: error: empty term\n" },
	{ "stem:or", "t:1:1: error: stem needs at least 3 letters beside it; there are 2\n" },
	{ "stem:panneau solaire",
		"t:1:1: error: stem goes with a single word, letters and digits only\n" },
	{ "=stem:panneau", "t:1:2: error: = does not go with stem: leave one of them out\n" },
	{ "stem:東京都",
		"t:1:1: error: stem has no meaning in a script without spaces: leave it out\n" },
	{ "list:autres", "t:1:1: error: a list cannot hold another list\n" },
	{ "#",
		"t:1:2: error: this cannot stand in a hashtag\n"
		"  hint: a text in double quotes is taken as it is: '\"#\"'\n" },
	{ "#é-b",
		"t:1:3: error: this cannot stand in a hashtag\n"
		"  hint: a text in double quotes is taken as it is: '\"#é-b\"'\n" },
	{ "#a b",
		"t:1:3: error: this cannot stand in a hashtag\n"
		"  hint: a text in double quotes is taken as it is: '\"#a b\"'\n" },
	{ "@a.",
		"t:1:3: error: this cannot stand in a handle\n"
		"  hint: a text in double quotes is taken as it is: '\"@a.\"'\n" },
	{ "@東京",
		"t:1:2: error: this cannot stand in a handle\n"
		"  hint: a text in double quotes is taken as it is: '\"@東京\"'\n" },
	{ "$A太",
		"t:1:3: error: this cannot stand in a cashtag\n"
		"  hint: a text in double quotes is taken as it is: '\"$A太\"'\n" },
	{ "@",
		"t:1:2: error: this cannot stand in a handle\n"
		"  hint: a text in double quotes is taken as it is: '\"@\"'\n" },
	{ "$AA-B",
		"t:1:4: error: this cannot stand in a cashtag\n"
		"  hint: a text in double quotes is taken as it is: '\"$AA-B\"'\n" },
	{ "/abc",
		"t:1:1: error: the / that ends a regex is missing\n"
		"  hint: a text in double quotes is taken as it is: '\"/abc\"'\n" },
	{ "/",
		"t:1:1: error: the / that ends a regex is missing\n"
		"  hint: a text in double quotes is taken as it is: '\"/\"'\n" },
	{ "//i", "t:1:2: error: empty regex\n" },
	{ "/abc/ig",
		"t:1:7: error: unknown flag 'g' of a regex: there are i, m, s and x\n"
		"  hint: a text in double quotes is taken as it is: '\"/abc/ig\"'\n" },
	{ "=/abc/", "t:1:1: error: = does not go with a regex: leave it out\n" },
	{ "/é(b/", "t:1:5: error: bad regex: missing closing parenthesis\n" },
	{ "/a*/", "t:1:2: error: bad regex: the pattern can match the empty string\n" },
};

static void what_is_wrong_is_said_with_its_column(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
		struct parsed p;
		parse(&p, str_of(bads[i].written));
		if (p.ok || !str_eq(buf_str(&p.printed), str_of(bads[i].printed))) {
			print_error("'%s':\n%snot\n%s", bads[i].written,
				p.printed.n ? p.printed.p : "(accepted)\n", bads[i].printed);
			wrong++;
		}
		finish(&p);
	}
	assert_int_equal(wrong, 0);
}

static void what_comes_later_is_read_already(void **state)
{
	(void)state;
	struct parsed p;
	parse(&p, STR("\"centrale solaire\"~999999999999"));
	assert_int_equal(p.term.gap, 255);
	check_text(p.term.folded, "centrale solaire");
	finish(&p);
}

static void edits_are_one_unless_two_are_asked_for(void **state)
{
	(void)state;
	static const struct {
		const char *written;
		unsigned edits;
	} cases[] = { { "solaire", 0 }, { "solaire~", 1 }, { "solaire~1", 1 },
		{ "photovoltaïque~2", 2 }, { "photovoltaïque~02", 2 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct parsed p;
		parse(&p, str_of(cases[i].written));
		assert_true(p.ok);
		assert_int_equal(p.term.edits, cases[i].edits);
		finish(&p);
	}
}

static void a_word_with_edits_has_64_letters_at_most(void **state)
{
	(void)state;
	char written[80] = { 0 };
	struct parsed p;
	memset(written, 'a', 64);
	memcpy(written + 64, "~1", 2);
	parse(&p, str_of(written));
	assert_true(p.ok);
	finish(&p);
	memset(written, 'a', 65);
	memcpy(written + 65, "~1", 2);
	parse(&p, str_of(written));
	assert_false(p.ok);
	check_str(buf_str(&p.printed),
		STR("t:1:66: error: ~ takes words of at most 64 letters; this one has 65\n"));
	finish(&p);
}

static const struct bad noted[] = {
	{ "OR", "t:1:1: note: 'OR' is looked for as a word here: operators belong to a query\n" },
	{ "a OR b",
		"t:1:3: note: 'OR' is looked for as a word here: operators belong to a query\n" },
	{ "HOP AND CO", "" },
	{ "salt or pepper", "" },
	{ "\"a OR b\"", "" },
	{ "from:edf",
		"t:1:1: note: 'from:' is looked for as a word here: conditions belong to where\n" },
	{ "Title: subtitle", "" },
};

static void what_looks_like_a_query_is_noted_but_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof noted / sizeof *noted; i++) {
		struct parsed p;
		parse(&p, str_of(noted[i].written));
		assert_true(p.ok);
		assert_int_equal(p.term.kind, TERM_WORDS);
		check_str(p.printed.n ? buf_str(&p.printed) : STR(""), str_of(noted[i].printed));
		finish(&p);
	}
}

static void flags_of_a_regex_are_kept_once(void **state)
{
	(void)state;
	struct parsed p;
	parse(&p, STR("/a/ximssixm"));
	assert_true(p.ok);
	check_str(str_of(p.term.flags), STR("xims"));
	finish(&p);
}

static void the_ceilings_of_bytes_and_words_hold(void **state)
{
	(void)state;
	char bytes[TERM_MAX_BYTES + 1];
	struct parsed p;
	memset(bytes, 'a', sizeof bytes);
	parse(&p, (struct str){ bytes, TERM_MAX_BYTES });
	assert_true(p.ok);
	finish(&p);
	parse(&p, (struct str){ bytes, sizeof bytes });
	assert_false(p.ok);
	check_str(buf_str(&p.printed),
		STR("t:1:1: error: a term has at most 1024 bytes; this one has 1025\n"));
	finish(&p);
	for (size_t i = 1; i < sizeof bytes; i += 2)
		bytes[i] = ' ';
	parse(&p, (struct str){ bytes, 2 * TERM_MAX_WORDS });
	assert_true(p.ok);
	finish(&p);
	parse(&p, (struct str){ bytes, 2 * TERM_MAX_WORDS + 1 });
	assert_false(p.ok);
	check_str(buf_str(&p.printed),
		STR("t:1:1: error: a phrase has at most 32 words; this one has 33\n"));
	finish(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_becomes_a_term),
		cmocka_unit_test(what_is_wrong_is_said_with_its_column),
		cmocka_unit_test(what_comes_later_is_read_already),
		cmocka_unit_test(edits_are_one_unless_two_are_asked_for),
		cmocka_unit_test(a_word_with_edits_has_64_letters_at_most),
		cmocka_unit_test(what_looks_like_a_query_is_noted_but_accepted),
		cmocka_unit_test(flags_of_a_regex_are_kept_once),
		cmocka_unit_test(the_ceilings_of_bytes_and_words_hold),
	};
	return cmocka_run_group_tests_name("term", tests, NULL, NULL);
}
