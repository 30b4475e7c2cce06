#include "tests/check.h"

#include "base/utf8.h"
#include "model/entities.h"
#include "model/html.h"

struct html_case {
	const char *html, *text;
};

static void check_cases(const struct html_case *cases, size_t count)
{
	struct buf out;
	buf_init(&out, 0);
	for (size_t i = 0; i < count; i++) {
		buf_clear(&out);
		html_to_text(str_of(cases[i].html), &out);
		check_str(buf_str(&out), str_of(cases[i].text));
	}
	buf_finish(&out);
}

static void blocks_become_lines_and_other_tags_vanish(void **state)
{
	(void)state;
	static const struct html_case cases[] = {
		{ "<p>un</p><p>deux</p>", "un\ndeux" },
		{ "<p>un<br />deux<br>trois</p>", "un\ndeux\ntrois" },
		{ "a<br><br><br><br>b", "a\n\nb" },
		{ "<ul><li>a</li>\n<li>b</li></ul>", "a\nb" },
		{ "<h1>T</h1>text", "T\ntext" },
		{ "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc" },
		{ "so<b>lai</b>re", "solaire" },
		{ "<span class=\"invisible\">https://</span><span>e.org</span>", "https://e.org" },
		{ "<P CLASS=x>A</P><BR/>b", "A\n\nb" },
		{ " a \n\t b ", "a b" },
		{ "<pre>a\nb</pre>c\nd", "a\nb\nc d" },
		{ "a<unknown-long-element>b", "ab" },
	};
	check_cases(cases, sizeof cases / sizeof cases[0]);
}

static void what_is_not_shown_vanishes(void **state)
{
	(void)state;
	static const struct html_case cases[] = {
		{ "a<script>var b = '<p>';</script>c", "ac" },
		{ "a<SCRIPT src=x>b</scripty></Script >c", "ac" },
		{ "a<style>p{}</style>b", "ab" },
		{ "a<!-- <p>b</p> -->c", "ac" },
		{ "a<!-->b", "ab" },
		{ "a<!--->b", "ab" },
		{ "a<!DOCTYPE html>b<?php x?>c", "abc" },
		{ "a<script>never closed", "a" },
		{ "a<!-- never closed", "a" },
		{ "</script>a", "a" },
		{ "<script></script", "" },
	};
	check_cases(cases, sizeof cases / sizeof cases[0]);
}

static void entities_become_characters(void **state)
{
	(void)state;
	static const struct html_case cases[] = {
		{ "&eacute;t&eacute; &amp; &lt;b&gt; &quot;&apos;&#39;&#x27;", "été & <b> \"'''" },
		{ "a&nbsp;b", "a\u00a0b" },
		{ "&hellip;&euro;&rarr;", "…€→" },
		{ "&copy 2026", "© 2026" },
		{ "&copyx; &hellip &unknown; & &; &# &#x; &#xg;",
			"&copyx; &hellip &unknown; & &; &# &#x; &#xg;" },
		{ "R&D AT&T", "R&D AT&T" },
		{ "&amp;lt;", "&lt;" },
		{ "&#128; &#146;", "€ ’" },
		{ "&#0; &#xD800; &#x110000; &#99999999999999999999; &#1;",
			"\uFFFD \uFFFD \uFFFD \uFFFD \uFFFD" },
		{ "&#65 &#x1F600;", "A 😀" },
		{ "a&#32;&#10;&#32;b", "a b" },
		{ "&thetasym;&thetasymx;", "ϑ&thetasymx;" },
	};
	check_cases(cases, sizeof cases / sizeof cases[0]);
}

static void images_leave_their_alt_text(void **state)
{
	(void)state;
	static const struct html_case cases[] = {
		{ "a<img src=x alt=\"un &eacute;t&eacute;\">b", "a un été b" },
		{ "<img alt='x>y' title='no'/>", "x>y" },
		{ "<img alt=bare>", "bare" },
		{ "<img alt=''>a<img>", "a" },
		{ "<img alt=one alt=two>", "one" },
		{ "<b alt=no>a</b>", "a" },
	};
	check_cases(cases, sizeof cases / sizeof cases[0]);
}

static void broken_markup_is_tolerated(void **state)
{
	(void)state;
	static const struct html_case cases[] = {
		{ "1 < 2 <3 <- </ <", "1 < 2 <3 <- </ <" },
		{ "a<b c=\"d>e", "a" },
		{ "a<b \"c>d", "ad" },
		{ "a<b =x>c", "ac" },
		{ "a<b/c/>d", "ad" },
		{ "a<", "a<" },
		{ "a<b", "a" },
		{ "a</b", "a" },
		{ "<<b>>a", "<>a" },
		{ "", "" },
		{ "<p></p><br>", "" },
	};
	check_cases(cases, sizeof cases / sizeof cases[0]);
}

static void text_is_added_behind_what_stands_there_and_stops_at_the_ceiling(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 8);
	buf_add(&out, STR("ab"));
	html_to_text(STR("<p>cd</p><p>ef</p>"), &out);
	check_text(buf_str(&out), "abcd\nef");
	html_to_text(STR("<p>g</p>"), &out);
	check_text(buf_str(&out), "abcd\nefg");
	assert_false(out.full);
	html_to_text(STR("<p>h</p>"), &out);
	assert_true(out.full);
	buf_finish(&out);
}

static void hostile_lengths_take_one_pass(void **state)
{
	(void)state;
	static const char *const pieces[] = { "<", "<!--", "<script>", "<b ", "&", "<p>", "&#1",
		"<a b='", "</", "<img alt=&" };
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		struct buf html, out;
		buf_init(&html, 0);
		buf_init(&out, 0);
		for (int j = 0; j < 200000; j++)
			buf_add(&html, str_of(pieces[i]));
		html_to_text(buf_str(&html), &out);
		assert_true(out.n <= 3 * html.n);
		buf_finish(&html);
		buf_finish(&out);
	}
}

static void entity_names_are_found_whole(void **state)
{
	(void)state;
	assert_int_equal(entity_code_point(STR("AElig")), 0xC6);
	assert_int_equal(entity_code_point(STR("zwnj")), 0x200C);
	assert_int_equal(entity_code_point(STR("aelig")), 0xE6);
	assert_int_equal(entity_code_point(STR("aeli")), 0);
	assert_int_equal(entity_code_point(STR("")), 0);
	assert_int_equal(entity_code_point(STR("zzz")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_become_lines_and_other_tags_vanish),
		cmocka_unit_test(what_is_not_shown_vanishes),
		cmocka_unit_test(entities_become_characters),
		cmocka_unit_test(images_leave_their_alt_text),
		cmocka_unit_test(broken_markup_is_tolerated),
		cmocka_unit_test(text_is_added_behind_what_stands_there_and_stops_at_the_ceiling),
		cmocka_unit_test(hostile_lengths_take_one_pass),
		cmocka_unit_test(entity_names_are_found_whole),
	};
	return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
