#include "sources/feed/feed_post.h"

#include "model/post.h"
#include "sources/feed/feed_url.h"

enum { POST_MEMORY_BYTES = 4 * 1024 * 1024 };

/* The summary is often the beginning of the content, and otherwise says something of its own. */
static struct str text_of(const struct feed_entry *entry, struct arena *arena)
{
	const struct str summary = entry->summary, content = entry->content;
	if (!content.n)
		return summary;
	if (!summary.n || str_find(content, summary) != SIZE_MAX)
		return content;
	return arena_format(arena, "%.*s\n\n%.*s", STR_ARGS(summary), STR_ARGS(content));
}

static struct str id_of(const struct feed_entry *entry, struct str feed_url, struct arena *arena)
{
	char key[FEED_KEY_BYTES + 1];
	const struct str id = entry->id.n ? entry->id : entry->link;
	if (feed_url_absolute(id) && id.n <= POST_KEY_BYTES)
		return id;
	feed_entry_key(entry, key);
	return arena_format(arena, "%.*s#%s", STR_ARGS(str_slice(feed_url, 0, 200)), key);
}

static struct str_list links_of(const struct feed_entry *entry, struct arena *arena)
{
	const size_t count = entry->enclosures.count + entry->links.count;
	struct str *items = arena_array(arena, struct str, count ? count : 1);
	size_t n = 0;
	for (size_t i = 0; items && i < entry->links.count; i++)
		items[n++] = entry->links.items[i].url;
	for (size_t i = 0; items && i < entry->enclosures.count; i++)
		items[n++] = entry->enclosures.items[i].url;
	return (struct str_list){ items, n };
}

static bool has_media(const struct feed_entry *entry)
{
	for (size_t i = 0; i < entry->enclosures.count; i++) {
		const struct str type = entry->enclosures.items[i].type;
		if (str_starts(type, STR("image/")) || str_starts(type, STR("audio/")) ||
			str_starts(type, STR("video/")))
			return true;
	}
	return false;
}

void feed_post_json(const struct feed_entry *entry, struct str feed_url, struct buf *out)
{
	struct arena arena;
	struct post post = post_empty();
	arena_init(&arena, POST_MEMORY_BYTES);
	post.id = id_of(entry, feed_url, &arena);
	post.type = POST_ARTICLE;
	post.url = entry->link;
	post.title = entry->title;
	post.text = text_of(entry, &arena);
	if (entry->authors.count) {
		const struct feed_person *author = &entry->authors.items[0];
		post.author.name = author->name;
		post.author.id = author->email.p ? author->email : author->url;
	}
	if (entry->lang.n)
		post.langs = (struct str_list){ &entry->lang, 1 };
	post.created_at_us = entry->published_us ? entry->published_us : entry->updated_us;
	post.tags = entry->tags;
	post.links = links_of(entry, &arena);
	if (has_media(entry))
		post.media = TRISTATE_YES;
	post_json(&post, out);
	buf_add_char(out, '\n');
	arena_finish(&arena);
}
