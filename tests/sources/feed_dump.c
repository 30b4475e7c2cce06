/* Reads a feed and writes what it holds as JSON, for tests/sources/test_feed_data.py.
 *
 *     feed_dump FILE [CHARSET [BASE]]   the feed, one object
 *     feed_dump --text < LIST           of each NUL-ended text the plain text, NUL-ended */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "sources/feed/feed_parse.h"
#include "sources/feed/feed_text.h"

static void add_key(struct buf *out, const char *key)
{
	if (out->p[out->n - 1] != '{')
		buf_add_char(out, ',');
	buf_addf(out, "\"%s\":", key);
}

static void add_text(struct buf *out, const char *key, struct str text)
{
	if (!text.p)
		return;
	add_key(out, key);
	escape_json(out, text);
}

static void add_time(struct buf *out, const char *key, int64_t us)
{
	char text[TIME_TEXT_BYTES];
	if (!us)
		return;
	time_format(us, text);
	add_text(out, key, str_of(text));
}

static void add_people(struct buf *out, struct feed_people people)
{
	add_key(out, "authors");
	buf_add_char(out, '[');
	for (size_t i = 0; i < people.count; i++) {
		buf_add(out, i ? STR(",{") : STR("{"));
		add_text(out, "name", people.items[i].name);
		add_text(out, "email", people.items[i].email);
		add_text(out, "url", people.items[i].url);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void add_tags(struct buf *out, struct str_list tags)
{
	add_key(out, "tags");
	buf_add_char(out, '[');
	for (size_t i = 0; i < tags.count; i++) {
		buf_add(out, i ? STR(",") : STR(""));
		escape_json(out, tags.items[i]);
	}
	buf_add_char(out, ']');
}

static void add_links(struct buf *out, const char *key, struct feed_links links)
{
	add_key(out, key);
	buf_add_char(out, '[');
	for (size_t i = 0; i < links.count; i++) {
		buf_add(out, i ? STR(",{") : STR("{"));
		add_text(out, "url", links.items[i].url);
		add_text(out, "rel", links.items[i].rel);
		add_text(out, "type", links.items[i].type);
		if (links.items[i].bytes >= 0) {
			add_key(out, "length");
			buf_addf(out, "%lld", (long long)links.items[i].bytes);
		}
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void add_entry(struct buf *out, const struct feed_entry *entry)
{
	buf_add_char(out, '{');
	add_text(out, "id", entry->id);
	add_text(out, "title", entry->title);
	add_text(out, "link", entry->link);
	add_text(out, "summary", entry->summary);
	add_text(out, "content", entry->content);
	add_text(out, "lang", entry->lang);
	add_time(out, "published", entry->published_us);
	add_time(out, "updated", entry->updated_us);
	add_people(out, entry->authors);
	add_tags(out, entry->tags);
	add_links(out, "enclosures", entry->enclosures);
	add_links(out, "links", entry->links);
	buf_add_char(out, '}');
}

static void add_feed(struct buf *out, const struct feed *feed)
{
	add_text(out, "form", str_of(feed_form_name(feed->form)));
	add_text(out, "id", feed->id);
	add_text(out, "title", feed->title);
	add_text(out, "summary", feed->summary);
	add_text(out, "link", feed->link);
	add_text(out, "lang", feed->lang);
	add_text(out, "self", feed->self);
	add_text(out, "next", feed->next);
	add_text(out, "hub", feed->hub);
	add_time(out, "updated", feed->updated_us);
	add_people(out, feed->authors);
	add_tags(out, feed->tags);
	buf_addf(out, ",\"ttl\":%lld,\"skip_hours\":%u,\"skip_days\":%u",
		(long long)(feed->ttl_us / US_PER_MINUTE), (unsigned)feed->skip_hours,
		(unsigned)feed->skip_days);
	buf_addf(out, ",\"ill_formed\":%s,\"cut\":%s,\"entries\":[",
		feed->ill_formed ? "true" : "false", feed->cut ? "true" : "false");
	for (size_t i = 0; i < feed->entry_count; i++) {
		if (i)
			buf_add_char(out, ',');
		add_entry(out, &feed->entries[i]);
	}
	buf_add_char(out, ']');
}

static void read_all(FILE *in, struct buf *out)
{
	for (;;) {
		char *room = buf_room(out, 65536);
		const size_t n = room ? fread(room, 1, 65536, in) : 0;
		if (n == 0)
			return;
		out->n += n;
	}
}

static int dump_feed(const char *path, const char *charset, const char *base)
{
	struct buf bytes, out;
	struct arena arena;
	struct feed feed;
	const char *reason = "";
	FILE *file = fopen(path, "rb");
	if (!file)
		return 2;
	buf_init(&bytes, FEED_MAX_BYTES + 65536);
	buf_init(&out, 0);
	arena_init(&arena, FEED_MAX_MEMORY_BYTES);
	read_all(file, &bytes);
	(void)fclose(file);
	buf_add_char(&out, '{');
	const enum feed_verdict verdict = feed_parse(
		buf_str(&bytes), str_of(charset), str_of(base), &arena, &feed, &reason);
	if (verdict == FEED_READ)
		add_feed(&out, &feed);
	else
		add_text(&out, "reason", str_of(reason));
	buf_add(&out, STR("}\n"));
	(void)fwrite(out.p, 1, out.n, stdout);
	buf_finish(&bytes);
	buf_finish(&out);
	arena_finish(&arena);
	return 0;
}

static int dump_texts(void)
{
	struct buf in;
	struct arena arena;
	bool cut = false;
	buf_init(&in, 0);
	arena_init(&arena, 0);
	read_all(stdin, &in);
	struct str rest = buf_str(&in), piece;
	while (str_next(&rest, '\0', &piece)) {
		const struct str text = feed_text(
			piece, FEED_TEXT_GUESS, false, FEED_MAX_TEXT_BYTES, &arena, &cut);
		(void)fwrite(text.p ? text.p : "", 1, text.n, stdout);
		(void)fputc('\0', stdout);
	}
	buf_finish(&in);
	arena_finish(&arena);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (strcmp(argv[1], "--text") == 0)
		return dump_texts();
	return dump_feed(argv[1], argc > 2 ? argv[2] : NULL, argc > 3 ? argv[3] : NULL);
}
