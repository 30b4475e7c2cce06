#include "rules/text/text.h"

#include <string.h>

#include "base/mem.h"
#include "rules/text/letters.h"

void text_init(struct text *t)
{
	*t = (struct text){ 0 };
	folded_init(&t->folded);
}

void text_finish(struct text *t)
{
	folded_finish(&t->folded);
	mem_free(t->words.items);
	mem_free(t->parts.items);
	mem_free(t->entities);
	mem_free(t->links);
	*t = (struct text){ 0 };
}

static void add_word(struct text_words *list, size_t from, size_t to, unsigned flags)
{
	if (list->count == list->size) {
		list->size = list->size ? list->size * 2 : 64;
		list->items = mem_resize(list->items, list->size, sizeof *list->items);
	}
	if (list->count && list->items[list->count - 1].to == from)
		flags |= WORD_GLUED;
	list->items[list->count++] = (struct text_word){ (uint32_t)from, (uint32_t)to,
		(uint8_t)flags };
}

static void add_entity(struct text *t, struct text_entity entity)
{
	if (t->entity_count == t->entity_size) {
		t->entity_size = t->entity_size ? t->entity_size * 2 : 16;
		t->entities = mem_resize(t->entities, t->entity_size, sizeof *t->entities);
	}
	t->entities[t->entity_count++] = entity;
}

bool text_is_letter(uint32_t c)
{
	/* The zeros of the decimal digits that folding leaves: nine more follow each. */
	static const uint16_t zeros[] = { 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6,
		0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040,
		0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
		0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0 };
	if (c < 0x80)
		return c >= 'a' && c <= 'z';
	for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++) {
		if (c >= zeros[i] && c < zeros[i] + 10u)
			return false;
	}
	return true;
}

bool text_is_tag_mark(uint32_t c)
{
	static const uint16_t marks[] = { 0x00B7, 0x05BE, 0x05F3, 0x05F4, 0x0F0B, 0x0F0C, 0x3003,
		0x301C, 0x309B, 0x309C, 0x30A0, 0x30FB, 0xA67E, 0xFF5E };
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		if (c == marks[i])
			return true;
	}
	return false;
}

/* Does an apostrophe after this much of a word belong to it? */
static bool joins(const char *word, size_t n)
{
	static const char pronouns[] = "jnmtsc";
	if (n == 1)
		return memchr(pronouns, word[0], sizeof pronouns - 1) != NULL;
	return n == 7 && memcmp(word, "aujourd", 7) == 0;
}

/* Cuts the run of word characters from `from`, before n, into words, apostrophes joined. */
static size_t add_run(struct text *t, size_t from, size_t n, unsigned flags)
{
	const char *p = t->folded.p;
	size_t start = from, letters = from, i = from;
	while (i < n) {
		if ((unsigned char)p[i] < 0x80 && fold_is_word(p[i])) {
			i++; /* nearly always */
			continue;
		}
		size_t step = fold_is_word(p[i]) ? spaceless_at(p, i, n) : 0;
		if (step) {
			if (i > start)
				add_word(&t->words, start, i, flags);
			add_word(&t->words, i, i + step, flags | WORD_SPACELESS);
			i += step;
			start = letters = i;
		} else if (fold_is_word(p[i])) {
			i++;
		} else if (p[i] == '\'' && tight_at(p, i + 1, n) &&
			joins(p + letters, i - letters)) {
			letters = ++i;
		} else {
			break;
		}
	}
	if (i > start)
		add_word(&t->words, start, i, flags);
	return i;
}

/* The words of a URL or handle. Returns `to`. */
static size_t add_shut(struct text *t, size_t from, size_t to)
{
	while (from < to)
		from = fold_is_word(t->folded.p[from]) ? add_run(t, from, to, WORD_SHUT) : from + 1;
	return to;
}

/* The end of a handle's body from p[i]: letters, with single dots and hyphens between, and once
 * an "@", whose place goes to *host. */
