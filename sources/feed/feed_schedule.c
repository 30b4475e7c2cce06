#include "sources/feed/feed_schedule.h"

#include "base/clock.h"

enum { QUIET_STEP = 4, QUIET_MAX = 8, PUSHED = 4, SPREAD = 16, HOURS_A_WEEK = 7 * 24 };

#define LEAST_US US_PER_MINUTE
/* Between the first requests of two feeds. */
#define FIRST_PACE_US (250 * US_PER_MS)

static int64_t bounded(int64_t us)
{
	return us < US_PER_DAY ? us : US_PER_DAY;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* From one to four intervals, over eight quiet answers after the fourth. */
static int64_t stretched(const struct feed_schedule *s)
{
	unsigned steps = s->quiet > QUIET_STEP ? s->quiet - QUIET_STEP : 0;
	steps = steps < QUIET_MAX ? steps : QUIET_MAX;
	const int64_t stretched = s->interval_us + s->interval_us * 3 * steps / QUIET_MAX;
	/* Who chose more than a day means it. */
	return larger(s->interval_us, bounded(stretched));
}

static int64_t hastened(const struct feed_schedule *s)
{
	const unsigned haste = s->haste < FEED_MAX_HASTE ? s->haste : FEED_MAX_HASTE;
	const int64_t least = s->interval_us < LEAST_US ? s->interval_us : LEAST_US;
	return larger(least, s->interval_us >> haste);
}

/* What is likely to be over soon, such as a network that is down, is tried again after a minute,
 * then two, and so on; the rest after two intervals, then four. */
static int64_t backed_off(const struct feed_schedule *s)
{
	const bool soon = !s->lasting && !s->busy && s->interval_us > LEAST_US;
	const int64_t most = s->lasting ? US_PER_DAY : bounded(4 * s->interval_us);
	int64_t us = soon ? LEAST_US / 2 : s->interval_us;
	for (unsigned i = 0; i < s->failures && us < most; i++)
		us *= 2;
	return larger(soon ? LEAST_US : s->interval_us, us < most ? us : most);
}

static int64_t usual(const struct feed_schedule *s)
{
	if (s->failures)
		return backed_off(s);
	if (s->pushed)
		return larger(s->interval_us, bounded(PUSHED * s->interval_us));
	return s->haste ? hastened(s) : stretched(s);
}

static bool skipped(const struct feed_schedule *s, int64_t wall_us)
{
	const int64_t hour = wall_us / US_PER_HOUR, day = wall_us / US_PER_DAY;
	/* 1970 began on a Thursday. */
	return (s->skip_hours >> (hour % 24) & 1) || (s->skip_days >> ((day + 4) % 7) & 1);
}

/* Moves to the start of the first hour that is not skipped; not at all if each is. */
static int64_t past_skips(const struct feed_schedule *s, int64_t wait_us, int64_t wall_us)
{
	int64_t at_us = wall_us + wait_us;
	for (int i = 0; i <= HOURS_A_WEEK; i++) {
		if (!skipped(s, at_us))
			return at_us - wall_us;
		at_us = (at_us / US_PER_HOUR + 1) * US_PER_HOUR;
	}
	return wait_us;
}

int64_t feed_schedule_wait_us(const struct feed_schedule *s, int64_t wall_us)
{
	int64_t wait_us = usual(s);
	wait_us = larger(wait_us, bounded(s->ttl_us));
	wait_us = larger(wait_us, bounded(s->max_age_us));
	wait_us = larger(wait_us, bounded(s->retry_after_us));
	/* The bounds of a day and this leave the product far from its end. */
	wait_us += wait_us / SPREAD * (s->dice % 1024) / 1024;
	return wall_us > 0 ? past_skips(s, wait_us, wall_us) : wait_us;
}

uint32_t feed_schedule_dice(uint64_t hash, unsigned n)
{
	/* Of a product the upper bits are the mixed ones. */
	return (uint32_t)((hash ^ n) * UINT64_C(0x9E3779B97F4A7C15) >> 40);
}

unsigned feed_schedule_haste(unsigned haste, size_t fresh, size_t count)
{
	if (fresh == 0)
		return haste ? haste - 1 : 0;
	if (2 * fresh < count)
		return haste;
	return haste < FEED_MAX_HASTE ? haste + 1 : FEED_MAX_HASTE;
}

bool feed_schedule_renews(int64_t left_us, int64_t lease_us, int64_t since_asked_us)
{
	return left_us < lease_us / 4 && since_asked_us >= US_PER_MINUTE;
}

struct feed_first feed_schedule_first(size_t rank, size_t count, int64_t interval_us)
{
	const int64_t n = (int64_t)count, at = (int64_t)rank;
	const int64_t slow = interval_us / n;
	const int64_t pace = slow < FIRST_PACE_US ? slow : FIRST_PACE_US;
	return (struct feed_first){ at * pace, at * (slow - pace) };
}
