#include "daemon/backtest_show.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "daemon/input.h"

enum { TERM_CHARS = 60, BEFORE_CHARS = 30, EXAMPLE_CHARS = 74, MARKED = 10, LABEL_CHARS = 13 };

static const struct str ellipsis = { "…", 3 };

/* --- style --- */

static void add_styled(
	struct buf *out, struct str text, const char *sequence, const struct show_style *style)
{
	buf_add(out, style->color ? str_of(sequence) : STR(""));
	escape_control(out, text);
	buf_add(out, style->color ? STR("\033[0m") : STR(""));
}

void show_strong(struct buf *out, struct str text, const struct show_style *style)
{
	add_styled(out, text, "\033[1m", style);
}

void show_plus(struct buf *out, struct str text, const struct show_style *style)
{
	add_styled(out, text, "\033[32m", style);
}

void show_minus(struct buf *out, struct str text, const struct show_style *style)
{
	add_styled(out, text, "\033[31m", style);
}

/* --- numbers --- */

void show_count(struct buf *out, uint64_t count, const char *one, const char *many)
{
	buf_addf(out, "%llu %s", (unsigned long long)count, count == 1 ? one : many);
}

void show_share(struct buf *out, uint64_t part, uint64_t whole)
{
	double percent = whole ? 100.0 * (double)part / (double)whole : 0;
	if (part && percent < 0.001)
		buf_add(out, STR("<0.001 %"));
	else
		buf_addf(out, part && percent < 0.1 ? "%.3f %%" : "%.1f %%", percent);
}

void show_rate(struct buf *out, double per_hour)
{
	if (per_hour > 0 && per_hour < 0.01)
		buf_add(out, STR("<0.01"));
	else
		buf_addf(out, "%.*f", per_hour < 1 ? 2 : per_hour < 100 ? 1 : 0, per_hour);
}

void show_time(struct buf *out, int64_t wall_us)
{
	char text[TIME_TEXT_BYTES];
	time_format(wall_us, text);
	struct str time = str_of(text);
	size_t at = str_find_char(time, 'T');
	if (at == SIZE_MAX) {
		buf_add(out, time);
		return;
	}
	text[at] = ' ';
	buf_add(out, str_slice(time, 0, at + sizeof "Thh:mm" - 1));
}

void show_distinct(struct buf *out, const struct top *t)
{
	buf_addf(out, "%s%llu", top_exact(t) ? "" : "about ", (unsigned long long)top_distinct(t));
}

/* --- tables --- */

void show_table_init(struct show_table *t, const struct show_column *columns, size_t column_count)
{
	assert(column_count <= SHOW_MAX_COLUMNS);
	*t = (struct show_table){ .columns = columns, .column_count = column_count };
	arena_init(&t->arena, 0);
}

void show_table_finish(struct show_table *t)
{
	arena_finish(&t->arena);
	mem_free(t->cells);
}

void show_cell(struct show_table *t, struct buf *text)
{
	if (t->cell_count == t->size) {
		t->size = t->size ? 2 * t->size : 64;
		t->cells = mem_resize(t->cells, t->size, sizeof *t->cells);
	}
	struct str cell = buf_str(text);
	t->cells[t->cell_count++] = arena_str(&t->arena, cell.p ? cell : STR(""));
	buf_clear(text);
}

static void add_row(
	const struct show_table *t, const struct str *cells, const size_t *widths, struct buf *out)
{
	for (size_t c = 0; c < t->column_count; c++) {
		size_t n = utf8_count(cells[c]);
		int padding = (int)(widths[c] > n ? widths[c] - n : 0);
		buf_addf(out, "%*s", t->columns[c].right ? padding : 0, "");
		buf_add(out, cells[c]);
		buf_addf(out, "%*s", (t->columns[c].right ? 0 : padding) + 2, "");
	}
	while (out->p[out->n - 1] == ' ')
		out->n--;
	buf_add_char(out, '\n');
}

void show_table_write(const struct show_table *t, struct buf *out)
{
	size_t widths[SHOW_MAX_COLUMNS];
	struct str titles[SHOW_MAX_COLUMNS];
	for (size_t c = 0; c < t->column_count; c++) {
		titles[c] = str_of(t->columns[c].title);
		widths[c] = titles[c].n;
		for (size_t i = c; i < t->cell_count; i += t->column_count) {
			size_t n = utf8_count(t->cells[i]);
			widths[c] = n > widths[c] ? n : widths[c];
		}
	}
	add_row(t, titles, widths, out);
	for (size_t i = 0; i < t->cell_count; i += t->column_count)
		add_row(t, t->cells + i, widths, out);
}

/* --- lists --- */

void show_list_begin(struct show_list *l, struct buf *out, const char *label, size_t indent)
{
	*l = (struct show_list){ .out = out, .indent = indent, .column = indent };
	buf_addf(out, "%-*s", (int)indent, label);
}

void show_list_item(struct show_list *l, struct str item)
{
	size_t n = utf8_count(item);
	if (l->any) {
		buf_add_char(l->out, ',');
		if (l->column + 2 + n > SHOW_COLUMNS) {
			buf_addf(l->out, "\n%*s", (int)l->indent, "");
			l->column = l->indent;
		} else {
			buf_add_char(l->out, ' ');
			l->column += 2;
		}
	}
	buf_add(l->out, item);
	l->column += n;
	l->any = true;
}

void show_list_end(struct show_list *l)
{
	buf_add_char(l->out, '\n');
}

