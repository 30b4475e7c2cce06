#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/notifiers/support.h"

#define YAML "n: { type: desktop }"

static const char *of_tests(const char *name, char path[512])
{
	const char *folder = getenv("TESTS");
	assert_non_null(folder);
	assert_true(snprintf(path, 512, "%s/%s", folder, name) < 512);
	return path;
}

static void start_bus(struct helper *bus, const char *config)
{
	char path[600], file[512];
	(void)snprintf(path, sizeof path, "--config-file=%s",
		config ? config : of_tests("bus.conf", file));
	helper_start(bus,
		(const char *const[]){
			"dbus-daemon", path, "--nofork", "--print-address=1", NULL });
	(void)setenv("DBUS_SESSION_BUS_ADDRESS", bus->first.p, 1);
}

static void start_service(struct helper *service, const char *option, const char *value)
{
	char path[512];
	helper_start(service,
		(const char *const[]){
			"/usr/bin/python3", of_tests("notifyd.py", path), option, value, NULL });
	assert_string_equal(service->first.p, "ready");
}

static void check_has(const struct buf *line, const char *part)
{
	if (str_find(buf_str(line), str_of(part)) == SIZE_MAX) {
		print_error("no  %s\nin  %s\n", part, line->p ? line->p : "nothing");
		fail();
	}
}

static void check_sent(struct outcome outcome)
{
	if (outcome.result != DELIVERY_SENT)
		print_error("%s\n", outcome.message);
	assert_int_equal(outcome.result, DELIVERY_SENT);
}

static void check_retry(struct outcome outcome, const char *message, int64_t within_us)
{
	assert_int_equal(outcome.result, DELIVERY_RETRY);
	assert_int_equal(outcome.retry_after_us, -1);
	if (!strstr(outcome.message, message))
		print_error("got '%s', not '%s'\n", outcome.message, message);
	assert_non_null(strstr(outcome.message, message));
	assert_true(outcome.took_us < within_us);
}

static void bubbles_say_what_the_alert_says(void **state)
{
	(void)state;
	struct helper bus, service;
	struct sample sample;
	struct setup s;
	struct buf line;
	buf_init(&line, 0);
	start_bus(&bus, NULL);
	start_service(&service, NULL, NULL);
	setup_init(&s, YAML);
	setup_open(&s);
	sample_init(&sample);

	check_sent(deliver(&s, &sample.alert));
	assert_true(helper_line(&service, &line));
	check_has(&line, "\"app\": \"vigie\", \"replaces\": 0");
	check_has(&line, "\"summary\": \"sav-panne (critique) : Jean Dupont (@jdupont.example)\"");
	check_has(&line, "\"body\": \"Ma <b>livebox</b> est en <b>panne</b> depuis");
	check_has(&line, "C&#39;est &lt;b&gt;inadmissible&lt;/b&gt; &amp; pas");
	check_has(&line, "\"timeout\": 0"); /* critical stays */
	check_has(&line, "\"urgency\": [\"Byte\", 2]");
	check_has(&line, "\"category\": [\"String\", \"x-vigie.alert\"]");
	check_has(&line, "\"desktop-entry\": [\"String\", \"vigie\"]");
	check_has(&line, "\"actions\": []");

	sample.alert.match.severity = SEVERITY_LOW;
	check_sent(deliver(&s, &sample.alert));
	assert_true(helper_line(&service, &line));
	check_has(&line, "\"replaces\": 7"); /* of the same rule */
	check_has(&line, "\"timeout\": -1");
	check_has(&line, "\"urgency\": [\"Byte\", 0]");

	sample.alert.match.rule = STR("other");
	sample.alert.match.severity = SEVERITY_NORMAL;
	check_sent(deliver(&s, &sample.alert));
	assert_true(helper_line(&service, &line));
	check_has(&line, "\"replaces\": 0");
	check_has(&line, "\"urgency\": [\"Byte\", 1]");

	setup_finish(&s);
	helper_stop(&service);
	helper_stop(&bus);
	buf_finish(&line);
}

static void a_service_without_markup_gets_none(void **state)
{
	(void)state;
	struct helper bus, service;
	struct sample sample;
	struct setup s;
	struct buf line;
	buf_init(&line, 0);
	start_bus(&bus, NULL);
	start_service(&service, "--caps", "body");
	setup_init(&s, YAML);
	setup_open(&s);
	sample_init(&sample);
	check_sent(deliver(&s, &sample.alert));
	assert_true(helper_line(&service, &line));
	check_has(&line, "\"body\": \"Ma livebox est en panne depuis");
	check_has(&line, "C'est <b>inadmissible</b> & pas");
	setup_finish(&s);
	helper_stop(&service);
	helper_stop(&bus);
	buf_finish(&line);
}

