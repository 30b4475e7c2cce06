/* From a scalar's text back to the file, however the scalar is written. */
#include "base/mem.h"
#include "conf/yaml.h"
#include "tests/conf/messages.h"

/* The place of a byte of the file, counted from its beginning. */
static struct where place_of(struct str file, size_t byte)
{
	struct where at = { "t.yaml", 1, 1 };
	for (size_t i = 0; i < byte; i++) {
		bool end = file.p[i] == '\n';
		at.line += end;
		at.col = end ? 1 : at.col + ((file.p[i + 1] & 0xC0) != 0x80);
	}
	return at;
}

/* Returns how many letters a to i the text has; each stands once in the file behind its key. */
static size_t check_letters(struct str file, const struct conf_node *scalar)
{
	size_t seen = 0;
	for (size_t i = 0; i < scalar->text.n; i++) {
		char c = scalar->text.p[i];
		if (c < 'a' || c > 'i')
			continue;
		struct where is = conf_place(scalar, i);
		struct where expected = place_of(
			file, 2 + str_find_char(str_slice(file, 2, file.n), c));
		if (is.line != expected.line || is.col != expected.col)
			fail_msg("%.*s'%c' at %u:%u, not %u:%u", STR_ARGS(file), c, is.line, is.col,
				expected.line, expected.col);
		seen++;
	}
	return seen;
}

static void each_letter_is_where_it_was_written(void **state)
{
	static const char *const files[] = {
		"k: a b\n  c\n\n\n  d e\n",
		"k:\n  a b # comment\n",
		"k: 'a ''b''\n\n   c é d'\n",
		"k: \"a \\u00e9b \\\n     c\\n d\n  \n \\x41 f\"\n",
		"k: \"\n  a\\ b\n\tc\"\n",
		"k: |\n    a b\n  \n      c\n    d\n",
		"k: |2-\n     a b\n  c\n",
		"k: | # comment\n\n  a é b\n",
		"k: >\n  a b\n  c\n\n  d\n     e\n\n\n  f\n  g\n",
		"k: >+\n\n\n   a\n    b\n   c  \n   d\n\n",
		"k: >-\r\n  a b\r\n  c\r\n\r\n  d\r\n",
		"k: 'a\r\n  b'\r\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct reading r;
		reading_init(&r, str_of(files[i]));
		assert_string_equal(messages_of(&r), "");
		assert_true(check_letters(str_of(files[i]), conf_get(r.root, "k")) >= 2);
		reading_finish(&r);
	}
}

static void places_of_many_bytes_are_those_of_each(void **state)
{
	static const char *const files[] = { "k: abc déf\n", "k: 'a\n  b é'\n",
		"k: >\n  a\n  b\n\n  c\n" };
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct reading r;
		size_t bytes[20];
		struct where places[20];
		reading_init(&r, str_of(files[i]));
		const struct conf_node *node = conf_get(r.root, "k");
		for (size_t k = 0; k < 20; k++)
			bytes[k] = k;
		conf_places(node, bytes, 20, places);
		for (size_t k = 0; k < 20; k++) {
			struct where alone = conf_place(node, k);
			assert_int_equal(places[k].line, alone.line);
			assert_int_equal(places[k].col, alone.col);
		}
		reading_finish(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_letter_is_where_it_was_written),
		cmocka_unit_test(places_of_many_bytes_are_those_of_each),
	};
	return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
