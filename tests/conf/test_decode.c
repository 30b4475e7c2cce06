#include <stdlib.h>

#include "base/clock.h"
#include "conf/decode.h"
#include "conf/values.h"
#include "tests/conf/messages.h"

enum mode { MODE_NEVER, MODE_ALWAYS, MODE_STARTTLS };

static const char *const modes[] = { "never", "always", "starttls", NULL };

struct settings {
	struct str name, file;
	bool on;
	int64_t count, wait_us, bytes;
	int mode;
	struct str_list words;
	const struct conf_node *tree;
	struct str common;
};

static const struct conf_field fields[] = {
	{ .key = "name", .type = CONF_TEXT, .offset = offsetof(struct settings, name) },
	{ .key = "file", .type = CONF_PATH, .offset = offsetof(struct settings, file) },
	{ .key = "on", .type = CONF_BOOL, .offset = offsetof(struct settings, on) },
	{ .key = "count",
		.type = CONF_INT,
		.offset = offsetof(struct settings, count),
		.min = -5,
		.max = 100 },
	{ .key = "wait",
		.type = CONF_DURATION,
		.offset = offsetof(struct settings, wait_us),
		.min = US_PER_S,
		.max = US_PER_DAY },
	{ .key = "bytes",
		.type = CONF_SIZE,
		.offset = offsetof(struct settings, bytes),
		.min = 1024,
		.max = INT64_MAX },
	{ .key = "mode",
		.type = CONF_CHOICE,
		.offset = offsetof(struct settings, mode),
		.choices = modes },
	{ .key = "words", .type = CONF_TEXTS, .offset = offsetof(struct settings, words) },
	{ .key = "tree", .type = CONF_TREE, .offset = offsetof(struct settings, tree) },
	{ 0 },
};

static const struct conf_field common[] = {
	{ .key = "type", .type = CONF_TEXT, .offset = offsetof(struct settings, common) },
	{ 0 },
};

struct result {
	struct reading r;
	struct settings s;
	bool ok;
};

static void decode(struct result *x, const char *yaml)
{
	reading_init(&x->r, str_of(yaml));
	memset(&x->s, 0xAA, sizeof x->s); /* decoding owes nothing to what was there */
	x->ok = conf_decode(fields, common, x->r.root, &x->s, &x->r.arena, x->r.diag);
}

static void every_type_is_read_into_its_member(void **state)
{
	(void)state;
	struct result x;
	decode(&x,
		"name: no\nfile: /x/y\non: true\ncount: -5\nwait: 90s\nbytes: 64KB\n"
		"mode: starttls\nwords: [a, 'b c', 010]\ntree: {k: v}\ntype: t\n");
	assert_string_equal(messages_of(&x.r), "");
	assert_true(x.ok);
	check_text(x.s.name, "no");
	check_text(x.s.file, "/x/y");
	assert_true(x.s.on);
	assert_int_equal(x.s.count, -5);
	assert_int_equal(x.s.wait_us, 90 * US_PER_S);
	assert_int_equal(x.s.bytes, 65536);
	assert_int_equal(x.s.mode, MODE_STARTTLS);
	assert_int_equal(x.s.words.count, 3);
	check_text(x.s.words.items[1], "b c");
	check_text(x.s.words.items[2], "010");
	check_text(conf_get(x.s.tree, "k")->text, "v");
	check_text(x.s.common, "t");
	reading_finish(&x.r);
}

static void what_is_not_written_is_zero(void **state)
{
	(void)state;
	static const char *const empty[] = { "", "name: ~\ncount: null\n", "words:\ntree:\n" };
	for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
		struct result x;
		decode(&x, empty[i]);
		assert_string_equal(messages_of(&x.r), "");
		assert_true(x.ok);
		check_str(x.s.name, STR_NONE);
		assert_false(x.s.on);
		assert_int_equal(x.s.count, 0);
		assert_int_equal(x.s.words.count, 0);
		assert_null(x.s.tree);
		reading_finish(&x.r);
	}
}

static void texts_end_in_a_nul_that_is_not_counted(void **state)
{
	(void)state;
	struct result x;
	decode(&x, "{name: abc, words: [x, y]}");
	assert_int_equal(x.s.name.p[3], '\0');
	assert_int_equal(x.s.words.items[0].p[1], '\0');
	reading_finish(&x.r);
}

