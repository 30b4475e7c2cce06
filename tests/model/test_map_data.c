/* The built-in maps over real data: what they read, and that text is made of nothing but whole
 * values of the listed keys. */
#include "tests/check.h"

#include <stdlib.h>

#include "base/json_string.h"
#include "base/mem.h"
#include "model/html.h"
#include "model/map.h"
#include "model/map_table.h"
#include "tests/data.h"

enum { RECORDS_MAX = 5000, VALUES_MAX = 2000 };

/* All that stands in the raw record behind the listed keys, as text. */
struct values {
	struct str items[VALUES_MAX];
	size_t count;
	struct arena arena;
};

static void add_value(struct values *v, struct str value, bool html)
{
	struct buf text;
	assert_true(v->count + 3 < VALUES_MAX);
	v->items[v->count++] = value;
	v->items[v->count++] = unescape_three(&v->arena, value);
	if (!html)
		return;
	buf_init(&text, 0);
	html_to_text(value, &text);
	v->items[v->count++] = arena_str(&v->arena, buf_str(&text));
	buf_finish(&text);
}

/* Adds the strings and numbers from p on, of one value or of the elements of one array. */
static void add_values(struct values *v, const char *p, const char *end, bool html)
{
	const char *at, *reason;
	bool array = p < end && *p == '[';
	p += array;
	while (p < end) {
		const char *from = p;
		while (p < end && strchr(" \t,", *p))
			p++;
		if (p == end)
			return;
		if (*p == '"') {
			from = p + 1;
			p = json_string_end(p + 1, end, &at, &reason);
			assert_non_null(p);
			struct str raw = { from, (size_t)(p - 1 - from) };
			add_value(v, json_string_decode(raw, &v->arena), html);
		} else if (strchr("-0123456789", *p)) {
			from = p;
			while (p < end && strchr("-+.eE0123456789", *p))
				p++;
			add_value(v, (struct str){ from, (size_t)(p - from) }, html);
		} else {
			return;
		}
		if (!array)
			return;
	}
}

static void collect(struct values *v, const struct post_map *map, struct str record)
{
	size_t count;
	const struct post_map_key *keys = post_map_keys(map, POST_MAP_TEXT, &count);
	v->count = 0;
	arena_reset(&v->arena);
	for (size_t i = 0; i < count; i++) {
		struct str name = arena_format(&v->arena, "\"%.*s\"", STR_ARGS(keys[i].key));
		struct str rest = record;
		for (size_t at; (at = str_find(rest, name)) != SIZE_MAX;) {
			rest = str_slice(rest, at + name.n, rest.n);
			struct str value = str_trim(rest);
			if (value.n == 0 || value.p[0] != ':')
				continue;
			value = str_trim(str_slice(value, 1, value.n));
			add_values(v, value.p, value.p + value.n, keys[i].html);
		}
	}
}

/* Is the text nothing but values, a line break between each two? */
static bool is_made_of(struct str text, const struct values *v)
{
	if (text.n == 0)
		return true;
	bool *reached = mem_zero(text.n + 2, sizeof *reached); /* a value may begin here */
	reached[0] = true;
	bool whole = false;
	for (size_t i = 0; i < text.n && !whole; i++) {
		for (size_t j = 0; reached[i] && j < v->count && !whole; j++) {
			struct str rest = str_slice(text, i, text.n), value = v->items[j];
			if (value.n == 0 || !str_starts(rest, value))
				continue;
			whole = value.n == rest.n;
			if (!whole && rest.p[value.n] == '\n')
				reached[i + value.n + 1] = true;
		}
	}
	mem_free(reached);
	return whole;
}

struct tally {
	size_t read, skipped, rejected;
};

static struct tally read_lines(const struct post_map *map, struct str data)
{
	struct tally tally = { 0, 0, 0 };
	struct post_reader *reader = post_reader_create(map);
	struct values *values = mem_zero(1, sizeof *values);
	struct str line;
	arena_init(&values->arena, 0);
	for (size_t n = 0; n < RECORDS_MAX && str_next(&data, '\n', &line); n++) {
		struct post post;
		const char *reason;
		size_t at;
		if (str_trim(line).n == 0)
			continue;
		enum post_read result = post_read(reader, line, &post, &reason, &at);
		tally.read += result == POST_READ;
		tally.skipped += result == POST_SKIPPED;
		tally.rejected += result == POST_REJECTED;
		if (result != POST_READ)
			continue;
		collect(values, map, line);
		if (!is_made_of(post.text, values) || !is_made_of(post.title, values)) {
			print_error("'%.*s'\nis not of the keys' values in\n%.*s\n",
				STR_ARGS(post.text), STR_ARGS(line));
			fail();
		}
	}
	arena_finish(&values->arena);
	mem_free(values);
	post_reader_destroy(reader);
	return tally;
}

/* Reads by the map of that name and by "auto", which must come to the same. */
static struct tally read_both_ways(const char *map, struct str data)
{
	struct tally tally = read_lines(post_map_builtin(str_of(map)), data);
	struct tally other = read_lines(post_map_auto(), data);
	assert_int_equal(tally.read, other.read);
	assert_int_equal(tally.skipped, other.skipped);
	assert_int_equal(tally.rejected, other.rejected);
	assert_int_equal(tally.rejected, 0);
	return tally;
}

static void check_file(const char *map, const char *name, size_t read, size_t skipped)
{
	struct buf data;
	read_data(name, &data);
	struct tally tally = read_both_ways(map, buf_str(&data));
	print_message("%s: %zu read, %zu skipped\n", name, tally.read, tally.skipped);
	assert_int_equal(tally.read, read);
	assert_int_equal(tally.skipped, skipped);
	buf_finish(&data);
}

