/* Paths of others: what they are told of a request, and when it is refused, waits or goes away. */
#include "tests/web/fixture.h"

#include <sys/socket.h>

#include "base/mem.h"
#include "tests/check.h"
#include "web/route.h"

#define HOST "Host: localhost:PORT\r\n"
#define POST(lines) "POST /in HTTP/1.1\r\n" HOST lines "\r\n"

enum { MAX_BODY_BYTES = 300 << 10, MAX_ANSWER_BYTES = 1 << 20 };

/* What the routes saw last, and what they do. */
struct seen {
	int begin_count, call_count;
	struct buf path, query, body, token;
	size_t token_count;
	struct web_call *waiting[8];
	size_t waiting_count;
	unsigned refuse; /* a status for begin; 0: none */
	bool later;
};

static void copy(struct buf *to, struct str s)
{
	buf_clear(to);
	buf_add(to, s);
}

static bool begin(void *ctx, const struct web_call *call, struct web_answer *answer)
{
	struct seen *s = ctx;
	s->begin_count++;
	assert_null(call->body.p);
	if (!s->refuse)
		return true;
	*answer = (struct web_answer){ .status = s->refuse,
		.body = STR("no\n"),
		.headers = { { "WWW-Authenticate", "Bearer" } } };
	return false;
}

static const struct web_answer taken = { .status = 200,
	.type = "application/json; charset=utf-8",
	.body = { "{\"ok\":1}", 8 },
	.headers = { { "X-First", "1" }, { "X-Second", "2" } } };

static void take(void *ctx, struct web_call *call)
{
	struct seen *s = ctx;
	struct str token = STR_NONE;
	s->call_count++;
	copy(&s->path, call->path);
	copy(&s->query, call->query.p ? call->query : STR("-"));
	copy(&s->body, call->body);
	s->token_count = web_call_header(call, STR("x-TOKEN"), &token);
	copy(&s->token, token);
	if (s->later)
		s->waiting[s->waiting_count++] = call;
	else
		web_answer(call, &taken);
}

static struct seen *seen_create(struct place *p)
{
	struct seen *s = mem_zero(1, sizeof *s);
	const struct web_route in = { "/in", WEB_POST, MAX_BODY_BYTES, begin, take, s };
	const struct web_route below = { "/hooks/", WEB_GET | WEB_POST, 100, NULL, take, s };
	buf_init(&s->path, 0);
	buf_init(&s->query, 0);
	buf_init(&s->body, 0);
	buf_init(&s->token, 0);
	web_add_route(p->web, &in);
	web_add_route(p->web, &below);
	return s;
}

static void seen_destroy(struct seen *s)
{
	buf_finish(&s->path);
	buf_finish(&s->query);
	buf_finish(&s->body);
	buf_finish(&s->token);
	mem_free(s);
}

static int ask(struct place *p, struct str request, bool *closed)
{
	struct buf answer;
	*closed = place_ask(p, request, &answer);
	const int status = answer_status(&answer);
	buf_finish(&answer);
	return status;
}

static void content_comes_whole_with_headers_and_query(void **state)
{
	struct place *p = *state;
	struct seen *s = seen_create(p);
	struct buf answer;
	assert_false(place_ask(p,
		STR("POST /in?a=b%20c&d HTTP/1.1\r\n" HOST
		    "X-Token:  one \r\nContent-Length: 5\r\n\r\nhello"),
		&answer));
	assert_int_equal(answer_status(&answer), 200);
	check_text(answer_body(&answer), "{\"ok\":1}");
	check_text(answer_header(&answer, STR("Content-Type")), "application/json; charset=utf-8");
	check_text(answer_header(&answer, STR("X-First")), "1");
	check_text(answer_header(&answer, STR("X-Second")), "2");
	check_text(answer_header(&answer, STR("X-Content-Type-Options")), "nosniff");
	check_text(buf_str(&s->path), "/in");
	check_text(buf_str(&s->query), "a=b%20c&d");
	check_text(buf_str(&s->body), "hello");
	check_text(buf_str(&s->token), "one");
	assert_int_equal(s->token_count, 1);
	buf_finish(&answer);
	seen_destroy(s);
}

