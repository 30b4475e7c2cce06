#include "net/websocket.h"

#include "tests/check.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/http.h"
#include "tests/net/server.h"

#define BYTES(literal)                       \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

enum { MAX_MESSAGE_BYTES = 1024 * 1024 };

struct fixture {
	struct loop *loop;
	struct server server;
	struct websocket *socket;
	struct timer *timer; /* gives up, or does what the test wants */
	void (*act)(struct fixture *f);
	bool send, refuse, destroy_at_end;
	/* What came. */
	size_t open_count, message_count, piece_count, end_count, message_bytes;
	struct buf text; /* each message and a bar; not of the large ones */
	struct websocket_result result;
	char message[256], body[1100], reason[200];
};

static void opened(void *ctx)
{
	struct fixture *f = ctx;
	f->open_count++;
	if (f->send)
		assert_true(websocket_send(f->socket, STR("{\"type\":\"subscribe\"}")));
}

static bool got_message(void *ctx, struct str text)
{
	struct fixture *f = ctx;
	f->message_count++;
	f->message_bytes += text.n;
	if (text.n < 2000) {
		buf_add(&f->text, text);
		buf_add_char(&f->text, '|');
	}
	if (f->refuse)
		loop_stop(f->loop);
	return !f->refuse;
}

static bool got_piece(void *ctx)
{
	struct fixture *f = ctx;
	f->piece_count++;
	return true;
}

static void ended(void *ctx, const struct websocket_result *result)
{
	struct fixture *f = ctx;
	f->end_count++;
	f->result = *result;
	snprintf(f->message, sizeof f->message, "%s", result->message);
	snprintf(f->body, sizeof f->body, "%.*s", STR_ARGS(result->body));
	snprintf(f->reason, sizeof f->reason, "%.*s", STR_ARGS(result->close_reason));
	if (f->destroy_at_end) {
		websocket_destroy(f->socket);
		f->socket = NULL;
	}
	loop_stop(f->loop);
}

static const struct websocket_events events = { opened, got_message, got_piece, ended };

static void timer_fired(void *ctx)
{
	struct fixture *f = ctx;
	if (f->act)
		f->act(f);
	else
		loop_stop(f->loop);
}

