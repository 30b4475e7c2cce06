/* What Python's gzip packed, whole, in pieces, broken, and much larger than it looks. */

#include <errno.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/gunzip.h"
#include "tests/check.h"

#define HELLO                                                                                  \
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36" \
	"\x05\x00\x00\x00"
#define WORLD                                                                                  \
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x53\x28\xcf\x2f\xca\x49\x01\x00\xcb\x42\x3b" \
	"\x4a\x06\x00\x00\x00"
#define NOTHING "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"
/* with an extra field, a file's name and a comment */
#define NAMED                                                                                  \
	"\x1f\x8b\x08\x1c\x00\x00\x00\x00\x00\x03\x03\x00\x61\x62\x63\x6e\x61\x6d\x65\x00\x63" \
	"\x6f\x6d\x6d\x65\x6e\x74\x00\xab\x00\x00\x83\x16\xdc\x8c\x01\x00\x00\x00"

/* 0, or -EBADMSG; *whole as gunzip_whole says in the end. */
static int unpack(struct str packed, size_t piece, size_t room, struct buf *out, bool *whole)
{
	struct gunzip *g = gunzip_create();
	int64_t n = 0;
	buf_init(out, 0);
	while (n >= 0) {
		/* a copy, so that what is read past its end is seen */
		const struct str part = str_slice(packed, 0, piece);
		char *copy = mem_text(part.p, part.n);
		struct str in = { copy, part.n };
		n = gunzip_read(g, &in, buf_room(out, room), room);
		packed = str_slice(packed, part.n - in.n, packed.n);
		mem_free(copy);
		if (n > 0)
			out->n += (size_t)n;
		if (n == 0 && packed.n == 0)
			break;
	}
	*whole = gunzip_whole(g);
	gunzip_destroy(g);
	return n < 0 ? (int)n : 0;
}

static void check_unpacked(struct str packed, const char *expected)
{
	for (size_t piece = 1; piece <= packed.n + 1; piece++) {
		for (size_t room = 1; room <= 16; room += 5) {
			struct buf out;
			bool whole;
			assert_int_equal(unpack(packed, piece, room, &out, &whole), 0);
			assert_true(whole);
			assert_int_equal(out.n, strlen(expected));
			assert_memory_equal(out.p, expected, out.n);
			buf_finish(&out);
		}
	}
}

static void members_in_a_row_are_one_text_whatever_the_pieces_are(void **state)
{
	(void)state;
	check_unpacked(STR(HELLO), "hello");
	check_unpacked(STR(NAMED), "x");
	check_unpacked(STR(NOTHING), "");
	check_unpacked(STR(HELLO WORLD), "hello world");
	check_unpacked(STR(NOTHING HELLO NOTHING WORLD NOTHING), "hello world");
}

static void what_breaks_off_is_not_whole(void **state)
{
	(void)state;
	const struct str packed = STR(HELLO);
	for (size_t n = 0; n < packed.n; n++) {
		struct buf out;
		bool whole;
		assert_int_equal(unpack(str_slice(packed, 0, n), 7, 16, &out, &whole), 0);
		assert_false(whole);
		buf_finish(&out);
	}
}

static void what_is_wrong_is_told_and_stays_wrong(void **state)
{
	(void)state;
	struct buf bad[40];
	const struct str packed = STR(HELLO);
	/* any byte but those of time, level and system, which mean nothing here */
	for (size_t i = 0; i < packed.n; i++) {
		if (i >= 4 && i <= 9)
			continue;
		bool whole = true;
		struct buf out;
		buf_init(&bad[i], 0);
		buf_add(&bad[i], packed);
		bad[i].p[i] ^= 0x41;
		const int r = unpack(buf_str(&bad[i]), 100, 100, &out, &whole);
		assert_true(r == -EBADMSG || !whole);
		buf_finish(&out);
		buf_finish(&bad[i]);
	}
	struct gunzip *g = gunzip_create();
	char room[8];
	struct str in = STR("no gzip");
	assert_int_equal(gunzip_read(g, &in, room, sizeof room), -EBADMSG);
	in = packed;
	assert_int_equal(gunzip_read(g, &in, room, sizeof room), -EBADMSG);
	assert_false(gunzip_whole(g));
	gunzip_destroy(g);
	struct buf out;
	bool whole;
	assert_int_equal(unpack(STR(HELLO "xx"), 100, 100, &out, &whole), -EBADMSG);
	assert_false(whole);
	buf_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_in_a_row_are_one_text_whatever_the_pieces_are),
		cmocka_unit_test(what_breaks_off_is_not_whole),
		cmocka_unit_test(what_is_wrong_is_told_and_stays_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
