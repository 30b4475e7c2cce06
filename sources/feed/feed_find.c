#include "sources/feed/feed_find.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "model/entities.h"
#include "sources/feed/feed_bytes.h"
#include "sources/feed/feed_parse.h"
#include "sources/feed/feed_url.h"
#include "sources/feed/feed_xml.h"

/* Links stand in a page's head. */
enum { PAGE_MAX_BYTES = 512 * 1024, TEXT_MAX_BYTES = 2 * 1024 * 1024 };

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Cuts the next attribute off the rest of a tag; *done at its end. */
static bool next_attribute(struct str *rest, struct str *name, struct str *value)
{
	size_t at = 0, from;
	while (at < rest->n && (is_space(rest->p[at]) || rest->p[at] == '/'))
		at++;
	if (at == rest->n || rest->p[at] == '>')
		return false;
	for (from = at;
		at < rest->n && !is_space(rest->p[at]) && rest->p[at] != '=' && rest->p[at] != '>';)
		at++;
	/* A stray = is a name, or this would not move. */
	at += at == from;
	*name = str_slice(*rest, from, at);
	*value = STR("");
	while (at < rest->n && is_space(rest->p[at]))
		at++;
	if (at < rest->n && rest->p[at] == '=') {
		at++;
		while (at < rest->n && is_space(rest->p[at]))
			at++;
		const char quote = at < rest->n ? rest->p[at] : ' ';
		const bool quoted = quote == '"' || quote == '\'';
		from = at += quoted;
		while (at < rest->n &&
			(quoted ? rest->p[at] != quote
				: !is_space(rest->p[at]) && rest->p[at] != '>'))
			at++;
		*value = str_slice(*rest, from, at);
		at += quoted && at < rest->n;
	}
	*rest = str_slice(*rest, at, rest->n);
	return true;
}

static bool is_feed_type(struct str type)
{
	static const char *const types[] = { "application/rss+xml", "application/atom+xml",
		"application/rdf+xml", "application/feed+json", "text/xml", NULL };
	for (const char *const *known = types; *known; known++)
		if (str_eq_ignore_case(type, str_of(*known)))
			return true;
	return false;
}

static bool has_word(struct str list, struct str word)
{
	struct str piece;
	while (str_next(&list, ' ', &piece))
		if (str_eq_ignore_case(piece, word))
			return true;
	return false;
}

/* The references of an attribute's value. */
static struct str decoded(struct str value, struct arena *arena)
{
	struct buf out;
	buf_init(&out, FEED_MAX_VALUE_BYTES);
	for (size_t i = 0; i < value.n;) {
		uint32_t code_point;
		char bytes[UTF8_MAX_BYTES];
		const size_t n = value.p[i] == '&'
			? entity_read(str_slice(value, i, value.n), &code_point)
			: 0;
		/* &copy=1 is part of an address. */
		if (n && value.p[i + n - 1] == ';')
			buf_add(&out, (struct str){ bytes, utf8_write(code_point, bytes) });
		else
			buf_add_char(&out, value.p[i]);
		i += n && value.p[i + n - 1] == ';' ? n : 1;
	}
	const struct str copy = out.full ? STR_NONE : arena_str(arena, buf_str(&out));
	buf_finish(&out);
	return copy;
}

/* Cuts up to the next tag of that name, comments passed over: *rest are then its attributes. */
static bool next_tag(struct str *rest, struct str name)
{
	for (;;) {
		const size_t at = str_find_char(*rest, '<');
		if (at == SIZE_MAX)
			return false;
		*rest = str_slice(*rest, at + 1, rest->n);
		if (str_starts(*rest, STR("!--"))) {
			const size_t end = str_find(*rest, STR("-->"));
			*rest = str_slice(*rest, end == SIZE_MAX ? rest->n : end, rest->n);
		} else if (str_eq_ignore_case(str_slice(*rest, 0, name.n), name) &&
			rest->n > name.n && is_space(rest->p[name.n])) {
			*rest = str_slice(*rest, name.n, rest->n);
			return true;
		}
	}
}

/* What <link> says. */
struct link {
	struct str rel, type, href, title;
};

