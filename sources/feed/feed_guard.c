#include "sources/feed/feed_guard.h"

#include <string.h>

/* Past the quote that closes the value which begins at `at`. */
static size_t skip_quoted(struct str xml, size_t at)
{
	const char *end = memchr(xml.p + at + 1, xml.p[at], xml.n - at - 1);
	return end ? (size_t)(end - xml.p) + 1 : xml.n;
}

/* Past the element's tag, whose < is at `at`; *count: its attributes. Without a quote a value ends
 * like any other word; what is ill-formed is counted rather too high. */
static size_t skip_tag(struct str xml, size_t at, size_t *count)
{
	*count = 0;
	for (at++; at < xml.n && xml.p[at] != '>' && xml.p[at] != '<';) {
		const char c = xml.p[at];
		*count += c == '=';
		at = c == '"' || c == '\'' ? skip_quoted(xml, at) : at + 1;
	}
	return at;
}

static size_t skip_cdata(struct str xml, size_t at)
{
	const size_t n = str_find(str_slice(xml, at, xml.n), STR("]]>"));
	return n == SIZE_MAX ? xml.n : at + n + 3;
}

struct str feed_guard_attributes(struct str xml)
{
	size_t at = 0;
	while (at < xml.n) {
		const char *next = memchr(xml.p + at, '<', xml.n - at);
		if (!next)
			break;
		at = (size_t)(next - xml.p);
		if (str_starts(str_slice(xml, at, xml.n), STR("<![CDATA["))) {
			at = skip_cdata(xml, at);
			continue;
		}
		size_t count;
		const size_t end = skip_tag(xml, at, &count);
		if (count > FEED_GUARD_MAX_ATTRIBUTES)
			return str_slice(xml, 0, at);
		at = end;
	}
	return xml;
}