/* So many characters from that place on, as a place. */
static size_t forward(struct str s, size_t at, size_t chars)
{
	for (; chars > 0 && at < s.n; chars--) {
		uint32_t c;
		size_t n = utf8_read(s, at, &c);
		at += n ? n : 1;
	}
	return at;
}

static void add_entry(struct buf *item, const struct top_entry *e)
{
	size_t end = forward(e->key, 0, TERM_CHARS);
	escape_control(item, str_slice(e->key, 0, end));
	buf_add(item, end < e->key.n ? ellipsis : STR(""));
	buf_addf(item, " %s%llu", e->over ? "~" : "", (unsigned long long)e->count);
	if (e->note.p) {
		buf_add(item, STR(" ("));
		escape_control(item, e->note);
		buf_add_char(item, ')');
	}
}

void show_top(struct buf *out, const char *label, const struct top *t, size_t limit)
{
	enum { MOST = 32 };
	const struct top_entry *entries[MOST];
	struct show_list list;
	struct buf item;
	size_t n = top_list(t, entries, limit < MOST ? limit : MOST);
	if (n == 0)
		return;
	buf_init(&item, 0);
	show_list_begin(&list, out, label, LABEL_CHARS);
	for (size_t i = 0; i < n; i++) {
		buf_clear(&item);
		add_entry(&item, entries[i]);
		show_list_item(&list, buf_str(&item));
	}
	if (t->count > n) {
		buf_clear(&item);
		buf_addf(&item, "%s%llu more", top_exact(t) ? "" : "about ",
			(unsigned long long)(top_distinct(t) - n));
		show_list_item(&list, buf_str(&item));
	}
	show_list_end(&list);
	buf_finish(&item);
}

/* --- examples --- */

/* A little before the first hit, so that a line shows it. */
static size_t window_start(const struct example *e)
{
	size_t at = e->hit_count ? e->hits[0].from : 0;
	for (size_t chars = 0; chars < BEFORE_CHARS && at > 0; chars++)
		at = utf8_floor(e->text, at - 1);
	if (at == 0)
		return at;
	for (size_t i = at; i < e->hits[0].from; i++) /* a word begins more readably */
		if (e->text.p[i] == ' ')
			return i + 1;
	return at;
}

/* The part of a text between these bytes on one line: a line's end is a space. */
static void add_window(struct buf *out, const struct example *e, size_t from, size_t to, bool color)
{
	struct hit hits[EXAMPLE_MAX_HITS];
	size_t count = 0;
	struct buf line;
	buf_init(&line, 0);
	buf_add(&line, str_slice(e->text, from, to));
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '\n' || line.p[i] == '\r' || line.p[i] == '\t')
			line.p[i] = ' ';
	for (size_t i = 0; i < e->hit_count; i++) {
		struct hit hit = e->hits[i];
		if (hit.to <= from || hit.from >= to)
			continue;
		hit.from = hit.from > from ? hit.from - (uint32_t)from : 0;
		hit.to = (uint32_t)((hit.to < to ? hit.to : to) - from);
		hits[count++] = hit;
	}
	input_add_marked(out, buf_str(&line), hits, count, FIELD_TEXT,
		color ? &input_color_marks : &input_bracket_marks);
	buf_finish(&line);
}

/* When, who and where, on a line of their own as far as known; the next line is begun. */
static void add_head(struct buf *out, const struct example *e)
{
	struct buf part;
	size_t column = 2;
	buf_init(&part, 0);
	for (int i = 0; i < 3; i++) {
		buf_clear(&part);
		if (i == 0 && e->created_at_us)
			show_time(&part, e->created_at_us);
		else if (i > 0)
			escape_control(&part, i == 1 ? e->author : e->link);
		if (!part.n)
			continue;
		size_t n = utf8_count(buf_str(&part));
		if (column > 2 && column + 2 + n > SHOW_COLUMNS) {
			buf_add(out, STR("\n    "));
			column = 4;
		} else if (column > 2) {
			buf_add(out, STR("  "));
			column += 2;
		}
		buf_add(out, buf_str(&part));
		column += n;
	}
	buf_add(out, column > 2 ? STR("\n    ") : STR("  "));
	buf_finish(&part);
}

static void add_example(
	struct buf *out, const struct example *e, char mark, const struct show_style *style)
{
	size_t brackets = 2 * (e->hit_count < MARKED ? e->hit_count : MARKED);
	size_t from = window_start(e), to = forward(e->text, from, EXAMPLE_CHARS - brackets);
	char lead[] = { ' ', ' ', mark, ' ', '\0' };
	if (mark == '+')
		show_plus(out, str_of(lead), style);
	else if (mark == '-')
		show_minus(out, str_of(lead), style);
	else
		buf_add(out, STR("  "));
	add_head(out, e);
	buf_add(out, from > 0 || e->cut_before ? ellipsis : STR(""));
	add_window(out, e, from, to, style->color);
	buf_add(out, to < e->text.n || e->cut_after ? ellipsis : STR(""));
	buf_add_char(out, '\n');
}

void show_examples(
	struct buf *out, const struct examples *e, char mark, const struct show_style *style)
{
	const struct example *picked[BACKTEST_MAX_EXAMPLES];
	assert(e->wanted <= BACKTEST_MAX_EXAMPLES);
	size_t n = examples_pick(e, picked);
	for (size_t i = 0; i < n; i++)
		add_example(out, picked[i], mark, style);
}
