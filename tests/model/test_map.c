#include "tests/check.h"

#include <errno.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/html.h"
#include "model/map.h"
#include "model/map_table.h"

struct fixture {
	struct post_reader *reader;
	struct post post;
	const char *reason;
	size_t at;
};

static void begin(struct fixture *f, const char *map)
{
	const struct post_map *m = strcmp(map, "auto") == 0 ? post_map_auto()
							    : post_map_builtin(str_of(map));
	assert_non_null(m);
	f->reader = post_reader_create(m);
}

static enum post_read read_one(struct fixture *f, const char *record)
{
	return post_read(f->reader, str_of(record), &f->post, &f->reason, &f->at);
}

/* The post as JSON must be `expected`, by the map of that name and by "auto". */
static void check_post(const char *map, const char *record, const char *expected)
{
	const char *const maps[] = { map, "auto" };
	for (size_t i = 0; i < 2; i++) {
		struct fixture f;
		struct buf out;
		buf_init(&out, 0);
		begin(&f, maps[i]);
		assert_int_equal(read_one(&f, record), POST_READ);
		post_json(&f.post, &out);
		check_str(buf_str(&out), str_of(expected));
		buf_finish(&out);
		post_reader_destroy(f.reader);
	}
}

static void check_skipped(const char *map, const char *record)
{
	const char *const maps[] = { map, "auto" };
	for (size_t i = 0; i < 2; i++) {
		struct fixture f;
		begin(&f, maps[i]);
		assert_int_equal(read_one(&f, record), POST_SKIPPED);
		post_reader_destroy(f.reader);
	}
}

#define RECORD                                                                                      \
	"\"collection\":\"app.bsky.feed.post\",\"rkey\":\"3k\",\"record\":{\"createdAt\":"          \
	"\"2026-07-04T14:38:06.240Z\",\"langs\":[\"fr\",\"en\"],\"text\":\"Le soleil\",\"facets\""  \
	":[{\"features\":[{\"tag\":\"solaire\"}]},{\"features\":[{\"uri\":\"https://e.org/\"},{"    \
	"\"did\":\"did:plc:b\"}]}],\"tags\":[\"énergie\"],\"embed\":{\"images\":[{\"alt\":\"\"},{" \
	"\"alt\":\"Un toit\"}],\"record\":{\"uri\":\"at://q\"}},\"reply\":{\"parent\":{\"uri\":"    \
	"\"at://p\"}},\"labels\":{\"values\":[{\"val\":\"porn\"}]}}"
#define RECORD_POST                                                                              \
	"{\"id\":\"at://did:plc:a/app.bsky.feed.post/3k\",\"type\":\"reply\",\"url\":"           \
	"\"https://bsky.app/profile/did:plc:a/post/3k\",\"text\":\"Le soleil\\nUn toit\","       \
	"\"author\":{\"id\":\"did:plc:a\"},\"lang\":[\"fr\",\"en\"],\"created_at\":"             \
	"\"2026-07-04T14:38:06.240000Z\",\"tags\":[\"solaire\",\"énergie\"],\"mentions\":["     \
	"\"did:plc:b\"],\"links\":[\"https://e.org/\"],\"in_reply_to\":\"at://p\",\"sensitive\"" \
	":true,\"media\":true}"

static void jetstream_of_both_versions_is_read(void **state)
{
	(void)state;
	check_post("bluesky",
		"{\"did\":\"did:plc:a\",\"time_us\":1783175888085434,\"kind\":\"commit\","
		"\"commit\":{\"operation\":\"create\"," RECORD "}}",
		RECORD_POST);
	check_post("bluesky",
		"{\"$type\":\"message\",\"payload\":{\"$type\":\"x#commit\",\"seq\":1,\"did\":"
		"\"did:plc:a\",\"time\":\"2026-07-04T14:38:07Z\",\"operation\":\"create\"," RECORD
		"}}",
		RECORD_POST);
	check_post("bluesky",
		"{\"did\":\"did:plc:a\",\"time_us\":1783175888085434,\"kind\":\"commit\","
		"\"commit\":{\"operation\":\"update\",\"collection\":\"app.bsky.feed.post\","
		"\"rkey\":\"3k\",\"record\":{\"text\":\"x\",\"embed\":{\"record\":{\"record\":{"
		"\"uri\":\"at://q\"}}}}}}",
		"{\"id\":\"at://did:plc:a/app.bsky.feed.post/3k\",\"type\":\"edit\",\"url\":"
		"\"https://bsky.app/profile/did:plc:a/post/3k\",\"text\":\"x\",\"author\":{\"id\":"
		"\"did:plc:a\"},\"created_at\":\"2026-07-04T14:38:08.085434Z\"}");
}

