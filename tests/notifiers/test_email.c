#define _GNU_SOURCE
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "tests/notifiers/support.h"

struct post_office {
	struct server server;
	struct setup setup;
	char folder[64];
};

/* smtpd.py with arguments, and the notifier n that sends to it. */
static void office_open(struct post_office *o, const char *const *arguments, const char *scheme,
	const char *options)
{
	char yaml[1000];
	const char *all[16];
	size_t n = 0;
	folder_make(o->folder, sizeof o->folder);
	for (; arguments[n]; n++)
		all[n] = arguments[n];
	all[n++] = "--folder";
	all[n++] = o->folder;
	all[n] = NULL;
	server_start(&o->server, "smtpd.py", all);
	(void)snprintf(yaml, sizeof yaml,
		"n: { type: email, url: '%s://localhost:%d',"
		" from: \"V\xC3\xA9gie <vigie@example.org>\", to: [a@example.org,"
		" \"B\xC3\xA9 <b@example.com>\"], timeout: 3s%s }",
		scheme, o->server.port, options);
	setup_init(&o->setup, yaml);
	setup_open(&o->setup);
}

static void office_close(struct post_office *o)
{
	setup_finish(&o->setup);
	server_stop(&o->server);
	folder_remove(o->folder);
}

static void office_line(struct post_office *o, struct buf *line)
{
	char text[100 * 1000];
	server_line(&o->server, text, sizeof text);
	buf_clear(line);
	buf_add(line, str_of(text));
}

static void check_has(const struct buf *line, const char *part)
{
	if (str_find(buf_str(line), str_of(part)) == SIZE_MAX) {
		print_error("no  %s\nin  %s\n", part, line->p ? line->p : "nothing");
		fail();
	}
}

static void check_has_not(const struct buf *line, const char *part)
{
	if (str_find(buf_str(line), str_of(part)) != SIZE_MAX) {
		print_error("has %s\nin  %s\n", part, line->p ? line->p : "nothing");
		fail();
	}
}

/* What Python's email package makes of the first mail that came. */
static void read_mail(struct post_office *o, struct buf *line)
{
	struct helper h;
	char script[512], mail[100];
	(void)snprintf(script, sizeof script, "%s/mail.py", getenv("TESTS"));
	(void)snprintf(mail, sizeof mail, "%s/1.eml", o->folder);
	helper_start(&h, (const char *const[]){ "/usr/bin/python3", script, mail, NULL });
	buf_clear(line);
	buf_add(line, buf_str(&h.first));
	helper_stop(&h);
}

static const char *const accept_all[] = { "--mode", "accept", NULL };

static void a_mail_arrives_as_it_was_meant(void **state)
{
	(void)state;
	struct post_office o;
	struct sample sample;
	struct buf line;
	buf_init(&line, 0);
	sample_init(&sample);
	office_open(&o, accept_all, "smtp", ", tls: none, reply_to: sav@example.org");
	struct outcome outcome = deliver(&o.setup, &sample.alert);
	if (outcome.result != DELIVERY_SENT)
		print_error("%s\n", outcome.message);
	assert_int_equal(outcome.result, DELIVERY_SENT);
	office_line(&o, &line);
	check_has(&line, "connected");
	office_line(&o, &line);
	check_has(&line, "\"event\": \"mail\"");
	check_has(&line, "\"from\": \"vigie@example.org\"");
	check_has(&line, "\"to\": [\"a@example.org\", \"b@example.com\"]");

	read_mail(&o, &line);
	check_has(&line, "\"defects\": [], \"broken\": []");
	check_has(&line, "\"type\": \"multipart/alternative\"");
	check_has(&line, "[\"From\", \"V\xC3\xA9gie <vigie@example.org>\"]");
	check_has(&line, "[\"To\", \"a@example.org, B\xC3\xA9 <b@example.com>\"]");
	check_has(&line, "[\"Reply-To\", \"sav@example.org\"]");
	check_has(&line,
		"[\"Subject\", \"sav-panne (critique) : Ma livebox est en panne depuis hier "
		"soir \xF0\x9F\x98\xA1 Rien ne marche, m\xC3\xAAme le t\xC3\xA9l\xC3\xA9phone.");
	check_has(&line, "[\"Date\", \"Sun, 22 Nov 2026 07:49:44 +0000\"]");
	check_has(&line, "[\"Message-Id\", \"<" DELIVERY_ID "@example.org>\"]");
	check_has(&line, "[\"In-Reply-To\", \"<vigie.sav-panne.2026-11-22@example.org>\"]");
	check_has(&line, "[\"References\", \"<vigie.sav-panne.2026-11-22@example.org>\"]");
	check_has(&line, "[\"List-Id\", \"<sav-panne.vigie.example.org>\"]");
	check_has(&line, "[\"Auto-Submitted\", \"auto-generated\"]");
	check_has(&line, "[\"X-Vigie-Rule\", \"sav-panne\"]");
	check_has(&line, "[\"MIME-Version\", \"1.0\"]");
	check_has(
		&line, "[\"text/plain\", \"utf-8\", \"R\xC3\xA8gle\xC2\xA0: sav-panne (critique)");
	check_has(&line,
		"hier soir \xF0\x9F\x98\xA1\\nRien ne marche, m\xC3\xAAme le t\xC3\xA9l\xC3"
		"\xA9phone. C'est <b>inadmissible</b> & pas");
	check_has(&line, "[\"text/html\", \"utf-8\", \"<!DOCTYPE html>");
	check_has(&line, "Ma <mark>livebox</mark> est en <mark>panne</mark>");
	check_has(&line, "&lt;b&gt;inadmissible&lt;/b&gt; &amp; pas");
	check_has(&line,
		"href=\\\"https://bsky.app/profile/jdupont.example/post/3kxyz?a=1&amp;b=2\\\"");
	office_close(&o);
	buf_finish(&line);
}

