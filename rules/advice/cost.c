#include "rules/advice/cost.h"

#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "base/mem.h"
#include "rules/advice/subset.h"
#include "rules/compile/compiled.h"
#include "rules/scan/scan.h"
#include "rules/text/text.h"

enum { COST_WORDS_BYTES = 16 * 1024 * 1024 /* of the different words of one rule */ };

/* How often a word caused a record to be parsed. */
struct counted {
	uint64_t post_count, last_post;
};

/* One rule at work. */
struct costing {
	struct ruleset *set;
	struct scan *scan, *word_scan;
	struct scan_scratch *word_scratch;
	struct match_scratch *match;
	struct post_reader *reader; /* NULL: lines are text */
	struct text text;
	struct buf words; /* of one post, a line each */
	struct buf pair; /* two of them */
	struct arena arena; /* of the map */
	struct map counted;
	struct rule_cost *cost;
};

/* --- which words --- */

/* The runs of word characters in folded bytes from..to-1, a line each. */
static void add_pieces(struct costing *c, uint32_t from, uint32_t to)
{
	const char *p = c->text.folded.p;
	while (from < to) {
		uint32_t end = from;
		while (end < to && fold_is_word(p[end]))
			end++;
		if (end > from) {
			buf_add(&c->words, (struct str){ p + from, end - from });
			buf_add_char(&c->words, '\n');
		}
		from = end + 1;
	}
}

static void add_words(struct costing *c)
{
	const struct text_words *words = &c->text.words, *parts = &c->text.parts;
	for (size_t i = 0; i < words->count; i++) {
		struct text_word w = words->items[i];
		if (w.flags & WORD_SHUT)
			continue;
		bool pair = i + 1 < words->count && words->items[i + 1].flags & WORD_GLUED &&
			w.flags & words->items[i + 1].flags & WORD_SPACELESS;
		add_pieces(c, w.from, pair ? words->items[i + 1].to : w.to);
	}
	for (size_t i = 0; i < parts->count; i++)
		add_pieces(c, parts->items[i].from, parts->items[i].to);
	for (size_t i = 0; i < c->text.entity_count; i++)
		add_pieces(c, c->text.entities[i].from, c->text.entities[i].to);
}

static bool count_word(void *ctx, struct str word)
{
	struct costing *c = ctx;
	struct counted *counted = map_get(&c->counted, word);
	if (!counted) {
		word = arena_str(&c->arena, word);
		counted = arena_new(&c->arena, struct counted);
		if (!word.p || !counted)
			return false;
		(void)map_set(&c->counted, word, counted);
	}
	if (counted->last_post == c->cost->parsed_count)
		return true; /* a second time in the same post */
	counted->last_post = c->cost->parsed_count;
	counted->post_count++;
	return true;
}

/* A word with the partner that it waits for: neighbours as they stand, others with a plus. */
static void count_pair(struct costing *c, struct str word, const char *joint, struct str partner)
{
	if (word.n == 0 || partner.n == 0)
		return;
	buf_clear(&c->pair);
	buf_addf(&c->pair, "%.*s%s%.*s", STR_ARGS(word), joint, STR_ARGS(partner));
	(void)count_word(c, buf_str(&c->pair));
}

static bool is_word(struct str word, uint64_t hash)
{
	return word.n > 0 && word_hash_of(word) == hash;
}

/* The words before and behind `word` are `before` and the first one of `rest`. */
static void count_partner(struct costing *c, const struct wake_partner *p, struct str before,
	struct str word, struct str rest)
{
	struct str other;
	switch ((enum wake_place)p->place) {
	case WAKE_BEHIND:
		if (str_next(&rest, '\n', &other) && is_word(other, p->hash))
			count_pair(c, word, " ", other);
		break;
	case WAKE_BEFORE:
		if (is_word(before, p->hash))
			count_pair(c, before, " ", word);
		break;
	case WAKE_ANYWHERE:
		rest = buf_str(&c->words);
		while (str_next(&rest, '\n', &other)) {
			if (is_word(other, p->hash)) {
				count_pair(c, word, " + ", other);
				break;
			}
		}
	}
}

/* Words that count only beside others, or with them. */
static void count_pairs(struct costing *c)
{
	const struct wake *wake = &c->set->wake;
	struct str rest = buf_str(&c->words), word, before = STR_NONE;
	while (str_next(&rest, '\n', &word)) {
		uint64_t hash = word.n ? word_hash_of(word) : 0;
		bool waited = word.n && wake->count && wake_bit(wake, hash) && wake_tag(wake, hash);
		const struct wake_partner *p = waited ? wake_partners(wake, hash) : NULL;
		for (; p; p = wake_next_partner(wake, p))
			count_partner(c, p, before, word, rest);
		before = word;
	}
}

/* Which words of the post the rule waits for: the scan is asked for each on its own. */
static void count_words(struct costing *c, const struct post *post)
{
	struct scan_counts unused = { 0 };
	buf_clear(&c->words);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		text_set(&c->text, post_field(post, (enum post_field)i));
		add_words(c);
	}
	scan_block(c->word_scan, c->word_scratch, buf_str(&c->words), count_word, c, &unused);
	count_pairs(c);
}

