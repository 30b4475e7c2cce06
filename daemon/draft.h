/* A source that is put together on the command line: written as YAML, it goes through the same
 * loader as a configuration, and can be pasted into one. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

enum { DRAFT_MAX_PAIRS = 64 };

struct draft {
	struct arena *arena;
	struct str name;
	struct draft_pair {
		struct str key, value;
	} pairs[DRAFT_MAX_PAIRS]; /* values of one key make a list */
	size_t count;
};

void draft_init(struct draft *d, struct arena *arena, struct str name);
/* Copies both. False: no room. */
bool draft_add(struct draft *d, struct str key, struct str value);
/* Adds it unless the key has a value already. */
void draft_default(struct draft *d, struct str key, struct str value);
/* The first value of the key; absent if there is none. */
struct str draft_get(const struct draft *d, struct str key);
/* "KEY=VALUE"; false if it is none. */
bool draft_add_argument(struct draft *d, struct str argument);

/* A name of a source made of any text. */
struct str draft_name(struct arena *arena, struct str text);

/* As an entry of `sources:`. A value "env:NAME", "file:PATH" or "credential:NAME" is a reference,
 * as secrets must be. */
void draft_yaml(const struct draft *d, struct buf *out);
/* A scalar: plain where that is safe, else in single quotes. No control characters. */
void draft_scalar(struct str text, struct buf *out);
