/* The event loop: timers, signals, descriptors, work that blocks, and child processes, on one libuv
 * loop. All callbacks run on the loop's thread, one after the other, and must not block. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

/* One that has more to read than that takes lets the others have a turn of the loop. */
enum { LOOP_TURN_US = 2000 };

struct loop;

struct loop *loop_create(void); /* SIGPIPE is ignored from then on, in the whole process */
/* All timers and watches must be destroyed; work that is under way is waited for. */
void loop_destroy(struct loop *loop);
void loop_run(struct loop *loop); /* until loop_stop, or nothing is left to wait for */
void loop_stop(struct loop *loop);
int64_t loop_now_us(struct loop *loop); /* monotonic, as of this turn of the loop; in whole ms */

/* A timer fires once: after whole milliseconds, rounded up; at 0 or less in the next turn of the
 * loop, which then does not wait. Never within timer_start. Starting a running one moves it.
 * Destroying takes NULL and is allowed within its own callback, for all four kinds below. */
struct timer;
struct timer *timer_create_on(struct loop *loop, void (*fired)(void *ctx), void *ctx);
void timer_start(struct timer *t, int64_t delay_us);
void timer_stop(struct timer *t);
bool timer_running(const struct timer *t);
void timer_destroy(struct timer *t);

struct signal_watch;
struct signal_watch *signal_watch_create(
	struct loop *loop, int number, void (*got)(void *ctx, int number), void *ctx);
void signal_watch_destroy(struct signal_watch *w);

enum { LOOP_READABLE = 1, LOOP_WRITABLE = 2 };
struct fd_watch;
/* Makes fd non-blocking. NULL if it cannot be watched (a regular file) or is watched already. After
 * an error on fd, `ready` gets the events it was started with once more, and the watch stands. */
struct fd_watch *fd_watch_create(
	struct loop *loop, int fd, void (*ready)(void *ctx, int events), void *ctx);
void fd_watch_start(struct fd_watch *w, int events); /* 0 stops */
void fd_watch_destroy(struct fd_watch *w); /* before fd is closed; does not close it */

/* A path whose file is watched for changes: written, replaced, made, removed. By inotify where it
 * works and by a look every second where it does not. It is told in the next turn of the loop; what
 * changed in the same turn comes as one. */
struct path_watch;
struct path_watch *path_watch_create(
	struct loop *loop, const char *path, void (*changed)(void *ctx), void *ctx);
void path_watch_destroy(struct path_watch *w);

/* Runs work(ctx) on a thread of the pool, then done(ctx) on the loop. ctx is the worker's own in
 * between. loop_destroy waits for work that is under way; what was not begun is never done, and
 * comes home without. */
void loop_work(struct loop *loop, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx);

/* A thread of its own with a mailbox, for a library that may block for long (libnotify): jobs are
 * worked off in order, each comes home by done on the loop. worker_destroy, which is allowed within
 * done, calls done for what is finished and does not wait for a job that is under way: it leaves
 * that thread behind, to go by itself when the job comes back, or with the process. While it hangs,
 * its memory is in use, not leaked: LeakSanitizer sees it on the thread's stack. */
struct worker;
struct worker *worker_create(struct loop *loop, const char *name);
void worker_post(struct worker *w, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx);
/* Who frees the ctx of a job that never comes home: called within worker_destroy for a job not
 * begun, on the thread left behind for the one that was under way. Unset: nobody. */
void worker_when_dropped(struct worker *w, void (*dropped)(void *ctx));
void worker_destroy(struct worker *w); /* takes NULL */

/* A child process without a shell: argv[0] is a path or is looked up in PATH. input is written to
 * its standard input, of its output at most output_max_bytes is kept (standard error too). It is
 * killed, with its process group, when the time is up. done is called exactly once, never within
 * child_start, unless child_kill came first. Its environment is PATH, HOME and LANG; it has no
 * descriptor but the three, and a session of its own. What it left running is not waited for. */
struct child;
struct child_result {
	int error; /* 0, or -errno: could not be started */
	int status, signal; /* exit status; signal: 0 or what ended it */
	bool timed_out;
	struct str output; /* standard output and error as they came, for messages */
};
struct child *child_start(struct loop *loop, char *const argv[], struct str input,
	int64_t timeout_us, size_t output_max_bytes,
	void (*done)(void *ctx, const struct child_result *result), void *ctx);
void child_kill(struct child *c); /* no done after this; takes NULL */