static void jetstream_events_that_are_no_posts_are_skipped(void **state)
{
	(void)state;
	check_skipped("bluesky",
		"{\"did\":\"did:plc:a\",\"time_us\":1,\"kind\":\"commit\",\"commit\":{"
		"\"operation\":\"create\",\"collection\":\"app.bsky.feed.like\",\"record\":{"
		"\"text\":\"no\"}}}");
	check_skipped("bluesky",
		"{\"did\":\"did:plc:a\",\"time_us\":1,\"kind\":\"commit\",\"commit\":{"
		"\"operation\":\"delete\",\"collection\":\"app.bsky.feed.post\",\"rkey\":\"3k\"}}");
	check_skipped("bluesky",
		"{\"did\":\"did:plc:a\",\"time_us\":1,\"kind\":\"identity\",\"identity\":{}}");
	struct fixture f;
	begin(&f, "auto");
	(void)read_one(&f,
		"{\"did\":\"did:plc:a\",\"commit\":{\"operation\":\"delete\",\"collection\":"
		"\"app.bsky.feed.post\",\"rkey\":\"3k\"}}");
	assert_int_equal(f.post.type, POST_DELETE);
	check_text(f.post.id, "at://did:plc:a/app.bsky.feed.post/3k");
	post_reader_destroy(f.reader);
}

static void a_mastodon_status_is_read(void **state)
{
	(void)state;
	check_post("mastodon",
		"{\"id\":\"11\",\"created_at\":\"2026-01-01T00:00:00.000Z\",\"in_reply_to_id\":"
		"null,\"sensitive\":true,\"spoiler_text\":\"Attention\",\"language\":\"fr\","
		"\"uri\":\"https://m/u/a/11\",\"url\":\"https://m/@a/11\",\"content\":"
		"\"<p>Le <b>soleil</b> &amp; l&#39;eau</p><p>fin</p>\",\"reblog\":null,\"account\":"
		"{\"id\":\"7\",\"acct\":\"a@m\",\"display_name\":\"\",\"followers_count\":3},"
		"\"media_attachments\":[{\"description\":null},{\"description\":\"Un toit\"}],"
		"\"mentions\":[{\"acct\":\"b@m\"}],\"tags\":[{\"name\":\"solaire\"}],\"card\":{"
		"\"url\":\"https://e.org/\",\"title\":\"no\"},\"poll\":{\"options\":[{\"title\":"
		"\"oui\"},{\"title\":\"non\"}]}}",
		"{\"id\":\"11\",\"type\":\"post\",\"url\":\"https://m/@a/11\",\"text\":"
		"\"Attention\\nLe soleil \\u0026 l'eau\\nfin\\nUn toit\\noui\\nnon\",\"author\":{"
		"\"id\":\"7\",\"handle\":\"a@m\",\"followers\":3},\"lang\":[\"fr\"],\"created_at\":"
		"\"2026-01-01T00:00:00Z\",\"tags\":[\"solaire\"],\"mentions\":[\"b@m\"],\"links\":"
		"[\"https://e.org/\"],\"sensitive\":true,\"media\":true}");
}

static void a_reblog_has_the_text_of_the_original(void **state)
{
	(void)state;
	check_post("mastodon",
		"{\"id\":\"12\",\"content\":\"\",\"account\":{\"acct\":\"a\"},\"reblog\":{\"id\":"
		"\"5\",\"content\":\"<p>Original</p>\",\"language\":\"en\",\"account\":{\"acct\":"
		"\"b\"}}}",
		"{\"id\":\"12\",\"type\":\"repost\",\"text\":\"Original\",\"author\":{\"handle\":"
		"\"a\"},\"lang\":[\"en\"],\"repost_of\":\"5\"}");
}

