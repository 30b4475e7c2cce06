/* WebSub: what is discovered, what the hub is asked, and what it may bring. */
#define _GNU_SOURCE
#include "tests/sources/feed_fixture.h"

#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "sources/feed_link.h"
#include "sources/feed_websub.h"

#define BODY(items)                                                                                \
	"<feed xmlns='http://www.w3.org/2005/Atom'><link rel='hub' href='/hub'/><link rel='self' " \
	"href='/topic'/>" items "</feed>"
#define ENTRY(id) "<entry><id>" id "</id><title>title of " id "</title></entry>"
#define OK(head, body) "HTTP/1.1 200 OK\r\nConnection: close\r\n" head "\r\n" body
#define AT(where, text)                                                                     \
	{                                                                                   \
		.path = where, .answer = { text, sizeof(text) - 1 }, .after = SERVER_CLOSES \
	}
#define ACCEPTED AT("/hub", "HTTP/1.1 202 Accepted\r\nConnection: close\r\n\r\n")

/* ---- pure ---- */

static void links_of_a_header_are_found_by_relation(void **state)
{
	static const struct {
		const char *header, *hub;
	} cases[] = {
		{ "<https://h/>; rel=\"hub\"", "https://h/" },
		{ "<https://h/> ;rel=hub", "https://h/" },
		{ "<a>; rel=\"self\", <b>; rel=\"x hub\"", "b" },
		{ "<a>; title=\"rel=hub, <z>; \\\"\"; rel=self,<b>;REL=HUB", "b" },
		{ "<a>; rel=self; rel=hub", "" },
		{ "<a,b;c>; rel=hub", "a,b;c" },
		{ ", ,<b>; rel=hub", "b" },
		{ "<b>; rel=\"hub", "b" },
		{ "<b>; rel=github", "" },
		{ "<b>", "" },
		{ "<b; rel=hub", "" },
		{ "b; rel=hub", "" },
		{ "<a> x, <b>; rel=hub", "" },
		{ "", "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct str found = feed_link_find(str_of(cases[i].header), STR("hub"));
		if (!str_eq(found, str_of(cases[i].hub)) && (found.n || *cases[i].hub))
			fail_msg("%s: '%.*s'", cases[i].header, STR_ARGS(found));
	}
	assert_null(feed_link_find(STR_NONE, STR("hub")).p);
}

static void signatures_of_all_four_kinds_are_checked(void **state)
{
	/* Of "hello" with the key "secret", by openssl dgst -hmac. */
	static const char *const good[] = {
		"sha1=5112055c05f944f85755efc5cd8970e194e9f45b",
		"sha256=88aab3ede8d3adf94d26ab90d3bafd4a2083070c3bcce9c014ee04a443847c0b",
		"sha384=7e1e620ca0068fd1fce00c1ad3f5c6dbb12874dd2fb9c26502d09d0d804f2c0ba1d921b9458"
		"416cba480417571001e18",
		"sha512=db1595ae88a62fd151ec1cba81b98c39df82daae7b4cb9820f446d5bf02f1dcfca6683d88ca"
		"b3e273f5963ab8ec469a746b5b19086371239f67d1e5f99a79440",
		"SHA256=88AAB3EDE8D3ADF94D26AB90D3BAFD4A2083070C3BCCE9C014EE04A443847C0B",
	};
	static const char *const bad[] = {
		"",
		"sha256",
		"sha256=",
		"md5=5d41402abc4b2a76b9719d911017c592",
		"=88aab3ede8d3adf94d26ab90d3bafd4a2083070c3bcce9c014ee04a443847c0b",
		"sha256=88aab3ede8d3adf94d26ab90d3bafd4a2083070c3bcce9c014ee04a443847c0c",
		"sha256=88aab3ede8d3adf94d26ab90d3bafd4a2083070c3bcce9c014ee04a443847c0b0",
		"sha1=88aab3ede8d3adf94d26ab90d3bafd4a2083070c",
		"88aab3ede8d3adf94d26ab90d3bafd4a2083070c3bcce9c014ee04a443847c0b",
	};
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!feed_websub_signed(str_of(good[i]), STR("secret"), STR("hello")))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (feed_websub_signed(str_of(bad[i]), STR("secret"), STR("hello")))
			fail_msg("%s", bad[i]);
	assert_false(feed_websub_signed(STR_NONE, STR("secret"), STR("hello")));
}

/* ---- with a hub ---- */

struct subscription {
	struct feed_source *feeds;
	char token[64], secret[128];
};

/* What the form of a request says; "" if it does not. */
static void form_value(struct str request, const char *name, char *out, size_t size)
{
	const size_t at = str_find(request, STR("\r\n\r\n"));
	struct str form = str_slice(request, at + 4, request.n), pair;
	out[0] = '\0';
	while (str_next(&form, '&', &pair)) {
		struct str key;
		(void)str_next(&pair, '=', &key);
		if (str_eq(key, str_of(name)))
			(void)snprintf(out, size, "%.*s", STR_ARGS(pair));
	}
}

