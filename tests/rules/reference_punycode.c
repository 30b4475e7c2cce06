/* Punycode by tables and sums: the thresholds of RFC 3492 written as minima and maxima, numbers as
 * doubles, which are exact as far as any that means something. And the other way round, which the
 * program has no use for. */
#include "tests/rules/reference_punycode.h"

#include <string.h>

static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

static double threshold(size_t digit, double bias)
{
	double t = 36.0 * (double)(digit + 1) - bias;
	return t < 1 ? 1 : t > 26 ? 26 : t;
}

static double floor_of(double x)
{
	return (double)(uint64_t)x;
}

static double next_bias(double delta, size_t count, bool first)
{
	double k = 0;
	delta = floor_of(delta / (first ? 700 : 2));
	for (delta += floor_of(delta / (double)count); delta > 455; k += 36)
		delta = floor_of(delta / 35);
	return k + floor_of(36 * delta / (delta + 38));
}

static void put_in(uint32_t *list, size_t count, size_t place, uint32_t c)
{
	for (size_t i = count; i > place; i--)
		list[i] = list[i - 1];
	list[place] = c;
}

size_t reference_punycode_decode(
	const uint32_t *label, size_t n, uint32_t out[REFERENCE_PUNYCODE_MAX])
{
	size_t count = 0, at = 0;
	double bias = 72, state = 0, c = 128;
	if (n > 59)
		return 0;
	for (size_t i = 1; i < n; i++)
		count = label[i] == '-' ? i : count;
	for (size_t i = 0; i < n; i++) {
		if (label[i] >= 128)
			return 0;
		out[i] = label[i];
	}
	at = count ? count + 1 : 0;
	if (at >= n)
		return 0;
	for (bool first = true; at < n; first = false) {
		double delta = 0, weight = 1;
		for (size_t digit = 0;; digit++) {
			const char *found = at < n && label[at] ? strchr(digits, (int)label[at])
								: NULL;
			if (!found || delta > 1e12)
				return 0;
			at++;
			double value = (double)(found - digits), t = threshold(digit, bias);
			delta += value * weight;
			weight *= 36 - t;
			if (value < t)
				break;
		}
		count++;
		bias = next_bias(delta, count, first);
		state += delta;
		c += floor_of(state / (double)count);
		state -= floor_of(state / (double)count) * (double)count;
		if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
			return 0;
		put_in(out, count - 1, (size_t)state, (uint32_t)c);
		state++;
	}
	return count;
}

static void add_number(struct buf *out, double delta, double bias)
{
	for (size_t digit = 0;; digit++) {
		double t = threshold(digit, bias);
		if (delta < t) {
			buf_add_char(out, digits[(size_t)delta]);
			return;
		}
		double rest = delta - t, base = 36 - t;
		delta = floor_of(rest / base);
		buf_add_char(out, digits[(size_t)(t + (rest - delta * base))]);
	}
}

void reference_punycode_encode(const uint32_t *code_points, size_t n, struct buf *out)
{
	double bias = 72, delta = 0;
	uint32_t c = 127;
	size_t done = 0;
	for (size_t i = 0; i < n; i++) {
		if (code_points[i] < 128) {
			buf_add_char(out, (char)code_points[i]);
			done++;
		}
	}
	if (done)
		buf_add_char(out, '-');
	for (bool first = true; done < n;) {
		uint32_t next = UINT32_MAX;
		for (size_t i = 0; i < n; i++)
			next = code_points[i] > c && code_points[i] < next ? code_points[i] : next;
		delta += (double)(next - c - 1) * (double)(done + 1);
		c = next;
		for (size_t i = 0; i < n; i++) {
			delta += code_points[i] < c;
			if (code_points[i] != c)
				continue;
			add_number(out, delta, bias);
			bias = next_bias(delta, ++done, first);
			first = false;
			delta = 0;
		}
		delta++;
	}
}