static void chunks_are_joined_and_repeated_headers_counted(void **state)
{
	struct place *p = *state;
	struct seen *s = seen_create(p);
	bool closed;
	assert_int_equal(ask(p,
				 STR(POST("Transfer-Encoding: Chunked\r\nX-Token: a\r\nx-token: "
					  "b\r\n") "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n"),
				 &closed),
		200);
	check_text(buf_str(&s->body), "abcdefg");
	assert_int_equal(s->token_count, 2);
	check_text(buf_str(&s->token), "a");
	check_text(buf_str(&s->query), "-");
	seen_destroy(s);
}

static void a_path_that_ends_in_a_slash_stands_for_all_below_it(void **state)
{
	struct place *p = *state;
	struct seen *s = seen_create(p);
	bool closed;
	assert_int_equal(ask(p, STR("GET /hooks/a%2Fb HTTP/1.1\r\n" HOST "\r\n"), &closed), 200);
	check_text(buf_str(&s->path), "/hooks/a/b");
	assert_int_equal(s->body.n, 0);
	assert_int_equal(ask(p, STR("HEAD /hooks/x HTTP/1.1\r\n" HOST "\r\n"), &closed), 200);
	assert_int_equal(ask(p, STR("GET /hooks/ HTTP/1.1\r\n" HOST "\r\n"), &closed), 404);
	assert_int_equal(ask(p, STR("GET /hooks HTTP/1.1\r\n" HOST "\r\n"), &closed), 404);
	assert_int_equal(ask(p, STR("POST /in/ HTTP/1.1\r\n" HOST "\r\n"), &closed), 404);
	assert_int_equal(ask(p, STR("PUT /in/ HTTP/1.1\r\n" HOST "\r\n"), &closed), 405);
	assert_int_equal(s->call_count, 2);
	seen_destroy(s);
}

static void other_methods_and_codings_are_refused(void **state)
{
	struct place *p = *state;
	struct seen *s = seen_create(p);
	struct buf answer;
	assert_true(place_ask(p, STR("GET /in HTTP/1.1\r\n" HOST "\r\n"), &answer));
	assert_int_equal(answer_status(&answer), 405);
	check_text(answer_header(&answer, STR("Allow")), "POST");
	buf_finish(&answer);
	assert_true(place_ask(p, STR("PUT /hooks/a HTTP/1.1\r\n" HOST "\r\n"), &answer));
	check_text(answer_header(&answer, STR("Allow")), "GET, HEAD, POST");
	buf_finish(&answer);
	bool closed;
	assert_int_equal(
		ask(p, STR(POST("Transfer-Encoding: gzip, chunked\r\n") "0\r\n\r\n"), &closed),
		501);
	assert_int_equal(ask(p, STR(POST("Transfer-Encoding: x\r\n")), &closed), 501);
	assert_int_equal(
		ask(p, STR(POST("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") "0\r\n\r\n"),
			&closed),
		400);
	assert_int_equal(
		ask(p, STR("GET /hooks/a HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx"), &closed),
		413);
	assert_int_equal(s->begin_count + s->call_count, 0);
	seen_destroy(s);
}

/* A request with so much content, told by its length or in one chunk. */
static struct str sized(struct buf *b, size_t bytes, bool chunked)
{
	buf_init(b, 0);
	if (chunked)
		buf_addf(b, POST("Transfer-Encoding: chunked\r\n") "%zx\r\n", bytes);
	else
		buf_addf(b, POST("Content-Length: %zu\r\n"), bytes);
	char *room = buf_room(b, bytes);
	memset(room, 'x', bytes);
	b->n += bytes;
	b->p[b->n] = '\0';
	if (chunked)
		buf_add(b, STR("\r\n0\r\n\r\n"));
	return buf_str(b);
}

