#include "daemon/backtest_report.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/mem.h"
#include "daemon/backtest_show.h"

enum { TERMS = 8, AUTHORS = 5, LANGS = 5, SOURCES = 5, PAIRS = 10 };

/* --- what was read --- */

static void add_span(const struct backtest_sums *s, struct buf *out)
{
	if (!s->timed_count) {
		buf_add(out, STR("  no times: how many an hour is not known\n"));
		return;
	}
	double hours = ((double)s->last_us - (double)s->first_us) / (double)US_PER_HOUR;
	buf_add(out, STR("  from "));
	show_time(out, s->first_us);
	buf_add(out, STR(" to "));
	show_time(out, s->last_us);
	if (hours < 48)
		buf_addf(out, " UTC, %.1f hours\n", hours);
	else
		buf_addf(out, " UTC, %.0f days\n", hours / 24);
	if (s->timed_count < s->post_count) {
		buf_add(out, STR("  "));
		show_count(out, s->post_count - s->timed_count, "post has", "posts have");
		buf_add(out, STR(" no time and count for no hour\n"));
	}
}

static void add_left_out(const struct backtest_sums *s, struct buf *out)
{
	if (s->outside_count) {
		buf_add(out, STR("  left out: "));
		show_count(out, s->outside_count, "post", "posts");
		buf_add(out, STR(" outside of the time asked for\n"));
	}
	if (s->undated_count) {
		buf_add(out, STR("  left out: "));
		show_count(out, s->undated_count, "post", "posts");
		buf_add(out, STR(" without a time\n"));
	}
	if (s->counts.skipped_count) {
		buf_add(out, STR("  left out: "));
		show_count(out, s->counts.skipped_count, "record that is no post",
			"records that are no posts");
		buf_add_char(out, '\n');
	}
}

static void add_place(const struct backtest_report *r, struct buf *out)
{
	if (r->archive) {
		buf_add(out, STR(" in the archive of "));
		escape_control(out, str_of(r->archive));
	} else if (r->file_count == 1 && str_eq(str_of(r->files[0]), STR("-"))) {
		buf_add(out, STR(" on standard input"));
	} else if (r->file_count == 1) {
		buf_add(out, STR(" in "));
		escape_control(out, str_of(r->files[0]));
	} else {
		buf_addf(out, " in %zu files", r->file_count);
	}
	buf_add_char(out, '\n');
}

void backtest_input_text(const struct backtest_report *r, struct buf *out)
{
	const struct backtest_sums *s = &r->backtest->sums;
	show_count(out, s->post_count, "post", "posts");
	add_place(r, out);
	if (r->archive)
		buf_add(out,
			STR("  note: the archive holds only posts that a rule matched when they\n"
			    "  came; what no rule asked for then cannot be found in it now\n"));
	add_span(s, out);
	add_left_out(s, out);
}

/* --- all rules together --- */

static void add_busiest(const struct hours *h, struct buf *out)
{
	int64_t from_us;
	uint64_t count;
	if (!hours_busiest(h, &from_us, &count))
		return;
	show_time(out, from_us);
	buf_addf(out, " (%llu)", (unsigned long long)count);
}

/* An item of the list, if there is one; clears it. */
static void add_item(struct show_list *list, struct buf *item)
{
	if (item->n)
		show_list_item(list, buf_str(item));
	buf_clear(item);
}

/* How often, when most, by how many: what one rule and all together have in common. */
static void add_numbers(const struct backtest *b, const struct tally *t, struct show_list *list)
{
	double per_hour;
	struct buf item;
	buf_init(&item, 0);
	if (t->timed_count && backtest_rate(b, t, &per_hour)) {
		show_rate(&item, per_hour);
		buf_add(&item, STR(" an hour"));
		if (b->sums.last_us - b->sums.first_us >= US_PER_DAY) {
			buf_add(&item, STR(" ("));
			show_rate(&item, per_hour * 24);
			buf_add(&item, STR(" a day)"));
		}
		add_item(list, &item);
		buf_add(&item, STR("most from "));
		add_busiest(&t->hours, &item);
		add_item(list, &item);
	}
	if (t->authors.count) {
		show_distinct(&item, &t->authors);
		buf_add(&item, t->authors.count == 1 ? STR(" author") : STR(" authors"));
		add_item(list, &item);
	}
	buf_finish(&item);
	show_list_end(list);
}

/* "4 posts (40.0 %)" and what add_numbers knows. */
static void add_counts(const struct backtest *b, const struct tally *t, const char *one,
	const char *many, struct show_list *list)
{
	struct buf item;
	buf_init(&item, 0);
	show_count(&item, t->post_count, one, many);
	buf_add(&item, STR(" ("));
	show_share(&item, t->post_count, b->sums.post_count);
	buf_add_char(&item, ')');
	add_item(list, &item);
	buf_finish(&item);
	add_numbers(b, t, list);
}

static void add_all(const struct backtest *b, struct buf *out)
{
	const struct tally *t = &b->all;
	struct show_list list;
	show_list_begin(&list, out, "", 0);
	list.indent = 2; /* of a second line */
	add_counts(b, t, "post matches", "posts match", &list);
	if (!t->post_count)
		return;
	const char *gap = "  ";
	for (int i = SEVERITY_CRITICAL; i >= SEVERITY_LOW; i--) {
		if (!b->severity_count[i])
			continue;
		buf_addf(out, "%s%llu %s", gap, (unsigned long long)b->severity_count[i],
			severity_name((enum severity)i));
		gap = ", ";
	}
	if (b->several_count)
		buf_addf(out, "; %llu by more than one rule", (unsigned long long)b->several_count);
	buf_add_char(out, '\n');
}

