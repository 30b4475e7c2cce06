/* What stands in an element or value of a feed, as plain text. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum feed_text {
	FEED_TEXT_PLAIN,
	FEED_TEXT_HTML,
	FEED_TEXT_GUESS, /* HTML if it looks so, such as the title of an RSS item */
	FEED_TEXT_BASE64, /* and then a guess */
};

/* Has a tag, or a reference to a character. */
bool feed_looks_like_html(struct str s);
/* White space is folded where the text is no HTML, in a line of its own if `one_line`. At most max
 * bytes, whole characters; *cut is set if there was more. Absent where nothing is left. */
struct str feed_text(struct str raw, enum feed_text kind, bool one_line, size_t max,
	struct arena *arena, bool *cut);
