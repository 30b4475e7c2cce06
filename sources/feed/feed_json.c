#include "sources/feed/feed_json.h"

#include <assert.h>

#include "base/json.h"
#include "sources/feed/feed_url.h"

enum { JSON_MEMORY_BYTES = 32 * 1024 * 1024 };

enum feed_path {
	F_VERSION,
	F_TITLE,
	F_DESCRIPTION,
	F_HOME,
	F_SELF,
	F_NEXT,
	F_LANGUAGE,
	F_HUB,
	F_AUTHORS,
	F_AUTHOR,
	F_ITEMS,
	F_COUNT
};
static const char *const feed_paths[F_COUNT] = {
	[F_VERSION] = "version",
	[F_TITLE] = "title",
	[F_DESCRIPTION] = "description",
	[F_HOME] = "home_page_url",
	[F_SELF] = "feed_url",
	[F_NEXT] = "next_url",
	[F_LANGUAGE] = "language",
	[F_HUB] = "hubs[0].url",
	[F_AUTHORS] = "authors[]",
	[F_AUTHOR] = "author",
	[F_ITEMS] = "items",
};

enum item_path {
	I_ID,
	I_URL,
	I_EXTERNAL,
	I_TITLE,
	I_HTML,
	I_TEXT,
	I_SUMMARY,
	I_PUBLISHED,
	I_MODIFIED,
	I_LANGUAGE,
	I_TAGS,
	I_TAG_TEXT, /* some write them as one text */
	I_AUTHORS,
	I_AUTHOR,
	I_ATTACHMENTS,
	I_COUNT
};
static const char *const item_paths[I_COUNT] = {
	[I_ID] = "id",
	[I_URL] = "url",
	[I_EXTERNAL] = "external_url",
	[I_TITLE] = "title",
	[I_HTML] = "content_html",
	[I_TEXT] = "content_text",
	[I_SUMMARY] = "summary",
	[I_PUBLISHED] = "date_published",
	[I_MODIFIED] = "date_modified",
	[I_LANGUAGE] = "language",
	[I_TAGS] = "tags[]",
	[I_TAG_TEXT] = "tags",
	[I_AUTHORS] = "authors[]",
	[I_AUTHOR] = "author",
	[I_ATTACHMENTS] = "attachments[]",
};

enum { P_NAME, P_URL, P_EMAIL, P_COUNT };
static const char *const person_paths[P_COUNT] = { "name", "url", "email" };

enum { A_URL, A_TYPE, A_BYTES, A_COUNT };
static const char *const attachment_paths[A_COUNT] = { "url", "mime_type", "size_in_bytes" };

struct reader {
	struct feed_builder *b;
	struct str base;
	struct arena arena; /* of what an item holds */
	struct json_paths *item, *person, *attachment;
};

static struct json_paths *make_paths(const char *const *texts, size_t count)
{
	struct str paths[I_COUNT];
	size_t bad = 0;
	assert(count <= I_COUNT);
	for (size_t i = 0; i < count; i++)
		paths[i] = str_of(texts[i]);
	struct json_paths *made = json_paths_create(paths, count, &bad);
	assert(made);
	return made;
}

/* A string, or a number by its digits; absent for anything else. */
static struct str text_of(const struct json_picked *picked)
{
	if (picked->count == 0)
		return STR_NONE;
	const struct json_value *value = &picked->items[0];
	return value->type == JSON_STRING || value->type == JSON_NUMBER ? value->text : STR_NONE;
}

static struct str url_of(struct reader *r, const struct json_picked *picked)
{
	return feed_url_resolve(r->base, text_of(picked), r->b->arena);
}

static void take_people(struct reader *r, const struct json_picked *list)
{
	for (size_t i = 0; i < list->count && i < FEED_MAX_ITEMS; i++) {
		struct json_picked parts[P_COUNT];
		struct json_error error;
		const struct json_value *value = &list->items[i];
		if (value->type == JSON_STRING)
			feed_build_author(r->b, value->text, false);
		if (value->type != JSON_OBJECT ||
			json_pick(r->person, value->text, &r->arena, parts, &error) != 0)
			continue;
		const struct feed_person person = { text_of(&parts[P_NAME]),
			text_of(&parts[P_EMAIL]), url_of(r, &parts[P_URL]) };
		feed_build_person(r->b, &person);
	}
}

static void take_attachments(struct reader *r, const struct json_picked *list)
{
	for (size_t i = 0; i < list->count && i < FEED_MAX_ITEMS; i++) {
		struct json_picked parts[A_COUNT];
		struct json_error error;
		struct feed_link link = { .bytes = -1 };
		if (list->items[i].type != JSON_OBJECT ||
			json_pick(r->attachment, list->items[i].text, &r->arena, parts, &error) !=
				0)
			continue;
		link.url = url_of(r, &parts[A_URL]);
		link.type = text_of(&parts[A_TYPE]);
		if (!str_to_int64(text_of(&parts[A_BYTES]), &link.bytes))
			link.bytes = -1;
		feed_build_enclosure(r->b, &link);
	}
}

