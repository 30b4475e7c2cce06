/* What is sent as it should not be: the answer, that no page was asked for, that the connection is
 * closed, and that the next client is served. */
#include "tests/web/fixture.h"

#include "tests/check.h"

#define HOST "Host: localhost:PORT\r\n"
#define LINE(target) "GET " target " HTTP/1.1\r\n" HOST "\r\n"
#define WITH(lines) "GET /healthz HTTP/1.1\r\n" HOST lines "\r\n"

/* STR is no constant. */
#define TEXT(literal)                        \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

static const struct {
	int status; /* 0: closed without a word */
	struct str request;
} cases[] = {
	/* Host */
	{ 400, TEXT("GET /healthz HTTP/1.1\r\n\r\n") },
	{ 400, TEXT("GET /healthz HTTP/1.0\r\n\r\n") },
	{ 400, TEXT("GET /healthz HTTP/1.1\r\n" HOST HOST "\r\n") },
	{ 400, TEXT("GET /healthz HTTP/1.1\r\n" HOST "hOsT: evil.example\r\n\r\n") },
	{ 421, TEXT("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n") },
	{ 421, TEXT("GET /healthz HTTP/1.1\r\nHost: evil.example:PORT\r\n\r\n") },
	{ 421, TEXT("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") },
	{ 421, TEXT("GET /healthz HTTP/1.1\r\nHost:\r\n\r\n") },
	{ 421, TEXT("GET /healthz HTTP/1.1\r\nHost: localhost.evil.example:PORT\r\n\r\n") },
	{ 400, TEXT("GET /healthz HTTP/1.1\r\nHost : localhost:PORT\r\n\r\n") },
	{ 400, TEXT("GET /healthz HTTP/1.1\r\n Host: localhost:PORT\r\n\r\n") },
	{ 400, TEXT("GET /healthz HTTP/1.1\r\nHost: localhost\r\n :PORT\r\n\r\n") },
	{ 404, TEXT("GET http://evil.example/healthz HTTP/1.1\r\n" HOST "\r\n") },
	/* the length of what follows */
	{ 400, TEXT(WITH("Content-Length: 0\r\nContent-Length: 0\r\n")) },
	{ 400, TEXT(WITH("Content-Length: 0\r\nContent-Length: 5\r\n") "12345") },
	{ 400, TEXT(WITH("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") "0\r\n\r\n") },
	{ 400, TEXT(WITH("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") "0\r\n\r\n") },
	{ 413, TEXT(WITH("Transfer-Encoding: chunked\r\n") "0\r\n\r\n") },
	{ 413, TEXT(WITH("Transfer-Encoding: gzip, chunked\r\n") "0\r\n\r\n") },
	{ 413, TEXT(WITH("Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n")) },
	{ 413, TEXT(WITH("Content-Length: 5\r\n") "12345") },
	{ 413, TEXT(WITH("Content-Length: 5\r\nExpect: 100-continue\r\n")) },
	{ 413, TEXT(WITH("Content-Length: 99999999999999999999999\r\n")) },
	{ 400, TEXT(WITH("Content-Length: -1\r\n")) },
	{ 400, TEXT(WITH("Content-Length: 0x0\r\n")) },
	{ 400, TEXT(WITH("Content-Length: 0, 0\r\n")) },
	{ 400, TEXT(WITH("Content-Length:\r\n")) },
	{ 400, TEXT(WITH("Content-Length : 5\r\n") "12345") },
	/* headers */
	{ 400, TEXT(WITH("X-A: a\x01\r\n")) },
	{ 400, TEXT(WITH("X-A: a\rb\r\n")) },
	{ 400, TEXT(WITH("X-A: \x7F\r\n")) },
	{ 400, TEXT(WITH("X A: a\r\n")) },
	{ 400, TEXT(WITH("X-\xC3\xA9: a\r\n")) },
	{ 400, TEXT(WITH("no colon\r\n")) },
	/* methods */
	{ 405, TEXT("POST /healthz HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n12345") },
	{ 405, TEXT("POST /healthz HTTP/1.1\r\n" HOST "\r\n") },
	{ 405, TEXT("OPTIONS * HTTP/1.1\r\n" HOST "\r\n") },
	{ 405, TEXT("TRACE /healthz HTTP/1.1\r\n" HOST "\r\n") },
	{ 405, TEXT("CONNECT localhost:PORT HTTP/1.1\r\n" HOST "\r\n") },
	{ 405, TEXT("get /healthz HTTP/1.1\r\n" HOST "\r\n") },
	{ 405, TEXT("EVIL /healthz HTTP/1.1\r\n" HOST "\r\n") },
	/* paths */
	{ 404, TEXT(LINE("/")) },
	{ 404, TEXT(LINE("/healthz/")) },
	{ 404, TEXT(LINE("//healthz")) },
	{ 404, TEXT(LINE("/Healthz")) },
	{ 404, TEXT(LINE("/../healthz")) },
	{ 404, TEXT(LINE("/x/../healthz")) },
	{ 404, TEXT(LINE("/%2e%2e/healthz")) },
	{ 404, TEXT(LINE("/../../etc/passwd")) },
	{ 404, TEXT(LINE("/healthz%0d%0aX-Evil:%201")) },
	{ 404, TEXT(LINE("/healthz%20")) },
	{ 404, TEXT(LINE("/healthz;x")) },
	{ 404, TEXT(LINE("/%252e")) },
	{ 404, TEXT(LINE("healthz")) },
	{ 400, TEXT(LINE("/healthz%00")) },
	{ 400, TEXT(LINE("/%00")) },
	{ 400, TEXT(LINE("/healthz%")) },
	{ 400, TEXT(LINE("/healthz%4")) },
	{ 400, TEXT(LINE("/%zz")) },
	{ 400, TEXT(LINE("/%ff")) },
	{ 400, TEXT(LINE("/%c0%af")) },
	{ 400, TEXT(LINE("/\xFF")) },
	{ 400, TEXT(LINE("/healthz?a=%00")) },
	{ 400, TEXT(LINE("/healthz?%ff=b")) },
	/* no HTTP */
	{ 0, TEXT("GET /healthz two HTTP/1.1\r\n" HOST "\r\n") },
	{ 0, TEXT("\x16\x03\x01\x02\x00\x01\x00\r\n\r\n") },
	{ 0, TEXT("hello\r\n\r\n") },
};

