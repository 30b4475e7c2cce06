#include "tests/check.h"

#include "rules/advice/explain.h"

/* What is near for a rule of these entries of `any`, as "why FIELD from..to text". */
static void check_near(const char *yaml_term, struct post post, const char *expected)
{
	static const char *const names[] = { "nothing", "letters", "longer", "unsigned", "handle",
		"link", "similar" };
	struct arena arena;
	struct buf yaml, got;
	struct diag *diag = diag_create();
	arena_init(&arena, 0);
	buf_init(&yaml, 0);
	buf_init(&got, 0);
	buf_addf(&yaml,
		"lists: { l: [voile, EDF, panneau] }\nrules: [{ name: a, any: %s, none: x }]\n",
		yaml_term);
	struct conf_node *root = conf_read_text("t.yaml", buf_str(&yaml), &arena, diag);
	struct rules *rules = rules_load(root, NULL, diag);
	assert_false(diag_failed(diag));
	struct ruleset *set = ruleset_create(rules);
	const struct explained *whole = explain(set, 0, &post, &arena);
	assert_non_null(whole);
	const struct near_miss *near = &whole->children[0].near;
	buf_addf(&got, "%s", names[near->why]);
	if (near->why != NEAR_NOTHING)
		buf_addf(&got, " %s %u..%u %.*s", post_field_name(near->field), near->from,
			near->to,
			STR_ARGS(str_slice(post_field(&post, near->field), near->from, near->to)));
	if (near->why != NEAR_NOTHING && whole->children[0].expr->kind == EXPR_LIST)
		buf_addf(&got, " by %.*s", STR_ARGS(near->term));
	check_str(buf_str(&got), str_of(expected));
	ruleset_destroy(set);
	diag_destroy(diag);
	buf_finish(&yaml);
	buf_finish(&got);
	arena_finish(&arena);
}

static struct post post_of(const char *text)
{
	struct post post = post_empty();
	post.text = str_of(text);
	return post;
}

static void a_longer_word_is_near(void **state)
{
	(void)state;
	check_near("solaire", post_of("Été : Solaires !"), "longer text 8..16 Solaires");
	check_near("solaire", post_of("un parasolaire"), "longer text 3..14 parasolaire");
	check_near("'\"panneau solaire\"'", post_of("des panneau solaires"),
		"longer text 4..20 panneau solaires");
	struct post post = post_of("rien");
	post.title = STR("Solaires");
	check_near("solaire", post, "longer title 0..8 Solaires");
}

static void a_word_in_a_link_or_handle_is_near(void **state)
{
	(void)state;
	check_near("solaire", post_of("voir https://x.fr/solaire\nici"),
		"link text 5..25 https://x.fr/solaire");
	check_near("solaire", post_of("chez @solaire, ici"), "handle text 6..13 solaire");
	check_near("solaire", post_of("https://x.fr/solaire puis solaires"),
		"longer text 26..34 solaires");
}

static void other_letters_are_near_where_letters_count(void **state)
{
	(void)state;
	check_near("'=EDF'", post_of("mon edf"), "letters text 4..7 edf");
	check_near("'=EDF'", post_of("mon edfa"), "longer text 4..8 edfa");
	check_near("'/Solaire \\d/'", post_of("un solaire 3"), "letters text 3..12 solaire 3");
	check_near("'/Solaire \\d/i'", post_of("un solaire trois"), "nothing");
}

static void what_lacks_its_sign_is_near(void **state)
{
	(void)state;
	check_near("'#solaire'", post_of("du solaire"), "unsigned text 3..10 solaire");
	check_near("'@ada'", post_of("chez Ada"), "unsigned text 5..8 Ada");
	check_near("'@ada'", post_of("chez @adab"), "longer text 6..10 adab");
	check_near("'#solaire'", post_of("du #solaires"), "longer text 4..12 solaires");
}

static void a_slip_of_the_keyboard_is_near(void **state)
{
	(void)state;
	check_near("solaire", post_of("du solare"), "similar text 3..9 solare");
	check_near("solaire", post_of("du soleil"), "nothing");
	check_near("mer", post_of("la mere"), "longer text 3..7 mere");
	check_near("mer", post_of("la mur"), "nothing"); /* too short to tell */
}

static void of_a_list_the_term_is_named(void **state)
{
	(void)state;
	check_near("'list:l'", post_of("deux voiles"), "longer text 5..11 voiles by voile");
	check_near("'list:l'", post_of("un edfa"), "nothing"); /* short ones are near by chance */
}

static void what_nobody_misses_has_nothing_near(void **state)
{
	(void)state;
	struct arena arena;
	struct diag *diag = diag_create();
	arena_init(&arena, 0);
	struct conf_node *root = conf_read_text(
		"t.yaml", STR("rules: [{ name: a, any: lune, none: solaire }]"), &arena, diag);
	struct ruleset *set = ruleset_create(rules_load(root, NULL, diag));
	struct post post = post_of("lune solaires");
	const struct explained *whole = explain(set, 0, &post, &arena);
	assert_true(whole->yes);
	assert_int_equal(whole->children[1].children[0].near.why, NEAR_NOTHING);
	ruleset_destroy(set);
	diag_destroy(diag);
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_longer_word_is_near),
		cmocka_unit_test(a_word_in_a_link_or_handle_is_near),
		cmocka_unit_test(other_letters_are_near_where_letters_count),
		cmocka_unit_test(what_lacks_its_sign_is_near),
		cmocka_unit_test(a_slip_of_the_keyboard_is_near),
		cmocka_unit_test(of_a_list_the_term_is_named),
		cmocka_unit_test(what_nobody_misses_has_nothing_near),
	};
	return cmocka_run_group_tests_name("explain_near", tests, NULL, NULL);
}
