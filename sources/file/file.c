/* A file, a FIFO or standard input.
 *
 * A regular file is read by pread, one piece a turn of the loop, with the kernel told to read
 * ahead; each piece is cut behind its last line end, so that the framer copies nothing. At its end
 * it is looked at: cut short or rewritten (read it again from 0), replaced by another at its path
 * (read the old one to its end, give a slow writer LEAVE_US, then take the new one), or nothing
 * (wait for the path to change). What came from a pipe cannot be read twice: its descriptor and its
 * unfinished line outlive stop.
 */
#define _GNU_SOURCE
#include "sources/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sources/file/file_cursor.h"
#include "sources/records.h"

/* How long a file that was moved away is still read: its writer may not have noticed yet. */
#define LEAVE_US (250 * US_PER_MS)

enum format { FORMAT_AUTO, FORMAT_NDJSON, FORMAT_TEXT };

static const char *const format_names[] = { "auto", "ndjson", "text", NULL };

struct file_source {
	struct source base;
	struct str path;
	bool follow;
	int format; /* once it was checked FORMAT_NDJSON or FORMAT_TEXT */

	char *path_text, *piece; /* NULL before the first start */
	int fd;
	bool opened, piped; /* piped: read once, as it comes */
	int stdin_flags; /* as they were, since a watch makes the descriptor non-blocking */
	struct stat file; /* as it was opened */
	uint64_t start, offset; /* of the first byte framed and of the next to be read */
	char head[FILE_HEAD_BYTES]; /* as far as offset goes */
	struct records records;
	struct buf clean; /* lines of text without terminal sequences */
	/* The next turn of the loop: a pipe that is always readable, since the shortest timer is a
	 * millisecond, in which several pieces could have been read. */
	int soon_fd;
	struct fd_watch *soon;
	struct timer *later; /* while a file is being left */
	struct fd_watch *ready;
	struct path_watch *watch;
	int64_t leave_at_us; /* 0: the path still leads to this file */
	bool awaited; /* said that the file is awaited */
	/* The cursor of the start, until a file is open; longer ones are not ours. */
	char resume_at[FILE_CURSOR_BYTES];
	size_t resume_bytes;
};

static bool from_stdin(const struct file_source *f)
{
	return str_eq(f->path, STR("-"));
}

static void take_piped(void *ctx, int events);

/* ---- letting go ---- */

static void forget_path(struct file_source *f)
{
	if (f->watch)
		path_watch_destroy(f->watch);
	f->watch = NULL;
}

static void forget_watches(struct file_source *f)
{
	timer_destroy(f->later);
	f->later = NULL;
	fd_watch_destroy(f->ready);
	f->ready = NULL;
	forget_path(f);
	if (!f->soon)
		return;
	fd_watch_destroy(f->soon);
	f->soon = NULL;
	(void)close(f->soon_fd); /* a pipe to ourselves */
}

static void file_stop(struct source *s)
{
	struct file_source *f = (struct file_source *)s;
	forget_watches(f);
	if (f->opened && from_stdin(f))
		(void)fcntl(f->fd, F_SETFL, f->stdin_flags); /* best effort for our shell */
}

static void close_file(struct file_source *f)
{
	if (f->opened && !from_stdin(f))
		(void)close(f->fd); /* nothing was written to it */
	f->opened = false;
	f->leave_at_us = 0;
}

static void file_finish(struct source *s)
{
	struct file_source *f = (struct file_source *)s;
	close_file(f);
	records_finish(&f->records);
	buf_finish(&f->clean);
	mem_free(f->path_text);
	mem_free(f->piece);
	f->path_text = f->piece = NULL;
}

static void give_up(struct file_source *f, const char *what, int error)
{
	file_stop(&f->base);
	close_file(f);
	source_failed(
		&f->base, BACKOFF_NETWORK, 0, "%s '%s': %s", what, f->path_text, error_text(error));
}

/* ---- handing over ---- */

static int deliver(struct file_source *f, struct str records)
{
	source_rejected(&f->base, records_rejected(&f->records), "line too long");
	if (!records.p)
		return 0;
	struct source_block block = { .records = records };
	char text[FILE_CURSOR_BYTES];
	if (f->format == FORMAT_TEXT) {
		/* Behind a line that was too long it is not quite that byte, which does no harm. */
		block.place.known = true;
		block.place.file = f->piped ? 0 : f->file.st_ino;
		block.place.at = f->start + f->records.lines.consumed_bytes - records.n;
		block.records = log_lines_clean(records, &f->clean);
	}
	if (!f->piped && !from_stdin(f)) {
		struct file_cursor cursor = {
			.inode = f->file.st_ino,
			.device = f->file.st_dev,
			.offset = f->start + f->records.lines.consumed_bytes,
		};
		file_cursor_hash(&cursor, (struct str){ f->head, sizeof f->head });
		block.cursor = (struct str){ text, file_cursor_format(&cursor, text) };
	}
	return source_deliver(&f->base, &block);
}

