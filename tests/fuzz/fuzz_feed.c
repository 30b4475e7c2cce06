/* Whatever stands in a feed: what comes out is UTF-8 within its ceilings, and is the same twice.
 * The first byte chooses a charset. */
#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "sources/feed_bytes.h"
#include "sources/feed_find.h"
#include "sources/feed_link.h"
#include "sources/feed_parse.h"
#include "sources/feed_state.h"
#include "sources/feed_url.h"
#include "sources/feed_websub.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct str s, size_t max)
{
	assert(s.n <= max);
	assert(!s.p || s.n);
	assert(utf8_valid(s));
}

static void check_value(struct str s)
{
	check_text(s, FEED_MAX_VALUE_BYTES);
}

static void check_people(struct feed_people people)
{
	assert(people.count <= FEED_MAX_ITEMS);
	for (size_t i = 0; i < people.count; i++) {
		check_value(people.items[i].name);
		check_value(people.items[i].email);
		check_text(people.items[i].url, 4 * FEED_MAX_VALUE_BYTES);
	}
}

static void check_links(struct feed_links links)
{
	assert(links.count <= FEED_MAX_ITEMS);
	for (size_t i = 0; i < links.count; i++) {
		check_value(links.items[i].url);
		assert(links.items[i].url.n);
		assert(links.items[i].bytes >= -1);
	}
}

static void check_entry(const struct feed_entry *entry)
{
	char key[FEED_KEY_BYTES + 1];
	check_value(entry->id);
	check_value(entry->link);
	check_value(entry->lang);
	check_text(entry->title, FEED_MAX_TEXT_BYTES);
	check_text(entry->summary, FEED_MAX_TEXT_BYTES);
	check_text(entry->content, FEED_MAX_TEXT_BYTES);
	check_people(entry->authors);
	check_links(entry->enclosures);
	check_links(entry->links);
	assert(entry->tags.count <= FEED_MAX_ITEMS);
	for (size_t i = 0; i < entry->tags.count; i++)
		check_value(entry->tags.items[i]);
	feed_entry_key(entry, key);
	assert(strlen(key) == FEED_KEY_BYTES);
}

static void check_feed(const struct feed *feed)
{
	check_text(feed->title, FEED_MAX_TEXT_BYTES);
	check_value(feed->self);
	check_value(feed->next);
	check_value(feed->hub);
	check_value(feed->lang);
	assert(feed->ttl_us >= 0);
	assert(feed->skip_hours < UINT32_C(1) << 24);
	assert(feed->skip_days < 1u << 7);
	assert(feed->entry_count <= FEED_MAX_ENTRIES);
	for (size_t i = 0; i < feed->entry_count; i++)
		check_entry(&feed->entries[i]);
}

static bool on_outline(void *ctx, struct str url, struct str title)
{
	size_t *count = ctx;
	assert(url.n && utf8_valid(url) && utf8_valid(title));
	return ++*count < 10;
}

/* The same bytes as a page, a list of feeds, a cursor, a Link header and a signature. */
static void check_others(struct str bytes, struct arena *arena)
{
	size_t count = 0;
	struct feed_state state;
	const struct str url = feed_find_in_page(bytes, STR("http://example.com/a/b"), arena);
	assert(!url.p || feed_url_is_http(url));
	(void)feed_find_in_opml(bytes, on_outline, &count);
	assert(count <= 10);
	const struct str hub = feed_link_find(bytes, STR("hub"));
	assert(hub.n <= bytes.n);
	assert(!feed_websub_signed(bytes, STR("secret"), STR("body")));
	feed_state_init(&state, STR("http://example.com/feed"));
	(void)feed_state_parse(bytes, &state);
	assert(state.key_count <= FEED_MAX_KEYS);
	feed_state_finish(&state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const charsets[] = { NULL, "utf-8", "windows-1252", "utf-16", "koi8-r",
		"shift_jis", "iso-2022-jp", "nonsense" };
	if (size == 0)
		return 0;
	const struct str charset = str_of(charsets[data[0] % 8]);
	const struct str bytes = { (const char *)data + 1, size - 1 };
	struct buf text;
	buf_init(&text, FEED_MAX_BYTES);
	feed_decode(bytes, charset, &text);
	assert(text.full || utf8_valid(buf_str(&text)));
	buf_finish(&text);
	struct arena arena;
	struct feed feed;
	const char *reason = NULL;
	arena_init(&arena, FEED_MAX_MEMORY_BYTES);
	const enum feed_verdict verdict = feed_parse(
		bytes, charset, STR("http://example.com/feed"), &arena, &feed, &reason);
	if (verdict == FEED_READ)
		check_feed(&feed);
	else
		assert(reason);
	check_others(bytes, &arena);
	arena_finish(&arena);
	return 0;
}
