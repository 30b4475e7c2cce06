#include "tests/check.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"

/* What goes to standard error between begin and end. */
struct capture {
	FILE *file;
	int before;
	char text[64 * 1024];
};

static void capture_begin(struct capture *c)
{
	c->file = tmpfile();
	assert_non_null(c->file);
	c->before = dup(STDERR_FILENO);
	assert_true(c->before >= 0);
	assert_true(dup2(fileno(c->file), STDERR_FILENO) >= 0);
}

static struct str capture_end(struct capture *c)
{
	assert_true(dup2(c->before, STDERR_FILENO) >= 0);
	assert_int_equal(close(c->before), 0);
	rewind(c->file);
	size_t n = fread(c->text, 1, sizeof c->text, c->file);
	assert_int_equal(fclose(c->file), 0);
	return (struct str){ c->text, n };
}

static void messages_below_the_level_are_not_written(void **state)
{
	(void)state;
	static struct capture c;
	static const char *const expected[] = { "vigie: error: e 1\n",
		"vigie: error: e 1\nvigie: warn: w 2\n",
		"vigie: error: e 1\nvigie: warn: w 2\nvigie: info: i 3\n",
		"vigie: error: e 1\nvigie: warn: w 2\nvigie: info: i 3\nvigie: debug: d 4\n" };
	for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
		log_set_level((enum log_level)level);
		capture_begin(&c);
		log_error("e %d", 1);
		log_warn("w %d", 2);
		log_info("i %d", 3);
		log_debug("d %d", 4);
		check_str(capture_end(&c), str_of(expected[level]));
	}
	log_set_level(LOG_LEVEL_INFO);
}

static void a_message_is_one_line_whatever_it_holds(void **state)
{
	(void)state;
	static struct capture c;
	capture_begin(&c);
	log_info("a\nvigie: error: forged \x1b[31m\xff\u202e");
	check_text(
		capture_end(&c), "vigie: info: a\\nvigie: error: forged \\x1b[31m\\xff\\u{202e}\n");
}

static void a_long_message_is_cut_at_a_character_and_says_so(void **state)
{
	(void)state;
	static struct capture c;
	static char text[20000];
	for (size_t i = 0; i + 2 < sizeof text; i += 2)
		memcpy(text + i, "é", 2);
	capture_begin(&c);
	log_info("x%s", text);
	struct str line = capture_end(&c);
	assert_true(str_starts(line, STR("vigie: info: xééé")));
	assert_true(str_ends(line, STR("éé...\n")));
	assert_true(line.n > 4000 && line.n < 4200);
}

static void a_long_message_of_controls_still_ends_in_a_newline(void **state)
{
	(void)state;
	static struct capture c;
	static char text[20000];
	memset(text, 1, sizeof text - 1);
	capture_begin(&c);
	log_error("%s", text);
	struct str line = capture_end(&c);
	assert_true(str_ends(line, STR("\\x01...\n")));
	assert_int_equal(str_find_char(line, '\n'), line.n - 1);
}

static void a_message_of_just_the_longest_length_is_whole(void **state)
{
	(void)state;
	static struct capture c;
	static char text[4096 + 1];
	for (size_t n = 4095; n <= 4097; n++) {
		memset(text, 'x', sizeof text);
		capture_begin(&c);
		log_error("%.*s", (int)n, text);
		struct str line = capture_end(&c);
		assert_int_equal(str_ends(line, STR("...\n")), n > 4096);
		assert_int_equal(line.n, strlen("vigie: error: \n") + (n > 4096 ? 4099 : n));
	}
}

static void levels_have_names(void **state)
{
	(void)state;
	enum log_level level = LOG_LEVEL_INFO;
	assert_true(log_level_of(STR("error"), &level));
	assert_int_equal(level, LOG_LEVEL_ERROR);
	assert_true(log_level_of(STR("warn"), &level));
	assert_int_equal(level, LOG_LEVEL_WARN);
	assert_true(log_level_of(STR("info"), &level));
	assert_int_equal(level, LOG_LEVEL_INFO);
	assert_true(log_level_of(STR("debug"), &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_false(log_level_of(STR("warning"), &level));
	assert_false(log_level_of(STR(""), &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
}

static void errors_have_the_same_text_with_either_sign(void **state)
{
	(void)state;
	assert_string_equal(error_text(ENOENT), "No such file or directory");
	assert_string_equal(error_text(-ENOENT), "No such file or directory");
	assert_string_equal(error_text(99999), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_below_the_level_are_not_written),
		cmocka_unit_test(a_message_is_one_line_whatever_it_holds),
		cmocka_unit_test(a_long_message_is_cut_at_a_character_and_says_so),
		cmocka_unit_test(a_long_message_of_controls_still_ends_in_a_newline),
		cmocka_unit_test(a_message_of_just_the_longest_length_is_whole),
		cmocka_unit_test(levels_have_names),
		cmocka_unit_test(errors_have_the_same_text_with_either_sign),
	};
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
