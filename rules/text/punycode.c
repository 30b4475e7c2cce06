/* A label is its ASCII characters, a hyphen, and numbers: each says, in one, how many steps to go
 * on and what to put in there, where the steps run through all places of the label for one code
 * point and then for the next. The numbers have digits of a base that changes from digit to digit
 * and tell by themselves where they end. */
#include "rules/text/punycode.h"

#include <string.h>

enum {
	BASE = 36,
	LEAST_THRESHOLD = 1,
	MOST_THRESHOLD = 26,
	SKEW = 38,
	DAMP = 700,
	FIRST_BIAS = 72,
	FIRST_CODE_POINT = 0x80,
	LAST_CODE_POINT = 0x10FFFF,
};
/* No number that means something is more: each place of the longest label, for each code point. */
#define MOST_STEPS ((uint64_t)(LAST_CODE_POINT + 1) * (PUNYCODE_MAX_BYTES + 1))

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0' + 26;
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'z' ? c - 'a' : -1;
}

static uint64_t bias_after(uint64_t steps, size_t count, bool first)
{
	uint64_t k = 0;
	steps /= first ? DAMP : 2;
	steps += steps / count;
	for (; steps > (BASE - LEAST_THRESHOLD) * MOST_THRESHOLD / 2; k += BASE)
		steps /= BASE - LEAST_THRESHOLD;
	return k + (BASE - LEAST_THRESHOLD + 1) * steps / (steps + SKEW);
}

static uint64_t threshold_at(uint64_t k, uint64_t bias)
{
	if (k <= bias + LEAST_THRESHOLD)
		return LEAST_THRESHOLD;
	return k >= bias + MOST_THRESHOLD ? MOST_THRESHOLD : k - bias;
}

/* The number at *at; false if there is none whole, or it is too large. Moves *at behind it. */
static bool read_steps(struct str s, size_t *at, uint64_t bias, uint64_t *steps)
{
	uint64_t sum = 0, weight = 1;
	for (uint64_t k = BASE; *at < s.n && sum <= MOST_STEPS; k += BASE) {
		int digit = digit_of(s.p[(*at)++]);
		if (digit < 0)
			return false;
		sum += (uint64_t)digit * weight;
		uint64_t threshold = threshold_at(k, bias);
		if ((uint64_t)digit < threshold) {
			*steps = sum;
			return sum <= MOST_STEPS;
		}
		weight *= BASE - threshold;
	}
	return false;
}

static bool is_scalar(uint64_t c)
{
	return c <= LAST_CODE_POINT && !(c >= 0xD800 && c <= 0xDFFF);
}

/* The ASCII characters before the last hyphen, if one has some before it. */
static bool read_ascii(struct str s, uint32_t *code_points, size_t *count, size_t *at)
{
	size_t hyphen = s.n;
	while (hyphen > 0 && s.p[hyphen - 1] != '-')
		hyphen--;
	*count = hyphen > 1 ? hyphen - 1 : 0;
	*at = hyphen > 1 ? hyphen : 0;
	for (size_t i = 0; i < *count; i++) {
		if ((unsigned char)s.p[i] >= FIRST_CODE_POINT)
			return false;
		code_points[i] = (unsigned char)s.p[i];
	}
	return true;
}

size_t punycode_decode(struct str s, uint32_t code_points[PUNYCODE_MAX_BYTES])
{
	uint64_t next = FIRST_CODE_POINT, place = 0, bias = FIRST_BIAS, steps;
	size_t count, at;
	if (s.n > PUNYCODE_MAX_BYTES || !read_ascii(s, code_points, &count, &at) || at == s.n)
		return 0;
	for (bool first = true; at < s.n; first = false) {
		if (!read_steps(s, &at, bias, &steps))
			return 0;
		count++;
		bias = bias_after(steps, count, first);
		next += (place + steps) / count;
		place = (place + steps) % count;
		if (!is_scalar(next))
			return 0;
		memmove(code_points + place + 1, code_points + place,
			(count - 1 - place) * sizeof *code_points);
		code_points[place++] = (uint32_t)next;
	}
	return count;
}
