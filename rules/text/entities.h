/* The hashtags, handles, cashtags and links of a text, with their places in the original: what
 * `text_set` found, in order, for people and other programs. Stricter than matching in one thing: a
 * cashtag is one to six letters, perhaps with one or two behind a dot or "_", after white space and
 * before white space or ASCII punctuation. */
#pragma once

#include "rules/text/text.h"

enum entity_kind { KIND_TAG, KIND_HANDLE, KIND_CASHTAG, KIND_LINK };

struct entity {
	enum entity_kind kind;
	uint32_t from, to; /* bytes of the original, with the sign */
};

/* Goes on from *next, 0 at first. False after the last one. */
struct entities {
	const struct text *text;
	size_t next_entity, next_link;
};

static inline struct entities entities_of(const struct text *text)
{
	return (struct entities){ text, 0, 0 };
}

bool entities_next(struct entities *all, struct entity *entity);
