/* The configuration that a command line stands for: written as YAML, so that it goes through the
 * same loader as a file. */
#pragma once

#include "daemon/draft.h"

enum { WATCH_MAX_SOURCES = 32, WATCH_MAX_TEXTS = 256 };

struct watch_texts {
	struct str items[WATCH_MAX_TEXTS];
	size_t count;
};

struct watch_config {
	struct watch_texts words, nots, langs, notify;
	struct str query; /* absent: none */
	struct draft sources[WATCH_MAX_SOURCES];
	size_t source_count;
	struct str store; /* the file */
};

/* False: no room. */
bool watch_texts_add(struct watch_texts *list, struct str text);
/* A name that no source has yet. */
void watch_config_name(struct watch_config *c, struct draft *d);
/* desktop, stdout, an address, webhook=URL or mail=ADDRESS. */
bool watch_notify_ok(struct str text);
void watch_config_yaml(const struct watch_config *c, struct buf *out);
