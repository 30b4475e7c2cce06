#include "sources/file/file_cursor.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"

void file_cursor_hash(struct file_cursor *c, struct str head)
{
	const size_t n = c->offset < FILE_HEAD_BYTES ? (size_t)c->offset : FILE_HEAD_BYTES;
	assert(head.n >= n);
	unsigned char digest[DIGEST_BYTES];
	char hex[DIGEST_HEX_BYTES];
	digest_sha256(str_slice(head, 0, n), digest);
	digest_hex(digest, hex);
	memcpy(c->hash, hex, FILE_HASH_BYTES);
	c->hash[FILE_HASH_BYTES] = '\0';
}

size_t file_cursor_format(const struct file_cursor *c, char out[FILE_CURSOR_BYTES])
{
	const int n = snprintf(out, FILE_CURSOR_BYTES, "%" PRIu64 ":%" PRIu64 ":%" PRIu64 ":%s",
		c->inode, c->device, c->offset, c->hash);
	assert(n > 0 && n < FILE_CURSOR_BYTES);
	return (size_t)n;
}

/* A number as printf writes it: no sign, no leading zero, no overflow. */
static bool parse_number(struct str s, uint64_t *out)
{
	if (s.n == 0 || s.n > 20 || (s.n > 1 && s.p[0] == '0'))
		return false;
	uint64_t value = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		const uint64_t digit = (uint64_t)(s.p[i] - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

static bool parse_hash(struct str s, char out[FILE_HASH_BYTES + 1])
{
	if (s.n != FILE_HASH_BYTES)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const bool hex = (s.p[i] >= '0' && s.p[i] <= '9') ||
			(s.p[i] >= 'a' && s.p[i] <= 'f');
		if (!hex)
			return false;
	}
	memcpy(out, s.p, FILE_HASH_BYTES);
	out[FILE_HASH_BYTES] = '\0';
	return true;
}

bool file_cursor_parse(struct str text, struct file_cursor *c)
{
	struct file_cursor parsed = { 0 };
	uint64_t *const numbers[] = { &parsed.inode, &parsed.device, &parsed.offset };
	for (size_t i = 0; i < 3; i++) {
		const size_t end = str_find_char(text, ':');
		if (end == SIZE_MAX || !parse_number(str_slice(text, 0, end), numbers[i]))
			return false;
		text = str_slice(text, end + 1, text.n);
	}
	if (!parse_hash(text, parsed.hash))
		return false;
	*c = parsed;
	return true;
}
