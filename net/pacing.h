/* How fast a server wants to be asked, by the headers of its interface: what is left of a number of
 * requests and when it is full again (X-RateLimit-Remaining and -Reset, by any of their names), and
 * the interval that GitHub asks for (X-Poll-Interval). */
#pragma once

#include "base/str.h"

struct pacing {
	int64_t remaining; /* requests; -1: unknown, as are the next two */
	int64_t reset_us; /* from now */
	int64_t interval_us;
};

void pacing_init(struct pacing *p);
/* Any header: most are none of these. */
void pacing_take(struct pacing *p, struct str name, struct str value, int64_t now_wall_us);
/* How long to wait so that what is left lasts until it is full again; at most 24 h; 0: no wait. */
int64_t pacing_wait_us(const struct pacing *p);