static int set_up(void **state)
{
	struct fixture *f = mem_zero(1, sizeof *f);
	server_start(&f->server, "sockets.py", NULL);
	f->loop = loop_create();
	f->timer = timer_create_on(f->loop, timer_fired, f);
	buf_init(&f->text, 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	websocket_destroy(f->socket);
	timer_destroy(f->timer);
	loop_destroy(f->loop);
	server_stop(&f->server);
	buf_finish(&f->text);
	mem_free(f);
	return 0;
}

static void start_at(struct fixture *f, const char *url, struct websocket_options options)
{
	options.url = str_of(url);
	options.max_message_bytes = options.max_message_bytes ? options.max_message_bytes
							      : MAX_MESSAGE_BYTES;
	websocket_destroy(f->socket);
	f->open_count = f->message_count = f->end_count = f->message_bytes = 0;
	buf_clear(&f->text);
	f->socket = websocket_create(f->loop, &options, &events, f);
	assert_int_equal(f->end_count, 0);
}

static void run(struct fixture *f)
{
	timer_start(f->timer, 10 * US_PER_S);
	loop_run(f->loop);
	timer_stop(f->timer);
}

static void start(struct fixture *f, const char *path, struct websocket_options options)
{
	char url[4096];
	snprintf(url, sizeof url, "ws://127.0.0.1:%d%s", f->server.port, path);
	start_at(f, url, options);
}

/* Starts and runs until the end. */
static void get(struct fixture *f, const char *path, struct websocket_options options)
{
	start(f, path, options);
	run(f);
	assert_int_equal(f->end_count, 1);
}

static void add_hex(struct buf *b, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		buf_addf(b, "%02x", (unsigned char)bytes.p[i]);
}

/* path and the bytes as ?hex=. */
static void get_bytes(struct fixture *f, const char *path, struct str bytes, const char *more)
{
	struct buf b;
	buf_init(&b, 0);
	buf_addf(&b, "%s?hex=", path);
	add_hex(&b, bytes);
	buf_addf(&b, "%s", more);
	get(f, b.p, (struct websocket_options){ 0 });
	buf_finish(&b);
}

static void messages_come_and_a_close_ends_it(void **state)
{
	struct fixture *f = *state;
	char line[200];
	get_bytes(f, "/raw",
		STR("\x81\x02hi\x01\x01"
		    "a\x80\x01"
		    "b\x88\x05\x03\xf4"
		    "bye"),
		"&hold=1");
	assert_int_equal(f->open_count, 1);
	check_text(buf_str(&f->text), "hi|ab|");
	assert_int_equal(f->result.end, WEBSOCKET_CLOSED);
	assert_int_equal(f->result.close_code, 1012);
	assert_string_equal(f->reason, "bye");
	server_line(&f->server, line, sizeof line);
	assert_string_equal(line, "8 1012"); /* the answer */
}

static void the_same_in_pieces_of_one_byte(void **state)
{
	struct fixture *f = *state;
	get_bytes(f, "/raw",
		STR("\x81\x02hi\x01\x01"
		    "a\x80\x01"
		    "b\x88\x02\x03\xe8"),
		"&hold=1&one=1");
	check_text(buf_str(&f->text), "hi|ab|");
	assert_int_equal(f->result.end, WEBSOCKET_CLOSED);
}

static void the_request_is_as_it_must_be(void **state)
{
	struct fixture *f = *state;
	const struct str headers[] = { STR("X-Client: a b") };
	get(f, "/raw?request=1&q=%C3%A9",
		(struct websocket_options){
			.headers = headers, .header_count = 1, .bearer = STR("s3cret") });
	static const char *const lines[] = { "GET /raw?request=1&q=%C3%A9 HTTP/1.1\r\n",
		"\r\nHost: 127.0.0.1:", "\r\nUpgrade: websocket\r\n", "\r\nConnection: Upgrade\r\n",
		"\r\nSec-WebSocket-Version: 13\r\n", "\r\nX-Client: a b\r\n",
		"\r\nUser-Agent: vigie\r\n", "\r\nAuthorization: Bearer s3cret" };
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		if (str_find(buf_str(&f->text), str_of(lines[i])) == SIZE_MAX)
			fail_msg("lacks '%s': %s", lines[i], f->text.p);
	}
	assert_int_equal(str_find(buf_str(&f->text), STR("Extensions")), SIZE_MAX);
}

static void many_and_large_messages_come_whole(void **state)
{
	struct fixture *f = *state;
	get(f, "/flood?count=20000&bytes=200", (struct websocket_options){ 0 });
	assert_int_equal(f->message_count, 20000);
	assert_true(f->piece_count < 10000);
	assert_int_equal(f->result.end, WEBSOCKET_CLOSED);
	get(f, "/flood?count=20&bytes=1048576", (struct websocket_options){ 0 });
	assert_int_equal(f->message_count, 20);
	assert_int_equal(f->message_bytes, 20 * 1048576);
	assert_int_equal(f->result.end, WEBSOCKET_CLOSED);
}

static void a_message_past_the_ceiling_is_dropped_and_counted(void **state)
{
	struct fixture *f = *state;
	get(f, "/flood?count=3&bytes=1001",
		(struct websocket_options){ .max_message_bytes = 1000 });
	assert_int_equal(f->message_count, 0);
	assert_int_equal(f->result.end, WEBSOCKET_CLOSED);
	assert_int_equal(websocket_too_long_count(f->socket), 3);
}

static void what_breaks_the_rules_is_closed_with_a_code(void **state)
{
	struct fixture *f = *state;
	char line[200];
	get_bytes(f, "/raw",
		STR("\x81\x01"
		    "a\x81\x01\xff"),
		"&hold=1");
	check_text(buf_str(&f->text), "a|");
	assert_int_equal(f->result.end, WEBSOCKET_FAULT);
	assert_int_equal(f->result.sent_code, 1007);
	assert_string_equal(f->message, "the server sent text that is not UTF-8");
	server_line(&f->server, line, sizeof line);
	assert_string_equal(line, "8 1007");
}

