#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "daemon/block_reader.h"
#include "tests/check.h"

struct fixture {
	char folder[64], file[96], fifo[96];
};

static int set_up(void **state)
{
	static struct fixture f;
	(void)snprintf(f.folder, sizeof f.folder, "/tmp/vigie-blocks-XXXXXX");
	if (!mkdtemp(f.folder))
		return -1;
	(void)snprintf(f.file, sizeof f.file, "%s/file", f.folder);
	(void)snprintf(f.fifo, sizeof f.fifo, "%s/fifo", f.folder);
	*state = &f;
	return mkfifo(f.fifo, 0600);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	unlink(f->file);
	unlink(f->fifo);
	return rmdir(f->folder);
}

static void write_to(const char *path, struct str s)
{
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(s.p, 1, s.n, out), s.n);
	assert_int_equal(fclose(out), 0);
}

/* What the lines of a file should be: each that is not too long, as "offset:first bytes:length". */
struct lines {
	struct buf text;
	uint64_t too_long_count;
};

static void add_lines(struct lines *l, struct str s, uint64_t offset)
{
	for (size_t i = 0; i < s.n;) {
		const char *end = memchr(s.p + i, '\n', s.n - i);
		size_t n = (end ? (size_t)(end - s.p) : s.n) - i;
		if (n > BLOCK_MAX_RECORD_BYTES)
			l->too_long_count++;
		else
			buf_addf(&l->text, "%llu:%.*s:%zu%s\n", (unsigned long long)(offset + i),
				(int)(n < 8 ? n : 8), s.p + i, n, end ? "" : " (no end)");
		i += n + (end != NULL);
	}
}

static void on_failure(void *ctx, const char *file, int error)
{
	fail_msg("%s: %d", file, error);
	(void)ctx;
}

static void read_all(const char *path, struct lines *l)
{
	const char *files[] = { path };
	struct block_reader r;
	struct piece piece;
	struct buf data;
	buf_init(&data, 0);
	block_reader_init(&r, files, 1);
	r.failed = on_failure;
	while (block_take(&r, &data, &piece)) {
		if (piece.input)
			assert_int_equal(block_read(&piece, &data), 0);
		add_lines(l, piece.block.lines, piece.block.offset);
		l->too_long_count += piece.block.too_long_count;
		block_release(&piece);
	}
	block_reader_finish(&r);
	buf_finish(&data);
}

struct feed {
	const char *path;
	struct str text;
};

static void *feed_fifo(void *ctx)
{
	struct feed *feed = ctx;
	write_to(feed->path, feed->text);
	return NULL;
}

static void expect_all(struct fixture *f, struct str text)
{
	struct lines expected = { 0 }, pieces = { 0 }, stream = { 0 };
	struct feed feed = { f->fifo, text };
	pthread_t thread;
	add_lines(&expected, text, 0);
	write_to(f->file, text);
	read_all(f->file, &pieces);
	assert_int_equal(pthread_create(&thread, NULL, feed_fifo, &feed), 0);
	read_all(f->fifo, &stream);
	pthread_join(thread, NULL);
	assert_true(str_eq(buf_str(&pieces.text), buf_str(&expected.text)));
	assert_true(str_eq(buf_str(&stream.text), buf_str(&expected.text)));
	assert_int_equal(pieces.too_long_count, expected.too_long_count);
	assert_int_equal(stream.too_long_count, expected.too_long_count);
	buf_finish(&expected.text);
	buf_finish(&pieces.text);
	buf_finish(&stream.text);
}

static void add_line(struct buf *b, size_t n, char c)
{
	memset(buf_room(b, n + 1), c, n);
	b->n += n;
	b->p[b->n++] = '\n';
}

