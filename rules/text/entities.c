#include "rules/text/entities.h"

#include "base/fold_table.h"
#include "base/utf8.h"

enum { CASHTAG_MAX_LETTERS = 6, CASHTAG_MAX_SHARE_LETTERS = 2 };

/* The place of folded bytes from..to-1 in the original, without what nobody sees at its end. */
static struct entity place(const struct text *t, enum entity_kind kind, size_t from, size_t to)
{
	struct entity e = { .kind = kind };
	struct str s = t->original;
	folded_span(&t->folded, from, to, &e.from, &e.to);
	while (e.to > e.from) {
		uint32_t c;
		size_t last = utf8_floor(s, e.to - 1);
		(void)utf8_read(s, last, &c);
		if (!(fold_entry(c)->class & FOLD_IGNORABLE))
			break;
		e.to = (uint32_t)last;
	}
	return e;
}

static size_t ascii_letters(struct str s, size_t i)
{
	size_t n = 0;
	while (i + n < s.n &&
		((s.p[i + n] >= 'a' && s.p[i + n] <= 'z') ||
			(s.p[i + n] >= 'A' && s.p[i + n] <= 'Z')))
		n++;
	return n;
}

/* White space, and marks of direction. */
static bool is_space(uint32_t c)
{
	return c <= ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200F) ||
		c == 0x2028 || c == 0x2029 || (c >= 0x202A && c <= 0x202F) || c == 0x205F ||
		(c >= 0x2066 && c <= 0x2069) || c == 0x3000;
}

static bool stands_free(struct str s, size_t i)
{
	uint32_t c = ' ';
	if (i > 0)
		(void)utf8_read(s, utf8_floor(s, i - 1), &c);
	return is_space(c);
}

/* The strict cashtag whose "$" is at original byte i. */
static bool read_cashtag(struct str s, size_t i, struct entity *e)
{
	size_t n = ascii_letters(s, i + 1), end = i + 1 + n;
	uint32_t c = ' ';
	if (n == 0 || n > CASHTAG_MAX_LETTERS || !stands_free(s, i))
		return false;
	if (end < s.n && (s.p[end] == '.' || s.p[end] == '_')) {
		size_t share = ascii_letters(s, end + 1);
		if (share > 0 && share <= CASHTAG_MAX_SHARE_LETTERS)
			end += 1 + share;
	}
	if (end < s.n)
		(void)utf8_read(s, end, &c);
	if (c >= 0x80 ? !is_space(c) : c != '_' && fold_class(c) & FOLD_WORD)
		return false;
	*e = (struct entity){ KIND_CASHTAG, (uint32_t)i, (uint32_t)end };
	return true;
}

static bool read_entity(const struct text *t, struct text_entity from, struct entity *e)
{
	size_t sign = from.from - 1;
	switch (from.kind) {
	case ENTITY_TAG:
		*e = place(t, KIND_TAG, sign, from.to);
		return true;
	case ENTITY_HANDLE:
		*e = place(t, KIND_HANDLE, sign, from.to);
		return true;
	case ENTITY_CASHTAG:
		return read_cashtag(t->original, t->folded.from[sign], e);
	}
	return false;
}

bool entities_next(struct entities *all, struct entity *entity)
{
	const struct text *t = all->text;
	for (;;) {
		while (all->next_link < t->link_count && !t->links[all->next_link].whole)
			all->next_link++;
		const struct link *link = all->next_link < t->link_count ? &t->links[all->next_link]
									 : NULL;
		const struct text_entity *next = all->next_entity < t->entity_count
			? &t->entities[all->next_entity]
			: NULL;
		if (!link && !next)
			return false;
		if (link && (!next || link->from < next->from)) {
			*entity = place(t, KIND_LINK, link->from, link->to);
			all->next_link++;
			return true;
		}
		all->next_entity++;
		if (read_entity(t, *next, entity))
			return true;
	}
}
