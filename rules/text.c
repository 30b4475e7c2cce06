#include "rules/text.h"

#include <string.h>

#include "base/fold_table.h"
#include "base/mem.h"
#include "base/utf8.h"

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

/* Does an apostrophe after this much of a word belong to it? */
static bool joins(const char *word, size_t n)
{
	static const char pronouns[] = "jnmtsc";
	if (n == 1)
		return memchr(pronouns, word[0], sizeof pronouns - 1) != NULL;
	return n == 7 && memcmp(word, "aujourd", 7) == 0;
}

/* The length of a spaceless character at p[i], or 0. All of them take three bytes or more. */
static size_t spaceless_at(const char *p, size_t i, size_t n)
{
	uint32_t c;
	if ((unsigned char)p[i] < 0xE0)
		return 0;
	size_t step = utf8_read((struct str){ p, n }, i, &c);
	return fold_entry(c)->class & FOLD_SPACELESS ? step : 0;
}

/* Space and controls, and the characters that RFC 3986 keeps out of links. */
static bool ends_link(char c)
{
	static const bool out[128] = { ['<'] = true,
		['>'] = true,
		['"'] = true,
		['{'] = true,
		['}'] = true,
		['|'] = true,
		['\\'] = true,
		['^'] = true,
		['`'] = true,
		[0x7F] = true };
	unsigned char u = (unsigned char)c;
	return u <= ' ' || (u < 0x80 && out[u]);
}

size_t text_link_end(const char *p, size_t i, size_t n)
{
	struct str rest = { p + i, n - i };
	if (rest.n < 4 || (p[i] != 'h' && p[i] != 'w'))
		return 0;
	if (!str_starts(rest, STR("http://")) && !str_starts(rest, STR("https://")) &&
		!str_starts(rest, STR("www.")))
		return 0;
	while (i < n && !ends_link(p[i]))
		i++;
	return i;
}

/* Cuts the run of word characters from `from`, before n, into words, apostrophes joined. */
static size_t add_run(struct text *t, size_t from, size_t n, unsigned flags)
{
	const char *p = t->folded.p;
	size_t start = from, letters = from, i = from;
	while (i < n) {
		if (i == start && i > from && !(flags & WORD_SHUT) && text_link_end(p, i, n))
			return i; /* a link that touches a spaceless character */
		size_t step = fold_is_word(p[i]) ? spaceless_at(p, i, n) : 0;
		if (step) {
			if (i > start)
				add_word(&t->words, start, i, flags);
			add_word(&t->words, i, i + step, flags | WORD_SPACELESS);
			i += step;
			start = letters = i;
		} else if (fold_is_word(p[i])) {
			i++;
		} else if (p[i] == '\'' && i + 1 < n && fold_is_word(p[i + 1]) &&
			!spaceless_at(p, i + 1, n) && joins(p + letters, i - letters) &&
			!text_link_end(p, i + 1, n)) {
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

static bool word_at(const char *p, size_t i, size_t n)
{
	return i < n && fold_is_word(p[i]);
}

/* A word character of a script with spaces, which a sign, link or word needs to be parted from. */
static bool letter_at(const char *p, size_t i, size_t n)
{
	return word_at(p, i, n) && !spaceless_at(p, i, n);
}

static bool letter_before(const char *p, size_t i)
{
	if (i == 0 || !fold_is_word(p[i - 1]))
		return false;
	size_t at = utf8_floor((struct str){ p, i }, i - 1);
	return !spaceless_at(p, at, i);
}

static size_t letters_end(const char *p, size_t i, size_t n)
{
	while (letter_at(p, i, n)) {
		i++;
		while (i < n && ((unsigned char)p[i] & 0xC0) == 0x80)
			i++;
	}
	return i;
}

/* The end of a handle's body from p[i]: letters, with single dots and hyphens between, and once
 * an "@", whose place goes to *host. */
static size_t handle_end(const char *p, size_t i, size_t n, size_t *host)
{
	*host = 0;
	for (;;) {
		i = letters_end(p, i, n);
		bool joint = i < n && (p[i] == '.' || p[i] == '-' || (p[i] == '@' && !*host));
		if (!joint || !letter_at(p, i + 1, n) || text_link_end(p, i + 1, n))
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

/* Cuts a hashtag's body at the seams that its letters show in the original text. */
static void add_parts(struct text *t, size_t from, size_t to)
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
	if (start == from) {
		t->parts.count = kept; /* no seam: the body itself is the word */
		return;
	}
	add_part(t, start, to, &first);
}

static size_t add_tag(struct text *t, size_t i)
{
	const char *p = t->folded.p;
	size_t n = t->folded.n, end = i;
	/* A link may touch a spaceless character, and is then no part of the body. */
	while (word_at(p, end, n) &&
		(letter_before(p, end) || end == i || !text_link_end(p, end, n)))
		end++;
	add_entity(t,
		(struct text_entity){
			.from = (uint32_t)i, .to = (uint32_t)end, .kind = ENTITY_TAG });
	add_parts(t, i, end);
	return i; /* the body is a word like any other */
}

static size_t add_handle(struct text *t, size_t i)
{
	size_t host, end = handle_end(t->folded.p, i, t->folded.n, &host);
	add_entity(t,
		(struct text_entity){ .from = (uint32_t)i,
			.to = (uint32_t)end,
			.host = (uint32_t)host,
			.kind = ENTITY_HANDLE });
	return add_shut(t, i, end);
}

static size_t add_cashtag(struct text *t, size_t i)
{
	size_t end = letters_end(t->folded.p, i, t->folded.n);
	add_entity(t,
		(struct text_entity){
			.from = (uint32_t)i, .to = (uint32_t)end, .kind = ENTITY_CASHTAG });
	return i;
}

/* What the sign at i begins, if anything. Returns where to go on. */
static size_t add_signed(struct text *t, size_t i)
{
	const char *p = t->folded.p;
	size_t n = t->folded.n;
	if (p[i] == '#' && word_at(p, i + 1, n) && (i == 0 || !fold_is_word(p[i - 1])))
		return add_tag(t, i + 1);
	if (p[i] == '@' && letter_at(p, i + 1, n) && !letter_before(p, i) &&
		!text_link_end(p, i + 1, n))
		return add_handle(t, i + 1);
	if (p[i] == '$' && letter_at(p, i + 1, n) && !letter_before(p, i))
		return add_cashtag(t, i + 1);
	return i + 1;
}

void text_set(struct text *t, struct str original)
{
	t->original = original;
	t->words.count = t->parts.count = t->entity_count = 0;
	folded_set(&t->folded, original);
	const char *p = t->folded.p;
	size_t n = t->folded.n;
	for (size_t i = 0; i < n;) {
		if (fold_is_word(p[i])) {
			size_t end = text_link_end(p, i, n);
			i = end ? add_shut(t, i, end) : add_run(t, i, n, 0);
		} else if (p[i] == '#' || p[i] == '@' || p[i] == '$') {
			i = add_signed(t, i);
		} else {
			i++;
		}
	}
}
