#include "tests/check.h"

#include "base/mem.h"
#include "rules/advice/explain.h"

struct fixture {
	struct arena arena;
	struct diag *diag;
	struct ruleset *set;
	struct post post;
	const struct explained *root;
	struct buf out;
};

#define RULES                                                                                     \
	"lists:\n"                                                                                \
	"  bruit: [crème solaire, système solaire, '/lunettes? solaires?/i']\n"                 \
	"  lourd: [vent, '/(?:a|aa)+$(?<=e)/']\n"                                                 \
	"rules:\n"                                                                                \
	"  - { name: doute, any: [vent, '/(?:a|aa)+$(?<=c)/', '/d+/'] }\n"                        \
	"  - { name: doute-sans, all: [lune, /b/], none: [list:lourd] }\n"                        \
	"  - name: solaire\n"                                                                     \
	"    any: [solaire, photovoltaïque]\n"                                                   \
	"    regex: ['\\d+ kWc']\n"                                                               \
	"    none: [list:bruit]\n"                                                                \
	"    where: { lang: [fr, en] }\n"                                                         \
	"  - { name: un, any: solaire }\n"                                                        \
	"  - { name: sans, any: solaire, none: lune }\n"                                          \
	"  - { name: tous, all: [solaire, '#soleil', =EDF], where: { from: ada, type: post } }\n" \
	"  - { name: lien, any: ['site:edf.fr', '#soleil'], where: { followers: 1k..2k, is: "     \
	"[reply, verified] } }\n"                                                                 \
	"  - { name: choses, any: vent, where: { has: [link, media] } }\n"

static void explain_post(struct fixture *f, const char *rule, struct post post)
{
	*f = (struct fixture){ .diag = diag_create(), .post = post };
	arena_init(&f->arena, 0);
	buf_init(&f->out, 0);
	struct conf_node *root = conf_read_text("t.yaml", STR(RULES), &f->arena, f->diag);
	struct rules *rules = rules_load(root, NULL, f->diag);
	assert_false(diag_failed(f->diag));
	f->set = ruleset_create(rules);
	const struct rule *found = map_get(&rules->rule_by_name, str_of(rule));
	assert_non_null(found);
	size_t number = (size_t)(found - rules->rules);
	f->root = explain(f->set, number, &f->post, &f->arena);
	assert_non_null(f->root);
	explain_text(f->set, number, &f->post, f->root, &f->out);
}

static void finish(struct fixture *f)
{
	ruleset_destroy(f->set);
	diag_destroy(f->diag);
	arena_finish(&f->arena);
	buf_finish(&f->out);
}

static struct post post_of(const char *text)
{
	struct post post = post_empty();
	post.text = str_of(text);
	return post;
}

static void check_explained(const char *rule, struct post post, const char *expected)
{
	struct fixture f;
	explain_post(&f, rule, post);
	check_str(buf_str(&f.out), str_of(expected));
	finish(&f);
}

static void a_match_shows_each_clause_with_its_places(void **state)
{
	(void)state;
	static const struct str fr[] = { { "fr-CA", 5 } };
	struct post post = post_of("Solaire : 36 kWc, du solaire en série");
	post.title = STR("Le SOLAIRE");
	post.langs = (struct str_list){ fr, 1 };
	check_explained("solaire", post,
		"solaire matches\n"
		"yes all of\n"
		"yes   any of\n"
		"yes     solaire\n"
		"            text 0..7 \"Solaire\" folded\n"
		"            text 21..28 \"solaire\" exact\n"
		"            title 3..10 \"SOLAIRE\" folded\n"
		"no      photovoltaïque\n"
		"yes     \\d+ kWc\n"
		"            text 10..16 \"36 kWc\" regex\n"
		"yes   none of\n"
		"no      list:bruit\n"
		"yes   lang: fr, en (the post: fr-CA)\n");
}

static void a_post_that_does_not_match_shows_what_stood_in_the_way(void **state)
{
	(void)state;
	check_explained("solaire", post_of("Ma Crème solaire et mes lunettes solaires"),
		"solaire does not match\n"
		"no  all of\n"
		"yes   any of\n"
		"yes     solaire\n"
		"            text 10..17 \"solaire\" exact\n"
		"no      photovoltaïque\n"
		"no      \\d+ kWc\n"
		"no    none of\n"
		"yes     list:bruit\n"
		"            text 3..17 \"Crème solaire\" folded, by crème solaire\n"
		"            text 25..42 \"lunettes solaires\" regex, by /lunettes? solaires?/i\n"
		"no    lang: fr, en (the post has none)\n");
}

