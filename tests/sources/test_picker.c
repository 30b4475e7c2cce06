#include "sources/picker.h"

#include "tests/sources/harness.h"

struct fixture {
	struct harness h;
};

static int setup(void **state)
{
	static struct fixture f;
	f = (struct fixture){ 0 };
	harness_init(&f.h);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	sources_destroy(f->h.all);
	f->h.all = NULL;
	harness_finish(&f->h);
	return 0;
}

/* ---- resuming ---- */

static void check_value(const char *path, const char *lines, const char *wanted)
{
	const struct str text = str_of(path);
	size_t bad;
	struct json_paths *paths = json_paths_create(&text, 1, &bad);
	struct buf out;
	buf_init(&out, RESUME_MAX_BYTES);
	buf_add(&out, STR("before"));
	resume_value(paths, str_of(lines), &out);
	check_str(buf_str(&out), str_of(wanted));
	buf_finish(&out);
	json_paths_destroy(paths);
}

static void the_last_value_counts(void **state)
{
	(void)state;
	check_value("t", "{\"t\":1}\n{\"t\":2}\n", "2");
	check_value("t", "{\"t\":1}\n{\"t\":2}", "2");
	check_value("a.t", "{\"a\":{\"t\":\"x y\"}}\n{\"b\":1}\n\nno JSON\n", "x y");
	check_value("t", "", "before");
	check_value("t", "{\"a\":1}\n", "before");
	check_value("t", "{\"t\":null}\n{\"t\":[1]}\n{\"t\":true}\n{\"t\":\"\"}\n", "before");
	check_value("t", "{\"t\":\"a\\u0007\"}\n", "before");
	check_value("t[]", "{\"t\":[1,2]}\n", "before");
}

static void a_value_that_is_too_long_is_none(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 0);
	for (size_t n = RESUME_MAX_BYTES; n <= RESUME_MAX_BYTES + 1; n++) {
		buf_clear(&b);
		buf_add(&b, STR("{\"t\":\""));
		for (size_t i = 0; i < n; i++)
			buf_add_char(&b, 'x');
		buf_add(&b, STR("\"}\n"));
		struct str path = STR("t");
		size_t bad;
		struct json_paths *paths = json_paths_create(&path, 1, &bad);
		struct buf out;
		buf_init(&out, RESUME_MAX_BYTES);
		resume_value(paths, buf_str(&b), &out);
		assert_int_equal(out.n, n > RESUME_MAX_BYTES ? 0 : n);
		buf_finish(&out);
		json_paths_destroy(paths);
	}
	buf_finish(&b);
}

static void check_url(const char *url, const char *parameter, const char *value, int64_t overlap,
	const char *wanted)
{
	struct buf out;
	buf_init(&out, 0);
	resume_url(&out, str_of(url), str_of(parameter), str_of(value), overlap);
	check_str(buf_str(&out), str_of(wanted));
	buf_finish(&out);
}

static void the_value_goes_into_the_query(void **state)
{
	(void)state;
	check_url("ws://a/b", "cursor", "12", 0, "ws://a/b?cursor=12");
	check_url("ws://a/b?c=d", "cursor", "12", 0, "ws://a/b?c=d&cursor=12");
	check_url("ws://a/b?c=d#e", "cursor", "12", 5, "ws://a/b?c=d&cursor=7");
	check_url("ws://a", "t", "3", 5, "ws://a?t=0");
	check_url("ws://a", "t", "abc", 5, "ws://a?t=abc");
	check_url("ws://a", "t", "1.5", 5, "ws://a?t=1.5");
	check_url("ws://a", "t[", "a b&c=d#\xc3\xa9", 0, "ws://a?t%5B=a%20b%26c%3Dd%23%C3%A9");
	check_url("ws://a", "t", "9223372036854775807", 1, "ws://a?t=9223372036854775806");
}

/* ---- what people wrote ---- */

static void check_message(struct harness *h, const char *options, const char *part)
{
	harness_decode(h, "sources: { s: { type: websocket, %s } }\n", options);
	const struct str messages = harness_messages(h);
	if (str_find(messages, str_of(part)) == SIZE_MAX)
		fail_msg("'%s' gives no '%s': %.*s", options, part, STR_ARGS(messages));
	sources_destroy(h->all);
	h->all = NULL;
}

static void mistakes_are_told(void **state)
{
	struct fixture *f = *state;
	static const char *const cases[][2] = {
		{ "url: 'http://a'", "url is neither ws:// nor wss://: 'url'" },
		{ "url: 'ws://'", "url without a host" },
		{ "url: 'wss://a b'", "url without a host or with spaces" },
		{ "url: 'wss://u:p@a'", "url with a user or password" },
		{ "stall: 10s", "url" },
		{ "url: 'wss://a', headers: 'no colon'", "header 1 is not" },
		{ "url: 'wss://a', proxy: 'a:80'", "not the url of a proxy" },
		{ "url: 'wss://a', drop: 'x['", "neither PATH=VALUE nor PATH: 'x[' (drop)" },
		{ "url: 'wss://a', keep: ['a..b=1']",
			"neither PATH=VALUE nor PATH: 'a..b=1' (keep)" },
		{ "url: 'wss://a', fail_on: '=1'", "neither PATH=VALUE nor PATH: '=1' (fail_on)" },
		{ "url: 'wss://a', payload: '[x]'", "not a path: '[x]' (payload)" },
		{ "url: 'wss://a', add: 'x'", "not KEY=TEXT with {path} in it: 'x'" },
		{ "url: 'wss://a', refill_url: 'ftp://a'", "http:// nor https://: 'refill_url'" },
		{ "url: 'wss://a', refill_url: 'http://a', resume_path: a", "or it is refilled" },
		{ "url: 'wss://a', refill_url: 'http://a', refill_path: 'a['", "(refill_path)" },
		{ "url: 'wss://a', resume_received: true, resume_path: a",
			"either a path or the time" },
		{ "url: 'wss://a', resume_path: 'a[b'", "not a path: 'a[b'" },
		{ "url: 'wss://a', resume_overlap: 5", "nothing is resumed without a path" },
		{ "url: 'wss://a', resume_overlap: -1, resume_path: a", "resume_overlap" },
		{ "url: 'wss://a', stall: 10ms", "stall" },
		{ "url: 'wss://a', strall: 10s", "did you mean 'stall'?" },
		{ "url: 'wss://a', token: secret", "token" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_message(&f->h, cases[i][0], cases[i][1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_value_counts),
		cmocka_unit_test(a_value_that_is_too_long_is_none),
		cmocka_unit_test(the_value_goes_into_the_query),
		TEST(mistakes_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
