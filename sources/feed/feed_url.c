#include "sources/feed/feed_url.h"

#include "base/buf.h"

enum { URL_MAX_BYTES = 16 * 1024 };

/* The length of the scheme, its colon not included; 0 if there is none. */
static size_t scheme_bytes(struct str url)
{
	for (size_t i = 0; i < url.n; i++) {
		const char c = url.p[i], letter = (char)(c | 0x20);
		if (c == ':')
			return i;
		const bool later = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
		if (!(letter >= 'a' && letter <= 'z') && !(i > 0 && later))
			return 0;
	}
	return 0;
}

bool feed_url_absolute(struct str url)
{
	return scheme_bytes(url) > 0;
}

bool feed_url_is_http(struct str url)
{
	return str_eq_ignore_case(str_slice(url, 0, 7), STR("http://")) ||
		str_eq_ignore_case(str_slice(url, 0, 8), STR("https://"));
}

struct str feed_url_host(struct str url)
{
	const size_t scheme = str_find(url, STR("://"));
	struct str rest = scheme == SIZE_MAX ? url : str_slice(url, scheme + 3, url.n);
	for (size_t i = 0; i < rest.n; i++)
		if (rest.p[i] == '/' || rest.p[i] == '?' || rest.p[i] == '#')
			rest = str_slice(rest, 0, i);
	const size_t at = str_find_char(rest, '@');
	if (at != SIZE_MAX)
		rest = str_slice(rest, at + 1, rest.n);
	const char end = rest.n && rest.p[0] == '[' ? ']' : ':';
	return str_slice(rest, 0, str_find_char(rest, end));
}

bool feed_url_same_host(struct str a, struct str b)
{
	return str_eq_ignore_case(feed_url_host(a), feed_url_host(b));
}

static size_t find_any(struct str s, size_t from, const char *ends)
{
	for (size_t i = from; i < s.n; i++)
		if (str_find_char(str_of(ends), s.p[i]) != SIZE_MAX)
			return i;
	return s.n;
}

/* Writes the path without its . and .. segments, behind what out already holds. */
static void add_path(struct buf *out, struct str path)
{
	const size_t root = out->n;
	while (path.n) {
		const size_t from = path.p[0] == '/';
		const size_t end = find_any(path, from, "/");
		const struct str segment = str_slice(path, from, end);
		const bool last = end == path.n;
		if (str_eq(segment, STR(".."))) {
			while (out->n > root && out->p[out->n - 1] != '/')
				out->n--;
			out->n -= out->n > root;
		}
		if (str_eq(segment, STR("..")) || str_eq(segment, STR("."))) {
			if (last)
				buf_add_char(out, '/');
		} else {
			buf_add(out, str_slice(path, 0, end));
		}
		path = str_slice(path, end, path.n);
	}
}

static void add_reference(struct buf *out, struct str base, struct str url)
{
	const size_t host = scheme_bytes(base) + 3, host_end = find_any(base, host, "/?#");
	if (str_starts(url, STR("//"))) {
		buf_add(out, str_slice(base, 0, host - 2));
		buf_add(out, url);
		return;
	}
	const size_t path_end = find_any(base, host_end, "?#");
	const size_t query_end = find_any(base, path_end, "#");
	const size_t url_path_end = find_any(url, 0, "?#");
	buf_add(out, str_slice(base, 0, host_end));
	if (url_path_end == 0) {
		const bool own_query = url.n && url.p[0] == '?';
		buf_add(out, str_slice(base, host_end, own_query ? path_end : query_end));
	} else if (url.p[0] == '/') {
		add_path(out, str_slice(url, 0, url_path_end));
	} else {
		struct buf joined;
		buf_init(&joined, URL_MAX_BYTES);
		size_t folder = path_end;
		while (folder > host_end && base.p[folder - 1] != '/')
			folder--;
		buf_add(&joined, str_slice(base, host_end, folder));
		if (folder == host_end)
			buf_add_char(&joined, '/');
		buf_add(&joined, str_slice(url, 0, url_path_end));
		add_path(out, buf_str(&joined));
		buf_finish(&joined);
	}
	buf_add(out, str_slice(url, url_path_end, url.n));
}

struct str feed_url_resolve(struct str base, struct str url, struct arena *arena)
{
	url = str_trim(url);
	base = str_trim(base);
	const size_t scheme = scheme_bytes(base);
	const bool usable = scheme && str_starts(str_slice(base, scheme, base.n), STR("://"));
	if (!url.p || feed_url_absolute(url) || !usable || base.n + url.n > URL_MAX_BYTES)
		return url;
	struct buf out;
	buf_init(&out, URL_MAX_BYTES);
	add_reference(&out, base, url);
	const struct str whole = arena_str(arena, buf_str(&out));
	buf_finish(&out);
	return whole;
}