static void one_text_is_a_list_of_one(void **state)
{
	(void)state;
	struct result x;
	decode(&x, "words: only");
	assert_true(x.ok);
	assert_int_equal(x.s.words.count, 1);
	check_text(x.s.words.items[0], "only");
	reading_finish(&x.r);
	decode(&x, "words: []");
	assert_true(x.ok);
	assert_int_equal(x.s.words.count, 0);
	reading_finish(&x.r);
}

struct bad {
	const char *yaml, *said;
};

static void check_bad(const struct bad *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct result x;
		decode(&x, table[i].yaml);
		assert_string_equal(messages_of(&x.r), table[i].said);
		assert_false(x.ok);
		reading_finish(&x.r);
	}
}

#define CHECK_BAD(table) check_bad((table), sizeof(table) / sizeof *(table))

#define NOT_BOOL(text) "1:5: error: expected true or false, not '" text "'"
#define HINT_TRUE "\n  hint: write true, without quotes"
#define HINT_FALSE "\n  hint: write false, without quotes"

static void only_true_and_false_without_quotes_are_booleans(void **state)
{
	(void)state;
	static const struct bad table[] = {
		{ "on: yes", NOT_BOOL("yes") HINT_TRUE },
		{ "on: On", NOT_BOOL("On") HINT_TRUE },
		{ "on: True", NOT_BOOL("True") HINT_TRUE },
		{ "on: 'true'", NOT_BOOL("true") HINT_TRUE },
		{ "on: no", NOT_BOOL("no") HINT_FALSE },
		{ "on: 0", NOT_BOOL("0") HINT_FALSE },
		{ "on: maybe", NOT_BOOL("maybe") },
		{ "on: [true]", "1:5: error: expected true or false, not a list" },
	};
	CHECK_BAD(table);
}

#define NOT_INT(text) "1:8: error: expected a whole number, not '" text "'"

static void only_plain_decimal_numbers_are_numbers(void **state)
{
	(void)state;
	static const struct bad table[] = {
		{ "count: 010",
			"1:8: error: a number that starts with 0: '010'\n"
			"  hint: numbers are decimal: leave the 0 out" },
		{ "count: -01",
			"1:8: error: a number that starts with 0: '-01'\n"
			"  hint: numbers are decimal: leave the 0 out" },
		{ "count: 0x10", NOT_INT("0x10") },
		{ "count: 1_000", NOT_INT("1_000") },
		{ "count: 1.5", NOT_INT("1.5") },
		{ "count: 1e3", NOT_INT("1e3") },
		{ "count: +1", NOT_INT("+1") },
		{ "count: '-'",
			NOT_INT("-") "\n  hint: leave out the quotes: what is in quotes "
				     "is text" },
		{ "count: '1'",
			NOT_INT("1") "\n  hint: leave out the quotes: what is in quotes "
				     "is text" },
		{ "count: --1", NOT_INT("--1") },
		{ "count: 99999999999999999999",
			"1:8: error: number too large: '99999999999999999999'" },
		{ "count: {}", "1:8: error: expected a whole number, not a map" },
	};
	CHECK_BAD(table);
}

#define RANGE(col, text, hint) "1:" col ": error: out of range: '" text "'\n  hint: " hint

static void numbers_are_taken_up_to_the_edges_of_their_range(void **state)
{
	(void)state;
	static const char *const good[] = { "count: -5", "count: 100", "count: 0", "wait: 1s",
		"wait: 1000ms", "wait: 24h", "wait: 1d", "bytes: 1024B", "bytes: 1KB",
		"bytes: 8589934591GB" };
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct result x;
		decode(&x, good[i]);
		assert_string_equal(messages_of(&x.r), "");
		reading_finish(&x.r);
	}
	static const struct bad table[] = {
		{ "count: -6", RANGE("8", "-6", "from -5 to 100") },
		{ "count: 101", RANGE("8", "101", "from -5 to 100") },
		{ "wait: 999ms", RANGE("7", "999ms", "from 1s to 1d") },
		{ "wait: 1441m", RANGE("7", "1441m", "from 1s to 1d") },
		{ "wait: 0s", RANGE("7", "0s", "from 1s to 1d") },
		{ "bytes: 1023B", RANGE("8", "1023B", "at least 1KB") },
		{ "bytes: 8589934592GB", "1:8: error: number too large: '8589934592GB'" },
	};
	CHECK_BAD(table);
}

