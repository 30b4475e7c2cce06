#include "tests/golden.h"

#include "base/clock.h"
#include "base/mem.h"
#include "rules/language/operator.h"
#include "rules/language/rules.h"

/* The test runs in its source folder. */

struct loaded {
	struct arena arena;
	struct diag *diag;
	struct rules *rules;
	struct buf printed;
};

static const struct str targets[] = { { "desktop", 7 }, { "crm", 3 } };

static void finish(struct loaded *l)
{
	rules_destroy(l->rules);
	diag_destroy(l->diag);
	arena_finish(&l->arena);
	buf_finish(&l->printed);
}

static void load_root(struct loaded *l, const struct conf_node *root)
{
	const struct str_list known = { targets, sizeof targets / sizeof *targets };
	buf_init(&l->printed, 0);
	if (root)
		l->rules = rules_load(root, &known, l->diag);
	diag_print(l->diag, &l->printed);
	/* The rules are on their own. */
	arena_finish(&l->arena);
}

static void load_file(struct loaded *l, const char *path)
{
	*l = (struct loaded){ .diag = diag_create() };
	arena_init(&l->arena, 0);
	load_root(l, conf_read_file(path, &l->arena, l->diag));
}

static void load_text(struct loaded *l, const char *text)
{
	*l = (struct loaded){ .diag = diag_create() };
	arena_init(&l->arena, 0);
	load_root(l, conf_read_text("lists/t.yaml", str_of(text), &l->arena, l->diag));
	if (l->printed.n)
		fail_msg("%s", l->printed.p);
}

static void print_mistakes(const char *path, struct buf *out)
{
	struct loaded l;
	load_file(&l, path);
	buf_add(out, buf_str(&l.printed));
	finish(&l);
}

static void every_mistake_is_said_where_it_is(void **state)
{
	(void)state;
	check_golden_folder("bad", 11, print_mistakes);
}

static void print_tree(const struct rules *r, const struct expr *e, struct buf *out)
{
	static const char *const kinds[] = { "", "", "and", "or", "not", "near", "" };
	if (e->kind == EXPR_TERM) {
		buf_add(out, r->terms[e->term].written);
	} else if (e->kind == EXPR_LIST) {
		buf_addf(out, "list:%.*s", STR_ARGS(r->lists[e->list].name));
	} else if (e->kind == EXPR_FIELD) {
		buf_addf(out, "%s:", operator_field_name(e->field));
		for (size_t i = 0; i < e->values.count; i++)
			buf_addf(out, "%s%.*s", i ? "," : "", STR_ARGS(e->values.items[i]));
	} else {
		buf_addf(out, "%s(", kinds[e->kind]);
		for (size_t i = 0; i < e->child_count; i++) {
			buf_add(out, i ? STR(" ") : STR(""));
			print_tree(r, e->children[i], out);
		}
		buf_add_char(out, ')');
	}
}

static void check_tree(const struct rules *r, size_t rule, const char *expected)
{
	struct buf out;
	buf_init(&out, 0);
	print_tree(r, r->rules[rule].root, &out);
	check_str(buf_str(&out), str_of(expected));
	buf_finish(&out);
}

static void rules_become_trees_without_needless_nodes(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l,
		"lists: { bruit: [crème solaire], marques: [EDF, Engie], deux: [a, b] }\n"
		"rules:\n"
		"  - { name: a, any: [solaire, '#Sun'], none: [list:bruit, x], regex: 'k.c',\n"
		"      where: { lang: [fr, en], from: '@edf', type: post, source: presse } }\n"
		"  - { name: b, any: solaire }\n"
		"  - { name: c, all: [a, list:marques, b c] }\n"
		"  - { name: d, regex: ['a+', 'b+'] }\n"
		"  - { name: e, where: { source: presse } }\n"
		"  - { name: f, all: list:deux, none: list:deux }\n");
	check_tree(l.rules, 0,
		"and(or(solaire #Sun k.c) not(or(list:bruit x)) lang:fr,en source:presse from:edf "
		"type:post)");
	check_tree(l.rules, 1, "solaire");
	check_tree(l.rules, 2, "and(a list:marques b c)");
	check_tree(l.rules, 3, "or(a+ b+)");
	check_tree(l.rules, 4, "source:presse");
	check_tree(l.rules, 5, "and(list:deux not(list:deux))");
	finish(&l);
}

static void a_rule_keeps_what_was_said_of_it(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l,
		"rules:\n"
		"  - { name: a-1, about: Du solaire, any: x, severity: critical, notify: [desktop, "
		"crm] }\n"
		"  - { name: b, any: [y, z], notify: crm }\n");
	const struct rule *r = l.rules->rules;
	assert_int_equal(l.rules->rule_count, 2);
	check_text(r[0].name, "a-1");
	check_text(r[0].about, "Du solaire");
	assert_int_equal(r[0].severity, SEVERITY_CRITICAL);
	assert_int_equal(r[0].notify.count, 2);
	check_text(r[0].notify.items[1], "crm");
	assert_int_equal(r[1].severity, SEVERITY_NORMAL);
	assert_null(r[1].about.p);
	assert_int_equal(r[1].first_term, 1);
	assert_int_equal(r[1].term_count, 2);
	assert_int_equal(l.rules->terms[2].owner, 1);
	assert_false(l.rules->terms[2].listed);
	assert_ptr_equal(map_get(&l.rules->rule_by_name, STR("b")), &r[1]);
	assert_string_equal(r[1].at.file, "lists/t.yaml");
	assert_int_equal(r[1].at.line, 3);
	finish(&l);
}

