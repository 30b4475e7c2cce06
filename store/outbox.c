/* The outbox: deliveries by state. The states and what moves them stand in store.h. */
#include <assert.h>
#include <errno.h>
#include <limits.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "store/sql.h"

enum { LIST_ROWS = 1000 };

const char *delivery_state_name(enum delivery_state state)
{
	static const char *const names[] = { "pending", "sent", "dead" };
	assert(state >= OUTBOX_PENDING && state <= OUTBOX_DEAD);
	return names[state];
}

struct rows {
	struct arena *arena;
	struct outbox_row *items;
	size_t count, size;
};

/* Room for one more, or NULL at the ceiling of the arena. */
static struct outbox_row *rows_next(struct rows *rows)
{
	if (rows->count == rows->size) {
		size_t size = rows->size ? rows->size * 2 : 8;
		struct outbox_row *items = arena_array(rows->arena, struct outbox_row, size);
		if (!items)
			return NULL;
		for (size_t i = 0; i < rows->count; i++)
			items[i] = rows->items[i];
		rows->items = items;
		rows->size = size;
	}
	return &rows->items[rows->count];
}

/* Every text of a row is there; absent is a database out of memory. */
static int copy_text(struct query *q, int column, struct arena *arena, struct str *out)
{
	struct str text = query_get_text(q, column);
	if (!text.p)
		return sql_fail(q->store, SQLITE_NOMEM);
	*out = arena_str(arena, text);
	return out->p ? 0 : -EMSGSIZE;
}

static int read_row(struct query *q, bool with_alert, struct arena *arena, struct outbox_row *row)
{
	int64_t severity = query_get_int(q, 5), state = query_get_int(q, 6);
	int64_t attempts = query_get_int(q, 7);
	if (severity < SEVERITY_LOW || severity > SEVERITY_CRITICAL || state < OUTBOX_PENDING ||
		state > OUTBOX_DEAD || attempts < 0)
		return sql_fail(q->store, SQLITE_CORRUPT);
	*row = (struct outbox_row){
		.row = query_get_int(q, 0),
		.severity = (enum severity)severity,
		.state = (enum delivery_state)state,
		.attempts = attempts > UINT_MAX ? UINT_MAX : (unsigned)attempts,
		.created_at_us = query_get_int(q, 8),
		.due_at_us = query_get_int(q, 9),
		.changed_at_us = query_get_int(q, 10),
	};
	const struct {
		int column;
		struct str *to;
	} texts[] = {
		{ 1, &row->id },
		{ 2, &row->alert_id },
		{ 3, &row->target },
		{ 4, &row->rule },
		{ 11, &row->message },
		{ 12, &row->alert },
	};
	size_t count = sizeof texts / sizeof *texts - (with_alert ? 0 : 1);
	int result = 0;
	for (size_t i = 0; result == 0 && i < count; i++)
		result = copy_text(q, texts[i].column, arena, texts[i].to);
	return result;
}

static bool is_busy(int64_t row, const int64_t *busy, size_t busy_count)
{
	for (size_t i = 0; i < busy_count; i++)
		if (busy[i] == row)
			return true;
	return false;
}

static int due_of_severity(struct store *s, struct str target, int severity, int64_t now_us,
	const int64_t *busy, size_t busy_count, size_t limit, struct rows *rows)
{
	struct query q = query_start(s, SQL_DUE);
	query_int(&q, true);
	query_text(&q, target);
	query_int(&q, severity);
	query_int(&q, now_us);
	int result = 0;
	while (rows->count < limit && (result = query_step(&q)) == 1) {
		if (is_busy(query_get_int(&q, 0), busy, busy_count))
			continue;
		struct outbox_row *row = rows_next(rows);
		result = row ? read_row(&q, true, rows->arena, row) : -EMSGSIZE;
		if (result != 0)
			break;
		rows->count++;
	}
	query_end(&q);
	return result == 1 ? 0 : result;
}

int store_due(struct store *s, struct str target, int64_t now_us, const int64_t *busy,
	size_t busy_count, size_t limit, struct arena *arena, struct outbox_row **rows,
	size_t *count)
{
	struct rows found = { .arena = arena };
	bool off;
	int result = store_is_off(s, target, &off);
	if (limit > STORE_MAX_ROWS)
		limit = STORE_MAX_ROWS;
	if (result == 0 && off)
		limit = 0;
	for (int i = SEVERITY_CRITICAL; result == 0 && i >= SEVERITY_LOW; i--)
		result = due_of_severity(s, target, i, now_us, busy, busy_count, limit, &found);
	if (result == -EMSGSIZE && found.count > 0)
		result = 0;
	if (result != 0)
		return result;
	*rows = found.items;
	*count = found.count;
	return 0;
}

