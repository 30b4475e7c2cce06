#include "tests/check.h"

#include "base/clock.h"
#include "model/post.h"

static struct str json_of(const struct post *post, struct buf *out)
{
	buf_init(out, 0);
	post_json(post, out);
	return buf_str(out);
}

static void absent_fields_are_left_out(void **state)
{
	(void)state;
	struct buf out;
	struct post post = post_empty();
	check_text(json_of(&post, &out), "{\"type\":\"post\"}");
	buf_finish(&out);
}

static void every_field_is_written(void **state)
{
	(void)state;
	struct str langs[] = { STR("fr"), STR("en") }, tags[] = { STR("solaire") };
	struct str mentions[] = { STR("edf") }, links[] = { STR("https://e.org/?a&b") };
	struct post post = {
		.id = STR("1"),
		.source = STR("bluesky"),
		.url = STR("https://e.org/1"),
		.text = STR("l'\"été\"\n<b>"),
		.title = STR(""),
		.author = { STR("7"), STR("ana"), STR("Ana"), 0, TRISTATE_NO },
		.langs = { langs, 2 },
		.created_at_us = 1 * US_PER_S,
		.received_at_us = 2 * US_PER_S + 500000,
		.type = POST_REPLY,
		.tags = { tags, 1 },
		.mentions = { mentions, 1 },
		.links = { links, 1 },
		.in_reply_to = STR("0"),
		.repost_of = STR("9"),
		.country = STR("FR"),
		.sensitive = TRISTATE_NO,
		.media = TRISTATE_YES,
	};
	struct buf out;
	check_text(json_of(&post, &out),
		"{\"id\":\"1\",\"source\":\"bluesky\",\"type\":\"reply\",\"url\":\"https://e.org/"
		"1\",\"title\":\"\",\"text\":\"l'\\\"été\\\"\\n\\u003cb\\u003e\",\"author\":{"
		"\"id\":\"7\",\"handle\":\"ana\",\"name\":\"Ana\",\"followers\":0,\"verified\":"
		"false},\"lang\":["
		"\"fr\",\"en\"],\"created_at\":\"1970-01-01T00:00:01Z\",\"received_at\":"
		"\"1970-01-01T00:00:02.500000Z\",\"tags\":[\"solaire\"],\"mentions\":[\"edf\"],"
		"\"links\":[\"https://e.org/?a\\u0026b\"],\"in_reply_to\":\"0\",\"repost_of\":"
		"\"9\",\"country\":\"FR\",\"sensitive\":false,\"media\":true}");
	buf_finish(&out);
}

static void a_post_with_an_id_is_known_by_it(void **state)
{
	(void)state;
	char out[POST_KEY_BYTES];
	struct post post = post_empty();
	post.id = STR("at://x/1");
	check_text(post_key(&post, out), "at://x/1");
}

static void posts_without_an_id_are_told_apart_by_what_they_say(void **state)
{
	(void)state;
	char a[POST_KEY_BYTES], b[POST_KEY_BYTES];
	struct post one = post_empty(), other = post_empty();
	one.text = other.text = STR("soleil");
	check_str(post_key(&one, a), post_key(&other, b));
	other.author.handle = STR("ana");
	assert_false(str_eq(post_key(&one, a), post_key(&other, b)));
	one.author.handle = STR("ana");
	one.created_at_us = 1;
	assert_false(str_eq(post_key(&one, a), post_key(&other, b)));
	other.created_at_us = 1;
	check_str(post_key(&one, a), post_key(&other, b));
	other.received_at_us = 5;
	check_str(post_key(&one, a), post_key(&other, b));
}

static void an_id_longer_than_a_key_still_makes_one(void **state)
{
	(void)state;
	char id[POST_KEY_BYTES + 2], a[POST_KEY_BYTES], b[POST_KEY_BYTES];
	memset(id, 'x', sizeof id);
	struct post one = post_empty(), other = post_empty();
	one.id = (struct str){ id, POST_KEY_BYTES };
	check_str(post_key(&one, a), one.id);
	one.id.n = POST_KEY_BYTES + 1;
	assert_true(post_key(&one, a).n <= POST_KEY_BYTES);
	other.id = (struct str){ id, POST_KEY_BYTES + 2 };
	assert_false(str_eq(post_key(&one, a), post_key(&other, b)));
	other.id = one.id;
	other.text = STR("edited");
	check_str(post_key(&one, a), post_key(&other, b));
}

static void type_names_go_both_ways(void **state)
{
	(void)state;
	for (int type = POST_POST; type <= POST_DELETE; type++) {
		enum post_type back;
		assert_true(post_type_of(str_of(post_type_name((enum post_type)type)), &back));
		assert_int_equal(back, type);
	}
	enum post_type back;
	assert_false(post_type_of(STR("Post"), &back));
	assert_false(post_type_of(STR_NONE, &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_fields_are_left_out),
		cmocka_unit_test(every_field_is_written),
		cmocka_unit_test(a_post_with_an_id_is_known_by_it),
		cmocka_unit_test(posts_without_an_id_are_told_apart_by_what_they_say),
		cmocka_unit_test(an_id_longer_than_a_key_still_makes_one),
		cmocka_unit_test(type_names_go_both_ways),
	};
	return cmocka_run_group_tests_name("post", tests, NULL, NULL);
}
