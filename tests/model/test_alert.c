#include "tests/check.h"

#include <errno.h>

#include "base/clock.h"
#include "model/alert.h"

static struct post sample_post(void)
{
	struct post post = post_empty();
	post.id = STR("at://x/1");
	post.source = STR("bluesky");
	post.text = STR("centrale solaire");
	return post;
}

static struct alert sample_alert(const struct post *post, const struct hit *hits, size_t count)
{
	struct alert alert = { .created_at_us = 3 * US_PER_S,
		.match = { .rule = STR("solaire"),
			.about = STR("Le soleil"),
			.severity = SEVERITY_CRITICAL,
			.post = post,
			.hits = hits,
			.hit_count = count } };
	alert_id(&alert.match, alert.id);
	return alert;
}

static void an_alert_is_read_back_as_it_was_written(void **state)
{
	(void)state;
	struct str langs[] = { STR("fr") }, links[] = { STR("https://e.org/"), STR("x") };
	struct post post = sample_post();
	post.title = STR("Un \"titre\"");
	post.author = (struct post_author){ STR("7"), STR("ana"), STR("Ana"), 12, TRISTATE_YES };
	post.langs = (struct str_list){ langs, 1 };
	post.links = post.tags = post.mentions = (struct str_list){ links, 2 };
	post.created_at_us = 1 * US_PER_S + 7;
	post.received_at_us = 2 * US_PER_S;
	post.type = POST_QUOTE;
	post.url = post.in_reply_to = post.repost_of = STR("u");
	post.country = STR("FR");
	post.sensitive = TRISTATE_YES;
	post.media = TRISTATE_NO;
	struct hit hits[] = {
		{ STR("solaire"), STR_NONE, FIELD_TEXT, 9, 16, WAY_FOLDED, 0 },
		{ STR("titre"), STR("mots"), FIELD_TITLE, 4, 9, WAY_REGEX, 0 },
		{ STR("site:e.org"), STR_NONE, FIELD_LINKS, 8, 13, WAY_EXACT, 1 },
	};
	struct alert alert = sample_alert(&post, hits, 3), back;
	struct buf json, again;
	struct arena arena;
	buf_init(&json, 0);
	buf_init(&again, 0);
	arena_init(&arena, 0);
	alert_json(&alert, &json);
	assert_int_equal(alert_read(buf_str(&json), &arena, &back), 0);
	alert_json(&back, &again);
	check_str(buf_str(&again), buf_str(&json));
	assert_int_equal(back.match.hits[1].way, WAY_REGEX);
	assert_int_equal(back.match.post->created_at_us, post.created_at_us);
	assert_int_equal(back.match.severity, SEVERITY_CRITICAL);
	check_str(back.match.hits[0].list, STR_NONE);
	assert_int_equal(back.match.hits[2].field, FIELD_LINKS);
	assert_int_equal(back.match.hits[2].item, 1);
	arena_finish(&arena);
	buf_finish(&json);
	buf_finish(&again);
}

static void the_json_of_a_match_is_one_line(void **state)
{
	(void)state;
	struct post post = sample_post();
	struct hit hit = { STR("solaire"), STR("mots"), FIELD_TEXT, 9, 16, WAY_EXACT, 0 };
	struct match match = { .rule = STR("solaire"),
		.severity = SEVERITY_LOW,
		.post = &post,
		.hits = &hit,
		.hit_count = 1 };
	struct buf out;
	buf_init(&out, 0);
	match_json(&match, &out);
	check_text(buf_str(&out),
		"{\"rule\":\"solaire\",\"severity\":\"low\",\"post\":{\"id\":\"at://x/1\","
		"\"source\":\"bluesky\",\"type\":\"post\",\"text\":\"centrale solaire\"},\"hits\":"
		"[{\"term\":\"solaire\",\"list\":\"mots\",\"field\":\"text\",\"from\":9,\"to\":16,"
		"\"way\":\"exact\"}]}");
	buf_finish(&out);
}

