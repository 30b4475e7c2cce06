/* What is known of the texts that a pattern matches, while it is read: rows of sets, each of which
 * is told by its number in a table. */
#pragma once

#include "rules/regex/outline.h"

enum { ROW_BEGIN = 0, ROW_END = 1 /* the numbers of the edges of the text */ };

struct row {
	uint8_t sets[OUTLINE_MAX_SETS], count;
};

struct rows {
	struct row items[OUTLINE_MAX_ROWS];
	size_t count; /* 0: nothing is known */
	double cost; /* how many of them a common text holds */
};

enum { ROWS_MAX_SETS = 200 };

struct set_table {
	struct symbol_set sets[ROWS_MAX_SETS];
	double shares[ROWS_MAX_SETS];
	size_t count;
	bool full;
};

void set_table_init(struct set_table *t); /* has the edges */
uint8_t set_table_number(struct set_table *t, struct symbol_set set);

/* One branch of a pattern, from left to right. */
struct row_run {
	struct rows tails; /* how it may read since the last gap; none: not at all yet */
	struct rows best; /* of those since then every match holds one */
	struct rows pieces[OUTLINE_MAX_PIECES]; /* and one of each of these */
	size_t piece_count;
	bool gap; /* there was one, so that tails are not all of it */
};

void row_run_start(struct row_run *run);
/* What follows reads like one of the choices, which may have rows without sets. */
void row_run_add(struct row_run *run, const struct set_table *t, struct rows choices);
/* Something unknown follows. */
void row_run_break(struct row_run *run);
/* Every match holds one of these, who knows where. */
void row_run_offer(struct row_run *run, const struct rows *rows);
/* The pieces that fewest texts hold first, as many as are of use. */
void row_run_tidy(struct row_run *run, const struct set_table *t);
/* The piece that fewest texts hold; NULL: there is none. */
const struct rows *row_run_best(const struct row_run *run);

struct rows rows_of_set(uint8_t set);
/* Both together, each once; 0 of them if they are too many. */
struct rows rows_join(const struct set_table *t, const struct rows *a, const struct rows *b);
