#include "tests/check.h"

#include "base/diag.h"

static const struct where nowhere = { 0 };

static struct where at(uint32_t line, uint32_t col)
{
	return (struct where){ "t.yaml", line, col };
}

static void check_print(const struct diag *d, const char *expected)
{
	struct buf out;
	buf_init(&out, 0);
	diag_print(d, &out);
	assert_string_equal(buf_str(&out).p, expected);
	buf_finish(&out);
}

static void a_message_shows_its_line_with_a_caret_and_its_hint(void **state)
{
	(void)state;
	struct diag *d = diag_create();
	diag_add_text(d, "t.yaml", STR("rules:\n  severty: critical\n"));
	diag_error(d, at(2, 3), "unknown key: '%s'", "severty");
	diag_hint(d, "did you mean '%s'?", "severity");
	check_print(d,
		"t.yaml:2:3: error: unknown key: 'severty'\n"
		"      severty: critical\n"
		"      ^\n"
		"  hint: did you mean 'severity'?\n");
	diag_destroy(d);
}

static void the_caret_counts_characters_and_not_bytes(void **state)
{
	(void)state;
	struct diag *d = diag_create();
	diag_add_text(d, "t.yaml", STR("été: 日本 x\n"));
	diag_warning(d, at(1, 9), "here");
	check_print(d,
		"t.yaml:1:9: warning: here\n"
		"    été: 日本 x\n"
		"            ^\n");
	diag_destroy(d);
}

static void a_place_at_the_end_of_a_line_or_past_it_is_shown(void **state)
{
	(void)state;
	struct diag *d = diag_create();
	diag_add_text(d, "t.yaml", STR("ab\r\n\ncd"));
	diag_error(d, at(1, 3), "end");
	diag_error(d, at(2, 1), "empty");
	diag_error(d, at(3, 3), "end of file");
	diag_error(d, at(4, 1), "no such line");
	check_print(d,
		"t.yaml:1:3: error: end\n    ab\n      ^\n"
		"t.yaml:2:1: error: empty\n    \n    ^\n"
		"t.yaml:3:3: error: end of file\n    cd\n      ^\n"
		"t.yaml:4:1: error: no such line\n");
	diag_destroy(d);
}

static void controls_and_what_moves_text_are_shown_as_spaces(void **state)
{
	(void)state;
	struct diag *d = diag_create();
	diag_add_text(d, "t.yaml", STR("a\tb\x1b[31m\xff\u202e\xc2\x9bz\n"));
	diag_error(d, at(1, 12), "a\n\x1b[31mb");
	check_print(d,
		"t.yaml:1:12: error: a\\n\\x1b[31mb\n"
		"    a b [31m   z\n"
		"               ^\n");
	diag_destroy(d);
}

static void the_name_of_a_file_is_escaped(void **state)
{
	(void)state;
	struct diag *d = diag_create();
	diag_error(d, (struct where){ "a\x1b[31m", 1, 1 }, "x");
	check_print(d, "a\\x1b[31m:1:1: error: x\n");
	diag_destroy(d);
}

static void a_long_line_is_shown_around_the_place(void **state)
{
	(void)state;
	struct buf text, out;
	struct diag *d = diag_create();
	buf_init(&text, 0);
	buf_init(&out, 0);
	for (int i = 0; i < 1000; i++)
		buf_add(&text, i == 499 ? STR("X") : STR("é"));
	diag_add_text(d, "t.yaml", buf_str(&text));
	diag_error(d, at(1, 500), "here");
	diag_print(d, &out);
	struct str rest = buf_str(&out), message, line, caret;
	assert_true(str_next(&rest, '\n', &message));
	assert_true(str_next(&rest, '\n', &line));
	assert_true(str_next(&rest, '\n', &caret));
	assert_int_equal(line.n, 4 + 119 * 2 + 1);
	size_t spaces = str_find_char(caret, '^');
	/* Each é before the X has a byte more than the caret's spaces. */
	assert_int_equal(str_find_char(line, 'X') - 4, 2 * (spaces - 4));
	diag_destroy(d);
	buf_finish(&text);
	buf_finish(&out);
}

static void a_column_far_past_the_line_costs_nothing(void **state)
{
	(void)state;
	struct buf out;
	struct diag *d = diag_create();
	buf_init(&out, 0);
	diag_add_text(d, "t.yaml", STR("abc"));
	diag_error(d, at(1, UINT32_MAX), "x");
	diag_error(d, at(UINT32_MAX, 1), "y");
	diag_error(d, at(1, 0), "z");
	diag_print(d, &out);
	assert_true(out.n < 400);
	diag_destroy(d);
	buf_finish(&out);
}

