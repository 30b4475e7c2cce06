#define _GNU_SOURCE

#include "tests/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/smtp.h"
#include "tests/net/server.h"

struct post {
	struct loop *loop;
	struct http_client *client;
	struct server server;
	bool running;
	struct timer *timer;
	struct smtp_request *request;
	char folder[64], cert[128], key[128];
	int end_count;
	enum smtp_end end;
	int code;
	char message[600];
	bool cancel_at_end;
};

static const struct str one_recipient[] = { { "to@example.org", 14 } };

#define MESSAGE STR("Subject: hello\r\n\r\n.a line with a dot\r\n.\r\nlast\r\n")

static int set_up(void **state)
{
	struct post *p = calloc(1, sizeof *p);
	folder_make(p->folder, sizeof p->folder);
	server_make_certificate(p->folder);
	snprintf(p->cert, sizeof p->cert, "%s/cert.pem", p->folder);
	snprintf(p->key, sizeof p->key, "%s/key.pem", p->folder);
	p->loop = loop_create();
	p->client = http_client_create(p->loop);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct post *p = *state;
	http_client_destroy(p->client);
	timer_destroy(p->timer);
	loop_destroy(p->loop);
	if (p->running)
		server_stop(&p->server);
	folder_remove(p->folder);
	free(p);
	return 0;
}

static void serve(struct post *p, const char *mode, const char *tls, const char *auth)
{
	if (!server_can_run("aiosmtpd")) {
		print_message("SKIP: no python3-aiosmtpd\n");
		skip();
	}
	const char *arguments[] = { "--mode", mode, "--tls", tls, "--cert", p->cert, "--key",
		p->key, "--folder", p->folder, auth ? "--auth" : NULL, auth, NULL };
	server_start(&p->server, "smtpd.py", arguments);
	p->running = true;
}

static void ended(void *ctx, enum smtp_end end, int code, const char *message)
{
	struct post *p = ctx;
	p->end_count++;
	p->end = end;
	p->code = code;
	snprintf(p->message, sizeof p->message, "%s", message);
	if (p->cancel_at_end)
		smtp_cancel(p->request);
	loop_stop(p->loop);
}

static struct smtp_options options_of(const struct post *p, enum smtp_tls tls)
{
	return (struct smtp_options){ .tls = tls,
		.from = STR("from@example.org"),
		.to = { one_recipient, 1 },
		.message = MESSAGE,
		.ca_file = str_of(p->cert),
		.timeout_us = 20 * US_PER_S };
}

static void start(struct post *p, const char *scheme, struct smtp_options options)
{
	char url[128];
	snprintf(url, sizeof url, "%s://127.0.0.1:%d", scheme, p->server.port);
	if (!options.url.p)
		options.url = str_of(url);
	p->end_count = 0;
	p->request = smtp_start(p->client, &options, ended, p);
	assert_int_equal(p->end_count, 0);
}

static void send(struct post *p, const char *scheme, struct smtp_options options)
{
	start(p, scheme, options);
	loop_run(p->loop);
	assert_int_equal(p->end_count, 1);
}

/* Skips lines until one holds the text; fails at the end. */
static void expect_line(struct post *p, const char *text)
{
	char line[4096];
	do {
		server_line(&p->server, line, sizeof line);
		if (!line[0])
			fail_msg("the server never said '%s'", text);
	} while (!strstr(line, text));
}

