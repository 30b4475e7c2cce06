#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/yaml.h"
#include "tests/conf/messages.h"

static void check_at(struct where at, uint32_t line, uint32_t col)
{
	assert_string_equal(at.file, "t.yaml");
	assert_int_equal(at.line, line);
	assert_int_equal(at.col, col);
}

static void every_key_and_value_knows_its_place_in_characters(void **state)
{
	(void)state;
	struct reading r;
	reading_init(&r, STR("été: [à, \"ü\", {k: v}]\nb:\n  - x\n  - 'y'\n"));
	assert_string_equal(messages_of(&r), "");
	assert_int_equal(r.root->kind, CONF_MAP);
	assert_int_equal(r.root->count, 2);
	check_text(r.root->keys[0].text, "été");
	check_at(r.root->keys[0].at, 1, 1);
	const struct conf_node *list = conf_get(r.root, "été");
	assert_int_equal(list->kind, CONF_LIST);
	assert_int_equal(list->count, 3);
	check_at(list->at, 1, 6);
	check_text(list->items[0].text, "à");
	check_at(list->items[0].at, 1, 7);
	check_text(list->items[1].text, "ü");
	check_at(list->items[1].at, 1, 10);
	assert_true(list->items[1].quoted);
	assert_false(list->items[0].quoted);
	check_at(list->items[2].at, 1, 15);
	check_text(conf_get(&list->items[2], "k")->text, "v");
	const struct conf_node *b = conf_get(r.root, "b");
	check_at(r.root->keys[1].at, 2, 1);
	check_at(b->items[1].at, 4, 5);
	reading_finish(&r);
}

static void scalars_are_text_and_only_nothing_is_null(void **state)
{
	(void)state;
	struct reading r;
	reading_init(&r, STR("[yes, 010, 1.5, ~, null, Null, NULL, '', \"null\", nUll]"));
	static const enum conf_kind kinds[] = { CONF_SCALAR, CONF_SCALAR, CONF_SCALAR, CONF_NULL,
		CONF_NULL, CONF_NULL, CONF_NULL, CONF_SCALAR, CONF_SCALAR, CONF_SCALAR };
	assert_int_equal(r.root->count, 10);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(r.root->items[i].kind, kinds[i]);
	check_text(r.root->items[0].text, "yes");
	check_text(r.root->items[1].text, "010");
	check_text(r.root->items[7].text, "");
	reading_finish(&r);
	reading_init(&r, STR("a:\nb: x\n"));
	assert_int_equal(conf_get(r.root, "a")->kind, CONF_NULL);
	check_text(conf_get(r.root, "a")->text, "");
	reading_finish(&r);
}

static void a_file_with_nothing_in_it_is_an_empty_map(void **state)
{
	(void)state;
	static const char *const files[] = { "", "\n\n", "# only a comment\n", "---\n", "{}",
		"\xEF\xBB\xBF", "%YAML 1.2\n---\n" };
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct reading r;
		reading_init(&r, str_of(files[i]));
		assert_string_equal(messages_of(&r), "");
		assert_non_null(r.root);
		assert_int_equal(r.root->kind, CONF_MAP);
		assert_int_equal(r.root->count, 0);
		assert_int_equal(r.root->at.line > 0, 1);
		reading_finish(&r);
	}
}

static void text_over_several_lines_is_joined_as_yaml_says(void **state)
{
	(void)state;
	struct reading r;
	reading_init(&r,
		STR("a: |\n  x\n  y\nb: >-\n  x\n  y\nc: \"x\\ty\\u00e9\"\r\nd: 'it''s'\n"
		    "e: one\n  two\n"));
	assert_string_equal(messages_of(&r), "");
	check_text(conf_get(r.root, "a")->text, "x\ny\n");
	check_text(conf_get(r.root, "b")->text, "x y");
	check_text(conf_get(r.root, "c")->text, "x\tyé");
	check_text(conf_get(r.root, "d")->text, "it's");
	check_text(conf_get(r.root, "e")->text, "one two");
	assert_true(conf_get(r.root, "a")->quoted);
	assert_false(conf_get(r.root, "e")->quoted);
	check_at(conf_get(r.root, "d")->at, 8, 4);
	reading_finish(&r);
}

