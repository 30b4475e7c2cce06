/* First each scan notes which records its rules may match, then one walk over all records decodes
 * each once and asks the rule sets that wait for it. */
#include "daemon/backtest_pass.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/record.h"

/* --- rules --- */

static void add_rule(struct backtest_rules *r, const struct rule *rule, bool now)
{
	struct backtest_rule *known = map_get(&r->by_name, rule->name);
	if (!known) {
		known = &r->items[r->count++];
		*known = (struct backtest_rule){ .name = rule->name,
			.about = rule->about,
			.severity = rule->severity,
			.chosen = true };
		(void)map_set(&r->by_name, rule->name, known); /* it was not there */
	}
	known->now = known->now || now;
	known->old = known->old || !now;
	if (!now)
		known->old_severity = rule->severity;
}

static void add_rules(struct backtest_rules *r, const struct rules *rules, bool now)
{
	for (size_t i = 0; i < rules->rule_count; i++)
		add_rule(r, &rules->rules[i], now);
}

void backtest_rules_init(
	struct backtest_rules *r, const struct ruleset *now, const struct ruleset *old)
{
	size_t size = ruleset_rules(now)->rule_count + (old ? ruleset_rules(old)->rule_count : 0);
	*r = (struct backtest_rules){ .items = mem_zero(size + 1, sizeof *r->items) };
	add_rules(r, ruleset_rules(now), true);
	if (old)
		add_rules(r, ruleset_rules(old), false);
}

void backtest_rules_finish(struct backtest_rules *r)
{
	map_finish(&r->by_name);
	mem_free(r->items);
	*r = (struct backtest_rules){ 0 };
}

/* --- sums --- */

static void add_time(struct backtest_sums *sums, int64_t first_us, int64_t last_us, uint64_t count)
{
	if (!count)
		return;
	if (!sums->timed_count || first_us < sums->first_us)
		sums->first_us = first_us;
	if (!sums->timed_count || last_us > sums->last_us)
		sums->last_us = last_us;
	sums->timed_count += count;
}

void backtest_sums_add(struct backtest_sums *sum, const struct backtest_sums *part)
{
	matcher_counts_add(&sum->counts, &part->counts);
	sum->post_count += part->post_count;
	sum->outside_count += part->outside_count;
	sum->undated_count += part->undated_count;
	add_time(sum, part->first_us, part->last_us, part->timed_count);
}

/* --- the pass --- */

/* A rule set with what one thread needs to use it, and the records that it may match. */
struct half {
	const struct ruleset *set; /* NULL: there is none */
	struct scan *scan;
	struct scan_scratch *scan_scratch;
	struct match_scratch *match_scratch;
	const char **candidates; /* where they begin, in order */
	size_t candidate_count, candidate_size, next;
};

struct pass {
	const struct backtest_input *input;
	struct half now, old;
	struct pass_block block;
	struct str rest; /* of the block */
	struct record_reader *reader;
	struct arena arena; /* of what was found */
	struct found_post *found;
	size_t found_count, found_size;
	struct found_rule *rules; /* of the post at hand, before they go to the arena */
	size_t rule_count, rule_size;
	size_t *places; /* for each rule: 0, or 1 + where it is in `rules` */
	bool old_turn;
};

static void half_init(struct half *h, const struct ruleset *set, const struct post_map *map)
{
	*h = (struct half){ .set = set };
	if (!set)
		return;
	h->scan = scan_create(set, map, SCAN_FASTEST);
	h->scan_scratch = scan_scratch_create(h->scan);
	h->match_scratch = match_scratch_create(set);
}

static void half_finish(struct half *h)
{
	if (h->set) {
		scan_scratch_destroy(h->scan_scratch);
		scan_destroy(h->scan);
		match_scratch_destroy(h->match_scratch);
	}
	mem_free(h->candidates);
}

struct pass *pass_create(const struct backtest_input *input)
{
	struct pass *p = mem_zero(1, sizeof *p);
	p->input = input;
	half_init(&p->now, input->now, input->map);
	half_init(&p->old, input->old, input->map);
	p->reader = record_reader_create(input->map);
	p->places = mem_zero(input->rules->count + 1, sizeof *p->places);
	arena_init(&p->arena, 0); /* pass_more stops when it holds much */
	return p;
}

