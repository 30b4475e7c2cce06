/* The keys of texts and terms: see reference.h. */
#include "base/mem.h"
#include "base/utf8.h"
#include "tests/rules/reference.h"
#include "tests/rules/reference_steps.h"

struct viewer {
	void (*see)(void *ctx, struct str key);
	void *ctx;
	struct buf key;
};

static void add(struct viewer *v, uint32_t c)
{
	char bytes[UTF8_MAX_BYTES];
	buf_add(&v->key, (struct str){ bytes, utf8_write(c, bytes) });
}

static void show(struct viewer *v, const struct steps *s, size_t from, size_t to)
{
	buf_clear(&v->key);
	for (size_t i = from; i < to; i++)
		add(v, at(s, i));
	v->see(v->ctx, buf_str(&v->key));
}

static void show_words(struct viewer *v, const struct steps *s, struct words words)
{
	for (size_t i = 0; i < words.count; i++)
		show(v, s, words.items[i].from, words.items[i].to);
	mem_free(words.items);
}

static void show_tag(struct viewer *v, const struct steps *s, size_t i)
{
	size_t end = tag_end(s, i), from = i + 1;
	show(v, s, from, end);
	show(v, s, from, tag_end_unmarked(s, i));
	for (size_t to = from; to <= end; to++) {
		if (to < end && is_word(s, to))
			continue;
		if (to > from)
			show_words(v, s, parts_of(s, (struct word){ from, to }));
		from = to + 1;
	}
}

void reference_text_keys(struct str text, void (*see)(void *ctx, struct str key), void *ctx)
{
	struct viewer v = { .see = see, .ctx = ctx };
	struct steps s = steps_of(text);
	buf_init(&v.key, 0);
	mark_links(&s);
	mark_handles(&s);
	show_words(&v, &s, words_of(&s));
	for (size_t i = 0; i < s.count; i++) {
		if (begins_tag(&s, i)) {
			show_tag(&v, &s, i);
		} else if (begins_handle(&s, i)) {
			show(&v, &s, i + 1, handle_end(&s, i));
			show(&v, &s, i + 1, name_end(&s, i));
		}
	}
	steps_finish(&s);
	buf_finish(&v.key);
}

static size_t length(struct word w)
{
	return w.to - w.from;
}

/* Its longest word, since each must be there, and all its words joined without apostrophes. */
void reference_term_keys(const struct term *term, void (*see)(void *ctx, struct str key), void *ctx)
{
	struct viewer v = { .see = see, .ctx = ctx };
	if (term->kind != TERM_WORDS || term->gap || term->edits)
		return;
	struct steps s = steps_of(term->letters);
	struct words words = words_of(&s);
	buf_init(&v.key, 0);
	size_t longest = 0;
	for (size_t k = 1; k < words.count; k++) {
		if (length(words.items[k]) > length(words.items[longest]))
			longest = k;
	}
	if (words.count)
		show(&v, &s, words.items[longest].from, words.items[longest].to);
	buf_clear(&v.key);
	for (size_t k = 0; k < words.count; k++) {
		for (size_t i = words.items[k].from; i < words.items[k].to; i++) {
			if (at(&s, i) != '\'')
				add(&v, at(&s, i));
		}
	}
	if (words.count)
		see(ctx, buf_str(&v.key));
	mem_free(words.items);
	steps_finish(&s);
	buf_finish(&v.key);
}