static int ask_sized(struct place *p, size_t bytes, bool chunked, bool *closed)
{
	struct buf request, answer;
	struct str rest = sized(&request, bytes, chunked);
	const int fd = client_open(p);
	while (rest.n) {
		client_send(p, fd, str_slice(rest, 0, 16 << 10));
		place_run(p);
		rest = str_slice(rest, 16 << 10, rest.n);
	}
	buf_init(&answer, MAX_ANSWER_BYTES);
	*closed = client_read(p, fd, 1, false, &answer);
	const int status = answer_status(&answer);
	client_close(fd);
	place_run(p);
	buf_finish(&request);
	buf_finish(&answer);
	return status;
}

static void content_is_taken_up_to_the_routes_ceiling(void **state)
{
	struct place *p = *state;
	struct seen *s = seen_create(p);
	bool closed;
	for (int chunked = 0; chunked < 2; chunked++) {
		assert_int_equal(ask_sized(p, MAX_BODY_BYTES, chunked, &closed), 200);
		assert_int_equal(s->body.n, MAX_BODY_BYTES);
		assert_int_equal(ask_sized(p, MAX_BODY_BYTES + 1, chunked, &closed), 413);
	}
	assert_int_equal(s->call_count, 2);
	/* the length alone is enough to be refused */
	assert_int_equal(ask(p, STR(POST("Content-Length: 9999999999\r\n")), &closed), 413);
	assert_true(closed);
	seen_destroy(s);
}

static void what_begin_refuses_is_answered_and_if_short_the_connection_stays(void **state)
{
	struct place *p = *state;
	struct seen *s = seen_create(p);
	struct buf answer;
	s->refuse = 401;
	assert_false(place_ask(p, STR(POST("Content-Length: 5\r\n") "hello"), &answer));
	assert_int_equal(answer_status(&answer), 401);
	check_text(answer_header(&answer, STR("WWW-Authenticate")), "Bearer");
	check_text(answer_body(&answer), "no\n");
	buf_finish(&answer);
	bool closed;
	assert_int_equal(ask_sized(p, 200 << 10, false, &closed), 401);
	assert_true(closed);
	assert_int_equal(
		ask(p, STR(POST("Content-Length: 5\r\nExpect: 100-continue\r\n")), &closed), 401);
	assert_true(closed);
	assert_int_equal(s->call_count, 0);
	seen_destroy(s);
}

static void a_client_that_waits_to_be_asked_is_asked(void **state)
{
	struct place *p = *state;
	struct seen *s = seen_create(p);
	struct buf answer;
	const int fd = client_open(p);
	buf_init(&answer, MAX_ANSWER_BYTES);
	client_send(p, fd, STR(POST("Content-Length: 5\r\nExpect: 100-continue\r\n")));
	place_run(p);
	char line[64] = "";
	assert_true(recv(fd, line, sizeof line - 1, MSG_DONTWAIT) > 0);
	check_text(str_slice(str_of(line), 0, 12), "HTTP/1.1 100");
	client_send(p, fd, STR("hello"));
	assert_false(client_read(p, fd, 1, false, &answer));
	assert_int_equal(answer_status(&answer), 200);
	buf_finish(&answer);
	client_close(fd);
	seen_destroy(s);
}

static void an_answer_may_come_in_a_later_turn_and_requests_in_a_row(void **state)
{
	struct place *p = *state;
	struct seen *s = seen_create(p);
	struct buf answer;
	const int fd = client_open(p);
	buf_init(&answer, MAX_ANSWER_BYTES);
	s->later = true;
	client_send(
		p, fd, STR(POST("Content-Length: 1\r\n") "a" POST("Content-Length: 1\r\n") "b"));
	place_run(p);
	assert_int_equal(s->waiting_count, 1);
	/* however long it takes */
	p->now_us += 10 * WEB_DEADLINE_US;
	web_run(p->web, p->now_us);
	place_run(p);
	web_answer(s->waiting[0], &taken);

	assert_false(client_read(p, fd, 1, false, &answer));

	place_run(p);
	assert_int_equal(s->waiting_count, 2);
	check_text(buf_str(&s->body), "b");
	web_answer(s->waiting[1], &taken);
	assert_false(client_read(p, fd, 2, false, &answer));
	client_close(fd);
	buf_finish(&answer);
	seen_destroy(s);
}