static void what_the_text_has_counts_as_what_the_post_has(void **state)
{
	(void)state;
	check_explained("choses", post_of("vent https://edf.fr/a @ada"),
		"choses matches\n"
		"yes all of\n"
		"yes   vent\n"
		"          text 0..4 \"vent\" exact\n"
		"yes   has: link, media (the post: link, mention)\n");
	check_explained("choses", post_of("vent #Éole"),
		"choses does not match\n"
		"no  all of\n"
		"yes   vent\n"
		"          text 0..4 \"vent\" exact\n"
		"no    has: link, media (the post: tag)\n");
}

static void a_rule_of_one_term_is_one_line(void **state)
{
	(void)state;
	check_explained("un", post_of("rien"), "un does not match\nno  solaire\n");
}

static void none_of_one_term_shows_the_term(void **state)
{
	(void)state;
	check_explained("sans", post_of("solaire"),
		"sans matches\n"
		"yes all of\n"
		"yes   solaire\n"
		"          text 0..7 \"solaire\" exact\n"
		"yes   none of\n"
		"no      lune\n");
}

static void every_clause_is_shown_also_after_one_that_decides(void **state)
{
	(void)state;
	struct post post = post_of("edf au #Soleil");
	post.author.handle = STR("ADA");
	post.author.id = STR("did:1");
	check_explained("tous", post,
		"tous does not match\n"
		"no  all of\n"
		"no    solaire\n"
		"yes   #soleil\n"
		"          text 8..14 \"Soleil\" folded\n"
		"no    =EDF\n"
		"          near: text 0..3 \"edf\" with other letters\n"
		"yes   from: ada (the post: ADA, did:1)\n"
		"yes   type: post (the post: post)\n");
}

static void what_a_stranger_wrote_cannot_steer_the_terminal(void **state)
{
	(void)state;
	static const struct str lang[] = { { "\033[2J", 4 } };
	struct post post = post_of("système\nsolaire");
	struct fixture f;
	post.langs = (struct str_list){ lang, 1 };
	explain_post(&f, "solaire", post);
	assert_null(memchr(f.out.p, '\033', f.out.n));
	assert_non_null(strstr(f.out.p, "\"système\\nsolaire\""));
	finish(&f);
}

/* `count` times "solaire ". */
static struct post many(struct buf *text, size_t count)
{
	buf_init(text, 0);
	for (size_t i = 0; i < count; i++)
		buf_add(text, STR("solaire "));
	return post_of(text->p);
}

static void hits_are_shown_up_to_a_ceiling_and_counted_past_it(void **state)
{
	(void)state;
	struct buf text;
	struct fixture f;
	explain_post(&f, "un", many(&text, EXPLAIN_MAX_HITS));
	assert_int_equal(f.root->kept_count, EXPLAIN_MAX_HITS);
	assert_int_equal(f.root->hit_count, EXPLAIN_MAX_HITS);
	assert_null(strstr(f.out.p, "more"));
	finish(&f);
	buf_finish(&text);
	explain_post(&f, "un", many(&text, EXPLAIN_MAX_HITS + 1));
	assert_int_equal(f.root->kept_count, EXPLAIN_MAX_HITS);
	assert_int_equal(f.root->hit_count, EXPLAIN_MAX_HITS + 1);
	assert_non_null(strstr(f.out.p, "\n        and 1 more\n"));
	finish(&f);
	buf_finish(&text);
}

static void a_small_arena_gives_nothing(void **state)
{
	(void)state;
	struct fixture f;
	struct arena small;
	explain_post(&f, "solaire", post_of("solaire"));
	arena_init(&small, 64);
	assert_null(explain(f.set, 0, &f.post, &small));
	arena_finish(&small);
	finish(&f);
}

