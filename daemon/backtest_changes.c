#include <inttypes.h>

#include "base/escape.h"
#include "base/mem.h"
#include "daemon/backtest_report.h"
#include "daemon/backtest_show.h"

static const char *state_of(const struct backtest_rule *rule)
{
	return !rule->old ? "new rule" : !rule->now ? "removed rule" : "";
}

static void add_number(struct show_table *table, struct buf *cell, bool there, const char *sign,
	uint64_t number, bool zero)
{
	if (there && (number || zero))
		buf_addf(cell, "%s%" PRIu64, sign, number);
	else if (!there)
		buf_add_char(cell, '-');
	show_cell(table, cell);
}

static void add_note(const struct backtest_rule *rule, struct buf *cell)
{
	buf_add(cell, str_of(state_of(rule)));
	if (rule->now && rule->old && rule->severity != rule->old_severity)
		buf_addf(cell, "severity: %s, was %s", severity_name(rule->severity),
			severity_name(rule->old_severity));
}

static void add_table_row(struct show_table *table, const struct backtest *b, size_t rule)
{
	const struct backtest_rule *item = &b->rules->items[rule];
	const struct tally nothing = { 0 }, *t = b->by_rule[rule] ? b->by_rule[rule] : &nothing;
	struct buf cell;
	buf_init(&cell, 0);
	escape_control(&cell, item->name);
	show_cell(table, &cell);
	add_number(table, &cell, item->old, "", t->old_count, true);
	add_number(table, &cell, item->now, "", t->post_count, true);
	add_number(table, &cell, true, "+", t->gained_count, false);
	add_number(table, &cell, true, "-", t->lost_count, false);
	add_note(item, &cell);
	show_cell(table, &cell);
	buf_finish(&cell);
}

/* Does the rule go into the table: does it find other posts, or is it in one set only? */
static bool is_changed(const struct backtest *b, size_t rule)
{
	const struct backtest_rule *item = &b->rules->items[rule];
	const struct tally *t = b->by_rule[rule];
	return item->chosen &&
		(item->now != item->old || item->severity != item->old_severity ||
			(t && (t->gained_count || t->lost_count)));
}

/* All chosen rules, those that differ most first. */
static void add_table(const struct backtest *b, const size_t *order, size_t count, struct buf *out)
{
	static const struct show_column columns[] = {
		{ "RULE", false },
		{ "OLD", true },
		{ "NEW", true },
		{ "GAINED", true },
		{ "LOST", true },
		{ "", false },
	};
	struct show_table table;
	show_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < count; i++)
		if (is_changed(b, order[i]))
			add_table_row(&table, b, order[i]);
	for (size_t i = 0; i < b->rules->count; i++)
		if (!b->by_rule[i] && is_changed(b, i))
			add_table_row(&table, b, i);
	if (table.cell_count) {
		buf_add_char(out, '\n');
		show_table_write(&table, out);
	}
	show_table_finish(&table);
}

static void add_unchanged(const struct backtest *b, struct buf *out)
{
	struct show_list list;
	struct buf name;
	bool any = false;
	buf_init(&name, 0);
	for (size_t i = 0; i < b->rules->count; i++) {
		if (!b->rules->items[i].chosen || is_changed(b, i))
			continue;
		if (!any)
			show_list_begin(&list, out, "\nfind the same: ", sizeof "find the same:");
		any = true;
		buf_clear(&name);
		escape_control(&name, b->rules->items[i].name);
		show_list_item(&list, buf_str(&name));
	}
	if (any)
		show_list_end(&list);
	buf_finish(&name);
}

static void add_rule(const struct backtest_report *r, size_t rule, struct buf *out)
{
	const struct backtest_rule *item = &r->backtest->rules->items[rule];
	const struct tally *t = r->backtest->by_rule[rule];
	const struct show_style style = { r->color };
	buf_add_char(out, '\n');
	show_strong(out, item->name, &style);
	if (item->about.n) {
		buf_add(out, STR(": "));
		escape_control(out, item->about);
	}
	buf_addf(out, "\n  %" PRIu64 " gained, %" PRIu64 " lost\n", t->gained_count, t->lost_count);
	show_examples(out, &t->gained, '+', &style);
	show_examples(out, &t->lost, '-', &style);
}

static void add_all(const struct backtest_report *r, struct buf *out)
{
	const struct tally *t = &r->backtest->all;
	buf_addf(out, "old: %" PRIu64 " match the rules of ", t->old_count);
	escape_control(out, str_of(r->against));
	buf_addf(out, "\nnew: %" PRIu64 " match the rules of ", t->post_count);
	escape_control(out, str_of(r->rules));
	buf_addf(out, "\n     %" PRIu64 " gained, %" PRIu64 " lost\n", t->gained_count,
		t->lost_count);
}

void backtest_changes_text(const struct backtest_report *r, struct buf *out)
{
	const struct backtest *b = r->backtest;
	size_t *order, count = backtest_order(b, true, &order);
	backtest_input_text(r, out);
	add_all(r, out);
	add_table(b, order, count, out);
	add_unchanged(b, out);
	for (size_t i = 0; i < count; i++) {
		const struct tally *t = b->by_rule[order[i]];
		if (t->gained_count || t->lost_count)
			add_rule(r, order[i], out);
	}
	mem_free(order);
}
