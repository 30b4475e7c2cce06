#define _GNU_SOURCE
#include "tests/check.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "model/log_line.h"

/* 2026-11-22T14:30:00Z */
#define NOW_US (INT64_C(1795357800) * US_PER_S)

struct sample {
	const char *line, *time, *host, *program, *origin, *message;
};

static void check_sample(const struct sample *s)
{
	struct log_line line;
	char time[TIME_TEXT_BYTES] = "";
	log_line_read(str_of(s->line), NOW_US, &line);
	if (line.created_at_us)
		time_format(line.created_at_us, time);
	check_str(str_of(time), str_of(s->time));
	check_str(line.host, str_of(s->host));
	check_str(line.program, str_of(s->program));
	check_str(line.origin, str_of(s->origin));
	check_str(line.message, str_of(s->message));
}

static void check_samples(const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_sample(&samples[i]);
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void lines_of_rsyslog_and_journalctl_are_taken_apart(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "Nov 22 14:07:29 web1 sshd[812]: Failed password", "2026-11-22T14:07:29Z", "web1",
			"sshd", "web1 sshd[812]", "Failed password" },
		{ "Nov  2 04:07:29 web1 kernel: [   12.5] usb 1-1: new", "2026-11-02T04:07:29Z",
			"web1", "kernel", "web1 kernel", "[   12.5] usb 1-1: new" },
		{ "Nov 22 14:07:29.250000 web1 cron[1]: (root) CMD", "2026-11-22T14:07:29.250000Z",
			"web1", "cron", "web1 cron[1]", "(root) CMD" },
		{ "2026-11-22T15:07:29.123456+01:00 web1.example.org postfix/smtpd[3]: connect",
			"2026-11-22T14:07:29.123456Z", "web1.example.org", "postfix/smtpd",
			"web1.example.org postfix/smtpd[3]", "connect" },
		{ "2026-11-22T15:07:29+0100 web1 systemd[1]: Started x.", "2026-11-22T14:07:29Z",
			"web1", "systemd", "web1 systemd[1]", "Started x." },
		{ "<34>Nov 22 14:07:29 mymachine su: 'su root' failed", "2026-11-22T14:07:29Z",
			"mymachine", "su", "mymachine su", "'su root' failed" },
		{ "Nov 22 14:07:29 2001:db8::1 a: b", "2026-11-22T14:07:29Z", "2001:db8::1", "a",
			"2001:db8::1 a", "b" },
		{ "Nov 22 14:07:29 web1 prog:", "2026-11-22T14:07:29Z", "web1", "prog", "web1 prog",
			"" },
	};
	check_samples(samples, COUNT(samples));
}

static void a_line_without_program_keeps_its_message_whole(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "Nov 22 14:07:29 web1 last message repeated 3 times", "2026-11-22T14:07:29Z",
			"web1", NULL, "web1", "last message repeated 3 times" },
		{ "Nov 22 14:07:29 web1 a sentence: with a colon", "2026-11-22T14:07:29Z", "web1",
			NULL, "web1", "a sentence: with a colon" },
		{ "Nov 22 14:07:29 web1 http://x: y", "2026-11-22T14:07:29Z", "web1", NULL, "web1",
			"http://x: y" },
		{ "Nov 22 14:07:29 web1 a[unclosed: y", "2026-11-22T14:07:29Z", "web1", NULL,
			"web1", "a[unclosed: y" },
	};
	check_samples(samples, COUNT(samples));
}

static void lines_of_rfc_5424_are_taken_apart(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - "
		  "\xEF\xBB\xBF'su "
		  "root' failed",
			"2003-10-11T22:14:15.003000Z", "mymachine.example.com", "su",
			"mymachine.example.com su", "'su root' failed" },
		{ "<165>1 2003-10-11T22:14:15.003Z h evntslog 99 ID47 [a@1 b=\"]\\\"\" "
		  "c=\"d\"][e@2] "
		  "An event",
			"2003-10-11T22:14:15.003000Z", "h", "evntslog", "h evntslog", "An event" },
		{ "<34>1 - - app - - - text", "", NULL, "app", "app", "text" },
		{ "<34>1 - host - - - - text", "", "host", NULL, "host", "text" },
		{ "<34>1 - - - - - -", "", NULL, NULL, NULL, "" },
	};
	check_samples(samples, COUNT(samples));
}