static void take_item(struct reader *r, struct str record)
{
	struct feed_builder *b = r->b;
	struct json_picked v[I_COUNT];
	struct json_error error;
	arena_reset(&r->arena);
	/* An item without an id is not one, as the specification says. */
	if (json_pick(r->item, record, &r->arena, v, &error) != 0 || !text_of(&v[I_ID]).n ||
		!feed_build_open_entry(b))
		return;
	feed_build_id(b, text_of(&v[I_ID]));
	feed_build_title(b, text_of(&v[I_TITLE]), FEED_TEXT_GUESS, false);
	feed_build_summary(b, text_of(&v[I_SUMMARY]), FEED_TEXT_PLAIN, false);
	if (text_of(&v[I_TEXT]).n)
		feed_build_content(b, text_of(&v[I_TEXT]), FEED_TEXT_PLAIN);
	feed_build_content(b, text_of(&v[I_HTML]), FEED_TEXT_HTML);
	feed_build_link(b, url_of(r, &v[I_URL]), FEED_LINK_PLAIN);
	/* An id is often the address. */
	if (feed_url_is_http(text_of(&v[I_ID])))
		feed_build_link(b, text_of(&v[I_ID]), FEED_LINK_GUID);
	const struct feed_link external = { .url = url_of(r, &v[I_EXTERNAL]), .bytes = -1 };
	feed_build_other_link(b, &external);
	feed_build_published(b, text_of(&v[I_PUBLISHED]), false);
	feed_build_updated(b, text_of(&v[I_MODIFIED]));
	feed_build_lang(b, text_of(&v[I_LANGUAGE]));
	for (size_t i = 0; i < v[I_TAGS].count; i++)
		if (v[I_TAGS].items[i].type == JSON_STRING)
			feed_build_tag(b, v[I_TAGS].items[i].text);
	feed_build_tags(b, text_of(&v[I_TAG_TEXT]));
	take_people(r, v[I_AUTHORS].count ? &v[I_AUTHORS] : &v[I_AUTHOR]);
	take_attachments(r, &v[I_ATTACHMENTS]);
	feed_build_close_entry(b);
}

/* The end of the value at `at` of an array that is known to be JSON: its comma or bracket. */
static size_t value_end(struct str array, size_t at)
{
	size_t depth = 0;
	bool quoted = false;
	for (; at < array.n; at++) {
		const char c = array.p[at];
		if (quoted) {
			at += c == '\\';
			quoted = c != '"';
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if (depth == 0 && (c == ',' || c == ']')) {
			return at;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return array.n;
}

static void take_items(struct reader *r, struct str array)
{
	for (size_t at = 1; at < array.n;) {
		const size_t end = value_end(array, at);
		take_item(r, str_trim(str_slice(array, at, end)));
		at = end + 1;
	}
}

static void take_feed(struct reader *r, const struct json_picked *v)
{
	struct feed_builder *b = r->b;
	feed_build_title(b, text_of(&v[F_TITLE]), FEED_TEXT_GUESS, false);
	feed_build_summary(b, text_of(&v[F_DESCRIPTION]), FEED_TEXT_PLAIN, false);
	feed_build_link(b, url_of(r, &v[F_HOME]), FEED_LINK_PLAIN);
	feed_build_lang(b, text_of(&v[F_LANGUAGE]));
	b->feed->self = feed_build_value(b, url_of(r, &v[F_SELF]), FEED_TEXT_PLAIN);
	b->feed->next = feed_build_value(b, url_of(r, &v[F_NEXT]), FEED_TEXT_PLAIN);
	b->feed->hub = feed_build_value(b, url_of(r, &v[F_HUB]), FEED_TEXT_PLAIN);
	take_people(r, v[F_AUTHORS].count ? &v[F_AUTHORS] : &v[F_AUTHOR]);
}

static bool is_feed(const struct json_picked *v)
{
	return str_find(text_of(&v[F_VERSION]), STR("jsonfeed.org")) != SIZE_MAX ||
		(v[F_ITEMS].count && v[F_ITEMS].items[0].type == JSON_ARRAY &&
			text_of(&v[F_TITLE]).p);
}

enum feed_verdict feed_json_read(
	struct str json, struct str base, struct feed_builder *b, const char **reason)
{
	struct reader r = { .b = b, .base = base };
	struct json_picked v[F_COUNT];
	struct json_error error;
	struct arena arena;
	enum feed_verdict verdict = FEED_UNKNOWN;
	struct json_paths *paths = make_paths(feed_paths, F_COUNT);
	arena_init(&arena, JSON_MEMORY_BYTES);
	if (json_pick(paths, json, &arena, v, &error) != 0) {
		*reason = "broken JSON";
	} else if (!is_feed(v)) {
		*reason = "JSON, but no feed";
	} else {
		verdict = FEED_READ;
		b->feed->form = FEED_JSON;
		arena_init(&r.arena, JSON_MEMORY_BYTES);
		r.item = make_paths(item_paths, I_COUNT);
		r.person = make_paths(person_paths, P_COUNT);
		r.attachment = make_paths(attachment_paths, A_COUNT);
		take_feed(&r, v);
		if (v[F_ITEMS].count && v[F_ITEMS].items[0].type == JSON_ARRAY)
			take_items(&r, v[F_ITEMS].items[0].text);
		json_paths_destroy(r.item);
		json_paths_destroy(r.person);
		json_paths_destroy(r.attachment);
		arena_finish(&r.arena);
	}
	json_paths_destroy(paths);
	arena_finish(&arena);
	return verdict;
}
