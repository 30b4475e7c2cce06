#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/notifiers/support.h"

/* Standard output goes into a pipe of ours meanwhile. */
struct pipe_out {
	int saved, in;
};

static void pipe_open(struct pipe_out *p)
{
	int ends[2];
	(void)fflush(stdout);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	p->saved = dup(STDOUT_FILENO);
	assert_true(dup2(ends[1], STDOUT_FILENO) >= 0);
	(void)close(ends[1]);
	p->in = ends[0];
}

static void pipe_close(struct pipe_out *p)
{
	assert_true(dup2(p->saved, STDOUT_FILENO) >= 0);
	(void)close(p->saved);
	if (p->in >= 0)
		(void)close(p->in);
}

struct print_run {
	struct loop *loop;
	struct timer *timer;
	int in;
	size_t read_bytes;
	size_t done_count, want_count;
	enum delivery_result result;
};

static void done(struct delivery *d, enum delivery_result result, int64_t retry_after_us,
	const char *message)
{
	struct print_run *run = d->ctx;
	(void)retry_after_us;
	(void)message;
	assert_int_equal((size_t)d->attempt, run->done_count); /* in order */
	run->result = result;
	if (++run->done_count == run->want_count)
		loop_stop(run->loop);
}

static void a_line_an_alert_is_written(void **state)
{
	(void)state;
	struct setup s;
	struct sample sample;
	struct pipe_out out;
	char text[4096];
	setup_init(&s, "n: { type: print }");
	setup_open(&s);
	sample_init(&sample);
	pipe_open(&out);
	struct outcome outcome = deliver(&s, &sample.alert);
	ssize_t n = read(out.in, text, sizeof text);
	pipe_close(&out);
	assert_int_equal(outcome.result, DELIVERY_SENT);
	assert_true(n > 0);
	struct str line = { text, (size_t)n };
	assert_true(str_starts(line,
		STR("2026-11-22T07:49:44Z critical sav-panne bluesky "
		    "@jdupont.example: Ma livebox")));
	assert_int_equal(str_find_char(line, '\n'), line.n - 1);
	setup_finish(&s);
}

/* Reads a bit of the pipe, later. */
static void read_some(void *ctx)
{
	struct print_run *run = ctx;
	char piece[40000];
	ssize_t n = read(run->in, piece, sizeof piece);
	if (n > 0)
		run->read_bytes += (size_t)n;
	timer_start(run->timer, US_PER_MS);
}

static void a_pipe_that_is_full_does_not_block_the_loop(void **state)
{
	(void)state;
	enum { COUNT = 64, BYTES = 10000 };
	struct setup s;
	struct pipe_out out;
	struct delivery deliveries[COUNT];
	static char body[BYTES];
	memset(body, 'x', sizeof body);
	setup_init(&s, "n: { type: print }");
	setup_open(&s);
	pipe_open(&out);
	struct print_run run = { .loop = s.loop, .in = out.in, .want_count = COUNT };
	assert_int_equal(fcntl(out.in, F_SETFL, O_NONBLOCK), 0);
	for (unsigned i = 0; i < COUNT; i++) {
		deliveries[i] = (struct delivery){ .attempt = i, .done = done, .ctx = &run };
		notifier_send(setup_notifier(&s), &deliveries[i], (struct str){ body, BYTES });
	}
	run.timer = timer_create_on(s.loop, read_some, &run);
	timer_start(run.timer, 5 * US_PER_MS);
	loop_run(s.loop);
	read_some(&run);
	while (run.read_bytes < (size_t)COUNT * (BYTES + 1)) {
		size_t before = run.read_bytes;
		read_some(&run);
		assert_true(run.read_bytes > before);
	}
	timer_destroy(run.timer);
	pipe_close(&out);
	assert_int_equal(run.done_count, COUNT);
	assert_int_equal(run.result, DELIVERY_SENT);
	assert_int_equal(run.read_bytes, (size_t)COUNT * (BYTES + 1));
	setup_finish(&s);
}

static void lines_for_a_closed_output_wait_for_another(void **state)
{
	(void)state;
	struct setup s;
	struct sample sample;
	struct pipe_out out;
	setup_init(&s, "n: { type: print, format: json }");
	setup_open(&s);
	sample_init(&sample);
	pipe_open(&out);
	(void)close(out.in);
	out.in = -1;
	struct outcome outcome = deliver(&s, &sample.alert);
	pipe_close(&out);
	assert_int_equal(outcome.result, DELIVERY_RETRY);
	assert_non_null(strstr(outcome.message, "standard output"));
	setup_finish(&s);
}

static void a_cancelled_line_is_not_answered(void **state)
{
	(void)state;
	struct setup s;
	struct sample sample;
	struct pipe_out out;
	struct print_run run = { .done_count = 99 };
	struct delivery d = { .done = done, .ctx = &run };
	setup_init(&s, "n: { type: print }");
	setup_open(&s);
	sample_init(&sample);
	pipe_open(&out);
	notifier_send(setup_notifier(&s), &d, STR("x"));
	notifier_cancel(setup_notifier(&s), &d);
	assert_int_equal(deliver(&s, &sample.alert).result, DELIVERY_SENT);
	pipe_close(&out);
	assert_int_equal(run.done_count, 99);
	setup_finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_an_alert_is_written),
		cmocka_unit_test(a_pipe_that_is_full_does_not_block_the_loop),
		cmocka_unit_test(lines_for_a_closed_output_wait_for_another),
		cmocka_unit_test(a_cancelled_line_is_not_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