static void a_service_started_anew_gets_new_bubbles(void **state)
{
	(void)state;
	struct helper bus, service;
	struct sample sample;
	struct setup s;
	struct buf line;
	buf_init(&line, 0);
	start_bus(&bus, NULL);
	start_service(&service, NULL, NULL);
	setup_init(&s, YAML);
	setup_open(&s);
	sample_init(&sample);
	check_sent(deliver(&s, &sample.alert));
	helper_stop(&service);
	check_retry(deliver(&s, &sample.alert), "no notification service", US_PER_S);
	start_service(&service, NULL, NULL);
	check_sent(deliver(&s, &sample.alert));
	assert_true(helper_line(&service, &line));
	check_has(&line, "\"replaces\": 0"); /* 7 would be another program's bubble */
	helper_stop(&service);

	/* the bus too */
	helper_stop(&bus);
	check_retry(deliver(&s, &sample.alert), "", US_PER_S);
	start_bus(&bus, NULL);
	start_service(&service, NULL, NULL);
	check_sent(deliver(&s, &sample.alert));
	assert_true(helper_line(&service, &line));
	check_has(&line, "\"replaces\": 0");
	setup_finish(&s);
	helper_stop(&service);
	helper_stop(&bus);
	buf_finish(&line);
}

static void the_bubble_of_the_rule_silent_for_longest_is_forgotten(void **state)
{
	(void)state;
	struct helper bus, service;
	struct sample sample;
	struct setup s;
	struct buf line;
	buf_init(&line, 0);
	start_bus(&bus, NULL);
	start_service(&service, NULL, NULL);
	setup_init(&s, YAML);
	setup_open(&s);
	sample_init(&sample);
	/* 64 rules are kept: the 65th takes the place of rule0 */
	for (int i = 0; i <= 64; i++) {
		char rule[32];
		(void)snprintf(rule, sizeof rule, "rule%d", i);
		sample.alert.match.rule = str_of(rule);
		check_sent(deliver(&s, &sample.alert));
		assert_true(helper_line(&service, &line));
		check_has(&line, "\"replaces\": 0");
	}
	sample.alert.match.rule = STR("rule1");
	check_sent(deliver(&s, &sample.alert));
	assert_true(helper_line(&service, &line));
	check_has(&line, "\"replaces\": 8");
	sample.alert.match.rule = STR("rule0");
	check_sent(deliver(&s, &sample.alert));
	assert_true(helper_line(&service, &line));
	check_has(&line, "\"replaces\": 0");
	setup_finish(&s);
	helper_stop(&service);
	helper_stop(&bus);
	buf_finish(&line);
}

static void without_a_bus_or_a_service_it_says_so_at_once(void **state)
{
	(void)state;
	struct helper bus;
	struct sample sample;
	struct setup s;
	setup_init(&s, YAML);
	setup_open(&s);
	sample_init(&sample);
	(void)unsetenv("DBUS_SESSION_BUS_ADDRESS");
	(void)setenv("XDG_RUNTIME_DIR", "/nonexistent", 1);
	check_retry(deliver(&s, &sample.alert), "there is no session bus", US_PER_S);
	(void)setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
	check_retry(deliver(&s, &sample.alert), "the session bus does not answer", US_PER_S);
	start_bus(&bus, NULL);
	check_retry(deliver(&s, &sample.alert), "no notification service", US_PER_S);
	setup_finish(&s);
	helper_stop(&bus);
}

static void a_service_that_the_bus_can_start_is_started(void **state)
{
	(void)state;
	struct helper bus;
	struct sample sample;
	struct setup s;
	char folder[64], config[100], file[120], script[512];
	folder_make(folder, sizeof folder);
	(void)snprintf(config, sizeof config, "%s/bus.conf", folder);
	(void)snprintf(file, sizeof file, "%s/n.service", folder);
	FILE *out = fopen(config, "w");
	assert_non_null(out);
	(void)fprintf(out,
		"<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>"
		"<servicedir>%s</servicedir><policy context=\"default\">"
		"<allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>"
		"<allow own=\"*\"/></policy></busconfig>\n",
		folder);
	assert_int_equal(fclose(out), 0);
	out = fopen(file, "w");
	assert_non_null(out);
	(void)fprintf(out,
		"[D-BUS Service]\nName=org.freedesktop.Notifications\n"
		"Exec=/bin/sh -c \"sleep 30 | /usr/bin/python3 %s\"\n",
		of_tests("notifyd.py", script));
	assert_int_equal(fclose(out), 0);
	start_bus(&bus, config);
	setup_init(&s, YAML);
	setup_open(&s);
	sample_init(&sample);
	check_sent(deliver(&s, &sample.alert));
	setup_finish(&s);
	helper_stop(&bus);
	folder_remove(folder);
}

