#include "tests/base/json_both.h"

#include <errno.h>

#include "base/buf.h"

static void begin(struct fixture *f, const struct str *paths, size_t count)
{
	size_t bad;
	begin_with(f, json_paths_create(paths, count, &bad));
}

static void begin_compared(struct fixture *f)
{
	begin_with(f, compared_paths());
}

/* What the path gave, items separated by "|", written for a test. */
static struct str picked_text(struct fixture *f, struct str path, struct str record, int *status)
{
	struct buf out;
	buf_init(&out, 0);
	begin(f, &path, 1);
	*status = json_pick(f->paths, record, &f->arena, f->picked, &f->error);
	int other = json_pick_yajl(
		f->paths, record, &f->arena_yajl, f->picked_yajl, &f->error_yajl);
	assert_int_equal(*status, other);
	if (*status == 0) {
		check_same(f, 1, record);
		for (size_t i = 0; i < f->picked[0].count; i++) {
			buf_addf(
				&out, "%s%.*s", i ? "|" : "", STR_ARGS(f->picked[0].items[i].text));
		}
	}
	struct str text = arena_str(&f->arena, buf_str(&out));
	buf_finish(&out);
	return text;
}

struct pick_case {
	const char *path, *record, *expected;
};

static void check_cases(const struct pick_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct fixture f;
		int status;
		struct str text = picked_text(
			&f, str_of(cases[i].path), str_of(cases[i].record), &status);
		assert_int_equal(status, 0);
		check_str(text, str_of(cases[i].expected));
		end(&f);
	}
}

static void paths_lead_through_objects_and_arrays(void **state)
{
	(void)state;
	static const struct pick_case cases[] = {
		{ "a", "{\"a\":\"x\"}", "x" },
		{ "a", "{\"b\":1}", "" },
		{ "a", "{ \"b\" : [ 1 , { } ] ,\t\"a\" : -1.5e+3 }\r\n", "-1.5e+3" },
		{ "a", "{\"a\":{\"b\": [1, 2]}}", "{\"b\": [1, 2]}" },
		{ "a", "{\"a\":[]}", "[]" },
		{ "a[]", "{\"a\":[]}", "" },
		{ "a[]", "{\"a\":[1,\"x\",null,true,[2],{\"b\":3}]}",
			"1|x|null|true|[2]|{\"b\":3}" },
		{ "a[1]", "{\"a\":[1,2,3]}", "2" },
		{ "a[3]", "{\"a\":[1,2,3]}", "" },
		{ "a[].b", "{\"a\":[{\"b\":1},{\"c\":2},7,{\"c\":[0],\"b\":3}]}", "1|3" },
		{ "a.b.c", "{\"a\":{\"b\":{\"c\":\"deep\"}},\"c\":1}", "deep" },
		{ "a[][]", "{\"a\":[[1,2],3,[[4],5]]}", "1|2|[4]|5" },
		{ "a.b", "{\"a\":[{\"b\":1}]}", "" },
		{ "", "{}", "" },
	};
	check_cases(cases, sizeof cases / sizeof cases[0] - 1);
}

static void of_two_equal_keys_the_last_counts(void **state)
{
	(void)state;
	static const struct pick_case cases[] = {
		{ "a", "{\"a\":1,\"a\":2}", "2" },
		{ "a[]", "{\"a\":[1,2],\"b\":0,\"a\":[3]}", "3" },
		{ "a.b", "{\"a\":{\"b\":1},\"a\":7}", "" },
		{ "a.b", "{\"a\":{\"b\":1,\"b\":2}}", "2" },
		{ "a[].b", "{\"a\":[{\"b\":1},{\"b\":2,\"b\":3},{\"b\":4}]}", "1|3|4" },
		{ "a[].b[]", "{\"a\":[{\"b\":[1,2]},{\"b\":[3],\"b\":[]},{\"b\":[4]}]}", "1|2|4" },
	};
	check_cases(cases, sizeof cases / sizeof cases[0]);
}