static size_t handle_end(const char *p, size_t i, size_t n, size_t *host)
{
	*host = 0;
	for (;;) {
		i = tight_end(p, i, n);
		bool joint = i < n && (p[i] == '.' || p[i] == '-' || (p[i] == '@' && !*host));
		if (!joint || !tight_at(p, i + 1, n))
			return i;
		if (p[i] == '@')
			*host = i;
		i++;
	}
}

/* Where a new part begins: at c, with the characters before and behind it. */
static bool is_seam(unsigned before, unsigned c, unsigned next)
{
	if ((before | c) & FOLD_SPACELESS)
		return true;
	if (!(c & FOLD_UPPER))
		return false;
	return (before & FOLD_WORD && !(before & FOLD_UPPER)) ||
		(before & FOLD_UPPER && next & FOLD_LOWER);
}

static void add_part(struct text *t, size_t from, size_t to, bool *first)
{
	if (from == to)
		return;
	add_word(&t->parts, from, to, *first ? WORD_FIRST_PART : 0);
	*first = false;
}

/* Cuts a hashtag's body, or a part of it between marks, at the seams that its letters show in the
 * original text. */
static void add_parts(struct text *t, size_t from, size_t to, bool whole)
{
	const struct folded *f = &t->folded;
	size_t kept = t->parts.count, start = from;
	bool first = true;
	unsigned before = 0;
	for (size_t i = from; i < to;) {
		uint32_t c, next = 0;
		size_t end = i + 1;
		(void)utf8_read(t->original, f->from[i], &c);
		while (end < to && f->from[end] == f->from[i])
			end++;
		if (f->from[end] < t->original.n) /* what vanished is passed over */
			(void)utf8_read(t->original, f->from[end], &next);
		if (c == '_' || is_seam(before, fold_class(c), fold_class(next))) {
			add_part(t, start, i, &first);
			start = c == '_' ? end : i;
		}
		before = c == '_' ? 0 : fold_class(c);
		i = end;
	}
	if (start == from && whole) {
		t->parts.count = kept; /* no seam: the body itself is the word */
		return;
	}
	add_part(t, start, to, &first);
}

/* Characters that Twitter takes into a hashtag though they are no word characters: marks of Hebrew
 * and Tibetan, of kana, dashes and the middle dot of Catalan. */
static bool is_tag_mark(const struct text *t, size_t i)
{
	uint32_t c;
	if (t->folded.from[i] >= t->original.n)
		return false;
	(void)utf8_read(t->original, t->folded.from[i], &c);
	return text_is_tag_mark(c);
}

/* What can follow a "#". */
struct tag {
	size_t end, unmarked; /* the body's end; without the marks that end it */
	bool letters;
};

static struct tag read_tag(const struct text *t, size_t i, size_t n)
{
	const char *p = t->folded.p;
	struct tag tag = { i, i, false };
	while (tag.end < n) {
		uint32_t c;
		size_t step = 1;
		if (fold_is_word(p[tag.end])) {
			step = utf8_read((struct str){ p, n }, tag.end, &c);
			tag.letters = tag.letters || text_is_letter(c);
			tag.unmarked = tag.end + step;
		} else if (tag.end == i || !is_tag_mark(t, tag.end)) {
			break;
		}
		tag.end += step;
	}
	return tag;
}

static void add_tag(struct text *t, size_t i, struct tag tag)
{
	const char *p = t->folded.p;
	add_entity(t,
		(struct text_entity){ .from = (uint32_t)i,
			.to = (uint32_t)tag.end,
			.shorter = tag.unmarked < tag.end ? (uint32_t)tag.unmarked : 0,
			.kind = ENTITY_TAG });
	for (size_t body = i, end; i < tag.end; i = end + 1) {
		end = i;
		while (end < tag.end && fold_is_word(p[end]))
			end++;
		if (end > i)
			add_parts(t, i, end, end - i == tag.end - body);
	}
}

/* May a handle begin at the "@" at p[i]? After these signs it is a masked word, after RT it is
 * whom a post repeats. */