static void a_byte_inside_a_scalar_has_a_column(void **state)
{
	(void)state;
	struct reading r;
	reading_init(&r, STR("a: été chaud\nb: \"été\"\nc: 'x'\nd: |\n  xyz\ne: \"\\té\"\n"));
	const struct conf_node *plain = conf_get(r.root, "a");
	check_at(conf_place(plain, 0), 1, 4);
	check_at(conf_place(plain, 2), 1, 5); /* the t, behind a two-byte é */
	check_at(conf_place(plain, 1), 1, 4); /* within the é */
	check_at(conf_place(plain, 6), 1, 8);
	check_at(conf_place(plain, 11), 1, 13); /* its end */
	check_at(conf_place(plain, 999), 1, 13);
	check_at(conf_place(conf_get(r.root, "b"), 0), 2, 5);
	check_at(conf_place(conf_get(r.root, "b"), 3), 2, 7);
	check_at(conf_place(conf_get(r.root, "c"), 1), 3, 6);
	check_at(conf_place(conf_get(r.root, "d"), 2), 5, 5);
	check_at(conf_place(conf_get(r.root, "e"), 2), 6, 7);
	reading_finish(&r);
}

static void a_byte_order_mark_is_no_character(void **state)
{
	(void)state;
	struct reading r;
	reading_init(&r,
		STR("\xEF\xBB\xBF"
		    "a: b\r\nc: d"));
	assert_string_equal(messages_of(&r), "");
	check_at(r.root->keys[0].at, 1, 1);
	check_at(conf_get(r.root, "c")->at, 2, 4);
	check_text(conf_get(r.root, "a")->text, "b");
	reading_finish(&r);
}

struct bad {
	const char *yaml, *said;
};

static void check_bad(const struct bad *table, size_t count, bool tree)
{
	for (size_t i = 0; i < count; i++) {
		struct reading r;
		reading_init(&r, str_of(table[i].yaml));
		assert_string_equal(messages_of(&r), table[i].said);
		assert_int_equal(r.root != NULL, tree);
		assert_true(diag_failed(r.diag));
		reading_finish(&r);
	}
}

#define CHECK_BAD(table, tree) check_bad((table), sizeof(table) / sizeof *(table), (tree))

