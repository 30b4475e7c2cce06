#include <inttypes.h>

#include "base/clock.h"
#include "base/escape.h"
#include "daemon/backtest_report.h"

enum { TOP_LIMIT = 20 };

/* --- pieces; a key brings the comma that it needs --- */

static void add_key(struct buf *out, const char *key)
{
	char last = out->n ? out->p[out->n - 1] : '{';
	if (last != '{' && last != '[')
		buf_add_char(out, ',');
	if (key)
		buf_addf(out, "\"%s\":", key);
}

static void add_text(struct buf *out, const char *key, struct str text)
{
	if (!text.p)
		return;
	add_key(out, key);
	escape_json(out, text);
}

static void add_count(struct buf *out, const char *key, uint64_t count)
{
	add_key(out, key);
	buf_addf(out, "%" PRIu64, count);
}

static void add_bool(struct buf *out, const char *key, bool value)
{
	add_key(out, key);
	buf_add(out, value ? STR("true") : STR("false"));
}

static void add_time(struct buf *out, const char *key, int64_t wall_us)
{
	char text[TIME_TEXT_BYTES];
	time_format(wall_us, text);
	add_text(out, key, str_of(text));
}

static void add_number(struct buf *out, const char *key, double number)
{
	add_key(out, key);
	buf_addf(out, "%.6g", number);
}

static void open_with(struct buf *out, const char *key, char bracket)
{
	add_key(out, key);
	buf_add_char(out, bracket);
}

/* --- tops and examples --- */

static void add_top(
	struct buf *out, const char *key, const struct top *t, const char *name, const char *note)
{
	const struct top_entry *entries[TOP_LIMIT];
	size_t n = top_list(t, entries, TOP_LIMIT);
	open_with(out, key, '[');
	for (size_t i = 0; i < n; i++) {
		open_with(out, NULL, '{');
		add_text(out, name, entries[i]->key);
		if (note)
			add_text(out, note, entries[i]->note);
		add_count(out, "posts", entries[i]->count);
		if (entries[i]->over)
			add_count(out, "over", entries[i]->over);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void add_hits(struct buf *out, const struct example *e)
{
	open_with(out, "hits", '[');
	for (size_t i = 0; i < e->hit_count; i++) {
		const struct hit *hit = &e->hits[i];
		open_with(out, NULL, '{');
		add_text(out, "term", hit->term);
		add_text(out, "list", hit->list);
		add_count(out, "from", hit->from);
		add_count(out, "to", hit->to);
		add_text(out, "way", str_of(hit_way_name(hit->way)));
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void add_examples(struct buf *out, const char *key, const struct examples *e)
{
	const struct example *picked[BACKTEST_MAX_EXAMPLES];
	size_t n = examples_pick(e, picked);
	open_with(out, key, '[');
	for (size_t i = 0; i < n; i++) {
		open_with(out, NULL, '{');
		add_text(out, "link", picked[i]->link);
		add_text(out, "author", picked[i]->author);
		if (picked[i]->created_at_us)
			add_time(out, "created_at", picked[i]->created_at_us);
		add_text(out, "text", picked[i]->text);
		if (picked[i]->cut_before || picked[i]->cut_after)
			add_bool(out, "cut", true);
		add_hits(out, picked[i]);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

/* --- the parts --- */

static void add_input(struct buf *out, const struct backtest_report *r)
{
	const struct backtest_sums *s = &r->backtest->sums;
	open_with(out, "input", '{');
	if (r->archive) {
		add_text(out, "archive", str_of(r->archive));
	} else {
		open_with(out, "files", '[');
		for (size_t i = 0; i < r->file_count; i++)
			add_text(out, NULL, str_of(r->files[i]));
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
		add_time(out, "first", s->first_us);
		add_time(out, "last", s->last_us);
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
		add_number(out, "share", (double)t->post_count / (double)b->sums.post_count);
	add_count(out, "timed", t->timed_count);
	if (backtest_rate(b, t, &per_hour))
		add_number(out, "per_hour", per_hour);
	if (hours_busiest(&t->hours, &from_us, &count)) {
		open_with(out, "busiest_hour", '{');
		add_time(out, "from", from_us);
		add_count(out, "posts", count);
		buf_add_char(out, '}');
		add_time(out, "first", t->first_us);
		add_time(out, "last", t->last_us);
	}
	add_count(out, "authors", top_distinct(&t->authors));
	add_bool(out, "authors_exact", top_exact(&t->authors));
	add_top(out, "top_authors", &t->authors, "author", NULL);
	add_top(out, "top_languages", &t->langs, "language", NULL);
	add_top(out, "top_sources", &t->sources, "source", NULL);
}

static void add_all(struct buf *out, const struct backtest *b)
{
	open_with(out, "all", '{');
	add_tally(out, b, &b->all);
	add_count(out, "by_several_rules", b->several_count);
	open_with(out, "by_severity", '{');
	for (int i = SEVERITY_LOW; i <= SEVERITY_CRITICAL; i++)
		add_count(out, severity_name((enum severity)i), b->severity_count[i]);
	buf_add(out, STR("}}"));
}

static void add_rules(struct buf *out, const struct backtest *b)
{
	open_with(out, "rules", '[');
	for (size_t i = 0; i < b->rules->count; i++) {
		const struct backtest_rule *rule = &b->rules->items[i];
		const struct tally nothing = { 0 }, *t = b->by_rule[i] ? b->by_rule[i] : &nothing;
		if (!rule->chosen || !rule->now)
			continue;
		open_with(out, NULL, '{');
		add_text(out, "rule", rule->name);
		add_text(out, "about", rule->about);
		add_text(out, "severity", str_of(severity_name(rule->severity)));
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
	open_with(out, "overlaps", '[');
	for (size_t i = 0; i < n; i++) {
		open_with(out, NULL, '{');
		open_with(out, "rules", '[');
		add_text(out, NULL, pairs[i]->key);
		add_text(out, NULL, pairs[i]->note);
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
	open_with(out, "against", '{');
	add_text(out, "rules_of", str_of(r->against));
	add_bool(out, "same", backtest_same(b));
	add_change(out, &b->all);
	open_with(out, "rules", '[');
	for (size_t i = 0; i < b->rules->count; i++) {
		const struct backtest_rule *rule = &b->rules->items[i];
		const struct tally nothing = { 0 }, *t = b->by_rule[i] ? b->by_rule[i] : &nothing;
		if (!rule->chosen)
			continue;
		open_with(out, NULL, '{');
		add_text(out, "rule", rule->name);
		add_text(out, "state",
			!rule->old	     ? STR("new")
				: !rule->now ? STR("removed")
					     : STR("kept"));
		if (rule->now && rule->old && rule->severity != rule->old_severity)
			add_text(out, "old_severity", str_of(severity_name(rule->old_severity)));
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
	add_text(out, "rules_of", str_of(r->rules));
	add_input(out, r);
	add_all(out, r->backtest);
	add_rules(out, r->backtest);
	add_overlaps(out, r->backtest);
	if (r->against)
		add_against(out, r);
	buf_add(out, STR("}\n"));
}
