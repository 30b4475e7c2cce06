#include "notifiers/clean.h"
#include "tests/notifiers/support.h"

static void check_line(struct str text, size_t max_characters, const char *expected)
{
	struct buf out;
	buf_init(&out, 0);
	clean_line(text, max_characters, &out);
	check_str(out.n ? buf_str(&out) : STR(""), str_of(expected));
	buf_finish(&out);
}

static void check_lines(struct str text, const char *expected)
{
	struct buf out;
	struct clean c;
	buf_init(&out, 0);
	clean_init(&c, &out, false, 0);
	clean_add(&c, text);
	check_str(buf_str(&out), str_of(expected));
	buf_finish(&out);
}

static void white_space_and_breaks_become_one_space(void **state)
{
	(void)state;
	check_line(STR("  a \t\r\n b\xC2\xA0\xE2\x80\xA8 c\n\n"), 0, "a b c");
	check_line(STR(" \n\t"), 0, "");
}

static void controls_and_characters_of_direction_vanish(void **state)
{
	(void)state;
	check_line(STR("a\x01\x7F\x1B[31mb\xC2\x9B"
		       "c"),
		0, "a[31mbc");
	check_line(STR("a\xE2\x80\xAE"
		       "b\xE2\x81\xA6"
		       "c\xEF\xBB\xBF"
		       "d\xD8\x9C\xE2\x80\x8F"),
		0, "abcd");
	check_line((struct str){ "a\0b", 3 }, 0, "ab");
}

static void a_family_emoji_keeps_its_joiners(void **state)
{
	(void)state;
	check_line(STR("\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7"), 0,
		"\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7");
}

static void what_is_not_utf8_becomes_the_replacement_character(void **state)
{
	(void)state;
	check_line(STR("a\xFF\xC3"), 0, "a\xEF\xBF\xBD\xEF\xBF\xBD");
}

static void text_of_the_limit_stays_and_one_more_is_cut(void **state)
{
	(void)state;
	check_line(STR("\xC3\xA9t\xC3\xA9"), 3, "\xC3\xA9t\xC3\xA9");
	check_line(STR("\xC3\xA9t\xC3\xA9s"), 3, "\xC3\xA9t\xC3\xA9\xE2\x80\xA6");
	check_line(STR("\xC3\xA9t\xC3\xA9  "), 3, "\xC3\xA9t\xC3\xA9");
}

static void breaks_of_all_kinds_become_line_feeds(void **state)
{
	(void)state;
	check_lines(STR("a\r\nb\rc\nd\xE2\x80\xA9"
			"e\tf\r\r\n\x0B"
			"g"),
		"a\nb\nc\nd\ne\tf\n\n\ng");
}

static void a_break_cut_between_pieces_stays_one(void **state)
{
	(void)state;
	struct buf out;
	struct clean c;
	buf_init(&out, 0);
	clean_init(&c, &out, false, 0);
	clean_add(&c, STR("a\r"));
	clean_add(&c, STR("\nb"));
	check_text(buf_str(&out), "a\nb");
	buf_finish(&out);
}

static void names_hold_only_what_an_id_may(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	clean_name(STR("a_B-9\r\n@\xC3\xA9.x"), 64, &out);
	check_text(buf_str(&out), "a_B-9------x");
	buf_clear(&out);
	clean_name(STR("abcd"), 3, &out);
	check_text(buf_str(&out), "abc");
	buf_clear(&out);
	clean_name(STR_NONE, 3, &out);
	check_text(buf_str(&out), "-");
	buf_finish(&out);
}

static void check_author(const char *name, const char *handle, const char *expected)
{
	struct buf out;
	buf_init(&out, 0);
	struct post_author author = { .name = str_of(name), .handle = str_of(handle) };
	clean_author(&author, &out);
	check_str(out.n ? buf_str(&out) : STR(""), str_of(expected));
	buf_finish(&out);
}

static void an_author_is_named_by_what_is_known(void **state)
{
	(void)state;
	check_author("Jean", "jd", "Jean (@jd)");
	check_author(NULL, "jd", "@jd");
	check_author("Jean\nBcc: x", NULL, "Jean Bcc: x");
	check_author(NULL, NULL, "");
}

/* Pieces as text: hits in brackets. */
static void check_marks(
	const char *text, const uint32_t (*hits)[2], size_t count, const char *expected)
{
	struct hit list[8] = { 0 };
	struct post post = post_empty();
	post.text = str_of(text);
	for (size_t i = 0; i < count; i++)
		list[i] = (struct hit){ .field = FIELD_TEXT, .from = hits[i][0], .to = hits[i][1] };
	struct match match = { .post = &post, .hits = list, .hit_count = count };
	struct marks m;
	struct str piece;
	bool hit;
	struct buf out;
	buf_init(&out, 0);
	marks_init(&m, &match, FIELD_TEXT);
	while (marks_next(&m, &piece, &hit)) {
		assert_true(piece.n > 0);
		buf_addf(&out, hit ? "[%.*s]" : "%.*s", STR_ARGS(piece));
	}
	check_str(buf_str(&out), str_of(expected));
	buf_finish(&out);
}

static void hits_are_marked_once_even_if_they_overlap(void **state)
{
	(void)state;
	check_marks("abcdef", NULL, 0, "abcdef");
	check_marks("abcdef", (const uint32_t[][2]){ { 0, 2 } }, 1, "[ab]cdef");
	check_marks("abcdef", (const uint32_t[][2]){ { 4, 6 } }, 1, "abcd[ef]");
	check_marks("abcdef", (const uint32_t[][2]){ { 0, 6 } }, 1, "[abcdef]");
	check_marks("abcdef", (const uint32_t[][2]){ { 1, 4 }, { 2, 3 }, { 3, 5 } }, 3, "a[bcde]f");
	check_marks(
		"abcdef", (const uint32_t[][2]){ { 1, 2 }, { 2, 3 }, { 4, 5 } }, 3, "a[bc]d[e]f");
	check_marks("abcdef", (const uint32_t[][2]){ { 1, 5 }, { 1, 2 } }, 2, "a[bcde]f");
}

static void hits_out_of_the_text_are_left_out(void **state)
{
	(void)state;
	check_marks("abc", (const uint32_t[][2]){ { 1, 2 }, { 2, 4 }, { 9, 12 } }, 3, "a[b]c");
	check_marks("abc", (const uint32_t[][2]){ { 2, 2 }, { 3, 1 } }, 2, "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(white_space_and_breaks_become_one_space),
		cmocka_unit_test(controls_and_characters_of_direction_vanish),
		cmocka_unit_test(a_family_emoji_keeps_its_joiners),
		cmocka_unit_test(what_is_not_utf8_becomes_the_replacement_character),
		cmocka_unit_test(text_of_the_limit_stays_and_one_more_is_cut),
		cmocka_unit_test(breaks_of_all_kinds_become_line_feeds),
		cmocka_unit_test(a_break_cut_between_pieces_stays_one),
		cmocka_unit_test(names_hold_only_what_an_id_may),
		cmocka_unit_test(an_author_is_named_by_what_is_known),
		cmocka_unit_test(hits_are_marked_once_even_if_they_overlap),
		cmocka_unit_test(hits_out_of_the_text_are_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
