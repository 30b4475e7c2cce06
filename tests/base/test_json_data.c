/* The two readers of JSON over real data, JSONTestSuite and mutations of both. */
#include "tests/base/json_both.h"

#include <dirent.h>
#include <errno.h>

#include "base/json_string.h"
#include "tests/data.h"

enum { RECORDS_MAX = 20000, MUTATIONS = 30000 };

static const char *const ndjson[] = {
	"ndjson/bluesky_nyc.ndjson",
	"ndjson/crisislex.ndjson",
	"ndjson/epl_stream_tweets.ndjson",
	"ndjson/fr_debat2017.ndjson",
	"ndjson/fr_free_telecom.ndjson",
	"ndjson/fr_media_tweets.ndjson",
	"ndjson/fr_tweets_2022.ndjson",
	"ndjson/hackernews_titles.ndjson",
	"ndjson/mastodon_outbox.ndjson",
	"ndjson/reddit_titles.ndjson",
	"ndjson/simdjson_twitter.ndjson",
	"ndjson/stocknet_tweets.ndjson",
	"ndjson/x_api_v2_sample.ndjson",
	"ndjson/xlmt_8langs.ndjson",
	"tweets-v1.1/tweets_v11.ndjson",
	"jetstream/events_v1.ndjson",
	"jetstream/jetstream_real_5.ndjson",
	"twitter-json/jsonexamples/amazon_cellphones.ndjson",
};

static const char *const whole[] = {
	"twitter-json/jsonexamples/apache_builds.json",
	"twitter-json/jsonexamples/github_events.json",
	"twitter-json/jsonexamples/gsoc-2018.json",
	"twitter-json/jsonexamples/twitter.json",
	"twitter-json/jsonexamples/twitter_api_compact_response.json",
	"twitter-json/jsonexamples/twitter_api_response.json",
	"twitter-json/jsonexamples/twitter_timeline.json",
	"twitter-json/jsonexamples/twitterescaped.json",
	"twitter-json/jsonexamples/update-center.json",
};

static void the_readers_agree_on_real_records(void **state)
{
	(void)state;
	struct fixture f;
	struct buf data;
	begin_with(&f, compared_paths());
	for (size_t i = 0; i < sizeof ndjson / sizeof ndjson[0]; i++) {
		read_data(ndjson[i], &data);
		struct str rest = buf_str(&data), line;
		/* twitter-json's file is arrays, one a line: refused by both */
		int expected = strstr(ndjson[i], "amazon") ? -EBADMSG : 0;
		for (size_t n = 0; n < RECORDS_MAX && str_next(&rest, '\n', &line); n++) {
			if (line.n)
				assert_int_equal(read_both(&f, line), expected);
		}
		buf_finish(&data);
	}
	end(&f);
}

/* The whole of s, wrapped so that it is a member of an object. */
static struct str wrapped(struct buf *out, struct str s)
{
	buf_clear(out);
	buf_add(out, STR("{\"a\":"));
	buf_add(out, s);
	buf_add_char(out, '}');
	return buf_str(out);
}

static void the_readers_agree_on_whole_files(void **state)
{
	(void)state;
	struct fixture f;
	struct buf data, member;
	begin_with(&f, compared_paths());
	buf_init(&member, 0);
	for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
		read_data(whole[i], &data);
		struct str text = buf_str(&data);
		assert_int_equal(read_both(&f, text), str_trim(text).p[0] == '{' ? 0 : -EBADMSG);
		assert_int_equal(read_both(&f, wrapped(&member, text)), 0);
		buf_finish(&data);
	}
	buf_finish(&member);
	end(&f);
}

/* What RFC 8259 leaves open, as json.h decides it. Wrapped in an object, these are refused; all
 * others are taken. */