/* Of one target, on or off. */
static int next_due_of(struct store *s, struct str target, int64_t after_us, int64_t *due_at_us)
{
	int64_t least = INT64_MAX;
	for (int i = SEVERITY_LOW; i <= SEVERITY_CRITICAL; i++) {
		struct query q = query_start(s, SQL_NEXT_DUE);
		query_text(&q, target);
		query_int(&q, i);
		query_int(&q, after_us);
		int result = query_step(&q);
		if (result < 0)
			return result;
		if (result == 0)
			continue;
		int64_t due = query_get_int(&q, 0);
		if (due < least)
			least = due;
		query_end(&q);
	}
	*due_at_us = least;
	return 0;
}

int store_next_due_of(struct store *s, struct str target, int64_t after_us, int64_t *due_at_us)
{
	bool off;
	int result = store_is_off(s, target, &off);
	if (result != 0)
		return result;
	if (!off)
		return next_due_of(s, target, after_us, due_at_us);
	*due_at_us = INT64_MAX;
	return 0;
}

/* The next target after this one, in order, that has pending deliveries. 1, 0 or -errno. */
static int next_target(struct store *s, struct buf *target)
{
	struct query q = query_start(s, SQL_NEXT_TARGET);
	query_text(&q, buf_str(target));
	int result = query_step(&q);
	if (result != 1)
		return result;
	struct str name = query_get_text(&q, 0);
	if (name.p) {
		buf_clear(target);
		buf_add(target, name);
	} else {
		result = sql_fail(s, SQLITE_NOMEM);
	}
	query_end(&q);
	return result;
}

int store_next_due(struct store *s, int64_t *due_at_us)
{
	/* A few steps in the index for each target, however many deliveries wait. */
	struct buf target;
	buf_init(&target, 0);
	int64_t least = INT64_MAX;
	int result;
	while ((result = next_target(s, &target)) == 1) {
		int64_t due;
		result = store_next_due_of(s, buf_str(&target), INT64_MIN, &due);
		if (result != 0)
			break;
		if (due < least)
			least = due;
	}
	buf_finish(&target);
	if (result == 0)
		*due_at_us = least;
	return result;
}

static struct str cut_message(struct str message)
{
	size_t n = message.n;
	if (n > STORE_MAX_MESSAGE_BYTES)
		n = utf8_floor(message, STORE_MAX_MESSAGE_BYTES);
	return message.p ? str_slice(message, 0, n) : STR("");
}

/* The one place where an attempt ends. due_at_us NULL: stays. message absent: stays. */
static int attempt_ended(struct store *s, int64_t row, enum delivery_state state,
	const int64_t *due_at_us, int64_t now_us, struct str message)
{
	struct query q = query_start(s, SQL_ATTEMPT);
	query_int(&q, row);
	query_int(&q, state);
	if (due_at_us)
		query_int(&q, *due_at_us);
	else
		query_null(&q);
	query_int(&q, now_us);
	query_text(&q, message);
	int result = query_run(&q);
	if (result == 0 && sqlite3_changes64(s->db) == 0) {
		sql_message(s, "no delivery with this number is pending: %lld", (long long)row);
		result = -ENOENT;
	}
	return result;
}

int store_sent(struct store *s, int64_t row, int64_t now_us)
{
	return attempt_ended(s, row, OUTBOX_SENT, NULL, now_us, STR_NONE);
}

int store_retry(struct store *s, int64_t row, int64_t now_us, int64_t due_at_us, struct str message)
{
	return attempt_ended(s, row, OUTBOX_PENDING, &due_at_us, now_us, cut_message(message));
}

int store_dead(struct store *s, int64_t row, int64_t now_us, struct str message)
{
	return attempt_ended(s, row, OUTBOX_DEAD, NULL, now_us, cut_message(message));
}

int store_switch_off(struct store *s, struct str target, int64_t now_us, struct str message)
{
	struct query q = query_start(s, SQL_SWITCH_OFF);
	query_text(&q, target);
	query_text(&q, cut_message(message));
	query_int(&q, now_us);
	return query_run(&q);
}

int store_is_off(struct store *s, struct str target, bool *off)
{
	struct query q = query_start(s, SQL_IS_OFF);
	query_text(&q, target);
	int result = query_step(&q);
	if (result < 0)
		return result;
	*off = result == 1 && query_get_int(&q, 0) != 0;
	if (result == 1)
		query_end(&q);
	return 0;
}

/* The numbers of the rows that a filter chose. */
struct picked {
	int64_t *rows;
	size_t count, size;
};

static void picked_add(struct picked *picked, int64_t row)
{
	if (picked->count == picked->size) {
		picked->size = picked->size ? picked->size * 2 : 64;
		picked->rows = mem_resize(picked->rows, picked->size, sizeof *picked->rows);
	}
	picked->rows[picked->count++] = row;
}

/* 1 with the row, 0 or -errno. */
static int row_of_id(struct store *s, struct str id, int64_t *row)
{
	struct query q = query_start(s, SQL_ROW_OF_ID);
	query_text(&q, id);
	int result = query_step(&q);
	if (result != 1)
		return result;
	*row = query_get_int(&q, 0);
	query_end(&q);
	return 1;
}