static void every_element_and_a_numbered_one_may_both_be_asked_for(void **state)
{
	(void)state;
	struct str paths[] = { STR("a[]"), STR("a[1]"), STR("a[].b"), STR("a[1].b"),
		STR("a[1].c") };
	struct str record = STR("{\"a\":[{\"b\":1},{\"b\":2,\"c\":3}]}");
	struct fixture f;
	begin(&f, paths, 5);
	assert_int_equal(json_pick(f.paths, record, &f.arena, f.picked, &f.error), 0);
	assert_int_equal(f.picked[0].count, 2);
	check_text(f.picked[1].items[0].text, "{\"b\":2,\"c\":3}");
	assert_int_equal(f.picked[2].count, 2);
	check_text(f.picked[3].items[0].text, "2");
	check_text(f.picked[4].items[0].text, "3");
	end(&f);
}

static void strings_are_decoded_and_what_is_no_character_becomes_the_replacement(void **state)
{
	(void)state;
	static const struct pick_case cases[] = {
		{ "a", "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t" },
		{ "a", "{\"a\":\"\\u00e9\\u20AC\\ud83d\\ude00z\"}", "é€😀z" },
		{ "a", "{\"a\":\"x\\u0000y\"}", "x\uFFFDy" },
		{ "a", "{\"a\":\"\\ud800\\u0041\"}", "\uFFFDA" },
		{ "a", "{\"a\":\"\\ud800\\ud800\\udc00\"}", "\uFFFD\U00010000" },
		{ "a", "{\"a\":\"\\udc00\\ud800\"}", "\uFFFD\uFFFD" },
		{ "a", "{\"a\":\"\\ud800\\\\udc00\"}", "\uFFFD\\udc00" },
		{ "a", "{\"a\":\"\\ud800\"}", "\uFFFD" },
		{ "a", "{\"a\":\"é\xff\xed\xa0\x80z\xc3\"}", "é\uFFFD\uFFFD\uFFFD\uFFFDz\uFFFD" },
		{ "a", "{\"a\":\"0123456789abcdefé0123456789\\n\xff\"}",
			"0123456789abcdefé0123456789\n\uFFFD" },
	};
	check_cases(cases, sizeof cases / sizeof cases[0]);
}

static void keys_are_compared_as_written(void **state)
{
	(void)state;
	static const struct pick_case cases[] = {
		{ "text", "{\"te\\u0078t\":1}", "" },
		{ "te\\u0078t", "{\"te\\u0078t\":1}", "1" },
		{ "a", "{\"\\\"a\":1}", "" },
		{ "é", "{\"é\":1}", "1" },
		{ "\xff", "{\"\xff\":1}", "1" },
	};
	check_cases(cases, sizeof cases / sizeof cases[0]);
}

static void a_string_without_escapes_is_a_view_into_the_record(void **state)
{
	(void)state;
	struct str path = STR("a"), record = STR("{\"a\":\"été 😀, longer than a vector step\"}");
	struct fixture f;
	begin(&f, &path, 1);
	assert_int_equal(json_pick(f.paths, record, &f.arena, f.picked, &f.error), 0);
	assert_ptr_equal(f.picked[0].items[0].text.p, record.p + 6);
	assert_int_equal(f.picked[0].items[0].at, 5);
	end(&f);
}

static void what_is_not_json_is_refused_with_a_place_and_a_reason(void **state)
{
	(void)state;
	static const struct {
		const char *record;
		size_t at;
		const char *reason;
	} cases[] = {
		{ "", 0, "not JSON: unexpected end" },
		{ "  ", 2, "not JSON: unexpected end" },
		{ "[1]", 0, "not a JSON object" },
		{ "{", 1, "not JSON: unexpected end" },
		{ "{\"a\":1} x", 8, "not JSON: trailing garbage" },
		{ "{\"a\":1} \"}", 8, "not JSON: trailing garbage" },
		{ "{\"a\":1}{}", 7, "not JSON: trailing garbage" },
		{ "{\"a\" 1}", 5, "not JSON: expected ':'" },
		{ "{\"a\":1 \"b\":2}", 7, "not JSON: expected ',' or a closing bracket" },
		{ "{\"a\":1,}", 7, "not JSON: expected a key" },
		{ "{a:1}", 1, "not JSON: expected a key" },
		{ "{\"a\":[1,]}", 8, "not JSON: expected a value" },
		{ "{\"a\":[1}", 7, "not JSON: expected ',' or a closing bracket" },
		{ "{\"a\":[1]", 8, "not JSON: unexpected end" },
		{ "{\"a\":01}", 6, "not JSON: expected ',' or a closing bracket" },
		{ "{\"a\":1.}", 7, "not JSON: bad number" },
		{ "{\"a\":-}", 6, "not JSON: bad number" },
		{ "{\"a\":1e+}", 8, "not JSON: bad number" },
		{ "{\"a\":nul}", 5, "not JSON: unknown word" },
		{ "{\"a\":\"x", 7, "not JSON: unterminated string" },
		{ "{\"a\":\"x\ty\"}", 7, "not JSON: control character in a string" },
		{ "{\"a\":\"x\\y\"}", 7, "not JSON: bad escape" },
		{ "{\"a\":\"\\u12g4\"}", 6, "not JSON: bad escape" },
		{ "{\"a\":1}\f", 7, "not JSON: trailing garbage" },
		{ "\xEF\xBB\xBF{}", 0, "not a JSON object" },
		{ "{\"a\":\"0123456789abcdef0123456789\x1f\"}", 32,
			"not JSON: control character in a string" },
	};
	struct fixture f;
	begin_compared(&f);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(read_both(&f, str_of(cases[i].record)), -EBADMSG);
		check_str(str_of(f.error.reason), str_of(cases[i].reason));
		assert_int_equal(f.error.at, cases[i].at);
	}
	end(&f);
}