static void check_file(const struct post *p, const char *name, struct str expected)
{
	char path[128];
	struct buf content;
	snprintf(path, sizeof path, "%s/%s", p->folder, name);
	buf_init(&content, 0);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	ssize_t n;
	do {
		n = read(fd, buf_room(&content, 4096), 4096);
		content.n += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	close(fd);
	if (!str_eq(buf_str(&content), expected))
		fail_msg("%s is not what was sent", name);
	buf_finish(&content);
}

static void a_mail_arrives_as_it_was_sent(void **state)
{
	struct post *p = *state;
	serve(p, "accept", "none", NULL);
	send(p, "smtp", options_of(p, SMTP_TLS_NONE));
	assert_int_equal(p->end, SMTP_SENT);
	assert_int_equal(p->code, 250);
	assert_string_equal(p->message, "");
	check_file(p, "1.eml", MESSAGE);
}

static void a_mail_of_a_megabyte_arrives(void **state)
{
	struct post *p = *state;
	struct buf message;
	serve(p, "accept", "none", NULL);
	buf_init(&message, 0);
	for (int i = 0; i < 50000; i++)
		buf_add(&message, STR("01234567890123456\r\n"));
	struct smtp_options options = options_of(p, SMTP_TLS_NONE);
	options.message = buf_str(&message);
	start(p, "smtp", options);
	buf_clear(&message); /* it was copied */
	loop_run(p->loop);
	assert_int_equal(p->end, SMTP_SENT);
	for (int i = 0; i < 50000; i++)
		buf_add(&message, STR("01234567890123456\r\n"));
	check_file(p, "1.eml", buf_str(&message));
	buf_finish(&message);
}

static void starttls_and_login_work(void **state)
{
	struct post *p = *state;
	serve(p, "accept", "starttls", "me:secret");
	struct smtp_options options = options_of(p, SMTP_TLS_REQUIRED);
	options.user = STR("me");
	options.password = STR("secret");
	send(p, "smtp", options);
	assert_int_equal(p->end, SMTP_SENT);
	expect_line(p, "\"tls\": true, \"user\": \"me\"");
	options.password = STR("wrong");
	send(p, "smtp", options);
	assert_int_equal(p->end, SMTP_REJECTED);
	assert_int_equal(p->code, 535);
	assert_null(strstr(p->message, "wrong"));
}

static void smtps_is_tls_from_the_start(void **state)
{
	struct post *p = *state;
	serve(p, "accept", "smtps", NULL);
	send(p, "smtps", options_of(p, SMTP_TLS_REQUIRED));
	assert_int_equal(p->end, SMTP_SENT);
	expect_line(p, "\"tls\": true");
}

static void nothing_is_sent_to_a_server_without_tls_if_that_is_required(void **state)
{
	struct post *p = *state;
	serve(p, "accept", "none", NULL);
	struct smtp_options options = options_of(p, SMTP_TLS_REQUIRED);
	options.user = STR("me");
	options.password = STR("secret");
	send(p, "smtp", options);
	assert_int_equal(p->end, SMTP_UNSAFE);
	/* The next mail is the first the server hears of. */
	options = options_of(p, SMTP_TLS_NONE);
	options.from = STR("second@example.org");
	send(p, "smtp", options);
	expect_line(p, "second@example.org");
}

static void a_password_is_never_sent_without_tls(void **state)
{
	struct post *p = *state;
	serve(p, "accept", "none", NULL);
	struct smtp_options options = options_of(p, SMTP_TLS_NONE);
	options.user = STR("me");
	options.password = STR("secret");
	send(p, "smtp", options);
	assert_int_equal(p->end, SMTP_UNSAFE);
}

static void a_certificate_that_is_not_trusted_is_tried_again_later(void **state)
{
	struct post *p = *state;
	serve(p, "accept", "starttls", NULL);
	struct smtp_options options = options_of(p, SMTP_TLS_REQUIRED);
	options.ca_file = STR_NONE;
	int64_t start_us = clock_monotonic_us();
	send(p, "smtp", options);
	assert_int_equal(p->end, SMTP_RETRY);
	assert_int_equal(p->code, 0);
	assert_non_null(strstr(p->message, "certificate"));
	assert_true(clock_monotonic_us() - start_us < 10 * US_PER_S);
}

static void a_refused_recipient_is_final_and_the_servers_words_are_told(void **state)
{
	struct post *p = *state;
	serve(p, "refuse", "none", NULL);
	send(p, "smtp", options_of(p, SMTP_TLS_NONE));
	assert_int_equal(p->end, SMTP_REJECTED);
	assert_int_equal(p->code, 550);
	assert_string_equal(p->message, "550 5.1.1 no such user here");
}

static void one_bad_recipient_fails_all(void **state)
{
	struct post *p = *state;
	static const struct str two[] = { { "good@example.org", 16 }, { "bad@example.org", 15 } };
	serve(p, "refuse-one", "none", NULL);
	struct smtp_options options = options_of(p, SMTP_TLS_NONE);
	options.to = (struct str_list){ two, 2 };
	send(p, "smtp", options);
	assert_int_equal(p->end, SMTP_REJECTED);
	options.to = (struct str_list){ two, 1 };
	options.from = STR("second@example.org");
	send(p, "smtp", options);
	assert_int_equal(p->end, SMTP_SENT);
	expect_line(p, "second@example.org"); /* and no mail before it */
}

static void a_refused_mail_is_final(void **state)
{
	struct post *p = *state;
	serve(p, "refuse-data", "none", NULL);
	send(p, "smtp", options_of(p, SMTP_TLS_NONE));
	assert_int_equal(p->end, SMTP_REJECTED);
	assert_int_equal(p->code, 554);
	assert_string_equal(p->message, "554 5.7.1 looks like spam");
}

static void greylisting_is_tried_again_and_passes(void **state)
{
	struct post *p = *state;
	serve(p, "greylist", "none", NULL);
	send(p, "smtp", options_of(p, SMTP_TLS_NONE));
	assert_int_equal(p->end, SMTP_RETRY);
	assert_int_equal(p->code, 451);
	assert_non_null(strstr(p->message, "greylisted"));
	send(p, "smtp", options_of(p, SMTP_TLS_NONE));
	assert_int_equal(p->end, SMTP_SENT);
}

static void a_busy_server_is_tried_again(void **state)
{
	struct post *p = *state;
	serve(p, "busy", "none", NULL);
	send(p, "smtp", options_of(p, SMTP_TLS_NONE));
	assert_int_equal(p->end, SMTP_RETRY);
	assert_int_equal(p->code, 421);
	struct smtp_options options = options_of(p, SMTP_TLS_NONE);
	options.url = STR("smtp://127.0.0.1:1");
	send(p, "smtp", options);
	assert_int_equal(p->end, SMTP_RETRY);
	assert_int_equal(p->code, 0);
}

static void tick(void *ctx)
{
	struct post *p = ctx;
	loop_stop(p->loop);
}

/* How long the loop is away from a timer of 100 ms, at most. */
static int64_t wait_for_tick(struct post *p)
{
	int64_t start_us = clock_monotonic_us();
	if (!p->timer)
		p->timer = timer_create_on(p->loop, tick, p);
	timer_start(p->timer, 100 * US_PER_MS);
	loop_run(p->loop);
	return clock_monotonic_us() - start_us;
}

static void a_server_that_hangs_holds_up_nobody(void **state)
{
	struct post *p = *state;
	static const char *const modes[] = { "hang", "hang-data" };
	for (size_t i = 0; i < 2; i++) {
		serve(p, modes[i], "none", NULL);
		struct smtp_options options = options_of(p, SMTP_TLS_NONE);
		options.timeout_us = 1500 * US_PER_MS;
		int64_t start_us = clock_monotonic_us();
		start(p, "smtp", options);
		for (int j = 0; j < 5; j++)
			assert_true(wait_for_tick(p) < US_PER_S);
		assert_int_equal(p->end_count, 0);
		timer_stop(p->timer);
		loop_run(p->loop);
		assert_int_equal(p->end, SMTP_RETRY);
		assert_true(clock_monotonic_us() - start_us < 8 * US_PER_S);
		server_stop(&p->server);
		p->running = false;
	}
}

static void a_mail_may_be_cancelled_at_any_time(void **state)
{
	struct post *p = *state;
	serve(p, "hang", "none", NULL);
	start(p, "smtp", options_of(p, SMTP_TLS_NONE));
	smtp_cancel(p->request);
	start(p, "smtp", options_of(p, SMTP_TLS_NONE));
	wait_for_tick(p);
	smtp_cancel(p->request);
	smtp_cancel(NULL);
	start(p, "smtp", options_of(p, SMTP_TLS_NONE)); /* goes with the client */
	wait_for_tick(p);
	assert_int_equal(p->end_count, 0);
	http_client_destroy(p->client);
	wait_for_tick(p);
	assert_int_equal(p->end_count, 0);
	p->client = http_client_create(p->loop);
	p->cancel_at_end = true;
	struct smtp_options options = options_of(p, SMTP_TLS_NONE);
	options.url = STR("smtp://127.0.0.1:1");
	send(p, "smtp", options);
	assert_int_equal(p->end_count, 1);
	/* The threads left behind give up by themselves; LeakSanitizer sees that they did. */
	struct timespec moment = { .tv_sec = 2 };
	nanosleep(&moment, NULL);
}

static void check_refused(struct post *p, struct smtp_options options)
{
	send(p, "smtp", options);
	assert_int_equal(p->end, SMTP_REJECTED);
	assert_int_equal(p->code, 0);
	assert_true(p->message[0] != '\0');
}

static void what_would_break_out_of_a_command_is_refused(void **state)
{
	struct post *p = *state;
	static const struct str bad[] = { { "a@b\r\nRCPT TO:<c@d>", 18 }, { "a@b\n", 4 },
		{ "a@b> <c@d", 9 }, { "a@b c", 5 }, { "a\0b", 3 }, { "", 0 } };
	serve(p, "accept", "none", NULL);
	struct smtp_options good = options_of(p, SMTP_TLS_NONE);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct smtp_options options = good;
		options.to = (struct str_list){ &bad[i], 1 };
		check_refused(p, options);
		if (bad[i].n == 0)
			continue; /* of a sender it is the null path of bounces */
		options = good;
		options.from = bad[i];
		check_refused(p, options);
	}
	struct smtp_options options = good;
	options.to.count = 0;
	check_refused(p, options);
	options = good;
	options.url = STR("http://127.0.0.1/");
	check_refused(p, options);
	options.url = STR("smtp://127.0.0.1/\r\nRSET");
	check_refused(p, options);
	options = options_of(p, SMTP_TLS_REQUIRED);
	options.user = STR("me\r\nRSET");
	check_refused(p, options);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_mail_arrives_as_it_was_sent),
		CASE(a_mail_of_a_megabyte_arrives),
		CASE(starttls_and_login_work),
		CASE(smtps_is_tls_from_the_start),
		CASE(nothing_is_sent_to_a_server_without_tls_if_that_is_required),
		CASE(a_password_is_never_sent_without_tls),
		CASE(a_certificate_that_is_not_trusted_is_tried_again_later),
		CASE(a_refused_recipient_is_final_and_the_servers_words_are_told),
		CASE(one_bad_recipient_fails_all),
		CASE(a_refused_mail_is_final),
		CASE(greylisting_is_tried_again_and_passes),
		CASE(a_busy_server_is_tried_again),
		CASE(a_server_that_hangs_holds_up_nobody),
		CASE(a_mail_may_be_cancelled_at_any_time),
		CASE(what_would_break_out_of_a_command_is_refused),
	};
	return cmocka_run_group_tests_name("smtp", tests, NULL, NULL);
}
