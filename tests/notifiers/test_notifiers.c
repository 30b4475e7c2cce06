#include <stdlib.h>

#include "tests/notifiers/support.h"

#define KEY "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define MAIL "type: email, url: smtp://localhost, from: a@example.org"
#define HOOK "type: webhook, url: https://example.org"

static void notifiers_keep_the_order_of_the_configuration(void **state)
{
	(void)state;
	struct setup s;
	setup_init(&s, "b: { type: print }\na: { type: exec, command: [cat, -] }\n");
	assert_false(diag_failed(s.diag));
	assert_int_equal(notifiers_count(s.all), 2);
	check_text(notifiers_at(s.all, 0)->name, "b");
	check_text(notifiers_at(s.all, 1)->name, "a");
	assert_ptr_equal(notifiers_get(s.all, STR("a")), notifiers_at(s.all, 1));
	assert_null(notifiers_get(s.all, STR("c")));
	assert_int_equal(notifiers_at(s.all, 1)->at.line, 2);
	setup_finish(&s);
}

static void no_notifiers_are_fine(void **state)
{
	(void)state;
	struct diag *diag = diag_create();
	struct notifiers *all = notifiers_create(NULL, NULL, diag);
	assert_int_equal(notifiers_count(all), 0);
	notifiers_destroy(all);
	notifiers_destroy(NULL);
	assert_false(diag_failed(diag));
	diag_destroy(diag);
}

static void types_are_whole(void **state)
{
	(void)state;
	size_t count = 0;
	for (; notifier_types[count]; count++) {
		const struct notifier_type *type = notifier_types[count];
		assert_true(type->name && type->help && type->fields && type->render &&
			type->send && type->cancel);
		assert_true(type->size >= sizeof(struct notifier) && type->concurrency > 0);
		for (const struct conf_field *f = type->fields; f->key; f++)
			assert_true(f->help && f->offset >= sizeof(struct notifier));
	}
	assert_int_equal(count, 5);
}

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	check_refused("[a]", "notifiers is not a map");
	check_refused("n: webhook", "notifier 'n' is not a map");
	check_refused("n:", "notifier 'n' is not a map");
	check_refused("N!: { type: print }", "bad name of a notifier: 'N!'");
	check_refused("n: { url: x }", "notifier 'n' needs a type");
	check_refused("n: { type: [print] }", "notifier 'n' needs a type");
	check_refused("n: { type: webhok }", "unknown type of notifier: 'webhok'");
	check_refused("n: { type: webhok }", "did you mean 'webhook'?");
	check_refused("n: { type: print, formt: json }", "formt");
	check_refused("n: { type: exec }", "command");
	check_refused("n: { type: exec, command: [] }", "the command is empty");
	check_refused("n: { type: exec, command: \"\" }", "the command is empty");
}

static void a_type_that_this_build_lacks_names_library_and_option(void **state)
{
	(void)state;
	for (size_t i = 0; notifier_types[i]; i++) {
		if (!notifier_types[i]->missing)
			continue;
		check_refused("n: { type: desktop }",
			"type 'desktop' needs libnotify, which this build lacks");
		check_refused("n: { type: desktop }", "build vigie with -Ddesktop=enabled");
		return;
	}
	print_message("SKIPPED: this build has all types\n");
	skip();
}

static void all_errors_come_in_one_run(void **state)
{
	(void)state;
	const char *yaml = "a: { type: nothing }\nb: { type: exec, command: \"\" }\n"
			   "c: { type: webhook, url: ftp://x, headers: [x] }\n";
	check_refused(yaml, "vigie.yaml:1");
	check_refused(yaml, "vigie.yaml:2");
	check_refused(yaml, "starts with https://");
	check_refused(yaml, "bad header 1");
}

