/* One record of a stream as a post: JSON by a map, or a line of text. Of a log line the message is
 * the text, host and program are the title (so that words find them), the program is the author and
 * the host a tag. */
#pragma once

#include "model/log_line.h"
#include "model/map.h"

struct record_reader; /* one a thread */

/* map NULL: each record is a text. map must outlive it. */
struct record_reader *record_reader_create(const struct post_map *map);
void record_reader_destroy(struct record_reader *r); /* takes NULL */
/* The records that are read next are views of this block. From a place that is known lines of text
 * have ids. Without this call they have none. received_at_us 0: now. */
void record_reader_begin(struct record_reader *r, struct str records, const struct log_place *place,
	int64_t received_at_us);
/* As post_read; a text is always POST_READ, its bytes that are not UTF-8 become U+FFFD. A byte
 * order mark before the record is none of its bytes. */
enum post_read record_read(struct record_reader *r, struct str record, struct post *post,
	const char **reason, size_t *at);
/* As post_reader_map_name; NULL for text. */
const char *record_map_name(const struct record_reader *r);
