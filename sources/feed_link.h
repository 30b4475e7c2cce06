/* The Link header of HTTP (RFC 8288). Pure. */
#pragma once

#include "base/str.h"

/* The target of the first link with that relation, as written: links is all such headers with
 * commas between them. Absent if there is none, or if what stands before it is malformed. */
struct str feed_link_find(struct str links, struct str rel);