void pass_destroy(struct pass *p)
{
	if (!p)
		return;
	half_finish(&p->now);
	half_finish(&p->old);
	record_reader_destroy(p->reader);
	arena_finish(&p->arena);
	mem_free(p->found);
	mem_free(p->rules);
	mem_free(p->places);
	mem_free(p);
}

static bool on_candidate(void *ctx, struct str record)
{
	struct half *h = ctx;
	if (h->candidate_count == h->candidate_size) {
		h->candidate_size = h->candidate_size ? 2 * h->candidate_size : 256;
		h->candidates = mem_resize(h->candidates, h->candidate_size, sizeof *h->candidates);
	}
	h->candidates[h->candidate_count++] = record.p;
	return true;
}

static void scan_for(struct half *h, struct str records, struct backtest_sums *sums)
{
	struct scan_counts scanned = { 0 };
	h->candidate_count = h->next = 0;
	if (!h->set)
		return;
	scan_block(h->scan, h->scan_scratch, records, on_candidate, h, &scanned);
	sums->counts.candidate_count += scanned.candidate_count;
}

/* Records come in the order in which the scan named them. */
static bool is_candidate(struct half *h, struct str record)
{
	if (h->next == h->candidate_count || h->candidates[h->next] != record.p)
		return false;
	h->next++;
	return true;
}

static const struct hit *copy_hits(struct pass *p, const struct hit *hits, size_t count)
{
	struct hit *copy = arena_array(&p->arena, struct hit, count);
	if (count)
		memcpy(copy, hits, count * sizeof *hits);
	return copy;
}

static bool same_term(const struct hit *a, const struct hit *b)
{
	return str_eq(a->term, b->term) && !a->list.p == !b->list.p && str_eq(a->list, b->list);
}

static void copy_match(struct pass *p, const struct match *match, struct found_rule *found)
{
	struct hit terms[FOUND_MAX_TERMS];
	size_t term_count = 0;
	for (size_t i = 0; i < match->hit_count && term_count < FOUND_MAX_TERMS; i++) {
		size_t k = 0;
		while (k < term_count && !same_term(&terms[k], &match->hits[i]))
			k++;
		if (k == term_count)
			terms[term_count++] = match->hits[i];
	}
	found->hit_count = match->hit_count < FOUND_MAX_HITS ? match->hit_count : FOUND_MAX_HITS;
	found->hits = copy_hits(p, match->hits, found->hit_count);
	found->term_count = term_count;
	/* Mostly each term is there once. */
	found->terms = term_count == match->hit_count && term_count == found->hit_count
		? found->hits
		: copy_hits(p, terms, term_count);
}

static struct found_rule *rule_of(struct pass *p, size_t rule)
{
	if (p->places[rule])
		return &p->rules[p->places[rule] - 1];
	if (p->rule_count == p->rule_size) {
		p->rule_size = p->rule_size ? 2 * p->rule_size : 16;
		p->rules = mem_resize(p->rules, p->rule_size, sizeof *p->rules);
	}
	p->rules[p->rule_count] = (struct found_rule){ .rule = rule };
	p->places[rule] = ++p->rule_count;
	return &p->rules[p->rule_count - 1];
}

static bool on_match(void *ctx, const struct match *match)
{
	struct pass *p = ctx;
	const struct backtest_rule *rule = map_get(&p->input->rules->by_name, match->rule);
	assert(rule); /* both sets are in it */
	if (!rule->chosen)
		return true;
	struct found_rule *found = rule_of(p, (size_t)(rule - p->input->rules->items));
	if (!found->now)
		copy_match(p, match, found);
	if (p->old_turn)
		found->old = true;
	else
		found->now = true;
	return true;
}

static struct post copy_post(struct arena *arena, const struct post *post)
{
	struct post copy = post_empty();
	copy.id = arena_str(arena, post->id);
	copy.url = arena_str(arena, post->url);
	copy.title = arena_str(arena, post->title);
	copy.text = arena_str(arena, post->text);
	copy.source = post->source;
	copy.author.id = arena_str(arena, post->author.id);
	copy.author.handle = arena_str(arena, post->author.handle);
	copy.author.name = arena_str(arena, post->author.name);
	copy.created_at_us = post->created_at_us;
	if (post->langs.count) {
		struct str *lang = arena_new(arena, struct str);
		*lang = arena_str(arena, post->langs.items[0]);
		copy.langs = (struct str_list){ lang, 1 };
	}
	return copy;
}

