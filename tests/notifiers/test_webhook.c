#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/notifiers/support.h"

#define KEY "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OLD_KEY "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

static int start_server(void **state)
{
	struct server *server = mem_zero(1, sizeof *server);
	server_start(server, "misbehave.py", NULL);
	*state = server;
	return 0;
}

static int stop_server(void **state)
{
	server_stop(*state);
	mem_free(*state);
	return 0;
}

/* A webhook to a path of the server, with more options. */
static void open_webhook(
	struct setup *s, const struct server *server, const char *path, const char *options)
{
	char yaml[500];
	(void)snprintf(yaml, sizeof yaml, "n: { type: webhook, url: 'http://127.0.0.1:%d%s'%s }",
		server->port, path, options);
	setup_init(s, yaml);
	setup_open(s);
}

/* One line of verify.py for each request at the path; the first says how many. */
static void verify(struct helper *h, const struct server *server, const char *path,
	const char *secret, const char *other)
{
	char port[16], script[512];
	(void)snprintf(port, sizeof port, "%d", server->port);
	(void)snprintf(script, sizeof script, "%s/verify.py", getenv("TESTS"));
	helper_start(h,
		(const char *const[]){
			"/usr/bin/python3", script, port, path, secret, other, NULL });
}

static void check_has(const struct buf *line, const char *part)
{
	if (str_find(buf_str(line), str_of(part)) == SIZE_MAX) {
		print_error("no  %s\nin  %s\n", part, line->p ? line->p : "nothing");
		fail();
	}
}

static void a_receiver_can_verify_what_comes(void **state)
{
	struct setup s;
	struct sample sample;
	struct helper h;
	struct buf line;
	sample_init(&sample);
	buf_init(&line, 0);
	open_webhook(&s, *state, "/ok/signed",
		", secret: { env: HOOK_SECRET }, bearer: { env: HOOK_BEARER },"
		" headers: ['X-Extra: one', { env: HOOK_HEADER }]");
	struct outcome outcome = deliver(&s, &sample.alert);
	assert_int_equal(outcome.result, DELIVERY_SENT);
	verify(&h, *state, "/ok/signed", KEY, NULL);
	assert_string_equal(h.first.p, "1");
	assert_true(helper_line(&h, &line));
	check_has(&line, "\"method\": \"POST\"");
	check_has(&line, "\"id\": \"" DELIVERY_ID "\"");
	check_has(&line, "\"timestamp\": \"1795333784\""); /* whole seconds of the attempt */
	check_has(&line, "\"type\": \"application/json\"");
	check_has(&line, "\"good\": 1, ");
	check_has(&line, "\"signatures\": 1, ");
	check_has(&line, "\"authorization\": \"Bearer hunter2\"");
	check_has(&line, "\"extra\": \"one\"");
	check_has(&line, "\"event\": \"vigie.alert\"");
	check_has(&line, "\"time\": \"2026-11-22T07:49:44Z\"");
	check_has(&line, "\"rule\": \"sav-panne\"");
	check_has(&line, "\"text\": \"Ma livebox est en pa");
	check_has(&line, "\"truncated\": null");
	helper_stop(&h);
	buf_finish(&line);
	setup_finish(&s);
}

static void both_secrets_sign_while_they_are_changed(void **state)
{
	struct setup s;
	struct sample sample;
	struct helper h;
	struct buf line;
	sample_init(&sample);
	buf_init(&line, 0);
	open_webhook(&s, *state, "/ok/rotated", ", secret: { env: HOOK_SECRETS }");
	assert_int_equal(deliver(&s, &sample.alert).result, DELIVERY_SENT);
	verify(&h, *state, "/ok/rotated", OLD_KEY, NULL);
	assert_true(helper_line(&h, &line));
	check_has(&line, "\"good\": 1, ");
	check_has(&line, "\"signatures\": 2, ");
	helper_stop(&h);
	verify(&h, *state, "/ok/rotated", OLD_KEY, KEY);
	assert_true(helper_line(&h, &line));
	check_has(&line, "\"good\": 2, ");
	helper_stop(&h);
	buf_finish(&line);
	setup_finish(&s);
}

