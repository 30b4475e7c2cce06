/* Queries become trees, and trees are printed as queries and lists that read back to the same. */
#include "tests/check.h"

#include <stdlib.h>

#include "rules/language/print.h"
#include "rules/language/query.h"
#include "tests/rules/random_query.h"

struct loaded {
	struct arena arena;
	struct diag *diag;
	struct rules *rules;
	struct buf messages;
};

static void load(struct loaded *l, struct str yaml)
{
	*l = (struct loaded){ .diag = diag_create() };
	arena_init(&l->arena, 0);
	buf_init(&l->messages, 0);
	struct conf_node *root = conf_read_text("q.yaml", yaml, &l->arena, l->diag);
	l->rules = root ? rules_load(root, NULL, l->diag) : NULL;
	diag_print(l->diag, &l->messages);
	arena_finish(&l->arena); /* the rules are on their own */
}

static void finish(struct loaded *l)
{
	rules_destroy(l->rules);
	diag_destroy(l->diag);
	buf_finish(&l->messages);
}

#define LISTS "lists: { noms: [EDF, Air Liquide] }\n"

static void load_query(struct loaded *l, struct str query)
{
	struct buf yaml;
	buf_init(&yaml, 0);
	buf_add(&yaml, STR(LISTS "rules:\n- name: r\n  query: '"));
	for (size_t i = 0; i < query.n; i++)
		buf_add(&yaml, query.p[i] == '\'' ? STR("''") : str_slice(query, i, i + 1));
	buf_add(&yaml, STR("'\n"));
	load(l, buf_str(&yaml));
	buf_finish(&yaml);
}

/* The tree with all its brackets, apart from the printer that is tested. */
static void draw(const struct rules *r, const struct expr *e, struct buf *out)
{
	static const char *const kinds[] = { "", "", "and", "or", "not", "near", "" };
	if (e->kind == EXPR_TERM) {
		const struct term *t = &r->terms[e->term];
		buf_addf(out, "%d%s:%.*s", (int)t->kind, t->exact ? "=" : "", STR_ARGS(t->letters));
		if (t->gap || t->edits || t->only || t->negative || t->flags[0])
			buf_addf(out, "~%u,%u,%u,%d,%s", t->gap, t->edits, t->only, t->negative,
				t->flags);
	} else if (e->kind == EXPR_LIST) {
		buf_addf(out, "list:%.*s", STR_ARGS(r->lists[e->list].name));
	} else if (e->kind == EXPR_FIELD) {
		buf_addf(out, "field %d:", (int)e->field);
		for (size_t i = 0; i < e->values.count; i++)
			buf_addf(out, "%s%.*s", i ? "," : "", STR_ARGS(e->values.items[i]));
	} else {
		buf_add(out, str_of(kinds[e->kind]));
		if (e->kind == EXPR_NEAR)
			buf_addf(out, "%s%u", e->ordered ? ">" : "", e->distance);
		for (size_t i = 0; i < e->child_count; i++) {
			buf_add(out, i ? STR(" ") : STR("("));
			draw(r, e->children[i], out);
		}
		buf_add_char(out, ')');
	}
}

struct sample {
	const char *query, *expected;
};

