/* The subscriber's side of WebSub that faces the hub: what arrives at our own address. Who has the
 * HTTP server calls these (daemon/websub.c), on the loop's thread. */
#pragma once

#include "sources/source.h"

/* NULL if it is of another type. */
struct feed_source *feed_source_of(struct source *s);
/* Before the source starts. The address under which others reach us, without a slash at its end:
 * subscriptions are for url/websub/NAME/TOKEN. It must outlive the source. */
void feed_websub_enable(struct feed_source *f, struct str public_url);

bool feed_websub_knows(const struct feed_source *f, struct str token);

/* The hub asks whether we want that (a GET): true: answer with the challenge, false: 404. lease_s
 * 0: it names none. */
struct feed_websub_question {
	struct str mode, topic;
	int64_t lease_s;
};
bool feed_websub_verify(
	struct feed_source *f, struct str token, const struct feed_websub_question *question);

/* The hub brings something (a POST). It is answered 2xx whatever becomes of it: one whose signature
 * is wrong is ignored; without a signature it only makes us ask the feed. */
struct feed_websub_push {
	struct str charset; /* of the content type; absent if none */
	struct str signature; /* X-Hub-Signature; absent if none */
	struct str body;
};
void feed_websub_take(struct feed_source *f, struct str token, const struct feed_websub_push *push);

/* "sha256=..." and its kin, sha1 to sha512, over the body; in constant time. Pure. */
bool feed_websub_signed(struct str signature, struct str secret, struct str body);
