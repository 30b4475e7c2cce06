#include "net/backoff.h"

#include "base/clock.h"

/* A server that sends nonsense must not keep us away for ever. */
#define FLOOR_MAX_US US_PER_DAY

void backoff_succeeded(struct backoff *b)
{
	b->failures = 0;
}

static int64_t doubled_us(int64_t first_us, unsigned times, int64_t max_us)
{
	int64_t us = first_us;
	for (unsigned i = 0; i < times && us < max_us; i++)
		us *= 2;
	return us < max_us ? us : max_us;
}

static int64_t stepped_us(unsigned steps)
{
	const int64_t step_us = 250 * US_PER_MS;
	const int64_t max_us = 16 * US_PER_S;
	return steps < max_us / step_us ? steps * step_us : max_us;
}

/* failures counts the one just seen, so it is 1 or more. */
static int64_t wait_us(const struct backoff *b)
{
	switch (b->kind) {
	case BACKOFF_DROPPED:
		return stepped_us(b->failures - 1);
	case BACKOFF_NETWORK:
		return stepped_us(b->failures);
	case BACKOFF_HTTP:
		return doubled_us(5 * US_PER_S, b->failures - 1, 320 * US_PER_S);
	case BACKOFF_LIMITED:
		return doubled_us(US_PER_MINUTE, b->failures - 1, 16 * US_PER_MINUTE);
	}
	return 0;
}

int64_t backoff_next_us(
	struct backoff *b, enum backoff_kind kind, int64_t floor_us, uint64_t random)
{
	if (b->kind != kind)
		b->failures = 0;
	b->kind = kind;
	if (b->failures < UINT32_MAX)
		b->failures++;
	int64_t us = wait_us(b);
	/* A fraction of 2^32 of a fifth; a fifth of 16 minutes times 2^32 fits easily. */
	int64_t jitter_us = (int64_t)(((uint64_t)us / 5 * (random >> 32)) >> 32);
	if (floor_us > FLOOR_MAX_US)
		floor_us = FLOOR_MAX_US;
	return (us > floor_us ? us : floor_us) + jitter_us;
}
