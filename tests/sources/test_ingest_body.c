/* Bodies cut into records: the same whatever the pieces are. */
#include "sources/ingest/ingest_body.h"

#include "base/mem.h"
#include "sources/source.h"
#include "tests/check.h"

struct taken {
	struct buf out; /* "index@line:column text|" */
	size_t left; /* that many more are taken; then take says no */
};

static bool take(void *ctx, const struct ingest_record *r)
{
	struct taken *t = ctx;
	const struct str text = r->text.p ? r->text : STR("(too long)");
	buf_addf(&t->out, "%d@%d:%d %.*s|", (int)r->index, (int)r->line, (int)r->column,
		STR_ARGS(text));
	return --t->left > 0;
}

static void cut(struct str body, enum ingest_format format, size_t piece_bytes, struct taken *t)
{
	struct ingest_body b;
	buf_init(&t->out, 0);
	ingest_body_init(&b, format, take, t);
	for (struct str rest = body; rest.n;) {
		/* a copy of its own, so that a view kept for too long is seen */
		const struct str part = str_slice(rest, 0, piece_bytes);
		char *piece = mem_text(part.p, part.n);
		ingest_body_feed(&b, (struct str){ piece, part.n });
		mem_free(piece);
		rest = str_slice(rest, part.n, rest.n);
	}
	ingest_body_end(&b);
	if (b.error)
		buf_addf(&t->out, "! %s at %d:%d", b.error, (int)b.error_line, (int)b.error_column);
	ingest_body_finish(&b);
}

static void check_cut(const char *body, enum ingest_format format, const char *expected)
{
	for (size_t piece = 1; piece <= strlen(body) + 1; piece++) {
		struct taken t = { .left = SIZE_MAX };
		cut(str_of(body), format, piece, &t);
		assert_string_equal(t.out.p ? t.out.p : "", expected);
		buf_finish(&t.out);
	}
}

static void one_value_is_one_record(void **state)
{
	(void)state;
	check_cut("{\"a\":[1,{}]}", INGEST_JSON, "0@1:1 {\"a\":[1,{}]}|");
	check_cut(" \r\n\t{}\n ", INGEST_JSON, "0@2:2 {}|");
	check_cut("\xEF\xBB\xBF{}", INGEST_JSON, "0@1:4 {}|");
	check_cut("{\"a\":\"}\\\"]\\\\\"}", INGEST_JSON, "0@1:1 {\"a\":\"}\\\"]\\\\\"}|");
	check_cut("12", INGEST_JSON, "0@1:1 12|");
	check_cut("\"a,]\"", INGEST_JSON, "0@1:1 \"a,]\"|");
	check_cut("", INGEST_JSON, "");
	check_cut(" \n", INGEST_JSON, "");
}

static void elements_of_an_array_are_records_over_several_lines(void **state)
{
	(void)state;
	check_cut("[]", INGEST_JSON, "");
	check_cut("[ ]", INGEST_JSON, "");
	check_cut("[{},{\n\"a\":1},\n  7 ,null,\"x\",[1]]", INGEST_JSON,
		"0@1:2 {}|1@1:5 {\n\"a\":1}|2@3:3 7|3@3:6 null|4@3:11 \"x\"|5@3:15 [1]|");
	check_cut("[1,2]", INGEST_JSON, "0@1:2 1|1@1:4 2|");
}

