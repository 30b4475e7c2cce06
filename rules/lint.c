#include "rules/lint.h"

static void note_slow(const struct ruleset *set, struct diag *diag)
{
	const struct rules *rules = ruleset_rules(set);
	for (size_t i = 0; i < rules->rule_count; i++) {
		const struct rule *rule = &rules->rules[i];
		if (!ruleset_rule_is_always(set, i))
			continue;
		diag_note(diag, rule->at, "the rule '%.*s' is slow: no word must be there",
			STR_ARGS(rule->name));
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
	note_slow(set, diag);
	lint_terms(rules, diag);
	lint_cover(rules, diag);
	if (tests)
		note_untested(rules, tests, diag);
}
