/* What unknown JSON may mean, what an answer is, and how a source is written as YAML. */
#include "tests/check.h"

#include "daemon/advice.h"
#include "daemon/draft.h"
#include "daemon/guess.h"
#include "daemon/json_walk.h"
#include "daemon/probe.h"

static bool add_leaf(void *ctx, const struct json_leaf *leaf)
{
	buf_addf(ctx, "%.*s=%.*s\n", STR_ARGS(leaf->path), STR_ARGS(leaf->text));
	return true;
}

static void check_walk(const char *document, const char *wanted)
{
	struct buf out;
	buf_init(&out, 0);
	assert_true(json_walk(str_of(document), add_leaf, &out));
	check_str(out.n ? buf_str(&out) : STR(""), str_of(wanted));
	buf_finish(&out);
}

static void a_walk_gives_each_value_its_path(void **state)
{
	(void)state;
	check_walk("{\"a\":1,\"b\":{\"c\":\"x\\\"y\",\"d\":[true,{\"e\":null}]},\"f\":[[2]]}",
		"a=1\nb.c=x\\\"y\nb.d[]=true\nb.d[].e=null\nf[][]=2\n");
	check_walk("[{\"a\":\"\"}, {\"a\":-1.5}]", "[].a=\n[].a=-1.5\n");
	check_walk("{}", "");
	check_walk("[]", "");
}

static void keys_that_no_path_can_name_are_left_out(void **state)
{
	(void)state;
	check_walk("{\"a.b\":1,\"a[\":{\"c\":2},\"\":3,\"e\\u0041\":4,\"ok\":5}", "ok=5\n");
}