static void messages_come_by_file_and_place(void **state)
{
	(void)state;
	struct diag *d = diag_create();
	diag_error(d, (struct where){ "b", 9, 1 }, "b9");
	diag_error(d, (struct where){ "a", 1, 1 }, "a1");
	diag_note(d, (struct where){ "b", 2, 5 }, "b2 5");
	diag_error(d, (struct where){ "b", 2, 1 }, "b2 1 first");
	diag_warning(d, (struct where){ "b", 2, 1 }, "b2 1 second");
	diag_error(d, (struct where){ "b", 0, 0 }, "b as a whole");
	diag_error(d, nowhere, "no file");
	check_print(d,
		"error: no file\n"
		"b: error: b as a whole\n"
		"b:2:1: error: b2 1 first\n"
		"b:2:1: warning: b2 1 second\n"
		"b:2:5: note: b2 5\n"
		"b:9:1: error: b9\n"
		"a:1:1: error: a1\n");
	diag_destroy(d);
}

static void errors_fail_and_warnings_do_not(void **state)
{
	(void)state;
	struct diag *d = diag_create();
	diag_warning(d, nowhere, "w");
	diag_note(d, nowhere, "n");
	assert_false(diag_failed(d));
	diag_error(d, nowhere, "e");
	assert_true(diag_failed(d));
	assert_int_equal(diag_count(d, DIAG_ERROR), 1);
	assert_int_equal(diag_count(d, DIAG_WARNING), 1);
	assert_int_equal(diag_count(d, DIAG_NOTE), 1);
	diag_destroy(d);
	diag_destroy(NULL);
}

static void messages_past_the_ceiling_are_counted_and_their_hints_dropped(void **state)
{
	(void)state;
	struct diag *d = diag_create();
	struct buf out;
	buf_init(&out, 0);
	for (unsigned i = 1; i <= DIAG_MAX_MESSAGES; i++)
		diag_error(d, at(i, 1), "m%u", i);
	diag_hint(d, "of the last one");
	diag_print(d, &out);
	assert_true(str_ends(buf_str(&out), STR("m1000\n  hint: of the last one\n")));
	diag_error(d, at(5000, 1), "too many");
	diag_hint(d, "of the one too many");
	diag_warning(d, at(5001, 1), "two too many");
	buf_clear(&out);
	diag_print(d, &out);
	assert_true(str_ends(
		buf_str(&out), STR("m1000\n  hint: of the last one\n(2 more messages)\n")));
	assert_int_equal(diag_count(d, DIAG_ERROR), DIAG_MAX_MESSAGES + 1);
	diag_destroy(d);
	buf_finish(&out);
}

static void a_hint_without_a_message_is_nothing(void **state)
{
	(void)state;
	struct diag *d = diag_create();
	diag_hint(d, "x");
	check_print(d, "");
	diag_destroy(d);
}

static void nothing_that_was_given_needs_to_live_on(void **state)
{
	(void)state;
	struct diag *d = diag_create();
	char file[] = "file", text[] = "line", word[] = "word";
	diag_add_text(d, file, str_of(text));
	diag_error(d, (struct where){ file, 1, 1 }, "%s", word);
	diag_hint(d, "%s", word);
	memset(file, 'x', 4);
	memset(text, 'x', 4);
	memset(word, 'x', 4);
	check_print(d, "file:1:1: error: word\n    line\n    ^\n  hint: word\n");
	diag_destroy(d);
}

static void a_hidden_place_is_never_shown_again(void **state)
{
	(void)state;
	struct diag *d = diag_create();
	diag_add_text(d, "t.yaml", STR("é: secret, b: c\nx\n"));
	diag_hide(d, at(1, 4));
	diag_hide(d, at(9, 1));
	diag_hide(d, (struct where){ "unknown", 1, 1 });
	diag_hide(d, nowhere);
	diag_error(d, at(1, 4), "a");
	diag_error(d, at(1, 1), "b");
	diag_error(d, at(2, 1), "c");
	check_print(d,
		"t.yaml:1:1: error: b\n    é: ***\n    ^\n"
		"t.yaml:1:4: error: a\n    é: ***\n       ^\n"
		"t.yaml:2:1: error: c\n    x\n    ^\n");
	diag_destroy(d);
}

