#include "tests/check.h"

#include "base/clock.h"
#include "conf/help.h"

static const char *const modes[] = { "open", "ack", "mute", NULL };

static const struct conf_field fields[] = {
	{ .key = "url", .type = CONF_TEXT, .required = true, .help = "Where to send." },
	{ .key = "every",
		.type = CONF_DURATION,
		.min = US_PER_S,
		.max = US_PER_HOUR,
		.fallback = "15m",
		.help = "How long to wait." },
	{ .key = "size",
		.type = CONF_SIZE,
		.min = 1,
		.max = INT64_MAX,
		.fallback = "1MB",
		.help = "One sentence that is a good deal longer than what fits on the one line "
			"that it has." },
	{ .key = "retries", .type = CONF_INT, .min = 0, .max = 10, .help = "How often." },
	{ .key = "mode", .type = CONF_CHOICE, .choices = modes, .help = "What it does." },
	{ .key = "map", .type = CONF_TREE, .help = "The map." },
	{ 0 },
};

static void a_table_is_shown_in_columns_with_the_help_wrapped(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	conf_help(fields, &out);
	assert_string_equal(out.p,
		"url      text                required  Where to send.\n"
		"every    duration, 1s to 1h  15m       How long to wait.\n"
		"size     size, at least 1B   1MB       One sentence that is a good deal longer "
		"than what fits on the\n"
		"                                       one line that it has.\n"
		"retries  number, 0 to 10     -         How often.\n"
		"mode     open | ack | mute   -         What it does.\n"
		"map      see manual          -         The map.\n");
	buf_finish(&out);
}

static void an_empty_table_has_no_help(void **state)
{
	(void)state;
	static const struct conf_field none[] = { { 0 } };
	struct buf out;
	buf_init(&out, 0);
	conf_help(none, &out);
	conf_help(NULL, &out);
	assert_int_equal(out.n, 0);
	buf_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_shown_in_columns_with_the_help_wrapped),
		cmocka_unit_test(an_empty_table_has_no_help),
	};
	return cmocka_run_group_tests_name("help", tests, NULL, NULL);
}
