/* When a feed is asked again. Pure: all times are arguments. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct feed_schedule {
	int64_t interval_us; /* as people chose it */
	int64_t ttl_us; /* what the feed says; 0: nothing */
	int64_t max_age_us; /* what the answer says; -1: nothing */
	int64_t retry_after_us; /* the same */
	uint32_t skip_hours; /* as in struct feed */
	uint8_t skip_days;
	unsigned quiet; /* how many times in a row nothing new came */
	unsigned haste; /* how much more often than usual: see feed_schedule_haste */
	unsigned failures; /* in a row */
	bool lasting; /* the failure is one that lasts: no such page, no feed there */
	bool busy; /* the server says that it is asked too often, or has too much to do */
	bool pushed; /* a hub brings what is new: asked only to be safe */
	uint32_t dice; /* any number: up to a sixteenth more, so that feeds spread */
};

enum { FEED_MAX_HASTE = 2 };

/* Microseconds until the next request. The longest of what is asked for counts, but at most a day
 * (Retry-After is bounded by who reads it), then hours and days to skip are passed over. A feed
 * that stays quiet is asked less often, down to a quarter of the interval's frequency; one in haste
 * twice as often or four times, but at most once a minute; one that fails half as often each time,
 * down to once a day if the failure lasts, else to a quarter; if it may be over soon that begins
 * with a minute. wall_us 0: unknown, and nothing is
 * skipped. */
int64_t feed_schedule_wait_us(const struct feed_schedule *s, int64_t wall_us);

/* For a feed's nth request; hash is of its address. */
uint32_t feed_schedule_dice(uint64_t hash, unsigned n);

/* The haste after a document of which `fresh` of `count` entries are new: more if half of them are,
 * less if none is. */
unsigned feed_schedule_haste(unsigned haste, size_t fresh, size_t count);

/* Whether a subscription is to be made again: a quarter of its lease is left, and the hub was not
 * asked within the last minute. */
bool feed_schedule_renews(int64_t left_us, int64_t lease_us, int64_t since_asked_us);

/* When a feed is asked first, from now, and what its second wait is longer by: the first requests
 * follow each other closely, and from the second round on they are spread over the whole interval.
 * rank: the feed's place among count. */
struct feed_first {
	int64_t wait_us, later_us;
};
struct feed_first feed_schedule_first(size_t rank, size_t count, int64_t interval_us);
