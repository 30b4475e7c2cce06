#define _GNU_SOURCE

#include "tests/web/fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/check.h"

enum { SILENCE_MS = 20000, MAX_RUNS = 100000, MAX_ANSWER_BYTES = 32 << 20 };

static bool health(void *ctx, struct buf *out)
{
	struct place *p = ctx;
	p->page_count++;
	buf_add(out, p->unwell ? STR("the disk is full\n") : STR("ok\n"));
	return !p->unwell;
}

static void metrics(void *ctx, struct buf *out)
{
	struct place *p = ctx;
	p->page_count++;
	for (size_t i = 0; i < p->page_bytes; i++)
		buf_add_char(out, '#');
	if (p->page_bytes == 0)
		buf_add(out, STR("vigie_up 1\n"));
}

static void status(void *ctx, struct buf *out)
{
	struct place *p = ctx;
	p->page_count++;
	buf_add(out, STR("{\"up\":true}"));
}

const struct web_pages place_pages = { health, metrics, status };

int place_set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	struct buf message;
	buf_init(&message, 1000);
	p->now_us = 5 * US_PER_S;
	p->web = web_open(STR("127.0.0.1:0"), &place_pages, p, &message);
	if (!p->web)
		print_error("%s\n", message.p);
	buf_finish(&message);
	*state = p;
	return p->web ? 0 : -1;
}

int place_tear_down(void **state)
{
	struct place *p = *state;
	web_close(p->web);
	free(p);
	return 0;
}

static void run(struct place *p)
{
	p->run_count++;
	assert_true(p->run_count < MAX_RUNS);
	web_run(p->web, p->now_us);
}

void place_run(struct place *p)
{
	struct pollfd watched = { .fd = web_fd(p->web), .events = POLLIN };
	while (poll(&watched, 1, 0) == 1 || web_timeout_us(p->web, p->now_us) == 0)
		run(p);
}

int client_open(const struct place *p)
{
	const struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons(web_port(p->web)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

void client_close(int fd)
{
	assert_int_equal(close(fd), 0);
}

void client_send(const struct place *p, int fd, struct str text)
{
	struct buf out;
	buf_init(&out, 1 << 20);
	for (size_t at; (at = str_find(text, STR("PORT"))) != SIZE_MAX;) {
		buf_add(&out, str_slice(text, 0, at));
		buf_addf(&out, "%d", web_port(p->web));
		text = str_slice(text, at + 4, text.n);
	}
	buf_add(&out, text);
	/* The server may have had enough of it already. */
	(void)!send(fd, out.p, out.n, MSG_NOSIGNAL);
	buf_finish(&out);
}

/* Counts whole answers; *rest is where the first that is not whole begins. */
static int count_answers(const struct buf *b, bool head)
{
	int count = 0;
	struct buf rest = *b;
	for (;;) {
		const size_t end = str_find(buf_str(&rest), STR("\r\n\r\n"));
		int64_t length = 0;
		if (end == SIZE_MAX)
			return count;
		const struct str text = answer_header(&rest, STR("Content-Length"));
		assert_true(str_to_int64(text, &length));
		const size_t whole = end + 4 + (head ? 0 : (size_t)length);
		if (whole > rest.n)
			return count;
		rest.p += whole;
		rest.n -= whole;
		count++;
	}
}

bool client_read(struct place *p, int fd, int answers, bool head, struct buf *out)
{
	for (;;) {
		place_run(p);
		struct pollfd watched[] = { { .fd = fd, .events = POLLIN },
			{ .fd = web_fd(p->web), .events = POLLIN } };
		assert_true(poll(watched, 2, SILENCE_MS) > 0);
		if (!watched[0].revents)
			continue;
		char *room = buf_room(out, 65536);
		assert_non_null(room);
		const ssize_t n = recv(fd, room, 65536, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return true;
		assert_true(n > 0);
		out->n += (size_t)n;
		if (answers > 0 && count_answers(out, head) >= answers)
			break;
	}
	/* A connection that the server ends is ended by now. */
	place_run(p);
	char byte;
	const ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
	return n == 0 || (n < 0 && errno == ECONNRESET);
}

bool place_ask(struct place *p, struct str request, struct buf *out)
{
	const int fd = client_open(p);
	buf_init(out, MAX_ANSWER_BYTES);
	client_send(p, fd, request);
	const bool closed = client_read(p, fd, 1, str_starts(request, STR("HEAD ")), out);
	client_close(fd);
	place_run(p);
	return closed;
}

int answer_status(const struct buf *answer)
{
	const struct str line = buf_str(answer);
	int64_t number;
	if (!str_starts(line, STR("HTTP/1.1 ")) || !str_to_int64(str_slice(line, 9, 12), &number))
		return 0;
	return (int)number;
}

struct str answer_header(const struct buf *answer, struct str name)
{
	struct str rest = buf_str(answer), line;
	while (str_next(&rest, '\n', &line) && line.n > 1) {
		const size_t colon = str_find_char(line, ':');
		if (colon != SIZE_MAX && str_eq_ignore_case(str_slice(line, 0, colon), name))
			return str_trim(str_slice(line, colon + 1, line.n));
	}
	return STR_NONE;
}

struct str answer_body(const struct buf *answer)
{
	const struct str all = buf_str(answer);
	const size_t end = str_find(all, STR("\r\n\r\n"));
	return end == SIZE_MAX ? STR_NONE : str_slice(all, end + 4, all.n);
}