static void a_client_may_be_gone_when_its_answer_comes(void **state)
{
	struct place *p = *state;
	struct seen *s = seen_create(p);
	const int fd = client_open(p);
	s->later = true;
	client_send(p, fd, STR(POST("Content-Length: 1\r\n") "a"));
	place_run(p);
	client_close(fd);
	place_run(p);
	assert_int_equal(s->waiting_count, 1);
	web_answer(s->waiting[0], &taken);
	place_run(p);
	s->later = false;
	bool closed;
	assert_int_equal(ask(p, STR(POST("Content-Length: 1\r\n") "c"), &closed), 200);
	seen_destroy(s);
}

static void half_a_request_is_told_to_nobody(void **state)
{
	struct place *p = *state;
	struct seen *s = seen_create(p);
	const int fd = client_open(p);
	client_send(p, fd, STR(POST("Content-Length: 10\r\n") "half"));
	place_run(p);
	client_close(fd);
	place_run(p);
	assert_int_equal(s->begin_count, 1);
	assert_int_equal(s->call_count, 0);
	seen_destroy(s);
}

static void content_must_go_on_coming(void **state)
{
	struct place *p = *state;
	struct seen *s = seen_create(p);
	const int fd = client_open(p);
	struct buf answer;
	buf_init(&answer, MAX_ANSWER_BYTES);
	client_send(p, fd, STR(POST("Content-Length: 200000\r\n")));
	place_run(p);
	static char bytes[WEB_PROGRESS_BYTES];
	memset(bytes, 'x', sizeof bytes);
	for (int i = 0; i < 3; i++) {
		p->now_us += WEB_DEADLINE_US - 1;
		client_send(p, fd, (struct str){ bytes, sizeof bytes });
		place_run(p);
	}
	p->now_us += WEB_DEADLINE_US - 1;
	client_send(p, fd, (struct str){ bytes, 10 });
	place_run(p);
	p->now_us++;
	web_run(p->web, p->now_us);
	assert_true(client_read(p, fd, 1, false, &answer));
	assert_int_equal(answer.n, 0);
	assert_int_equal(s->call_count, 0);
	client_close(fd);
	buf_finish(&answer);
	seen_destroy(s);
}

static void names_are_for_routes_and_not_for_pages(void **state)
{
	struct place *p = *state;
	struct seen *s = seen_create(p);
	const struct str names[] = { STR("vigie.example.org"), STR("[2001:db8::1]") };
	const struct {
		int status;
		const char *line, *host;
	} cases[] = {
		{ 200, "POST /in", "vigie.example.org" },
		{ 200, "POST /in", "VIGIE.example.org:443" },
		{ 200, "POST /in", "[2001:db8::1]:8470" },
		{ 421, "POST /in", "vigie.example.org:" },
		{ 421, "POST /in", "vigie.example.org:x" },
		{ 421, "POST /in", "vigie.example.org.evil.example" },
		{ 421, "POST /in", "evil.example" },
		{ 421, "GET /metrics", "vigie.example.org" },
		{ 421, "GET /api/v1/status", "vigie.example.org:443" },
		{ 421, "GET /nothing", "vigie.example.org" },
	};
	web_set_names(p->web, (struct str_list){ names, 2 });
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf request;
		bool closed;
		buf_init(&request, 0);
		buf_addf(&request, "%s HTTP/1.1\r\nHost: %s\r\n\r\n", cases[i].line, cases[i].host);
		const int status = ask(p, buf_str(&request), &closed);
		if (status != cases[i].status)
			fail_msg("%s of %s: %d", cases[i].line, cases[i].host, status);
		buf_finish(&request);
	}
	assert_int_equal(p->page_count, 0);
	seen_destroy(s);
}

