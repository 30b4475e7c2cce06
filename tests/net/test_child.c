#define _GNU_SOURCE

#include "tests/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/loop.h"

enum { OUTPUT_MAX = 1000 };

struct place {
	struct loop *loop;
	struct child *child;
	struct timer *timer;
	struct child_result result;
	struct buf output;
	int done_count;
};

static void done(void *ctx, const struct child_result *result)
{
	struct place *p = ctx;
	p->result = *result;
	buf_add(&p->output, result->output);
	p->done_count++;
	child_kill(p->child); /* too late to matter, and allowed */
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	p->loop = loop_create();
	buf_init(&p->output, 0);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	timer_destroy(p->timer);
	loop_destroy(p->loop);
	buf_finish(&p->output);
	free(p);
	return 0;
}

static void start(
	struct place *p, const char *const *argv, struct str input, int64_t timeout_us, size_t max)
{
	p->child = child_start(p->loop, (char *const *)argv, input, timeout_us, max, done, p);
	assert_int_equal(p->done_count, 0);
}

static void shell(struct place *p, const char *script, struct str input)
{
	start(p, (const char *[]){ "sh", "-c", script, NULL }, input, 20 * US_PER_S, OUTPUT_MAX);
	loop_run(p->loop);
	assert_int_equal(p->done_count, 1);
}

static void input_goes_in_and_output_and_status_come_out(void **state)
{
	struct place *p = *state;
	shell(p, "cat; echo problem >&2; exit 3", STR("hello\n"));
	assert_int_equal(p->result.error, 0);
	assert_int_equal(p->result.status, 3);
	assert_int_equal(p->result.signal, 0);
	assert_false(p->result.timed_out);
	check_text(buf_str(&p->output), "hello\nproblem\n");
}

static void a_program_that_is_not_there_is_told_later(void **state)
{
	struct place *p = *state;
	start(p, (const char *[]){ "/no/such/program", NULL }, STR(""), US_PER_S, 10);
	loop_run(p->loop);
	assert_int_equal(p->done_count, 1);
	assert_int_equal(p->result.error, -ENOENT);
}

static void a_program_that_cannot_be_started_may_be_killed(void **state)
{
	struct place *p = *state;
	start(p, (const char *[]){ "/no/such/program", NULL }, STR(""), US_PER_S, 10);
	child_kill(p->child);
	loop_run(p->loop);
	assert_int_equal(p->done_count, 0);
}

static void much_input_that_nobody_reads_does_no_harm(void **state)
{
	struct place *p = *state;
	struct buf input;
	buf_init(&input, 0);
	for (int i = 0; i < 100000; i++)
		buf_add(&input, STR("0123456789"));
	shell(p, "exec <&-; echo closed", buf_str(&input));
	check_text(buf_str(&p->output), "closed\n");
	assert_int_equal(p->result.status, 0);
	buf_finish(&input);
}

static void much_input_arrives_whole(void **state)
{
	struct place *p = *state;
	struct buf input;
	buf_init(&input, 0);
	for (int i = 0; i < 100000; i++)
		buf_add(&input, STR("0123456789"));
	shell(p, "wc -c", buf_str(&input));
	check_text(str_trim(buf_str(&p->output)), "1000000");
	buf_finish(&input);
}

static void output_past_its_ceiling_is_dropped_and_does_not_block(void **state)
{
	struct place *p = *state;
	shell(p, "head -c 1000000 /dev/zero | tr '\\0' x", STR(""));
	assert_int_equal(p->output.n, OUTPUT_MAX);
	assert_int_equal(p->result.status, 0);
}

static void output_up_to_its_ceiling_is_whole(void **state)
{
	struct place *p = *state;
	shell(p, "head -c 1000 /dev/zero | tr '\\0' x", STR(""));
	assert_int_equal(p->output.n, OUTPUT_MAX);
}

static void the_end_by_a_signal_is_told(void **state)
{
	struct place *p = *state;
	shell(p, "kill -TERM $$", STR(""));
	assert_int_equal(p->result.signal, SIGTERM);
	assert_false(p->result.timed_out);
}

static bool is_alive(pid_t pid)
{
	return kill(pid, 0) == 0;
}

