#include "tests/rules/twins.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "conf/yaml.h"
#include "rules/scan/scan.h"
#include "tests/rules/reference.h"

struct kernel {
	struct scan *scan;
	struct scan_scratch *scratch;
	struct scan_counts counts;
	uint64_t candidates; /* a digest of where they stand */
	const char *block;
};

struct twins {
	struct rules *rules;
	struct ruleset *set;
	struct match_scratch *scratch;
	struct regex_scratch *regex;
	struct kernel kernels[2];
	bool *found; /* by rule */
	bool broken_span;
};

static struct twins *create(struct rules *rules, const struct post_map *map)
{
	struct twins *t = mem_zero(1, sizeof *t);
	t->rules = rules;
	t->set = ruleset_create(rules);
	t->scratch = match_scratch_create(t->set);
	t->regex = regex_scratch_create();
	t->found = mem_zero(rules->rule_count + 1, sizeof *t->found);
	for (size_t i = 0; i < 2; i++) {
		t->kernels[i].scan = scan_create(t->set, map, i ? SCAN_PLAIN_C : SCAN_FASTEST);
		t->kernels[i].scratch = scan_scratch_create(t->kernels[i].scan);
	}
	return t;
}

struct twins *twins_of_rules(struct rules *rules)
{
	return create(rules, post_map_builtin(STR("post")));
}

struct twins *twins_of_yaml(struct str yaml)
{
	return twins_of_map(yaml, post_map_builtin(STR("post")));
}

struct twins *twins_of_map(struct str yaml, const struct post_map *map)
{
	struct arena arena;
	struct diag *diag = diag_create();
	arena_init(&arena, 0);
	struct conf_node *root = conf_read_text("rules.yaml", yaml, &arena, diag);
	struct rules *rules = root ? rules_load(root, NULL, diag) : NULL;
	bool whole = rules && !diag_failed(diag);
	arena_finish(&arena);
	diag_destroy(diag);
	if (whole)
		return create(rules, map);
	rules_destroy(rules);
	return NULL;
}

void twins_destroy(struct twins *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < 2; i++) {
		scan_scratch_destroy(t->kernels[i].scratch);
		scan_destroy(t->kernels[i].scan);
	}
	regex_scratch_destroy(t->regex);
	match_scratch_destroy(t->scratch);
	ruleset_destroy(t->set);
	mem_free(t->found);
	mem_free(t);
}

size_t twins_rule_count(const struct twins *t)
{
	return t->rules->rule_count;
}

static bool note_match(void *ctx, const struct match *match)
{
	struct twins *t = ctx;
	const struct rule *rule = map_get(&t->rules->rule_by_name, match->rule);
	t->found[rule - t->rules->rules] = true;
	for (size_t i = 0; i < match->hit_count; i++) {
		const struct hit *h = &match->hits[i];
		struct str text = post_value(match->post, h->field, h->item);
		if (h->from >= h->to || h->to > text.n ||
			!utf8_valid(str_slice(text, h->from, h->to)))
			t->broken_span = true;
	}
	return true;
}

static bool note_candidate(void *ctx, struct str record)
{
	struct kernel *k = ctx;
	uint64_t place = (uint64_t)(record.p - k->block) * 31 + record.n;
	k->candidates = (k->candidates ^ place) * UINT64_C(0x9E3779B97F4A7C15);
	return true;
}

static void run_kernel(struct kernel *k, struct str block)
{
	/* Of its very size on the heap, so that a sanitizer sees a read behind it. */
	char *copy = malloc(block.n + !block.n);
	if (block.n)
		memcpy(copy, block.p, block.n);
	k->counts = (struct scan_counts){ 0 };
	k->candidates = 0;
	k->block = copy;
	scan_block(
		k->scan, k->scratch, (struct str){ copy, block.n }, note_candidate, k, &k->counts);
	free(copy);
}

bool twins_scan_alike(struct twins *t, struct str block, struct buf *why)
{
	const struct kernel *fast = &t->kernels[0], *plain = &t->kernels[1];
	run_kernel(&t->kernels[0], block);
	run_kernel(&t->kernels[1], block);
	if (fast->candidates == plain->candidates &&
		fast->counts.record_count == plain->counts.record_count &&
		fast->counts.candidate_count == plain->counts.candidate_count)
		return true;
	buf_addf(why, "%s lets through %llu of %llu records, plain %llu of %llu\n",
		scan_kernel_name(fast->scan), (unsigned long long)fast->counts.candidate_count,
		(unsigned long long)fast->counts.record_count,
		(unsigned long long)plain->counts.candidate_count,
		(unsigned long long)plain->counts.record_count);
	return false;
}

bool twins_agree(
	struct twins *t, struct str text, struct str record, size_t *matching, struct buf *why)
{
	return twins_agree_in(t, STR_NONE, text, record, matching, why);
}

bool twins_agree_in(struct twins *t, struct str lang, struct str text, struct str record,
	size_t *matching, struct buf *why)
{
	struct post post = post_empty();
	post.text = text;
	post.langs = (struct str_list){ &lang, lang.p ? 1 : 0 };
	return twins_agree_on(t, &post, record, matching, why);
}

bool twins_agree_on(struct twins *t, const struct post *post, struct str record, size_t *matching,
	struct buf *why)
{
	memset(t->found, 0, t->rules->rule_count * sizeof *t->found);
	t->broken_span = false;
	*matching = ruleset_match(t->set, t->scratch, post, note_match, t);
	if (ruleset_any(t->set, t->scratch, post) != (*matching > 0)) {
		buf_addf(why, "%zu rules match, but asked for any the answer is another\n",
			*matching);
		return false;
	}
	for (size_t i = 0; i < t->rules->rule_count; i++) {
		int truth = reference_rule(t->rules, i, post, t->regex);
		if (truth < 0 || (truth == 1) == t->found[i])
			continue;
		buf_addf(why, "rule %.*s: the reference says %d, the matcher %d\n",
			STR_ARGS(t->rules->rules[i].name), truth, t->found[i]);
		return false;
	}
	if (t->broken_span) {
		buf_add(why, STR("a span is no whole characters\n"));
		return false;
	}
	if (!twins_scan_alike(t, record, why))
		return false;
	if (*matching == 0 || t->kernels[0].counts.candidate_count > 0)
		return true;
	buf_addf(why, "%zu rules match, but the scan holds the record back\n", *matching);
	return false;
}
