#include "tests/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "net/address.h"

/* First and last address of each range, and those just outside where they are public. */
static void private_and_reserved_addresses_are_not_public(void **state)
{
	(void)state;
	static const char *const refused[] = { "0.0.0.0", "0.255.255.255", "10.0.0.0",
		"10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1", "127.255.255.255",
		"169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.1", "192.0.2.1",
		"192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255",
		"198.51.100.1", "203.0.113.1", "224.0.0.0", "239.255.255.255", "240.0.0.0",
		"255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.1.2.3",
		"::ffff:169.254.169.254", "64:ff9b::127.0.0.1", "64:ff9b::a00:1",
		"64:ff9b:1::808:808", "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:1::1", "100::1",
		"2001::1", "2001:db8::1", "3fff::1", "fc00::1", "fdff::1", "fe80::1", "fec0::1",
		"ff02::1", "5f00::1", "4000::1", "::ffff:0:808:808", "", "localhost", "1.2.3",
		"8.8.8.8 " };
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		if (address_text_is_public(refused[i]))
			fail_msg("'%s' counts as public", refused[i]);
	}
}

static void their_neighbours_are_public(void **state)
{
	(void)state;
	static const char *const taken[] = { "1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0",
		"100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255",
		"169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255",
		"192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "::ffff:8.8.8.8",
		"64:ff9b::8.8.8.8", "2002:808:808::1", "2001:200::1", "2001:4860:4860::8888",
		"2a00:1450::1", "2606:4700::1111", "3ffe::1" };
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
		if (!address_text_is_public(taken[i]))
			fail_msg("'%s' does not count as public", taken[i]);
	}
}

static void socket_addresses_are_judged_as_their_texts(void **state)
{
	(void)state;
	char text[ADDRESS_TEXT_BYTES];
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	assert_int_equal(inet_pton(AF_INET, "192.168.1.2", &in.sin_addr), 1);
	assert_false(address_is_public((struct sockaddr *)&in));
	address_format((struct sockaddr *)&in, text);
	assert_string_equal(text, "192.168.1.2");
	assert_int_equal(inet_pton(AF_INET, "9.9.9.9", &in.sin_addr), 1);
	assert_true(address_is_public((struct sockaddr *)&in));
	assert_int_equal(inet_pton(AF_INET6, "::ffff:192.168.1.2", &in6.sin6_addr), 1);
	assert_false(address_is_public((struct sockaddr *)&in6));
	assert_int_equal(inet_pton(AF_INET6, "2620:fe::fe", &in6.sin6_addr), 1);
	assert_true(address_is_public((struct sockaddr *)&in6));
	address_format((struct sockaddr *)&in6, text);
	assert_string_equal(text, "2620:fe::fe");
	assert_false(address_is_public((struct sockaddr *)&un));
	address_format((struct sockaddr *)&un, text);
	assert_string_equal(text, "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(private_and_reserved_addresses_are_not_public),
		cmocka_unit_test(their_neighbours_are_public),
		cmocka_unit_test(socket_addresses_are_judged_as_their_texts),
	};
	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