#define NOT_WAIT(text) "1:7: error: expected a duration such as 30s, 10m or 2h, not '" text "'"
#define HINT_WAIT "\n  hint: add a unit: ms, s, m, h or d"
#define NOT_SIZE(text) "1:8: error: expected a size such as 512B, 64KB or 16MB, not '" text "'"
#define HINT_SIZE "\n  hint: add a unit: B, KB, MB or GB"

static void durations_and_sizes_need_a_unit(void **state)
{
	(void)state;
	static const struct bad table[] = {
		{ "wait: 10", NOT_WAIT("10") HINT_WAIT },
		{ "wait: 0", NOT_WAIT("0") HINT_WAIT },
		{ "wait: 10 m", NOT_WAIT("10 m") HINT_WAIT },
		{ "wait: 10min", NOT_WAIT("10min") HINT_WAIT },
		{ "wait: 1h30m", NOT_WAIT("1h30m") HINT_WAIT },
		{ "wait: 1.5h", NOT_WAIT("1.5h") HINT_WAIT },
		{ "wait: 10S", NOT_WAIT("10S") HINT_WAIT },
		{ "wait: -5s", NOT_WAIT("-5s") },
		{ "wait: soon", NOT_WAIT("soon") },
		{ "wait: m", NOT_WAIT("m") },
		{ "wait: 05s",
			"1:7: error: a number that starts with 0: '05s'\n"
			"  hint: numbers are decimal: leave the 0 out" },
		{ "bytes: 10", NOT_SIZE("10") HINT_SIZE },
		{ "bytes: 10k", NOT_SIZE("10k") HINT_SIZE },
		{ "bytes: 10kb", NOT_SIZE("10kb") HINT_SIZE },
		{ "bytes: 10MiB", NOT_SIZE("10MiB") HINT_SIZE },
	};
	CHECK_BAD(table);
}

static void a_wrong_choice_is_answered_with_the_right_ones(void **state)
{
	(void)state;
	static const struct bad table[] = {
		{ "mode: startls",
			"1:7: error: expected one of never, always, starttls, not 'startls'\n"
			"  hint: did you mean 'starttls'?" },
		{ "mode: Never",
			"1:7: error: expected one of never, always, starttls, not 'Never'\n"
			"  hint: did you mean 'never'?" },
		{ "mode: zzz", "1:7: error: expected one of never, always, starttls, not 'zzz'" },
		{ "mode: [never]", "1:7: error: expected one word, not a list" },
	};
	CHECK_BAD(table);
}

static void text_is_no_list_and_a_key_needs_a_value(void **state)
{
	(void)state;
	static const struct bad table[] = {
		{ "name: [a]", "1:7: error: expected text, not a list" },
		{ "name:", "1:6: error: no value: 'name'\n  hint: give it one or remove the key" },
		{ "words: [a, [b]]", "1:12: error: expected text, not a list" },
		{ "words:\n  - #solar\n  - b",
			"2:4: warning: text that starts with '#' must be in quotes: this is a "
			"comment\n"
			"  hint: write it as \"#word\"\n"
			"2:4: error: expected text, not nothing" },
		{ "words:\n  -\n  - b", "2:4: error: expected text, not nothing" },
		{ "words: [null]",
			"1:9: error: expected text, not nothing\n"
			"  hint: the word null alone means nothing: put it in quotes" },
		{ "file: ''", "1:7: error: expected a path, not nothing" },
		{ "file: [a]", "1:7: error: expected a path, not a list" },
		{ "[a]", "1:1: error: expected a map of keys and values, not a list" },
		{ "just text", "1:1: error: expected a map of keys and values, not text" },
	};
	CHECK_BAD(table);
}

static void an_unknown_key_is_answered_with_the_nearest(void **state)
{
	(void)state;
	static const struct bad table[] = {
		{ "nmae: x", "1:1: error: unknown key: 'nmae'\n  hint: did you mean 'name'?" },
		{ "typ: x", "1:1: error: unknown key: 'typ'\n  hint: did you mean 'type'?" },
		{ "blanket: x",
			"1:1: error: unknown key: 'blanket'\n"
			"  hint: known here: name, file, on, count, wait, bytes, mode, words, "
			"tree, type" },
	};
	CHECK_BAD(table);
}