static void json_holds_the_same_tree(void **state)
{
	(void)state;
	struct fixture f;
	struct buf json;
	buf_init(&json, 0);
	explain_post(&f, "sans", post_of("solaire"));
	explain_json(f.set, 4, &f.post, f.root, &json);
	check_str(buf_str(&json),
		STR("{\"rule\":\"sans\",\"matches\":true,"
		    "\"post\":{\"type\":\"post\",\"text\":\"solaire\"},"
		    "\"tree\":{\"kind\":\"and\",\"matches\":true,"
		    "\"file\":\"t.yaml\",\"line\":13,\"column\":5,\"children\":["
		    "{\"kind\":\"term\",\"matches\":true,"
		    "\"file\":\"t.yaml\",\"line\":13,\"column\":24,"
		    "\"term\":\"solaire\",\"hit_count\":1,\"hits\":[{\"term\":\"solaire\","
		    "\"field\":\"text\",\"from\":0,\"to\":7,\"text\":\"solaire\","
		    "\"way\":\"exact\"}]},"
		    "{\"kind\":\"not\",\"matches\":true,"
		    "\"file\":\"t.yaml\",\"line\":13,\"column\":39,\"children\":["
		    "{\"kind\":\"term\",\"matches\":false,"
		    "\"file\":\"t.yaml\",\"line\":13,\"column\":39,"
		    "\"term\":\"lune\",\"hit_count\":0,\"hits\":[]}]}]}}"));
	buf_finish(&json);
	finish(&f);
}

static bool count_match(void *ctx, const struct match *match)
{
	bool *matched = ctx;
	*matched = *matched || str_eq(match->rule, STR("solaire"));
	return true;
}

static void the_answer_is_that_of_matching(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "solaire", "crème solaire", "12 kWc", "12 kW",
		"lunettes solaires", "Système Solaire", "#EnergieSolaire", "photovoltaique" };
	static const struct str fr[] = { { "fr", 2 } };
	for (size_t i = 0; i < 2 * sizeof texts / sizeof *texts; i++) {
		struct post post = post_of(texts[i / 2]);
		struct fixture f;
		bool matched = false;
		post.langs = (struct str_list){ fr, i % 2 };
		explain_post(&f, "solaire", post);
		struct match_scratch *scratch = match_scratch_create(f.set);
		(void)ruleset_match(f.set, scratch, &post, count_match, &matched);
		match_scratch_destroy(scratch);
		assert_int_equal(f.root->yes, matched);
		finish(&f);
	}
}

/* Hostile to some regexes. */
static struct post hostile(struct buf *text, const char *head)
{
	buf_init(text, 0);
	buf_add(text, str_of(head));
	for (size_t i = 0; i < 1000; i++)
		buf_add_char(text, 'a');
	buf_add_char(text, '\0');
	return post_of(text->p);
}

static void a_search_that_was_given_up_is_neither_yes_nor_no(void **state)
{
	(void)state;
	struct buf text;
	check_explained("doute", hostile(&text, "x "),
		"doute is in doubt, so it does not match\n"
		"?   any of\n"
		"no    vent\n"
		"?     /(?:a|aa)+$(?<=c)/\n"
		"          the search took too many steps and was given up\n"
		"no    /d+/\n");
	buf_finish(&text);
	check_explained("doute-sans", hostile(&text, "lune b "),
		"doute-sans is in doubt, so it does not match\n"
		"?   all of\n"
		"yes   lune\n"
		"          text 0..4 \"lune\" exact\n"
		"yes   /b/\n"
		"          text 5..6 \"b\" regex\n"
		"?     none of\n"
		"?       list:lourd\n"
		"            the search took too many steps and was given up, by "
		"/(?:a|aa)+$(?<=e)/\n");
	buf_finish(&text);
}

static void what_a_doubt_cannot_change_is_told_for_certain(void **state)
{
	(void)state;
	struct buf text;
	check_explained("doute", hostile(&text, "vent "),
		"doute matches\n"
		"yes any of\n"
		"yes   vent\n"
		"          text 0..4 \"vent\" exact\n"
		"?     /(?:a|aa)+$(?<=c)/\n"
		"          the search took too many steps and was given up\n"
		"no    /d+/\n");
	buf_finish(&text);
	check_explained("doute-sans", hostile(&text, "vent lune b "),
		"doute-sans does not match\n"
		"no  all of\n"
		"yes   lune\n"
		"          text 5..9 \"lune\" exact\n"
		"yes   /b/\n"
		"          text 10..11 \"b\" regex\n"
		"no    none of\n"
		"yes     list:lourd\n"
		"            text 0..4 \"vent\" exact, by vent\n");
	buf_finish(&text);
}