static void a_webhook_s_options_are_checked(void **state)
{
	(void)state;
	check_refused("n: { type: webhook }", "url");
	check_refused("n: { " HOOK ", secret: " KEY " }", "secret");
	check_refused("n: { " HOOK ", secret: { env: BAD_SECRET } }",
		"bad webhook secret: a secret starts with 'whsec_'");
	check_refused("n: { " HOOK ", headers: [\"Host: x\"] }", "set by vigie itself");
	check_refused("n: { " HOOK ", headers: [\"Webhook-Id: x\"] }", "set by vigie itself");
	check_refused("n: { " HOOK ", headers: [\"X: a\\r\\nY: b\"] }", "control characters");
	check_refused("n: { " HOOK ", headers: [\"X Y: a\"] }", "written 'Name: value'");
	check_refused("n: { " HOOK ", timeout: 10h }", "timeout");
}

static void a_secret_is_never_shown(void **state)
{
	(void)state;
	struct setup s;
	setup_init(&s, "n: { " HOOK ", secret: { env: BAD_SECRET } }");
	struct buf messages = setup_messages(&s);
	assert_true(str_find(buf_str(&messages), STR("hunter2")) == SIZE_MAX);
	buf_finish(&messages);
	setup_finish(&s);
}

static void a_mail_s_options_are_checked(void **state)
{
	(void)state;
	check_refused("n: { " MAIL " }", "to");
	check_refused("n: { " MAIL ", to: [] }", "1 to 50 addresses");
	check_refused("n: { " MAIL ", to: nobody }", "not a mail address: 'nobody'");
	check_refused("n: { " MAIL ", to: \"a@b.org, c@d.org\" }", "not a mail address");
	check_refused("n: { " MAIL ", to: \"G: a@b.org;\" }", "not a mail address");
	check_refused(
		"n: { " MAIL ", to: \"a@b.org\\r\\nRCPT TO:<c@d.org>\" }", "not a mail address");
	check_refused("n: { " MAIL ", to: \"\xC3\xA9@b.org\" }", "not a mail address");
	check_refused("n: { " MAIL ", to: a@b@c.org }", "not a mail address");
	check_refused("n: { " MAIL ", to: a@b.org, reply_to: x }", "not a mail address: 'x'");
	check_refused("n: { " MAIL ", to: a@b.org, user: x }", "user and password come together");
	check_refused("n: { " MAIL ", to: a@b.org, tls: none, user: x,"
		      " password: { env: BAD_SECRET } }",
		"without TLS anybody");
	check_refused("n: { " MAIL ", to: a@b.org, tls: maybe }", "tls");
	check_refused("n: { type: email, url: imap://x, from: a@b.org, to: a@b.org }",
		"starts with smtp://");
}

static void fifty_recipients_are_taken_and_one_more_is_not(void **state)
{
	(void)state;
	struct buf yaml;
	struct setup s;
	buf_init(&yaml, 0);
	buf_add(&yaml, STR("n: { " MAIL ", to: [a0@b.org"));
	for (int i = 1; i < 50; i++)
		buf_addf(&yaml, ", a%d@b.org", i);
	size_t n = yaml.n;
	buf_add(&yaml, STR("] }"));
	setup_init(&s, yaml.p);
	assert_false(diag_failed(s.diag));
	setup_finish(&s);
	yaml.n = n;
	buf_add(&yaml, STR(", a50@b.org] }"));
	check_refused(yaml.p, "1 to 50 addresses");
	buf_finish(&yaml);
}

int main(void)
{
	(void)setenv("BAD_SECRET", "hunter2", 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notifiers_keep_the_order_of_the_configuration),
		cmocka_unit_test(no_notifiers_are_fine),
		cmocka_unit_test(types_are_whole),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(a_type_that_this_build_lacks_names_library_and_option),
		cmocka_unit_test(all_errors_come_in_one_run),
		cmocka_unit_test(a_webhook_s_options_are_checked),
		cmocka_unit_test(a_secret_is_never_shown),
		cmocka_unit_test(a_mail_s_options_are_checked),
		cmocka_unit_test(fifty_recipients_are_taken_and_one_more_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