static const struct bad no_yaml[] = {
	{ "a:\n\tb: 1",
		"2:1: error: a tab where YAML wants spaces\n"
		"  hint: indent with spaces only" },
	{ "a: 1\n\tb: 2",
		"2:1: error: a tab where YAML wants spaces\n"
		"  hint: indent with spaces only" },
	{ "a: @x",
		"1:4: error: text that starts with '@' must be in quotes\n"
		"  hint: write it as \"@name\"" },
	{ "a: `x",
		"1:4: error: text that starts with '`' must be in quotes\n"
		"  hint: put the text in quotes" },
	{ "a: %x",
		"1:4: error: text that starts with '%' must be in quotes\n"
		"  hint: put the text in quotes" },
	{ "%x", "1:1: error: text that starts with '%' must be in quotes" },
	{ "a: [*é]",
		"1:5: error: text that starts with '*' must be in quotes\n"
		"  hint: write it as \"*word\"" },
	{ "a: &é",
		"1:4: error: text that starts with '&' must be in quotes\n"
		"  hint: write it as \"&word\"" },
	{ "a: !<", "1:4: error: text that starts with '!' must be in quotes" },
	{ "a: !x!y z",
		"1:4: error: tags are not supported\n"
		"  hint: put a text that starts with '!' in quotes" },
	{ "a: [#é]\n",
		"1:5: error: text that starts with '#' must be in quotes: this is a comment\n"
		"  hint: write it as \"#word\"" },
	{ "a: [b, é,  #c]\nd: e",
		"1:12: error: text that starts with '#' must be in quotes: this is a comment\n"
		"  hint: write it as \"#word\"" },
	{ "a: [b, \"c d\"~2]",
		"1:13: error: text after a closing quote\n"
		"  hint: put the whole in single quotes, as in '\"two words\"~2'" },
	{ "- \"c d\"~2",
		"1:8: error: text after a closing quote\n"
		"  hint: put the whole in single quotes, as in '\"two words\"~2'" },
	{ "q: \"a\" OR b",
		"1:8: error: text after a closing quote\n"
		"  hint: put the whole in single quotes, as in '\"two words\"~2'" },
	{ "a: b: c",
		"1:5: error: a second ':' in the same value\n"
		"  hint: put a text that holds ': ' in quotes" },
	{ "a\nb: c",
		"2:2: error: a key cannot stand here\n"
		"  hint: check the indentation, and whether the line before lacks its "
		"':'" },
	{ "a: - b",
		"1:4: error: a list cannot start here\n"
		"  hint: start it on a line of its own, or write [a, b]" },
	{ "a: \"b\nc: d", "1:4: error: a quote that is never closed" },
	{ "a: 'b\n---\n", "1:4: error: a quote that is never closed" },
	{ "a: \"\\d\"",
		"1:5: error: unknown escape in a text in double quotes\n"
		"  hint: use single quotes: they take backslashes as they are" },
	{ "a: \"\\xzz\"",
		"1:7: error: expected hexadecimal digits in the escape\n"
		"  hint: what it belongs to starts at line 1, column 4" },
	{ "a: \"\\ud800\"",
		"1:7: error: an escape that is no character\n"
		"  hint: what it belongs to starts at line 1, column 4" },
	{ "- a\nb: c",
		"2:1: error: expected '- '\n"
		"  hint: entries of one list stand in the same column" },
	{ "a: [b\nc: d",
		"2:2: error: expected ',' or ']'\n"
		"  hint: what it belongs to starts at line 1, column 4" },
	{ "a: {b: c\nd: e",
		"2:2: error: expected ',' or '}'\n"
		"  hint: what it belongs to starts at line 1, column 4" },
	{ "a: | b\n  c",
		"1:6: error: nothing may follow '|' or '>' on its line\n"
		"  hint: put the text in quotes" },
	{ "[a, , b]", "1:5: error: expected a value" },
	{ "{a: b}}",
		"1:7: error: text after the end of the file's value\n"
		"  hint: check the indentation" },
	{ "a: |0\n  b", "1:5: error: not YAML: found an indentation indicator equal to 0" },
};

static void what_is_no_yaml_is_said_in_plain_words(void **state)
{
	(void)state;
	CHECK_BAD(no_yaml, false);
}

static void a_comment_that_may_be_a_lost_text_is_warned_of(void **state)
{
	(void)state;
	static const struct bad lost[] = {
		{ "a: #b",
			"1:3: warning: text that starts with '#' must be in quotes: this is a "
			"comment\n  hint: write it as \"#word\"" },
		{ "- #b",
			"1:2: warning: text that starts with '#' must be in quotes: this is a "
			"comment\n  hint: write it as \"#word\"" },
		{ "a: # b", "" },
		{ "a: ### b", "" },
		{ "a: #b\n  c", "" },
		{ "a: b #c", "" },
		{ "a: #b\n  - c", "" },
		{ "a:", "" },
	};
	for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
		struct reading r;
		reading_init(&r, str_of(lost[i].yaml));
		assert_string_equal(messages_of(&r), lost[i].said);
		assert_non_null(r.root);
		assert_false(diag_failed(r.diag));
		reading_finish(&r);
	}
}