/* {"PATH":[[...]]} nested `depth` deep in all. */
static void add_nested(struct buf *out, const char *key, size_t depth)
{
	buf_clear(out);
	buf_addf(out, "{\"%s\":", key);
	for (size_t i = 1; i < depth; i++)
		buf_add_char(out, '[');
	for (size_t i = 1; i < depth; i++)
		buf_add_char(out, ']');
	buf_add_char(out, '}');
}

static void nesting_is_read_up_to_its_ceiling(void **state)
{
	(void)state;
	struct buf out;
	struct fixture f;
	begin_compared(&f);
	buf_init(&out, 0);
	static const char *const keys[] = { "a", "unknown" };
	for (size_t i = 0; i < 2; i++) {
		add_nested(&out, keys[i], JSON_MAX_DEPTH);
		assert_int_equal(read_both(&f, buf_str(&out)), 0);
		add_nested(&out, keys[i], JSON_MAX_DEPTH + 1);
		assert_int_equal(read_both(&f, buf_str(&out)), -EBADMSG);
		check_text(str_of(f.error.reason), "JSON nested too deeply");
		add_nested(&out, keys[i], 100000);
		assert_int_equal(read_both(&f, buf_str(&out)), -EBADMSG);
	}
	buf_finish(&out);
	end(&f);
}

static void a_path_gives_items_up_to_its_ceiling(void **state)
{
	(void)state;
	struct str path = STR("a[]");
	for (size_t n = JSON_MAX_ITEMS - 1; n <= JSON_MAX_ITEMS + 1; n++) {
		struct buf out;
		struct fixture f;
		buf_init(&out, 0);
		begin(&f, &path, 1);
		for (size_t i = 0; i < n; i++)
			buf_addf(&out, "%s%zu", i ? "," : "{\"a\":[", i);
		buf_add(&out, STR("]}"));
		struct str record = buf_str(&out);
		assert_int_equal(json_pick(f.paths, record, &f.arena, f.picked, &f.error), 0);
		size_t expected = n < JSON_MAX_ITEMS ? n : JSON_MAX_ITEMS;
		assert_int_equal(f.picked[0].count, expected);
		assert_int_equal(json_pick_yajl(f.paths, record, &f.arena_yajl, f.picked_yajl,
					 &f.error_yajl),
			0);
		check_same(&f, 1, record);
		end(&f);
		buf_finish(&out);
	}
}

static void an_arena_too_small_for_what_was_picked_says_so(void **state)
{
	(void)state;
	struct str path = STR("a"), record = STR("{\"a\":\"0123456789\\n0123456789\"}");
	int last = -EMSGSIZE, last_yajl = -EMSGSIZE;
	for (size_t bytes = 1; bytes < 100; bytes++) {
		struct fixture f;
		begin(&f, &path, 1);
		f.arena.max_bytes = f.arena_yajl.max_bytes = bytes;
		int status = json_pick(f.paths, record, &f.arena, f.picked, &f.error);
		assert_true(status == -EMSGSIZE || status == 0);
		assert_true(bytes >= record.n / 2 || status != 0);
		assert_true(last != 0 || status == 0);
		last = status;
		status = json_pick_yajl(
			f.paths, record, &f.arena_yajl, f.picked_yajl, &f.error_yajl);
		assert_true(status == -EMSGSIZE || status == 0);
		assert_true(last_yajl != 0 || status == 0);
		last_yajl = status;
		end(&f);
	}
	assert_int_equal(last, 0);
	assert_int_equal(last_yajl, 0);
}

