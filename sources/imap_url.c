#include "sources/imap_url.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/utf8.h"

enum { FOLDER_MAX_BYTES = 1000 };

static bool is_imaps(struct str url)
{
	return str_starts(url, STR("imaps://"));
}

static struct str authority_of(struct str url)
{
	const struct str rest = str_slice(url, is_imaps(url) ? 8 : 7, url.n);
	return str_slice(rest, 0, str_find_char(rest, '/'));
}

bool imap_url_is_near(struct str url)
{
	const struct str at = authority_of(url);
	const size_t bracket = str_find_char(at, ']');
	const size_t end = bracket != SIZE_MAX ? bracket + 1 : str_find_char(at, ':');
	const struct str host = str_slice(at, 0, end);
	struct str rest = host, part;
	size_t parts = 0;
	if (str_eq_ignore_case(host, STR("localhost")) || str_eq(host, STR("[::1]")))
		return true;
	/* 127.evil.example is somebody else. */
	while (str_next(&rest, '.', &part)) {
		int64_t number;
		if (part.n > 3 || !str_to_int64(part, &number) || number < 0 || number > 255)
			return false;
		parts++;
	}
	return parts == 4 && str_starts(host, STR("127."));
}

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	const char lower = (char)(c | 0x20);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool add_folder(struct str path, struct buf *out)
{
	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] != '%') {
			buf_add_char(out, path.p[i]);
			continue;
		}
		const int high = i + 2 < path.n ? hex_of(path.p[i + 1]) : -1;
		const int low = high >= 0 ? hex_of(path.p[i + 2]) : -1;
		if (low < 0)
			return false;
		buf_add_char(out, (char)(high << 4 | low));
		i += 2;
	}
	if (out->n == 0)
		buf_add(out, STR("INBOX"));
	const struct str name = buf_str(out);
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
			return false;
	return utf8_valid(name) && name.n <= FOLDER_MAX_BYTES;
}

static bool authority_ok(struct str at)
{
	if (at.n == 0)
		return false;
	for (size_t i = 0; i < at.n; i++)
		if ((unsigned char)at.p[i] <= ' ' || at.p[i] == 0x7f || strchr("?#\\", at.p[i]))
			return false;
	return true;
}

const char *imap_url_read(struct str url, enum imap_tls tls, struct buf *call, struct buf *folder)
{
	if (!is_imaps(url) && !str_starts(url, STR("imap://")))
		return "url is neither imap:// nor imaps://";
	const struct str at = authority_of(url);
	const struct str path = str_slice(
		url, (size_t)(at.p + at.n - url.p) + 1, url.n); /* behind the slash */
	if (str_find_char(at, '@') != SIZE_MAX)
		return "url with a user or password";
	if (!authority_ok(at))
		return "url without a host or with spaces in it";
	buf_clear(call);
	buf_clear(folder);
	buf_addf(call, "%s://%.*s/", is_imaps(url) || tls == IMAP_TLS_IMPLICIT ? "imaps" : "imap",
		STR_ARGS(at));
	return add_folder(path, folder) ? NULL : "url with a name of a folder that is none";
}

/* ---- the cursor ---- */

void imap_cursor_of(struct str user, struct str folder, struct imap_cursor *cursor)
{
	const struct str parts[] = { user, folder };
	unsigned char digest[DIGEST_BYTES];
	char hex[DIGEST_HEX_BYTES];
	digest_parts(parts, 2, digest);
	digest_hex(digest, hex);
	*cursor = (struct imap_cursor){ 0 };
	memcpy(cursor->folder, hex, sizeof cursor->folder - 1);
}

size_t imap_cursor_format(const struct imap_cursor *cursor, char out[IMAP_CURSOR_BYTES])
{
	const int n = snprintf(out, IMAP_CURSOR_BYTES, "imap 1 %s %u %u", cursor->folder,
		cursor->validity, cursor->uid);
	assert(n > 0 && n < IMAP_CURSOR_BYTES);
	return (size_t)n;
}

static bool to_number(struct str s, uint32_t *number)
{
	int64_t value;
	if (!str_to_int64(s, &value) || value < 0 || value > UINT32_MAX)
		return false;
	*number = (uint32_t)value;
	return true;
}

bool imap_cursor_parse(struct str text, struct imap_cursor *cursor)
{
	struct imap_cursor parsed = { 0 };
	struct str fields[5], rest = text;
	char again[IMAP_CURSOR_BYTES];
	for (size_t i = 0; i < 5; i++)
		if (!str_next(&rest, ' ', &fields[i]))
			return false;
	if (fields[2].n != sizeof parsed.folder - 1 || !to_number(fields[3], &parsed.validity) ||
		!to_number(fields[4], &parsed.uid))
		return false;
	memcpy(parsed.folder, fields[2].p, fields[2].n);
	for (size_t i = 0; i < fields[2].n; i++)
		if (hex_of(parsed.folder[i]) < 0)
			return false;
	const size_t n = imap_cursor_format(&parsed, again);
	if (!str_eq(text, (struct str){ again, n }))
		return false;
	*cursor = parsed;
	return true;
}
