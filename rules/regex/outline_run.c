#include "rules/regex/outline_run.h"

#include <string.h>

#include "rules/regex/outline_class.h"

/* A text of the usual length, and what too many of such texts hold to be of use: not so few, as a
 * search costs much more than a row. Then what so few hold that another piece is of no use, nor a
 * longer row. */
static const double usual_length = 120, useless_cost = 12, rare_cost = 0.02, short_cost = 0.0005;

void set_table_init(struct set_table *t)
{
	t->count = 0;
	t->full = false;
	(void)set_table_number(t, outline_edge(SYMBOL_BEGIN)); /* they become ROW_BEGIN */
	(void)set_table_number(t, outline_edge(SYMBOL_END)); /* and ROW_END */
}

uint8_t set_table_number(struct set_table *t, struct symbol_set set)
{
	size_t i = 0;
	while (i < t->count && memcmp(t->sets[i].bits, set.bits, sizeof set.bits) != 0)
		i++;
	if (i == ROWS_MAX_SETS) {
		t->full = true;
		return 0;
	}
	if (i == t->count) {
		t->sets[i] = set;
		t->shares[i] = symbol_set_share(set);
		t->count++;
	}
	return (uint8_t)i;
}

static double cost_of(const struct set_table *t, const struct rows *rows)
{
	double cost = 0;
	for (size_t i = 0; i < rows->count; i++) {
		double times = usual_length;
		bool tells = false;
		for (size_t j = 0; j < rows->items[i].count; j++) {
			uint8_t set = rows->items[i].sets[j];
			times *= t->shares[set];
			tells = tells || (set != ROW_BEGIN && set != ROW_END && t->shares[set] < 1);
		}
		cost += tells ? times : usual_length;
	}
	return cost;
}

static bool add_row(struct rows *rows, const struct row *row)
{
	for (size_t i = 0; i < rows->count; i++) {
		if (rows->items[i].count == row->count &&
			memcmp(rows->items[i].sets, row->sets, row->count) == 0)
			return true;
	}
	if (rows->count == OUTLINE_MAX_ROWS)
		return false;
	rows->items[rows->count++] = *row;
	return true;
}

struct rows rows_of_set(uint8_t set)
{
	return (struct rows){ .items = { { .sets = { set }, .count = 1 } }, .count = 1 };
}

struct rows rows_join(const struct set_table *t, const struct rows *a, const struct rows *b)
{
	struct rows both = *a;
	for (size_t i = 0; i < b->count; i++) {
		if (!add_row(&both, &b->items[i]))
			return (struct rows){ .count = 0 };
	}
	both.cost = cost_of(t, &both);
	return both;
}

void row_run_start(struct row_run *run)
{
	run->tails.count = 1;
	run->tails.items[0].count = 0;
	run->best.count = run->piece_count = 0;
	run->gap = false;
}

/* In place of the worst if there are too many. */
void row_run_offer(struct row_run *run, const struct rows *rows)
{
	size_t worst = 0;
	if (rows->count == 0 || rows->cost > useless_cost)
		return;
	if (run->piece_count < OUTLINE_MAX_PIECES) {
		run->pieces[run->piece_count++] = *rows;
		return;
	}
	for (size_t i = 1; i < OUTLINE_MAX_PIECES; i++)
		worst = run->pieces[i].cost > run->pieces[worst].cost ? i : worst;
	if (run->pieces[worst].cost > rows->cost)
		run->pieces[worst] = *rows;
}

const struct rows *row_run_best(const struct row_run *run)
{
	const struct rows *best = NULL;
	for (size_t i = 0; i < run->piece_count; i++)
		best = best && best->cost <= run->pieces[i].cost ? best : &run->pieces[i];
	return best;
}

/* Shorter rows do where they are rare enough, and fewer of them are different. */
static void shorten(struct rows *rows, const struct set_table *t)
{
	bool shorter = true;
	while (shorter) {
		struct rows next = { .count = 0 };
		shorter = false;
		for (size_t i = 0; i < rows->count; i++) {
			struct row row = rows->items[i];
			row.count = (uint8_t)(row.count > 1 ? row.count - 1 : 1);
			shorter = shorter || row.count < rows->items[i].count;
			(void)add_row(&next, &row); /* they are no more than before */
		}
		next.cost = cost_of(t, &next);
		shorter = shorter && next.cost < short_cost;
		if (shorter)
			*rows = next;
	}
}

void row_run_tidy(struct row_run *run, const struct set_table *t)
{
	double cost = 1;
	for (size_t i = 0; i < run->piece_count; i++) {
		for (size_t j = i + 1; j < run->piece_count; j++) {
			if (run->pieces[j].cost < run->pieces[i].cost) {
				struct rows better = run->pieces[j];
				run->pieces[j] = run->pieces[i];
				run->pieces[i] = better;
			}
		}
		shorten(&run->pieces[i], t);
		cost *= run->pieces[i].cost < 1 ? run->pieces[i].cost : 1;
		if (cost < rare_cost)
			run->piece_count = i + 1;
	}
}

void row_run_break(struct row_run *run)
{
	row_run_offer(run, &run->best);
	run->best.count = run->tails.count = 0;
	run->gap = true;
}

/* Nothing stands before the beginning: what does is where no match is, or takes no text. Behind
 * the end the same. */
static bool join_rows(const struct row *a, const struct row *b, struct row *out)
{
	*out = *b;
	if (b->count == 0)
		*out = *a;
	if (a->count == 0 || b->count == 0 || b->sets[0] == ROW_BEGIN)
		return true;
	if (a->sets[a->count - 1] == ROW_END || a->count + b->count > OUTLINE_MAX_SETS)
		return false;
	*out = *a;
	memcpy(out->sets + a->count, b->sets, b->count);
	out->count = (uint8_t)(a->count + b->count);
	return true;
}

static bool multiply(const struct rows *a, const struct rows *b, struct rows *out)
{
	out->count = 0;
	for (size_t i = 0; i < a->count; i++) {
		for (size_t j = 0; j < b->count; j++) {
			struct row row;
			if (!join_rows(&a->items[i], &b->items[j], &row) || !add_row(out, &row))
				return false;
		}
	}
	return true;
}

static void offer_tails(struct row_run *run, const struct set_table *t)
{
	run->tails.cost = cost_of(t, &run->tails);
	if (run->best.count == 0 || run->tails.cost < run->best.cost)
		run->best = run->tails;
}

void row_run_add(struct row_run *run, const struct set_table *t, struct rows choices)
{
	struct rows grown;
	if (run->tails.count && multiply(&run->tails, &choices, &grown)) {
		run->tails = grown;
	} else {
		row_run_break(run);
		run->tails = choices;
	}
	offer_tails(run, t);
}