static void all_errors_of_a_map_are_found_in_one_run(void **state)
{
	(void)state;
	struct result x;
	decode(&x, "nmae: x\non: yes\ncount: ten\nname: ok\nwait: 5\nwait: 6\nmode: x\n");
	assert_false(x.ok);
	assert_int_equal(diag_count(x.r.diag, DIAG_ERROR), 6);
	check_text(x.s.name, "ok");
	assert_int_equal(x.s.count, 0);
	reading_finish(&x.r);
}

static void errors_from_before_do_not_make_a_good_map_bad(void **state)
{
	(void)state;
	struct result x;
	reading_init(&x.r, STR("name: x"));
	diag_error(x.r.diag, (struct where){ 0 }, "something else");
	assert_true(conf_decode(fields, common, x.r.root, &x.s, &x.r.arena, x.r.diag));
	reading_finish(&x.r);
}

static void a_missing_required_key_is_named_with_its_help(void **state)
{
	(void)state;
	static const struct conf_field required[] = {
		{ .key = "name",
			.type = CONF_TEXT,
			.offset = offsetof(struct settings, name),
			.required = true,
			.help = "what people call it" },
		{ 0 },
	};
	static const struct bad table[] = {
		{ "a: {}", "1:4: error: missing key: 'name'\n  hint: name: what people call it" },
		{ "a: {name: ~}",
			"1:4: error: missing key: 'name'\n  hint: name: what people call it" },
		{ "a:", "1:3: error: missing key: 'name'\n  hint: name: what people call it" },
		{ "a: []", "1:4: error: expected a map of keys and values, not a list" },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct reading r;
		struct settings s;
		reading_init(&r, str_of(table[i].yaml));
		assert_false(
			conf_decode(required, NULL, conf_get(r.root, "a"), &s, &r.arena, r.diag));
		assert_string_equal(messages_of(&r), table[i].said);
		check_str(s.name, STR_NONE);
		reading_finish(&r);
	}
}

static const struct conf_field fallbacks[] = {
	{ .key = "name",
		.type = CONF_TEXT,
		.offset = offsetof(struct settings, name),
		.fallback = "no" },
	{ .key = "file",
		.type = CONF_PATH,
		.offset = offsetof(struct settings, file),
		.fallback = "~/x" },
	{ .key = "on",
		.type = CONF_BOOL,
		.offset = offsetof(struct settings, on),
		.fallback = "true" },
	{ .key = "count",
		.type = CONF_INT,
		.offset = offsetof(struct settings, count),
		.fallback = "-7" },
	{ .key = "wait",
		.type = CONF_DURATION,
		.offset = offsetof(struct settings, wait_us),
		.fallback = "250ms" },
	{ .key = "bytes",
		.type = CONF_SIZE,
		.offset = offsetof(struct settings, bytes),
		.fallback = "16MB" },
	{ .key = "mode",
		.type = CONF_CHOICE,
		.offset = offsetof(struct settings, mode),
		.choices = modes,
		.fallback = "always" },
	{ .key = "words",
		.type = CONF_TEXTS,
		.offset = offsetof(struct settings, words),
		.fallback = "[a, 'b c']" },
	{ .key = "tree",
		.type = CONF_TREE,
		.offset = offsetof(struct settings, tree),
		.fallback = "{k: v}" },
	{ .key = "common",
		.type = CONF_TEXT,
		.offset = offsetof(struct settings, common),
		.fallback = "" },
	{ 0 },
};

static void fallbacks_are_read_as_if_they_were_written(void **state)
{
	(void)state;
	struct arena arena;
	struct settings s;
	struct diag *diag = diag_create();
	arena_init(&arena, 0);
	assert_int_equal(setenv("HOME", "/h/me", 1), 0);
	assert_true(conf_decode(NULL, fallbacks, NULL, &s, &arena, diag));
	check_text(s.name, "no");
	check_text(s.file, "/h/me/x");
	assert_true(s.on);
	assert_int_equal(s.count, -7);
	assert_int_equal(s.wait_us, 250000);
	assert_int_equal(s.bytes, 16 << 20);
	assert_int_equal(s.mode, MODE_ALWAYS);
	assert_int_equal(s.words.count, 2);
	check_text(s.words.items[1], "b c");
	check_text(conf_get(s.tree, "k")->text, "v");
	check_text(s.common, "");
	arena_finish(&arena);
	diag_destroy(diag);
}

