/* One source of the configuration: its type, the keys that all types have, and its own. */
#pragma once

#include "sources/source.h"

/* All errors go to diag; NULL after one. */
struct source *source_decode(const struct conf_key *key, const struct conf_node *node,
	struct arena *arena, struct diag *diag);
