#include "rules/ruletest.h"

#include "base/mem.h"

struct run {
	const struct rules *rules;
	struct arena *arena;
	bool *matched; /* per rule: in this test */
	bool *tested; /* per rule: some test expects it */
};

static bool note_match(void *ctx, const struct match *match)
{
	struct run *run = ctx;
	const struct rule *rule = map_get(&run->rules->rule_by_name, match->rule);
	if (rule)
		run->matched[rule - run->rules->rules] = true;
	return true;
}

static bool names(struct str_list list, struct str name)
{
	for (size_t i = 0; i < list.count; i++) {
		if (str_eq(list.items[i], name))
			return true;
	}
	return false;
}

static void find_missing(struct run *run, struct ruletest_failure *failure)
{
	struct str_list expected = failure->test->matches;
	struct str *missing = arena_array(run->arena, struct str, expected.count);
	struct where *places = arena_array(run->arena, struct where, expected.count);
	size_t n = 0;
	for (size_t i = 0; i < expected.count; i++) {
		const struct rule *rule = map_get(&run->rules->rule_by_name, expected.items[i]);
		if (rule)
			run->tested[rule - run->rules->rules] = true;
		if (rule && run->matched[rule - run->rules->rules])
			continue;
		missing[n] = expected.items[i];
		places[n++] = failure->test->matches_at[i];
	}
	failure->missing = (struct str_list){ missing, n };
	failure->missing_at = places;
}

static void find_unexpected(struct run *run, struct ruletest_failure *failure)
{
	size_t n = 0, at = 0;
	const struct rules *r = run->rules;
	for (size_t i = 0; i < r->rule_count; i++)
		n += run->matched[i] && !names(failure->test->matches, r->rules[i].name);
	struct str *unexpected = arena_array(run->arena, struct str, n);
	for (size_t i = 0; i < r->rule_count; i++) {
		if (run->matched[i] && !names(failure->test->matches, r->rules[i].name))
			unexpected[at++] = r->rules[i].name;
	}
	failure->unexpected = (struct str_list){ unexpected, n };
}

static struct str_list list_untested(const struct run *run)
{
	const struct rules *r = run->rules;
	struct str *untested = arena_array(run->arena, struct str, r->rule_count);
	size_t n = 0;
	for (size_t i = 0; i < r->rule_count; i++) {
		if (!run->tested[i])
			untested[n++] = r->rules[i].name;
	}
	return (struct str_list){ untested, n };
}

void ruletest_run(const struct ruleset *set, struct arena *arena, struct ruletest_result *result)
{
	const struct rules *r = ruleset_rules(set);
	struct run run = { r, arena, NULL, mem_zero(r->rule_count, sizeof(bool)) };
	struct match_scratch *scratch = match_scratch_create(set);
	struct ruletest_failure *failures = arena_array(
		arena, struct ruletest_failure, r->test_count);
	*result = (struct ruletest_result){ .test_count = r->test_count, .failures = failures };
	for (size_t i = 0; i < r->test_count; i++) {
		struct ruletest_failure *failure = &failures[result->failure_count];
		*failure = (struct ruletest_failure){ .test = &r->tests[i] };
		run.matched = mem_zero(r->rule_count, sizeof(bool));
		(void)ruleset_match(set, scratch, &r->tests[i].post, note_match, &run);
		find_missing(&run, failure);
		find_unexpected(&run, failure);
		result->failure_count += failure->missing.count || failure->unexpected.count;
		mem_free(run.matched);
	}
	result->untested = list_untested(&run);
	match_scratch_destroy(scratch);
	mem_free(run.tested);
}
