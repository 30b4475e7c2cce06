#include <string.h>

#include "daemon/arguments.h"
#include "daemon/command.h"
#include "tests/check.h"

struct options {
	const char *config, *color;
	bool json, colored;
	char first; /* of --letter */
};

static bool take_letter(const struct command *c, const char *value, void *where)
{
	(void)c;
	*(char *)where = value[0];
	return true;
}

static bool take_color(const struct command *c, const char *value, void *options)
{
	struct options *o = options;
	(void)c;
	o->colored = true;
	o->color = value;
	return !value || strcmp(value, "bad") != 0;
}

static const struct argument table[] = {
	{ "config", 'c', "FILE", "which", offsetof(struct options, config), NULL },
	{ "json", 'j', NULL, "so", offsetof(struct options, json), NULL },
	{ "color", 0, "[=WHEN]", "when\nand how", 0, take_color },
	{ "letter", 'l', "WORD", "its first", offsetof(struct options, first), take_letter },
	{ "a-very-long-name", 0, "VALUE", "below it", offsetof(struct options, config), NULL },
	{ 0 },
};
static const struct command command = { .name = "try", .arguments = "", .options = table };

enum { MAX_WORDS = 16 };

/* The words stand between spaces. */
struct line {
	char text[200];
	char *argv[MAX_WORDS + 2];
	struct options options;
	struct operands operands;
	int code;
};

static void parse(struct line *l, const char *words)
{
	int argc = 1;
	*l = (struct line){ .argv = { (char *)"try" } };
	assert_true(strlen(words) < sizeof l->text);
	memcpy(l->text, words, strlen(words) + 1);
	for (char *p = l->text; *p && argc <= MAX_WORDS;) {
		l->argv[argc++] = p;
		p += strcspn(p, " ");
		if (*p)
			*p++ = 0;
	}
	l->code = arguments_parse(&command, argc, l->argv, &l->options, &l->operands);
}

static void a_value_stands_behind_or_within_its_option(void **state)
{
	(void)state;
	static const char *const forms[] = { "-c x", "-cx", "--config x", "--config=x", "-jc x",
		"-jcx", "-c y --config=x" };
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct line l;
		parse(&l, forms[i]);
		assert_int_equal(l.code, -1);
		assert_string_equal(l.options.config, "x");
		assert_int_equal(l.operands.count, 0);
	}
}

static void files_may_stand_between_options_and_keep_their_order(void **state)
{
	(void)state;
	struct line l;
	parse(&l, "a -c x - --json b -- -j --");
	assert_int_equal(l.code, -1);
	assert_true(l.options.json);
	static const char *const wanted[] = { "a", "-", "b", "-j", "--" };
	assert_int_equal(l.operands.count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(l.operands.items[i], wanted[i]);
	assert_null(l.operands.items[5]);
}

static void a_value_may_look_like_an_option(void **state)
{
	(void)state;
	struct line l;
	parse(&l, "-c --json a");
	assert_string_equal(l.options.config, "--json");
	assert_false(l.options.json);
	assert_int_equal(l.operands.count, 1);
}

static void a_value_that_may_be_left_out_is_never_the_next_word(void **state)
{
	(void)state;
	struct line l;
	parse(&l, "--color always");
	assert_true(l.options.colored);
	assert_null(l.options.color);
	assert_int_equal(l.operands.count, 1);
	parse(&l, "--color=always");
	assert_string_equal(l.options.color, "always");
	parse(&l, "--color=bad");
	assert_int_equal(l.code, EXIT_USAGE);
}

static void what_takes_a_value_is_given_the_place_for_it(void **state)
{
	(void)state;
	struct line l;
	parse(&l, "--letter word -c x");
	assert_int_equal(l.code, -1);
	assert_int_equal(l.options.first, 'w');
	assert_string_equal(l.options.config, "x");
}

static void what_is_wrong_is_bad_usage(void **state)
{
	(void)state;
	static const char *const lines[] = { "-x", "--conf x", "--configs", "--json=1", "-c",
		"--config", "-jx", "--", "---", "--=" };
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct line l;
		parse(&l, lines[i]);
		assert_int_equal(l.code, strcmp(lines[i], "--") == 0 ? -1 : EXIT_USAGE);
	}
}

static void help_says_what_the_table_says(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	arguments_help(table, &out);
	check_text(buf_str(&out),
		"  -c, --config FILE   which\n"
		"  -j, --json          so\n"
		"      --color[=WHEN]  when\n"
		"                      and how\n"
		"  -l, --letter WORD   its first\n"
		"      --a-very-long-name VALUE\n"
		"                      below it\n");
	buf_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_stands_behind_or_within_its_option),
		cmocka_unit_test(files_may_stand_between_options_and_keep_their_order),
		cmocka_unit_test(a_value_may_look_like_an_option),
		cmocka_unit_test(a_value_that_may_be_left_out_is_never_the_next_word),
		cmocka_unit_test(what_takes_a_value_is_given_the_place_for_it),
		cmocka_unit_test(what_is_wrong_is_bad_usage),
		cmocka_unit_test(help_says_what_the_table_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
