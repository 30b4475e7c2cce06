#define _GNU_SOURCE
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "notifiers/bubble.h"
#include "notifiers/mail_text.h"
#include "tests/notifiers/support.h"

#define EMAIL                                                                                     \
	"n: { type: email, url: smtp://localhost:25, from: \"V\xC3\xA9gie <vigie@example.org>\"," \
	" to: [a@example.org, \"B\xC3\xA9 <b@example.com>\"], reply_to: sav@example.org"

static void check_rendered(const char *yaml, const struct alert *alert, const char *golden)
{
	struct setup s;
	struct buf first, again;
	setup_init(&s, yaml);
	assert_false(diag_failed(s.diag));
	buf_init(&first, 0);
	buf_init(&again, 0);
	notifier_render(setup_notifier(&s), alert, STR(DELIVERY_ID), &first);
	notifier_render(setup_notifier(&s), alert, STR(DELIVERY_ID), &again);
	check_str(buf_str(&again), buf_str(&first)); /* pure */
	check_golden(golden, buf_str(&first));
	buf_finish(&first);
	buf_finish(&again);
	setup_finish(&s);
}

static void a_mail_in_french(void **state)
{
	(void)state;
	struct sample s;
	sample_init(&s);
	check_rendered(EMAIL " }", &s.alert, "email_fr.eml");
}

static void a_mail_in_english_of_an_article(void **state)
{
	(void)state;
	struct sample s;
	sample_init(&s);
	s.post.title = STR("Network down <script>alert(1)</script>");
	s.post.url = STR("javascript:alert(1)");
	s.post.author.name = STR_NONE;
	s.alert.match.about = STR_NONE;
	s.alert.match.severity = SEVERITY_LOW;
	check_rendered(EMAIL ", language: en }", &s.alert, "email_en.eml");
}

static void a_mail_of_a_hostile_post(void **state)
{
	(void)state;
	struct sample s;
	sample_init(&s);
	sample_text(&s,
		STR("x\r\nBcc: victim@example.org\r\n\r\n.\r\nMAIL FROM:<a@b>\n.\nFrom here\x1B[31m"
		    "\xE2\x80\xAE\xFF\n--=_vigie_"));
	s.post.author.name = STR("Eve\r\nSubject: other\"><img src=http://evil>");
	s.post.url = STR("https://example.org/\"onmouseover=x\r\nX: y");
	check_rendered(EMAIL " }", &s.alert, "email_hostile.eml");
}

/* Python's reading of these values is in test_email.c; here are their lengths. */
static void check_value(struct str text, const char *expected)
{
	struct buf out;
	buf_init(&out, 0);
	mail_header_value(strlen("Subject"), text, &out);
	if (expected)
		check_str(buf_str(&out), str_of(expected));
	struct str rest = buf_str(&out), line;
	size_t taken = strlen("Subject:");
	while (str_next(&rest, '\n', &line)) {
		if (line.n == 0 && rest.n == 0)
			break;
		assert_true(line.p[0] == ' ' && line.n + taken <= 76);
		taken = 0;
	}
	buf_finish(&out);
}

static void header_values_fit_their_lines(void **state)
{
	(void)state;
	char text[1000];
	check_value(STR("plain"), " plain\n");
	check_value(STR("\xC3\xA9"), " =?UTF-8?B?w6k=?=\n");
	check_value(STR("=?UTF-8?Q?x?="), " =?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?=\n");
	for (size_t n = 1; n < 300; n++) {
		memset(text, 'x', n);
		check_value((struct str){ text, n }, NULL);
		for (size_t i = 0; i < n; i++)
			memcpy(text + i * 3, "\xE2\x82\xAC", 3);
		check_value((struct str){ text, n * 3 }, NULL);
	}
}

static void the_body_of_a_webhook(void **state)
{
	(void)state;
	struct sample s;
	sample_init(&s);
	check_rendered(
		"n: { type: webhook, url: https://example.org/hook }", &s.alert, "webhook.json");
}

static void a_line_of_text(void **state)
{
	(void)state;
	struct sample s;
	sample_init(&s);
	s.post.title = STR("Titre\x1B[2J");
	check_rendered("n: { type: print }", &s.alert, "print.txt");
	check_rendered("n: { type: print, format: json }", &s.alert, "print.json");
	check_rendered("n: { type: exec, command: cat }", &s.alert, "print.json");
}

static void check_bubble(struct alert *alert, const char *golden)
{
	struct buf out;
	buf_init(&out, 0);
	bubble_render(LANGUAGE_FR, alert, &out);
	check_golden(golden, buf_str(&out));
	buf_finish(&out);
}