static void any_other_line_is_all_message(void **state)
{
	(void)state;
	static const char *const lines[] = { "", "a", "plain text", "Nov", "Nov 22 14:07:29",
		"Nov 22 14:07:29 web1", "Nov 32 14:07:29 web1 a: b", "Nov  0 14:07:29 web1 a: b",
		"Nov 22 24:07:29 web1 a: b", "Nov 22 14:60:29 web1 a: b",
		"Nov 22 14:07:61 web1 a: b", "Nob 22 14:07:29 web1 a: b",
		"Nov 22 14:07:29x web1 a: b", "Nov 22 14:07:29. web1 a: b",
		"Nov 22 14:07:29 w/b1 a: b", "2026-11-22T14:07:29Z", "2026-11-22T14:07:29Z web1",
		"2026-11-22 14:07:29 web1 a: b", "2026-13-22T14:07:29Z web1 a: b",
		"<34> Nov 22 14:07:29 web1 a: b", "<34>1 x h a - - - text",
		"<34>1 - h a - - [a text", "<34>1 - h a - - [a b=\"]", "<34", "<>a",
		"<3456>1 - - - - - -" };
	for (size_t i = 0; i < COUNT(lines); i++) {
		const struct sample s = { lines[i], "", NULL, NULL, NULL, lines[i] };
		check_sample(&s);
	}
}

static void a_time_without_a_year_is_the_latest_at_most_a_day_ahead(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "Nov 23 14:00:00 h a: b", "2026-11-23T14:00:00Z", "h", "a", "h a", "b" },
		{ "Nov 24 14:00:00 h a: b", "2025-11-24T14:00:00Z", "h", "a", "h a", "b" },
		{ "Dec 31 23:59:59 h a: b", "2025-12-31T23:59:59Z", "h", "a", "h a", "b" },
		{ "Jan  1 00:00:00 h a: b", "2026-01-01T00:00:00Z", "h", "a", "h a", "b" },
		{ "Feb 29 00:00:00 h a: b", "2024-02-29T00:00:00Z", "h", "a", "h a", "b" },
		{ "Feb 30 00:00:00 h a: b", "", "h", "a", "h a", "b" },
	};
	check_samples(samples, COUNT(samples));
	struct log_line line;
	const int64_t new_years_eve_us = NOW_US + (39 * 24 + 9) * US_PER_HOUR;
	char text[TIME_TEXT_BYTES];
	log_line_read(STR("Jan  1 00:10:00 h a: b"), new_years_eve_us, &line);
	time_format(line.created_at_us, text);
	assert_string_equal(text, "2027-01-01T00:10:00Z");
	log_line_read(STR("Jan  1 00:10:00 h a: b"), 0, &line);
	assert_int_equal(line.created_at_us, 0);
	check_text(line.program, "a");
}

static void times_without_a_zone_are_local_ones(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{ "Nov 22 14:07:29 h a: b", "2026-11-22T13:07:29Z", "h", "a", "h a", "b" },
		{ "Jul 22 14:07:29 h a: b", "2026-07-22T12:07:29Z", "h", "a", "h a", "b" },
		{ "2026-07-22T14:07:29 h a: b", "2026-07-22T12:07:29Z", "h", "a", "h a", "b" },
		{ "2026-07-22T14:07:29.5 h a: b", "2026-07-22T12:07:29.500000Z", "h", "a", "h a",
			"b" },
		{ "2026-07-22T14:07:29Z h a: b", "2026-07-22T14:07:29Z", "h", "a", "h a", "b" },
	};
	setenv("TZ", "Europe/Paris", 1);
	tzset();
	check_samples(samples, COUNT(samples));
	setenv("TZ", "UTC", 1);
	tzset();
}

/* ---- cleaning ---- */

static void check_clean(const char *lines, const char *wanted)
{
	struct buf out;
	buf_init(&out, 1024);
	check_str(log_lines_clean(str_of(lines), &out), str_of(wanted));
	buf_finish(&out);
}

static void terminal_sequences_and_controls_are_cut_and_lines_stay_in_place(void **state)
{
	(void)state;
	check_clean("a \x1b[1;31merror\x1b[0m b\nnext\n", "a error b           \nnext\n");
	check_clean("\x1b]0;title\aa\n", "a          \n");
	check_clean("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link                      ");
	check_clean("a\001b\x7f"
		    "c\td\n",
		"abc\td  \n");
	/* What does not end is cut by its first byte alone, so that nothing is lost. */
	check_clean("\x1b[31", "[31 ");
	check_clean("\x1b]0;text\n", "]0;text \n");
	check_clean("\x1b", " ");
	check_clean("a\x1b\nb", "a \nb");
}

static void lines_without_controls_are_not_copied(void **state)
{
	const struct str lines = STR("a\tb\r\n\xC3\xA9 \xE9\n");
	struct buf out;
	(void)state;
	buf_init(&out, 0);
	assert_ptr_equal(log_lines_clean(lines, &out).p, lines.p);
	buf_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_rsyslog_and_journalctl_are_taken_apart),
		cmocka_unit_test(a_line_without_program_keeps_its_message_whole),
		cmocka_unit_test(lines_of_rfc_5424_are_taken_apart),
		cmocka_unit_test(any_other_line_is_all_message),
		cmocka_unit_test(a_time_without_a_year_is_the_latest_at_most_a_day_ahead),
		cmocka_unit_test(times_without_a_zone_are_local_ones),
		cmocka_unit_test(terminal_sequences_and_controls_are_cut_and_lines_stay_in_place),
		cmocka_unit_test(lines_without_controls_are_not_copied),
	};
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