static const struct sample trees[] = {
	{ "a", "0:a" },
	{ "a b", "and(0:a 0:b)" },
	{ "a AND b", "and(0:a 0:b)" },
	{ "a AND b c AND d", "and(0:a 0:b 0:c 0:d)" },
	{ "a OR b OR c", "or(0:a 0:b 0:c)" },
	{ "a b OR c d", "or(and(0:a 0:b) and(0:c 0:d))" },
	{ "a OR b c", "or(0:a and(0:b 0:c))" },
	{ "(a OR b) c", "and(or(0:a 0:b) 0:c)" },
	{ "(a OR b)(c OR d)", "and(or(0:a 0:b) or(0:c 0:d))" },
	{ "((a)) (b c)", "and(0:a 0:b 0:c)" },
	{ "a -b", "and(0:a not(0:b~0,0,0,1,))" },
	{ "a NOT b", "and(0:a not(0:b~0,0,0,1,))" },
	{ "a AND NOT b", "and(0:a not(0:b~0,0,0,1,))" },
	{ "a -(b OR c)", "and(0:a not(or(0:b~0,0,0,1, 0:c~0,0,0,1,)))" },
	{ "a -(b -c)", "and(0:a not(and(0:b~0,0,0,1, not(0:c))))" },
	{ "a NEAR/5 b c", "and(near5(0:a 0:b) 0:c)" },
	{ "a OR b NEAR/5 c", "or(0:a near5(0:b 0:c))" },
	{ "a ONEAR/2 b NEAR/3 c", "near3(near>2(0:a 0:b) 0:c)" },
	{ "a NEAR/2 (b ONEAR/0 c)", "near2(0:a near>0(0:b 0:c))" },
	{ "(a OR b) NEAR/5 (c OR list:noms)", "near5(or(0:a 0:b) or(0:c list:noms))" },
	{ "a -b NEAR/1 c", NULL },
	{ "a -(b NEAR/1 c)", "and(0:a not(near1(0:b~0,0,0,1, 0:c~0,0,0,1,)))" },
	{ "\"a b\" \"c d\"~4", "and(0:a b 0:c d~4,0,0,0,)" },
	{ "=EDF =\"Total Énergies\"", "and(0=:EDF 0=:Total Énergies)" },
	{ "#tag @edf.fr $AAPL", "and(1:tag 2:edf.fr 3:AAPL)" },
	{ "/a b(c|d)\\/e/i x", "and(4:a b(c|d)\\/e~0,0,0,0,i 0:x)" },
	{ "sola* *taique", "and(6:sola 7:taique)" },
	{ "solaire~1 stem:panneau", "and(0:solaire~0,1,0,0, 8:panneau)" },
	{ "list:noms x", "and(list:noms 0:x)" },
	{ "e-mail C++ AT&T l'eau", "and(0:e-mail 0:C++ 0:AT&T 0:l'eau)" },
	{ "a\xC2\xA0"
	  "b\tc\xE2\x80\xAF"
	  "d",
		"and(0:a 0:b 0:c 0:d)" },
	{ "\"OR\" nor android", "and(0:OR 0:nor 0:android)" },
	{ "a lang:fr", "and(0:a field 0:fr)" },
	{ "a lang:fr,en", "and(0:a field 0:fr,en)" },
	{ "a lang:(fr OR en)", "and(0:a field 0:fr,en)" },
	{ "a -from:(@x OR y)", "and(0:a not(field 2:x,y))" },
	{ "a source:\"b, c\"", "and(0:a field 1:b, c)" },
	{ "title:\"a b\" text:c", "and(0:a b~0,0,2,0, 0:c~0,0,1,0,)" },
	{ "title:(a -b)", "and(0:a~0,0,2,0, not(0:b~0,0,2,1,))" },
	{ "site:example.com url:\"a/b\"", "and(9:example.com 10:a/b)" },
	{ "12:30 a", "and(0:12:30 0:a)" },
	{ "🌞 a", "and(5:🌞 0:a)" },
};

static void trees_are_as_precedence_says(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
		struct loaded l;
		struct buf out;
		buf_init(&out, 0);
		load_query(&l, str_of(trees[i].query));
		bool failed = diag_failed(l.diag);
		if (!failed)
			draw(l.rules, l.rules->rules[0].root, &out);
		if (failed != !trees[i].expected ||
			(!failed && !str_eq(buf_str(&out), str_of(trees[i].expected)))) {
			print_error("%s\n  is   %.*s\n  not  %s\n%.*s", trees[i].query,
				STR_ARGS(buf_str(&out)), trees[i].expected,
				failed ? (int)l.messages.n : 0, l.messages.p);
			wrong++;
		}
		buf_finish(&out);
		finish(&l);
	}
	assert_int_equal(wrong, 0);
}

