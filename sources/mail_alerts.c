#include "sources/mail_alerts.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "model/html.h"
#include "sources/feed_url.h"
#include "sources/mail_tags.h"

enum { VALUE_MAX_BYTES = 16 * 1024, URL_MAX_BYTES = 4096 };

static bool is_alert(const struct mail *mail)
{
	return str_eq_ignore_case(mail->from_address, STR("googlealerts-noreply@google.com")) ||
		(str_find(mail->html, STR("\"Google Alerts\"")) != SIZE_MAX &&
			str_find(mail->html, STR("inboxmarkup")) != SIZE_MAX);
}

/* ---- values ---- */

/* One line of text. */
static struct str text_of(struct str html, struct arena *arena)
{
	struct buf text, line;
	buf_init(&text, 2 * VALUE_MAX_BYTES);
	buf_init(&line, 2 * VALUE_MAX_BYTES);
	html_to_text(str_slice(html, 0, utf8_floor(html, VALUE_MAX_BYTES)), &text);
	const struct str all = str_trim(buf_str(&text));
	for (size_t i = 0; i < all.n; i++) {
		if ((unsigned char)all.p[i] > ' ')
			buf_add_char(&line, all.p[i]);
		else if (line.n && line.p[line.n - 1] != ' ')
			buf_add_char(&line, ' ');
	}
	const struct str copy = line.n ? arena_str(arena, buf_str(&line)) : STR_NONE;
	buf_finish(&text);
	buf_finish(&line);
	return copy;
}

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	const char lower = (char)(c | 0x20);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static void add_unescaped(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		const int high = s.p[i] == '%' && i + 2 < s.n ? hex_of(s.p[i + 1]) : -1;
		const int low = high >= 0 ? hex_of(s.p[i + 2]) : -1;
		if (low < 0) {
			buf_add_char(out, s.p[i]);
			continue;
		}
		buf_add_char(out, (char)(high << 4 | low));
		i += 2;
	}
}

static bool is_clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return utf8_valid(s);
}

/* https://www.google.com/url?...&url=WHERE&... leads there. */
static struct str without_detour(struct str url, struct arena *arena)
{
	const size_t question = str_find_char(url, '?');
	struct str query = str_slice(url, question == SIZE_MAX ? url.n : question + 1, url.n), pair;
	const struct str path = str_slice(url, 0, question);
	if (!str_starts(url, STR("https://www.google.")) || !str_ends(path, STR("/url")))
		return url;
	while (str_next(&query, '&', &pair)) {
		const bool q = str_starts(pair, STR("q="));
		if (!q && !str_starts(pair, STR("url=")))
			continue;
		struct buf out;
		buf_init(&out, URL_MAX_BYTES);
		add_unescaped(str_slice(pair, q ? 2 : 4, pair.n), &out);
		const struct str inner = buf_str(&out);
		const bool good = feed_url_is_http(inner) && is_clean(inner) && !out.full;
		const struct str copy = good ? arena_str(arena, inner) : STR_NONE;
		buf_finish(&out);
		if (copy.p)
			return copy;
	}
	return url;
}

/* ---- results ---- */

struct results {
	struct arena *arena;
	struct mail_results all;
	struct mail_result *one; /* being read */
	bool in_publisher;
};

/* What stands up to the tag that closes this one, without its tags. */
static struct str inside(struct mail_tags *tags, struct str name, struct arena *arena)
{
	const char *start = tags->rest.p;
	struct mail_tags ahead = *tags;
	struct mail_tag tag;
	while (mail_next_tag(&ahead, &tag)) {
		if (!tag.closing || !str_eq_ignore_case(tag.name, name))
			continue;
		*tags = ahead;
		return text_of((struct str){ start, (size_t)(tag.whole.p - start) }, arena);
	}
	tags->rest = ahead.rest;
	return STR_NONE;
}

static void begin(struct results *r)
{
	r->in_publisher = false;
	r->one = r->all.count < MAIL_MAX_RESULTS ? &r->all.items[r->all.count] : NULL;
}

static void finish(struct results *r)
{
	if (r->one && r->one->title.p && r->one->url.p)
		r->all.count++;
	else if (r->one)
		*r->one = (struct mail_result){ 0 };
	r->one = NULL;
}

static void take_tag(struct results *r, struct mail_tags *tags, const struct mail_tag *tag)
{
	struct str value, href;
	if (mail_attribute(tag->whole, STR("itemtype"), &value) &&
		str_ends(value, STR("schema.org/Article"))) {
		finish(r);
		begin(r);
		return;
	}
	if (!r->one || !mail_attribute(tag->whole, STR("itemprop"), &value))
		return;
	if (str_eq(value, STR("publisher"))) {
		r->in_publisher = true;
	} else if (str_eq(value, STR("url")) && !r->one->url.p) {
		if (mail_attribute(tag->whole, STR("href"), &href)) {
			href = text_of(href, r->arena); /* its references read */
			if (feed_url_is_http(href) && is_clean(href))
				r->one->url = without_detour(href, r->arena);
		}
	} else if (str_eq(value, STR("name"))) {
		struct str *into = r->in_publisher ? &r->one->publisher : &r->one->title;
		const struct str text = inside(tags, tag->name, r->arena);
		if (!into->p)
			*into = text;
	} else if (str_eq(value, STR("description")) && !r->one->text.p) {
		r->one->text = inside(tags, tag->name, r->arena);
	}
}

struct mail_results mail_alert_results(const struct mail *mail, struct arena *arena)
{
	struct results r = { .arena = arena };
	struct mail_tags tags = { .rest = mail->html };
	struct mail_tag tag;
	if (!is_alert(mail))
		return r.all;
	r.all.items = arena_array(arena, struct mail_result, MAIL_MAX_RESULTS);
	while (r.all.items && mail_next_tag(&tags, &tag))
		if (!tag.closing)
			take_tag(&r, &tags, &tag);
	finish(&r);
	return r.all;
}
