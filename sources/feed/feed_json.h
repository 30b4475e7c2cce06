/* JSON Feed 1.0 and 1.1. */
#pragma once

#include "sources/feed/feed_build.h"

enum feed_verdict feed_json_read(
	struct str json, struct str base, struct feed_builder *b, const char **reason);