static void start_with_hub(struct fixture *f, const struct server_step *steps, size_t count)
{
	if (!f->server)
		f->server = server_create(f->h.loop, steps, count);
	harness_decode(&f->h,
		"sources: { s: { type: feed, allow_private: true, url: 'http://127.0.0.1:%d/feed' "
		"} }\n",
		server_port(f->server));
	feed_websub_enable(feed_source_of(harness_source(&f->h)), STR("https://me.example"));
	harness_restart(&f->h);
}

static struct subscription subscribed(struct fixture *f, size_t request)
{
	struct subscription s = { .feeds = feed_source_of(harness_source(&f->h)) };
	char callback[256];
	form_value(server_request(f->server, request), "hub.callback", callback, sizeof callback);
	form_value(server_request(f->server, request), "hub.secret", s.secret, sizeof s.secret);
	const char *token = strstr(callback, "https%3A%2F%2Fme.example%2Fwebsub%2Fs%2F");
	assert_ptr_equal(token, callback);
	(void)snprintf(s.token, sizeof s.token, "%.32s", strrchr(callback, 'F') + 1);
	return s;
}

/* The token is hex in lower case, so that the last F is that of the slash before it. */
static bool verify(
	struct fixture *f, const struct subscription *s, const char *mode, const char *path)
{
	char topic[128];
	(void)snprintf(topic, sizeof topic, "http://127.0.0.1:%d%s", server_port(f->server), path);
	const struct feed_websub_question question = { str_of(mode), str_of(topic), 3600 };
	return feed_websub_verify(s->feeds, str_of(s->token), &question);
}

static void push(const struct subscription *s, const char *signature, const char *body)
{
	const struct feed_websub_push p = { .signature = str_of(signature), .body = str_of(body) };
	feed_websub_take(s->feeds, str_of(s->token), &p);
}

static const char *sign(const struct subscription *s, const char *body)
{
	static char text[128];
	unsigned char mac[DIGEST_BYTES];
	char hex[DIGEST_HEX_BYTES];
	digest_hmac(str_of(s->secret), str_of(body), mac);
	digest_hex(mac, hex);
	(void)snprintf(text, sizeof text, "sha256=%s", hex);
	return text;
}

static void a_feed_that_names_a_hub_is_subscribed_to_it(void **state)
{
	struct fixture *f = *state;
	char value[256];
	const struct server_step steps[] = { AT("/feed", OK("", BODY(ENTRY("1")))), ACCEPTED };
	start_with_hub(f, steps, 2);
	feed_until_requests(f, 2);
	const struct str request = server_request(f->server, 1);
	assert_true(str_starts(request, STR("POST /hub ")));
	form_value(request, "hub.mode", value, sizeof value);
	assert_string_equal(value, "subscribe");
	form_value(request, "hub.topic", value, sizeof value);
	assert_non_null(strstr(value, "%2Ftopic"));
	form_value(request, "hub.lease_seconds", value, sizeof value);
	assert_string_equal(value, "864000");
	const struct subscription s = subscribed(f, 1);
	assert_int_equal(strlen(s.token), 32);
	assert_true(strlen(s.secret) >= 32 && strlen(s.secret) < 200);
}

static void the_headers_count_more_than_the_document(void **state)
{
	struct fixture *f = *state;
	char value[256];
	const struct server_step steps[] = {
		AT("/feed",
			OK("Link: </other>; rel=\"hub\"\r\nLink: </own>; rel=self\r\n",
				BODY(ENTRY("1")))),
		AT("/other", "HTTP/1.1 202 Accepted\r\nConnection: close\r\n\r\n")
	};
	start_with_hub(f, steps, 2);
	feed_until_requests(f, 2);
	form_value(server_request(f->server, 1), "hub.topic", value, sizeof value);
	assert_non_null(strstr(value, "%2Fown"));
}

static void only_what_was_asked_for_is_confirmed(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { AT("/feed", OK("", BODY(ENTRY("1")))), ACCEPTED };
	start_with_hub(f, steps, 2);
	feed_until_requests(f, 2);
	struct subscription s = subscribed(f, 1);
	assert_true(feed_websub_knows(s.feeds, str_of(s.token)));
	assert_false(verify(f, &s, "subscribe", "/feed"));
	assert_false(verify(f, &s, "unsubscribe", "/topic"));
	assert_true(verify(f, &s, "subscribe", "/topic"));
	assert_true(verify(f, &s, "denied", "/topic"));
	assert_false(verify(f, &s, "subscribe", "/topic"));
	s.token[0] = s.token[0] == 'a' ? 'b' : 'a';
	assert_false(feed_websub_knows(s.feeds, str_of(s.token)));
	assert_false(verify(f, &s, "subscribe", "/topic"));
	assert_false(feed_websub_knows(s.feeds, STR_NONE));
}