static int by_rule(const void *a, const void *b)
{
	const struct found_rule *x = a, *y = b;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static void keep_found(struct pass *p, const struct post *post)
{
	if (p->found_count == p->found_size) {
		p->found_size = p->found_size ? 2 * p->found_size : 64;
		p->found = mem_resize(p->found, p->found_size, sizeof *p->found);
	}
	for (size_t i = 0; i < p->rule_count; i++)
		p->places[p->rules[i].rule] = 0;
	qsort(p->rules, p->rule_count, sizeof *p->rules, by_rule); /* no rule is there twice */
	struct found_rule *rules = arena_array(&p->arena, struct found_rule, p->rule_count);
	memcpy(rules, p->rules, p->rule_count * sizeof *rules);
	p->found[p->found_count++] = (struct found_post){
		.post = copy_post(&p->arena, post), .rules = rules, .rule_count = p->rule_count
	};
}

/* Whether the post counts at all; notes its time. */
static bool in_time(
	const struct backtest_input *input, const struct post *post, struct backtest_sums *sums)
{
	bool asked = input->since_us != INT64_MIN || input->until_us != INT64_MAX;
	int64_t at_us = post->created_at_us;
	if (asked && !at_us) {
		sums->undated_count++;
		return false;
	}
	if (asked && (at_us < input->since_us || at_us >= input->until_us)) {
		sums->outside_count++;
		return false;
	}
	sums->post_count++;
	if (at_us)
		add_time(sums, at_us, at_us, 1);
	return true;
}

static void match_post(struct pass *p, const struct post *post, bool now, bool old)
{
	p->rule_count = 0;
	p->old_turn = false;
	if (now)
		(void)ruleset_match(p->now.set, p->now.match_scratch, post, on_match, p);
	p->old_turn = true;
	if (old)
		(void)ruleset_match(p->old.set, p->old.match_scratch, post, on_match, p);
	if (p->rule_count)
		keep_found(p, post);
}

static void read_one(struct pass *p, const struct pass_block *block, struct str record,
	struct backtest_sums *sums)
{
	bool now = is_candidate(&p->now, record), old = is_candidate(&p->old, record);
	struct post post;
	const char *reason = NULL;
	size_t at = 0;
	sums->counts.record_count++;
	switch (record_read(p->reader, record, &post, &reason, &at)) {
	case POST_READ:
		break;
	case POST_SKIPPED:
		sums->counts.skipped_count++;
		return;
	case POST_REJECTED:
		matcher_reject(&sums->counts, reason, 1);
		if (block->rejected)
			block->rejected(block->ctx, record, reason, at);
		return;
	}
	sums->counts.post_count++;
	if (!in_time(p->input, &post, sums))
		return;
	post.source = block->source;
	size_t before = p->found_count;
	match_post(p, &post, now, old);
	sums->counts.matching_count += p->found_count - before;
}

bool pass_more(struct pass *p, struct backtest_sums *sums)
{
	struct str record;
	arena_reset(&p->arena);
	p->found_count = 0;
	while (p->arena.used_bytes < PASS_FOUND_BYTES) {
		if (!str_next(&p->rest, '\n', &record))
			return false;
		if (record.n && record.p[record.n - 1] == '\r')
			record.n--;
		if (str_trim(record).n)
			read_one(p, &p->block, record, sums);
	}
	return p->rest.n > 0;
}

bool pass_run(struct pass *p, const struct pass_block *block, struct backtest_sums *sums)
{
	p->block = *block;
	p->rest = block->records;
	scan_for(&p->now, p->rest, sums);
	scan_for(&p->old, p->rest, sums);
	return pass_more(p, sums);
}

const struct found_post *pass_found(const struct pass *p, size_t *count)
{
	*count = p->found_count;
	return p->found;
}

uint64_t pass_regex_limit_count(const struct pass *p)
{
	uint64_t count = match_scratch_errors(p->now.match_scratch)->regex_limit_count;
	return p->old.set ? count + match_scratch_errors(p->old.match_scratch)->regex_limit_count
			  : count;
}