static void activitypub_is_read_as_mastodon_s(void **state)
{
	(void)state;
	check_post("mastodon",
		"{\"id\":\"https://m/1/activity\",\"type\":\"Create\",\"actor\":\"https://m/a\","
		"\"published\":\"2026-01-01T00:00:00Z\",\"object\":{\"id\":\"https://m/1\","
		"\"type\":\"Note\",\"summary\":null,\"inReplyTo\":\"https://m/0\",\"url\":"
		"\"https://m/@a/1\",\"attributedTo\":\"https://m/a\",\"sensitive\":false,"
		"\"content\":\"<p>Bonjour</p>\",\"attachment\":[{\"name\":\"Un toit\"}],\"tag\":[{"
		"\"type\":\"Mention\",\"name\":\"@b@m\"},{\"type\":\"Hashtag\",\"name\":"
		"\"#solaire\"}]}}",
		"{\"id\":\"https://m/1\",\"type\":\"reply\",\"url\":\"https://m/@a/1\",\"text\":"
		"\"Bonjour\\nUn toit\",\"author\":{\"id\":\"https://m/a\"},\"created_at\":"
		"\"2026-01-01T00:00:00Z\",\"tags\":[\"solaire\"],\"mentions\":[\"b@m\"],"
		"\"in_reply_to\":\"https://m/0\",\"sensitive\":false,\"media\":true}");
	check_skipped("mastodon",
		"{\"id\":\"x\",\"type\":\"Announce\",\"actor\":\"https://m/a\",\"object\":"
		"\"https://m/2\"}");
}

static void a_line_of_x_is_read(void **state)
{
	(void)state;
	check_post("x",
		"{\"includes\":{\"users\":[{\"id\":\"1\",\"name\":\"No\"},{\"public_metrics\":{"
		"\"followers_count\":9},\"username\":\"ana\",\"name\":\"Ana\",\"id\":\"7\"},{"
		"\"id\":\"7\",\"username\":\"late\"}],\"places\":[{\"country_code\":\"FR\"}]},"
		"\"data\":{\"id\":\"42\",\"author_id\":\"7\",\"text\":\"short…\",\"note_tweet\":{"
		"\"text\":\"long &amp; &lt;whole&gt; &eacute;\"},\"lang\":\"und\",\"created_at\":"
		"\"2026-01-01T00:00:00.000Z\",\"possibly_sensitive\":false,\"entities\":{"
		"\"hashtags\":[{\"tag\":\"solaire\"}],\"mentions\":[{\"username\":\"b\"}],"
		"\"urls\":[{\"expanded_url\":\"https://e.org/\"}]},\"referenced_tweets\":[{"
		"\"type\":\"quoted\",\"id\":\"40\"},{\"id\":\"41\",\"type\":\"replied_to\"}]}}",
		"{\"id\":\"42\",\"type\":\"reply\",\"url\":\"https://x.com/ana/status/42\","
		"\"text\":\"long \\u0026 \\u003cwhole\\u003e \\u0026eacute;\",\"author\":{\"id\":"
		"\"7\",\"handle\":\"ana\",\"name\":\"Ana\",\"followers\":9},\"created_at\":"
		"\"2026-01-01T00:00:00Z\",\"tags\":[\"solaire\"],\"mentions\":[\"b\"],\"links\":["
		"\"https://e.org/\"],\"in_reply_to\":\"41\",\"country\":\"FR\",\"sensitive\":"
		"false}");
	check_post("x",
		"{\"data\":{\"id\":\"42\",\"text\":\"RT @b: The beg…\",\"referenced_tweets\":[{"
		"\"type\":\"retweeted\",\"id\":\"40\"}]},\"includes\":{\"tweets\":[{\"id\":\"39\","
		"\"text\":\"no\"},{\"text\":\"The beginning\",\"id\":\"40\"}]}}",
		"{\"id\":\"42\",\"type\":\"repost\",\"url\":\"https://x.com/i/web/status/42\","
		"\"text\":\"The beginning\",\"repost_of\":\"40\"}");
	check_skipped("x", "{\"errors\":[{\"title\":\"operational-disconnect\"}]}");
}

