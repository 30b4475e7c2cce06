#include "tests/check.h"

#include "sources/file/file_cursor.h"

static const char hash[] = "0123456789abcdef0123456789abcdef";

static void what_was_formatted_parses_to_the_same(void **state)
{
	(void)state;
	static const uint64_t numbers[] = { 0, 1, 9, 10, 4096, UINT32_MAX, UINT64_MAX };
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		struct file_cursor in = { numbers[i], numbers[6 - i], numbers[i], "" }, out;
		memcpy(in.hash, hash, sizeof in.hash);
		char text[FILE_CURSOR_BYTES];
		const size_t n = file_cursor_format(&in, text);
		assert_int_equal(n, strlen(text));
		assert_true(file_cursor_parse((struct str){ text, n }, &out));
		assert_true(in.inode == out.inode && in.device == out.device &&
			in.offset == out.offset);
		assert_string_equal(in.hash, out.hash);
	}
}

static void anything_else_is_refused_and_writes_nothing(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		":",
		":::",
		"1:2:3",
		"1:2:3:",
		"1:2:3:0123456789abcdef0123456789abcde",
		"1:2:3:0123456789abcdef0123456789abcdef0",
		"1:2:3:0123456789ABCDEF0123456789abcdef",
		"1:2:3:0123456789abcdef0123456789abcdeg",
		"01:2:3:0123456789abcdef0123456789abcdef",
		"+1:2:3:0123456789abcdef0123456789abcdef",
		"-1:2:3:0123456789abcdef0123456789abcdef",
		" 1:2:3:0123456789abcdef0123456789abcdef",
		"1:2::0123456789abcdef0123456789abcdef",
		"1:2:18446744073709551616:0123456789abcdef0123456789abcdef",
		"1:2:99999999999999999999:0123456789abcdef0123456789abcdef",
		"1:2:3:4:0123456789abcdef0123456789abcdef",
		"1:2:3:0123456789abcdef0123456789abcdef\n",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct file_cursor out = { .inode = 77 };
		if (file_cursor_parse(str_of(bad[i]), &out))
			fail_msg("accepted '%s'", bad[i]);
		assert_int_equal(out.inode, 77);
	}
	struct file_cursor out;
	assert_false(file_cursor_parse(STR_NONE, &out));
}

static void the_hash_covers_what_was_read_and_no_more_than_256_bytes(void **state)
{
	(void)state;
	char head[FILE_HEAD_BYTES + 1] = { 0 };
	struct file_cursor a = { .offset = 10 }, b = { .offset = 10 };
	file_cursor_hash(&a, (struct str){ head, sizeof head });
	head[10] = 'x'; /* not read yet */
	file_cursor_hash(&b, (struct str){ head, sizeof head });
	assert_string_equal(a.hash, b.hash);
	head[9] = 'x';
	file_cursor_hash(&b, (struct str){ head, sizeof head });
	assert_string_not_equal(a.hash, b.hash);
	a.offset = b.offset = 100000;
	file_cursor_hash(&a, (struct str){ head, sizeof head });
	head[FILE_HEAD_BYTES] = 'x';
	file_cursor_hash(&b, (struct str){ head, sizeof head });
	assert_string_equal(a.hash, b.hash);
	head[FILE_HEAD_BYTES - 1] = 'x';
	file_cursor_hash(&b, (struct str){ head, sizeof head });
	assert_string_not_equal(a.hash, b.hash);
}

/* What is on disk must be read by later versions. */
static void the_form_on_disk_is_fixed(void **state)
{
	(void)state;
	struct file_cursor c = { .inode = 12, .device = 2049, .offset = 3 };
	file_cursor_hash(&c, STR("abcd"));
	char text[FILE_CURSOR_BYTES];
	(void)file_cursor_format(&c, text);
	assert_string_equal(text, "12:2049:3:ba7816bf8f01cfea414140de5dae2223");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_formatted_parses_to_the_same),
		cmocka_unit_test(anything_else_is_refused_and_writes_nothing),
		cmocka_unit_test(the_hash_covers_what_was_read_and_no_more_than_256_bytes),
		cmocka_unit_test(the_form_on_disk_is_fixed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
