#include "tests/check.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/sse.h"
#include "tests/net/server.h"

/* What was heard as one text: type|data|id, LF; "~" for an id that is absent. */
struct heard {
	struct buf all;
	int count, stop_after;
};

static bool hear(void *ctx, const struct sse_event *e)
{
	struct heard *h = ctx;
	buf_addf(&h->all, "%.*s|", STR_ARGS(e->type));
	buf_add(&h->all, e->data);
	buf_add_char(&h->all, '|');
	buf_add(&h->all, e->id.p ? e->id : STR("~"));
	buf_add_char(&h->all, '\n');
	return ++h->count != h->stop_after;
}

static void begin(struct heard *h, struct sse *s, size_t max_bytes)
{
	sse_init(s, max_bytes);
	*h = (struct heard){ 0 };
	buf_init(&h->all, 0);
}

static void finish(struct heard *h, struct sse *s)
{
	sse_finish(s);
	buf_finish(&h->all);
}

/* Feeds `stream` whole, byte by byte, and in two pieces cut at every place. */
static void check_all_splits(struct str stream, size_t max_bytes, struct str expected)
{
	for (size_t cut = 0; cut <= stream.n + 1; cut++) {
		struct sse s;
		struct heard h;
		begin(&h, &s, max_bytes);
		if (cut <= stream.n) {
			assert_true(sse_feed(&s, str_slice(stream, 0, cut), hear, &h));
			assert_true(sse_feed(&s, str_slice(stream, cut, stream.n), hear, &h));
		} else {
			for (size_t i = 0; i < stream.n; i++)
				assert_true(sse_feed(&s, str_slice(stream, i, i + 1), hear, &h));
		}
		check_str(buf_str(&h.all), expected);
		finish(&h, &s);
	}
}

