#define _GNU_SOURCE
#include "daemon/block_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

struct input {
	int fd;
	const char *name;
	bool stream;
	uint64_t size_bytes; /* of a regular file, when it was opened */
	size_t users; /* pieces that are being read, and the reader itself */
};

enum {
	TAIL_BYTES = 8 * 1024, /* read at once behind a piece, where its last line goes on */
	/* Pages are copied to places that lie this far behind the begin of a page: where that is 1
	 * to 63 bytes, as after malloc's header, AMD's processors copy at a third of the speed. */
	SHIFT_BYTES = 512,
};

void block_reader_init(struct block_reader *r, const char *const *files, size_t count)
{
	*r = (struct block_reader){ .files = files, .count = count };
	buf_init(&r->rest, 0);
}

static void leave(struct input *input)
{
	if (--input->users > 0)
		return;
	if (input->fd != STDIN_FILENO)
		close(input->fd);
	mem_free(input);
}

void block_reader_finish(struct block_reader *r)
{
	if (r->input)
		leave(r->input);
	r->input = NULL;
	buf_finish(&r->rest);
}

static struct input *open_input(const char *file)
{
	struct stat st;
	bool standard = strcmp(file, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	struct input *input = mem_zero(1, sizeof *input);
	*input = (struct input){ .fd = fd, .name = file, .stream = true, .users = 1 };
	/* Files of /proc are regular and have no size. */
	if (!standard && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		input->stream = false;
		input->size_bytes = (uint64_t)st.st_size;
	}
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* a wish */
	return input;
}

static bool open_next(struct block_reader *r)
{
	while (r->next < r->count) {
		const char *file = r->files[r->next++];
		r->offset = 0;
		r->skipping = false;
		r->input = open_input(file);
		if (r->input)
			return true;
		r->failed(r->ctx, file, errno);
	}
	return false;
}

static void close_file(struct block_reader *r)
{
	leave(r->input);
	r->input = NULL;
}

/* --- streams --- */

/* Reads once more behind what data holds. 0 at the end of the file or after an error. */
static size_t read_more(struct block_reader *r, struct buf *data)
{
	for (;;) {
		char *at = buf_room(data, BLOCK_BYTES);
		ssize_t n = read(r->input->fd, at, BLOCK_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r->failed(r->ctx, r->input->name, errno);
		if (n <= 0)
			return 0;
		data->n += (size_t)n;
		return (size_t)n;
	}
}

/* Drops a line that is too long, or the rest of it, from the front of data. */
static void skip_line(struct block_reader *r, struct buf *data)
{
	size_t end = str_find_char(buf_str(data), '\n');
	size_t dropped = end == SIZE_MAX ? data->n : end + 1;
	r->skipping = end == SIZE_MAX;
	r->offset += dropped;
	buf_cut(data, dropped);
}

/* Only the first line can be longer than what is read at once. */
static void drop_long_line(struct block_reader *r, struct buf *data)
{
	size_t end = str_find_char(buf_str(data), '\n');
	if ((end == SIZE_MAX ? data->n : end) <= BLOCK_MAX_RECORD_BYTES)
		return;
	r->too_long_count++;
	skip_line(r, data);
}

/* Fills data with whole lines; false when there is nothing more in this file. */
static bool fill(struct block_reader *r, struct buf *data)
{
	for (;;) {
		size_t n = read_more(r, data);
		if (r->skipping)
			skip_line(r, data);
		drop_long_line(r, data);
		const char *last = data->n ? memrchr(data->p, '\n', data->n) : NULL;
		if (n == 0)
			return data->n > 0; /* what is left is the last line */
		if (last) {
			struct str rest = str_slice(
				buf_str(data), (size_t)(last - data->p) + 1, data->n);
			buf_add(&r->rest, rest);
			data->n -= rest.n;
			return true;
		}
	}
}

/* The next block of a stream; false at its end. */
static bool take_stream(struct block_reader *r, struct buf *data, struct piece *piece)
{
	buf_clear(data);
	buf_add(data, buf_str(&r->rest));
	buf_clear(&r->rest);
	bool any = fill(r, data) || r->too_long_count;
	piece->block = (struct block){ buf_str(data), r->input->name, r->offset,
		r->too_long_count };
	r->offset += data->n;
	r->too_long_count = 0;
	return any;
}

/* --- regular files --- */

static bool take_piece(struct block_reader *r, struct piece *piece)
{
	struct input *input = r->input;
	if (r->offset >= input->size_bytes)
		return false;
	uint64_t left = input->size_bytes - r->offset;
	piece->input = input;
	piece->from = r->offset;
	piece->to = r->offset + (left < BLOCK_BYTES ? left : BLOCK_BYTES);
	r->offset = piece->to;
	input->users++;
	return true;
}

/* Reads up to `bytes` more of the piece and what follows it behind what data holds: fewer at the
 * end of the file only, or after an error, which it returns. */
static int read_piece(const struct piece *piece, size_t bytes, struct buf *data)
{
	while (bytes > 0) {
		off_t offset = (off_t)(piece->from + data->n - SHIFT_BYTES);
		ssize_t n = pread(piece->input->fd, buf_room(data, bytes), bytes, offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			return 0;
		data->n += (size_t)n;
		bytes -= (size_t)n;
	}
	return 0;
}

/* Where the first of the piece's lines begins, whose bytes end at data[limit]; or SIZE_MAX. */
static size_t first_line(const struct piece *piece, const struct buf *data, size_t limit)
{
	if (piece->from == 0)
		return limit > SHIFT_BYTES ? SHIFT_BYTES : SIZE_MAX;
	size_t at = str_find_char(str_slice(buf_str(data), SHIFT_BYTES, limit), '\n');
	return at == SIZE_MAX ? SIZE_MAX : SHIFT_BYTES + at + 1;
}

/* The end of the piece's last line, which begins behind the last line end of the piece's bytes;
 * reads more where it goes on. SIZE_MAX if that line is too long. */
static int last_line(
	const struct piece *piece, struct buf *data, size_t first, size_t limit, size_t *end)
{
	const char *before = memrchr(data->p + first, '\n', limit - first);
	size_t start = before ? (size_t)(before - data->p) + 1 : first, looked = limit;
	for (;;) {
		const char *at = memchr(data->p + looked, '\n', data->n - looked);
		size_t n = (at ? (size_t)(at - data->p) : data->n) - start;
		*end = start + n + (at != NULL);
		if (n > BLOCK_MAX_RECORD_BYTES) {
			*end = SIZE_MAX;
			data->n = start;
			return 0;
		}
		if (at)
			return 0;
		looked = data->n;
		int error = read_piece(piece, BLOCK_BYTES, data);
		if (error || data->n == looked)
			return error;
	}
}

int block_read(struct piece *piece, struct buf *data)
{
	struct block *block = &piece->block;
	size_t bytes = (size_t)(piece->to - piece->from), limit = SHIFT_BYTES + bytes, end;
	*block = (struct block){ .file = piece->input->name, .offset = piece->from };
	buf_clear(data);
	memset(buf_room(data, SHIFT_BYTES), '\n', SHIFT_BYTES);
	data->n = SHIFT_BYTES;
	int error = read_piece(piece, bytes + TAIL_BYTES, data);
	limit = limit < data->n ? limit : data->n;
	size_t first = first_line(piece, data, limit);
	if (first == SIZE_MAX)
		return error;
	int tail_error = last_line(piece, data, first, limit, &end);
	block->too_long_count = end == SIZE_MAX;
	block->offset = piece->from + first - SHIFT_BYTES;
	block->lines = str_slice(buf_str(data), first, end == SIZE_MAX ? data->n : end);
	return error ? error : tail_error;
}

/* --- both --- */

bool block_take(struct block_reader *r, struct buf *data, struct piece *piece)
{
	*piece = (struct piece){ 0 };
	while (r->input || open_next(r)) {
		bool any = r->input->stream ? take_stream(r, data, piece) : take_piece(r, piece);
		if (any)
			return true;
		close_file(r);
	}
	return false;
}

void block_release(struct piece *piece)
{
	if (piece->input)
		leave(piece->input);
	piece->input = NULL;
}