static int feed(struct file_source *f, struct str piece)
{
	if (f->offset < sizeof f->head) {
		const size_t room = sizeof f->head - (size_t)f->offset;
		memcpy(f->head + f->offset, piece.p, piece.n < room ? piece.n : room);
	}
	f->offset += piece.n;
	return deliver(f, records_feed(&f->records, piece));
}

/* The file's end is its last line's end. */
static int feed_last(struct file_source *f, struct str rest)
{
	const int r = rest.n ? feed(f, rest) : 0;
	return r < 0 ? r : deliver(f, records_end(&f->records));
}

/* ---- opening ---- */

static void go_to(struct file_source *f, uint64_t offset)
{
	records_reset(&f->records);
	f->start = f->offset = offset;
}

static size_t head_bytes(uint64_t offset)
{
	return offset < FILE_HEAD_BYTES ? (size_t)offset : FILE_HEAD_BYTES;
}

/* How many bytes there are of the first n, or -errno. */
static ssize_t read_head(const struct file_source *f, char *head, size_t n)
{
	const ssize_t got = pread(f->fd, head, n, 0);
	return got < 0 ? -errno : got;
}

/* Is this the file that the cursor means, still long enough? 1, 0 or -errno. The device's number
 * may change from one boot to the next, so that inode and content decide. */
static int cursor_fits(struct file_source *f, const struct file_cursor *cursor)
{
	struct stat now;
	if (fstat(f->fd, &now) < 0)
		return -errno;
	if (now.st_ino != cursor->inode || (uint64_t)now.st_size < cursor->offset)
		return 0;
	const size_t n = head_bytes(cursor->offset);
	const ssize_t got = read_head(f, f->head, n);
	if (got != (ssize_t)n)
		return got < 0 ? (int)got : 0;
	struct file_cursor here = *cursor;
	file_cursor_hash(&here, (struct str){ f->head, sizeof f->head });
	return strcmp(here.hash, cursor->hash) == 0;
}

/* Where the cursor of the start is, once; else at the file's start. again: the file stayed open
 * since it was read last, so that a cursor that does not fit is of the file before it. */
static int go_to_cursor(struct file_source *f, bool again)
{
	struct file_cursor cursor;
	const struct str text = { f->resume_at, f->resume_bytes };
	f->resume_bytes = 0;
	if (from_stdin(f)) {
		const off_t at = again ? (off_t)(f->start + f->records.lines.consumed_bytes)
				       : lseek(f->fd, 0, SEEK_CUR);
		go_to(f, at > 0 ? (uint64_t)at : 0);
		return 0;
	}
	go_to(f, 0);
	const int fits = file_cursor_parse(text, &cursor) ? cursor_fits(f, &cursor) : 0;
	if (fits < 0)
		return fits;
	if (fits)
		go_to(f, cursor.offset);
	else if (text.n && !again)
		source_notice(&f->base, "not the file read before: '%s', reading it from its start",
			f->path_text);
	return 0;
}