static void when_time_is_up_the_whole_group_is_killed(void **state)
{
	struct place *p = *state;
	start(p, (const char *[]){ "sh", "-c", "sleep 100 & echo $!; wait", NULL }, STR(""),
		300 * US_PER_MS, OUTPUT_MAX);
	loop_run(p->loop);
	assert_int_equal(p->done_count, 1);
	assert_true(p->result.timed_out);
	assert_int_equal(p->result.signal, SIGKILL);
	int64_t grandchild;
	assert_true(str_to_int64(str_trim(buf_str(&p->output)), &grandchild));
	/* Its new parent reaps it, or nobody does and it stays as a zombie; it sleeps no more. */
	int64_t start_us = clock_monotonic_us();
	char path[64], stat[256];
	bool gone = false;
	while (!gone && clock_monotonic_us() - start_us < 5 * US_PER_S) {
		snprintf(path, sizeof path, "/proc/%lld/stat", (long long)grandchild);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd >= 0 ? read(fd, stat, sizeof stat - 1) : -1;
		if (fd >= 0)
			close(fd);
		stat[n > 0 ? n : 0] = '\0';
		gone = !is_alive((pid_t)grandchild) || n <= 0 || strstr(stat, ") Z ");
	}
	assert_true(gone);
}

static void what_is_left_running_is_not_waited_for(void **state)
{
	struct place *p = *state;
	int64_t start_us = clock_monotonic_us();
	shell(p, "sleep 3 & echo started", STR(""));
	assert_true(clock_monotonic_us() - start_us < 2500 * US_PER_MS);
	check_text(buf_str(&p->output), "started\n");
}

static void kill_it(void *ctx)
{
	struct place *p = ctx;
	child_kill(p->child);
	child_kill(p->child);
}

static void a_killed_child_is_not_heard_of_again(void **state)
{
	struct place *p = *state;
	int64_t start_us = clock_monotonic_us();
	p->timer = timer_create_on(p->loop, kill_it, p);
	start(p, (const char *[]){ "sleep", "100", NULL }, STR(""), 200 * US_PER_S, 10);
	timer_start(p->timer, 10 * US_PER_MS);
	loop_run(p->loop);
	assert_int_equal(p->done_count, 0);
	assert_true(clock_monotonic_us() - start_us < 20 * US_PER_S);
	child_kill(NULL);
}

static void a_child_killed_just_before_the_loop_ends_is_reaped(void **state)
{
	struct place *p = *state;
	start(p, (const char *[]){ "sleep", "100", NULL }, STR(""), 200 * US_PER_S, 10);
	child_kill(p->child);
	assert_int_equal(p->done_count, 0);
}

static void the_environment_holds_no_secrets(void **state)
{
	struct place *p = *state;
	setenv("VIGIE_SECRET", "hunter2", 1);
	setenv("LANG", "C.UTF-8", 1);
	start(p, (const char *[]){ "env", NULL }, STR(""), 20 * US_PER_S, 10 * OUTPUT_MAX);
	loop_run(p->loop);
	unsetenv("VIGIE_SECRET");
	struct str rest = buf_str(&p->output), line;
	int count = 0;
	while (str_next(&rest, '\n', &line)) {
		if (line.n == 0)
			continue;
		count++;
		assert_true(str_starts(line, STR("PATH=")) || str_starts(line, STR("HOME=")) ||
			str_starts(line, STR("LANG=")));
	}
	assert_in_range(count, 2, 3);
}

static void no_descriptor_is_inherited_but_the_three(void **state)
{
	struct place *p = *state;
	int fds[2];
	assert_int_equal(pipe(fds), 0); /* without close-on-exec */
	/* ls itself opens 3 for the folder it lists. */
	shell(p, "exec ls /proc/self/fd", STR(""));
	check_text(buf_str(&p->output), "0\n1\n2\n3\n");
	close(fds[0]);
	close(fds[1]);
}

static void it_has_a_session_of_its_own(void **state)
{
	struct place *p = *state;
	shell(p, "read a b c d e session rest < /proc/$$/stat; echo $session; echo $$", STR(""));
	struct str rest = buf_str(&p->output), session, own;
	assert_true(str_next(&rest, '\n', &session));
	assert_true(str_next(&rest, '\n', &own));
	check_str(str_trim(session), str_trim(own));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(input_goes_in_and_output_and_status_come_out),
		CASE(a_program_that_is_not_there_is_told_later),
		CASE(a_program_that_cannot_be_started_may_be_killed),
		CASE(much_input_that_nobody_reads_does_no_harm),
		CASE(much_input_arrives_whole),
		CASE(output_past_its_ceiling_is_dropped_and_does_not_block),
		CASE(output_up_to_its_ceiling_is_whole),
		CASE(the_end_by_a_signal_is_told),
		CASE(when_time_is_up_the_whole_group_is_killed),
		CASE(what_is_left_running_is_not_waited_for),
		CASE(a_killed_child_is_not_heard_of_again),
		CASE(a_child_killed_just_before_the_loop_ends_is_reaped),
		CASE(the_environment_holds_no_secrets),
		CASE(no_descriptor_is_inherited_but_the_three),
		CASE(it_has_a_session_of_its_own),
	};
	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