static void a_query_goes_together_with_the_lists(void **state)
{
	(void)state;
	struct loaded l;
	struct buf out;
	buf_init(&out, 0);
	load(&l,
		STR("rules:\n- { name: r, query: 'a -b', any: [c, d], all: e, none: f,\n"
		    "    where: { lang: fr } }\n"));
	assert_string_equal(l.messages.n ? l.messages.p : "", "");
	draw(l.rules, l.rules->rules[0].root, &out);
	check_text(buf_str(&out),
		"and(or(0:c 0:d) 0:e 0:a not(0:b~0,0,0,1,) not(0:f~0,0,0,1,) field 0:fr)");
	buf_finish(&out);
	finish(&l);
}

static void ceilings_hold(void **state)
{
	(void)state;
	struct buf query;
	buf_init(&query, 0);
	for (size_t depth = QUERY_MAX_NESTING; depth <= QUERY_MAX_NESTING + 1; depth++) {
		struct loaded l;
		buf_clear(&query);
		for (size_t i = 0; i < depth; i++)
			buf_add_char(&query, '(');
		buf_add_char(&query, 'a');
		for (size_t i = 0; i < depth; i++)
			buf_add_char(&query, ')');
		load_query(&l, buf_str(&query));
		assert_int_equal(diag_failed(l.diag), depth > QUERY_MAX_NESTING);
		finish(&l);
	}
	for (size_t count = QUERY_MAX_NEAR_NESTING; count <= QUERY_MAX_NEAR_NESTING + 4; count++) {
		struct loaded l;
		buf_clear(&query);
		buf_add_char(&query, 'a');
		for (size_t i = 0; i < count; i++)
			buf_add(&query, STR(" NEAR/1 a"));
		load_query(&l, buf_str(&query));
		assert_int_equal(
			diag_count(l.diag, DIAG_ERROR), count > QUERY_MAX_NEAR_NESTING); /* once */
		finish(&l);
	}
	for (size_t bytes = QUERY_MAX_BYTES; bytes <= QUERY_MAX_BYTES + 1; bytes++) {
		struct loaded l;
		buf_clear(&query);
		while (query.n < bytes)
			buf_add_char(&query, query.n % 2 ? ' ' : 'a');
		load_query(&l, buf_str(&query));
		assert_int_equal(diag_failed(l.diag), bytes > QUERY_MAX_BYTES);
		finish(&l);
	}
	buf_finish(&query);
}

static void check_printed(const char *query, const char *expected)
{
	struct loaded l;
	struct buf out;
	buf_init(&out, 0);
	load_query(&l, str_of(query));
	if (diag_failed(l.diag))
		fail_msg("%s", l.messages.p);
	print_query(l.rules, l.rules->rules[0].root, &out);
	check_str(buf_str(&out), str_of(expected ? expected : query));
	buf_finish(&out);
	finish(&l);
}

static void a_rule_is_printed_as_a_canonical_query(void **state)
{
	(void)state;
	check_printed("((a AND b) OR (c))", "(a b) OR c");
	check_printed("a NOT (b OR c)", "a -(b OR c)");
	check_printed("(a NEAR/2 b) NEAR/3 (c NEAR/4 d)", "a NEAR/2 b NEAR/3 (c NEAR/4 d)");
	check_printed("(a OR b) ONEAR/2 c", NULL);
	check_printed("\"a\" \"a b\" \"OR\" \"near\" \"x*\"", "a \"a b\" \"OR\" \"near\" \"x*\"");
	check_printed("=EDF =\"a b\" \"a b\"~3 #t @h $T list:noms", NULL);
	check_printed("/a\\/b[c]/i x", NULL);
	check_printed("sola* *taique solaire~1 stem:panneau", NULL);
	check_printed("lang:(fr OR en) source:\"a b\" from:(x OR \"y z\")",
		"lang:fr,en source:\"a b\" from:(x OR \"y z\")");
	check_printed("title:\"a b\" text:=EDF title:/x y/ site:example.com url:\"a/b(c)\"",
		"title:\"a b\" text:=EDF title:/x y/ site:example.com url:\"a/b(c)\"");
	check_printed("tag:x -is:repost followers:>=1000", "#x -is:repost followers:>=1000");
}

