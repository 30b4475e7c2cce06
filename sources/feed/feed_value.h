/* What stands in an element of a feed: text, or markup that becomes text again, since HTML is read
 * from text. */
#pragma once

#include "sources/feed/feed_build.h"
#include "sources/feed/feed_names.h"

/* The value being read. */
struct feed_value {
	enum feed_name field; /* FEED_NAME_NONE: none */
	enum feed_text kind;
	bool escape; /* text is written as HTML, since tags are real ones */
	bool guess_markup; /* a tag makes it HTML */
	bool permanent, no_link; /* guid */
	size_t depth; /* of elements within it; counted by the caller */
	struct buf raw;
};

/* raw keeps its memory. old_atom: 0.3. */
void feed_value_begin(struct feed_value *v, const struct feed_xml_element *e, enum feed_name field,
	bool old_atom);
void feed_value_text(struct feed_value *v, struct str text);
/* A tag within it, and its end. */
void feed_value_tag(struct feed_value *v, const struct feed_xml_element *e);
void feed_value_end_tag(struct feed_value *v, struct str name);

/* What a feed says about itself: language, ttl, hours and days to skip. Other fields do nothing. */
void feed_value_setting(struct feed_builder *b, enum feed_name field, struct str raw);
