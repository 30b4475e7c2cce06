/* An address is public or not whichever way it is written or wrapped; said once more by other
 * means: as ranges of IPv4, and by what IPv6 leaves. The rest of the input as text. Links net and
 * base. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "net/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool plain_public4(const uint8_t a[4])
{
	switch (a[0]) {
	case 0:
	case 10:
	case 127:
		return false;
	case 100:
		return a[1] < 64 || a[1] > 127;
	case 169:
		return a[1] != 254;
	case 172:
		return a[1] < 16 || a[1] > 31;
	case 192:
		return a[1] != 168 && !(a[1] == 0 && (a[2] == 0 || a[2] == 2)) &&
			!(a[1] == 88 && a[2] == 99);
	case 198:
		return a[1] != 18 && a[1] != 19 && !(a[1] == 51 && a[2] == 100);
	case 203:
		return !(a[1] == 0 && a[2] == 113);
	default:
		return a[0] < 224;
	}
}

static bool check4(const uint8_t a[4])
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	char text[ADDRESS_TEXT_BYTES], plain[ADDRESS_TEXT_BYTES];
	memcpy(&in.sin_addr, a, 4);
	const bool is_public = address_is_public((struct sockaddr *)&in);
	snprintf(plain, sizeof plain, "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
	address_format((struct sockaddr *)&in, text);
	assert(strcmp(plain, text) == 0);
	assert(address_text_is_public(text) == is_public);
	assert(plain_public4(a) == is_public);
	return is_public;
}

static bool check6(const uint8_t a[16])
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	char text[ADDRESS_TEXT_BYTES];
	memcpy(&in6.sin6_addr, a, 16);
	const bool is_public = address_is_public((struct sockaddr *)&in6);
	address_format((struct sockaddr *)&in6, text);
	assert(address_text_is_public(text) == is_public);
	/* What is public is global unicast, or wraps an IPv4 address. */
	const bool wraps = IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr) ||
		memcmp(a, "\0\x64\xff\x9b\0\0\0\0\0\0\0\0", 12) == 0;
	assert(!is_public || wraps || (a[0] & 0xe0) == 0x20);
	assert(!is_public || memcmp(a, "\x20\x01\x0d\xb8", 4) != 0);
	return is_public;
}

static void check_wrapped(const uint8_t four[4], bool is_public)
{
	static const uint8_t starts[][12] = { { [10] = 0xff, [11] = 0xff },
		{ 0x00, 0x64, 0xff, 0x9b } };
	uint8_t a[16] = { 0x20, 0x02 };
	memcpy(a + 2, four, 4);
	assert(check6(a) == is_public);
	for (size_t i = 0; i < 2; i++) {
		memcpy(a, starts[i], 12);
		memcpy(a + 12, four, 4);
		assert(check6(a) == is_public);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t a[16] = { 0 };
	char text[128];
	memcpy(a, data, size < sizeof a ? size : sizeof a);
	check_wrapped(a, check4(a));
	(void)check6(a);
	const size_t n = size < sizeof text - 1 ? size : sizeof text - 1;
	memcpy(text, data, n);
	text[n] = '\0';
	uint8_t parsed[16];
	if (address_text_is_public(text))
		assert(inet_pton(AF_INET, text, parsed) == 1 ||
			inet_pton(AF_INET6, text, parsed) == 1);
	return 0;
}
