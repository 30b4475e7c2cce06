#include "rules/text/text_units.h"

#include <string.h>

#include "base/mem.h"

void text_units_finish(struct text_units *u)
{
	mem_free(u->items);
	*u = (struct text_units){ 0 };
}

static void add(struct text_units *u, const struct text *text, uint32_t from, uint32_t to)
{
	if (u->count == u->size) {
		u->size = u->size ? u->size * 2 : 64;
		u->items = mem_resize(u->items, u->size, sizeof *u->items);
	}
	struct text_unit *unit = &u->items[u->count++];
	folded_span(&text->folded, from, to, &unit->from, &unit->to);
}

/* The first handle that ends behind folded byte `at`; entities before `from` end before it. */
static size_t next_handle(const struct text *text, size_t from, uint32_t at)
{
	while (from < text->entity_count &&
		(text->entities[from].kind != ENTITY_HANDLE || text->entities[from].to <= at))
		from++;
	return from;
}

/* Nothing that parts two links: white space, and what RFC 3986 keeps out of them. */
static bool in_one_link(const struct text *text, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		char c = text->folded.p[i];
		if ((unsigned char)c <= ' ' || memchr("<>\"{}|\\^`\x7F", c, 10))
			return false;
	}
	return true;
}

void text_units_set(struct text_units *u, const struct text *text)
{
	const struct text_words *words = &text->words;
	size_t entity = 0;
	u->count = 0;
	for (size_t i = 0; i < words->count;) {
		struct text_word w = words->items[i++];
		uint32_t to = w.to;
		if (w.flags & WORD_SHUT) {
			entity = next_handle(text, entity, w.from);
			bool left = entity < text->entity_count;
			uint32_t begin = left ? text->entities[entity].from : UINT32_MAX;
			uint32_t end = left && begin <= w.from ? text->entities[entity].to : 0;
			while (i < words->count && words->items[i].flags & WORD_SHUT &&
				words->items[i].from < (end ? end : begin) &&
				(end || in_one_link(text, to, words->items[i].from)))
				to = words->items[i++].to;
		}
		add(u, text, w.from, to);
	}
}

/* How many of the sorted bytes are below, or at, `byte`. */
uint32_t text_units_before(const struct text_units *u, uint32_t byte)
{
	size_t low = 0, high = u->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (u->items[middle].to <= byte)
			low = middle + 1;
		else
			high = middle;
	}
	return (uint32_t)low;
}

uint32_t text_units_until(const struct text_units *u, uint32_t byte)
{
	size_t low = 0, high = u->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (u->items[middle].from < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return (uint32_t)low;
}
