#include "daemon/backtest.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
	ALL_COUNTERS = 1 << 20, /* that the rules share */
	MIN_CAPACITY = 64,
	MAX_CAPACITY = 4096,
	FEW = 64, /* for what has few different values */
	HOURS_A_COUNTER = 4
};

size_t backtest_capacity(size_t rule_count)
{
	size_t capacity = ALL_COUNTERS / (rule_count ? rule_count : 1);
	return capacity < MIN_CAPACITY	  ? MIN_CAPACITY
		: capacity > MAX_CAPACITY ? MAX_CAPACITY
					  : capacity;
}

static void tally_init(struct tally *t, size_t capacity, size_t example_count)
{
	*t = (struct tally){ 0 };
	top_init(&t->terms, capacity);
	top_init(&t->authors, capacity);
	top_init(&t->langs, FEW);
	top_init(&t->sources, FEW);
	hours_init(&t->hours, capacity * HOURS_A_COUNTER);
	examples_init(&t->examples, example_count);
	examples_init(&t->gained, example_count);
	examples_init(&t->lost, example_count);
}

static void tally_finish(struct tally *t)
{
	top_finish(&t->terms);
	top_finish(&t->authors);
	top_finish(&t->langs);
	top_finish(&t->sources);
	hours_finish(&t->hours);
	examples_finish(&t->examples);
	examples_finish(&t->gained);
	examples_finish(&t->lost);
}

void backtest_init(struct backtest *b, const struct backtest_rules *rules, size_t example_count)
{
	*b = (struct backtest){ .rules = rules, .example_count = example_count };
	b->by_rule = mem_zero(rules->count + 1, sizeof(struct tally *));
	tally_init(&b->all, MAX_CAPACITY, 0);
	top_init(&b->pairs, MAX_CAPACITY);
}

void backtest_finish(struct backtest *b)
{
	for (size_t i = 0; b->by_rule && i < b->rules->count; i++) {
		if (b->by_rule[i])
			tally_finish(b->by_rule[i]);
		mem_free(b->by_rule[i]);
	}
	mem_free(b->by_rule);
	tally_finish(&b->all);
	top_finish(&b->pairs);
	*b = (struct backtest){ 0 };
}

/* --- adding --- */

static void add_post(struct tally *t, const struct post *post)
{
	char author_bytes[POST_KEY_BYTES];
	struct str author = backtest_author(&post->author, author_bytes, sizeof author_bytes);
	int64_t at_us = post->created_at_us;
	t->post_count++;
	if (author.n)
		top_add(&t->authors, author, STR_NONE);
	if (post->langs.count && post->langs.items[0].n)
		top_add(&t->langs, post->langs.items[0], STR_NONE);
	if (post->source.n)
		top_add(&t->sources, post->source, STR_NONE);
	if (!at_us)
		return;
	if (!t->timed_count || at_us < t->first_us)
		t->first_us = at_us;
	if (!t->timed_count || at_us > t->last_us)
		t->last_us = at_us;
	t->timed_count++;
	hours_add(&t->hours, at_us);
}

static void add_change(struct tally *t, bool now, bool old)
{
	t->old_count += old;
	t->gained_count += now && !old;
	t->lost_count += old && !now;
}

static struct tally *tally_of(struct backtest *b, size_t rule)
{
	if (!b->by_rule[rule]) {
		b->by_rule[rule] = mem_alloc(sizeof(struct tally));
		tally_init(b->by_rule[rule], backtest_capacity(b->rules->count), b->example_count);
	}
	return b->by_rule[rule];
}

static void add_rule(struct backtest *b, const struct post *post, const struct found_rule *found)
{
	struct tally *t = tally_of(b, found->rule);
	add_change(t, found->now, found->old);
	if (!found->now) {
		examples_add(&t->lost, post, found->hits, found->hit_count);
		return;
	}
	add_post(t, post);
	examples_add(&t->examples, post, found->hits, found->hit_count);
	if (!found->old)
		examples_add(&t->gained, post, found->hits, found->hit_count);
	for (size_t i = 0; i < found->term_count; i++)
		top_add(&t->terms, found->terms[i].term, found->terms[i].list);
}

static void add_pairs(struct backtest *b, const size_t *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = i + 1; k < count; k++)
			top_add(&b->pairs, b->rules->items[rules[i]].name,
				b->rules->items[rules[k]].name);
}

static void add_found(struct backtest *b, const struct found_post *found)
{
	size_t paired[BACKTEST_MAX_PAIRED], now_count = 0;
	bool old = false;
	enum severity gravest = SEVERITY_LOW;
	for (size_t i = 0; i < found->rule_count; i++) {
		const struct found_rule *rule = &found->rules[i];
		add_rule(b, &found->post, rule);
		old = old || rule->old;
		if (!rule->now)
			continue;
		if (now_count < BACKTEST_MAX_PAIRED)
			paired[now_count] = rule->rule;
		now_count++;
		enum severity severity = b->rules->items[rule->rule].severity;
		gravest = severity > gravest ? severity : gravest;
	}
	add_change(&b->all, now_count > 0, old);
	if (!now_count)
		return;
	add_post(&b->all, &found->post);
	b->severity_count[gravest]++;
	b->several_count += now_count > 1;
	add_pairs(b, paired, now_count < BACKTEST_MAX_PAIRED ? now_count : BACKTEST_MAX_PAIRED);
}

void backtest_add(struct backtest *b, const struct found_post *posts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_found(b, &posts[i]);
}

/* --- asking --- */

bool backtest_rate(const struct backtest *b, const struct tally *t, double *per_hour)
{
	if (!b->sums.timed_count)
		return false;
	double hours = ((double)b->sums.last_us - (double)b->sums.first_us) / (double)US_PER_HOUR;
	*per_hour = (double)t->timed_count / (hours < 1 ? 1 : hours);
	return true;
}

/* What qsort needs to know of a rule. */
struct place {
	uint64_t weight;
	size_t rule;
};

static int by_weight(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

size_t backtest_order(const struct backtest *b, bool by_difference, size_t **order)
{
	struct place *places = mem_alloc((b->rules->count + 1) * sizeof *places);
	size_t n = 0;
	for (size_t i = 0; i < b->rules->count; i++) {
		const struct tally *t = b->by_rule[i];
		if (t)
			places[n++] = (struct place){
				by_difference ? t->gained_count + t->lost_count : t->post_count, i
			};
	}
	qsort(places, n, sizeof *places, by_weight); /* no rule is there twice */
	*order = mem_alloc((n + 1) * sizeof **order);
	for (size_t i = 0; i < n; i++)
		(*order)[i] = places[i].rule;
	mem_free(places);
	return n;
}

bool backtest_same(const struct backtest *b)
{
	for (size_t i = 0; i < b->rules->count; i++) {
		const struct tally *t = b->by_rule[i];
		if (t && (t->gained_count || t->lost_count))
			return false;
	}
	return true;
}