static void what_is_no_json_is_refused(void **state)
{
	static const char *const bad[] = { "", "x", "1", "\"a\"", "{", "{\"a\":1}}", "[1,]",
		"{\"a\"}" };
	struct buf out;
	(void)state;
	buf_init(&out, 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(json_walk(str_of(bad[i]), add_leaf, &out));
	buf_finish(&out);
}

static void check_guess(const char *record, const char *wanted)
{
	struct arena arena;
	struct guess guess;
	struct buf out;
	const struct str records[2] = { str_of(record), str_of(record) };
	arena_init(&arena, 0);
	buf_init(&out, 0);
	if (guess_fields(records, 1, &arena, &guess))
		guess_yaml(&guess, 0, &out);
	check_str(out.n ? buf_str(&out) : STR(""), str_of(wanted));
	buf_finish(&out);
	arena_finish(&arena);
}

static void fields_are_guessed_by_keys_and_looks(void **state)
{
	(void)state;
	/* Discourse, Reddit, Hacker News by Algolia, GitHub: their keys as they are. */
	check_guess("{\"id\":7,\"username\":\"ana\",\"cooked\":\"<p>Un toit solaire ici<\\/p>\","
		    "\"created_at\":\"2026-11-22T14:07:29Z\",\"topic_title\":\"Le toit\"}",
		"text: { path: cooked, html: true }\ntitle: topic_title\nid: id\n"
		"author.handle: username\ncreated_at: created_at\n");
	check_guess("{\"kind\":\"t3\",\"data\":{\"selftext\":\"Des panneaux sur le toit de la "
		    "maison\",\"title\":\"Mon "
		    "toit\",\"name\":\"t3_x1\",\"author\":\"bob\",\"id\":\"x1\","
		    "\"created_utc\":1795356449.0,\"permalink\":\"/r/x/1\","
		    "\"url\":\"https://example.org/1\"}}",
		"text: data.selftext\ntitle: data.title\nid: data.id\nurl: data.url\n"
		"author.handle: data.author\ncreated_at: data.created_utc\n");
	check_guess("{\"user\":{\"description\":\"Une biographie bien plus longue que le texte du "
		    "message lui-même\",\"login\":\"li\",\"id\":3},\"body\":\"court message\"}",
		"text: body\nauthor.handle: user.login\nauthor.id: user.id\n");
}

static void a_record_without_text_gives_no_guess(void **state)
{
	(void)state;
	check_guess(
		"{\"n\":1,\"at\":\"2026-11-22T14:07:29Z\",\"url\":\"https://example.org/\"}", "");
	check_guess("{\"a\":{}}", "");
}

static void the_list_that_holds_most_is_found(void **state)
{
	struct arena arena;
	struct guess_list list;
	(void)state;
	arena_init(&arena, 0);
	assert_true(guess_records(STR("{\"tags\":[{\"n\":1}],\"data\":{\"items\":[{\"a\":\"long "
				      "text\"},{\"a\":\"x\"}]}}"),
		&arena, &list));
	check_text(list.path, "data.items");
	assert_int_equal(list.count, 2);
	check_text(list.items[1], "{\"a\":\"x\"}");
	assert_true(guess_records(STR("[{\"a\":1}]"), &arena, &list));
	check_text(list.path, "");
	assert_false(guess_records(STR("{\"a\":[1,2]}"), &arena, &list));
	assert_false(guess_records(STR("nothing"), &arena, &list));
	arena_finish(&arena);
}

/* ---- answers ---- */

static enum probe_kind judge(const char *type, const char *body, bool ended, struct probe *probe)
{
	struct arena arena;
	arena_init(&arena, 0);
	*probe = (struct probe){ .url = STR("https://example.org/x"),
		.content_type = str_of(type) };
	probe_judge(str_of(body), STR_NONE, ended, &arena, probe);
	arena_finish(&arena);
	return probe->kind;
}

static void answers_are_told_apart(void **state)
{
	struct probe p;
	(void)state;
	assert_int_equal(judge("text/event-stream", "", false, &p), PROBE_EVENTS);
	assert_int_equal(judge("text/plain", "{\"a\":1}\n{\"a\":2}\n", true, &p), PROBE_LINES);
	assert_int_equal(judge("application/json", "{\"a\":1}\n", false, &p), PROBE_LINES);
	assert_int_equal(judge("application/json", "", false, &p), PROBE_LINES);
	assert_int_equal(judge("application/json", "{\"a\":1}\n", true, &p), PROBE_JSON);
	assert_int_equal(
		judge("application/json", "{\"a\":[{\"b\":1}]}", true, &p), PROBE_DOCUMENT);
	assert_int_equal(judge("application/json", "[{\"b\":\n1}]", true, &p), PROBE_DOCUMENT);
	assert_int_equal(judge("application/json", "{\"a\":", true, &p), PROBE_OTHER);
	assert_int_equal(
		judge("text/xml", "<rss version='2.0'><channel/></rss>", true, &p), PROBE_FEED);
	assert_int_equal(judge("application/zip", "PK\003\004", true, &p), PROBE_OTHER);
	assert_int_equal(judge("text/html", "<!doctype html><html><input type=password>", true, &p),
		PROBE_PAGE);
	assert_true(p.login);
	assert_int_equal(
		judge("text/html", "<html><div id='mastodon'></div></html>", true, &p), PROBE_PAGE);
	assert_string_equal(p.software, "mastodon");
	assert_false(p.login);
}

static void failures_have_advice_in_plain_words(void **state)
{
	(void)state;
	assert_non_null(advice_of_message(STR("SSL certificate problem: certificate has expired")));
	assert_non_null(advice_of_message(STR("Could not resolve host: x")));
	assert_null(advice_of_message(STR("something else")));
	assert_non_null(advice_of_status(429));
	assert_non_null(advice_of_status(302));
	assert_null(advice_of_status(299));
}

/* ---- YAML ---- */

static void a_draft_reads_back_as_it_was_meant(void **state)
{
	struct arena arena;
	struct draft d;
	struct buf out;
	(void)state;
	arena_init(&arena, 0);
	buf_init(&out, 0);
	draft_init(&d, &arena, STR("x"));
	assert_true(draft_add_argument(&d, STR("headers=A: it's")));
	assert_true(draft_add_argument(&d, STR("headers=B: 2")));
	assert_true(draft_add_argument(&d, STR("token=env:T")));
	assert_true(draft_add_argument(&d, STR("url=env://x?a=1#b")));
	assert_true(draft_add_argument(&d, STR("follow=true")));
	assert_true(draft_add_argument(&d, STR("tag=no")));
	assert_false(draft_add_argument(&d, STR("nothing")));
	assert_false(draft_add_argument(&d, STR("Bad Key=1")));
	draft_default(&d, STR("follow"), STR("false"));
	draft_default(&d, STR("type"), STR("http"));
	draft_yaml(&d, &out);
	check_str(buf_str(&out),
		STR("  x:\n    type: http\n    headers:\n      - 'A: it''s'\n      - 'B: 2'\n"
		    "    token: { env: T }\n    url: 'env://x?a=1#b'\n    follow: true\n"
		    "    tag: 'no'\n"));
	buf_finish(&out);
	arena_finish(&arena);
}

static void any_text_makes_a_name(void **state)
{
	struct arena arena;
	(void)state;
	arena_init(&arena, 0);
	check_text(draft_name(&arena, STR("www.Example.org:80")), "www-example-org-80");
	check_text(draft_name(&arena, STR("..é..")), "source");
	check_text(draft_name(&arena, STR("")), "source");
	assert_true(draft_name(&arena,
			    STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
				"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))
			    .n <= 64);
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_walk_gives_each_value_its_path),
		cmocka_unit_test(keys_that_no_path_can_name_are_left_out),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(fields_are_guessed_by_keys_and_looks),
		cmocka_unit_test(a_record_without_text_gives_no_guess),
		cmocka_unit_test(the_list_that_holds_most_is_found),
		cmocka_unit_test(answers_are_told_apart),
		cmocka_unit_test(failures_have_advice_in_plain_words),
		cmocka_unit_test(a_draft_reads_back_as_it_was_meant),
		cmocka_unit_test(any_text_makes_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