static void terms_that_only_prevent_are_negative(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l,
		"lists: { bruit: [n1], deux: [p1], oui: [p2] }\n"
		"rules:\n"
		"  - { name: a, any: [p3, list:deux, list:oui], none: [n2, list:bruit, list:deux] "
		"}\n");
	assert_int_equal(l.rules->term_count, 5);
	for (size_t i = 0; i < l.rules->term_count; i++) {
		const struct term *t = &l.rules->terms[i];
		assert_int_equal(t->negative, t->letters.p[0] == 'n');
	}
	finish(&l);
}

static void a_list_file_holds_one_term_a_line(void **state)
{
	(void)state;
	static const char *const written[] = { "Air Liquide", "#SolarEnergy", "=EDF", "C# sharp",
		"#été", "L’Oréal", "@edf" };
	static const uint32_t line[] = { 3, 4, 7, 8, 9, 10, 11 };
	struct loaded l;
	load_text(&l,
		"lists: { m: [x], f: { file: good.txt } }\n"
		"rules: [{ name: a, any: [list:f, list:m] }]\n");
	const struct term_list *list = map_get(&l.rules->list_by_name, STR("f"));
	assert_non_null(list);
	assert_int_equal(list->first_term, 1);
	assert_int_equal(list->term_count, 7);
	for (size_t i = 0; i < 7; i++) {
		const struct term *t = &l.rules->terms[list->first_term + i];
		check_str(t->written, str_of(written[i]));
		assert_int_equal(t->at.line, line[i]);
		assert_true(t->listed);
		assert_int_equal(t->owner, 1);
		assert_true(str_ends(str_of(t->at.file), STR("lists/good.txt")));
	}
	assert_int_equal(l.rules->terms[3 + 3].at.col, 2);
	finish(&l);
}

static void tests_become_posts(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l,
		"rules: [{ name: a, any: x, tests: [{ post: y, matches: [] }] }, { name: b, any: z "
		"}]\n"
		"tests:\n"
		"  - { post: x, matches: [b, a] }\n"
		"  - { post: { text: t, title: u, lang: [fr, en], type: reply, source: s, tags: "
		"k,\n"
		"      author: { handle: h, name: n, id: i, followers: 3 } }, matches: a }\n"
		"  - { post: { text: t, author: '@h' }, matches: a }\n");
	assert_int_equal(l.rules->test_count, 4);
	const struct rule_test *t = l.rules->tests;
	check_text(t[0].post.text, "x");
	assert_null(t[0].post.title.p);
	assert_int_equal(t[0].matches.count, 2);
	check_text(t[0].matches.items[0], "b");
	assert_int_equal(t[0].matches_at[1].line, 3);
	assert_int_equal(t[0].matches_at[1].col, 29);
	check_text(t[1].post.title, "u");
	check_text(t[1].post.langs.items[1], "en");
	check_text(t[1].post.tags.items[0], "k");
	check_text(t[1].post.author.name, "n");
	assert_int_equal(t[1].post.author.followers, 3);
	assert_int_equal(t[1].post.type, POST_REPLY);
	check_text(t[2].post.author.handle, "h");
	assert_int_equal(t[2].post.author.followers, -1);
	check_text(t[3].post.text, "y");
	assert_int_equal(t[3].matches.count, 0);
	finish(&l);
}

static void types_of_posts_are_those_of_the_model(void **state)
{
	(void)state;
	for (int i = 0; i <= POST_DELETE; i++) {
		char yaml[200];
		struct loaded l;
		(void)snprintf(yaml, sizeof yaml,
			"rules: [{ name: a, any: x }]\n"
			"tests: [{ post: { text: x, type: %s }, matches: a }]\n",
			post_type_name((enum post_type)i));
		load_text(&l, yaml);
		assert_int_equal(l.rules->tests[0].post.type, i);
		finish(&l);
	}
}

static void nothing_at_all_is_no_mistake(void **state)
{
	(void)state;
	struct loaded l;
	load_text(&l, "");
	assert_int_equal(l.rules->rule_count, 0);
	finish(&l);
	load_text(&l, "lists:\nrules:\ntests:\n");
	assert_int_equal(l.rules->rule_count, 0);
	finish(&l);
	rules_destroy(NULL);
}

static void a_long_list_of_cities_loads_fast(void **state)
{
	(void)state;
	char path[1024];
	struct diag *diag = diag_create();
	data_path("keywords/geonames_cities_150k.txt", path, sizeof path);
	int64_t start = clock_monotonic_us();
	struct rules *r = rules_of_list(path, STR("villes"), diag);
	int64_t us = clock_monotonic_us() - start;
	print_message("%zu terms in %d ms, %zu bytes of text, %zu a term\n", r->term_count,
		(int)(us / 1000), r->arena.used_bytes, sizeof *r->terms);
	struct buf printed;
	buf_init(&printed, 0);
	diag_print(diag, &printed);
	assert_int_equal(r->term_count, 150634);
	assert_false(diag_failed(diag));
	if (printed.n)
		print_message("%s", printed.p);
	assert_int_equal(r->rule_count, 1);
	assert_int_equal(r->rules->root->kind, EXPR_LIST);
	check_text(r->rules->name, "villes");
	assert_int_equal(r->lists->term_count, 150634);
	buf_finish(&printed);
	rules_destroy(r);
	diag_destroy(diag);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mistake_is_said_where_it_is),
		cmocka_unit_test(rules_become_trees_without_needless_nodes),
		cmocka_unit_test(a_rule_keeps_what_was_said_of_it),
		cmocka_unit_test(terms_that_only_prevent_are_negative),
		cmocka_unit_test(a_list_file_holds_one_term_a_line),
		cmocka_unit_test(tests_become_posts),
		cmocka_unit_test(types_of_posts_are_those_of_the_model),
		cmocka_unit_test(nothing_at_all_is_no_mistake),
		cmocka_unit_test(a_long_list_of_cities_loads_fast),
	};
	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
