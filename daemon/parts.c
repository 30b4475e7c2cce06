#include "daemon/parts.h"

#include <errno.h>

#include "base/mem.h"

struct part_cursor {
	char *part, *cursor;
	size_t part_bytes, cursor_bytes;
};

static struct str part_of(const struct part_cursor *c)
{
	return (struct str){ c->part, c->part_bytes };
}

static struct str cursor_of(const struct part_cursor *c)
{
	return (struct str){ c->cursor, c->cursor_bytes };
}

static struct part_cursor *find(const struct parts *p, struct str part)
{
	for (size_t i = 0; i < p->count; i++)
		if (str_eq(part_of(&p->items[i]), part))
			return &p->items[i];
	return NULL;
}

static void finish_one(struct part_cursor *c)
{
	mem_free(c->part);
	mem_free(c->cursor);
	*c = (struct part_cursor){ 0 };
}

void parts_finish(struct parts *p)
{
	parts_clear(p);
	mem_free(p->items);
	*p = (struct parts){ 0 };
}

void parts_set(struct parts *p, struct str part, struct str cursor)
{
	struct part_cursor *c = find(p, part);
	if (!c && p->count == p->room) {
		p->room = p->room ? 2 * p->room : 16;
		p->items = mem_resize(p->items, p->room, sizeof *p->items);
	}
	if (c)
		finish_one(c);
	else
		c = &p->items[p->count++];
	*c = (struct part_cursor){
		.part = mem_text(part.p, part.n),
		.part_bytes = part.n,
		.cursor = mem_text(cursor.p, cursor.n),
		.cursor_bytes = cursor.n,
	};
}

void parts_forget(struct parts *p, struct str part)
{
	struct part_cursor *c = find(p, part);
	if (!c)
		return;
	finish_one(c);
	*c = p->items[--p->count];
}

void parts_clear(struct parts *p)
{
	while (p->count)
		finish_one(&p->items[--p->count]);
}

/* No name of a source holds a slash. */
static struct buf row_name(struct str source, struct str part)
{
	struct buf name;
	buf_init(&name, 0);
	buf_addf(&name, "%.*s/%.*s", STR_ARGS(source), STR_ARGS(part));
	return name;
}

int parts_write_one(struct store *store, struct str source, struct str part, struct str cursor)
{
	struct buf name = row_name(source, part);
	const int error = store_set_cursor(store, buf_str(&name), cursor);
	buf_finish(&name);
	return error == -EMSGSIZE ? 0 : error;
}

int parts_write(const struct parts *p, struct store *store, struct str source)
{
	int error = 0;
	for (size_t i = 0; i < p->count && !error; i++)
		error = parts_write_one(
			store, source, part_of(&p->items[i]), cursor_of(&p->items[i]));
	return error;
}

int parts_read(const struct parts *p, struct store *store, struct str source, struct str part,
	struct buf *out)
{
	const struct part_cursor *c = find(p, part);
	if (c) {
		buf_add(out, cursor_of(c));
		return 0;
	}
	struct buf name = row_name(source, part);
	const int error = store_cursor(store, buf_str(&name), out);
	buf_finish(&name);
	return error;
}
