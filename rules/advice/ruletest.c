#include "rules/advice/ruletest.h"

#include "base/mem.h"
#include "rules/advice/explain.h"

/* What came out of one test. */
struct run {
	const struct rules *rules;
	struct arena *arena;
	const struct rule_test *test;
	bool *tested; /* per rule: some test expects it */
	uint32_t *matched; /* the rules, in order */
	size_t matched_count;
	struct str *terms; /* those that the expected rules found, each once */
	size_t term_count, term_size;
};

static bool names(struct str_list list, struct str name)
{
	for (size_t i = 0; i < list.count; i++) {
		if (str_eq(list.items[i], name))
			return true;
	}
	return false;
}

/* A phrase means the same with and without its quotes. */
static struct str bare(struct str term)
{
	bool quoted = term.n > 2 && term.p[0] == '"' && term.p[term.n - 1] == '"';
	return quoted ? str_slice(term, 1, term.n - 1) : term;
}

static bool same_term(struct str a, struct str b)
{
	return str_eq(bare(a), bare(b));
}

static bool has_term(const struct str *terms, size_t count, struct str term)
{
	for (size_t i = 0; i < count; i++) {
		if (same_term(terms[i], term))
			return true;
	}
	return false;
}

static void note_terms(struct run *run, const struct match *match)
{
	for (size_t i = 0; i < match->hit_count; i++) {
		struct str term = match->hits[i].term;
		if (has_term(run->terms, run->term_count, term))
			continue;
		if (run->term_count == run->term_size) {
			run->term_size = run->term_size ? 2 * run->term_size : 16;
			run->terms = mem_resize(run->terms, run->term_size, sizeof *run->terms);
		}
		run->terms[run->term_count++] = term;
	}
}

static bool note_match(void *ctx, const struct match *match)
{
	struct run *run = ctx;
	const struct rule *rule = map_get(&run->rules->rule_by_name, match->rule);
	if (rule)
		run->matched[run->matched_count++] = (uint32_t)(rule - run->rules->rules);
	if (run->test->terms && names(run->test->matches, match->rule))
		note_terms(run, match);
	return true;
}

static bool is_matched(const struct run *run, const struct rule *rule)
{
	for (size_t i = 0; i < run->matched_count; i++) {
		if (&run->rules->rules[run->matched[i]] == rule)
			return true;
	}
	return false;
}

static void find_missing(struct run *run, struct ruletest_failure *failure)
{
	struct str_list expected = run->test->matches;
	struct str *missing = arena_array(run->arena, struct str, expected.count);
	struct where *places = arena_array(run->arena, struct where, expected.count);
	size_t n = 0;
	for (size_t i = 0; i < expected.count; i++) {
		const struct rule *rule = map_get(&run->rules->rule_by_name, expected.items[i]);
		if (rule)
			run->tested[rule - run->rules->rules] = true;
		if (rule && is_matched(run, rule))
			continue;
		missing[n] = expected.items[i];
		places[n++] = run->test->matches_at[i];
	}
	failure->missing = (struct str_list){ missing, n };
	failure->missing_at = places;
}

static void find_unexpected(struct run *run, struct ruletest_failure *failure)
{
	struct str *unexpected = arena_array(run->arena, struct str, run->matched_count);
	size_t n = 0;
	for (size_t i = 0; i < run->matched_count; i++) {
		const struct rule *rule = &run->rules->rules[run->matched[i]];
		if (run->test->only && run->test->only != rule)
			continue;
		if (!names(run->test->matches, rule->name))
			unexpected[n++] = rule->name;
	}
	failure->unexpected = (struct str_list){ unexpected, n };
}

/* The items of `list` that are not in `other`. */
static struct str_list without(struct run *run, struct str_list list, struct str_list other)
{
	struct str *left = arena_array(run->arena, struct str, list.count);
	size_t n = 0;
	for (size_t i = 0; i < list.count; i++) {
		if (!has_term(other.items, other.count, list.items[i]))
			left[n++] = list.items[i];
	}
	return (struct str_list){ left, n };
}

static void compare_terms(struct run *run, struct ruletest_failure *failure)
{
	const struct str_list *expected = run->test->terms;
	if (!expected)
		return;
	struct str_list found = { run->terms, run->term_count };
	failure->missing_terms = without(run, *expected, found);
	failure->unexpected_terms = without(run, found, *expected);
}

static bool is_failure(const struct ruletest_failure *f)
{
	return f->missing.count || f->unexpected.count || f->missing_terms.count ||
		f->unexpected_terms.count;
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
	struct run run = { .rules = r,
		.arena = arena,
		.tested = mem_zero(r->rule_count + 1, sizeof(bool)),
		.matched = mem_zero(r->rule_count + 1, sizeof(uint32_t)) };
	struct match_scratch *scratch = match_scratch_create(set);
	struct ruletest_failure *failures = arena_array(
		arena, struct ruletest_failure, r->test_count);
	*result = (struct ruletest_result){ .test_count = r->test_count, .failures = failures };
	for (size_t i = 0; i < r->test_count; i++) {
		struct ruletest_failure *failure = &failures[result->failure_count];
		*failure = (struct ruletest_failure){ .test = &r->tests[i] };
		run.test = &r->tests[i];
		run.matched_count = run.term_count = 0;
		(void)ruleset_match(set, scratch, &r->tests[i].post, note_match, &run);
		find_missing(&run, failure);
		find_unexpected(&run, failure);
		compare_terms(&run, failure);
		result->failure_count += is_failure(failure);
	}
	result->untested = list_untested(&run);
	match_scratch_destroy(scratch);
	mem_free(run.tested);
	mem_free(run.matched);
	mem_free(run.terms);
}

static void add_rule(const struct ruleset *set, const struct ruletest_failure *failure,
	struct str name, struct buf *out)
{
	const struct rules *r = ruleset_rules(set);
	const struct rule *rule = map_get(&r->rule_by_name, name);
	struct arena arena;
	if (!rule)
		return;
	arena_init(&arena, 0); /* our own data only: a clause keeps few hits */
	size_t number = (size_t)(rule - r->rules);
	const struct post *post = &failure->test->post;
	const struct explained *root = explain(set, number, post, &arena);
	if (root)
		explain_why(set, number, post, root, out);
	arena_finish(&arena);
}

static void add_rules(const struct ruleset *set, const struct ruletest_failure *failure,
	struct str_list list, struct buf *out)
{
	for (size_t i = 0; i < list.count; i++)
		add_rule(set, failure, list.items[i], out);
}

void ruletest_why(
	const struct ruleset *set, const struct ruletest_failure *failure, struct buf *out)
{
	bool terms = failure->missing_terms.count || failure->unexpected_terms.count;
	struct str_list expected = failure->test->matches;
	add_rules(set, failure, failure->missing, out);
	add_rules(set, failure, failure->unexpected, out);
	/* Where only the terms are others, the rules that matched show what they found. */
	for (size_t i = 0; terms && i < expected.count; i++) {
		if (!names(failure->missing, expected.items[i]))
			add_rule(set, failure, expected.items[i], out);
	}
}