static void bad_paths_are_named(void **state)
{
	(void)state;
	static const char *const bad[] = { "", ".", "a.", ".a", "a..b", "[0]", "[]", "a[", "a]",
		"a[x]", "a[-1]", "a[1", "a[]b", "a[65536]", "a[1].", "a.[]" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct str paths[] = { STR("good.path[0][]"), str_of(bad[i]), STR("b") };
		size_t at = 9;
		assert_null(json_paths_create(paths, 3, &at));
		assert_int_equal(at, 1);
	}
	json_paths_destroy(NULL);
}

static void paths_are_taken_up_to_their_ceilings(void **state)
{
	(void)state;
	struct str paths[JSON_MAX_PATHS + 1];
	size_t bad;
	for (size_t i = 0; i <= JSON_MAX_PATHS; i++)
		paths[i] = STR("a.b");
	struct json_paths *made = json_paths_create(paths, JSON_MAX_PATHS, &bad);
	assert_non_null(made);
	json_paths_destroy(made);
	assert_null(json_paths_create(paths, JSON_MAX_PATHS + 1, &bad));
	assert_int_equal(bad, JSON_MAX_PATHS);

	struct buf path;
	buf_init(&path, 0);
	for (size_t i = 0; i < JSON_MAX_DEPTH; i++)
		buf_add(&path, i ? STR(".a") : STR("a"));
	paths[0] = buf_str(&path);
	made = json_paths_create(paths, 1, &bad);
	assert_non_null(made);
	json_paths_destroy(made);
	buf_add(&path, STR(".a"));
	paths[0] = buf_str(&path);
	assert_null(json_paths_create(paths, 1, &bad));
	buf_finish(&path);
}

static void more_keys_than_a_word_has_bits_are_told_apart(void **state)
{
	(void)state;
	enum { KEYS = 100 };
	char text[KEYS][8];
	struct str paths[KEYS];
	struct json_picked picked[KEYS];
	struct json_error error;
	struct buf out;
	struct arena arena;
	size_t bad;
	arena_init(&arena, 0);
	buf_init(&out, 0);
	for (size_t i = 0; i < 2 * KEYS; i++) {
		buf_addf(&out, "%s\"k%zu\":%zu", i ? "," : "{", i % KEYS, i);
		if (i < KEYS) {
			(void)snprintf(text[i], sizeof text[i], "k%zu", i);
			paths[i] = str_of(text[i]);
		}
	}
	buf_add_char(&out, '}');
	struct json_paths *made = json_paths_create(paths, KEYS, &bad);
	assert_int_equal(json_pick(made, buf_str(&out), &arena, picked, &error), 0);
	for (size_t i = 0; i < KEYS; i++) {
		int64_t value;
		assert_int_equal(picked[i].count, 1);
		assert_true(str_to_int64(picked[i].items[0].text, &value));
		assert_int_equal(value, i + KEYS);
	}
	json_paths_destroy(made);
	arena_finish(&arena);
	buf_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_lead_through_objects_and_arrays),
		cmocka_unit_test(of_two_equal_keys_the_last_counts),
		cmocka_unit_test(every_element_and_a_numbered_one_may_both_be_asked_for),
		cmocka_unit_test(
			strings_are_decoded_and_what_is_no_character_becomes_the_replacement),
		cmocka_unit_test(keys_are_compared_as_written),
		cmocka_unit_test(a_string_without_escapes_is_a_view_into_the_record),
		cmocka_unit_test(what_is_not_json_is_refused_with_a_place_and_a_reason),
		cmocka_unit_test(nesting_is_read_up_to_its_ceiling),
		cmocka_unit_test(a_path_gives_items_up_to_its_ceiling),
		cmocka_unit_test(an_arena_too_small_for_what_was_picked_says_so),
		cmocka_unit_test(bad_paths_are_named),
		cmocka_unit_test(paths_are_taken_up_to_their_ceilings),
		cmocka_unit_test(more_keys_than_a_word_has_bits_are_told_apart),
	};
	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
