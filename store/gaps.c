#include "store/gaps.h"

#include <errno.h>

#include "base/utf8.h"
#include "store/sql.h"

enum { KINDS = 3 };

static int refuse_name(struct store *s, struct str source, struct str part)
{
	if (source.n <= STORE_MAX_NAME_BYTES && part.n <= STORE_MAX_NAME_BYTES * 4)
		return 0;
	sql_message(s, "name of a source or of its part is too long to be stored");
	return -EMSGSIZE;
}

/* What is absent is stored as empty. */
static void query_words(struct query *q, struct str text)
{
	query_text(q, text.p ? text : STR(""));
}

static int put_gap(struct store *s, const struct store_gap *gap)
{
	struct query q = query_start(s, SQL_PUT_GAP);
	query_words(&q, gap->source);
	query_words(&q, gap->part);
	query_int(&q, gap->from_us);
	query_int(&q, gap->to_us);
	query_int(&q, gap->kind);
	query_int(&q, gap->told);
	query_words(
		&q, str_slice(gap->reason, 0, utf8_floor(gap->reason, STORE_MAX_MESSAGE_BYTES)));
	int result = query_run(&q);
	if (result != 0)
		return result;
	q = query_start(s, SQL_DROP_OLD_GAPS);
	query_int(&q, STORE_MAX_GAPS);
	return query_run(&q);
}

int store_put_gap(struct store *s, const struct store_gap *gap)
{
	bool own;
	int result = refuse_name(s, gap->source, gap->part);
	if (result == 0)
		result = sql_enter(s, &own);
	return result == 0 ? sql_leave(s, own, put_gap(s, gap)) : result;
}

int store_drop_gap(struct store *s, struct str source, struct str part, int64_t from_us)
{
	struct query q = query_start(s, SQL_DROP_GAP);
	query_words(&q, source);
	query_words(&q, part);
	query_int(&q, from_us);
	return query_run(&q);
}

static int copy_gap(struct query *q, struct arena *arena, struct store_gap *gap)
{
	const struct str source = query_get_text(q, 0), part = query_get_text(q, 1),
			 reason = query_get_text(q, 6);
	const int64_t kind = query_get_int(q, 4);
	if (!source.p || !part.p || !reason.p)
		return sql_fail(q->store, SQLITE_NOMEM);
	if (kind < 0 || kind >= KINDS)
		return sql_fail(q->store, SQLITE_CORRUPT);
	*gap = (struct store_gap){ .source = arena_str(arena, source),
		.part = arena_str(arena, part),
		.from_us = query_get_int(q, 2),
		.to_us = query_get_int(q, 3),
		.kind = (int)kind,
		.told = query_get_int(q, 5) != 0,
		.reason = arena_str(arena, reason) };
	return gap->source.p && gap->part.p && gap->reason.p ? 0 : -EMSGSIZE;
}

int store_gaps(struct store *s, const struct store_gap_filter *filter, struct arena *arena,
	struct store_gap **gaps, size_t *count)
{
	const size_t limit = filter->limit && filter->limit < STORE_MAX_GAPS ? filter->limit
									     : STORE_MAX_GAPS;
	struct query q = query_start(s, SQL_COUNT_GAPS);
	query_text(&q, filter->source);
	query_int(&q, filter->after_us);
	query_int(&q, filter->open);
	int result = query_step(&q);
	if (result != 1)
		return result;
	size_t size = (size_t)query_get_int(&q, 0);
	query_end(&q);
	size = size < limit ? size : limit;
	struct store_gap *items = arena_array(arena, struct store_gap, size + 1);
	if (!items)
		return -EMSGSIZE;
	q = query_start(s, SQL_GAPS);
	query_text(&q, filter->source);
	query_int(&q, filter->after_us);
	query_int(&q, filter->open);
	query_int(&q, (int64_t)size);
	size_t n = 0;
	while (n < size && (result = query_step(&q)) == 1) {
		result = copy_gap(&q, arena, &items[n]);
		if (result != 0)
			break;
		n++;
	}
	query_end(&q);
	if (result < 0)
		return result;
	*gaps = items;
	*count = n;
	return 0;
}

int store_put_source(struct store *s, struct str name, const struct store_source *source)
{
	int result = refuse_name(s, name, STR(""));
	if (result != 0)
		return result;
	struct query q = query_start(s, SQL_PUT_SOURCE);
	query_words(&q, name);
	query_int(&q, source->alive_us);
	query_int(&q, source->last_record_us);
	query_words(&q, source->silence.n <= STORE_MAX_SILENCE_BYTES ? source->silence : STR(""));
	return query_run(&q);
}

int store_source(struct store *s, struct str name, struct arena *arena, struct store_source *source)
{
	struct query q = query_start(s, SQL_SOURCE);
	query_words(&q, name);
	*source = (struct store_source){ 0 };
	int result = query_step(&q);
	if (result != 1)
		return result;
	const struct str silence = query_get_text(&q, 2);
	result = silence.p ? 0 : sql_fail(s, SQLITE_NOMEM);
	*source = (struct store_source){ .alive_us = query_get_int(&q, 0),
		.last_record_us = query_get_int(&q, 1),
		.silence = arena_str(arena, silence) };
	query_end(&q);
	return result == 0 && !source->silence.p ? -EMSGSIZE : result;
}