static void what_a_hub_brings_counts_once(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { AT("/feed", OK("", BODY(ENTRY("1")))), ACCEPTED };
	const char *body = BODY(ENTRY("2") ENTRY("1"));
	start_with_hub(f, steps, 2);
	feed_until_requests(f, 2);
	const struct subscription s = subscribed(f, 1);
	assert_true(verify(f, &s, "subscribe", "/topic"));
	const size_t before = f->h.block_count;
	push(&s, sign(&s, body), body);
	assert_true(feed_brought(f, "title of 2"));
	assert_false(feed_brought(f, "title of 1"));
	assert_int_equal(f->h.block_count, before + 1);
	push(&s, sign(&s, body), body);
	assert_int_equal(f->h.block_count, before + 1);
	assert_string_equal(f->h.gaps.n ? f->h.gaps.p : "", "");
}

static void what_is_signed_wrongly_is_ignored(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { AT("/feed", OK("", BODY(ENTRY("1")))), ACCEPTED };
	const char *body = BODY(ENTRY("2"));
	start_with_hub(f, steps, 2);
	feed_until_requests(f, 2);
	const struct subscription s = subscribed(f, 1);
	const size_t before = f->h.block_count;
	push(&s, "sha256=00", body);
	push(&s, "", body);
	push(&s, sign(&s, "something else"), body);
	push(&s, NULL, body);
	assert_int_equal(f->h.block_count, before);
	harness_run_for(&f->h, 1200 * US_PER_MS);
	assert_int_equal(server_request_count(f->server), 2);
}

/* Whoever knows the callback and cannot sign. */
static void what_is_not_signed_makes_us_ask_at_most_once_a_minute(void **state)
{
	struct fixture *f = *state;
	char key[32] = { 0 }, url[64], text[128], hex[DIGEST_HEX_BYTES];
	unsigned char mac[DIGEST_BYTES];
	const struct server_step steps[] = { AT("/feed", OK("", "<feed>" ENTRY("1") "</feed>")),
		AT("/feed", OK("", "<feed>" ENTRY("2") ENTRY("1") "</feed>")) };
	f->h.cursor = STR("websub AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
	start_with_hub(f, steps, 2);
	feed_until_requests(f, 1);
	(void)snprintf(url, sizeof url, "http://127.0.0.1:%d/feed", server_port(f->server));
	(void)snprintf(text, sizeof text, "token %s", url);
	digest_hmac((struct str){ key, sizeof key }, str_of(text), mac);
	digest_hex(mac, hex);
	struct subscription s = { .feeds = feed_source_of(harness_source(&f->h)) };
	(void)snprintf(s.token, sizeof s.token, "%.32s", hex);
	assert_true(feed_websub_knows(s.feeds, str_of(s.token)));
	push(&s, NULL, BODY(ENTRY("3")));
	feed_until_requests(f, 2);
	assert_true(feed_brought(f, "title of 2"));
	assert_false(feed_brought(f, "title of 3"));
	push(&s, NULL, "");
	harness_run_for(&f->h, 1200 * US_PER_MS);
	assert_int_equal(server_request_count(f->server), 2);
}

static void a_subscription_outlives_a_restart(void **state)
{
	struct fixture *f = *state;
	const struct server_step steps[] = { AT("/feed", OK("ETag: \"1\"\r\n", BODY(ENTRY("1")))),
		ACCEPTED };
	const char *body = BODY(ENTRY("2"));
	start_with_hub(f, steps, 2);
	feed_until_requests(f, 2);
	const struct subscription first = subscribed(f, 1);
	struct str rest = buf_str(&f->h.cursors), line;
	while (str_next(&rest, '\n', &line))
		if (str_starts(line, STR("websub ")))
			f->h.cursor = arena_str(&f->h.arena, line);
	assert_non_null(f->h.cursor.p);
	const struct str cursor = f->h.cursor;
	sources_destroy(f->h.all);
	f->h.all = NULL;
	f->h.cursor = cursor;
	buf_clear(&f->h.text);
	start_with_hub(f, steps, 2);
	feed_until_requests(f, 4);
	/* The document names the hub, so it is asked for although it may not have changed. */
	assert_false(feed_asked(f, 2, "If-None-Match"));
	const struct subscription second = subscribed(f, 3);
	assert_string_equal(first.secret, second.secret);
	push(&second, sign(&first, body), body);
	assert_true(feed_brought(f, "title of 2"));
}

static void without_an_address_of_ours_no_hub_is_asked(void **state)
{
	struct fixture *f = *state;
	START(f, PRIVATE, ANSWER("200 OK", BODY(ENTRY("1"))));
	feed_until_requests(f, 1);
	harness_run_for(&f->h, 50 * US_PER_MS);
	assert_int_equal(server_request_count(f->server), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_of_a_header_are_found_by_relation),
		cmocka_unit_test(signatures_of_all_four_kinds_are_checked),
		FEED_TEST(a_feed_that_names_a_hub_is_subscribed_to_it),
		FEED_TEST(the_headers_count_more_than_the_document),
		FEED_TEST(only_what_was_asked_for_is_confirmed),
		FEED_TEST(what_a_hub_brings_counts_once),
		FEED_TEST(what_is_signed_wrongly_is_ignored),
		FEED_TEST(what_is_not_signed_makes_us_ask_at_most_once_a_minute),
		FEED_TEST(a_subscription_outlives_a_restart),
		FEED_TEST(without_an_address_of_ours_no_hub_is_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