static bool left_open_and_refused(const char *name)
{
	static const char *const names[] = {
		/* deeper than JSON_MAX_DEPTH */
		"i_structure_500_nested_arrays.json",
		/* no byte order mark, and no other encoding than UTF-8 */
		"i_structure_UTF-8_BOM_empty_object.json",
		"i_string_UTF-16LE_with_BOM.json",
		"i_string_utf16BE_no_BOM.json",
		"i_string_utf16LE_no_BOM.json",
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static void check_suite_file(struct fixture *f, const char *name, struct str text)
{
	struct buf member;
	buf_init(&member, 0);
	struct str trimmed = str_trim(text);
	bool object = trimmed.n && trimmed.p[0] == '{';
	int alone = read_both(f, text), inside = read_both(f, wrapped(&member, text));
	print_message("%s: %s\n", name, inside == 0 ? "taken" : f->error.reason);
	if (name[0] == 'y') {
		assert_int_equal(inside, 0);
		assert_int_equal(alone, object ? 0 : -EBADMSG);
	} else if (name[0] == 'n') {
		assert_int_equal(inside, -EBADMSG);
		assert_int_equal(alone, -EBADMSG);
	} else {
		assert_int_equal(inside, left_open_and_refused(name) ? -EBADMSG : 0);
	}
	buf_finish(&member);
}

static void the_test_suite_is_taken_and_refused_as_it_says(void **state)
{
	(void)state;
	char path[1024];
	struct fixture f;
	struct buf data;
	size_t count = 0;
	data_path("jsontestsuite/test_parsing/y_object_basic.json", path, sizeof path);
	*strrchr(path, '/') = '\0';
	size_t folder_bytes = strlen(path);
	begin_with(&f, compared_paths());
	buf_init(&data, 0);
	DIR *folder = opendir(path);
	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder));) {
		if (entry->d_name[0] == '.')
			continue;
		buf_clear(&data);
		(void)snprintf(
			path + folder_bytes, sizeof path - folder_bytes, "/%s", entry->d_name);
		assert_true(read_file(path, &data));
		check_suite_file(&f, entry->d_name, buf_str(&data));
		count++;
	}
	(void)closedir(folder); /* only read */
	assert_true(count > 300);
	buf_finish(&data);
	end(&f);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void mutate(char *p, size_t n, uint64_t *seed)
{
	static const char bytes[] = "\"\\{}[]:,u0d8c1e-+. \n\t\v\ftfnab/\x01\x7f\xff\xc3\xa9";
	for (uint64_t times = next_random(seed) % 4; times-- && n;) {
		uint64_t r = next_random(seed);
		p[r % n] = bytes[(r >> 32) % (sizeof bytes - 1)];
	}
}

static void the_readers_agree_on_mutations(void **state)
{
	(void)state;
	static const char *const seeds[] = {
		"{\"a\":[{\"b\":\"x\"},[1,2],\"\\ud83d\\ude00\\u0000\"],\"b\":{\"a\":-1.5e3}}",
		"{\"a\":{\"a\":\"\\\\\\\"\\/\\b\\f\",\"b\":\"0123456789abcdef0123456789\"},"
		"\"a\":[[true,false,null],{\"b\":\"\\ud800\\ud800\"}],\"text\":\"\\udc00\"}",
		"{\"id\" : 1 , \"user\" : { \"name\" : \"\xc3\xa9\xe2\x82\xac\" , \"id_str\" : "
		"\"\" } , \"entities\" : { \"urls\" : [ { \"expanded_url\" : \"x\" } ] } } ",
	};
	struct fixture f;
	char record[512];
	uint64_t seed = UINT64_C(88172645463325252);
	size_t taken = 0;
	begin_with(&f, compared_paths());
	for (int i = 0; i < MUTATIONS; i++) {
		struct str s = str_of(seeds[i % 3]);
		memcpy(record, s.p, s.n);
		mutate(record, s.n, &seed);
		size_t n = next_random(&seed) % 8 ? s.n : next_random(&seed) % (s.n + 1);
		taken += read_both(&f, (struct str){ record, n }) == 0;
	}
	assert_true(taken > MUTATIONS / 10 && taken < MUTATIONS - MUTATIONS / 10);
	end(&f);
}

static void the_fast_and_the_plain_search_for_a_string_s_end_agree(void **state)
{
	(void)state;
	static const char bytes[] = "\"\\u0aZ\x1f\x80 nabcdefghijklmnopqrstuvwxyz";
	uint64_t seed = 88172645463325252;
	for (int i = 0; i < MUTATIONS; i++) {
		size_t n = next_random(&seed) % 80;
		char *p = mem_alloc(n);
		for (size_t j = 0; j < n; j++) {
			uint64_t r = next_random(&seed);
			p[j] = r % 8 ? 'x' : bytes[(r >> 16) % (sizeof bytes - 1)];
		}
		const char *at[3] = { NULL }, *reason[3] = { NULL };
		const char *plain = json_string_end_plain(p, p + n, &at[0], &reason[0]);
		assert_ptr_equal(json_string_end(p, p + n, &at[1], &reason[1]), plain);
		assert_ptr_equal(json_short_string_end(p, p + n, &at[2], &reason[2]), plain);
		for (int j = 1; j < 3; j++) {
			assert_ptr_equal(at[j], at[0]);
			assert_ptr_equal(reason[j], reason[0]);
		}
		mem_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_readers_agree_on_real_records),
		cmocka_unit_test(the_readers_agree_on_whole_files),
		cmocka_unit_test(the_test_suite_is_taken_and_refused_as_it_says),
		cmocka_unit_test(the_readers_agree_on_mutations),
		cmocka_unit_test(the_fast_and_the_plain_search_for_a_string_s_end_agree),
	};
	return cmocka_run_group_tests_name("json_data", tests, NULL, NULL);
}