static void a_tweet_of_v1_is_read(void **state)
{
	(void)state;
	check_post("tweet-v1",
		"{\"created_at\":\"Wed Jan 01 01:36:49 +0000 2014\",\"id\":418194066006757400,"
		"\"id_str\":\"418194066006757376\",\"text\":\"cut…\",\"extended_tweet\":{"
		"\"full_text\":\"A &amp;amp; B &gt; C\"},\"user\":{\"id\":7,\"id_str\":\"7\","
		"\"screen_name\":\"ana\",\"name\":\"Ana\",\"followers_count\":10,"
		"\"verified\":true},\"extended_entities\":{\"media\":[{\"id\":1}]},\"entities\":{"
		"\"hashtags\":[{\"text\":\"x\"}],\"user_mentions\":[{\"screen_name\":\"b\"}],"
		"\"urls\":[{\"expanded_url\":\"http:\\/\\/e.org\\/\"}]},\"place\":{"
		"\"country_code\":\"FR\"},\"possibly_sensitive\":true,\"lang\":\"en\","
		"\"quoted_status\":{\"id_str\":\"5\",\"text\":\"no\"}}",
		"{\"id\":\"418194066006757376\",\"type\":\"quote\",\"url\":"
		"\"https://x.com/ana/status/418194066006757376\",\"text\":\"A \\u0026amp; B "
		"\\u003e C\",\"author\":{\"id\":\"7\",\"handle\":\"ana\",\"name\":\"Ana\","
		"\"followers\":10,\"verified\":true},\"lang\":[\"en\"],\"created_at\":"
		"\"2014-01-01T01:36:49Z\","
		"\"tags\":[\"x\"],\"mentions\":[\"b\"],\"links\":[\"http://e.org/\"],\"country\":"
		"\"FR\",\"sensitive\":true,\"media\":true}");
	check_post("tweet-v1",
		"{\"id\":3,\"text\":\"RT @b: whole\",\"user\":{\"screen_name\":\"ana\"},"
		"\"retweeted_status\":{\"id\":2,\"text\":\"whole\"}}",
		"{\"id\":\"3\",\"type\":\"repost\",\"url\":\"https://x.com/ana/status/3\","
		"\"text\":\"RT @b: whole\",\"author\":{\"handle\":\"ana\"},\"repost_of\":\"2\"}");
	check_post("tweet-v1",
		"{\"id\":3,\"text\":\"RT @b: the be…\",\"user\":{\"screen_name\":\"ana\"},"
		"\"retweeted_status\":{\"id\":2,\"text\":\"the be…\",\"extended_tweet\":{"
		"\"full_text\":\"the beginning &amp; the end\"}}}",
		"{\"id\":\"3\",\"type\":\"repost\",\"url\":\"https://x.com/ana/status/3\","
		"\"text\":\"the beginning \\u0026 the end\",\"author\":{\"handle\":\"ana\"},"
		"\"repost_of\":\"2\"}");
	check_skipped("tweet-v1", "{\"delete\":{\"status\":{\"id_str\":\"1\"}}}");
}

static void vigie_s_own_posts_are_read_in_all_their_spellings(void **state)
{
	(void)state;
	check_post("post",
		"{\"id\": 12, \"created_at\": 1700000000, \"lang\": \"fr\", \"author\": \"@ana\", "
		"\"text\": \"soleil\"}",
		"{\"id\":\"12\",\"type\":\"post\",\"text\":\"soleil\",\"author\":{\"handle\":"
		"\"ana\"},\"lang\":[\"fr\"],\"created_at\":\"2023-11-14T22:13:20Z\"}");
	check_post("post",
		"{\"title\":\"T\",\"lang\":[\"fr\",\"en\"],\"author\":{\"id\":7,\"handle\":\"a\","
		"\"name\":\"A\",\"followers\":\"5\",\"verified\":false},\"media\":\"a.png\","
		"\"created_at\":1700000000.25,\"type\":"
		"\"article\",\"tags\":[\"#x\",\"y\"],\"mentions\":[\"@b\"],\"links\":[\"l\"],"
		"\"url\":\"u\",\"in_reply_to\":1,\"repost_of\":2,\"country\":\"FR\",\"sensitive\":"
		"false}",
		"{\"type\":\"article\",\"url\":\"u\",\"title\":\"T\",\"author\":{\"id\":\"7\","
		"\"handle\":\"a\",\"name\":\"A\",\"followers\":5,\"verified\":false},\"lang\":["
		"\"fr\",\"en\"],"
		"\"created_at\":\"2023-11-14T22:13:20Z\",\"tags\":[\"x\",\"y\"],\"mentions\":["
		"\"b\"],\"links\":[\"l\"],\"in_reply_to\":\"1\",\"repost_of\":\"2\",\"country\":"
		"\"FR\",\"sensitive\":false,\"media\":true}");
	check_post("post",
		"{\"id\":null,\"text\":42,\"title\":true,\"created_at\":\"soon\",\"author\":null,"
		"\"lang\":null,\"tags\":\"x\",\"sensitive\":\"maybe\",\"type\":\"poem\"}",
		"{\"type\":\"post\",\"text\":\"42\"}");
	check_post("post", "{\"text\":[\"a\",\"b\"],\"title\":[\"c\"]}",
		"{\"type\":\"post\",\"title\":\"c\",\"text\":\"a\\nb\"}");
	check_skipped("post", "{\"id\":\"1\",\"text\":\"\"}");
	check_skipped("post", "{\"id\":\"1\",\"text\":null,\"title\":[]}");
	check_skipped("post", "{}");
}

