/* Any bytes as a file of rules: either errors with their places, or rules that are whole. */
#include <assert.h>

#include "base/utf8.h"
#include "rules/language/query.h"
#include "rules/language/rules.h"
#include "rules/regex/regex.h"

static void check_term(const struct rules *r, const struct term *term)
{
	assert(term->written.n > 0 && term->written.n <= REGEX_MAX_BYTES);
	assert(term->letters.n > 0 && term->folded.n > 0);
	assert(utf8_valid(term->folded));
	assert((term->regex != NULL) == (term->kind == TERM_REGEX));
	assert(term->kind <= TERM_URL && (!term->gap || term->kind == TERM_WORDS));
	assert(term->owner < (term->listed ? r->list_count : r->rule_count));
}

/* The tree is as deep as a query may be: and, or, not and some near for each parenthesis. */
static void check_tree(const struct rules *r, const struct expr *e, int depth)
{
	assert(depth < 6 * QUERY_MAX_NESTING);
	assert(e->kind != EXPR_TERM || e->term < r->term_count);
	assert(e->kind != EXPR_LIST || e->list < r->list_count);
	assert(e->kind != EXPR_NOT || e->child_count == 1);
	assert(e->kind != EXPR_NEAR || e->child_count == 2);
	assert((e->kind != EXPR_AND && e->kind != EXPR_OR) || e->child_count >= 2);
	assert(e->kind != EXPR_FIELD || e->values.count > 0);
	for (size_t i = 0; i < e->child_count; i++)
		check_tree(r, e->children[i], depth + 1);
}

static void check_rules(const struct rules *r)
{
	for (size_t i = 0; i < r->term_count; i++)
		check_term(r, &r->terms[i]);
	for (size_t i = 0; i < r->rule_count; i++) {
		assert(map_get(&r->rule_by_name, r->rules[i].name) == &r->rules[i]);
		check_tree(r, r->rules[i].root, 0);
	}
	for (size_t i = 0; i < r->test_count; i++) {
		const struct rule_test *test = &r->tests[i];
		for (size_t m = 0; m < test->matches.count; m++)
			assert(map_get(&r->rule_by_name, test->matches.items[m]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct arena arena;
	struct buf printed;
	if (str_find(text, STR("file")) != SIZE_MAX)
		return 0; /* nothing is read from the disk here */
	struct diag *diag = diag_create();
	arena_init(&arena, 0);
	buf_init(&printed, 0);
	struct conf_node *root = conf_read_text("rules.yaml", text, &arena, diag);
	struct rules *r = root ? rules_load(root, NULL, diag) : NULL;
	arena_finish(&arena); /* the rules must do without it */
	diag_print(diag, &printed);
	assert(root || diag_failed(diag));
	if (r && !diag_failed(diag))
		check_rules(r);
	rules_destroy(r);
	buf_finish(&printed);
	diag_destroy(diag);
	return 0;
}
