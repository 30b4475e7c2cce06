#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

struct net4 {
	uint32_t address;
	int bits;
};

struct net6 {
	uint8_t start[6];
	int bits;
};

#define NET4(a, b, c, d, bits)                                         \
	{                                                              \
		(uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d), bits \
	}

static const struct net4 not_public4[] = {
	NET4(0, 0, 0, 0, 8),
	NET4(10, 0, 0, 0, 8),
	NET4(100, 64, 0, 0, 10), /* carriers' address translation */
	NET4(127, 0, 0, 0, 8),
	NET4(169, 254, 0, 0, 16), /* link-local, and the metadata of clouds */
	NET4(172, 16, 0, 0, 12),
	NET4(192, 0, 0, 0, 24),
	NET4(192, 0, 2, 0, 24), /* documentation */
	NET4(192, 88, 99, 0, 24), /* relays to 6to4 */
	NET4(192, 168, 0, 0, 16),
	NET4(198, 18, 0, 0, 15), /* benchmarks */
	NET4(198, 51, 100, 0, 24), /* documentation */
	NET4(203, 0, 113, 0, 24), /* documentation */
	NET4(224, 0, 0, 0, 4), /* multicast */
	NET4(240, 0, 0, 0, 4),
};

/* Within 2000::/3, outside of which nothing is public but what wraps an IPv4 address. */
static const struct net6 not_public6[] = {
	{ { 0x20, 0x01, 0x00, 0x00 }, 23 }, /* protocols: Teredo, ORCHID, benchmarks */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation */
	{ { 0x3f, 0xff, 0x00, 0x00 }, 20 }, /* documentation */
};

static bool public4(uint32_t address)
{
	for (size_t i = 0; i < sizeof not_public4 / sizeof *not_public4; i++) {
		uint32_t mask = UINT32_MAX << (32 - not_public4[i].bits);
		if ((address & mask) == not_public4[i].address)
			return false;
	}
	return true;
}

static bool public4_at(const uint8_t *p)
{
	return public4((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
}

static bool within(const uint8_t address[16], const uint8_t *start, int bits)
{
	int bytes = bits / 8;
	if (memcmp(address, start, (size_t)bytes) != 0)
		return false;
	uint8_t mask = (uint8_t)(0xff << (8 - bits % 8));
	return bits % 8 == 0 || (address[bytes] & mask) == (start[bytes] & mask);
}

static bool public6(const uint8_t address[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
	static const uint8_t sixtofour[2] = { 0x20, 0x02 };
	static const uint8_t global[1] = { 0x20 };
	if (within(address, mapped, 96) || within(address, nat64, 96))
		return public4_at(address + 12);
	if (within(address, sixtofour, 16))
		return public4_at(address + 2);
	for (size_t i = 0; i < sizeof not_public6 / sizeof *not_public6; i++) {
		if (within(address, not_public6[i].start, not_public6[i].bits))
			return false;
	}
	return within(address, global, 3);
}

bool address_is_public(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, address, sizeof in);
		return public4(ntohl(in.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, address, sizeof in6);
		return public6(in6.sin6_addr.s6_addr);
	}
	return false;
}

bool address_text_is_public(const char *text)
{
	uint8_t address[16];
	if (inet_pton(AF_INET, text, address) == 1)
		return public4_at(address);
	return inet_pton(AF_INET6, text, address) == 1 && public6(address);
}

void address_format(const struct sockaddr *address, char out[ADDRESS_TEXT_BYTES])
{
	const char *text = NULL;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	if (address->sa_family == AF_INET) {
		memcpy(&in, address, sizeof in);
		text = inet_ntop(AF_INET, &in.sin_addr, out, ADDRESS_TEXT_BYTES);
	} else if (address->sa_family == AF_INET6) {
		memcpy(&in6, address, sizeof in6);
		text = inet_ntop(AF_INET6, &in6.sin6_addr, out, ADDRESS_TEXT_BYTES);
	}
	if (!text)
		memcpy(out, "?", 2);
}