static void all_content_together_has_a_ceiling(void **state)
{
	struct place *p = *state;
	struct seen *s = seen_create(p);
	const struct web_route large = { "/large", WEB_POST, WEB_MAX_BODIES_BYTES, NULL, take, s };
	web_add_route(p->web, &large);
	const int fd = client_open(p);
	struct buf request;
	buf_init(&request, 0);
	buf_addf(&request, "POST /large HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n",
		WEB_MAX_BODIES_BYTES);
	client_send(p, fd, buf_str(&request));
	static char bytes[64 << 10];
	for (size_t sent = 0; sent < WEB_MAX_BODIES_BYTES - sizeof bytes; sent += sizeof bytes) {
		client_send(p, fd, (struct str){ bytes, sizeof bytes });
		place_run(p);
	}
	bool closed;
	assert_int_equal(ask_sized(p, sizeof bytes, false, &closed), 200);
	assert_int_equal(ask_sized(p, sizeof bytes + 1, false, &closed), 503);
	client_close(fd);
	place_run(p);
	assert_int_equal(ask_sized(p, MAX_BODY_BYTES, false, &closed), 200);
	buf_finish(&request);
	seen_destroy(s);
}

static void parameters_are_found_and_decoded(void **state)
{
	(void)state;
	static const struct {
		const char *query, *name, *value;
	} cases[] = {
		{ "a=1&b=2", "b", "2" },
		{ "a=1&a=2", "a", "1" },
		{ "hub.challenge=x%2By+z", "hub.challenge", "x+y z" },
		{ "hub%2Emode=on", "hub.mode", "on" },
		{ "a&b=", "a", "" },
		{ "a&b=", "b", "" },
		{ "&&a=1", "a", "1" },
		{ "a=b=c", "a", "b=c" },
		{ "a=1", "b", NULL },
		{ "", "a", NULL },
		{ "a=%4", "a", NULL },
		{ "a=%00", "a", NULL },
		{ "a=%ff", "a", NULL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf out;
		buf_init(&out, 100);
		const bool found = web_query(str_of(cases[i].query), str_of(cases[i].name), &out);
		assert_int_equal(found, cases[i].value != NULL);
		if (found)
			assert_string_equal(out.p ? out.p : "", cases[i].value);
		buf_finish(&out);
	}
	struct buf out;
	buf_init(&out, 2);
	assert_true(web_query(STR("a=12"), STR("a"), &out));
	buf_clear(&out);
	assert_false(web_query(STR("a=123"), STR("a"), &out));
	assert_false(web_query(STR_NONE, STR("a"), &out));
	buf_finish(&out);
}

#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, place_set_up, place_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PLACE(content_comes_whole_with_headers_and_query),
		WITH_PLACE(chunks_are_joined_and_repeated_headers_counted),
		WITH_PLACE(a_path_that_ends_in_a_slash_stands_for_all_below_it),
		WITH_PLACE(other_methods_and_codings_are_refused),
		WITH_PLACE(content_is_taken_up_to_the_routes_ceiling),
		WITH_PLACE(what_begin_refuses_is_answered_and_if_short_the_connection_stays),
		WITH_PLACE(a_client_that_waits_to_be_asked_is_asked),
		WITH_PLACE(an_answer_may_come_in_a_later_turn_and_requests_in_a_row),
		WITH_PLACE(a_client_may_be_gone_when_its_answer_comes),
		WITH_PLACE(half_a_request_is_told_to_nobody),
		WITH_PLACE(content_must_go_on_coming),
		WITH_PLACE(names_are_for_routes_and_not_for_pages),
		WITH_PLACE(all_content_together_has_a_ceiling),
		cmocka_unit_test(parameters_are_found_and_decoded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
