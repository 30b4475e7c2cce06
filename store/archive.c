/* Reading the archive of matched posts. What writes it is store_add_alert. */
#include <errno.h>

#include "store/sql.h"

/* 0; -EMSGSIZE: the arena is full. */
static int copy_post(struct query *q, struct arena *arena, struct archived_post *post)
{
	struct str source = query_get_text(q, 1), json = query_get_text(q, 2);
	if (!source.p || !json.p)
		return sql_fail(q->store, SQLITE_NOMEM);
	*post = (struct archived_post){ .row = query_get_int(q, 0),
		.source = arena_str(arena, source),
		.json = arena_str(arena, json) };
	return post->source.p && post->json.p ? 0 : -EMSGSIZE;
}

int store_archived(struct store *s, int64_t after, size_t limit, struct arena *arena,
	struct archived_post **posts, size_t *count)
{
	if (limit > STORE_MAX_ROWS)
		limit = STORE_MAX_ROWS;
	struct archived_post *items = arena_array(arena, struct archived_post, limit);
	if (!items)
		return -EMSGSIZE;
	struct query q = query_start(s, SQL_ARCHIVED);
	query_int(&q, after);
	query_int(&q, (int64_t)limit);
	size_t n = 0;
	int result = 0;
	while (n < limit && (result = query_step(&q)) == 1) {
		result = copy_post(&q, arena, &items[n]);
		if (result != 0)
			break;
		n++;
	}
	query_end(&q);
	if (result < 0 && !(result == -EMSGSIZE && n > 0))
		return result;
	*posts = items;
	*count = n;
	return 0;
}