/* --- the table --- */

static void add_table_row(struct show_table *table, const struct backtest *b, size_t rule)
{
	const struct tally *t = b->by_rule[rule];
	struct buf cell;
	double per_hour;
	buf_init(&cell, 0);
	escape_control(&cell, b->rules->items[rule].name);
	show_cell(table, &cell);
	buf_add(&cell, str_of(severity_name(b->rules->items[rule].severity)));
	show_cell(table, &cell);
	buf_addf(&cell, "%llu", (unsigned long long)t->post_count);
	show_cell(table, &cell);
	show_share(&cell, t->post_count, b->sums.post_count);
	show_cell(table, &cell);
	if (b->sums.timed_count) {
		if (t->timed_count && backtest_rate(b, t, &per_hour))
			show_rate(&cell, per_hour);
		else
			buf_add(&cell, STR("no times"));
		show_cell(table, &cell);
		add_busiest(&t->hours, &cell);
		show_cell(table, &cell);
	}
	buf_finish(&cell);
}

static void add_table(const struct backtest *b, const size_t *order, size_t count, struct buf *out)
{
	static const struct show_column columns[] = {
		{ "RULE", false },
		{ "SEVERITY", false },
		{ "POSTS", true },
		{ "SHARE", true },
		{ "AN HOUR", true },
		{ "BUSIEST HOUR", false },
	};
	size_t column_count = sizeof columns / sizeof *columns;
	struct show_table table;
	/* Without times the last two say nothing. */
	show_table_init(&table, columns, b->sums.timed_count ? column_count : column_count - 2);
	for (size_t i = 0; i < count; i++)
		add_table_row(&table, b, order[i]);
	buf_add_char(out, '\n');
	show_table_write(&table, out);
	show_table_finish(&table);
}

static void add_silent(const struct backtest *b, struct buf *out)
{
	struct show_list list;
	struct buf name;
	bool any = false;
	buf_init(&name, 0);
	for (size_t i = 0; i < b->rules->count; i++) {
		const struct backtest_rule *rule = &b->rules->items[i];
		if (!rule->chosen || !rule->now || (b->by_rule[i] && b->by_rule[i]->post_count))
			continue;
		if (!any)
			show_list_begin(&list, out, "\nfound nothing: ", sizeof "found nothing:");
		any = true;
		buf_clear(&name);
		escape_control(&name, rule->name);
		show_list_item(&list, buf_str(&name));
	}
	if (any)
		show_list_end(&list);
	buf_finish(&name);
}

static void add_pairs(const struct backtest *b, struct buf *out)
{
	static const struct show_column columns[] = { { "", true }, { "", false } };
	const struct top_entry *pairs[PAIRS];
	struct show_table table;
	struct buf cell;
	size_t n = top_list(&b->pairs, pairs, PAIRS);
	if (n == 0)
		return;
	buf_add(out, STR("\nfound by two rules:"));
	show_table_init(&table, columns, sizeof columns / sizeof *columns);
	buf_init(&cell, 0);
	for (size_t i = 0; i < n; i++) {
		buf_addf(&cell, "  %s%llu", pairs[i]->over ? "~" : "",
			(unsigned long long)pairs[i]->count);
		show_cell(&table, &cell);
		escape_control(&cell, pairs[i]->key);
		buf_add(&cell, STR(" + "));
		escape_control(&cell, pairs[i]->note);
		show_cell(&table, &cell);
	}
	show_table_write(&table, out);
	show_table_finish(&table);
	buf_finish(&cell);
}

/* --- rule by rule --- */

static void add_rule(const struct backtest_report *r, size_t rule, struct buf *out)
{
	const struct backtest *b = r->backtest;
	const struct backtest_rule *item = &b->rules->items[rule];
	const struct tally *t = b->by_rule[rule];
	const struct show_style style = { r->color };
	buf_add_char(out, '\n');
	show_strong(out, item->name, &style);
	if (item->about.n) {
		buf_add(out, STR(": "));
		escape_control(out, item->about);
	}
	struct show_list list;
	buf_add_char(out, '\n');
	show_list_begin(&list, out, "", 2);
	add_counts(b, t, "post", "posts", &list);
	show_top(out, "  terms", &t->terms, TERMS);
	show_top(out, "  authors", &t->authors, AUTHORS);
	show_top(out, "  languages", &t->langs, LANGS);
	show_top(out, "  sources", &t->sources, SOURCES);
	show_examples(out, &t->examples, ' ', &style);
}

void backtest_text(const struct backtest_report *r, struct buf *out)
{
	const struct backtest *b = r->backtest;
	size_t *order, count = backtest_order(b, false, &order);
	backtest_input_text(r, out);
	add_all(b, out);
	if (count)
		add_table(b, order, count, out);
	add_silent(b, out);
	add_pairs(b, out);
	for (size_t i = 0; i < count; i++)
		add_rule(r, order[i], out);
	mem_free(order);
}