static void a_bubble(void **state)
{
	(void)state;
	struct sample s;
	sample_init(&s);
	check_bubble(&s.alert, "bubble.txt");
	s.post.title = STR("Panne");
	s.post.author = post_empty().author;
	s.alert.match.severity = SEVERITY_NORMAL;
	check_bubble(&s.alert, "bubble_title.txt");
}

static void a_bubble_is_escaped_for_markup_and_plain_without(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	bubble_markup(STR("a \x01<b>\x02 & \"c\""), &out);
	check_text(buf_str(&out), "a <b>&lt;b&gt;</b> &amp; &quot;c&quot;");
	buf_clear(&out);
	bubble_plain(STR("a \x01<b>\x02 & c"), &out);
	check_text(buf_str(&out), "a <b> & c");
	buf_finish(&out);
}

static size_t count_of(struct str s, char c)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

static void a_bubble_of_a_very_long_post_is_cut(void **state)
{
	(void)state;
	struct sample s;
	struct bubble bubble;
	char text[5000];
	memset(text, 'x', sizeof text);
	memcpy(text + 900, " panne ", 7);
	memcpy(text + 2000, " livebox ", 9);
	sample_init(&s);
	sample_text(&s, (struct str){ text, sizeof text });
	sample_hit(&s, STR("panne"));
	sample_hit(&s, STR("livebox"));
	s.post.author.name = (struct str){ text, 800 };
	s.post.author.handle = (struct str){ text, 800 };
	struct buf out;
	buf_init(&out, 0);
	bubble_render(LANGUAGE_EN, &s.alert, &out);
	assert_true(bubble_read(buf_str(&out), &bubble));
	/* 999 characters, the ellipsis of 3 bytes, and two marks */
	assert_int_equal(bubble.body.n, 999 + 3 + 2);
	assert_int_equal(count_of(bubble.body, 1), 1);
	assert_int_equal(count_of(bubble.body, 2), 1);
	assert_true(bubble.summary.n <= 199 + 3);
	buf_finish(&out);
}

static void only_what_bubble_render_writes_is_read(void **state)
{
	(void)state;
	struct bubble bubble;
	assert_true(bubble_read(STR("2\nr\ns\nb\n"), &bubble));
	assert_int_equal(bubble.severity, SEVERITY_CRITICAL);
	assert_false(bubble_read(STR("3\nr\ns\nb\n"), &bubble));
	assert_false(bubble_read(STR("x\nr\ns\nb\n"), &bubble));
	assert_false(bubble_read(STR("1\nr\n"), &bubble));
	assert_false(bubble_read(STR(""), &bubble));
}

static void check_time(enum language language, const char *text, const char *expected)
{
	int64_t wall_us;
	struct buf out;
	assert_true(time_parse(str_of(text), &wall_us));
	buf_init(&out, 0);
	word_time(language, wall_us, &out);
	check_str(buf_str(&out), str_of(expected));
	buf_finish(&out);
}

static void times_are_local(void **state)
{
	(void)state;
	check_time(LANGUAGE_FR, "2026-11-22T13:05:59Z", "22 nov. 2026 \xC3\xA0 14:05");
	check_time(LANGUAGE_FR, "2026-08-01T22:30:00Z", "2 ao\xC3\xBBt 2026 \xC3\xA0 00:30");
	check_time(LANGUAGE_EN, "2026-11-22T13:05:59Z", "22 Nov 2026, 14:05");
	check_time(LANGUAGE_FR, "1969-12-31T23:59:59Z", "1 janv. 1970 \xC3\xA0 00:59");
}

static void every_word_stands_in_every_language(void **state)
{
	(void)state;
	for (int language = 0; language < LANGUAGE_COUNT; language++)
		for (int word = 0; word < WORD_COUNT; word++)
			assert_true(word_of((enum language)language, (enum word)word).n > 0);
	assert_null(language_names[LANGUAGE_COUNT]);
}

int main(void)
{
	(void)setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mail_in_french),
		cmocka_unit_test(a_mail_in_english_of_an_article),
		cmocka_unit_test(a_mail_of_a_hostile_post),
		cmocka_unit_test(header_values_fit_their_lines),
		cmocka_unit_test(the_body_of_a_webhook),
		cmocka_unit_test(a_line_of_text),
		cmocka_unit_test(a_bubble),
		cmocka_unit_test(a_bubble_is_escaped_for_markup_and_plain_without),
		cmocka_unit_test(a_bubble_of_a_very_long_post_is_cut),
		cmocka_unit_test(only_what_bubble_render_writes_is_read),
		cmocka_unit_test(times_are_local),
		cmocka_unit_test(every_word_stands_in_every_language),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