static void without_a_secret_nothing_is_signed(void **state)
{
	struct setup s;
	struct sample sample;
	struct helper h;
	struct buf line;
	sample_init(&sample);
	buf_init(&line, 0);
	open_webhook(&s, *state, "/ok/unsigned", "");
	assert_int_equal(deliver(&s, &sample.alert).result, DELIVERY_SENT);
	verify(&h, *state, "/ok/unsigned", KEY, NULL);
	assert_true(helper_line(&h, &line));
	check_has(&line, "\"signatures\": 0, ");
	check_has(&line, "\"id\": \"" DELIVERY_ID "\"");
	check_has(&line, "\"authorization\": null");
	helper_stop(&h);
	buf_finish(&line);
	setup_finish(&s);
}

static void a_long_post_is_cut_below_20_kilobytes(void **state)
{
	struct setup s;
	struct sample sample;
	struct helper h;
	struct buf line;
	char text[60001];
	for (size_t i = 0; i + 1 < sizeof text; i += 2)
		memcpy(text + i, "\xC3\xA9", 2);
	sample_init(&sample);
	sample_text(&sample, (struct str){ text, sizeof text - 1 });
	buf_init(&line, 0);
	open_webhook(&s, *state, "/ok/long", ", secret: { env: HOOK_SECRET }");
	assert_int_equal(deliver(&s, &sample.alert).result, DELIVERY_SENT);
	verify(&h, *state, "/ok/long", KEY, NULL);
	assert_true(helper_line(&h, &line));
	check_has(&line, "\"truncated\": true");
	check_has(&line, "\"good\": 1, ");
	check_has(&line, "\"length\": 1999"); /* 19990 to 19999 */
	helper_stop(&h);
	buf_finish(&line);
	setup_finish(&s);
}

static void answers_decide_what_becomes_of_the_delivery(void **state)
{
	static const struct {
		const char *path;
		enum delivery_result result;
		int64_t retry_after_us;
		const char *message;
	} cases[] = {
		{ "/status/200", DELIVERY_SENT, -1, "answered 200" },
		{ "/status/202", DELIVERY_SENT, -1, "answered 202" },
		{ "/status/204", DELIVERY_SENT, -1, "answered 204" },
		{ "/status/302?location=/ok/redirected", DELIVERY_RETRY, -1, "answered 302" },
		{ "/status/400", DELIVERY_REJECTED, -1, "answered 400" },
		{ "/status/401", DELIVERY_REJECTED, -1, "answered 401" },
		{ "/status/403", DELIVERY_REJECTED, -1, "answered 403" },
		{ "/status/404", DELIVERY_REJECTED, -1, "answered 404" },
		{ "/status/405", DELIVERY_REJECTED, -1, "answered 405" },
		{ "/status/413", DELIVERY_REJECTED, -1, "answered 413" },
		{ "/status/422", DELIVERY_REJECTED, -1, "answered 422" },
		{ "/status/408", DELIVERY_RETRY, -1, "answered 408" },
		{ "/status/425", DELIVERY_RETRY, -1, "answered 425" },
		{ "/status/429", DELIVERY_RETRY, -1, "answered 429" },
		{ "/status/500", DELIVERY_RETRY, -1, "answered 500" },
		{ "/status/503?retry_after=120", DELIVERY_RETRY, 120 * US_PER_S, "answered 503" },
		{ "/retry-after?seconds=7", DELIVERY_RETRY, 7 * US_PER_S, "answered 429" },
		{ "/gone", DELIVERY_GONE, -1, "answered 410" },
		{ "/big?bytes=1000000", DELIVERY_SENT, -1, "answered 200" },
		{ "/close", DELIVERY_RETRY, -1, "" },
		{ "/close-body", DELIVERY_RETRY, -1, "" },
		{ "/close-chunked", DELIVERY_RETRY, -1, "" },
		{ "/garbage", DELIVERY_RETRY, -1, "" },
	};
	struct sample sample;
	sample_init(&sample);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct setup s;
		open_webhook(&s, *state, cases[i].path, "");
		struct outcome outcome = deliver(&s, &sample.alert);
		if (outcome.result != cases[i].result || !strstr(outcome.message, cases[i].message))
			print_error("%s: %d %s\n", cases[i].path, outcome.result, outcome.message);
		assert_int_equal(outcome.result, cases[i].result);
		assert_int_equal(outcome.retry_after_us, cases[i].retry_after_us);
		assert_non_null(strstr(outcome.message, cases[i].message));
		setup_finish(&s);
	}
	struct helper h;
	verify(&h, *state, "/ok/redirected", KEY, NULL);
	assert_string_equal(h.first.p, "0"); /* no redirect was followed */
	helper_stop(&h);
}

