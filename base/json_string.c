#include "base/json_string.h"

#include <string.h>

#include "base/utf8.h"

#define REPLACEMENT "\xEF\xBF\xBD"

enum { REPLACEMENT_BYTES = 3, SHORT_ESCAPE_BYTES = 2, LONG_ESCAPE_BYTES = 6 };

#define NONE4 -1, -1, -1, -1
#define NONE16 NONE4, NONE4, NONE4, NONE4
const signed char json_hex_digit[256] = { NONE16, NONE16, NONE16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, -1,
	-1, NONE4, /* "0" to "?" */
	-1, 10, 11, 12, 13, 14, 15, -1, NONE4, NONE4, NONE16, /* "@" to "_" */
	-1, 10, 11, 12, 13, 14, 15, -1, NONE4, NONE4, NONE16, /* "`" to DEL */
	NONE16, NONE16, NONE16, NONE16, NONE16, NONE16, NONE16, NONE16 };

static const char *fail(const char *where, const char *why, const char **at, const char **reason)
{
	*at = where;
	*reason = why;
	return NULL;
}

/* How many bytes the escape at the backslash p takes; 0 if it is none. */
static inline size_t escape_bytes(const char *p, const char *end)
{
	if (end - p < SHORT_ESCAPE_BYTES)
		return 0;
	switch (p[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return SHORT_ESCAPE_BYTES;
	case 'u':
		break;
	default:
		return 0;
	}
	if (end - p < LONG_ESCAPE_BYTES)
		return 0;
	const unsigned char *hex = (const unsigned char *)p + 2;
	int all = json_hex_digit[hex[0]] | json_hex_digit[hex[1]] | json_hex_digit[hex[2]] |
		json_hex_digit[hex[3]];
	return all >= 0 ? LONG_ESCAPE_BYTES : 0;
}

const char *json_string_end_plain(
	const char *p, const char *end, const char **at, const char **reason)
{
	while (p < end) {
		if (*p == '"')
			return p + 1;
		if ((unsigned char)*p < 0x20)
			return fail(p, "not JSON: control character in a string", at, reason);
		if (*p != '\\') {
			p++;
			continue;
		}
		size_t n = escape_bytes(p, end);
		if (n == 0)
			return fail(p, "not JSON: bad escape", at, reason);
		p += n;
	}
	return fail(end, "not JSON: unterminated string", at, reason);
}

#ifdef __SSE2__

enum { STEP_BYTES = 16 };

const char *json_string_end(const char *p, const char *end, const char **at, const char **reason)
{
	while (end - p >= STEP_BYTES) {
		unsigned found = json_string_stops(p);
		size_t next = STEP_BYTES;
		while (found) {
			unsigned i = (unsigned)__builtin_ctz(found);
			if (p[i] == '"')
				return p + i + 1;
			size_t n = p[i] == '\\' ? escape_bytes(p + i, end) : 0;
			if (n == 0)
				return json_string_end_plain(p + i, end, at, reason);
			/* Neither the backslash nor what it escapes is looked at again. */
			found &= ~(3U << i);
			if (i + n > next)
				next = i + n;
		}
		p += next;
	}
	return json_string_end_plain(p, end, at, reason);
}

/* The first byte that is a backslash or not ASCII. */
static size_t plain_bytes(struct str s)
{
	size_t i = 0;
	for (; i + STEP_BYTES <= s.n; i += STEP_BYTES) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)(s.p + i));
		__m128i backslash = _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'));
		unsigned found = (unsigned)_mm_movemask_epi8(_mm_or_si128(x, backslash));
		if (found)
			return i + (unsigned)__builtin_ctz(found);
	}
	while (i < s.n && s.p[i] != '\\' && (unsigned char)s.p[i] < 0x80)
		i++;
	return i;
}

#else

const char *json_string_end(const char *p, const char *end, const char **at, const char **reason)
{
	return json_string_end_plain(p, end, at, reason);
}

static size_t plain_bytes(struct str s)
{
	size_t i = 0;
	while (i < s.n && s.p[i] != '\\' && (unsigned char)s.p[i] < 0x80)
		i++;
	return i;
}

#endif

static uint32_t hex4(const char *p)
{
	const unsigned char *hex = (const unsigned char *)p;
	return (uint32_t)json_hex_digit[hex[0]] << 12 | (uint32_t)json_hex_digit[hex[1]] << 8 |
		(uint32_t)json_hex_digit[hex[2]] << 4 | (uint32_t)json_hex_digit[hex[3]];
}

static uint32_t short_escape(char c)
{
	switch (c) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return (unsigned char)c;
	}
}

/* Reads the escape at s.p[i], a good one, and returns how many bytes it takes. */
static size_t read_escape(struct str s, size_t i, uint32_t *code_point)
{
	if (s.p[i + 1] != 'u') {
		*code_point = short_escape(s.p[i + 1]);
		return SHORT_ESCAPE_BYTES;
	}
	uint32_t c = hex4(s.p + i + 2);
	bool low_follows = c >= 0xD800 && c <= 0xDBFF && s.n - i >= 2 * LONG_ESCAPE_BYTES &&
		s.p[i + 6] == '\\' && s.p[i + 7] == 'u';
	uint32_t low = low_follows ? hex4(s.p + i + 8) : 0;
	if (low >= 0xDC00 && low <= 0xDFFF) {
		*code_point = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
		return 2 * LONG_ESCAPE_BYTES;
	}
	bool bad = c == 0 || (c >= 0xD800 && c <= 0xDFFF);
	*code_point = bad ? UTF8_REPLACEMENT : c;
	return LONG_ESCAPE_BYTES;
}

/* Room for s decoded: an escape never grows, each bad byte becomes three. */
static char *decode_room(struct arena *arena, struct str s, bool valid)
{
	return arena_alloc(arena, valid ? s.n : s.n * REPLACEMENT_BYTES);
}

struct str json_string_decode(struct str raw, struct arena *arena)
{
	size_t plain = plain_bytes(raw);
	if (plain == raw.n)
		return raw;
	struct str rest = str_slice(raw, plain, raw.n);
	bool valid = utf8_valid(rest);
	if (valid && !memchr(rest.p, '\\', rest.n))
		return raw;
	char *out = decode_room(arena, raw, valid);
	if (!out)
		return STR_NONE;
	memcpy(out, raw.p, plain);
	size_t n = plain;
	for (size_t i = plain; i < raw.n;) {
		uint32_t c;
		size_t taken;
		if (raw.p[i] == '\\') {
			taken = read_escape(raw, i, &c);
		} else {
			size_t run = plain_bytes(str_slice(raw, i, raw.n));
			memcpy(out + n, raw.p + i, run);
			n += run;
			i += run;
			if (i == raw.n || raw.p[i] == '\\')
				continue;
			taken = utf8_read(raw, i, &c);
			taken += taken == 0;
		}
		n += utf8_write(c, out + n);
		i += taken;
	}
	return (struct str){ out, n };
}

struct str json_string_clean(struct str text, struct arena *arena)
{
	char *out = decode_room(arena, text, utf8_valid(text) && !memchr(text.p, 0, text.n));
	if (!out)
		return STR_NONE;
	size_t n = 0;
	for (size_t i = 0; i < text.n;) {
		uint32_t c;
		size_t taken = utf8_read(text, i, &c);
		n += utf8_write(c ? c : UTF8_REPLACEMENT, out + n);
		i += taken ? taken : 1;
	}
	return (struct str){ out, n };
}