/* Adds up to `limit` rows (negative: all) in one state (-1: any), the newest first. */
static int pick(struct store *s, const struct outbox_filter *filter, int state, int64_t limit,
	struct picked *picked)
{
	int64_t from = 0, to = INT64_MAX;
	if (filter->id.p) {
		int found = row_of_id(s, filter->id, &from);
		if (found != 1)
			return found;
		to = from;
	}
	/* What is sent outnumbers the rest by far, so the others are looked for by their index. */
	enum sql which = filter->id.p	  ? SQL_PICK
		: state == OUTBOX_PENDING ? SQL_PICK_PENDING
		: state == OUTBOX_DEAD	  ? SQL_PICK_DEAD
					  : SQL_PICK;
	struct query q = query_start(s, which);
	query_int(&q, state);
	query_text(&q, filter->target);
	query_text(&q, filter->rule);
	query_int(&q, from);
	query_int(&q, to);
	query_int(&q, limit);
	int result;
	while ((result = query_step(&q)) == 1)
		picked_add(picked, query_get_int(&q, 0));
	return result;
}

/* 1 with the row, 0 if it is gone meanwhile, or -errno. */
static int load_row(struct store *s, int64_t number, bool with_alert, struct arena *arena,
	struct outbox_row *row)
{
	struct query q = query_start(s, SQL_ROW);
	query_int(&q, with_alert);
	query_int(&q, number);
	int result = query_step(&q);
	if (result != 1)
		return result;
	result = read_row(&q, with_alert, arena, row);
	query_end(&q);
	return result == 0 ? 1 : result;
}

int store_list(struct store *s, const struct outbox_filter *filter, struct arena *arena,
	struct outbox_row **rows, size_t *count)
{
	size_t limit = filter->limit ? filter->limit : LIST_ROWS;
	if (limit > STORE_MAX_ROWS)
		limit = STORE_MAX_ROWS;
	struct picked picked = { 0 };
	struct rows found = { .arena = arena };
	int result = pick(s, filter, filter->state, (int64_t)limit, &picked);
	for (size_t i = 0; result == 0 && i < picked.count; i++) {
		struct outbox_row *row = rows_next(&found);
		result = row ? load_row(s, picked.rows[i], filter->with_alert, arena, row)
			     : -EMSGSIZE;
		if (result == 1) {
			found.count++;
			result = 0;
		}
	}
	mem_free(picked.rows);
	if (result != 0)
		return result;
	*rows = found.items;
	*count = found.count;
	return 0;
}

static int64_t repair_limit(const struct outbox_filter *filter)
{
	return filter->limit == 0 || filter->limit > INT64_MAX ? -1 : (int64_t)filter->limit;
}

static int revive_row(struct store *s, int64_t row, int64_t now_us)
{
	static const enum sql steps[] = { SQL_SWITCH_ON, SQL_REVIVE };
	int result = 0;
	for (size_t i = 0; result == 0 && i < sizeof steps / sizeof *steps; i++) {
		struct query q = query_start(s, steps[i]);
		query_int(&q, row);
		query_int(&q, now_us);
		result = query_run(&q);
	}
	return result;
}

static int pick_revivable(
	struct store *s, const struct outbox_filter *filter, struct picked *picked)
{
	static const enum delivery_state states[] = { OUTBOX_DEAD, OUTBOX_PENDING };
	int64_t limit = repair_limit(filter);
	int result = 0;
	for (size_t i = 0; result == 0 && i < sizeof states / sizeof *states; i++) {
		if (filter->state >= 0 && filter->state != (int)states[i])
			continue;
		int64_t left = limit < 0 ? limit : limit - (int64_t)picked->count;
		/* With an id the state is looked at, too: one of the two rounds finds it. */
		result = pick(s, filter, (int)states[i], left, picked);
	}
	return result;
}

int store_revive(
	struct store *s, const struct outbox_filter *filter, int64_t now_us, size_t *changed)
{
	struct picked picked = { 0 };
	bool own;
	int result = sql_enter(s, &own);
	if (result != 0)
		return result;
	result = pick_revivable(s, filter, &picked);
	for (size_t i = 0; result == 0 && i < picked.count; i++)
		result = revive_row(s, picked.rows[i], now_us);
	result = sql_leave(s, own, result);
	if (result == 0)
		*changed = picked.count;
	mem_free(picked.rows);
	return result;
}

static int drop_row(struct store *s, int64_t row)
{
	struct query q = query_start(s, SQL_DROP);
	query_int(&q, row);
	return query_run(&q);
}

int store_drop(struct store *s, const struct outbox_filter *filter, size_t *changed)
{
	struct picked picked = { 0 };
	bool own;
	int result = sql_enter(s, &own);
	if (result != 0)
		return result;
	result = pick(s, filter, filter->state, repair_limit(filter), &picked);
	for (size_t i = 0; result == 0 && i < picked.count; i++)
		result = drop_row(s, picked.rows[i]);
	result = sql_leave(s, own, result);
	if (result == 0)
		*changed = picked.count;
	mem_free(picked.rows);
	return result;
}