static void what_can_be_stepped_over_still_gives_a_tree(void **state)
{
	(void)state;
	static const struct bad table[] = {
		{ "x: *foo",
			"1:4: error: aliases are not supported: '*foo'\n"
			"  hint: put a text that starts with '*' in quotes" },
		{ "*foo : x",
			"1:1: error: aliases are not supported: '*foo'\n"
			"  hint: put a text that starts with '*' in quotes" },
		{ "x: &foo [a]",
			"1:4: error: anchors are not supported: '&foo'\n"
			"  hint: put a text that starts with '&' in quotes" },
		{ "x: !foo {a: b}",
			"1:4: error: tags are not supported: '!foo'\n"
			"  hint: put a text that starts with '!' in quotes" },
		{ "x: !!int 3",
			"1:4: error: tags are not supported: 'tag:yaml.org,2002:int'\n"
			"  hint: put a text that starts with '!' in quotes" },
		{ "%TAG ! tag:x,2000:\n---\na: b", "1:1: error: tags are not supported" },
		{ "a: 1\nb: 2\n'a': 3\n\"a\": 4",
			"3:1: error: key written twice: 'a' (first at line 1, column 1)\n"
			"4:1: error: key written twice: 'a' (first at line 1, column 1)" },
		{ "x:\n  - {a: 1, a: 2}",
			"2:12: error: key written twice: 'a' (first at line 2, column 6)" },
		{ "? [a, b]\n: c", "1:3: error: a key must be text, not a list" },
		{ "{{a: b}: c}", "1:2: error: a key must be text, not a map" },
		{ "? ~\n: c\n'': d", "3:1: error: an empty key" },
		{ "a: \"x\\0y\"", "1:4: error: a NUL character in a text" },
	};
	CHECK_BAD(table, true);
}

static void errors_that_can_be_stepped_over_are_found_in_one_run(void **state)
{
	(void)state;
	struct reading r;
	reading_init(&r,
		STR("a: *x\n"
		    "b: {[k]: {deep: [*y]}, c: c}\n"
		    "a: &z 1\n"
		    "d: [*, e]\n"));
	assert_string_equal(messages_of(&r),
		"1:4: error: aliases are not supported: '*x'\n"
		"  hint: put a text that starts with '*' in quotes\n"
		"2:5: error: a key must be text, not a list\n"
		"2:18: error: aliases are not supported: '*y'\n"
		"  hint: put a text that starts with '*' in quotes\n"
		"3:4: error: anchors are not supported: '&z'\n"
		"  hint: put a text that starts with '&' in quotes\n"
		"4:5: error: text that starts with '*' must be in quotes\n"
		"  hint: write it as \"*word\"");
	reading_finish(&r);
}

static void a_second_document_is_refused(void **state)
{
	(void)state;
	static const struct bad table[] = {
		{ "a: 1\n---\nb: 2\n", "2:1: error: a file holds one document only" },
		{ "a: 1\n...\n---\n", "3:1: error: a file holds one document only" },
	};
	CHECK_BAD(table, false);
}

static void bytes_that_no_yaml_may_hold_are_all_shown_up_to_ten(void **state)
{
	(void)state;
	struct reading r;
	reading_init(&r, STR("é: \xff\nb: \x01\nc: \0\nd: \xed\xa0\x80"));
	assert_string_equal(messages_of(&r),
		"1:4: error: not UTF-8: byte 0xFF\n"
		"2:4: error: control character: U+0001\n"
		"3:4: error: control character: U+0000\n"
		"4:4: error: not UTF-8: byte 0xED\n"
		"4:5: error: not UTF-8: byte 0xA0\n"
		"4:6: error: not UTF-8: byte 0x80");
	assert_null(r.root);
	reading_finish(&r);
	reading_init(&r, STR("\1\1\1\1\1\1\1\1\1\1\1\1\1"));
	assert_int_equal(diag_count(r.diag, DIAG_ERROR), 10);
	reading_finish(&r);
}

static void repeat(struct buf *out, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		buf_add(out, str_of(text));
}

static void nesting_is_allowed_up_to_its_ceiling(void **state)
{
	(void)state;
	for (size_t depth = CONF_MAX_DEPTH; depth <= CONF_MAX_DEPTH + 1; depth++) {
		struct buf yaml;
		struct reading r;
		buf_init(&yaml, 0);
		repeat(&yaml, "[", depth);
		repeat(&yaml, "]", depth);
		reading_init(&r, buf_str(&yaml));
		assert_non_null(r.root);
		assert_string_equal(messages_of(&r),
			depth == CONF_MAX_DEPTH
				? ""
				: "1:33: error: more than 32 lists and maps inside each other");
		reading_finish(&r);
		buf_finish(&yaml);
	}
}