/* A bus that accepts and never answers. */
static int listen_silently(const char *folder)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char bus[200];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s/bus", folder);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 10), 0);
	(void)snprintf(bus, sizeof bus, "unix:path=%s/bus", folder);
	(void)setenv("DBUS_SESSION_BUS_ADDRESS", bus, 1);
	return fd;
}

struct ticks {
	struct timer *timer;
	size_t count;
};

static void tick(void *ctx)
{
	struct ticks *t = ctx;
	t->count++;
	timer_start(t->timer, 50 * US_PER_MS);
}

static void a_bus_that_hangs_costs_five_seconds_and_blocks_nobody(void **state)
{
	(void)state;
	struct helper bus, service;
	struct sample sample;
	struct setup s;
	struct ticks ticks = { 0 };
	char folder[64];
	folder_make(folder, sizeof folder);
	int fd = listen_silently(folder);
	setup_init(&s, YAML);
	setup_open(&s);
	sample_init(&sample);
	ticks.timer = timer_create_on(s.loop, tick, &ticks);
	timer_start(ticks.timer, 0);
	struct outcome outcome = deliver(&s, &sample.alert);
	check_retry(outcome, "the desktop does not answer", 6 * US_PER_S);
	assert_true(outcome.took_us >= 4900 * US_PER_MS);
	assert_true(ticks.count > 50);
	timer_destroy(ticks.timer);

	/* and a bus that works is found again */
	start_bus(&bus, NULL);
	start_service(&service, NULL, NULL);
	check_sent(deliver(&s, &sample.alert));
	setup_finish(&s);
	helper_stop(&service);
	helper_stop(&bus);
	(void)close(fd);
	folder_remove(folder);
}

static void a_service_that_does_not_answer_is_tried_later(void **state)
{
	(void)state;
	struct helper bus, service;
	struct sample sample;
	struct setup s;
	start_bus(&bus, NULL);
	start_service(&service, "--hang", "GetCapabilities");
	setup_init(&s, YAML);
	setup_open(&s);
	sample_init(&sample);
	check_retry(deliver(&s, &sample.alert), "the notification service does not answer",
		6 * US_PER_S);
	setup_finish(&s);
	helper_stop(&service);
	helper_stop(&bus);
}

struct crowd {
	struct loop *loop;
	size_t retry_count;
	int64_t first_us, start_us;
};

static void crowd_done(struct delivery *d, enum delivery_result result, int64_t retry_after_us,
	const char *message)
{
	struct crowd *crowd = d->ctx;
	(void)retry_after_us;
	(void)message;
	assert_int_equal(result, DELIVERY_RETRY);
	if (crowd->retry_count++ == 0)
		crowd->first_us = clock_monotonic_us() - crowd->start_us;
	if (crowd->retry_count == 4)
		loop_stop(crowd->loop);
}

static bool in_path(const char *program)
{
	char path[200];
	(void)snprintf(path, sizeof path, "/usr/bin/%s", program);
	return access(path, X_OK) == 0;
}

/* dunst prints each bubble as lines "name: value" between braces. */
static void read_bubble(struct helper *dunst, struct buf *all)
{
	struct buf line;
	buf_init(&line, 0);
	buf_clear(all);
	while (helper_line(dunst, &line) && !str_eq(buf_str(&line), STR("}"))) {
		buf_add(all, buf_str(&line));
		buf_add_char(all, '\n');
	}
	buf_finish(&line);
}

