#include "base/utf8.h"

#include <assert.h>
#include <string.h>

static bool continues(unsigned char c)
{
	return (c & 0xC0) == 0x80;
}

size_t utf8_read(struct str s, size_t at, uint32_t *code_point)
{
	const unsigned char *p = (const unsigned char *)s.p + at;
	size_t left = s.n - at;
	unsigned char a = p[0];
	*code_point = UTF8_REPLACEMENT;
	if (a < 0x80) {
		*code_point = a;
		return 1;
	}
	if (a >= 0xC2 && a <= 0xDF && left >= 2 && continues(p[1])) {
		*code_point = (uint32_t)(a & 0x1F) << 6 | (p[1] & 0x3F);
		return 2;
	}
	if ((a & 0xF0) == 0xE0 && left >= 3 && continues(p[1]) && continues(p[2])) {
		uint32_t c = (uint32_t)(a & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 |
			(p[2] & 0x3F);
		if (c < 0x800 || (c >= 0xD800 && c <= 0xDFFF))
			return 0;
		*code_point = c;
		return 3;
	}
	if (a >= 0xF0 && a <= 0xF4 && left >= 4 && continues(p[1]) && continues(p[2]) &&
		continues(p[3])) {
		uint32_t c = (uint32_t)(a & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 |
			(uint32_t)(p[2] & 0x3F) << 6 | (p[3] & 0x3F);
		if (c < 0x10000 || c > 0x10FFFF)
			return 0;
		*code_point = c;
		return 4;
	}
	return 0;
}

static bool all_ascii(const char *p)
{
	uint64_t word;
	memcpy(&word, p, 8);
	return (word & UINT64_C(0x8080808080808080)) == 0;
}

bool utf8_valid(struct str s)
{
	size_t i = 0;
	while (i < s.n) {
		if (i + 8 <= s.n && all_ascii(s.p + i)) {
			i += 8;
			continue;
		}
		unsigned char a = (unsigned char)s.p[i];
		uint32_t c;
		size_t n = 1;
		if (a >= 0xC2 && a <= 0xDF && i + 1 < s.n && continues((unsigned char)s.p[i + 1]))
			n = 2; /* without a call for the letters of Europe */
		else if (a >= 0x80)
			n = utf8_read(s, i, &c);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

size_t utf8_write(uint32_t c, char out[UTF8_MAX_BYTES])
{
	assert(c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF));
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

size_t utf8_count(struct str s)
{
	size_t count = 0;
	for (size_t i = 0; i < s.n; count++) {
		uint32_t c;
		size_t n = utf8_read(s, i, &c);
		i += n ? n : 1;
	}
	return count;
}

size_t utf8_floor(struct str s, size_t at)
{
	if (at >= s.n)
		return s.n;
	size_t start = at;
	for (int back = 0; back < 3 && start > 0 && continues((unsigned char)s.p[start]); back++)
		start--;
	uint32_t c;
	return start + utf8_read(s, start, &c) > at ? start : at;
}
