/* Which feeds a source asks: addresses from its configuration and from a list in OPML. */
#pragma once

#include "base/arena.h"
#include "base/diag.h"
#include "base/map.h"
#include "base/str.h"
#include "conf/decode.h"

struct feed_urls {
	struct str *items; /* each once */
	size_t count; /* at most FEEDS_MAX of feed_state.h */
	struct map known;
	struct arena memory; /* of those from a list */
};

void feed_urls_init(struct feed_urls *all);
void feed_urls_finish(struct feed_urls *all); /* takes {0} */

/* Whatever is wrong goes to diag. An outline without a usable address is a warning only. */
void feed_urls_add(struct feed_urls *all, struct str_list urls, const struct conf_node *node,
	struct diag *diag);
void feed_urls_add_opml(struct feed_urls *all, struct str path, struct where at, struct diag *diag);
