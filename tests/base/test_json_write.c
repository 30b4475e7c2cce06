#include "base/json_write.h"

#include "tests/check.h"

static void commas_stand_where_json_wants_them(void **state)
{
	(void)state;
	const struct str texts[] = { STR("a\"b"), STR_NONE, STR("c") };
	struct buf out;
	buf_init(&out, 0);
	json_open(&out, NULL, '{');
	json_text(&out, "first", STR("x"));
	json_text(&out, "absent", STR_NONE);
	json_texts(&out, "texts", (struct str_list){ (struct str *)texts, 3 });
	json_texts(&out, "none", (struct str_list){ 0 });
	json_open(&out, "list", '[');
	json_integer(&out, NULL, INT64_MIN);
	json_bool(&out, NULL, false);
	json_number(&out, NULL, 0.5);
	buf_add_char(&out, ']');
	json_time(&out, "never", 0);
	json_time(&out, "then", 1);
	buf_add_char(&out, '}');
	check_text(buf_str(&out),
		"{\"first\":\"x\",\"texts\":[\"a\\\"b\",\"\",\"c\"],\"none\":[],\"list\":"
		"[-9223372036854775808,false,0.5],\"then\":\"1970-01-01T00:00:00.000001Z\"}");
	buf_finish(&out);
}

static void elements_of_a_list_follow_each_other_with_commas(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	json_open(&out, NULL, '[');
	json_open(&out, NULL, '{');
	buf_add_char(&out, '}');
	json_open(&out, NULL, '{');
	json_key(&out, "k");
	buf_add(&out, STR("null}]"));
	check_text(buf_str(&out), "[{},{\"k\":null}]");
	buf_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_stand_where_json_wants_them),
		cmocka_unit_test(elements_of_a_list_follow_each_other_with_commas),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