/* --- one rule --- */

static bool ignore_match(void *ctx, const struct match *match)
{
	(void)ctx;
	(void)match;
	return true;
}

static bool on_record(void *ctx, struct str record)
{
	struct costing *c = ctx;
	struct post post = post_empty();
	const char *reason;
	size_t at;
	c->cost->parsed_count++;
	post.text = record;
	if (c->reader && post_read(c->reader, record, &post, &reason, &at) != POST_READ)
		return true;
	c->cost->match_count += ruleset_match(c->set, c->match, &post, ignore_match, NULL);
	if (!c->cost->always)
		count_words(c, &post);
	return true;
}

static void name_words(struct costing *c, struct arena *arena)
{
	struct rule_cost *cost = c->cost;
	size_t at = 0;
	for (const struct map_slot *slot; (slot = map_next(&c->counted, &at));) {
		const struct counted *counted = slot->value;
		size_t i = cost->named_count;
		while (i > 0 &&
			(cost->words[i - 1].post_count < counted->post_count ||
				(cost->words[i - 1].post_count == counted->post_count &&
					str_cmp(cost->words[i - 1].word, slot->key) > 0)))
			i--;
		if (i == COST_MAX_WORDS)
			continue;
		size_t moved = cost->named_count - i - (cost->named_count == COST_MAX_WORDS);
		memmove(&cost->words[i + 1], &cost->words[i], moved * sizeof *cost->words);
		cost->words[i] = (struct cost_word){ slot->key, counted->post_count };
		cost->named_count += cost->named_count < COST_MAX_WORDS;
	}
	for (size_t i = 0; i < cost->named_count; i++)
		cost->words[i].word = arena_str(arena, cost->words[i].word);
}

static void measure_rule(const struct rules *rules, const struct post_map *map, struct str records,
	struct arena *arena, struct rule_cost *cost)
{
	struct costing c = { .set = ruleset_of_rule(rules, cost->rule), .cost = cost };
	struct ruleset_costs costs = ruleset_costs(c.set);
	struct scan_counts counts = { 0 };
	cost->always = ruleset_rule_is_always(c.set, 0);
	cost->word_count = costs.word_count;
	cost->literal_count = costs.literal_count;
	c.scan = scan_create(c.set, map, SCAN_FASTEST);
	c.word_scan = scan_create(c.set, NULL, SCAN_PLAIN_C);
	c.word_scratch = scan_scratch_create(c.word_scan);
	c.match = match_scratch_create(c.set);
	c.reader = map ? post_reader_create(map) : NULL;
	text_init(&c.text);
	buf_init(&c.words, 0);
	buf_init(&c.pair, 0);
	arena_init(&c.arena, COST_WORDS_BYTES);
	struct scan_scratch *scratch = scan_scratch_create(c.scan);
	scan_block(c.scan, scratch, records, on_record, &c, &counts);
	name_words(&c, arena);
	scan_scratch_destroy(scratch);
	scan_scratch_destroy(c.word_scratch);
	scan_destroy(c.scan);
	scan_destroy(c.word_scan);
	match_scratch_destroy(c.match);
	post_reader_destroy(c.reader);
	text_finish(&c.text);
	buf_finish(&c.words);
	buf_finish(&c.pair);
	map_finish(&c.counted);
	arena_finish(&c.arena);
	ruleset_of_rule_destroy(c.set);
}

/* --- all of them --- */

static bool keep_record(void *ctx, struct str record)
{
	struct buf *kept = ctx;
	buf_add(kept, record);
	buf_add_char(kept, '\n');
	return true;
}

/* What no rule waits for no rule has to be asked for. */
static void scan_all(const struct ruleset *set, const struct post_map *map, struct str records,
	struct buf *kept, struct scan_counts *counts)
{
	struct scan *scan = scan_create(set, map, SCAN_FASTEST);
	struct scan_scratch *scratch = scan_scratch_create(scan);
	scan_block(scan, scratch, records, keep_record, kept, counts);
	scan_scratch_destroy(scratch);
	scan_destroy(scan);
}

static int by_cost(const void *left, const void *right)
{
	const struct rule_cost *a = left, *b = right;
	if (a->parsed_count != b->parsed_count)
		return a->parsed_count > b->parsed_count ? -1 : 1;
	return a->rule < b->rule ? -1 : 1;
}

void cost_measure(const struct ruleset *set, const struct post_map *map, struct str records,
	struct arena *arena, struct cost_report *report)
{
	const struct rules *rules = ruleset_rules(set);
	struct scan_counts counts = { 0 };
	struct buf kept;
	buf_init(&kept, 0); /* no larger than the records */
	scan_all(set, map, records, &kept, &counts);
	*report = (struct cost_report){ .rules = rules,
		.items = arena_array(arena, struct rule_cost, rules->rule_count),
		.count = rules->rule_count,
		.record_count = counts.record_count,
		.byte_count = records.n };
	for (size_t i = 0; i < rules->rule_count; i++) {
		report->items[i].rule = i;
		measure_rule(rules, map, buf_str(&kept), arena, &report->items[i]);
	}
	if (report->count)
		qsort(report->items, report->count, sizeof *report->items, by_cost);
	buf_finish(&kept);
}