static void is_served(struct place *p)
{
	struct buf answer;
	const int pages = p->page_count;
	assert_false(place_ask(p, STR("GET /healthz HTTP/1.1\r\n" HOST "\r\n"), &answer));
	assert_int_equal(answer_status(&answer), 200);
	assert_int_equal(p->page_count, pages + 1);
	buf_finish(&answer);
}

static void what_is_wrong_is_refused_and_the_connection_closed(void **state)
{
	struct place *p = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf answer;
		const int pages = p->page_count;
		const bool closed = place_ask(p, cases[i].request, &answer);
		if (answer_status(&answer) != cases[i].status || !closed || p->page_count != pages)
			fail_msg("case %zu: %d, not %d: %s", i, answer_status(&answer),
				cases[i].status, cases[i].request.p);
		if (cases[i].status == 405)
			check_text(answer_header(&answer, STR("Allow")), "GET, HEAD");
		if (cases[i].status > 0)
			check_text(answer_header(&answer, STR("Connection")), "close");
		buf_finish(&answer);
		is_served(p);
	}
}

/* A request for target with a header of so many bytes, so that all of it has `bytes`. */
static struct str sized(struct buf *b, const char *target, size_t bytes, int port)
{
	buf_init(b, 1 << 20);
	buf_addf(b, "GET %s HTTP/1.1\r\nHost: localhost:%d\r\n", target, port);
	if (bytes > 0) {
		buf_add(b, STR("X-A: "));
		while (b->n + 4 < bytes)
			buf_add_char(b, 'a');
		buf_add(b, STR("\r\n"));
	}
	buf_add(b, STR("\r\n"));
	return buf_str(b);
}

