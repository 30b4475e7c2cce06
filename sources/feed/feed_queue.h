/* Which feed is asked next: those whose time has come, and of one host one at a time, with a pause
 * between two. Pure: times are arguments, and so is everything else.
 *
 *     OUT      feed_queue_put     LATER
 *     LATER    feed_queue_take    TAKEN    its time has come and its host is free
 *     LATER    feed_queue_take    BEHIND   its host is busy: it waits in line for it
 *     BEHIND   feed_queue_done    LATER    the first in line, for when the host may be asked
 *     TAKEN    feed_queue_done    OUT
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct feed_queue;

/* For feeds 0 to count - 1, all OUT. */
struct feed_queue *feed_queue_create(size_t count, int64_t host_pause_us);
void feed_queue_destroy(struct feed_queue *q); /* takes NULL */

/* Where the feed is asked the next time: before its first put, and only while it is OUT. Two
 * hosts may share what is remembered of a host, which only makes them wait for each other. */
void feed_queue_set_url(struct feed_queue *q, size_t feed, struct str url);
/* Whether that is where the feed was set to. */
bool feed_queue_is_there(const struct feed_queue *q, size_t feed, struct str url);
/* Asked again then. One that is LATER is moved; one that is BEHIND stays there; not for TAKEN. */
void feed_queue_put(struct feed_queue *q, size_t feed, int64_t at_us);
/* Asked no more. Not for TAKEN. */
void feed_queue_remove(struct feed_queue *q, size_t feed);
/* The next one whose time has come; false: none now. */
bool feed_queue_take(struct feed_queue *q, int64_t now_us, size_t *feed);
/* The answer of one that was taken is there; its host may be asked again after the pause (counted
 * from the request), and not before not_before_us. */
void feed_queue_done(struct feed_queue *q, size_t feed, int64_t now_us, int64_t not_before_us);
/* When to call take again if nothing else happens; INT64_MAX: never. */
int64_t feed_queue_next_us(const struct feed_queue *q);
/* When the feed is asked again; INT64_MAX: OUT, TAKEN, or BEHIND. */
int64_t feed_queue_at_us(const struct feed_queue *q, size_t feed);