static void many_messages_in_a_long_file_are_shown_in_one_pass(void **state)
{
	(void)state;
	enum { LINES = 2000000 };
	struct buf text, out;
	struct diag *d = diag_create();
	buf_init(&text, 0);
	buf_init(&out, 0);
	for (unsigned i = 0; i < LINES; i++)
		buf_add(&text, STR("ab\n"));
	diag_add_text(d, "t.yaml", buf_str(&text));
	for (unsigned i = 0; i < DIAG_MAX_MESSAGES; i++)
		diag_error(d, at(LINES - i / 2, 1), "m");
	diag_print(d, &out); /* seconds, if each message looks for its line from the start */
	struct str rest = buf_str(&out), line;
	size_t shown = 0;
	while (str_next(&rest, '\n', &line))
		shown += str_eq(line, STR("    ab"));
	assert_int_equal(shown, DIAG_MAX_MESSAGES);
	diag_destroy(d);
	buf_finish(&text);
	buf_finish(&out);
}

static void the_same_as_json_is_escaped(void **state)
{
	(void)state;
	struct diag *d = diag_create();
	struct buf out;
	buf_init(&out, 0);
	diag_json(d, &out);
	check_text(buf_str(&out), "[]");
	buf_clear(&out);
	diag_error(d, at(2, 3), "bad: '%s'", "\"<\n");
	diag_hint(d, "better");
	diag_note(d, nowhere, "n");
	diag_json(d, &out);
	check_text(buf_str(&out),
		"[{\"level\":\"note\",\"file\":null,\"line\":0,\"column\":0,\"message\":\"n\","
		"\"hint\":null},"
		"{\"level\":\"error\",\"file\":\"t.yaml\",\"line\":2,\"column\":3,"
		"\"message\":\"bad: '\\\"\\u003c\\n'\",\"hint\":\"better\"}]");
	diag_destroy(d);
	buf_finish(&out);
}

static void the_nearest_name_is_a_typing_error_away(void **state)
{
	(void)state;
	const struct str known[] = { STR("severity"), STR("notify"), STR("cooldown"), STR("any"),
		STR("all"), STR("none") };
	static const struct {
		const char *name, *nearest;
	} cases[] = {
		{ "severty", "severity" },
		{ "seevrity", "severity" },
		{ "SEVERITY", NULL },
		{ "notfy", "notify" },
		{ "ontify", "notify" },
		{ "cool-down", "cooldown" },
		{ "ay", "any" },
		{ "al", "all" },
		{ "nome", "none" },
		{ "zzz", NULL },
		{ "anything", NULL },
		{ "ant", "any" },
		{ "nix", NULL }, /* of three letters one may be wrong */
		{ "nots", NULL },
		{ "notification", NULL },
		{ "severity", "severity" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_str(diag_nearest(str_of(cases[i].name), known, 6), str_of(cases[i].nearest));
	check_str(diag_nearest(STR("x"), NULL, 0), STR_NONE);
}

static void names_up_to_64_bytes_are_compared(void **state)
{
	(void)state;
	char text[65];
	memset(text, 'a', sizeof text);
	const struct str known[] = { { text, 65 }, { text, 64 } };
	check_str(diag_nearest((struct str){ text, 64 }, known, 2), known[1]);
	check_str(diag_nearest((struct str){ text, 65 }, known, 2), STR_NONE);
	check_str(diag_nearest((struct str){ text, 64 }, known, 1), STR_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_shows_its_line_with_a_caret_and_its_hint),
		cmocka_unit_test(the_caret_counts_characters_and_not_bytes),
		cmocka_unit_test(a_place_at_the_end_of_a_line_or_past_it_is_shown),
		cmocka_unit_test(controls_and_what_moves_text_are_shown_as_spaces),
		cmocka_unit_test(the_name_of_a_file_is_escaped),
		cmocka_unit_test(a_long_line_is_shown_around_the_place),
		cmocka_unit_test(a_column_far_past_the_line_costs_nothing),
		cmocka_unit_test(messages_come_by_file_and_place),
		cmocka_unit_test(errors_fail_and_warnings_do_not),
		cmocka_unit_test(messages_past_the_ceiling_are_counted_and_their_hints_dropped),
		cmocka_unit_test(a_hint_without_a_message_is_nothing),
		cmocka_unit_test(nothing_that_was_given_needs_to_live_on),
		cmocka_unit_test(a_hidden_place_is_never_shown_again),
		cmocka_unit_test(many_messages_in_a_long_file_are_shown_in_one_pass),
		cmocka_unit_test(the_same_as_json_is_escaped),
		cmocka_unit_test(the_nearest_name_is_a_typing_error_away),
		cmocka_unit_test(names_up_to_64_bytes_are_compared),
	};
	return cmocka_run_group_tests_name("diag", tests, NULL, NULL);
}