static void an_end_without_a_close_is_a_break(void **state)
{
	struct fixture *f = *state;
	get_bytes(f, "/raw",
		STR("\x81\x01"
		    "a\x81\x05hal"),
		"");
	check_text(buf_str(&f->text), "a|");
	assert_int_equal(f->result.end, WEBSOCKET_BROKEN);
}

static void answers_that_are_no_upgrade_are_refused(void **state)
{
	struct fixture *f = *state;
#define UPGRADE "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
#define ACCEPT "Sec-WebSocket-Accept: {accept}\r\n"
	static const struct {
		struct str answer;
		const char *message;
	} cases[] = {
		{ BYTES(UPGRADE "Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
			"another request" },
		{ BYTES(UPGRADE "\r\n"), "another request" },
		{ BYTES(UPGRADE ACCEPT ACCEPT "\r\n"), "another request" },
		{ BYTES(UPGRADE ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
			"extension" },
		{ BYTES(UPGRADE ACCEPT "Sec-WebSocket-Protocol: chat\r\n\r\n"), "protocol" },
		{ BYTES("HTTP/1.1 101 X\r\nUpgrade: websocket\r\n" ACCEPT "\r\n"), "no upgrade" },
		{ BYTES("HTTP/1.1 101 X\r\nConnection: Upgrade\r\n" ACCEPT "\r\n"), "no upgrade" },
		{ BYTES("HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n" ACCEPT "\r\n"),
			"no upgrade" },
		{ BYTES("SSH-2.0-x\r\n\r\n"), "not HTTP" },
		{ BYTES("HTTP/1.1 101 X\r\nno colon\r\n\r\n"), "not HTTP" },
		{ BYTES("HTTP/1.1 101 X\r\nUpgr"), "without an answer" },
		{ BYTES(""), "without an answer" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		get_bytes(f, "/answer", cases[i].answer, "");
		assert_int_equal(f->open_count, 0);
		assert_int_equal(f->result.end, WEBSOCKET_NO_UPGRADE);
		if (!strstr(f->message, cases[i].message))
			fail_msg("case %zu: %s", i, f->message);
	}
}

static void a_right_answer_is_taken_in_pieces_and_after_an_early_hint(void **state)
{
	struct fixture *f = *state;
	get_bytes(f, "/answer",
		STR("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" UPGRADE ACCEPT "\r\n\x81\x01"
		    "a\x88\x00"),
		"&one=1&hold=1");
	check_text(buf_str(&f->text), "a|");
	assert_int_equal(f->result.end, WEBSOCKET_CLOSED);
	assert_int_equal(f->result.close_code, 1005);
}

static void another_status_is_told_with_what_it_says(void **state)
{
	struct fixture *f = *state;
	get_bytes(f, "/answer",
		STR("HTTP/1.1 400 Bad Request\r\nContent-Length: 24\r\n\r\n"
		    "{\"error\":\"CursorTooOld\"}"),
		"&hold=1");
	assert_int_equal(f->result.end, WEBSOCKET_ANSWERED);
	assert_int_equal(f->result.status, 400);
	assert_string_equal(f->body, "{\"error\":\"CursorTooOld\"}");
	assert_int_equal(f->result.retry_after_us, -1);
	get_bytes(f, "/answer", STR("HTTP/1.1 429 X\r\nRetry-After: 7\r\n\r\nslow down"), "");
	assert_int_equal(f->result.end, WEBSOCKET_ANSWERED);
	assert_int_equal(f->result.status, 429);
	assert_int_equal(f->result.retry_after_us, 7 * US_PER_S);
	assert_string_equal(f->body, "slow down");
}

static void headers_have_a_ceiling(void **state)
{
	struct fixture *f = *state;
	struct buf b;
	buf_init(&b, 0);
	buf_add(&b, STR("HTTP/1.1 101 X\r\n"));
	for (int i = 0; i < 120; i++)
		buf_add(&b, STR("a: b\r\n"));
	buf_add(&b, STR("\r\n"));
	get_bytes(f, "/answer", buf_str(&b), "");
	buf_finish(&b);
	assert_int_equal(f->result.end, WEBSOCKET_NO_UPGRADE);
	assert_non_null(strstr(f->message, "too many headers"));
}

static void what_is_sent_at_the_opening_arrives(void **state)
{
	struct fixture *f = *state;
	char line[200];
	f->send = true;
	start(f, "/pong", (struct websocket_options){ 0 });
	timer_start(f->timer, 200 * US_PER_MS);
	loop_run(f->loop);
	server_line(&f->server, line, sizeof line);
	assert_string_equal(line, "1 {\"type\":\"subscribe\"}");
	websocket_destroy(f->socket); /* says goodbye */
	f->socket = NULL;
	server_line(&f->server, line, sizeof line);
	assert_string_equal(line, "8 1001");
	server_line(&f->server, line, sizeof line);
	assert_string_equal(line, "gone");
	assert_int_equal(f->end_count, 0);
}

static void a_server_that_says_nothing_is_pinged_and_then_given_up(void **state)
{
	struct fixture *f = *state;
	char line[200];
	const int64_t from = loop_now_us(f->loop);
	get(f, "/raw?hold=1", (struct websocket_options){ .stall_us = 400 * US_PER_MS });
	assert_int_equal(f->result.end, WEBSOCKET_STALLED);
	assert_true(loop_now_us(f->loop) - from >= 400 * US_PER_MS);
	server_line(&f->server, line, sizeof line);
	assert_string_equal(line, "9");
}

static void a_server_that_answers_pings_lives(void **state)
{
	struct fixture *f = *state;
	start(f, "/pong", (struct websocket_options){ .stall_us = 200 * US_PER_MS });
	timer_start(f->timer, US_PER_S);
	loop_run(f->loop);
	assert_int_equal(f->open_count, 1);
	assert_int_equal(f->end_count, 0);
}

static void a_server_that_never_answers_is_given_up(void **state)
{
	struct fixture *f = *state;
	get(f, "/answer?hold=1", (struct websocket_options){ .timeout_us = 200 * US_PER_MS });
	assert_int_equal(f->result.end, WEBSOCKET_UNREACHED);
	assert_string_equal(f->message, "no answer in time");
}

static void a_server_that_does_not_read_its_pongs_is_given_up(void **state)
{
	struct fixture *f = *state;
	get(f, "/deaf", (struct websocket_options){ 0 });
	assert_int_equal(f->result.end, WEBSOCKET_BROKEN);
	assert_non_null(strstr(f->message, "does not read"));
}

static void a_server_that_is_not_there_is_not_reached(void **state)
{
	struct fixture *f = *state;
	start_at(f, "ws://127.0.0.1:1/", (struct websocket_options){ 0 });
	run(f);
	assert_int_equal(f->end_count, 1);
	assert_int_equal(f->result.end, WEBSOCKET_UNREACHED);
	assert_true(f->message[0]);
}

static void addresses_and_headers_that_are_none_are_refused(void **state)
{
	struct fixture *f = *state;
	static const char *const urls[] = { "http://a/", "ws://a b/", "ws://a/\r\nX: y", "ws://",
		"ws://user:word@127.0.0.1/", "file:///etc/passwd", "" };
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		start_at(f, urls[i], (struct websocket_options){ 0 });
		run(f);
		assert_int_equal(f->end_count, 1);
		assert_int_equal(f->result.end, WEBSOCKET_REFUSED);
	}
	const struct str header = STR("X: a\r\nY: b");
	get(f, "/pong", (struct websocket_options){ .headers = &header, .header_count = 1 });
	assert_int_equal(f->result.end, WEBSOCKET_REFUSED);
	get(f, "/pong", (struct websocket_options){ .bearer = STR("a\nb") });
	assert_int_equal(f->result.end, WEBSOCKET_REFUSED);
}

static void it_may_be_destroyed_within_its_end_and_at_any_time(void **state)
{
	struct fixture *f = *state;
	f->destroy_at_end = true;
	get(f, "/flood?count=1000&bytes=5000", (struct websocket_options){ 0 });
	assert_null(f->socket);
	get(f, "/answer", (struct websocket_options){ 0 });
	assert_null(f->socket);
	for (int ms = 0; ms < 30; ms++) {
		start(f, "/flood?count=10000&bytes=500", (struct websocket_options){ 0 });
		timer_start(f->timer, ms * US_PER_MS);
		loop_run(f->loop);
	}
}

static void nothing_is_read_after_a_message_was_refused(void **state)
{
	struct fixture *f = *state;
	f->refuse = true;
	start(f, "/flood?count=100&bytes=100",
		(struct websocket_options){ .stall_us = US_PER_S / 10 });
	run(f);
	assert_int_equal(f->message_count, 1);
	timer_start(f->timer, 300 * US_PER_MS);
	loop_run(f->loop);
	assert_int_equal(f->message_count, 1);
	assert_int_equal(f->end_count, 0);
}

static void an_http_proxy_is_gone_through(void **state)
{
	struct fixture *f = *state;
	char proxy[64], line[200], want[64];
	snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", f->server.port);
	get(f,
		"/raw?hex=8102686988020"
		"3e8&hold=1",
		(struct websocket_options){ .proxy = str_of(proxy) });
	check_text(buf_str(&f->text), "hi|");
	server_line(&f->server, line, sizeof line);
	snprintf(want, sizeof want, "CONNECT 127.0.0.1:%d HTTP/1.1", f->server.port);
	assert_string_equal(line, want);
}

static void tls_is_checked_and_carries_it(void **state)
{
	struct fixture *f = *state;
	struct server plain = f->server;
	char folder[64], cert[128], key[128], url[200];
	folder_make(folder, sizeof folder);
	server_make_certificate(folder);
	snprintf(cert, sizeof cert, "%s/cert.pem", folder);
	snprintf(key, sizeof key, "%s/key.pem", folder);
	const char *arguments[] = { "--tls", cert, key, NULL };
	server_start(&f->server, "sockets.py", arguments);
	snprintf(url, sizeof url, "wss://localhost:%d/flood?count=50&bytes=100000", f->server.port);
	start_at(f, url, (struct websocket_options){ .ca_file = str_of(cert) });
	run(f);
	assert_int_equal(f->message_count, 50);
	assert_int_equal(f->result.end, WEBSOCKET_CLOSED);
	start_at(f, url, (struct websocket_options){ 0 }); /* nobody knows that certificate */
	run(f);
	assert_int_equal(f->result.end, WEBSOCKET_UNREACHED);
	assert_int_equal(f->open_count, 0);
	server_stop(&f->server);
	f->server = plain;
	folder_remove(folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(messages_come_and_a_close_ends_it),
		TEST(the_same_in_pieces_of_one_byte),
		TEST(the_request_is_as_it_must_be),
		TEST(many_and_large_messages_come_whole),
		TEST(a_message_past_the_ceiling_is_dropped_and_counted),
		TEST(what_breaks_the_rules_is_closed_with_a_code),
		TEST(an_end_without_a_close_is_a_break),
		TEST(answers_that_are_no_upgrade_are_refused),
		TEST(a_right_answer_is_taken_in_pieces_and_after_an_early_hint),
		TEST(another_status_is_told_with_what_it_says),
		TEST(headers_have_a_ceiling),
		TEST(what_is_sent_at_the_opening_arrives),
		TEST(a_server_that_says_nothing_is_pinged_and_then_given_up),
		TEST(a_server_that_answers_pings_lives),
		TEST(a_server_that_never_answers_is_given_up),
		TEST(a_server_that_does_not_read_its_pongs_is_given_up),
		TEST(a_server_that_is_not_there_is_not_reached),
		TEST(addresses_and_headers_that_are_none_are_refused),
		TEST(it_may_be_destroyed_within_its_end_and_at_any_time),
		TEST(nothing_is_read_after_a_message_was_refused),
		TEST(an_http_proxy_is_gone_through),
		TEST(tls_is_checked_and_carries_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
