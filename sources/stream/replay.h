/* A stream that is asked for what came since a time: whether it goes back that far, and when it has
 * arrived at the present. Only where the value to resume at is a time. */
#pragma once

#include "sources/picker.h"
#include "sources/source.h"

struct replay {
	int64_t asked_us; /* wall: since when the server was asked; 0: that is no time */
	bool looked; /* at the first record */
};

/* cursor absent: none was sent. */
void replay_start(struct replay *r, const struct source *s, struct str cursor);
/* These records came, and end at the cursor; to be called once they are delivered. Tells of a gap
 * if the first record is much later than what was asked for, since some servers go back as far as
 * they can without a word. Costs nothing once the source has caught up. */
void replay_saw(struct replay *r, struct source *s, const struct json_paths *path,
	struct str records, struct str cursor);
