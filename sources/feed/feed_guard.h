/* What an XML parser takes more than linear time for, cut off before it sees it. */
#pragma once

#include "base/str.h"

enum {
	/* Each is compared to all others of its element, and looked up among the namespaces. */
	FEED_GUARD_MAX_ATTRIBUTES = 256,
	FEED_GUARD_MAX_NAMESPACES = 128, /* declared by an element and those around it */
};

/* xml from feed_prepare_xml up to the first element with more attributes than that. */
struct str feed_guard_attributes(struct str xml);