static void a_hostile_post_changes_no_header_and_no_envelope(void **state)
{
	(void)state;
	struct post_office o;
	struct sample sample;
	struct buf line;
	buf_init(&line, 0);
	sample_init(&sample);
	sample_text(&sample,
		STR("x\r\nBcc: victim@example.org\r\n\r\n.\r\nMAIL FROM:<a@b>\n.\nQUIT\n"
		    "From here\x1B[31m\xE2\x80\xAE\xFF\n=?utf-8?q?a?=\n"));
	sample.post.title = STR("t\r\nBcc: victim@example.org\r\n\r\n<script>");
	sample.post.author.name = STR("Eve\r\nSubject: other\"><img src=x>");
	sample.post.url = STR("https://example.org/\r\nX-Evil: y");
	office_open(&o, accept_all, "smtp", ", tls: none");
	assert_int_equal(deliver(&o.setup, &sample.alert).result, DELIVERY_SENT);
	office_line(&o, &line);
	office_line(&o, &line);
	check_has(&line, "\"to\": [\"a@example.org\", \"b@example.com\"]");
	read_mail(&o, &line);
	check_has(&line, "\"defects\": [], \"broken\": []");
	check_has_not(&line, "[\"Bcc\"");
	check_has_not(&line, "[\"X-Evil\"");
	check_has(&line,
		"[\"Subject\", \"sav-panne (critique) : t Bcc: victim@example.org <script>\"]");
	check_has(&line,
		"x\\nBcc: victim@example.org\\n\\n.\\nMAIL FROM:<a@b>\\n.\\nQUIT\\nFrom here");
	check_has_not(&line, "\\u001b");
	check_has_not(&line, "\xE2\x80\xAE");
	check_has(&line, "<h2>t Bcc: victim@example.org &lt;script&gt;</h2>");
	check_has(
		&line, "<td>Eve Subject: other&quot;&gt;&lt;img src=x&gt; (@jdupont.example)</td>");
	check_has_not(&line, "href");
	office_close(&o);
	buf_finish(&line);
}

/* GMime's own folding makes a header line of such a text. */
static void a_post_that_looks_like_an_encoded_word_stays_text(void **state)
{
	(void)state;
	struct post_office o;
	struct sample sample;
	struct buf line;
	buf_init(&line, 0);
	sample_init(&sample);
	sample_text(&sample,
		STR("b8?q?=0D=0ABcc:_a@b\xEF\xBF\xBD= =?utf\x0C"
		    "e-8?b?\x0B"
		    "d 31m= a b =?UTF-8?q?=0D=0ABcc:_a@b?= =?utf-8?b?\xE2\x82\xAC?="));
	office_open(&o, accept_all, "smtp", ", tls: none");
	assert_int_equal(deliver(&o.setup, &sample.alert).result, DELIVERY_SENT);
	read_mail(&o, &line);
	check_has(&line, "\"defects\": [], \"broken\": []");
	check_has(&line,
		"[\"Subject\", \"sav-panne (critique) : b8?q?=0D=0ABcc:_a@b\xEF\xBF\xBD= =?utf "
		"e-8?b? d 31m= a b =?UTF-8?q?=0D=0ABcc:_a@b?= =?utf-8?b?\xE2\x82\xAC?=\"]");
	check_has_not(&line, "[\"Bcc\"");
	office_close(&o);
	buf_finish(&line);
}

