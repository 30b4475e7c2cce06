/* The two clocks. Below daemon/ time is an argument, so only daemon/ and tests of
 * whole programs call these. Microseconds; wall clock since 1970 in UTC. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define US_PER_MS INT64_C(1000)
#define US_PER_S INT64_C(1000000)
#define US_PER_MINUTE (60 * US_PER_S)
#define US_PER_HOUR (60 * US_PER_MINUTE)
#define US_PER_DAY (24 * US_PER_HOUR)

int64_t clock_wall_us(void);
int64_t clock_monotonic_us(void);

enum { TIME_TEXT_BYTES = 40 };
/* "2026-11-22T07:49:44Z", or with ".123456" where the time has a fraction; UTC. */
void time_format(int64_t wall_us, char out[TIME_TEXT_BYTES]);

/* Reads RFC 3339 ("2026-07-04T14:38:06.240Z", "+02:00"), RFC 5322 ("Wed, 01 Jan 2014 01:36:49
 * GMT") and the other dates of HTTP, Twitter's ("Wed Jan 01 01:36:49 +0000 2014") and numbers
 * since 1970: seconds, also with a fraction, milliseconds, microseconds or nanoseconds, told apart
 * by their size. A time without a zone is UTC. False if it is none of these or no such day. */
bool time_parse(struct str s, int64_t *wall_us);