static void times_that_no_post_has_are_unknown(void **state)
{
	(void)state;
	static const char *const times[] = { "0", "-1", "\"0816-01-01T00:00:00Z\"",
		"\"1969-12-31T23:59:59Z\"", "1e9", "\"1.5.5\"", "\"\"" };
	struct fixture f;
	begin(&f, "post");
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		char record[100];
		(void)snprintf(
			record, sizeof record, "{\"text\":\"x\",\"created_at\":%s}", times[i]);
		assert_int_equal(read_one(&f, record), POST_READ);
		assert_int_equal(f.post.created_at_us, 0);
	}
	post_reader_destroy(f.reader);
}

static void what_post_json_writes_the_map_post_reads_back(void **state)
{
	(void)state;
	struct str list[] = { STR("a"), STR("b c") };
	struct post post = post_empty();
	post.id = STR("1\n2");
	post.url = post.title = post.text = post.country = STR("é \"<&>");
	post.in_reply_to = post.repost_of = STR("0");
	post.author = (struct post_author){ STR("i"), STR("h"), STR("n"), 0, TRISTATE_NO };
	post.media = TRISTATE_YES;
	post.langs = post.tags = post.mentions = post.links = (struct str_list){ list, 2 };
	post.created_at_us = 123456789;
	post.type = POST_EDIT;
	post.sensitive = TRISTATE_YES;
	struct buf out;
	buf_init(&out, 0);
	post_json(&post, &out);
	check_post("post", out.p, out.p);
	buf_finish(&out);
}

static void what_is_not_json_is_rejected_with_reason_and_place(void **state)
{
	(void)state;
	struct fixture f;
	begin(&f, "auto");
	assert_int_equal(read_one(&f, "{\"text\":\"x\"} y"), POST_REJECTED);
	assert_string_equal(f.reason, "not JSON: trailing garbage");
	assert_int_equal(f.at, 13);
	assert_int_equal(read_one(&f, "undefined"), POST_REJECTED);
	assert_int_equal(read_one(&f, "{\"text\":\"x\"}"), POST_READ);
	post_reader_destroy(f.reader);
	post_reader_destroy(NULL);
}

static void a_record_too_large_to_decode_is_rejected(void **state)
{
	(void)state;
	struct fixture f;
	struct buf record;
	buf_init(&record, 0);
	begin(&f, "post");
	buf_add(&record, STR("{\"text\":\""));
	while (record.n < 1024 * 1024)
		buf_add(&record, STR("\xff"));
	size_t n = record.n;
	buf_add(&record, STR("\"}"));
	assert_int_equal(read_one(&f, record.p), POST_READ);
	record.n = n;
	while (record.n < 2 * 1024 * 1024)
		buf_add(&record, STR("\xff"));
	buf_add(&record, STR("\"}"));
	assert_int_equal(read_one(&f, record.p), POST_REJECTED);
	assert_string_equal(f.reason, "too large to be decoded");
	buf_finish(&record);
	post_reader_destroy(f.reader);
}

static struct post_map_entry entry(const char *field, struct str *paths, size_t count, bool html)
{
	return (struct post_map_entry){ .field = str_of(field),
		.paths = { paths, count },
		.html = html,
		.at = { "vigie.yaml", 3, 5 } };
}

