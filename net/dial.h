/* A connection by libcurl, for protocols that libcurl does not speak: it finds the address, goes
 * through a proxy, does TLS and then only carries bytes. Each has a multi handle of its own, since
 * libcurl would take a connection that lasts for an idle one and close it when making another. */
#pragma once

#include <sys/types.h>

#include "net/loop.h"

enum { DIAL_MESSAGE_BYTES = 256 };

struct dial_options {
	/* http:// or https://, checked; its path does not matter. Or imap:// or imaps://: then the
	 * greeting was read and TLS stands, by STARTTLS with the first, and nobody is logged in. */
	const char *url;
	bool plain; /* of imap://: without TLS */
	struct str ca_file; /* absent: the system's */
	struct str proxy; /* a URL; absent: none, whatever the environment says */
	int64_t timeout_us; /* until it is connected, TLS included */
};

struct dial_events {
	/* Exactly once, never within dial_start: message is NULL, or says why not. */
	void (*connected)(void *ctx, const char *message);
	/* What dial_watch asked for, LOOP_READABLE and LOOP_WRITABLE. */
	void (*ready)(void *ctx, int events);
};

struct dial;
struct dial *dial_start(struct loop *loop, const struct dial_options *options,
	const struct dial_events *events, void *ctx);
/* Closes it. Takes NULL; allowed within both callbacks. */
void dial_destroy(struct dial *d);

/* Once connected. How many bytes, -EAGAIN, or another -errno: the connection is lost. Of dial_read
 * 0 is its end. What was to be written is to be offered again at the same place. */
ssize_t dial_write(struct dial *d, const char *p, size_t n);
/* Bytes may be left that no `ready` tells of, until dial_read has said -EAGAIN. */
ssize_t dial_read(struct dial *d, char *p, size_t n);
void dial_watch(struct dial *d, int events); /* nothing before it is connected */