static void an_id_depends_on_rule_source_and_post_only(void **state)
{
	(void)state;
	struct post post = sample_post();
	struct alert one = sample_alert(&post, NULL, 0), other;
	assert_int_equal(strlen(one.id), 32);
	assert_int_equal(strspn(one.id, "0123456789abcdef"), 32);
	post.text = STR("edited");
	other = sample_alert(&post, NULL, 0);
	assert_string_equal(one.id, other.id);
	post.source = STR("blueskyat");
	other = sample_alert(&post, NULL, 0);
	assert_string_not_equal(one.id, other.id);
	post = sample_post();
	post.id = STR("at://x/2");
	other = sample_alert(&post, NULL, 0);
	assert_string_not_equal(one.id, other.id);
}

static void hits_are_written_up_to_their_ceiling(void **state)
{
	(void)state;
	struct post post = sample_post();
	struct hit hits[ALERT_MAX_HITS + 1];
	for (size_t i = 0; i <= ALERT_MAX_HITS; i++)
		hits[i] = (struct hit){ .term = STR("x"), .from = (uint32_t)i, .to = 300 };
	for (size_t n = ALERT_MAX_HITS - 1; n <= ALERT_MAX_HITS + 1; n++) {
		struct alert alert = sample_alert(&post, hits, n), back;
		struct buf json;
		struct arena arena;
		buf_init(&json, 0);
		arena_init(&arena, 0);
		alert_json(&alert, &json);
		assert_int_equal(alert_read(buf_str(&json), &arena, &back), 0);
		size_t expected = n < ALERT_MAX_HITS ? n : ALERT_MAX_HITS;
		assert_int_equal(back.match.hit_count, expected);
		assert_int_equal(back.match.hits[expected - 1].from, expected - 1);
		arena_finish(&arena);
		buf_finish(&json);
	}
}

static void what_is_no_alert_is_refused(void **state)
{
	(void)state;
#define HEAD "{\"id\":\"0123456789abcdef0123456789abcdef\",\"created_at\":\"2026-01-01T00:00:00Z\","
#define RULE "\"rule\":\"r\",\"severity\":\"low\","
#define POST "\"post\":{\"type\":\"post\"}"
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"{\"id\":\"0123\",\"created_at\":\"2026-01-01T00:00:00Z\"," RULE POST "}",
		"{\"id\":\"0123456789abcdef0123456789abcdef\",\"created_at\":1," RULE POST "}",
		HEAD RULE "\"post\":{\"type\":\"poem\"}}",
		HEAD RULE "\"post\":7}",
		HEAD "\"rule\":7,\"severity\":\"low\"," POST "}",
		HEAD "\"rule\":\"r\",\"severity\":\"lower\"," POST "}",
		HEAD RULE POST ",\"hits\":[7]}",
		HEAD RULE POST ",\"hits\":[{}]}",
		HEAD RULE POST ",\"hits\":[{\"term\":\"x\",\"field\":\"text\",\"from\":2,\"to\":1,"
			       "\"way\":\"exact\"}]}",
		HEAD RULE POST ",\"hits\":[{\"term\":\"x\",\"field\":\"text\",\"from\":0,"
			       "\"to\":4294967296,\"way\":\"exact\"}]}",
		HEAD RULE POST
		",\"hits\":[{\"term\":\"x\",\"field\":\"author\",\"from\":0,\"to\":1,"
		"\"way\":\"exact\"}]}",
		HEAD RULE POST ",\"hits\":[{\"term\":\"x\",\"field\":\"links\",\"item\":-1,"
			       "\"from\":0,\"to\":1,\"way\":\"exact\"}]}",
		HEAD RULE POST "} x",
	};
	struct arena arena;
	struct alert alert;
	arena_init(&arena, 0);
	assert_int_equal(alert_read(STR(HEAD RULE POST "}"), &arena, &alert), 0);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(alert_read(str_of(bad[i]), &arena, &alert), -EBADMSG);
	arena_finish(&arena);
	arena_init(&arena, 100);
	assert_int_equal(alert_read(STR(HEAD RULE POST "}"), &arena, &alert), -EBADMSG);
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alert_is_read_back_as_it_was_written),
		cmocka_unit_test(the_json_of_a_match_is_one_line),
		cmocka_unit_test(an_id_depends_on_rule_source_and_post_only),
		cmocka_unit_test(hits_are_written_up_to_their_ceiling),
		cmocka_unit_test(what_is_no_alert_is_refused),
	};
	return cmocka_run_group_tests_name("alert", tests, NULL, NULL);
}
