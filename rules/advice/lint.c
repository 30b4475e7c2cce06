#include "rules/advice/lint.h"

#include "rules/advice/regex_lint.h"
#include "rules/compile/compiled.h"

static bool is_anywhere(const struct ruleset *set, uint32_t id)
{
	enum term_kind kind = set->rules->terms[id].kind;
	return kind == TERM_SYMBOLS || (kind == TERM_REGEX && !set->waits_for_literal[id]);
}

/* The first term that no word announces, or NULL. Trees are as deep as their YAML or query, which
 * have a ceiling, so recursion is safe. */
static const struct term *find_anywhere(const struct ruleset *set, const struct expr *e)
{
	const struct term *found = NULL;
	bool list = e->kind == EXPR_LIST;
	uint32_t first = list ? set->rules->lists[e->list].first_term : e->term;
	uint32_t count = list ? set->rules->lists[e->list].term_count : e->kind == EXPR_TERM;
	for (uint32_t i = 0; i < count; i++) {
		if (is_anywhere(set, first + i))
			return &set->rules->terms[first + i];
	}
	for (size_t i = 0; !found && e->kind != EXPR_NOT && i < e->child_count; i++)
		found = find_anywhere(set, e->children[i]);
	return found;
}

static void note_slow(const struct ruleset *set, struct diag *diag)
{
	const struct rules *rules = ruleset_rules(set);
	for (size_t i = 0; i < rules->rule_count; i++) {
		const struct rule *rule = &rules->rules[i];
		if (!ruleset_rule_is_always(set, i))
			continue;
		diag_note(diag, rule->at, "the rule '%.*s' is slow: no word must be there",
			STR_ARGS(rule->name));
		const struct term *term = find_anywhere(set, rule->root);
		if (term)
			diag_hint(diag, "every post has to be parsed for '%.*s'; add a term to all",
				STR_ARGS(term->written));
		else
			diag_hint(diag, "every post has to be parsed for it; add a term to all");
	}
}

static void note_untested(
	const struct rules *rules, const struct ruletest_result *tests, struct diag *diag)
{
	for (size_t i = 0; i < tests->untested.count; i++) {
		struct str name = tests->untested.items[i];
		const struct rule *rule = map_get(&rules->rule_by_name, name);
		diag_note(
			diag, rule->at, "no test expects the rule '%.*s' to match", STR_ARGS(name));
	}
}

void lint_rules(const struct ruleset *set, const struct ruletest_result *tests, struct diag *diag)
{
	const struct rules *rules = ruleset_rules(set);
	if (rules->rule_count == 0)
		diag_note(diag, (struct where){ NULL, 0, 0 }, "there are no rules");
	note_slow(set, diag);
	lint_terms(rules, diag);
	lint_foreign(rules, diag);
	lint_cover(rules, diag);
	regex_lint(rules, diag);
	if (tests)
		note_untested(rules, tests, diag);
}
