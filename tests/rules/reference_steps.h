/* A text as the oracle reads it: folded characters and where each is from. */
#pragma once

#include <string.h>

#include "base/fold.h"
#include "base/str.h"

enum region { PLAIN, LINK, HANDLE };

/* One folded character and where it is from. */
struct step {
	uint32_t c;
	size_t from, to; /* in the text */
	bool first; /* of what its source folds to */
	uint32_t source;
	unsigned source_class; /* fold_class of its source */
	enum region region;
	bool bare; /* in a link of a bare host */
};

struct steps {
	struct str text;
	struct step *items;
	size_t count, size;
};

static inline uint32_t at(const struct steps *s, size_t i)
{
	return i < s->count ? s->items[i].c : 0;
}

static inline bool is_word(const struct steps *s, size_t i)
{
	uint32_t c = at(s, i);
	return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static inline bool is_spaceless(const struct steps *s, size_t i)
{
	return is_word(s, i) && (fold_class(at(s, i)) & FOLD_SPACELESS);
}

/* A character that needs a boundary beside it. */
static inline bool is_tight(const struct steps *s, size_t i)
{
	return is_word(s, i) && !is_spaceless(s, i);
}

static inline bool begins(const struct steps *s, size_t i, const char *ascii)
{
	for (size_t k = 0; ascii[k]; k++) {
		if (at(s, i + k) != (unsigned char)ascii[k])
			return false;
	}
	return true;
}

static inline bool one_of(uint32_t c, const char *ascii)
{
	return c > 0 && c < 0x80 && strchr(ascii, (int)c);
}

static inline void mark(struct steps *s, size_t from, size_t to, enum region region)
{
	for (size_t i = from; i < to; i++)
		s->items[i].region = region;
}

/* Marks what stands in links, and after that in handles. */
void mark_links(struct steps *s);
void mark_handles(struct steps *s);

/* Steps from..to-1. */
struct word {
	size_t from, to;
};

struct words {
	struct word *items;
	size_t count, size;
};

struct steps steps_of(struct str text);
void steps_finish(struct steps *s);
struct words words_of(const struct steps *s);
bool begins_handle(const struct steps *s, size_t i);
/* Where the handle that begins with the "@" at i ends; i + 1 if there is none. */
size_t handle_end(const struct steps *s, size_t i);
/* Where the name in @name@example.org ends; without a second "@", the handle. */
size_t name_end(const struct steps *s, size_t i);

/* The hashtag whose "#" is at i: does it begin there, where does its body end, with and without the
 * marks at its end. */
bool begins_tag(const struct steps *s, size_t i);
size_t tag_end(const struct steps *s, size_t i);
size_t tag_end_unmarked(const struct steps *s, size_t i);
/* The parts of a run of word characters in its body. */
struct words parts_of(const struct steps *s, struct word run);