static void lines_that_end_at_the_edge_of_a_piece_come_once(void **state)
{
	struct buf b;
	buf_init(&b, 0);
	for (int late = -2; late <= 2; late++) {
		for (int ended = 0; ended < 2; ended++) {
			buf_clear(&b);
			add_line(&b, (size_t)(BLOCK_BYTES - 1 + late), 'a');
			add_line(&b, BLOCK_BYTES - 1, 'b');
			add_line(&b, 0, 'c');
			add_line(&b, (size_t)(BLOCK_BYTES - 1 - late), 'd');
			add_line(&b, 3, 'e');
			expect_all(*state, str_slice(buf_str(&b), 0, b.n - (size_t)ended));
		}
	}
	buf_finish(&b);
}

static void lines_that_are_too_long_are_counted_and_all_others_come(void **state)
{
	struct buf b;
	buf_init(&b, 0);
	for (int over = 0; over < 2; over++) {
		for (size_t before = 0; before < 2; before++) {
			buf_clear(&b);
			for (size_t i = 0; i < before * 777; i++)
				add_line(&b, 100 + i % 90, 'b');
			add_line(&b, (size_t)(BLOCK_MAX_RECORD_BYTES + over), 'l');
			add_line(&b, 5 * BLOCK_BYTES + 17, 'm');
			add_line(&b, 20, 's');
			add_line(&b, (size_t)(BLOCK_MAX_RECORD_BYTES + over), 'n');
			expect_all(*state, buf_str(&b));
			expect_all(*state, str_slice(buf_str(&b), 0, b.n - 1));
		}
	}
	buf_finish(&b);
}

static void files_of_random_lines_come_whole(void **state)
{
	static const size_t lengths[] = { 0, 1, 5, 200, 3000, 70000, 300000, 1100000 };
	struct buf b;
	unsigned seed = 7;
	buf_init(&b, 0);
	for (int round = 0; round < 30; round++) {
		buf_clear(&b);
		for (int i = 0; i < 60; i++) {
			size_t longest = lengths[(unsigned)rand_r(&seed) % (i % 9 ? 6 : 8)];
			add_line(&b, longest ? (unsigned)rand_r(&seed) % longest : 0,
				(char)('a' + i % 26));
		}
		expect_all(*state, str_slice(buf_str(&b), 0, b.n - (unsigned)round % 2));
	}
	buf_finish(&b);
}

static void an_empty_file_has_no_block(void **state)
{
	expect_all(*state, STR(""));
	expect_all(*state, STR("\n"));
	expect_all(*state, STR("a"));
}

static void a_file_that_shrinks_while_it_is_read_ends_where_it_ends(void **state)
{
	struct fixture *f = *state;
	const char *files[] = { f->file };
	struct block_reader r;
	struct piece piece;
	struct buf data;
	buf_init(&data, 0);
	for (int i = 0; i < 4; i++)
		add_line(&data, BLOCK_BYTES - 1, 'a');
	write_to(f->file, buf_str(&data));
	block_reader_init(&r, files, 1);
	r.failed = on_failure;
	assert_true(block_take(&r, &data, &piece));
	assert_int_equal(truncate(f->file, 10), 0);
	assert_int_equal(block_read(&piece, &data), 0);
	assert_int_equal(piece.block.lines.n, 10);
	block_release(&piece);
	for (int i = 0; i < 3; i++) {
		assert_true(block_take(&r, &data, &piece));
		assert_int_equal(block_read(&piece, &data), 0);
		assert_int_equal(piece.block.lines.n, 0);
		block_release(&piece);
	}
	assert_false(block_take(&r, &data, &piece));
	block_reader_finish(&r);
	buf_finish(&data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_that_end_at_the_edge_of_a_piece_come_once),
		cmocka_unit_test(lines_that_are_too_long_are_counted_and_all_others_come),
		cmocka_unit_test(files_of_random_lines_come_whole),
		cmocka_unit_test(an_empty_file_has_no_block),
		cmocka_unit_test(a_file_that_shrinks_while_it_is_read_ends_where_it_ends),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
