#include "tests/check.h"

#include "base/mem.h"
#include "sources/incoming.h"

static unsigned look(const char *message, struct str *record)
{
	static const struct str first[] = { { "event=update", 12 }, { "[0]=EVENT", 9 } },
				second[] = { { "error", 5 }, { "a.b[]=x=y", 9 } };
	const struct str_list lists[] = { { first, 2 }, { second, 2 } };
	static struct sieve *s;
	static struct buf kept;
	sieve_destroy(s);
	buf_finish(&kept);
	buf_init(&kept, 0);
	s = NULL;
	if (!message)
		return 0;
	s = sieve_create(lists, 2, STR("payload"));
	const unsigned bits = sieve_look(s, str_of(message), record);
	return bits;
}

static void each_rule_looks_at_its_path(void **state)
{
	(void)state;
	struct str record;
	assert_int_equal(look("{\"event\":\"update\"}", &record), 1);
	assert_int_equal(look("{\"event\":\"delete\"}", &record), 0);
	assert_int_equal(look("[\"EVENT\",\"s\",{}]", &record), 1);
	assert_int_equal(look("{\"error\":\"no\"}", &record), 2);
	assert_int_equal(look("{\"error\":\"\"}", &record), 0);
	assert_int_equal(look("{\"error\":false}", &record), 0);
	assert_int_equal(look("{\"error\":null}", &record), 0);
	assert_int_equal(look("{\"error\":0}", &record), 2);
	assert_int_equal(look("{\"a\":{\"b\":[\"z\",\"x=y\"]},\"event\":\"update\"}", &record), 3);
	(void)look(NULL, &record);
}

static void the_record_is_at_the_path_be_it_text_or_not(void **state)
{
	(void)state;
	struct str record;
	(void)look("{\"payload\":\"{\\\"id\\\":\\\"\\u00e9\\\"}\"}", &record);
	check_str(record, STR("{\"id\":\"\xC3\xA9\"}"));
	(void)look("{\"payload\":{\"id\":1}}", &record);
	check_str(record, STR("{\"id\":1}"));
	(void)look("{\"payload\":null}", &record);
	assert_null(record.p);
	(void)look("{}", &record);
	assert_null(record.p);
	(void)look(NULL, &record);
}

static void what_is_no_json_is_its_own_record(void **state)
{
	(void)state;
	struct str record;
	assert_int_equal(look("{\"event\":\"update\"", &record), 0);
	check_str(record, STR("{\"event\":\"update\""));
	assert_int_equal(look("{},{\"event\":\"update\"}", &record), 0);
	(void)look(NULL, &record);
	assert_null(sieve_create(NULL, 0, STR_NONE));
	assert_int_equal(sieve_look(NULL, STR("x"), &record), 0);
	check_str(record, STR("x"));
}

static void rules_that_are_none_are_told(void **state)
{
	(void)state;
	static const struct str good[] = { { "a", 1 }, { "[1].b=", 6 }, { "a.b[]=c", 7 } };
	static const struct str bad[] = { { "", 0 }, { "=x", 2 }, { "a[", 2 }, { "a..b=x", 6 } };
	struct diag *diag = diag_create();
	assert_true(sieve_check((struct str_list){ good, 3 }, "drop", (struct where){ 0 }, diag));
	assert_int_equal(diag_count(diag, DIAG_ERROR), 0);
	assert_false(sieve_check((struct str_list){ bad, 4 }, "drop", (struct where){ 0 }, diag));
	assert_int_equal(diag_count(diag, DIAG_ERROR), 4);
	struct str many[SIEVE_MAX_RULES + 1];
	for (size_t i = 0; i <= SIEVE_MAX_RULES; i++)
		many[i] = STR("a=b");
	assert_true(sieve_check(
		(struct str_list){ many, SIEVE_MAX_RULES }, "drop", (struct where){ 0 }, diag));
	assert_false(sieve_check(
		(struct str_list){ many, SIEVE_MAX_RULES + 1 }, "drop", (struct where){ 0 }, diag));
	diag_destroy(diag);
}

static void check_added(const char *record, const char *wanted)
{
	static const struct str templates[] = { { "link=https://h/{id}?c={a.b[0]}", 30 },
		{ "by=vigie", 8 }, { "x={id}", 6 } };
	struct adder *a = adder_create((struct str_list){ templates, 3 });
	struct buf out;
	buf_init(&out, 0);
	adder_add(a, str_of(record), &out);
	check_str(buf_str(&out), str_of(wanted));
	buf_finish(&out);
	adder_destroy(a);
}