static void a_user_s_map_gives_fields_by_their_first_present_path(void **state)
{
	(void)state;
	struct str text[] = { STR("a.long"), STR("a.short") };
	struct str more[] = { STR("alt"), STR("opts[].t") };
	struct str title[] = { STR("head") }, tags[] = { STR("labels") }, id[] = { STR("n[1]") };
	const struct post_map_entry entries[] = { entry("text", text, 2, false),
		entry("more_text", more, 2, false), entry("title", title, 1, true),
		entry("tags", tags, 1, false), entry("id", id, 1, false) };
	struct diag *diag = diag_create();
	struct post_map *map = post_map_create(entries, 5, diag);
	assert_non_null(map);
	struct fixture f = { .reader = post_reader_create(map) };
	struct buf out;
	buf_init(&out, 0);
	assert_int_equal(read_one(&f,
				 "{\"a\":{\"short\":\"s\",\"long\":[\"l1\",\"l2\"]},\"alt\":[\"x\","
				 "7],\"opts\":[{\"t\":\"o\"}],\"head\":\"<b>T</b>&eacute;\","
				 "\"labels\":[\"#u\",\"v\"],\"n\":[1,2]}"),
		POST_READ);
	post_json(&f.post, &out);
	check_text(buf_str(&out),
		"{\"id\":\"2\",\"type\":\"post\",\"title\":\"Té\",\"text\":\"l1\\nl2\\nx\\n7\\no\","
		"\"tags\":[\"u\",\"v\"]}");
	assert_int_equal(read_one(&f, "{\"a\":{\"short\":\"s\",\"long\":{}}}"), POST_READ);
	check_text(f.post.text, "s");
	size_t count;
	const struct post_map_key *keys = post_map_keys(map, POST_MAP_TEXT, &count);
	static const char *const names[] = { "long", "short", "alt", "t", "head" };
	assert_int_equal(count, 5);
	for (size_t i = 0; i < count; i++) {
		check_str(keys[i].key, str_of(names[i]));
		assert_int_equal(keys[i].html, i == 4);
	}
	keys = post_map_keys(map, POST_MAP_TAGS, &count);
	assert_int_equal(count, 1);
	check_text(keys[0].key, "labels");
	(void)post_map_keys(map, POST_MAP_LINKS, &count);
	assert_int_equal(count, 0);
	post_reader_destroy(f.reader);
	post_map_destroy(map);
	diag_destroy(diag);
	buf_finish(&out);
}

static void mistakes_in_a_user_s_map_are_all_told(void **state)
{
	(void)state;
	struct str good[] = { STR("a") }, bad[] = { STR("a..b"), STR("a") };
	const struct post_map_entry entries[] = { entry("text", bad, 2, false),
		entry("autor.handle", good, 1, false), entry("title", NULL, 0, false) };
	struct diag *diag = diag_create();
	struct buf out;
	buf_init(&out, 0);
	assert_null(post_map_create(entries, 3, diag));
	diag_print(diag, &out);
	check_text(buf_str(&out),
		"vigie.yaml:3:5: error: bad path: 'a..b'\n"
		"  hint: a path is like 'commit.record.text', 'tags[].name' or 'alt[0]'\n"
		"vigie.yaml:3:5: error: unknown field: 'autor.handle'\n"
		"  hint: did you mean 'author.handle'?\n"
		"vigie.yaml:3:5: error: field without a path: 'title'\n");
	diag_destroy(diag);
	diag = diag_create();
	const struct post_map_entry no_text = entry("id", good, 1, false);
	assert_null(post_map_create(&no_text, 1, diag));
	assert_int_equal(diag_count(diag, DIAG_ERROR), 1);
	diag_destroy(diag);
	buf_finish(&out);
	post_map_destroy(NULL);
}

static void a_map_has_as_many_paths_as_json_paths_takes(void **state)
{
	(void)state;
	struct str paths[JSON_MAX_PATHS + 1];
	for (size_t i = 0; i <= JSON_MAX_PATHS; i++)
		paths[i] = STR("a[]");
	for (size_t n = JSON_MAX_PATHS; n <= JSON_MAX_PATHS + 1; n++) {
		const struct post_map_entry text = entry("text", paths, n, false);
		struct diag *diag = diag_create();
		struct post_map *map = post_map_create(&text, 1, diag);
		assert_int_equal(map != NULL, n == JSON_MAX_PATHS);
		post_map_destroy(map);
		diag_destroy(diag);
	}
}

static bool has_key(const struct post_map *map, enum post_map_part part, struct str key, bool html)
{
	size_t count;
	const struct post_map_key *keys = post_map_keys(map, part, &count);
	for (size_t i = 0; i < count; i++) {
		if (str_eq(keys[i].key, key) && keys[i].html == html)
			return true;
	}
	return false;
}