/* A FIFO that is followed is opened for writing too: then it has no end when its writers go. */
static int open_path(struct file_source *f)
{
	struct stat path;
	if (from_stdin(f)) {
		f->fd = STDIN_FILENO;
		f->stdin_flags = fcntl(f->fd, F_GETFL);
		return f->stdin_flags < 0 ? -errno : 0;
	}
	if (stat(f->path_text, &path) < 0)
		return -errno;
	const int mode = S_ISFIFO(path.st_mode) && f->follow ? O_RDWR : O_RDONLY;
	f->fd = open(f->path_text, mode | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	return f->fd < 0 ? -errno : 0;
}

static int open_file(struct file_source *f)
{
	int r = open_path(f);
	if (r < 0)
		return r;
	r = fstat(f->fd, &f->file) < 0 ? -errno : 0;
	if (r == 0 && S_ISDIR(f->file.st_mode))
		r = -EISDIR;
	f->opened = true;
	if (r < 0) {
		close_file(f);
		return r;
	}
	f->piped = S_ISFIFO(f->file.st_mode) || S_ISSOCK(f->file.st_mode) || isatty(f->fd);
	f->awaited = false;
	if (f->piped) {
		go_to(f, 0);
		return 0;
	}
	(void)posix_fadvise(f->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* a hint */
	r = go_to_cursor(f, false);
	if (r < 0)
		close_file(f);
	return r;
}

static void await_file(struct file_source *f)
{
	if (!f->awaited)
		source_notice(&f->base, "no such file yet: '%s', waiting for it", f->path_text);
	f->awaited = true;
}

/* Also what the path's watch calls. */
static void take_turn_soon(void *ctx)
{
	struct file_source *f = ctx;
	timer_stop(f->later);
	fd_watch_start(f->soon, LOOP_READABLE);
}

static void read_on(struct file_source *f)
{
	source_live(&f->base);
	if (f->piped) {
		/* Every write to a FIFO changes its path. */
		forget_path(f);
		f->ready = fd_watch_create(f->base.loop, f->fd, take_piped, f);
		if (f->ready)
			fd_watch_start(f->ready, LOOP_READABLE);
		else
			give_up(f, "cannot watch", EPERM);
	} else {
		take_turn_soon(f);
	}
}

/* ---- regular files ---- */

static bool rewritten(const struct file_source *f)
{
	struct stat now;
	char head[FILE_HEAD_BYTES];
	const size_t n = head_bytes(f->offset);
	if (fstat(f->fd, &now) < 0)
		return false;
	if ((uint64_t)now.st_size < f->offset)
		return true;
	const ssize_t got = read_head(f, head, n);
	if (got < 0)
		return false; /* reading on will say why */
	return got != (ssize_t)n || memcmp(head, f->head, n) != 0;
}

static bool replaced(const struct file_source *f)
{
	struct stat path;
	return stat(f->path_text, &path) == 0 &&
		(path.st_ino != f->file.st_ino || path.st_dev != f->file.st_dev);
}

/* Opens what the path leads to now; or waits for it, or gives up. */
static void open_anew(struct file_source *f)
{
	const int r = open_file(f);
	if (r == 0)
		read_on(f);
	else if (r == -ENOENT && f->follow)
		await_file(f);
	else
		give_up(f, "cannot open", r);
}

/* Another file has the path. */
static void leave(struct file_source *f, struct str rest)
{
	const int64_t now_us = loop_now_us(f->base.loop);
	if (f->leave_at_us == 0)
		f->leave_at_us = now_us + LEAVE_US;
	if (now_us < f->leave_at_us) {
		timer_start(f->later, f->leave_at_us - now_us);
		return;
	}
	if (feed_last(f, rest) < 0)
		return;
	close_file(f);
	open_anew(f);
}

static void at_end(struct file_source *f, struct str rest)
{
	if (!f->follow) {
		if (feed_last(f, rest) == 0)
			source_ended(&f->base);
	} else if (replaced(f)) {
		leave(f, rest);
	}
}

static void take_turn(struct file_source *f)
{
	if (!f->opened) {
		open_anew(f);
		return;
	}
	if (f->follow && rewritten(f)) {
		source_notice(&f->base, "cut short or rewritten: '%s', reading it from its start",
			f->path_text);
		go_to(f, 0);
	}
	const ssize_t n = pread(f->fd, f->piece, SOURCE_PIECE_BYTES, (off_t)f->offset);
	if (n < 0 && errno != EINTR) {
		give_up(f, "cannot read", errno);
		return;
	}
	const struct str piece = { f->piece, n > 0 ? (size_t)n : 0 };
	const char *last = piece.n ? memrchr(piece.p, '\n', piece.n) : NULL;
	if (n >= 0 && !last && piece.n < SOURCE_PIECE_BYTES) {
		at_end(f, piece);
		return;
	}
	/* A line longer than a piece is left to the framer. */
	const size_t whole = last ? (size_t)(last + 1 - piece.p) : piece.n;
	if (whole == 0 || feed(f, str_slice(piece, 0, whole)) == 0)
		take_turn_soon(f);
}

static void turn_came(void *ctx, int events)
{
	struct file_source *f = ctx;
	(void)events; /* it is always readable */
	fd_watch_start(f->soon, 0);
	take_turn(f);
}

static void later_came(void *ctx)
{
	take_turn(ctx);
}

/* ---- pipes ---- */

static void take_piped(void *ctx, int events)
{
	struct file_source *f = ctx;
	(void)events; /* a closed pipe is told by read */
	const ssize_t n = read(f->fd, f->piece, SOURCE_PIECE_BYTES);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			give_up(f, "cannot read", errno);
		return;
	}
	if (n > 0) {
		f->offset += (uint64_t)n;
		if (deliver(f, records_feed(&f->records, (struct str){ f->piece, (size_t)n })) < 0)
			fd_watch_start(f->ready, 0);
		return;
	}
	fd_watch_start(f->ready, 0);
	if (deliver(f, records_end(&f->records)) == 0)
		source_ended(&f->base);
}

/* ---- the type ---- */

static int watch_turns(struct file_source *f)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	const bool filled = write(ends[1], "", 1) == 1;
	(void)close(ends[1]); /* a pipe to ourselves */
	if (!filled) {
		(void)close(ends[0]);
		return -EIO;
	}
	f->soon_fd = ends[0];
	f->soon = fd_watch_create(f->base.loop, f->soon_fd, turn_came, f);
	f->later = timer_create_on(f->base.loop, later_came, f);
	return 0;
}