static void endless_nesting_stops_the_reader(void **state)
{
	(void)state;
	struct buf yaml;
	struct reading r;
	buf_init(&yaml, 0);
	repeat(&yaml, "{a: ", 100000);
	reading_init(&r, buf_str(&yaml));
	assert_null(r.root);
	assert_int_equal(diag_count(r.diag, DIAG_ERROR), 2);
	reading_finish(&r);
	buf_finish(&yaml);
}

/* All entries are taken; the list itself, which counts when it is closed, is one too many. */
static void a_file_holds_no_more_nodes_than_its_ceiling(void **state)
{
	(void)state;
	struct buf yaml;
	struct reading r;
	buf_init(&yaml, 0);
	buf_add(&yaml, STR(" [a"));
	repeat(&yaml, ",a", CONF_MAX_NODES - 1);
	buf_add(&yaml, STR("]"));
	reading_init(&r, buf_str(&yaml));
	assert_null(r.root);
	assert_string_equal(
		messages_of(&r), "1:2: error: more keys and values than a file may hold");
	reading_finish(&r);
	buf_finish(&yaml);
}

static void a_long_list_costs_little_more_than_its_text(void **state)
{
	(void)state;
	struct buf yaml;
	struct reading r;
	buf_init(&yaml, 0);
	for (int i = 0; i < 150000; i++)
		buf_addf(&yaml, "- mot numéro %d\n", i);
	reading_init(&r, buf_str(&yaml));
	assert_int_equal(r.root->count, 150000);
	check_text(r.root->items[149999].text, "mot numéro 149999");
	check_at(r.root->items[149999].at, 150000, 3);
	assert_true(r.arena.used_bytes < yaml.n + 150001 * sizeof(struct conf_node) + 1024);
	reading_finish(&r);
	buf_finish(&yaml);
}

static void a_map_of_many_keys_is_checked_for_twins_in_linear_time(void **state)
{
	(void)state;
	struct buf yaml;
	struct reading r;
	buf_init(&yaml, 0);
	for (int i = 0; i < 100000; i++)
		buf_addf(&yaml, "k%d: v\n", i);
	buf_add(&yaml, STR("k77: w\n"));
	reading_init(&r, buf_str(&yaml));
	assert_string_equal(messages_of(&r),
		"100001:1: error: key written twice: 'k77' (first at line 78, column 1)");
	reading_finish(&r);
	buf_finish(&yaml);
}

static void an_arena_without_room_is_an_error_whatever_its_size(void **state)
{
	(void)state;
	struct str yaml = STR("a: [b, \"c\\td\", {e: f}]\ng: |\n  h\n  i\nj:\n");
	bool fitted = false;
	for (size_t max = 1; max < 4096 && !fitted; max++) {
		struct arena arena;
		struct diag *diag = diag_create();
		arena_init(&arena, max);
		const struct conf_node *root = conf_read_text("t.yaml", yaml, &arena, diag);
		assert_int_equal(root != NULL, !diag_failed(diag));
		fitted = root != NULL;
		diag_destroy(diag);
		arena_finish(&arena);
	}
	assert_true(fitted);
}

static void a_key_of_something_that_is_no_map_is_not_there(void **state)
{
	(void)state;
	struct reading r;
	reading_init(&r, STR("a: [b]"));
	assert_null(conf_get(r.root, "x"));
	assert_null(conf_get(conf_get(r.root, "a"), "b"));
	assert_null(conf_get(NULL, "a"));
	reading_finish(&r);
}

/* Files, in a folder of their own. */

static char folder[] = "/tmp/vigie-test-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) && snprintf(path, sizeof path, "%s/t.yaml", folder) > 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(path); /* not every test makes it */
	return rmdir(folder);
}

static void write_file(struct str text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
	assert_int_equal(fclose(f), 0);
}

static char *said_of_file(const char *name)
{
	struct arena arena;
	struct diag *diag = diag_create();
	struct buf out;
	arena_init(&arena, 0);
	buf_init(&out, 0);
	const struct conf_node *root = conf_read_file(name, &arena, diag);
	if (root)
		buf_addf(&out, "%zu keys", root->count);
	diag_print(diag, &out);
	char *said = mem_text(out.p, out.n);
	buf_finish(&out);
	diag_destroy(diag);
	arena_finish(&arena);
	return said;
}