static void what_is_wrong_between_records_ends_it_where_it_is(void **state)
{
	(void)state;
	check_cut("{}{}", INGEST_JSON,
		"0@1:1 {}|! more than one value: that is application/x-ndjson at 1:3");
	check_cut("{}\n{}", INGEST_JSON,
		"0@1:1 {}|! more than one value: that is application/x-ndjson at 2:1");
	check_cut("[{}] x", INGEST_JSON,
		"0@1:2 {}|! more than one value: that is application/x-ndjson at 1:6");
	check_cut("[{} {}]", INGEST_JSON,
		"0@1:2 {}|! not JSON: a comma is missing between two elements at 1:5");
	check_cut("[{},]", INGEST_JSON, "0@1:2 {}|! not JSON: a value is missing at 1:5");
	check_cut("[,{}]", INGEST_JSON, "! not JSON: a value is missing at 1:2");
	check_cut("]", INGEST_JSON, "! not JSON: a value is missing at 1:1");
	check_cut("[{},", INGEST_JSON, "0@1:2 {}|! not JSON: it ends too early at 1:5");
	check_cut("[{}", INGEST_JSON, "0@1:2 {}|! not JSON: it ends too early at 1:4");
	check_cut("[", INGEST_JSON, "! not JSON: it ends too early at 1:2");
	check_cut("[{\"a\":1", INGEST_JSON, "! not JSON: it ends too early at 1:8");
	check_cut("{\"a\":[}", INGEST_JSON, "! not JSON: it ends too early at 1:8");
	/* what is wrong inside is said by who reads it */
	check_cut("[tru e]", INGEST_JSON,
		"0@1:2 tru|! not JSON: a comma is missing between two elements at 1:6");
	check_cut("[{]},1]", INGEST_JSON,
		"0@1:2 {]|! not JSON: a comma is missing between two elements at 1:4");
}

static void lines_are_records_and_blank_ones_are_not(void **state)
{
	(void)state;
	check_cut("{}\n{\"a\":1}\r\n\n  \n [1]", INGEST_LINES,
		"0@1:1 {}|1@2:1 {\"a\":1}\r|2@5:2 [1]|");
	check_cut("{}\n", INGEST_LINES, "0@1:1 {}|");
	check_cut("\n\n", INGEST_LINES, "");
	check_cut("{bad\n]\n", INGEST_LINES, "0@1:1 {bad|1@2:1 ]|");
	check_cut("\xEF\xBB\xBF{}\n{}\n", INGEST_LINES, "0@1:4 {}|1@2:1 {}|");
}

static void check_long(enum ingest_format format, size_t bytes, size_t piece, bool taken)
{
	struct buf body;
	buf_init(&body, 0);
	if (format == INGEST_JSON)
		buf_add_char(&body, '[');
	const size_t from = body.n;
	buf_add(&body, STR("{\"a\":\""));
	while (body.n - from < bytes - 2)
		buf_add_char(&body, 'x');
	buf_add(&body, STR("\"}"));
	buf_add(&body, format == INGEST_JSON ? STR(",{}]") : STR("\n{}\n"));
	struct taken t = { .left = SIZE_MAX };
	cut(buf_str(&body), format, piece, &t);
	struct str out = buf_str(&t.out), first;
	assert_true(str_next(&out, '|', &first));
	assert_int_equal(str_find(first, STR("(too long)")) == SIZE_MAX, taken);
	assert_int_equal(first.n > bytes, taken);
	assert_true(str_ends(out, STR("{}|")));
	buf_finish(&t.out);
	buf_finish(&body);
}

static void a_record_has_a_ceiling_and_the_next_one_is_taken(void **state)
{
	(void)state;
	const size_t pieces[] = { 4096, SOURCE_PIECE_BYTES, 4 << 20 };
	for (size_t i = 0; i < 3; i++) {
		check_long(INGEST_JSON, SOURCE_MAX_RECORD_BYTES, pieces[i], true);
		check_long(INGEST_JSON, SOURCE_MAX_RECORD_BYTES + 1, pieces[i], false);
		check_long(INGEST_JSON, 3 * SOURCE_MAX_RECORD_BYTES, pieces[i], false);
		check_long(INGEST_LINES, SOURCE_MAX_RECORD_BYTES, pieces[i], true);
		check_long(INGEST_LINES, SOURCE_MAX_RECORD_BYTES + 1, pieces[i], false);
	}
}

static void who_takes_may_end_it(void **state)
{
	(void)state;
	struct taken t = { .left = 2 };
	cut(STR("[1,2,3,4"), INGEST_JSON, 3, &t);
	assert_string_equal(t.out.p, "0@1:2 1|1@1:4 2|");
	buf_finish(&t.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_value_is_one_record),
		cmocka_unit_test(elements_of_an_array_are_records_over_several_lines),
		cmocka_unit_test(what_is_wrong_between_records_ends_it_where_it_is),
		cmocka_unit_test(lines_are_records_and_blank_ones_are_not),
		cmocka_unit_test(a_record_has_a_ceiling_and_the_next_one_is_taken),
		cmocka_unit_test(who_takes_may_end_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
