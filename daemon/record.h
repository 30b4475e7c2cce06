/* One record of a stream as a post: JSON by a map, or a line of plain text. */
#pragma once

#include "model/map.h"

struct record_reader; /* one a thread */

/* map NULL: each record is a text. map must outlive it. */
struct record_reader *record_reader_create(const struct post_map *map);
void record_reader_destroy(struct record_reader *r); /* takes NULL */
/* As post_read; a text is always POST_READ, its bytes that are not UTF-8 become U+FFFD. A byte
 * order mark before the record is none of its bytes. */
enum post_read record_read(struct record_reader *r, struct str record, struct post *post,
	const char **reason, size_t *at);