static void nothing_is_sent_to_a_server_without_tls(void **state)
{
	(void)state;
	struct post_office o;
	struct sample sample;
	struct buf line;
	buf_init(&line, 0);
	sample_init(&sample);
	office_open(&o, accept_all, "smtp", "");
	struct outcome outcome = deliver(&o.setup, &sample.alert);
	assert_int_equal(outcome.result, DELIVERY_RETRY);
	assert_true(strlen(outcome.message) > 0);
	server_stop(&o.server);
	office_line(&o, &line);
	assert_true(line.n == 0 || str_find(buf_str(&line), STR("mail")) == SIZE_MAX);
	setup_finish(&o.setup);
	folder_remove(o.folder);
	buf_finish(&line);
}

static void with_tls_it_logs_in_and_sends(void **state)
{
	(void)state;
	static const char *const schemes[][2] = { { "smtp", "starttls" }, { "smtps", "smtps" } };
	struct sample sample;
	char folder[64], cert[100], key[100], options[300];
	struct buf line;
	buf_init(&line, 0);
	folder_make(folder, sizeof folder);
	server_make_certificate(folder);
	(void)snprintf(cert, sizeof cert, "%s/cert.pem", folder);
	(void)snprintf(key, sizeof key, "%s/key.pem", folder);
	(void)snprintf(options, sizeof options,
		", user: vigie, password: { env: MAIL_PASSWORD }, ca_file: %s", cert);
	sample_init(&sample);
	for (size_t i = 0; i < 2; i++) {
		struct post_office o;
		const char *const arguments[] = { "--tls", schemes[i][1], "--cert", cert, "--key",
			key, "--auth", "vigie:hunter2", NULL };
		office_open(&o, arguments, schemes[i][0], options);
		struct outcome outcome = deliver(&o.setup, &sample.alert);
		if (outcome.result != DELIVERY_SENT)
			print_error("%s\n", outcome.message);
		assert_int_equal(outcome.result, DELIVERY_SENT);
		do
			office_line(&o, &line);
		while (str_find(buf_str(&line), STR("\"mail\"")) == SIZE_MAX && line.n);
		if (i == 0)
			check_has(&line, "\"tls\": true"); /* the server knows of STARTTLS only */
		check_has(&line, "\"user\": \"vigie\"");
		office_close(&o);
	}
	folder_remove(folder);
	buf_finish(&line);
}

static void answers_decide_what_becomes_of_the_mail(void **state)
{
	(void)state;
	static const struct {
		const char *mode;
		enum delivery_result result;
		const char *message;
	} cases[] = {
		{ "refuse", DELIVERY_REJECTED, "550" },
		{ "refuse-data", DELIVERY_REJECTED, "554" },
		{ "greylist", DELIVERY_RETRY, "451" },
		{ "busy", DELIVERY_RETRY, "421" },
		{ "hang", DELIVERY_RETRY, "" },
		{ "hang-data", DELIVERY_RETRY, "" },
	};
	struct sample sample;
	sample_init(&sample);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct post_office o;
		office_open(&o, (const char *const[]){ "--mode", cases[i].mode, NULL }, "smtp",
			", tls: none");
		struct outcome outcome = deliver(&o.setup, &sample.alert);
		if (outcome.result != cases[i].result)
			print_error("%s: %s\n", cases[i].mode, outcome.message);
		assert_int_equal(outcome.result, cases[i].result);
		assert_non_null(strstr(outcome.message, cases[i].message));
		assert_true(outcome.took_us < 8 * US_PER_S);
		office_close(&o);
	}
}

int main(void)
{
	if (!server_can_run("aiosmtpd")) {
		print_message("SKIPPED: python3-aiosmtpd is missing\n");
		return 77;
	}
	(void)setenv("TZ", "UTC0", 1);
	tzset();
	(void)setenv("MAIL_PASSWORD", "hunter2", 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mail_arrives_as_it_was_meant),
		cmocka_unit_test(a_hostile_post_changes_no_header_and_no_envelope),
		cmocka_unit_test(a_post_that_looks_like_an_encoded_word_stays_text),
		cmocka_unit_test(nothing_is_sent_to_a_server_without_tls),
		cmocka_unit_test(with_tls_it_logs_in_and_sends),
		cmocka_unit_test(answers_decide_what_becomes_of_the_mail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