static void an_arena_without_room_is_an_error_whatever_its_size(void **state)
{
	(void)state;
	bool fitted = false;
	struct reading r;
	reading_init(&r, STR("{words: [a, b, c], name: {env: HOME}}"));
	for (size_t max = 1; max < 4096 && !fitted; max++) {
		struct arena arena;
		struct settings s;
		struct diag *diag = diag_create();
		arena_init(&arena, max);
		fitted = conf_decode(fallbacks, NULL, r.root, &s, &arena, diag);
		assert_int_equal(fitted, !diag_failed(diag));
		diag_destroy(diag);
		arena_finish(&arena);
	}
	assert_true(fitted);
	reading_finish(&r);
}

static void single_scalars_are_read_by_the_same_rules(void **state)
{
	(void)state;
	struct reading r;
	int64_t us = 7;
	bool on = false;
	reading_init(&r, STR("[0s, 7d, true, x, null, 106751991167d, 106751992d]"));
	assert_true(conf_duration(&r.root->items[0], &us, r.diag));
	assert_int_equal(us, 0);
	assert_true(conf_duration(&r.root->items[1], &us, r.diag));
	assert_int_equal(us, 7 * US_PER_DAY);
	assert_true(conf_bool(&r.root->items[2], &on, r.diag));
	assert_true(on);
	assert_false(conf_duration(&r.root->items[3], &us, r.diag));
	assert_false(conf_bool(&r.root->items[4], &on, r.diag));
	assert_false(conf_duration(&r.root->items[5], &us, r.diag));
	assert_false(conf_duration(&r.root->items[6], &us, r.diag));
	assert_int_equal(us, 7 * US_PER_DAY);
	assert_int_equal(diag_count(r.diag, DIAG_ERROR), 4);
	reading_finish(&r);
}

static void long_texts_are_quoted_short_and_whole_characters(void **state)
{
	(void)state;
	struct result x;
	decode(&x,
		"count: "
		"aéééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé");
	assert_string_equal(messages_of(&x.r),
		"1:8: error: expected a whole number, not 'aééééééééééééééééééééééééééééé'");
	reading_finish(&x.r);
}

static void names_are_short_and_plain(void **state)
{
	(void)state;
	static const char name64[] =
		"abcdefghijklmnopqrstuvwxyz0123456789_-abcdefghijklmnopqrstuvwxyz";
	assert_int_equal(sizeof name64 - 1, 64);
	assert_true(conf_name_ok(str_of(name64)));
	assert_true(conf_name_ok(STR("a")));
	assert_true(conf_name_ok(STR("0-_")));
	assert_false(conf_name_ok(STR("")));
	assert_false(conf_name_ok(STR_NONE));
	assert_false(conf_name_ok(STR("abcdefghijklmnopqrstuvwxyz0123456789_-"
				      "abcdefghijklmnopqrstuvwxyz0")));
	assert_false(conf_name_ok(STR("A")));
	assert_false(conf_name_ok(STR("a.b")));
	assert_false(conf_name_ok(STR("a b")));
	assert_false(conf_name_ok(STR("é")));
	assert_false(conf_name_ok(STR("a\0b")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_is_read_into_its_member),
		cmocka_unit_test(what_is_not_written_is_zero),
		cmocka_unit_test(texts_end_in_a_nul_that_is_not_counted),
		cmocka_unit_test(one_text_is_a_list_of_one),
		cmocka_unit_test(only_true_and_false_without_quotes_are_booleans),
		cmocka_unit_test(only_plain_decimal_numbers_are_numbers),
		cmocka_unit_test(numbers_are_taken_up_to_the_edges_of_their_range),
		cmocka_unit_test(durations_and_sizes_need_a_unit),
		cmocka_unit_test(a_wrong_choice_is_answered_with_the_right_ones),
		cmocka_unit_test(text_is_no_list_and_a_key_needs_a_value),
		cmocka_unit_test(an_unknown_key_is_answered_with_the_nearest),
		cmocka_unit_test(all_errors_of_a_map_are_found_in_one_run),
		cmocka_unit_test(errors_from_before_do_not_make_a_good_map_bad),
		cmocka_unit_test(a_missing_required_key_is_named_with_its_help),
		cmocka_unit_test(fallbacks_are_read_as_if_they_were_written),
		cmocka_unit_test(an_arena_without_room_is_an_error_whatever_its_size),
		cmocka_unit_test(single_scalars_are_read_by_the_same_rules),
		cmocka_unit_test(long_texts_are_quoted_short_and_whole_characters),
		cmocka_unit_test(names_are_short_and_plain),
	};
	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
