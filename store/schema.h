/* Opens the file with the options we trust, tells whether it is ours and of which version, and
 * brings it up to date. */
#pragma once

#include "store/sql.h"

enum {
	SCHEMA_APPLICATION = 0x76696769 /* "vigi", in the file's header */,
	SCHEMA_VERSION = 2 /* how many migrations there are */
};

/* Fills s->db; s->path is set. check: look for damage first. On failure false, and *message says
 * why; the file is then as it was. */
bool schema_open(struct store *s, enum store_mode mode, bool check, struct buf *message);