static struct link read_link(struct str *rest)
{
	struct link l = { 0 };
	struct str name, value;
	while (next_attribute(rest, &name, &value)) {
		if (str_eq_ignore_case(name, STR("rel")))
			l.rel = value;
		else if (str_eq_ignore_case(name, STR("type")))
			l.type = str_trim(value);
		else if (str_eq_ignore_case(name, STR("href")))
			l.href = value;
		else if (str_eq_ignore_case(name, STR("title")))
			l.title = value;
	}
	return l;
}

static bool has_piece(struct str s, struct str piece)
{
	for (size_t i = 0; i + piece.n <= s.n; i++)
		if (str_eq_ignore_case(str_slice(s, i, i + piece.n), piece))
			return true;
	return false;
}

/* "Comments Feed", "flux des commentaires", "Kommentar-Feed", /comments/feed/. */
static bool is_of_comments(const struct link *l)
{
	return has_piece(l->title, STR("comment")) || has_piece(l->title, STR("komment")) ||
		has_piece(l->href, STR("/comments/"));
}

struct str feed_find_in_page(struct str html, struct str base, struct arena *arena)
{
	struct str rest = str_slice(html, 0, PAGE_MAX_BYTES), comments = STR_NONE;
	while (next_tag(&rest, STR("link"))) {
		const struct link l = read_link(&rest);
		if (!has_word(l.rel, STR("alternate")) || !is_feed_type(l.type) || !l.href.n)
			continue;
		const struct str url = feed_url_resolve(base, decoded(l.href, arena), arena);
		if (!feed_url_is_http(url))
			continue;
		if (!is_of_comments(&l))
			return url;
		if (!comments.p)
			comments = url;
	}
	return comments;
}

void feed_find_links(struct str html, bool (*found)(void *ctx, struct str url), void *ctx)
{
	struct str rest = str_slice(html, 0, TEXT_MAX_BYTES), name, value;
	struct arena arena;
	bool more = true;
	arena_init(&arena, TEXT_MAX_BYTES);
	while (more && next_tag(&rest, STR("a"))) {
		while (more && next_attribute(&rest, &name, &value)) {
			arena_reset(&arena);
			if (str_eq_ignore_case(name, STR("href")))
				more = found(ctx, str_trim(decoded(value, &arena)));
		}
	}
	arena_finish(&arena);
}

/* ---- OPML ---- */

struct outline {
	bool (*found)(void *ctx, struct str url, struct str title);
	void *ctx;
	bool any, opml;
};

static bool on_open(void *ctx, const struct feed_xml_element *e)
{
	struct outline *o = ctx;
	struct str url = STR_NONE, title = STR_NONE;
	if (!o->any)
		o->opml = str_eq_ignore_case(e->name.name, STR("opml"));
	o->any = true;
	if (!o->opml || !str_eq_ignore_case(e->name.name, STR("outline")))
		return o->opml;
	for (size_t i = 0; i < e->attribute_count; i++) {
		const struct feed_xml_attribute *a = &e->attributes[i];
		if (str_eq_ignore_case(a->name.name, STR("xmlUrl")))
			url = str_trim(a->value);
		else if (str_eq_ignore_case(a->name.name, STR("text")))
			title = a->value;
	}
	return !url.n || o->found(o->ctx, url, title);
}

static void on_close(void *ctx, struct str name)
{
	(void)ctx;
	(void)name;
}

static void on_text(void *ctx, struct str text)
{
	(void)ctx;
	(void)text;
}

bool feed_find_in_opml(
	struct str bytes, bool (*found)(void *ctx, struct str url, struct str title), void *ctx)
{
	static const struct feed_xml_events events = { on_open, on_close, on_text };
	struct outline o = { .found = found, .ctx = ctx };
	struct buf text, xml;
	buf_init(&text, FEED_MAX_BYTES);
	buf_init(&xml, 2 * FEED_MAX_BYTES);
	feed_decode(bytes, STR_NONE, &text);
	feed_prepare_xml(buf_str(&text), &xml);
	(void)feed_xml_read(buf_str(&xml), &events, &o); /* as far as it can be read */
	buf_finish(&text);
	buf_finish(&xml);
	return o.opml;
}
