/* What a desktop bubble says: rendered once, escaped for the server that shows it when that is
 * known. Pure; no D-Bus here. */
#pragma once

#include "notifiers/words.h"

enum { BUBBLE_SUMMARY_CHARACTERS = 200, BUBBLE_BODY_CHARACTERS = 1000 };

struct bubble {
	enum severity severity;
	struct str rule, summary, body; /* in the body hits stand between the bytes 1 and 2 */
};

/* Four lines: severity, rule, summary, body. None holds control characters but those of hits. */
void bubble_render(enum language language, const struct alert *alert, struct buf *out);
/* Reads what bubble_render wrote; views into it. False on anything else. */
bool bubble_read(struct str rendered, struct bubble *bubble);

/* The body for a server that reads markup: escaped, hits in <b>. */
void bubble_markup(struct str body, struct buf *out);
/* The body for one that does not: as it is, without the marks. */
void bubble_plain(struct str body, struct buf *out);
