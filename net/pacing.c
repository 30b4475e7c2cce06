#include "net/pacing.h"

#include "base/clock.h"

#define WAIT_MAX_US US_PER_DAY

/* A larger number is no time from now, but one since 1970. */
#define RELATIVE_MAX_S INT64_C(10000000)

void pacing_init(struct pacing *p)
{
	*p = (struct pacing){ .remaining = -1, .reset_us = -1, .interval_us = -1 };
}

/* Reddit writes "99.0". -1 if it is none. */
static int64_t number_of(struct str value)
{
	int64_t number;
	return str_to_int64(str_slice(value, 0, str_find_char(value, '.')), &number) && number >= 0
		? number
		: -1;
}

static int64_t clamp(int64_t us)
{
	if (us < 0)
		return 0;
	return us < WAIT_MAX_US ? us : WAIT_MAX_US;
}

static int64_t seconds_us(int64_t seconds)
{
	return seconds < WAIT_MAX_US / US_PER_S ? seconds * US_PER_S : WAIT_MAX_US;
}

/* Seconds from now, seconds since 1970, or a date. */
static int64_t reset_us(struct str value, int64_t now_wall_us)
{
	const int64_t number = number_of(value);
	int64_t at_us;
	if (number >= 0 && number <= RELATIVE_MAX_S)
		return seconds_us(number);
	return time_parse(value, &at_us) ? clamp(at_us - now_wall_us) : -1;
}

static bool is_limit(struct str name, struct str what)
{
	static const struct str prefixes[] = { { "x-ratelimit-", 12 }, { "x-rate-limit-", 13 },
		{ "ratelimit-", 10 } };
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		const size_t n = prefixes[i].n;
		if (str_eq_ignore_case(str_slice(name, 0, n), prefixes[i]) &&
			str_eq_ignore_case(str_slice(name, n, name.n), what))
			return true;
	}
	return false;
}

void pacing_take(struct pacing *p, struct str name, struct str value, int64_t now_wall_us)
{
	if (is_limit(name, STR("remaining"))) {
		p->remaining = number_of(value);
	} else if (is_limit(name, STR("reset"))) {
		p->reset_us = reset_us(value, now_wall_us);
	} else if (str_eq_ignore_case(name, STR("x-poll-interval"))) {
		const int64_t seconds = number_of(value);
		p->interval_us = seconds >= 0 ? seconds_us(seconds) : -1;
	}
}

int64_t pacing_wait_us(const struct pacing *p)
{
	int64_t wait_us = p->interval_us > 0 ? p->interval_us : 0;
	if (p->remaining < 0 || p->reset_us < 0)
		return wait_us;
	const int64_t share_us = p->reset_us / (p->remaining > 0 ? p->remaining : 1);
	return share_us > wait_us ? share_us : wait_us;
}