static void streams_are_read_as_the_standard_says_wherever_they_are_cut(void **state)
{
	(void)state;
	static const struct {
		struct str stream, expected;
	} cases[] = {
		/* Line ends of all kinds, mixed. */
		{ { "data:a\n\n", 8 }, { "message|a|~\n", 12 } },
		{ { "data:a\r\r", 8 }, { "message|a|~\n", 12 } },
		{ { "data:a\r\n\r\n", 10 }, { "message|a|~\n", 12 } },
		{ { "data:a\r\n\n", 9 }, { "message|a|~\n", 12 } },
		{ { "data:a\n\r\n", 9 }, { "message|a|~\n", 12 } },
		{ { "data:a\r\n\rdata:b\r\r\n", 18 }, { "message|a|~\nmessage|b|~\n", 24 } },
		/* Several data lines, also empty ones; one space is taken off. */
		{ { "data: a\ndata:  b\ndata\ndata:\n\n", 29 }, { "message|a\n b\n\n|~\n", 17 } },
		{ { "data\n\n", 6 }, { "message||~\n", 11 } },
		{ { "data:\n\n", 7 }, { "message||~\n", 11 } },
		/* Names, which last one event; comments; fields that are none. */
		{ { "event: e\ndata: a\n\ndata: b\n\n", 27 }, { "e|a|~\nmessage|b|~\n", 18 } },
		{ { ": data: x\n:\nfoo: x\ndata : x\n data: x\nDATA: x\ndata: a\n\n", 55 },
			{ "message|a|~\n", 12 } },
		/* Nothing to say: no event, and its name is gone; but its id stays. */
		{ { "event: e\nid: 1\n\ndata: a\n\n", 25 }, { "message|a|1\n", 12 } },
		/* The id sticks; empty takes it back; with a NUL it counts for nothing. */
		{ { "id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", 36 },
			{ "message|a|1\nmessage|b|1\nmessage|c|\n", 35 } },
		{ { "id: 1\n\nid: 2\0\ndata: a\n\n", 23 }, { "message|a|1\n", 12 } },
		/* One byte order mark, at the start only. */
		{ { "\xEF\xBB\xBF"
		    "data:a\n\n",
			  11 },
			{ "message|a|~\n", 12 } },
		{ { "\xEF\xBB\xBF\xEF\xBB\xBF"
		    "data:a\n\n",
			  14 },
			{ "", 0 } },
		{ { "data:a\n\n\xEF\xBB\xBF"
		    "data:b\n\n",
			  19 },
			{ "message|a|~\n", 12 } },
		{ { "\xEF\xBB\xBF\n\xEF\xBB\xBF"
		    "data:b\n\n",
			  15 },
			{ "", 0 } },
		/* What is not finished is not there. */
		{ { "data:a\n", 7 }, { "", 0 } },
		{ { "data:a", 6 }, { "", 0 } },
		{ { "\n\n\r\r\n", 5 }, { "", 0 } },
		{ { "data:a:b\n\n", 10 }, { "message|a:b|~\n", 14 } },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_all_splits(cases[i].stream, 100, cases[i].expected);
}

static void an_event_of_max_bytes_is_taken_and_one_more_is_dropped_and_counted(void **state)
{
	(void)state;
	check_all_splits(STR("data:12345\n\n"), 5, STR("message|12345|~\n"));
	check_all_splits(STR("data: 12345\n\n"), 5, STR("message|12345|~\n"));
	check_all_splits(STR("data: 12\ndata: 45\n\n"), 5, STR("message|12\n45|~\n"));
	check_all_splits(STR("data:123456\n\ndata:a\n\n"), 5, STR("message|a|~\n"));
	check_all_splits(STR("data:12\ndata:456\n\ndata:a\n\n"), 5, STR("message|a|~\n"));
	check_all_splits(
		STR("data\ndata\ndata\ndata\ndata\ndata\n\n"), 5, STR("message|\n\n\n\n\n|~\n"));
	check_all_splits(STR("data\ndata\ndata\ndata\ndata\ndata\ndata\n\ndata:a\n\n"), 5,
		STR("message|a|~\n"));
	struct sse s;
	struct heard h;
	begin(&h, &s, 5);
	assert_true(sse_feed(&s, STR("id: 7\ndata:123456\ndata:1\n\ndata:a\n\n"), hear, &h));
	assert_int_equal(s.too_long_count, 1);
	/* It was seen, if not taken: nobody needs it again. */
	check_text(buf_str(&h.all), "message|a|7\n");
	finish(&h, &s);
}

/* A line of n bytes after `start`, fed whole and in small pieces. */
static void check_long_line(const char *start, size_t n, const char *expected, uint64_t too_long)
{
	for (size_t step = 0; step < 2; step++) {
		struct sse s;
		struct heard h;
		struct buf stream;
		buf_init(&stream, 0);
		buf_add(&stream, str_of(start));
		for (size_t i = 0; i < n; i++)
			buf_add_char(&stream, 'x');
		buf_add(&stream, STR("\ndata:a\n\n"));
		begin(&h, &s, 2000);
		size_t piece_bytes = step == 0 ? stream.n : 7;
		for (size_t at = 0; at < stream.n; at += piece_bytes)
			assert_true(sse_feed(
				&s, str_slice(buf_str(&stream), at, at + piece_bytes), hear, &h));
		check_str(buf_str(&h.all), str_of(expected));
		assert_int_equal(s.too_long_count, too_long);
		assert_true(s.line.size_bytes < 8192);
		buf_finish(&stream);
		finish(&h, &s);
	}
}

static void a_line_too_long_to_keep_spoils_its_event_only_if_it_matters(void **state)
{
	(void)state;
	check_long_line(":", 5000, "message|a|~\n", 0);
	check_long_line("unknown:", 5000, "message|a|~\n", 0);
	check_long_line("", 5000, "message|a|~\n", 0);
	check_long_line("retry:", 5000, "message|a|~\n", 0);
	check_long_line("data:", 5000, "", 1);
	check_long_line("id:", 5000, "", 1);
	check_long_line("event:", 5000, "", 1);
	check_long_line("id:", SSE_MAX_NAME_BYTES + 1, "", 1);
	check_long_line("event:", SSE_MAX_NAME_BYTES + 1, "", 1);
	check_long_line("data:", 2000, "", 1); /* with the "a" after it */
}

static void names_and_ids_may_be_as_long_as_they_may(void **state)
{
	(void)state;
	struct sse s;
	struct heard h;
	char stream[SSE_MAX_NAME_BYTES + 32];
	begin(&h, &s, 100);
	int n = snprintf(stream, sizeof stream, "id: %0*d\ndata:a\n\n", SSE_MAX_NAME_BYTES, 1);
	assert_true(sse_feed(&s, (struct str){ stream, (size_t)n }, hear, &h));
	assert_int_equal(h.count, 1);
	assert_int_equal(sse_last_id(&s).n, SSE_MAX_NAME_BYTES);
	finish(&h, &s);
}

static int64_t retry_of(struct str stream)
{
	struct sse s;
	struct heard h;
	begin(&h, &s, 100);
	assert_true(sse_feed(&s, stream, hear, &h));
	int64_t us = s.retry_us;
	finish(&h, &s);
	return us;
}

static void retry_is_made_of_digits_only(void **state)
{
	(void)state;
	assert_int_equal(retry_of(STR("data:a\n\n")), -1);
	assert_int_equal(retry_of(STR("retry: 3000\n")), 3000 * US_PER_MS);
	assert_int_equal(retry_of(STR("retry:03000\n")), 3000 * US_PER_MS);
	assert_int_equal(retry_of(STR("retry: 0\n")), 0);
	assert_int_equal(retry_of(STR("retry: 5\nretry: 6x\nretry:\nretry\nretry: -1\n")), 5000);
	assert_int_equal(retry_of(STR("retry: 5\nretry: 1.5\nretry:  7\nretry: 7 \n")), 5000);
	assert_int_equal(retry_of(STR("retry: 86400000\n")), US_PER_DAY);
	assert_int_equal(retry_of(STR("retry: 86400001\n")), US_PER_DAY);
	assert_int_equal(retry_of(STR("retry: 999999999999999999\n")), US_PER_DAY);
	assert_int_equal(retry_of(STR("retry: 9999999999999999999\n")), -1);
}

static void a_new_connection_goes_on_from_the_last_whole_event(void **state)
{
	(void)state;
	struct sse s;
	struct heard h;
	begin(&h, &s, 100);
	check_str(sse_last_id(&s), STR_NONE);
	assert_true(sse_feed(&s, STR("retry: 9\nid: 1\ndata: a\n\nid: 2\ndata: half\r"), hear, &h));
	check_text(sse_last_id(&s), "1");
	sse_reset(&s);
	check_text(sse_last_id(&s), "1");
	assert_int_equal(s.retry_us, 9000);
	/* Neither the half event nor its id nor the CR has a say; a new mark is taken off. */
	assert_true(sse_feed(&s,
		STR("\n\xEF\xBB\xBF"
		    "data: no\n\n"),
		hear, &h));
	check_text(buf_str(&h.all), "message|a|1\n");
	sse_reset(&s);
	assert_true(sse_feed(&s,
		STR("\xEF\xBB\xBF"
		    "data: b\n\n"),
		hear, &h));
	check_text(buf_str(&h.all), "message|a|1\nmessage|b|1\n");
	assert_true(sse_feed(&s, STR("id:\n\n"), hear, &h));
	check_str(sse_last_id(&s), STR_NONE);
	finish(&h, &s);
}

static void feeding_ends_as_soon_as_the_receiver_has_enough(void **state)
{
	(void)state;
	struct sse s;
	struct heard h;
	begin(&h, &s, 100);
	h.stop_after = 1;
	assert_false(sse_feed(&s, STR("data: a\n\ndata: b\n\n"), hear, &h));
	check_text(buf_str(&h.all), "message|a|~\n");
	finish(&h, &s);
}

static void a_megabyte_of_one_kind_of_line_end_is_read_in_no_time(void **state)
{
	(void)state;
	static char stream[1 << 20];
	for (int i = 0; i < 2; i++) {
		struct sse s;
		struct heard h;
		memset(stream, i ? '\r' : '\n', sizeof stream);
		begin(&h, &s, 100);
		int64_t start_us = clock_monotonic_us();
		assert_true(sse_feed(&s, (struct str){ stream, sizeof stream }, hear, &h));
		/* Searching each line's end to the end of the piece would take minutes. */
		assert_true(clock_monotonic_us() - start_us < 5 * US_PER_S);
		finish(&h, &s);
	}
}

/* The text of a word in hex, "-" for empty; the next word of *line. */
static bool next_word(struct str *line, struct buf *out)
{
	struct str word;
	buf_clear(out);
	if (!str_next(line, ' ', &word))
		return false;
	for (size_t i = 0; word.n > 1 && i < word.n; i += 2) {
		char digits[3] = { word.p[i], word.p[i + 1], '\0' };
		buf_add_char(out, (char)strtol(digits, NULL, 16));
	}
	return true;
}

static void check_vector(struct str line)
{
	struct buf name, stream, expected, word;
	struct str retry;
	buf_init(&name, 0);
	buf_init(&stream, 0);
	buf_init(&expected, 0);
	buf_init(&word, 0);
	assert_true(next_word(&line, &name));
	assert_true(next_word(&line, &stream));
	assert_true(str_next(&line, ' ', &retry));
	while (next_word(&line, &word)) {
		buf_add(&expected, buf_str(&word));
		buf_add_char(&expected, '|');
		assert_true(next_word(&line, &word));
		buf_add(&expected, buf_str(&word));
		buf_add_char(&expected, '|');
		assert_true(next_word(&line, &word));
		buf_add(&expected, word.n ? buf_str(&word) : STR("~"));
		buf_add_char(&expected, '\n');
	}
	check_all_splits(buf_str(&stream), 1000, buf_str(&expected));
	int64_t retry_ms;
	assert_true(str_to_int64(retry, &retry_ms));
	if (retry_ms >= 0)
		assert_int_equal(retry_of(buf_str(&stream)), retry_ms * US_PER_MS);
	buf_finish(&name);
	buf_finish(&stream);
	buf_finish(&expected);
	buf_finish(&word);
}

static void the_vectors_of_the_web_platform_pass_wherever_they_are_cut(void **state)
{
	(void)state;
	char path[512], line[16 * 1024];
	const char *data = getenv("VIGIE_DATA");
	snprintf(path, sizeof path, "%s/eventsource/vectors.dev.json", data ? data : "");
	if (!data || access(path, R_OK) != 0) {
		print_message("SKIP: no vectors at '%s'\n", path);
		skip();
	}
	struct server s;
	server_start(&s, "vectors.py", (const char *[]){ path, NULL });
	int count = s.port; /* the first line */
	for (int i = 0; i < count; i++) {
		server_line(&s, line, sizeof line);
		check_vector(str_of(line));
	}
	server_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_are_read_as_the_standard_says_wherever_they_are_cut),
		cmocka_unit_test(
			an_event_of_max_bytes_is_taken_and_one_more_is_dropped_and_counted),
		cmocka_unit_test(a_line_too_long_to_keep_spoils_its_event_only_if_it_matters),
		cmocka_unit_test(names_and_ids_may_be_as_long_as_they_may),
		cmocka_unit_test(retry_is_made_of_digits_only),
		cmocka_unit_test(a_new_connection_goes_on_from_the_last_whole_event),
		cmocka_unit_test(feeding_ends_as_soon_as_the_receiver_has_enough),
		cmocka_unit_test(a_megabyte_of_one_kind_of_line_end_is_read_in_no_time),
		cmocka_unit_test(the_vectors_of_the_web_platform_pass_wherever_they_are_cut),
	};
	return cmocka_run_group_tests_name("sse", tests, NULL, NULL);
}
