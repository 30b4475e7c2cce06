/* A text as terms see it: folded, cut into words, with its hashtags, handles and cashtags.
 *
 * A word is a run of word characters. A character of a script without spaces is a word of its own.
 * An apostrophe between word characters joins them where a French pronoun stands before it (j'ai,
 * s'il, and aujourd'hui), else it parts them (d'EDF, Apple's). Words in URLs and handles are shut:
 * plain terms do not see them. A hashtag's body is a word; where its case or "_" shows seams, its
 * parts are words too, in a list of their own. */
#pragma once

#include "base/fold.h"
#include "rules/text/links.h"

enum {
	WORD_GLUED = 1, /* nothing stands between it and the word before */
	WORD_SPACELESS = 2,
	WORD_SHUT = 4, /* inside a URL or a handle */
	WORD_FIRST_PART = 8, /* the first part of a hashtag */
};

struct text_word {
	uint32_t from, to; /* bytes of the folded text */
	uint8_t flags;
};

enum text_entity_kind { ENTITY_TAG, ENTITY_HANDLE, ENTITY_CASHTAG };

struct text_entity {
	uint32_t from, to; /* the body, without its sign, in the folded text */
	uint32_t shorter; /* where a body ends that means the same: of name@example.org before the
			     "@", of a hashtag before the marks at its end; 0: none */
	enum text_entity_kind kind;
};

struct text_words {
	struct text_word *items;
	size_t count, size;
};

struct text {
	struct str original;
	struct folded folded;
	struct text_words words, parts;
	struct text_entity *entities; /* in order */
	size_t entity_count, entity_size;
	struct link *links; /* in order, in the folded text */
	size_t link_count, link_size;
};

void text_init(struct text *t);
void text_finish(struct text *t); /* takes {0} */
/* Replaces what t held. original must live as long as it is asked about. */
void text_set(struct text *t, struct str original);

static inline struct str text_word(const struct text *t, struct text_word w)
{
	return (struct str){ t->folded.p + w.from, w.to - w.from };
}

/* Of folded characters: is it a letter or mark, which a hashtag needs one of, and no digit or "_"?
 */
bool text_is_letter(uint32_t c);
/* Of characters as written: no word character, but part of a hashtag. */
bool text_is_tag_mark(uint32_t c);
