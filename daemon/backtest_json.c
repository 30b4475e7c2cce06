#include "base/json_write.h"
#include "daemon/backtest_report.h"

enum { TOP_LIMIT = 20 };

static void add_count(struct buf *out, const char *key, uint64_t count)
{
	json_integer(out, key, (int64_t)count);
}

/* --- tops and examples --- */

static void add_top(
	struct buf *out, const char *key, const struct top *t, const char *name, const char *note)
{
	const struct top_entry *entries[TOP_LIMIT];
	size_t n = top_list(t, entries, TOP_LIMIT);
	json_open(out, key, '[');
	for (size_t i = 0; i < n; i++) {
		json_open(out, NULL, '{');
		json_text(out, name, entries[i]->key);
		if (note)
			json_text(out, note, entries[i]->note);
		add_count(out, "posts", entries[i]->count);
		if (entries[i]->over)
			add_count(out, "over", entries[i]->over);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void add_hits(struct buf *out, const struct example *e)
{
	json_open(out, "hits", '[');
	for (size_t i = 0; i < e->hit_count; i++) {
		const struct hit *hit = &e->hits[i];
		json_open(out, NULL, '{');
		json_text(out, "term", hit->term);
		json_text(out, "list", hit->list);
		add_count(out, "from", hit->from);
		add_count(out, "to", hit->to);
		json_text(out, "way", str_of(hit_way_name(hit->way)));
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void add_examples(struct buf *out, const char *key, const struct examples *e)
{
	const struct example *picked[BACKTEST_MAX_EXAMPLES];
	size_t n = examples_pick(e, picked);
	json_open(out, key, '[');
	for (size_t i = 0; i < n; i++) {
		json_open(out, NULL, '{');
		json_text(out, "link", picked[i]->link);
		json_text(out, "author", picked[i]->author);
		json_time(out, "created_at", picked[i]->created_at_us);
		json_text(out, "text", picked[i]->text);
		if (picked[i]->cut_before || picked[i]->cut_after)
			json_bool(out, "cut", true);
		add_hits(out, picked[i]);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

/* --- the parts --- */

static void add_input(struct buf *out, const struct backtest_report *r)
{
	const struct backtest_sums *s = &r->backtest->sums;
	json_open(out, "input", '{');
	if (r->archive) {
		json_text(out, "archive", str_of(r->archive));
	} else {
		json_open(out, "files", '[');
		for (size_t i = 0; i < r->file_count; i++)
			json_text(out, NULL, str_of(r->files[i]));
		buf_add_char(out, ']');
	}
	add_count(out, "records", s->counts.record_count);
	add_count(out, "posts", s->post_count);
	add_count(out, "no_posts", s->counts.skipped_count);
	add_count(out, "rejected", s->counts.rejected_count);
	add_count(out, "outside", s->outside_count);
	add_count(out, "undated", s->undated_count);
	add_count(out, "timed", s->timed_count);
	if (s->timed_count) {
		json_time(out, "first", s->first_us);
		json_time(out, "last", s->last_us);
	}
	buf_add_char(out, '}');
}

/* What one rule and all together have in common. */
static void add_tally(struct buf *out, const struct backtest *b, const struct tally *t)
{
	double per_hour;
	int64_t from_us;
	uint64_t count;
	add_count(out, "posts", t->post_count);
	if (b->sums.post_count)
		json_number(out, "share", (double)t->post_count / (double)b->sums.post_count);
	add_count(out, "timed", t->timed_count);
	if (backtest_rate(b, t, &per_hour))
		json_number(out, "per_hour", per_hour);
	if (hours_busiest(&t->hours, &from_us, &count)) {
		json_open(out, "busiest_hour", '{');
		json_time(out, "from", from_us);
		add_count(out, "posts", count);
		buf_add_char(out, '}');
		json_time(out, "first", t->first_us);
		json_time(out, "last", t->last_us);
	}
	add_count(out, "authors", top_distinct(&t->authors));
	json_bool(out, "authors_exact", top_exact(&t->authors));
	add_top(out, "top_authors", &t->authors, "author", NULL);
	add_top(out, "top_languages", &t->langs, "language", NULL);
	add_top(out, "top_sources", &t->sources, "source", NULL);
}

static void add_all(struct buf *out, const struct backtest *b)
{
	json_open(out, "all", '{');
	add_tally(out, b, &b->all);
	add_count(out, "by_several_rules", b->several_count);
	json_open(out, "by_severity", '{');
	for (int i = SEVERITY_LOW; i <= SEVERITY_CRITICAL; i++)
		add_count(out, severity_name((enum severity)i), b->severity_count[i]);
	buf_add(out, STR("}}"));
}

static void add_rules(struct buf *out, const struct backtest *b)
{
	json_open(out, "rules", '[');
	for (size_t i = 0; i < b->rules->count; i++) {
		const struct backtest_rule *rule = &b->rules->items[i];
		const struct tally nothing = { 0 }, *t = b->by_rule[i] ? b->by_rule[i] : &nothing;
		if (!rule->chosen || !rule->now)
			continue;
		json_open(out, NULL, '{');
		json_text(out, "rule", rule->name);
		json_text(out, "about", rule->about);
		json_text(out, "severity", str_of(severity_name(rule->severity)));
		add_tally(out, b, t);
		add_top(out, "top_terms", &t->terms, "term", "list");
		add_examples(out, "examples", &t->examples);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void add_overlaps(struct buf *out, const struct backtest *b)
{
	const struct top_entry *pairs[TOP_LIMIT];
	size_t n = top_list(&b->pairs, pairs, TOP_LIMIT);
	json_open(out, "overlaps", '[');
	for (size_t i = 0; i < n; i++) {
		json_open(out, NULL, '{');
		json_open(out, "rules", '[');
		json_text(out, NULL, pairs[i]->key);
		json_text(out, NULL, pairs[i]->note);
		buf_add_char(out, ']');
		add_count(out, "posts", pairs[i]->count);
		if (pairs[i]->over)
			add_count(out, "over", pairs[i]->over);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void add_change(struct buf *out, const struct tally *t)
{
	add_count(out, "old", t->old_count);
	add_count(out, "new", t->post_count);
	add_count(out, "gained", t->gained_count);
	add_count(out, "lost", t->lost_count);
}

static void add_against(struct buf *out, const struct backtest_report *r)
{
	const struct backtest *b = r->backtest;
	json_open(out, "against", '{');
	json_text(out, "rules_of", str_of(r->against));
	json_bool(out, "same", backtest_same(b));
	add_change(out, &b->all);
	json_open(out, "rules", '[');
	for (size_t i = 0; i < b->rules->count; i++) {
		const struct backtest_rule *rule = &b->rules->items[i];
		const struct tally nothing = { 0 }, *t = b->by_rule[i] ? b->by_rule[i] : &nothing;
		if (!rule->chosen)
			continue;
		json_open(out, NULL, '{');
		json_text(out, "rule", rule->name);
		json_text(out, "state",
			!rule->old	     ? STR("new")
				: !rule->now ? STR("removed")
					     : STR("kept"));
		if (rule->now && rule->old && rule->severity != rule->old_severity)
			json_text(out, "old_severity", str_of(severity_name(rule->old_severity)));
		add_change(out, t);
		add_examples(out, "gained_examples", &t->gained);
		add_examples(out, "lost_examples", &t->lost);
		buf_add_char(out, '}');
	}
	buf_add(out, STR("]}"));
}

void backtest_json(const struct backtest_report *r, struct buf *out)
{
	buf_add_char(out, '{');
	json_text(out, "rules_of", str_of(r->rules));
	add_input(out, r);
	add_all(out, r->backtest);
	add_rules(out, r->backtest);
	add_overlaps(out, r->backtest);
	if (r->against)
		add_against(out, r);
	buf_add(out, STR("}\n"));
}
