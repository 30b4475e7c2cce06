#include "base/clock.h"
#include "tests/notifiers/support.h"

static struct outcome run(const char *command, const char *options)
{
	char yaml[500];
	struct setup s;
	struct sample sample;
	(void)snprintf(yaml, sizeof yaml, "n: { type: exec, command: [sh, -c, '%s']%s }", command,
		options);
	setup_init(&s, yaml);
	setup_open(&s);
	sample_init(&sample);
	struct outcome outcome = deliver(&s, &sample.alert);
	setup_finish(&s);
	assert_int_equal(outcome.retry_after_us, -1);
	return outcome;
}

static void check_run(const char *command, enum delivery_result result, const char *message)
{
	struct outcome outcome = run(command, "");
	if (outcome.result != result || strcmp(outcome.message, message) != 0)
		print_error("%s: '%s'\n", command, outcome.message);
	assert_int_equal(outcome.result, result);
	assert_string_equal(outcome.message, message);
}

static void the_program_reads_the_alert_from_its_standard_input(void **state)
{
	(void)state;
	check_run("grep -q \"\\\"rule\\\":\\\"sav-panne\\\"\"", DELIVERY_SENT, "");
	check_run("grep -q \"no such words\"", DELIVERY_RETRY, "the program exited with 1");
}

static void the_words_of_the_command_stay_as_they_are(void **state)
{
	(void)state;
	struct setup s;
	struct sample sample;
	setup_init(&s, "n: { type: exec, command: [test, '$HOME; a \"b\"', =, '$HOME; a \"b\"'] }");
	setup_open(&s);
	sample_init(&sample);
	assert_int_equal(deliver(&s, &sample.alert).result, DELIVERY_SENT);
	setup_finish(&s);
}

static void anything_but_0_is_tried_again(void **state)
{
	(void)state;
	check_run("exit 0", DELIVERY_SENT, "");
	check_run("exit 1", DELIVERY_RETRY, "the program exited with 1");
	check_run("exit 65", DELIVERY_RETRY, "the program exited with 65");
	check_run("exit 75", DELIVERY_RETRY, "the program exited with 75");
	check_run("kill -9 $$", DELIVERY_RETRY, "the program was ended by signal 9");
}

static void its_first_words_are_told(void **state)
{
	(void)state;
	check_run("echo no disk >&2; echo more >&2; exit 3", DELIVERY_RETRY,
		"the program exited with 3: no disk");
}

static void a_program_that_takes_too_long_is_ended(void **state)
{
	(void)state;
	struct outcome outcome = run("sleep 60", ", timeout: 200ms");
	assert_int_equal(outcome.result, DELIVERY_RETRY);
	assert_string_equal(outcome.message, "the program took too long");
	assert_true(outcome.took_us < 5 * US_PER_S);
}

static void a_program_that_is_not_there_is_tried_again(void **state)
{
	(void)state;
	struct setup s;
	struct sample sample;
	setup_init(&s, "n: { type: exec, command: /nonexistent/program }");
	setup_open(&s);
	sample_init(&sample);
	struct outcome outcome = deliver(&s, &sample.alert);
	assert_int_equal(outcome.result, DELIVERY_RETRY);
	assert_non_null(strstr(outcome.message, "does not start"));
	setup_finish(&s);
}

static void never(struct delivery *d, enum delivery_result result, int64_t retry_after_us,
	const char *message)
{
	(void)d;
	(void)result;
	(void)retry_after_us;
	(void)message;
	fail();
}

static void a_cancelled_program_is_not_answered(void **state)
{
	(void)state;
	struct setup s;
	struct sample sample;
	struct delivery d = { .done = never };
	setup_init(&s, "n: { type: exec, command: [cat] }");
	setup_open(&s);
	sample_init(&sample);
	notifier_send(setup_notifier(&s), &d, STR("{}"));
	notifier_cancel(setup_notifier(&s), &d);
	assert_int_equal(deliver(&s, &sample.alert).result, DELIVERY_SENT); /* turns the loop */
	setup_finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_reads_the_alert_from_its_standard_input),
		cmocka_unit_test(the_words_of_the_command_stay_as_they_are),
		cmocka_unit_test(anything_but_0_is_tried_again),
		cmocka_unit_test(its_first_words_are_told),
		cmocka_unit_test(a_program_that_takes_too_long_is_ended),
		cmocka_unit_test(a_program_that_is_not_there_is_tried_again),
		cmocka_unit_test(a_cancelled_program_is_not_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
