/* A child is done when it has ended; what a grandchild still holds open is not waited for. */
#define _GNU_SOURCE

#include "net/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/internal.h"

enum { ENVIRONMENT_MAX = 4, READ_BYTES = 4096, LAST_READS_MAX = 256, PIPE_COUNT = 2 };

/* Ends of two pipes; -1: closed. */
struct pipes {
	int child_in, our_in;
	int child_out, our_out;
};

struct child {
	uv_process_t process;
	struct loop *loop;
	struct pipes pipes;
	struct fd_watch *in_watch, *out_watch;
	struct timer *timeout; /* also brings the news that it could not be started */
	struct buf input;
	size_t written_bytes; /* of input */
	struct buf output;
	bool handle_open, spawned, exited, killed, timed_out;
	int error;
	void (*done)(void *ctx, const struct child_result *result);
	void *ctx;
};

static void close_end(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* a pipe: nothing to lose */
	*fd = -1;
}

static void close_input(struct child *c)
{
	fd_watch_destroy(c->in_watch);
	c->in_watch = NULL;
	close_end(&c->pipes.our_in);
}

static void close_output(struct child *c)
{
	fd_watch_destroy(c->out_watch);
	c->out_watch = NULL;
	close_end(&c->pipes.our_out);
}

static void child_closed(uv_handle_t *process)
{
	mem_free(process);
}

static void child_free(struct child *c)
{
	close_input(c);
	close_output(c);
	close_end(&c->pipes.child_in);
	close_end(&c->pipes.child_out);
	timer_destroy(c->timeout);
	c->timeout = NULL;
	buf_finish(&c->input);
	buf_finish(&c->output);
	if (c->handle_open)
		uv_close((uv_handle_t *)&c->process, child_closed);
	else
		mem_free(c);
}

static void write_input(void *ctx, int events)
{
	(void)events;
	struct child *c = ctx;
	struct str left = str_slice(buf_str(&c->input), c->written_bytes, c->input.n);
	ssize_t n = write(c->pipes.our_in, left.p, left.n);
	if (n > 0)
		c->written_bytes += (size_t)n;
	/* Whoever closes its input early does not want it: no error. */
	if (c->written_bytes == c->input.n || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_input(c);
}

/* False at the end, or when there is nothing now. Reads on past the ceiling, so that the child
 * does not stand still. */
static bool read_some(struct child *c, bool *ended)
{
	char piece[READ_BYTES];
	ssize_t n = read(c->pipes.our_out, piece, sizeof piece);
	*ended = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	if (n <= 0)
		return false;
	size_t room = c->output.max_bytes - c->output.n;
	buf_add(&c->output, (struct str){ piece, (size_t)n < room ? (size_t)n : room });
	return true;
}

static void read_output(void *ctx, int events)
{
	(void)events;
	struct child *c = ctx;
	bool ended;
	if (!read_some(c, &ended) && ended)
		close_output(c);
}

static void finish(struct child *c, int64_t status, int signal_number)
{
	bool ended = c->pipes.our_out < 0;
	for (int i = 0; !ended && i < LAST_READS_MAX && read_some(c, &ended); i++)
		;
	struct child_result result = { .error = c->error,
		.status = (int)status,
		.signal = signal_number,
		.timed_out = c->timed_out,
		.output = buf_str(&c->output) };
	void (*done)(void *ctx, const struct child_result *result) = c->done;
	c->exited = true;
	if (c->killed)
		loop_killed_child(c->loop, -1);
	else
		done(c->ctx, &result);
	child_free(c);
}

static void process_exited(uv_process_t *process, int64_t status, int signal_number)
{
	finish((struct child *)process, status, signal_number);
}

static void kill_group(struct child *c)
{
	/* Not reaped yet, so the number is still its own. */
	if (c->spawned && !c->exited)
		(void)kill(-c->process.pid, SIGKILL);
}

static void time_is_up(void *ctx)
{
	struct child *c = ctx;
	if (!c->spawned) {
		finish(c, 0, 0);
		return;
	}
	c->timed_out = true;
	kill_group(c);
}

static int open_pipes(struct pipes *p)
{
	int in[PIPE_COUNT], out[PIPE_COUNT];
	int error = uv_pipe(in, 0, UV_NONBLOCK_PIPE);
	if (error)
		return error;
	p->child_in = in[0];
	p->our_in = in[1];
	error = uv_pipe(out, UV_NONBLOCK_PIPE, 0);
	if (error)
		return error;
	p->our_out = out[0];
	p->child_out = out[1];
	return 0;
}

/* Only what a program needs to find its way; nothing secret. Texts are added to `texts`. */
static void fill_environment(char *environment[ENVIRONMENT_MAX], struct buf texts[ENVIRONMENT_MAX])
{
	static const char *const names[] = { "PATH", "HOME", "LANG" };
	size_t count = 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = getenv(names[i]);
		if (!value && i == 0)
			value = "/usr/local/bin:/usr/bin:/bin";
		if (!value)
			continue;
		buf_init(&texts[count], 0);
		buf_addf(&texts[count], "%s=%s", names[i], value);
		environment[count] = texts[count].p;
		count++;
	}
	environment[count] = NULL;
}

