/* Where in which file a source goes on: "inode:device:offset:hash", all but the hash in decimal.
 * The hash is over the bytes already read, at most the first 256: what an appended file never
 * changes.
 */
#pragma once

#include <stdint.h>

#include "base/str.h"

enum {
	FILE_HEAD_BYTES = 256,
	FILE_HASH_BYTES = 32, /* hex digits: half of a SHA-256 */
	FILE_CURSOR_BYTES = 3 * 21 + FILE_HASH_BYTES + 1
};

struct file_cursor {
	uint64_t inode, device, offset;
	char hash[FILE_HASH_BYTES + 1];
};

/* head: the first bytes of the file, at least offset or FILE_HEAD_BYTES of them. */
void file_cursor_hash(struct file_cursor *c, struct str head);
/* Returns the length; out ends in a NUL. */
size_t file_cursor_format(const struct file_cursor *c, char out[FILE_CURSOR_BYTES]);
/* Exactly what file_cursor_format writes; false on anything else. */
bool file_cursor_parse(struct str text, struct file_cursor *c);