static int file_start(struct source *s, struct str cursor)
{
	struct file_source *f = (struct file_source *)s;
	if (!f->piece) {
		f->path_text = mem_text(f->path.p, f->path.n);
		f->piece = mem_alloc(SOURCE_PIECE_BYTES);
		records_init(&f->records);
		buf_init(&f->clean, SOURCE_MAX_RECORD_BYTES + 2 * SOURCE_PIECE_BYTES);
	}
	int r = watch_turns(f);
	if (r < 0)
		return r;
	if (f->follow)
		f->watch = path_watch_create(s->loop, f->path_text, take_turn_soon, f);
	/* A file that is still open is the one the cursor means, even if it was moved since. */
	f->resume_bytes = cursor.n <= sizeof f->resume_at ? cursor.n : 0;
	if (f->resume_bytes)
		memcpy(f->resume_at, cursor.p, cursor.n);
	/* A file that is still open is the one that was read, even if it was moved since. */
	if (!f->opened)
		open_anew(f);
	else if (f->piped || (r = go_to_cursor(f, true)) == 0)
		read_on(f);
	else
		give_up(f, "cannot read", r);
	return 0;
}

/* The map "text" is lines of text, and these have no other map. */
static bool check_format(struct file_source *f, const struct conf_node *node, struct diag *diag)
{
	const struct str map = f->base.map, text = STR("text");
	const struct conf_node *at = conf_get(node, "map");
	if (f->format == FORMAT_AUTO)
		f->format = str_eq(map, text) ? FORMAT_TEXT : FORMAT_NDJSON;
	const bool fits = f->format == FORMAT_TEXT ? str_eq(map, text) || str_eq(map, STR("auto"))
						   : !str_eq(map, text);
	if (f->format == FORMAT_TEXT)
		f->base.map = text;
	if (!fits)
		diag_error(diag, at ? at->at : node->at, "format: %s has no map '%.*s'",
			format_names[f->format], STR_ARGS(map));
	return fits;
}

static bool file_check(struct source *s, const struct conf_node *node, struct diag *diag)
{
	struct file_source *f = (struct file_source *)s;
	if (from_stdin(f) && f->follow) {
		diag_warning(diag, conf_get(node, "follow")->at,
			"standard input is read to its end and not followed: 'follow'");
		f->follow = false;
	}
	return check_format(f, node, diag);
}

static const struct conf_field file_fields[] = {
	{ .key = "path",
		.type = CONF_PATH,
		.offset = offsetof(struct file_source, path),
		.required = true,
		.help = "a file or FIFO with one record a line; - is standard input" },
	{ .key = "follow",
		.type = CONF_BOOL,
		.offset = offsetof(struct file_source, follow),
		.fallback = "false",
		.help = "go on reading as the file grows, is rotated or written by others" },
	{ .key = "format",
		.type = CONF_CHOICE,
		.offset = offsetof(struct file_source, format),
		.fallback = "auto",
		.choices = format_names,
		.help = "ndjson: JSON lines; text: lines of a log; auto: JSON unless map is text" },
	{ .key = NULL },
};

const struct source_type source_file = {
	.name = "file",
	.help = "records from a file, a FIFO or standard input, one a line",
	.size = sizeof(struct file_source),
	.fields = file_fields,
	.check = file_check,
	.start = file_start,
	.stop = file_stop,
	.finish = file_finish,
};
