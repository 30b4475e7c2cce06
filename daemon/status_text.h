/* The status as people read it, made of the JSON that the daemon answers. Times are local. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

/* False if it is not the JSON of a daemon. */
bool status_text(struct str json, struct arena *arena, struct buf *out);
/* Its gaps alone; nothing if there are none. */
void status_text_gaps(struct str json, struct arena *arena, struct buf *out);
