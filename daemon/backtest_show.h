/* The pieces of a backtest's report for people: numbers, times, tables, wrapped lists, examples.
 * All text of posts and rules is escaped here. */
#pragma once

#include "base/buf.h"
#include "daemon/backtest.h"

enum { SHOW_COLUMNS = 80 };

/* Escape sequences of a terminal, or nothing without colour. */
struct show_style {
	bool color;
};
void show_strong(struct buf *out, struct str text, const struct show_style *style); /* escaped */
void show_plus(struct buf *out, struct str text, const struct show_style *style);
void show_minus(struct buf *out, struct str text, const struct show_style *style);

void show_count(struct buf *out, uint64_t count, const char *one, const char *many);
void show_share(struct buf *out, uint64_t part, uint64_t whole); /* "8.5 %" */
void show_rate(struct buf *out, double per_hour); /* "1.5" */
void show_time(struct buf *out, int64_t wall_us); /* "2026-03-02 07:30" */
void show_distinct(struct buf *out, const struct top *t); /* "15", or "about 15000" */

/* --- a table: cells are added row by row, then written with a header --- */

struct show_column {
	const char *title;
	bool right;
};
enum { SHOW_MAX_COLUMNS = 8 };
struct show_table {
	const struct show_column *columns;
	size_t column_count;
	struct arena arena;
	struct str *cells;
	size_t cell_count, size;
};

void show_table_init(struct show_table *t, const struct show_column *columns, size_t column_count);
void show_table_finish(struct show_table *t);
/* Takes what the buffer holds as the next cell, and clears it. Escape sequences have no place. */
void show_cell(struct show_table *t, struct buf *text);
void show_table_write(const struct show_table *t, struct buf *out);

/* --- lists --- */

/* A line that breaks between its items: the first begins with the label. */
struct show_list {
	struct buf *out;
	size_t indent, column;
	bool any;
};
void show_list_begin(struct show_list *l, struct buf *out, const char *label, size_t indent);
void show_list_item(struct show_list *l, struct str item); /* escaped already */
void show_list_end(struct show_list *l);
/* The largest of a top as "key 12, key 3 (note)"; nothing if it is empty. */
void show_top(struct buf *out, const char *label, const struct top *t, size_t limit);

/* --- examples: two lines each, with "+", "-" or " " at the start --- */

void show_examples(
	struct buf *out, const struct examples *e, char mark, const struct show_style *style);