static int ask_sized(struct place *p, const char *target, size_t bytes)
{
	struct buf request, answer;
	const struct str text = sized(&request, target, bytes, web_port(p->web));
	(void)place_ask(p, text, &answer);
	const int status = answer_status(&answer);
	buf_finish(&request);
	buf_finish(&answer);
	return status;
}

static void headers_of_8192_bytes_are_taken_and_more_are_not(void **state)
{
	struct place *p = *state;
	assert_int_equal(ask_sized(p, "/healthz", 8192), 200);
	assert_int_equal(ask_sized(p, "/healthz", 8193), 431);
	assert_int_equal(ask_sized(p, "/healthz", 31000), 431);
	/* Past its memory the library answers, or the client has not read it when it closes. */
	const int status = ask_sized(p, "/healthz", 100000);
	assert_true(status == 431 || status == 0);
	assert_int_equal(p->page_count, 1);
	is_served(p);
}

static void long_paths_are_refused(void **state)
{
	struct place *p = *state;
	static char path[100000];
	memset(path, 'a', sizeof path - 1);
	path[0] = '/';
	const int too_long = ask_sized(p, path, 0);
	assert_true(too_long == 414 || too_long == 0);
	path[20000] = '\0';
	assert_int_equal(ask_sized(p, path, 0), 431);
	path[7000] = '\0';
	assert_int_equal(ask_sized(p, path, 0), 404);
	is_served(p);
}

static void many_headers_and_arguments_are_refused(void **state)
{
	struct place *p = *state;
	for (int count = 63; count <= 64; count++) {
		struct buf request, answer;
		buf_init(&request, 1 << 20);
		buf_add(&request, STR("GET /healthz?a&b&c&d HTTP/1.1\r\n" HOST));
		for (int i = 0; i < count; i++)
			buf_add(&request, STR("a:\r\n"));
		buf_add(&request, STR("\r\n"));
		assert_int_equal(place_ask(p, buf_str(&request), &answer), count == 64);
		assert_int_equal(answer_status(&answer), count == 64 ? 431 : 200);
		buf_finish(&request);
		buf_finish(&answer);
	}
}

static void a_nul_ends_the_text_of_its_line_and_nothing_else(void **state)
{
	struct place *p = *state;
	const struct str requests[] = {
		STR("GET /healthz\0evil HTTP/1.1\r\n" HOST "\r\n"),
		STR(WITH("X-A: a\0b\r\n")),
		STR(WITH("\0X-A: a\r\n")),
		STR("\0\r\n\r\n"),
		STR("GET\0 / HTTP/1.1\r\n\r\n"),
		STR("GET /healthz HTTP/1.1\0\r\n" HOST "\r\n"),
	};
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		struct buf answer;
		const int fd = client_open(p);
		buf_init(&answer, 1 << 20);
		client_send(p, fd, requests[i]);
		place_run(p);
		p->now_us += WEB_DEADLINE_US;
		place_run(p);
		assert_true(client_read(p, fd, 0, false, &answer));
		const int status = answer_status(&answer);
		assert_true(status == 0 || status == 200 || status == 400 || status == 405);
		buf_finish(&answer);
		client_close(fd);
		is_served(p);
	}
}

/* The same mistakes, cut off after every byte. */
static void a_request_that_ends_anywhere_is_survived(void **state)
{
	struct place *p = *state;
	const struct str request = STR(WITH("Content-Length: 0\r\nX-A: a\r\n b\r\n"));
	for (size_t n = 0; n <= request.n; n++) {
		const int fd = client_open(p);
		client_send(p, fd, str_slice(request, 0, n));
		place_run(p);
		client_close(fd);
	}
	place_run(p);
	assert_int_equal(web_timeout_us(p->web, p->now_us), -1);
	is_served(p);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_set_up, place_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_wrong_is_refused_and_the_connection_closed),
		TEST(headers_of_8192_bytes_are_taken_and_more_are_not),
		TEST(long_paths_are_refused),
		TEST(many_headers_and_arguments_are_refused),
		TEST(a_nul_ends_the_text_of_its_line_and_nothing_else),
		TEST(a_request_that_ends_anywhere_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