static int spawn(struct child *c, char *const argv[])
{
	int error = open_pipes(&c->pipes);
	if (error)
		return error;
	char *environment[ENVIRONMENT_MAX];
	struct buf texts[ENVIRONMENT_MAX] = { { 0 } };
	fill_environment(environment, texts);
	uv_stdio_container_t stdio[] = {
		{ .flags = UV_INHERIT_FD, .data.fd = c->pipes.child_in },
		{ .flags = UV_INHERIT_FD, .data.fd = c->pipes.child_out },
		{ .flags = UV_INHERIT_FD, .data.fd = c->pipes.child_out },
	};
	uv_process_options_t options = {
		.exit_cb = process_exited,
		.file = argv[0],
		.args = (char **)argv,
		.env = environment,
		.flags = UV_PROCESS_DETACHED, /* a session and a group of its own */
		.stdio_count = 3,
		.stdio = stdio,
	};
	/* Some library may have opened a descriptor without close-on-exec; the child gets none. An
	 * old kernel that cannot do it leaves us with what the libraries do themselves. */
	(void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	c->handle_open = true;
	error = uv_spawn(loop_uv(c->loop), &c->process, &options);
	for (size_t i = 0; i < ENVIRONMENT_MAX; i++)
		buf_finish(&texts[i]);
	close_end(&c->pipes.child_in);
	close_end(&c->pipes.child_out);
	return error;
}

struct child *child_start(struct loop *loop, char *const argv[], struct str input,
	int64_t timeout_us, size_t output_max_bytes,
	void (*done)(void *ctx, const struct child_result *result), void *ctx)
{
	assert(argv[0] && output_max_bytes > 0 && timeout_us > 0);
	struct child *c = mem_zero(1, sizeof *c);
	c->loop = loop;
	c->done = done;
	c->ctx = ctx;
	c->pipes = (struct pipes){ -1, -1, -1, -1 };
	buf_init(&c->input, 0);
	buf_add(&c->input, input);
	buf_init(&c->output, output_max_bytes);
	c->timeout = timer_create_on(loop, time_is_up, c);
	c->error = spawn(c, argv);
	if (c->error) {
		timer_start(c->timeout, 0);
		return c;
	}
	c->spawned = true;
	timer_start(c->timeout, timeout_us);
	c->out_watch = fd_watch_create(loop, c->pipes.our_out, read_output, c);
	fd_watch_start(c->out_watch, LOOP_READABLE);
	c->in_watch = fd_watch_create(loop, c->pipes.our_in, write_input, c);
	fd_watch_start(c->in_watch, LOOP_WRITABLE);
	return c;
}

void child_kill(struct child *c)
{
	if (!c || c->exited || c->killed)
		return;
	if (!c->spawned) {
		c->exited = true;
		child_free(c);
		return;
	}
	c->killed = true;
	loop_killed_child(c->loop, 1);
	kill_group(c);
}
