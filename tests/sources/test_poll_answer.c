#include "tests/check.h"

#include "base/mem.h"
#include "sources/poll_answer.h"

static struct poll_reader *reader_of(const char *records, const char *next, const char *id)
{
	size_t bad;
	const struct poll_paths paths = {
		.records = str_of(records),
		.next = str_of(next),
		.id = str_of(id),
		.value = STR("n"),
		.next_record = STR("p.q"),
	};
	struct poll_reader *r = poll_reader_create(&paths, &bad);
	assert_non_null(r);
	return r;
}

static void the_list_is_where_the_path_leads(void **state)
{
	(void)state;
	static const struct {
		const char *path, *body, *records;
		enum json_type type;
	} cases[] = {
		{ NULL, " [1, 2] ", "[1, 2]", JSON_ARRAY },
		{ "hits", "{\"hits\":[{\"a\":1}],\"n\":2}", "[{\"a\":1}]", JSON_ARRAY },
		{ "data.children", "{\"data\":{\"children\":[]}}", "[]", JSON_ARRAY },
		{ "[0].x", "[{\"x\":[3]}]", "[3]", JSON_ARRAY },
		{ NULL, "4242", "4242", JSON_NUMBER },
		{ NULL, "null", "null", JSON_NULL },
		{ "hits", "{\"message\":\"no\"}", NULL, JSON_ABSENT },
		{ "hits", "[1]", NULL, JSON_ABSENT },
		{ NULL, "\xEF\xBB\xBF[1]", "[1]", JSON_ARRAY },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct poll_reader *r = reader_of(cases[i].path, NULL, "id");
		struct poll_answer answer;
		const char *reason = NULL;
		assert_int_equal(poll_reader_answer(r, str_of(cases[i].body), &answer, &reason), 0);
		assert_int_equal(answer.type, cases[i].type);
		check_str(answer.records, str_of(cases[i].records));
		poll_reader_destroy(r);
	}
}

static void what_is_no_json_is_said_to_be_none(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "<html>", "[1", "{\"a\":1}}", "[1],[2]", "{} {}" };
	struct poll_reader *r = reader_of(NULL, NULL, "id");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct poll_answer answer;
		const char *reason = NULL;
		assert_true(poll_reader_answer(r, str_of(bad[i]), &answer, &reason) < 0);
		assert_non_null(reason);
	}
	poll_reader_destroy(r);
}

static void elements_are_cut_where_they_end(void **state)
{
	(void)state;
	static const char array[] =
		" [ {\"a\":\"],[\\\"\\\\\"} ,[[1],[2]],\n3 , \"x,y\\\"]\",null,{}]";
	static const char *const wanted[] = { "{\"a\":\"],[\\\"\\\\\"}", "[[1],[2]]", "3",
		"\"x,y\\\"]\"", "null", "{}" };
	struct str list = poll_list_begin(str_trim(str_of(array))), element;
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		assert_true(poll_list_next(&list, &element));
		check_str(element, str_of(wanted[i]));
	}
	assert_false(poll_list_next(&list, &element));
	list = poll_list_begin(STR("[ ]"));
	assert_false(poll_list_next(&list, &element));
}

static void a_record_is_known_by_its_id_and_value(void **state)
{
	(void)state;
	struct poll_reader *r = reader_of(NULL, NULL, "a.id");
	struct poll_record record;
	poll_reader_record(
		r, STR("{\"a\":{\"id\":\"x\\u0041\"},\"n\":12,\"p\":{\"q\":7}}"), &record);
	check_str(record.id, STR("xA"));
	check_str(record.value, STR("12"));
	check_str(record.next, STR("7"));
	poll_reader_record(r, STR("{\"a\":{\"id\":{}},\"n\":null}"), &record);
	assert_null(record.id.p);
	assert_null(record.value.p);
	poll_reader_record(r, STR("17"), &record);
	check_str(record.id, STR("17"));
	poll_reader_record(r, STR("\"t3_x\""), &record);
	check_str(record.id, STR("t3_x"));
	poll_reader_record(r, STR("true"), &record);
	assert_null(record.id.p);
	poll_reader_destroy(r);
}

static void a_bad_path_is_named(void **state)
{
	(void)state;
	size_t bad = 9;
	const struct poll_paths paths = { .records = STR("a"), .id = STR("b[") };
	assert_null(poll_reader_create(&paths, &bad));
	assert_int_equal(bad, 2);
}

static void the_next_page_is_told_by_the_link_header(void **state)
{
	(void)state;
	static const struct {
		const char *links, *next;
	} cases[] = {
		{ "<https://a/?p=2>; rel=\"next\"", "https://a/?p=2" },
		{ "<https://a/?p=1>; rel=\"prev\", <https://a/?p=3,4;x>; REL=next",
			"https://a/?p=3,4;x" },
		{ "<a>; title=\"x, <y>; rel=next\"; rel=prev, <b>; rel=\"last next\"", "b" },
		{ "</x?min_id=5>; rel=\"prev\"", NULL },
		{ "<>; rel=next", NULL },
		{ "<a; rel=next", NULL },
		{ "a>; rel=next", NULL },
		{ "<a>", NULL },
		{ "", NULL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_str(poll_next_link(str_of(cases[i].links)), str_of(cases[i].next));
	assert_null(poll_next_link(STR_NONE).p);
}

static void an_origin_is_scheme_host_and_port(void **state)
{
	(void)state;
	assert_true(poll_same_origin(STR("https://a.b/x"), STR("HTTPS://A.B?y")));
	assert_false(poll_same_origin(STR("https://a.b/x"), STR("http://a.b/x")));
	assert_false(poll_same_origin(STR("https://a.b/x"), STR("https://a.b:444/x")));
	assert_false(poll_same_origin(STR("https://a.b/x"), STR("https://a.b.c/x")));
	assert_false(poll_same_origin(STR("https://a.b@c/x"), STR("https://a.b@c/x")));
	assert_false(poll_same_origin(STR("a.b/x"), STR("a.b/x")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_is_where_the_path_leads),
		cmocka_unit_test(what_is_no_json_is_said_to_be_none),
		cmocka_unit_test(elements_are_cut_where_they_end),
		cmocka_unit_test(a_record_is_known_by_its_id_and_value),
		cmocka_unit_test(a_bad_path_is_named),
		cmocka_unit_test(the_next_page_is_told_by_the_link_header),
		cmocka_unit_test(an_origin_is_scheme_host_and_port),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
