#include "sources/mail_links.h"

#include <string.h>

#include "base/buf.h"
#include "model/html.h"
#include "sources/feed_find.h"
#include "sources/feed_url.h"
#include "sources/mail_tags.h"

enum { URL_MAX_BYTES = 2048, WEB_TEXT_MAX_BYTES = 200, WEB_LINKS_LOOKED_AT = 12 };

static bool add(struct mail_links *links, struct str url)
{
	const size_t host = str_starts(url, STR("https://")) ? 8 : 7;
	if (!feed_url_is_http(url) || url.n > URL_MAX_BYTES || url.n <= host || url.p[host] == '/')
		return true;
	for (size_t i = 0; i < links->count; i++)
		if (str_eq(links->items[i], url))
			return true;
	if (!links->items)
		links->items = arena_array(links->arena, struct str, links->max);
	if (!links->items || links->count == links->max)
		return false;
	links->items[links->count] = arena_str(links->arena, url);
	links->count += links->items[links->count].p != NULL;
	return true;
}

static bool found(void *ctx, struct str url)
{
	return add(ctx, str_trim(url));
}

void mail_links_of_html(struct mail_links *links, struct str html)
{
	feed_find_links(html, found, links);
}

static bool ends_url(char c)
{
	return (unsigned char)c <= ' ' || strchr("<>\"`{}|\\^", c) != NULL;
}

static size_t count_of(struct str s, char c)
{
	size_t count = 0;
	for (size_t i = 0; i < s.n; i++)
		count += s.p[i] == c;
	return count;
}

/* What is a sign of the sentence, and no part of the address. */
static struct str without_tail(struct str url)
{
	const size_t open = count_of(url, '(');
	size_t closed = count_of(url, ')');
	while (url.n) {
		const char last = url.p[url.n - 1];
		if (!strchr(".,;:!?'*]", last) && !(last == ')' && closed > open))
			break;
		closed -= last == ')';
		url = str_slice(url, 0, url.n - 1);
	}
	return url;
}

void mail_links_of_text(struct mail_links *links, struct str text)
{
	for (;;) {
		const size_t at = str_find(text, STR("http"));
		if (at == SIZE_MAX)
			return;
		text = str_slice(text, at, text.n);
		size_t n = 0;
		while (n < text.n && n <= URL_MAX_BYTES && !ends_url(text.p[n]))
			n++;
		const struct str url = without_tail(str_slice(text, 0, n));
		if (!add(links, url))
			return;
		text = str_slice(text, n ? n : 1, text.n);
	}
}

/* ---- the mail on the web ---- */

static bool says_web(struct str text)
{
	static const char *const words[] = { "navigateur", "version en ligne", "voir en ligne",
		"consulter en ligne", "lire en ligne", "version web", "in your browser",
		"in browser", "view online", "read online", "online version", "web version",
		"on the web", "im browser", "en el navegador", "nel browser", NULL };
	char lower[WEB_TEXT_MAX_BYTES];
	const size_t n = text.n < sizeof lower ? text.n : sizeof lower;
	for (size_t i = 0; i < n; i++)
		lower[i] = text.p[i] >= 'A' && text.p[i] <= 'Z' ? (char)(text.p[i] | 0x20)
								: text.p[i];
	for (const char *const *word = words; *word; word++)
		if (str_find((struct str){ lower, n }, str_of(*word)) != SIZE_MAX)
			return true;
	return false;
}

static struct str decoded(struct str value, struct arena *arena)
{
	struct buf out;
	buf_init(&out, URL_MAX_BYTES);
	html_to_text(value, &out); /* an address holds references and no tags */
	const struct str url = str_trim(buf_str(&out));
	const struct str copy = feed_url_is_http(url) && !out.full ? arena_str(arena, url)
								   : STR_NONE;
	buf_finish(&out);
	return copy;
}

/* The text up to the </a>. */
static void add_label(struct mail_tags *tags, struct buf *label)
{
	struct mail_tag tag;
	while (mail_next_tag(tags, &tag)) {
		buf_add(label, tag.before);
		if (str_eq_ignore_case(tag.name, STR("a")) || label->full)
			return;
	}
}

struct str mail_web_version(struct str html, struct arena *arena)
{
	struct mail_tags tags = { .rest = html };
	struct mail_tag tag;
	struct str href, result = STR_NONE;
	int seen = 0;
	while (!result.p && seen < WEB_LINKS_LOOKED_AT && mail_next_tag(&tags, &tag)) {
		if (tag.closing || !str_eq_ignore_case(tag.name, STR("a")) ||
			!mail_attribute(tag.whole, STR("href"), &href))
			continue;
		struct buf label, text;
		buf_init(&label, 16 * WEB_TEXT_MAX_BYTES);
		buf_init(&text, 32 * WEB_TEXT_MAX_BYTES);
		add_label(&tags, &label);
		html_to_text(buf_str(&label), &text);
		seen++;
		if (says_web(buf_str(&text)))
			result = decoded(href, arena);
		buf_finish(&label);
		buf_finish(&text);
	}
	return result;
}
