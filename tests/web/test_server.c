#define _GNU_SOURCE

#include "tests/web/fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/check.h"

#define GET(path) STR("GET " path " HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n")
#define SHORT_DEADLINE_US (WEB_DEADLINE_US - 1)

enum { MANY = 400, MAX_ANSWER_BYTES = 1 << 20 };

static void pages_come_with_their_type(void **state)
{
	const struct {
		struct str request;
		const char *type, *body;
	} cases[] = {
		{ GET("/healthz"), "text/plain; charset=utf-8", "ok\n" },
		{ GET("/metrics"), "text/plain; version=0.0.4; charset=utf-8", "vigie_up 1\n" },
		{ GET("/api/v1/status"), "application/json; charset=utf-8", "{\"up\":true}" },
		{ GET("/metrics?name[]=up&x=%41"), "text/plain; version=0.0.4; charset=utf-8",
			"vigie_up 1\n" },
		{ GET("/%68ealthz"), "text/plain; charset=utf-8", "ok\n" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf answer;
		assert_false(place_ask(*state, cases[i].request, &answer));
		assert_int_equal(answer_status(&answer), 200);
		check_str(answer_header(&answer, STR("Content-Type")), str_of(cases[i].type));
		check_str(answer_body(&answer), str_of(cases[i].body));
		buf_finish(&answer);
	}
}

static void answers_forbid_what_browsers_could_do_with_them(void **state)
{
	const struct str requests[] = { GET("/healthz"), GET("/nothing") };
	static const char *const headers[][2] = {
		{ "X-Content-Type-Options", "nosniff" },
		{ "Cache-Control", "no-store" },
		{ "Referrer-Policy", "no-referrer" },
		{ "X-Frame-Options", "DENY" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
	};
	for (size_t i = 0; i < 2; i++) {
		struct buf answer;
		(void)place_ask(*state, requests[i], &answer);
		for (size_t j = 0; j < sizeof headers / sizeof *headers; j++)
			check_str(answer_header(&answer, str_of(headers[j][0])),
				str_of(headers[j][1]));
		assert_true(str_starts(answer_header(&answer, STR("Content-Security-Policy")),
			STR("default-src 'none'; ")));
		assert_true(str_find(answer_header(&answer, STR("Permissions-Policy")),
				    STR("camera=()")) != SIZE_MAX);
		check_str(answer_header(&answer, STR("Server")), STR_NONE);
		check_str(answer_header(&answer, STR("Access-Control-Allow-Origin")), STR_NONE);
		buf_finish(&answer);
	}
}

static void bad_health_is_503_with_its_text_on_a_connection_that_stays(void **state)
{
	struct place *p = *state;
	struct buf answer;
	p->unwell = true;
	assert_false(place_ask(p, GET("/healthz"), &answer));
	assert_int_equal(answer_status(&answer), 503);
	check_text(answer_body(&answer), "the disk is full\n");
	buf_finish(&answer);
}

static void head_is_get_without_the_body(void **state)
{
	struct buf answer;
	assert_false(place_ask(
		*state, STR("HEAD /metrics HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n"), &answer));
	assert_int_equal(answer_status(&answer), 200);
	check_text(answer_header(&answer, STR("Content-Length")), "11");
	check_text(answer_body(&answer), "");
	buf_finish(&answer);
}

static void a_page_at_the_ceiling_is_served_and_one_past_it_is_an_error(void **state)
{
	struct place *p = *state;
	struct buf answer;
	p->page_bytes = WEB_MAX_PAGE_BYTES;
	assert_false(place_ask(p, GET("/metrics"), &answer));
	assert_int_equal(answer_status(&answer), 200);
	assert_int_equal(answer_body(&answer).n, WEB_MAX_PAGE_BYTES);
	buf_finish(&answer);
	p->page_bytes++;
	assert_true(place_ask(p, GET("/metrics"), &answer));
	assert_int_equal(answer_status(&answer), 500);
	buf_finish(&answer);
}

static void requests_sent_in_one_go_are_answered_in_order(void **state)
{
	struct place *p = *state;
	const int fd = client_open(p);
	struct buf answers;
	buf_init(&answers, MAX_ANSWER_BYTES);
	for (int i = 0; i < 20; i++) {
		client_send(p, fd, GET("/healthz"));
		client_send(p, fd, GET("/metrics"));
	}
	assert_false(client_read(p, fd, 40, false, &answers));
	const size_t first = str_find(buf_str(&answers), STR("ok\n"));
	assert_true(first < str_find(buf_str(&answers), STR("vigie_up 1\n")));
	assert_int_equal(p->page_count, 40);
	buf_finish(&answers);
	client_close(fd);
}

static void a_second_request_on_a_connection_is_checked_as_the_first(void **state)
{
	struct place *p = *state;
	const int fd = client_open(p);
	struct buf answers;
	buf_init(&answers, MAX_ANSWER_BYTES);
	client_send(p, fd, GET("/healthz"));
	assert_false(client_read(p, fd, 1, false, &answers));
	client_send(p, fd, STR("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n"));
	client_send(p, fd, GET("/metrics"));
	buf_clear(&answers);
	assert_true(client_read(p, fd, 0, false, &answers));
	assert_int_equal(answer_status(&answers), 421);
	assert_int_equal(p->page_count, 1);
	buf_finish(&answers);
	client_close(fd);
}

/* Sends a request byte by byte over `time_us`, reads, and says what came. */
static int drip(struct place *p, int fd, struct str request, int64_t time_us)
{
	const int64_t began_us = p->now_us;
	for (size_t i = 0; i < request.n; i++) {
		p->now_us = began_us + time_us * (int64_t)i / (int64_t)(request.n - 1);
		client_send(p, fd, str_slice(request, i, i + 1));
		place_run(p);
	}
	struct buf answer;
	buf_init(&answer, MAX_ANSWER_BYTES);
	const bool closed = client_read(p, fd, 1, false, &answer);
	const int status = answer_status(&answer);
	assert_int_equal(closed, status != 200);
	buf_finish(&answer);
	return status;
}

/* The Host must be whole before it is cut into bytes. */
static struct str with_port(const struct place *p, char *text, size_t size)
{
	const int n = snprintf(text, size, "GET /healthz HTTP/1.1\r\nHost: localhost:%d\r\n\r\n",
		web_port(p->web));
	return (struct str){ text, (size_t)n };
}

static void a_slow_request_is_answered_until_the_deadline(void **state)
{
	struct place *p = *state;
	char text[100];
	const int fd = client_open(p);
	place_run(p);
	assert_int_equal(drip(p, fd, with_port(p, text, sizeof text), SHORT_DEADLINE_US), 200);
	/* The deadline of the next begins with the answer. */
	assert_int_equal(drip(p, fd, with_port(p, text, sizeof text), SHORT_DEADLINE_US), 200);
	client_close(fd);
}

static void a_request_that_drips_past_the_deadline_is_cut(void **state)
{
	struct place *p = *state;
	char text[100];
	const int fd = client_open(p);
	place_run(p);
	struct str request = with_port(p, text, sizeof text);
	/* All but the last byte until the deadline. */
	assert_int_equal(drip(p, fd, str_slice(request, 0, request.n - 1), WEB_DEADLINE_US), 0);
	assert_int_equal(p->page_count, 0);
	client_close(fd);
}

static void an_answer_that_nobody_reads_is_cut_at_the_deadline(void **state)
{
	struct place *p = *state;
	p->page_bytes = WEB_MAX_PAGE_BYTES;
	const int fd = client_open(p);
	for (int i = 0; i < 4; i++)
		client_send(p, fd, GET("/metrics"));
	place_run(p);
	assert_true(p->page_count < 4);
	p->now_us += WEB_DEADLINE_US;
	place_run(p);
	struct buf answers;
	buf_init(&answers, 32 << 20);
	assert_true(client_read(p, fd, 0, false, &answers));
	assert_true(answers.n < 4 * (size_t)WEB_MAX_PAGE_BYTES);
	buf_finish(&answers);
	client_close(fd);
}

static void the_timeout_tells_when_the_deadline_is(void **state)
{
	struct place *p = *state;
	place_run(p);
	assert_int_equal(web_timeout_us(p->web, p->now_us), -1);
	const int fd = client_open(p);
	place_run(p);
	const int64_t left_us = web_timeout_us(p->web, p->now_us);
	assert_true(left_us > 0 && left_us <= WEB_DEADLINE_US);
	assert_int_equal(web_timeout_us(p->web, p->now_us + SHORT_DEADLINE_US), 1);
	assert_int_equal(web_timeout_us(p->web, p->now_us + WEB_DEADLINE_US), 0);
	assert_int_equal(web_timeout_us(p->web, p->now_us + 2 * WEB_DEADLINE_US), 0);
	client_close(fd);
	place_run(p);
	assert_int_equal(web_timeout_us(p->web, p->now_us), -1);
}

/* More at a time would not fit the backlog, and connect would wait. */
static void open_many(struct place *p, int fds[MANY])
{
	for (size_t i = 0; i < MANY; i++) {
		fds[i] = client_open(p);
		if (i % 100 == 99)
			place_run(p);
	}
}

static void idle_connections_hold_nobody_up(void **state)
{
	struct place *p = *state;
	int fds[MANY];
	open_many(p, fds);
	struct buf answer;
	assert_false(place_ask(p, GET("/healthz"), &answer));
	assert_int_equal(answer_status(&answer), 200);
	buf_finish(&answer);
	/* The loop is left alone while they idle. */
	const int runs = p->run_count;
	place_run(p);
	assert_int_equal(p->run_count, runs);
	assert_true(p->run_count < 4 * MANY);
	/* The oldest made room, the newest are still there. */
	char byte;
	assert_int_equal(recv(fds[0], &byte, 1, MSG_DONTWAIT), 0);
	assert_int_equal(recv(fds[MANY - 1], &byte, 1, MSG_DONTWAIT), -1);
	for (size_t i = 0; i < MANY; i++)
		client_close(fds[i]);
	place_run(p);
	assert_int_equal(web_timeout_us(p->web, p->now_us), -1);
}

static void all_connections_may_end_at_once_and_new_ones_come_in(void **state)
{
	struct place *p = *state;
	for (int round = 0; round < 3; round++) {
		int fds[MANY];
		open_many(p, fds);
		place_run(p);
		p->now_us += WEB_DEADLINE_US;
		place_run(p);
		struct buf answer;
		assert_false(place_ask(p, GET("/healthz"), &answer));
		assert_int_equal(answer_status(&answer), 200);
		buf_finish(&answer);
		for (size_t i = 0; i < MANY; i++)
			client_close(fds[i]);
	}
}

static void a_client_that_leaves_before_its_answer_harms_nobody(void **state)
{
	struct place *p = *state;
	for (int i = 0; i < 20; i++) {
		const int fd = client_open(p);
		const struct linger reset = { .l_onoff = 1 };
		client_send(p, fd, GET("/metrics"));
		if (i % 2)
			assert_int_equal(
				setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
		client_close(fd);
	}
	place_run(p);
	assert_int_equal(web_timeout_us(p->web, p->now_us), -1);
}

/* Lets the process open no more descriptors; returns the limit that was. */
static struct rlimit no_more_descriptors(void)
{
	struct rlimit before, none;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	const int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(lowest >= 0);
	client_close(lowest);
	none = before;
	none.rlim_cur = (rlim_t)lowest;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	return before;
}

static void without_descriptors_clients_are_sent_away_and_the_loop_rests(void **state)
{
	struct place *p = *state;
	int fds[40];
	for (size_t i = 0; i < 40; i++)
		fds[i] = client_open(p);
	const struct rlimit before = no_more_descriptors();
	const int runs = p->run_count;
	place_run(p);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(p->run_count - runs < 20);
	for (size_t i = 0; i < 40; i++) {
		char byte;
		assert_int_equal(recv(fds[i], &byte, 1, MSG_DONTWAIT), 0);
		client_close(fds[i]);
	}
	struct buf answer;
	assert_false(place_ask(p, GET("/healthz"), &answer));
	assert_int_equal(answer_status(&answer), 200);
	buf_finish(&answer);
}

static void clients_come_in_again_once_there_are_descriptors(void **state)
{
	struct place *p = *state;
	const int first = client_open(p);
	place_run(p);
	const int unlucky = client_open(p), waiting = client_open(p);
	const struct rlimit before = no_more_descriptors();
	web_run(p->web, p->now_us);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	client_close(first);
	place_run(p);
	const int late = client_open(p);
	client_send(p, late, GET("/healthz"));
	struct buf answer;
	buf_init(&answer, MAX_ANSWER_BYTES);
	assert_false(client_read(p, late, 1, false, &answer));
	assert_int_equal(answer_status(&answer), 200);
	buf_finish(&answer);
	client_close(unlucky);
	client_close(waiting);
	client_close(late);
}

static void descriptors_are_not_inherited_and_all_given_back(void **state)
{
	(void)state;
	void *inner;
	const int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	client_close(before);
	assert_int_equal(place_set_up(&inner), 0);
	struct place *p = inner;
	const int fd = client_open(p);
	place_run(p);
	/* Those up to the next that is free are the server's and the client. */
	const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(next > fd);
	for (int i = before; i < next; i++)
		assert_int_equal(fcntl(i, F_GETFD), FD_CLOEXEC);
	client_close(next);
	client_close(fd);
	place_tear_down(&inner);
	const int after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(after, before);
	client_close(after);
}

static void a_server_with_open_connections_can_be_closed(void **state)
{
	(void)state;
	void *inner;
	assert_int_equal(place_set_up(&inner), 0);
	struct place *p = inner;
	const int idle = client_open(p), busy = client_open(p);
	client_send(p, busy, STR("GET /healthz HTTP/1.1\r\nHost:"));
	place_run(p);
	place_tear_down(&inner);
	client_close(idle);
	client_close(busy);
	web_close(NULL);
}

static void a_port_that_is_taken_is_told(void **state)
{
	struct place *p = *state;
	struct buf message;
	char listen[40];
	buf_init(&message, 1000);
	const int n = snprintf(listen, sizeof listen, "127.0.0.1:%d", web_port(p->web));
	assert_null(web_open((struct str){ listen, (size_t)n }, &place_pages, p, &message));
	assert_true(str_starts(buf_str(&message), STR("cannot listen on 127.0.0.1:")));
	assert_true(str_ends(buf_str(&message), STR(": Address already in use")));
	buf_finish(&message);
}

static void open_addresses_are_refused(void **state)
{
	(void)state;
	struct buf message;
	buf_init(&message, 1000);
	assert_true(web_check_listen(STR("127.0.0.1:8470"), &message));
	assert_int_equal(message.n, 0);
	assert_false(web_check_listen(STR("0.0.0.0:8470"), &message));
	assert_true(message.n > 0);
	buf_clear(&message);
	assert_null(web_open(STR("0.0.0.0:0"), &place_pages, NULL, &message));
	assert_true(message.n > 0);
	buf_finish(&message);
}

static void it_serves_on_ipv6_too(void **state)
{
	(void)state;
	struct place p = { .now_us = US_PER_S };
	struct buf message, answer;
	buf_init(&message, 1000);
	buf_init(&answer, MAX_ANSWER_BYTES);
	p.web = web_open(STR("[::1]:0"), &place_pages, &p, &message);
	if (!p.web) {
		print_message("%s\n", message.p);
		buf_finish(&message);
		skip();
	}
	const struct sockaddr_in6 at = { .sin6_family = AF_INET6,
		.sin6_port = htons(web_port(p.web)),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
	client_send(&p, fd, STR("GET /healthz HTTP/1.1\r\nHost: [::1]:PORT\r\n\r\n"));
	assert_false(client_read(&p, fd, 1, false, &answer));
	assert_int_equal(answer_status(&answer), 200);
	client_close(fd);
	web_close(p.web);
	buf_finish(&answer);
	buf_finish(&message);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_set_up, place_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pages_come_with_their_type),
		TEST(answers_forbid_what_browsers_could_do_with_them),
		TEST(bad_health_is_503_with_its_text_on_a_connection_that_stays),
		TEST(head_is_get_without_the_body),
		TEST(a_page_at_the_ceiling_is_served_and_one_past_it_is_an_error),
		TEST(requests_sent_in_one_go_are_answered_in_order),
		TEST(a_second_request_on_a_connection_is_checked_as_the_first),
		TEST(a_slow_request_is_answered_until_the_deadline),
		TEST(a_request_that_drips_past_the_deadline_is_cut),
		TEST(an_answer_that_nobody_reads_is_cut_at_the_deadline),
		TEST(the_timeout_tells_when_the_deadline_is),
		TEST(idle_connections_hold_nobody_up),
		TEST(all_connections_may_end_at_once_and_new_ones_come_in),
		TEST(a_client_that_leaves_before_its_answer_harms_nobody),
		TEST(without_descriptors_clients_are_sent_away_and_the_loop_rests),
		TEST(clients_come_in_again_once_there_are_descriptors),
		cmocka_unit_test(descriptors_are_not_inherited_and_all_given_back),
		cmocka_unit_test(a_server_with_open_connections_can_be_closed),
		TEST(a_port_that_is_taken_is_told),
		cmocka_unit_test(open_addresses_are_refused),
		cmocka_unit_test(it_serves_on_ipv6_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