/* The part whose keys a path's last one must be among; POST_MAP_PARTS: none. */
static enum post_map_part part_of(enum map_field field)
{
	if (field <= MAP_TITLE || field == MAP_ORIGINAL_TEXT)
		return POST_MAP_TEXT;
	if (field == MAP_URL || field == MAP_LINKS)
		return POST_MAP_LINKS;
	return field == MAP_TAGS ? POST_MAP_TAGS : POST_MAP_PARTS;
}

static void the_keys_of_the_built_in_maps_are_those_of_their_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < map_auto.part_count; i++) {
		const struct post_map *map = map_auto.parts[i];
		for (size_t j = 0; j < map->path_count; j++) {
			enum post_map_part part = part_of(map->paths[j].field);
			if (part == POST_MAP_PARTS)
				continue;
			struct str key = map_last_key(str_of(map->paths[j].path));
			bool html = map->paths[j].flags & PATH_HTML;
			assert_true(has_key(map, part, key, html));
			assert_true(has_key(&map_auto, part, key, html));
		}
	}
	check_text(map_last_key(STR("a.b[0][]")), "b");
	check_text(map_last_key(STR("a[].b")), "b");
	check_text(map_last_key(STR("a")), "a");
	check_text(map_last_key(STR("a[]")), "a");
}

static bool has_segment(struct str path, struct str segment)
{
	struct str piece;
	while (str_next(&path, '.', &piece)) {
		if (str_eq(str_slice(piece, 0, str_find_char(piece, '[')), segment))
			return true;
	}
	return false;
}

static void a_key_that_is_only_looked_at_within_another_stands_under_it_in_all_paths(void **state)
{
	(void)state;
	size_t checked = 0;
	for (size_t i = 0; i <= map_auto.part_count; i++) {
		const struct post_map *map = i < map_auto.part_count ? map_auto.parts[i]
								     : &map_auto;
		size_t count;
		const struct post_map_key *keys = post_map_keys(map, POST_MAP_TEXT, &count);
		for (size_t j = 0; j < count; j++) {
			if (!keys[j].within.p)
				continue;
			for (size_t k = 0; k < map_auto.part_count; k++) {
				const struct post_map *part = map_auto.parts[k];
				for (size_t n = 0; n < part->path_count; n++) {
					const struct map_path *path = &part->paths[n];
					bool text = path->field <= MAP_TITLE ||
						path->field == MAP_ORIGINAL_TEXT;
					bool meant = map == &map_auto || map == part;
					if (!text || !meant ||
						!str_eq(map_last_key(str_of(path->path)),
							keys[j].key))
						continue;
					assert_true(
						has_segment(str_of(path->path), keys[j].within));
					checked++;
				}
			}
		}
	}
	assert_true(checked > 10);
}

static void built_in_maps_have_their_names(void **state)
{
	(void)state;
	size_t count = 0;
	for (; post_map_names[count]; count++) {
		if (count)
			assert_non_null(post_map_builtin(str_of(post_map_names[count])));
	}
	assert_int_equal(count, map_auto.part_count + 1);
	assert_null(post_map_builtin(STR("auto")));
	assert_null(post_map_builtin(STR("wikimedia")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jetstream_of_both_versions_is_read),
		cmocka_unit_test(jetstream_events_that_are_no_posts_are_skipped),
		cmocka_unit_test(a_mastodon_status_is_read),
		cmocka_unit_test(a_reblog_has_the_text_of_the_original),
		cmocka_unit_test(activitypub_is_read_as_mastodon_s),
		cmocka_unit_test(a_line_of_x_is_read),
		cmocka_unit_test(a_tweet_of_v1_is_read),
		cmocka_unit_test(vigie_s_own_posts_are_read_in_all_their_spellings),
		cmocka_unit_test(times_that_no_post_has_are_unknown),
		cmocka_unit_test(what_post_json_writes_the_map_post_reads_back),
		cmocka_unit_test(what_is_not_json_is_rejected_with_reason_and_place),
		cmocka_unit_test(a_record_too_large_to_decode_is_rejected),
		cmocka_unit_test(a_user_s_map_gives_fields_by_their_first_present_path),
		cmocka_unit_test(mistakes_in_a_user_s_map_are_all_told),
		cmocka_unit_test(a_map_has_as_many_paths_as_json_paths_takes),
		cmocka_unit_test(the_keys_of_the_built_in_maps_are_those_of_their_paths),
		cmocka_unit_test(
			a_key_that_is_only_looked_at_within_another_stands_under_it_in_all_paths),
		cmocka_unit_test(built_in_maps_have_their_names),
	};
	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