static void check_said_of_file(const char *name, const char *text)
{
	char *said = said_of_file(name);
	assert_non_null(strstr(said, text));
	mem_free(said);
}

static void a_file_is_read_whatever_its_length(void **state)
{
	(void)state;
	struct buf yaml;
	buf_init(&yaml, 0);
	for (size_t n = 0; n < 300; n++) { /* over the sizes at which buffers grow */
		write_file(buf_str(&yaml));
		check_said_of_file(path, n < 2 ? "0 keys" : "1 keys");
		buf_add(&yaml, n == 0 ? STR("#\n") : n == 1 ? STR("a: b") : STR("c"));
	}
	buf_finish(&yaml);
}

static void a_pipe_is_read_to_its_end(void **state)
{
	(void)state;
	int ends[2];
	char name[32];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "a: b\nc: d", 9), 9);
	assert_int_equal(close(ends[1]), 0);
	assert_true(snprintf(name, sizeof name, "/dev/fd/%d", ends[0]) > 0);
	check_said_of_file(name, "2 keys");
	assert_int_equal(close(ends[0]), 0);
}

static void a_missing_file_and_a_folder_are_told_apart(void **state)
{
	(void)state;
	check_said_of_file(folder, ": error: is a directory, not a file\n");
	check_said_of_file("/nowhere/t.yaml",
		"/nowhere/t.yaml: error: cannot open: No such file or directory\n");
}

static void a_file_past_the_ceiling_is_not_read(void **state)
{
	(void)state;
	write_file(STR(""));
	assert_int_equal(truncate(path, CONF_MAX_BYTES), 0);
	check_said_of_file(path, "control character: U+0000"); /* was read */
	assert_int_equal(truncate(path, CONF_MAX_BYTES + 1), 0);
	check_said_of_file(path, ": error: larger than 64 MB\n");
	check_said_of_file("/dev/zero", "/dev/zero: error: larger than 64 MB\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_and_value_knows_its_place_in_characters),
		cmocka_unit_test(scalars_are_text_and_only_nothing_is_null),
		cmocka_unit_test(a_file_with_nothing_in_it_is_an_empty_map),
		cmocka_unit_test(text_over_several_lines_is_joined_as_yaml_says),
		cmocka_unit_test(a_byte_inside_a_scalar_has_a_column),
		cmocka_unit_test(a_byte_order_mark_is_no_character),
		cmocka_unit_test(what_is_no_yaml_is_said_in_plain_words),
		cmocka_unit_test(a_comment_that_may_be_a_lost_text_is_warned_of),
		cmocka_unit_test(what_can_be_stepped_over_still_gives_a_tree),
		cmocka_unit_test(errors_that_can_be_stepped_over_are_found_in_one_run),
		cmocka_unit_test(a_second_document_is_refused),
		cmocka_unit_test(bytes_that_no_yaml_may_hold_are_all_shown_up_to_ten),
		cmocka_unit_test(nesting_is_allowed_up_to_its_ceiling),
		cmocka_unit_test(endless_nesting_stops_the_reader),
		cmocka_unit_test(a_file_holds_no_more_nodes_than_its_ceiling),
		cmocka_unit_test(a_long_list_costs_little_more_than_its_text),
		cmocka_unit_test(a_map_of_many_keys_is_checked_for_twins_in_linear_time),
		cmocka_unit_test(an_arena_without_room_is_an_error_whatever_its_size),
		cmocka_unit_test(a_key_of_something_that_is_no_map_is_not_there),
		cmocka_unit_test(a_file_is_read_whatever_its_length),
		cmocka_unit_test(a_pipe_is_read_to_its_end),
		cmocka_unit_test(a_missing_file_and_a_folder_are_told_apart),
		cmocka_unit_test(a_file_past_the_ceiling_is_not_read),
	};
	return cmocka_run_group_tests_name("yaml", tests, make_folder, remove_folder);
}