static void a_real_service_shows_it(void **state)
{
	(void)state;
	if (!in_path("dunst") || !in_path("Xvfb")) {
		print_message("SKIPPED: dunst or Xvfb is missing\n");
		skip();
	}
	struct helper bus, screen, dunst;
	struct sample sample;
	struct setup s;
	struct buf text;
	char display[300], config[512];
	buf_init(&text, 0);
	of_tests("dunstrc", config);
	start_bus(&bus, NULL);
	helper_start(&screen,
		(const char *const[]){ "Xvfb", "-displayfd", "1", "-screen", "0", "640x480x24",
			"-nolisten", "tcp", NULL });
	(void)snprintf(display, sizeof display, ":%s", screen.first.p);
	(void)setenv("DISPLAY", display, 1);
	helper_start(&dunst,
		(const char *const[]){
			"sh", "-c", "echo begun; exec dunst -conf \"$0\" -print", config, NULL });
	setup_init(&s, YAML);
	setup_open(&s);
	sample_init(&sample);
	struct outcome outcome = { 0 };
	for (int i = 0; i < 500; i++) {
		outcome = deliver(&s, &sample.alert);
		if (outcome.result == DELIVERY_SENT)
			break;
		(void)poll(NULL, 0, 20); /* dunst is still starting */
	}
	check_sent(outcome);
	read_bubble(&dunst, &text);
	check_has(&text, "appname: 'vigie'");
	check_has(&text, "summary: 'sav-panne (critique) : Jean Dupont (@jdupont.example)'");
	check_has(&text, "<b>livebox</b> est en <b>panne</b>");
	check_has(&text, "&lt;b&gt;inadmissible&lt;/b&gt; &amp; pas");
	check_has(&text, "urgency: CRITICAL");
	check_has(&text, "timeout: 0");
	check_has(&text, "category: x-vigie.alert");
	check_has(&text, "desktop_entry: 'vigie'");
	setup_finish(&s);
	helper_stop(&dunst);
	helper_stop(&screen);
	helper_stop(&bus);
	(void)unsetenv("DISPLAY");
	buf_finish(&text);
}

/* libnotify itself hangs here, so this comes last: the threads are left behind. */
static void with_three_bubbles_hanging_the_fourth_ends_at_once(void **state)
{
	(void)state;
	struct helper bus, service;
	struct sample sample;
	struct setup s;
	struct buf body;
	buf_init(&body, 0);
	start_bus(&bus, NULL);
	start_service(&service, "--hang", "Notify");
	setup_init(&s, YAML);
	setup_open(&s);
	sample_init(&sample);
	notifier_render(setup_notifier(&s), &sample.alert, STR(DELIVERY_ID), &body);
	struct crowd crowd = { .loop = s.loop, .start_us = clock_monotonic_us() };
	struct delivery deliveries[4];
	for (size_t i = 0; i < 4; i++) {
		deliveries[i] = (struct delivery){
			.id = STR(DELIVERY_ID), .done = crowd_done, .ctx = &crowd
		};
		notifier_send(setup_notifier(&s), &deliveries[i], buf_str(&body));
	}
	loop_run(s.loop);
	assert_int_equal(crowd.retry_count, 4);
	assert_true(crowd.first_us < US_PER_S);
	assert_true(clock_monotonic_us() - crowd.start_us < 6 * US_PER_S);
	setup_finish(&s);
	buf_finish(&body);
	helper_stop(&service);
	helper_stop(&bus);
}

static void a_cancelled_bubble_is_not_answered(void **state)
{
	(void)state;
	struct helper bus, service;
	struct sample sample;
	struct setup s;
	struct buf body;
	struct crowd crowd = { 0 };
	buf_init(&body, 0);
	start_bus(&bus, NULL);
	start_service(&service, NULL, NULL);
	setup_init(&s, YAML);
	setup_open(&s);
	sample_init(&sample);
	notifier_render(setup_notifier(&s), &sample.alert, STR(DELIVERY_ID), &body);
	struct delivery d = { .id = STR(DELIVERY_ID), .done = crowd_done, .ctx = &crowd };
	notifier_send(setup_notifier(&s), &d, buf_str(&body));
	notifier_cancel(setup_notifier(&s), &d);
	check_sent(deliver(&s, &sample.alert)); /* turns the loop */
	assert_int_equal(crowd.retry_count, 0);
	setup_finish(&s);
	buf_finish(&body);
	helper_stop(&service);
	helper_stop(&bus);
}

int main(void)
{
	if (!in_path("dbus-daemon") || !server_can_run("dbus") || !server_can_run("gi")) {
		print_message("SKIPPED: dbus-daemon, python3-dbus or python3-gi is missing\n");
		return 77;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bubbles_say_what_the_alert_says),
		cmocka_unit_test(a_service_without_markup_gets_none),
		cmocka_unit_test(a_service_started_anew_gets_new_bubbles),
		cmocka_unit_test(the_bubble_of_the_rule_silent_for_longest_is_forgotten),
		cmocka_unit_test(without_a_bus_or_a_service_it_says_so_at_once),
		cmocka_unit_test(a_service_that_the_bus_can_start_is_started),
		cmocka_unit_test(a_bus_that_hangs_costs_five_seconds_and_blocks_nobody),
		cmocka_unit_test(a_service_that_does_not_answer_is_tried_later),
		cmocka_unit_test(a_cancelled_bubble_is_not_answered),
		cmocka_unit_test(a_real_service_shows_it),
		cmocka_unit_test(with_three_bubbles_hanging_the_fourth_ends_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
