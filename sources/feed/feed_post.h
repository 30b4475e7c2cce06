/* An entry of a feed as a post. */
#pragma once

#include "base/buf.h"
#include "sources/feed/feed_parse.h"

/* Adds a line of JSON that the map "post" reads. feed_url: makes an id that means something in its
 * feed only unique. */
void feed_post_json(const struct feed_entry *entry, struct str feed_url, struct buf *out);
