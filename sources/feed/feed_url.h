/* Addresses in feeds: relative ones against a base, as RFC 3986 has it. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/* An address with a scheme, such as "https://..." or "tag:...". */
bool feed_url_absolute(struct str url);
bool feed_url_is_http(struct str url);
/* Of https://user@host:port/path, as written; "[::1" of an IPv6 address. */
struct str feed_url_host(struct str url);
bool feed_url_same_host(struct str a, struct str b);
/* Trimmed; resolved where base is an address with a host, else as it is. In the arena, or url
 * itself; absent where the arena is full. */
struct str feed_url_resolve(struct str base, struct str url, struct arena *arena);
