/* When a feed is asked again. Pure: all times are arguments. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct feed_schedule {
	int64_t interval_us; /* the least, as people chose it */
	int64_t ttl_us; /* what the feed says; 0: nothing */
	int64_t max_age_us; /* what the answer says; -1: nothing */
	int64_t retry_after_us; /* the same */
	uint32_t skip_hours; /* as in struct feed */
	uint8_t skip_days;
	unsigned quiet; /* how many times in a row nothing new came */
	unsigned failures; /* in a row */
};

/* Microseconds until the next request. The longest of what is asked for counts, but at most a day
 * (Retry-After is bounded by who reads it), then hours and days to skip are passed over. A feed
 * that stays quiet is asked less often, down to a quarter of the interval's frequency; one that
 * fails half as often each time. wall_us 0: unknown, and nothing is skipped. */
int64_t feed_schedule_wait_us(const struct feed_schedule *s, int64_t wall_us);