static void a_server_that_hangs_is_left_when_the_time_is_up(void **state)
{
	static const char *const paths[] = { "/hang", "/hang-body" };
	struct sample sample;
	sample_init(&sample);
	for (size_t i = 0; i < 2; i++) {
		struct setup s;
		open_webhook(&s, *state, paths[i], ", timeout: 1s");
		struct outcome outcome = deliver(&s, &sample.alert);
		assert_int_equal(outcome.result, DELIVERY_RETRY);
		assert_true(outcome.took_us >= 900 * US_PER_MS && outcome.took_us < 5 * US_PER_S);
		setup_finish(&s);
	}
}

static void nobody_there_means_later(void **state)
{
	struct server nobody = *(struct server *)*state;
	struct setup s;
	struct sample sample;
	sample_init(&sample);
	nobody.port = 1;
	open_webhook(&s, &nobody, "/", "");
	struct outcome outcome = deliver(&s, &sample.alert);
	assert_int_equal(outcome.result, DELIVERY_RETRY);
	assert_true(strlen(outcome.message) > 0);
	setup_finish(&s);
}

static void never(struct delivery *d, enum delivery_result result, int64_t retry_after_us,
	const char *message)
{
	(void)d;
	(void)result;
	(void)retry_after_us;
	(void)message;
	fail();
}

static void a_cancelled_delivery_is_not_answered(void **state)
{
	struct setup s;
	struct sample sample;
	struct delivery d = { .id = STR("x"), .done = never };
	sample_init(&sample);
	open_webhook(&s, *state, "/ok", "");
	notifier_send(setup_notifier(&s), &d, STR("{}"));
	notifier_cancel(setup_notifier(&s), &d);
	assert_int_equal(deliver(&s, &sample.alert).result, DELIVERY_SENT); /* turns the loop */
	setup_finish(&s);
}

int main(void)
{
	(void)setenv("HOOK_SECRET", KEY, 1);
	(void)setenv("HOOK_SECRETS", KEY " " OLD_KEY, 1);
	(void)setenv("HOOK_BEARER", "hunter2", 1);
	(void)setenv("HOOK_HEADER", "X-Other: two", 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_receiver_can_verify_what_comes),
		cmocka_unit_test(both_secrets_sign_while_they_are_changed),
		cmocka_unit_test(without_a_secret_nothing_is_signed),
		cmocka_unit_test(a_long_post_is_cut_below_20_kilobytes),
		cmocka_unit_test(answers_decide_what_becomes_of_the_delivery),
		cmocka_unit_test(a_server_that_hangs_is_left_when_the_time_is_up),
		cmocka_unit_test(nobody_there_means_later),
		cmocka_unit_test(a_cancelled_delivery_is_not_answered),
	};
	return cmocka_run_group_tests(tests, start_server, stop_server);
}
