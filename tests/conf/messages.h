/* A tree, the arena it lives in and what was said about it. */
#pragma once

#include "tests/check.h"

#include "conf/decode.h"

struct reading {
	struct arena arena;
	struct diag *diag;
	struct conf_node *root;
	char *said; /* filled by messages_of */
};

/* The file is called "t.yaml". */
void reading_init(struct reading *r, struct str yaml);
void reading_finish(struct reading *r);

/* All that was said, one "LINE:COLUMN: MESSAGE" a line, "  hint: ..." below it; without the
 * shown lines and carets. Until reading_finish. */
const char *messages_of(struct reading *r);
