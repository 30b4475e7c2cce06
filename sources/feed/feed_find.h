/* Where feeds are: named by a web page, or listed in OPML. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/* The first feed that a page names by <link rel="alternate">, absolute, and rather one that is not
 * of comments; absent if there is none. */
struct str feed_find_in_page(struct str html, struct str base, struct arena *arena);

/* Calls found for the href of each <a>, its references read, until it answers false; of the first
 * 2 MiB. */
void feed_find_links(struct str html, bool (*found)(void *ctx, struct str url), void *ctx);

/* Calls found for the xmlUrl of each outline, until it answers false. False: it is no OPML. */
bool feed_find_in_opml(
	struct str bytes, bool (*found)(void *ctx, struct str url, struct str title), void *ctx);