static void all_posts_of_vigie_s_own_form_are_read(void **state)
{
	(void)state;
	check_file("post", "ndjson/bluesky_nyc.ndjson", 107, 0);
	check_file("post", "ndjson/fr_tweets_2022.ndjson", 5000, 0);
	check_file("post", "ndjson/fr_media_tweets.ndjson", 3996, 0);
	check_file("post", "ndjson/mastodon_outbox.ndjson", 1255, 0);
	check_file("post", "ndjson/reddit_titles.ndjson", 4997, 3);
	check_file("post", "ndjson/simdjson_twitter.ndjson", 120, 0);
	check_file("post", "ndjson/xlmt_8langs.ndjson", 5000, 0);
}

static void of_jetstream_only_posts_are_read(void **state)
{
	(void)state;
	check_file("bluesky", "jetstream/events_v1.ndjson", 16, 136);
	check_file("bluesky", "jetstream/jetstream_real_5.ndjson", 2, 3);
}

static void all_tweets_of_v1_are_read(void **state)
{
	(void)state;
	check_file("tweet-v1", "tweets-v1.1/tweets_v11.ndjson", 5000, 0);
}

/* From p to behind the object there. */
static const char *object_end(const char *p, const char *end)
{
	const char *at, *reason;
	for (int depth = 0; p < end;) {
		char c = *p++;
		if (c == '"') {
			p = json_string_end(p, end, &at, &reason);
			assert_non_null(p);
		}
		depth += (c == '{' || c == '[') - (c == '}' || c == ']');
		if (depth == 0)
			return p;
	}
	fail();
	return end;
}

/* The objects in the array behind the key, one a line, each with something around it. */
static void add_lines(
	struct str file, struct str key, const char *before, const char *behind, struct buf *out)
{
	size_t at = str_find(file, key);
	assert_true(at != SIZE_MAX);
	const char *p = file.p + at + key.n, *end = file.p + file.n;
	while (p < end && *p != ']') {
		if (*p != '{') {
			p++;
			continue;
		}
		const char *to = object_end(p, end);
		buf_add(out, str_of(before));
		for (; p < to; p++)
			buf_add_char(out, *p == '\n' || *p == '\r' ? ' ' : *p);
		buf_add(out, str_of(behind));
		buf_add_char(out, '\n');
	}
}

static void tweets_of_simdjson_s_files_are_read(void **state)
{
	(void)state;
	static const char *const names[] = { "twitter-json/jsonexamples/twitter.json",
		"twitter-json/jsonexamples/twitterescaped.json" };
	for (size_t i = 0; i < 2; i++) {
		struct buf file, lines;
		read_data(names[i], &file);
		buf_init(&lines, 0);
		add_lines(buf_str(&file), STR("\"statuses\""), "", "", &lines);
		struct tally tally = read_both_ways("tweet-v1", buf_str(&lines));
		assert_int_equal(tally.read, 100);
		buf_finish(&file);
		buf_finish(&lines);
	}
}

static void posts_of_x_s_pages_are_read(void **state)
{
	(void)state;
	static const char *const names[] = { "edited", "kpop", "mentions_tweet", "cashtags",
		"brexit", "many_urls", "noflat" };
	size_t read = 0;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char name[100];
		struct buf file, lines;
		(void)snprintf(name, sizeof name, "x-api-v2/test-data/%s.jsonl", names[i]);
		read_data(name, &file);
		buf_init(&lines, 0);
		add_lines(buf_str(&file), STR("\"data\""), "{\"data\":", "}", &lines);
		struct tally tally = read_both_ways("x", buf_str(&lines));
		assert_int_equal(tally.skipped, 0);
		read += tally.read;
		buf_finish(&file);
		buf_finish(&lines);
	}
	print_message("%zu read\n", read);
	assert_true(read > 300);
}

static void a_stream_of_x_is_read_up_to_where_it_breaks_off(void **state)
{
	(void)state;
	struct buf data;
	read_data("x-api-v2/test-data/streaming_output_with_error.jsonl", &data);
	struct tally tally = read_lines(&map_x, buf_str(&data));
	assert_int_equal(tally.read, 7);
	assert_int_equal(tally.rejected, 1);
	buf_finish(&data);
}

static void a_whole_mastodon_outbox_is_read(void **state)
{
	(void)state;
	struct buf file, lines;
	read_data("mastodon-outbox/outbox.json", &file);
	buf_init(&lines, 0);
	add_lines(buf_str(&file), STR("[],\"orderedItems\":"), "", "", &lines);
	struct tally tally = read_both_ways("mastodon", buf_str(&lines));
	print_message("%zu read, %zu skipped\n", tally.read, tally.skipped);
	assert_int_equal(tally.read + tally.skipped, 1586);
	assert_int_equal(tally.read, 1257);
	buf_finish(&file);
	buf_finish(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_posts_of_vigie_s_own_form_are_read),
		cmocka_unit_test(of_jetstream_only_posts_are_read),
		cmocka_unit_test(all_tweets_of_v1_are_read),
		cmocka_unit_test(tweets_of_simdjson_s_files_are_read),
		cmocka_unit_test(posts_of_x_s_pages_are_read),
		cmocka_unit_test(a_stream_of_x_is_read_up_to_where_it_breaks_off),
		cmocka_unit_test(a_whole_mastodon_outbox_is_read),
	};
	return cmocka_run_group_tests_name("map_data", tests, NULL, NULL);
}