static bool begins_handle(const char *p, size_t i)
{
	if (i == 0)
		return true;
	if (i >= 2 && p[i - 2] == 'r' && p[i - 1] == 't' && !tight_before(p, i - 2))
		return true;
	return !tight_before(p, i) && !memchr("!#$%&*@", p[i - 1], 7);
}

/* Returns where to go on. */
static size_t add_handle(struct text *t, size_t i, size_t n)
{
	size_t host, end = handle_end(t->folded.p, i, n, &host);
	if (end < t->folded.n && t->folded.p[end] == '@')
		return i;
	add_entity(t,
		(struct text_entity){ .from = (uint32_t)i,
			.to = (uint32_t)end,
			.shorter = (uint32_t)host,
			.kind = ENTITY_HANDLE });
	return add_shut(t, i, end);
}

/* The end of a cashtag's body: letters, and one or two behind a dot, as in $BRK.B. */
static size_t cashtag_end(const char *p, size_t i, size_t n)
{
	size_t end = tight_end(p, i, n), more = end + 1;
	while (end < n && p[end] == '.' && more < n && p[more] >= 'a' && p[more] <= 'z')
		more++;
	bool joint = more > end + 1 && more <= end + 3 && !tight_at(p, more, n);
	return joint ? more : end;
}

static void add_cashtag(struct text *t, size_t i, size_t n)
{
	add_entity(t,
		(struct text_entity){ .from = (uint32_t)i,
			.to = (uint32_t)cashtag_end(t->folded.p, i, n),
			.kind = ENTITY_CASHTAG });
}

/* What the sign at i begins before n, if anything. Returns where to go on. */
static size_t add_signed(struct text *t, size_t i, size_t n)
{
	const char *p = t->folded.p;
	if (p[i] == '#' && (i == 0 || (!fold_is_word(p[i - 1]) && p[i - 1] != '&'))) {
		struct tag tag = read_tag(t, i + 1, n);
		if (tag.letters)
			add_tag(t, i + 1, tag);
	} else if (p[i] == '@' && tight_at(p, i + 1, n) && begins_handle(p, i)) {
		return add_handle(t, i + 1, n);
	} else if (p[i] == '$' && tight_at(p, i + 1, n) && !tight_before(p, i)) {
		add_cashtag(t, i + 1, n);
	}
	return i + 1; /* the body is a word like any other */
}

static void find_links(struct text *t)
{
	struct link link;
	t->link_count = 0;
	for (size_t i = 0; link_next(t->folded.p, i, t->folded.n, &link);) {
		if (t->link_count == t->link_size) {
			t->link_size = t->link_size ? t->link_size * 2 : 8;
			t->links = mem_resize(t->links, t->link_size, sizeof *t->links);
		}
		t->links[t->link_count++] = link;
		i = link.shut > link.to ? link.shut : link.to;
	}
}

/* Where the next shut words begin, of link k or a later one; else the end. */
static size_t next_shut(const struct text *t, size_t k)
{
	while (k < t->link_count && t->links[k].shut == t->links[k].from)
		k++;
	return k < t->link_count ? t->links[k].from : t->folded.n;
}

void text_set(struct text *t, struct str original)
{
	t->original = original;
	t->words.count = t->parts.count = t->entity_count = 0;
	folded_set(&t->folded, original);
	find_links(t);
	const char *p = t->folded.p;
	size_t link = 0, shut = next_shut(t, 0);
	for (size_t i = 0; i < t->folded.n;) {
		while (link < t->link_count && i >= t->links[link].from && i >= t->links[link].to &&
			i >= t->links[link].shut)
			shut = next_shut(t, ++link);
		bool inside = link < t->link_count && i >= t->links[link].from;
		if (inside && t->links[link].shut > i)
			i = add_shut(t, i, t->links[link].shut);
		else if (fold_is_word(p[i]))
			i = add_run(t, i, shut, 0);
		else if (!inside && (p[i] == '#' || p[i] == '@' || p[i] == '$'))
			i = add_signed(t, i, shut);
		else
			i++;
	}
}
