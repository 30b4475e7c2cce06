/* WebSub: a hub that tells of a feed's news at once. A feed that names one is subscribed to it, and
 * asked less often while the hub keeps its promise.
 *
 *     OFFERED  feed_hub_tend asks the hub         ASKED
 *     ASKED    feed_hub_verify, by the hub        ACTIVE
 *     ASKED    no word for an hour                asked again
 *     ACTIVE   a quarter of the lease is left     asked again, and stays ACTIVE
 *     ACTIVE   the lease is over                  OFFERED
 *     any      the hub denies                     DENIED, for a day
 *
 * Token and secret of a feed are made of one random key, which is the source's cursor, so that a
 * subscription outlives a restart. */
#pragma once

#include "sources/feed_source.h"

/* What an answer or its document says: Link headers count more than the document. Keeps what is
 * there already if it is the same. */
void feed_hub_offer(struct feed_fetch *fetch);
/* Subscribes, or does so again, if it is time. A request of its own, beside those for feeds. */
void feed_hub_tend(struct feed_source *f, size_t feed);
/* A hub brings what is new, so that the feed need not be asked often. */
bool feed_hub_pushes(const struct feed_source *f, const struct feed_task *task);
/* A poll found what the hub should have brought. */
void feed_hub_missed(struct feed_task *task);
/* What the source's cursor says of the key. */
void feed_hub_load(struct feed_source *f, struct str cursor);
void feed_hub_stop(struct feed_task *task); /* no request is left */
void feed_hub_finish(struct feed_task *task);