static void a_record_gets_what_its_values_make(void **state)
{
	(void)state;
	check_added("{\"id\":7,\"a\":{\"b\":[\"q\\\"\"]}}",
		"{\"link\":\"https://h/"
		"7?c=q\\\"\",\"by\":\"vigie\",\"x\":\"7\",\"id\":7,\"a\":{\"b\":["
		"\"q\\\"\"]}}");
	check_added(" {\"id\":null}", "{\"by\":\"vigie\",\"id\":null}");
	check_added("{ }", "{\"by\":\"vigie\" }");
	check_added("[1]", "[1]");
	check_added("{\"id\":", "{\"id\":");
	check_added("", "");
}

static void templates_that_are_none_are_told(void **state)
{
	(void)state;
	static const struct str bad[] = { { "link", 4 }, { "=x", 2 }, { "Link=x", 6 },
		{ "a={b[}", 6 }, { "a={}", 4 } };
	struct diag *diag = diag_create();
	assert_false(adder_check((struct str_list){ bad, 5 }, (struct where){ 0 }, diag));
	assert_int_equal(diag_count(diag, DIAG_ERROR), 5);
	diag_destroy(diag);
}

static void records_with_the_value_are_left_out(void **state)
{
	(void)state;
	const struct str rules[] = { STR("meta.domain=canary"), STR("bot=true"),
		STR("tags[]=a=b") };
	const struct incoming_options options = { .drop = { rules, 3 } }, none = { 0 };
	struct incoming *in = incoming_create(&options);
	struct buf out;
	uint64_t too_long = 9;
	buf_init(&out, 1000);
	check_text(incoming_lines(in,
			   STR("{\"id\":1}\n{\"meta\":{\"domain\":\"canary\"}}\r\n{\"bot\":true}\n"
			       "{\"tags\":[\"c\",\"a=b\"]}\n{\"bot\":\"no\"}\nno JSON\n{\"id\":2}"),
			   &out, &too_long),
		"{\"id\":1}\n{\"bot\":\"no\"}\nno JSON\n{\"id\":2}\n");
	assert_int_equal(too_long, 0);
	incoming_destroy(in);
	in = incoming_create(&none);
	const struct str lines = STR("{\"bot\":true}\r\n\n");
	assert_ptr_equal(incoming_lines(in, lines, &out, &too_long).p, lines.p);
	incoming_destroy(in);
	buf_finish(&out);
}

static void what_does_not_fit_is_left_out_and_counted(void **state)
{
	(void)state;
	const struct str add[] = { STR("b={a}") };
	const struct incoming_options options = { .add = { add, 1 } };
	struct incoming *in = incoming_create(&options);
	struct buf out;
	uint64_t too_long;
	buf_init(&out, 40);
	check_text(incoming_lines(in, STR("{\"a\":1}\n{\"a\":\"123456789012\"}\n{\"a\":2}\n"), &out,
			   &too_long),
		"{\"b\":\"1\",\"a\":1}\n{\"b\":\"2\",\"a\":2}\n");
	assert_int_equal(too_long, 1);
	incoming_destroy(in);
	buf_finish(&out);
}

static void messages_are_kept_unpacked_and_told_about(void **state)
{
	(void)state;
	const struct str keep[] = { STR("[0]=EVENT") }, end[] = { STR("[0]=EOSE") },
			 fail[] = { STR("[0]=CLOSED") };
	const struct incoming_options options = { .keep = { keep, 1 },
		.backlog_end = { end, 1 },
		.fail = { fail, 1 },
		.payload = STR("[2]") };
	struct incoming *in = incoming_create(&options);
	struct buf out;
	buf_init(&out, 0);
	assert_int_equal(incoming_take(in, STR("[\"EVENT\",\"s\",{\"id\":\n1}]"), &out), 0);
	assert_int_equal(incoming_take(in, STR("[\"EOSE\",\"s\",{}]"), &out), INCOMING_BACKLOG_END);
	assert_int_equal(incoming_take(in, STR("[\"CLOSED\",\"s\",\"x\"]"), &out), INCOMING_FAIL);
	assert_int_equal(incoming_take(in, STR("[\"NOTICE\",\"s\",{\"id\":2}]"), &out), 0);
	assert_int_equal(incoming_take(in, STR("[\"EVENT\",\"s\"]"), &out), 0);
	check_text(buf_str(&out), "{\"id\": 1}\n");
	incoming_destroy(in);
	buf_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_looks_at_its_path),
		cmocka_unit_test(the_record_is_at_the_path_be_it_text_or_not),
		cmocka_unit_test(what_is_no_json_is_its_own_record),
		cmocka_unit_test(rules_that_are_none_are_told),
		cmocka_unit_test(a_record_gets_what_its_values_make),
		cmocka_unit_test(templates_that_are_none_are_told),
		cmocka_unit_test(records_with_the_value_are_left_out),
		cmocka_unit_test(what_does_not_fit_is_left_out_and_counted),
		cmocka_unit_test(messages_are_kept_unpacked_and_told_about),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