static void why_of_a_doubt_shows_what_leaves_it(void **state)
{
	(void)state;
	struct buf text;
	struct fixture f;
	explain_post(&f, "doute-sans", hostile(&text, "lune b "));
	buf_clear(&f.out);
	explain_why(f.set, 1, &f.post, f.root, &f.out);
	check_str(buf_str(&f.out),
		STR("    doute-sans is in doubt, so it does not match\n"
		    "      ?   none of\n"
		    "      ?     list:lourd\n"
		    "                the search took too many steps and was given up, by "
		    "/(?:a|aa)+$(?<=e)/\n"));
	finish(&f);
	explain_post(&f, "doute", post_of(text.p));
	buf_clear(&f.out);
	explain_why(f.set, 0, &f.post, f.root, &f.out);
	check_str(buf_str(&f.out),
		STR("    doute is in doubt, so it does not match\n"
		    "      ?   /(?:a|aa)+$(?<=c)/\n"
		    "              the search took too many steps and was given up\n"));
	finish(&f);
	buf_finish(&text);
}

static bool has(const struct buf *out, const char *text)
{
	return str_find(buf_str(out), str_of(text)) != SIZE_MAX;
}

static void json_says_what_is_in_doubt(void **state)
{
	(void)state;
	struct buf text;
	struct fixture f;
	explain_post(&f, "doute", hostile(&text, "x "));
	buf_clear(&f.out);
	explain_json(f.set, 0, &f.post, f.root, &f.out);
	assert_true(
		has(&f.out, "{\"rule\":\"doute\",\"matches\":false,\"in_doubt\":true,\"post\":{"));
	assert_true(has(&f.out,
		"\"in_doubt\":true,\"given_up\":\"/(?:a|aa)+$(?\\u003c=c)/\",\"term\":"
		"\"/(?:a|aa)+$(?\\u003c=c)/\",\"hit_count\":0,\"hits\":[]}"));
	assert_true(has(&f.out, "\"term\":\"vent\",\"hit_count\":0,\"hits\":[]}"));
	finish(&f);
	buf_finish(&text);
}

static void places_outside_of_the_text_are_told(void **state)
{
	(void)state;
	struct fixture f;
	static const struct str links[] = { { "https://a.fr", 12 }, { "http://www.edf.fr/a", 19 } };
	static const struct str tags[] = { { "Soleil", 6 } };
	struct post post = post_of("x");
	post.links = (struct str_list){ links, 2 };
	post.tags = (struct str_list){ tags, 1 };
	post.author.followers = 1500;
	check_explained("lien", post,
		"lien does not match\n"
		"no  all of\n"
		"yes   any of\n"
		"yes     site:edf.fr\n"
		"            links[1] 11..17 \"edf.fr\" exact\n"
		"yes     #soleil\n"
		"            tags[0] 0..6 \"Soleil\" folded\n"
		"no    is: reply, verified (the post: post)\n"
		"yes   followers: 1k..2k (the post: 1500)\n");
	explain_post(&f, "lien", post);
	buf_clear(&f.out);
	explain_json(
		f.set, (size_t)(ruleset_rules(f.set)->rule_count - 1), &f.post, f.root, &f.out);
	assert_true(str_find(buf_str(&f.out),
			    STR("\"field\":\"links\",\"item\":1,\"from\":11,\"to\":17,"
				"\"text\":\"edf.fr\"")) != SIZE_MAX);
	finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_outside_of_the_text_are_told),
		cmocka_unit_test(a_match_shows_each_clause_with_its_places),
		cmocka_unit_test(a_post_that_does_not_match_shows_what_stood_in_the_way),
		cmocka_unit_test(what_the_text_has_counts_as_what_the_post_has),
		cmocka_unit_test(a_rule_of_one_term_is_one_line),
		cmocka_unit_test(none_of_one_term_shows_the_term),
		cmocka_unit_test(every_clause_is_shown_also_after_one_that_decides),
		cmocka_unit_test(what_a_stranger_wrote_cannot_steer_the_terminal),
		cmocka_unit_test(hits_are_shown_up_to_a_ceiling_and_counted_past_it),
		cmocka_unit_test(a_small_arena_gives_nothing),
		cmocka_unit_test(json_holds_the_same_tree),
		cmocka_unit_test(the_answer_is_that_of_matching),
		cmocka_unit_test(a_search_that_was_given_up_is_neither_yes_nor_no),
		cmocka_unit_test(what_a_doubt_cannot_change_is_told_for_certain),
		cmocka_unit_test(why_of_a_doubt_shows_what_leaves_it),
		cmocka_unit_test(json_says_what_is_in_doubt),
	};
	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
