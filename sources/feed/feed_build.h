/* Puts a feed together from its values, wherever they come from: keeps the ceilings, chooses among
 * links, reads dates and names. */
#pragma once

#include "base/buf.h"
#include "sources/feed/feed_parse.h"
#include "sources/feed/feed_text.h"

enum { FEED_RAW_MAX_BYTES = 2 * 1024 * 1024 }; /* of one value before it is text */

/* The further down the sooner chosen. */
enum feed_link_rank {
	FEED_LINK_NONE,
	FEED_LINK_OTHER,
	FEED_LINK_GUID,
	FEED_LINK_TYPED, /* rel=alternate, but no web page */
	FEED_LINK_ALTERNATE,
	FEED_LINK_PLAIN,
};

/* What belongs to a feed or to an entry while it is read. */
struct feed_draft {
	struct feed_person authors[FEED_MAX_ITEMS];
	struct str tags[FEED_MAX_ITEMS];
	struct feed_link enclosures[FEED_MAX_ITEMS], links[FEED_MAX_ITEMS];
	size_t author_count, tag_count, enclosure_count, link_count;
	enum feed_link_rank link_rank;
	bool weak_author, weak_title, weak_summary, weak_published;
};

struct feed_builder {
	struct arena *arena;
	struct feed *feed;
	size_t entry_room;
	struct feed_entry *entry; /* being read, or NULL */
	struct feed_draft of_feed, of_entry;
};

void feed_build_begin(struct feed_builder *b, struct arena *arena, struct feed *feed);
/* Gives entries what they have from the feed: authors and language. */
void feed_build_end(struct feed_builder *b);
/* False: there are too many. */
bool feed_build_open_entry(struct feed_builder *b);
void feed_build_close_entry(struct feed_builder *b);

/* All these are for the entry being read, or without one for the feed. weak: only until a better
 * one comes. */
void feed_build_title(struct feed_builder *b, struct str raw, enum feed_text kind, bool weak);
void feed_build_summary(struct feed_builder *b, struct str raw, enum feed_text kind, bool weak);
void feed_build_content(struct feed_builder *b, struct str raw, enum feed_text kind);
void feed_build_id(struct feed_builder *b, struct str raw);
void feed_build_lang(struct feed_builder *b, struct str raw);
void feed_build_link(struct feed_builder *b, struct str url, enum feed_link_rank rank);
void feed_build_other_link(struct feed_builder *b, const struct feed_link *link);
void feed_build_enclosure(struct feed_builder *b, const struct feed_link *link);
void feed_build_tag(struct feed_builder *b, struct str raw);
void feed_build_tags(struct feed_builder *b, struct str raw); /* with commas between them */
void feed_build_published(struct feed_builder *b, struct str raw, bool weak);
void feed_build_updated(struct feed_builder *b, struct str raw);
/* "name", "me@example.com", "me@example.com (name)", "name (me@example.com)", "name <me@...>". */
void feed_build_author(struct feed_builder *b, struct str raw, bool weak);
void feed_build_person(struct feed_builder *b, const struct feed_person *person);

/* A short value in the arena: one line, at most FEED_MAX_VALUE_BYTES; absent if empty. */
struct str feed_build_value(struct feed_builder *b, struct str raw, enum feed_text kind);