static void a_regex_of_a_list_is_escaped_for_a_query(void **state)
{
	static const struct sample samples[] = {
		{ "a/b", "/a\\/b/" },
		{ "a\\/b", "/a\\/b/" },
		{ "\\Qa/b\\E/", "/\\Qa\\E\\/\\Qb\\E\\//" },
		{ "\\Qa\\", "/\\Qa\\\\E/" },
		{ "x\\\\/y", "/x\\\\\\/y/" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		struct loaded l, again;
		struct buf yaml, out, second;
		buf_init(&yaml, 0);
		buf_init(&out, 0);
		buf_init(&second, 0);
		buf_addf(&yaml, "rules:\n- { name: r, regex: '%s' }\n", samples[i].query);
		load(&l, buf_str(&yaml));
		print_query(l.rules, l.rules->rules[0].root, &out);
		check_str(buf_str(&out), str_of(samples[i].expected));
		load_query(&again, buf_str(&out));
		assert_false(diag_failed(again.diag));
		print_query(again.rules, again.rules->rules[0].root, &second);
		check_str(buf_str(&second), buf_str(&out));
		buf_finish(&yaml);
		buf_finish(&out);
		buf_finish(&second);
		finish(&l);
		finish(&again);
	}
}

static void check_yaml(const char *query, const char *expected)
{
	struct loaded l;
	struct buf out;
	buf_init(&out, 0);
	load_query(&l, str_of(query));
	if (diag_failed(l.diag))
		fail_msg("%s", l.messages.p);
	print_yaml(l.rules, 0, &out);
	check_str(buf_str(&out), str_of(expected));
	buf_finish(&out);
	finish(&l);
}

static void a_rule_is_printed_as_lists_where_these_can_say_it(void **state)
{
	(void)state;
	check_yaml("a", "  - name: r\n    any: [a]\n");
	check_yaml("a OR \"b c\" OR list:noms OR #t",
		"  - name: r\n    any: [a, '\"b c\"', 'list:noms', '#t']\n");
	check_yaml("(a OR b) c -d -(e OR f) lang:fr -x",
		"  - name: r\n    any: [a, b]\n    all: [c]\n    none: [d, e, f, x]\n"
		"    where: { lang: [fr] }\n");
	check_yaml("a -is:repost followers:>9 lang:fr",
		"  - name: r\n    all: [a]\n    where: { lang: [fr], followers: ['>9'], repost: "
		"false }\n");
	check_yaml("lang:fr,en type:post",
		"  - name: r\n    where: { lang: [fr, en], type: [post] }\n");
	check_yaml("\"it's\" null", "  - name: r\n    all: ['it''s', 'null']\n");
	check_yaml("(a OR b) (c OR d)", "  - name: r\n    query: '(a OR b) (c OR d)'\n");
	check_yaml("a NEAR/2 b", "  - name: r\n    query: 'a NEAR/2 b'\n");
	check_yaml("a -lang:fr", "  - name: r\n    query: 'a -lang:fr'\n");
	check_yaml("a lang:fr lang:en", "  - name: r\n    query: 'a lang:fr lang:en'\n");
}

static void a_rule_is_printed_with_what_stands_beside_its_terms(void **state)
{
	static const char yaml[] = "rules:\n"
				   "  - name: r\n"
				   "    any: ['stem:panneau']\n"
				   "    where: { lang: [fr] }\n"
				   "    about: 'Chantiers : où?'\n"
				   "    language: fr\n"
				   "    severity: critical\n"
				   "    notify: [bulle, crm-2]\n";
	struct loaded l;
	struct buf out;
	(void)state;
	buf_init(&out, 0);
	load(&l, str_of(yaml));
	if (diag_failed(l.diag))
		fail_msg("%s", l.messages.p);
	buf_add(&out, STR("rules:\n"));
	print_yaml(l.rules, 0, &out);
	check_str(buf_str(&out),
		STR("rules:\n"
		    "  - name: r\n"
		    "    all: ['stem:panneau']\n"
		    "    where: { lang: [fr] }\n"
		    "    about: 'Chantiers : où?'\n"
		    "    language: fr\n"
		    "    severity: critical\n"
		    "    notify: [bulle, crm-2]\n"));
	buf_finish(&out);
	finish(&l);
}

/* --- at random --- */

static void add_term(struct buf *out, uint64_t *seed)
{
	static const char *const terms[] = { "a", "\"a b\"", "\"b c\"~3", "=EDF", "=\"A b\"",
		"#tag", "@h.x", "$T", "/x\\/ y/i", "sola*", "*taique", "solaire~1", "stem:mot",
		"list:noms", "\"OR\"", "e-mail", "\"C++\"", "🌞", "title:x", "text:\"y z\"",
		"site:a.fr", "url:z" };
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	buf_add(out, str_of(terms[(*seed >> 33) % (sizeof terms / sizeof *terms)]));
}

static void draw_rule(const struct loaded *l, struct buf *tree, struct buf *query, struct buf *yaml)
{
	buf_clear(tree);
	buf_clear(query);
	buf_clear(yaml);
	draw(l->rules, l->rules->rules[0].root, tree);
	print_query(l->rules, l->rules->rules[0].root, query);
	buf_add(yaml, STR(LISTS "rules:\n"));
	print_yaml(l->rules, 0, yaml);
}

/* What is printed reads back to the same tree, and is then printed the same. */
static void what_is_printed_reads_back(void **state)
{
	(void)state;
	uint64_t seed = 11;
	const struct random_query random = { &seed, add_term };
	struct buf query, tree, printed, yaml, again[3];
	struct buf *const all[] = { &query, &tree, &printed, &yaml, &again[0], &again[1],
		&again[2] };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		buf_init(all[i], 0);
	size_t lists = 0;
	for (size_t round = 0; round < 1500; round++) {
		struct loaded l, second, third;
		buf_clear(&query);
		random_query_add(&query, &random, 4);
		load_query(&l, buf_str(&query));
		if (diag_failed(l.diag))
			fail_msg("%.*s\n%s", STR_ARGS(buf_str(&query)), l.messages.p);
		draw_rule(&l, &tree, &printed, &yaml);
		load_query(&second, buf_str(&printed));
		if (diag_failed(second.diag))
			fail_msg("%.*s\n%s", STR_ARGS(buf_str(&printed)), second.messages.p);
		assert_null(strstr(second.messages.n ? second.messages.p : "", "more tightly"));
		draw_rule(&second, &again[0], &again[1], &again[2]);
		check_str(buf_str(&again[0]), buf_str(&tree));
		check_str(buf_str(&again[1]), buf_str(&printed));
		load(&third, buf_str(&yaml));
		if (diag_failed(third.diag))
			fail_msg("%.*s\n%s", STR_ARGS(buf_str(&yaml)), third.messages.p);
		draw_rule(&third, &again[0], &again[1], &again[2]);
		check_str(buf_str(&again[2]), buf_str(&yaml));
		lists += str_find(buf_str(&yaml), STR("query:")) == SIZE_MAX;
		finish(&l);
		finish(&second);
		finish(&third);
	}
	assert_true(lists > 20);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		buf_finish(all[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees_are_as_precedence_says),
		cmocka_unit_test(a_query_goes_together_with_the_lists),
		cmocka_unit_test(ceilings_hold),
		cmocka_unit_test(a_rule_is_printed_as_a_canonical_query),
		cmocka_unit_test(a_regex_of_a_list_is_escaped_for_a_query),
		cmocka_unit_test(a_rule_is_printed_as_lists_where_these_can_say_it),
		cmocka_unit_test(a_rule_is_printed_with_what_stands_beside_its_terms),
		cmocka_unit_test(what_is_printed_reads_back),
	};
	return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
