#include "web/address.h"

#include "tests/check.h"

static bool parse(const char *text, struct web_address *a)
{
	struct buf message;
	buf_init(&message, 1000);
	const bool parsed = web_address_parse(str_of(text), a, &message);
	assert_int_equal(parsed, message.n == 0);
	buf_finish(&message);
	return parsed;
}

static void loopback_addresses_with_a_port_are_taken(void **state)
{
	(void)state;
	struct web_address a;
	assert_true(parse("127.0.0.1:8470", &a));
	assert_false(a.v6);
	assert_int_equal(a.port, 8470);
	assert_string_equal(a.text, "127.0.0.1");
	assert_true(parse("127.255.3.4:65535", &a));
	assert_int_equal(a.port, 65535);
	assert_true(parse("[::1]:0", &a));
	assert_true(a.v6);
	assert_int_equal(a.port, 0);
	assert_string_equal(a.text, "::1");
	assert_true(parse("[0:0::0001]:80", &a));
	assert_string_equal(a.text, "::1");
}

static void what_is_no_address_with_a_port_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	static const char *const bad[] = { "", ":", "8470", ":8470", "127.0.0.1",
		"127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+80", "127.0.0.1: 80",
		"127.0.0.1:80 ", " 127.0.0.1:80", "127.0.0.1:000080", "127.1:80", "0x7f.0.0.1:80",
		"::1:80", "[::1]", "[::1]80", "[::1:80", "[127.0.0.1]:80", "[::1%lo]:80",
		"localhost:8470", "*:80", "127.0.0.1:80:80", "http://127.0.0.1:80",
		"[1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111]:80" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct web_address a = { .port = 7 };
		if (parse(bad[i], &a) || a.port != 7)
			fail_msg("'%s'", bad[i]);
	}
	struct web_address a;
	struct buf message;
	buf_init(&message, 1000);
	assert_false(web_address_parse(STR("127.0.0.1\0:80"), &a, &message));
	buf_finish(&message);
}

static void addresses_that_others_reach_are_refused_and_told_why(void **state)
{
	(void)state;
	static const char *const open[] = { "0.0.0.0:8470", "192.168.1.2:8470", "126.255.255.255:1",
		"128.0.0.1:1", "[::]:8470", "[::2]:80", "[fe80::1]:80", "[::ffff:127.0.0.1]:80" };
	for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
		struct web_address a;
		struct buf message;
		buf_init(&message, 1000);
		assert_false(web_address_parse(str_of(open[i]), &a, &message));
		assert_true(str_starts(buf_str(&message), STR("not a loopback address: ")));
		assert_true(str_find(buf_str(&message), str_of(open[i])) != SIZE_MAX);
		buf_finish(&message);
	}
}

static void hosts_of_loopback_with_the_port_are_served(void **state)
{
	(void)state;
	struct web_address a;
	assert_true(parse("127.0.0.11:8470", &a));
	static const char *const good[] = { "localhost:8470", "LocalHost:8470", "127.0.0.1:8470",
		"[::1]:8470", "127.0.0.11:8470" };
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!web_address_serves(&a, str_of(good[i])))
			fail_msg("'%s'", good[i]);
}

static void other_hosts_are_not_served(void **state)
{
	(void)state;
	struct web_address a;
	assert_true(parse("127.0.0.11:8470", &a));
	static const char *const bad[] = { "", "evil.example", "evil.example:8470", "localhost",
		"127.0.0.1", "127.0.0.11", "127.0.0.12:8470", "localhost:847", "localhost:84700",
		"localhost:08470", "localhost:8470 ", "localhost:", "localhost:8470:8470",
		"localhost.:8470", "localhost.evil.example:8470", "xlocalhost:8470", "::1:8470",
		"[::1]8470", "[::1", "[::2]:8470", "127.1:8470", "2130706433:8470", "0:8470",
		"user@localhost:8470", "localhost:8470,evil.example", "127.0.0.1:80",
		"127.0.0.111:8470", "localhost:+8470" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (web_address_serves(&a, str_of(bad[i])))
			fail_msg("'%s'", bad[i]);
}

static void the_port_may_be_left_out_if_it_is_80(void **state)
{
	(void)state;
	struct web_address a;
	assert_true(parse("[::1]:80", &a));
	assert_true(web_address_serves(&a, STR("localhost")));
	assert_true(web_address_serves(&a, STR("[::1]")));
	assert_true(web_address_serves(&a, STR("[::1]:80")));
	assert_false(web_address_serves(&a, STR("localhost:8470")));
	assert_false(web_address_serves(&a, STR("::1")));
}

static void names_are_names_of_hosts_without_a_port(void **state)
{
	(void)state;
	static const char *const good[] = { "vigie.example.org", "a", "VIGIE", "10.0.0.1", "[::1]",
		"[2001:db8::1]", "a-b.c" };
	static const char *const bad[] = { "", ".", "a.", ".a", "-a", "a-", "a..b", "a:80", "a b",
		"http://a", "a/b", "*.a", "\xC3\xA9", "[", "[]", "[::1", "[::1]x", "[10.0.0.1]" };
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!web_name_ok(str_of(good[i])))
			fail_msg("'%s'", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (web_name_ok(str_of(bad[i])))
			fail_msg("'%s'", bad[i]);
	char longest[254];
	memset(longest, 'a', sizeof longest);
	assert_true(web_name_ok((struct str){ longest, 253 }));
	assert_false(web_name_ok((struct str){ longest, 254 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loopback_addresses_with_a_port_are_taken),
		cmocka_unit_test(what_is_no_address_with_a_port_is_refused_and_changes_nothing),
		cmocka_unit_test(addresses_that_others_reach_are_refused_and_told_why),
		cmocka_unit_test(hosts_of_loopback_with_the_port_are_served),
		cmocka_unit_test(other_hosts_are_not_served),
		cmocka_unit_test(the_port_may_be_left_out_if_it_is_80),
		cmocka_unit_test(names_are_names_of_hosts_without_a_port),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
