/* Which addresses a request that strangers may have a say in (a link in a feed, a redirect) may go
 * to: those of the public internet. Checked at the socket, not in the URL's text, so that no name
 * can hide one. */
#pragma once

#include <stdbool.h>

struct sockaddr;

enum { ADDRESS_TEXT_BYTES = 64 };

/* False for private, loopback, link-local, multicast, reserved and documentation addresses, also
 * where they are wrapped in IPv6 (mapped, NAT64, 6to4), and for other families. */
bool address_is_public(const struct sockaddr *address);
/* The same for text as inet_ntop writes it; false also for what is no address. */
bool address_text_is_public(const char *text);
/* For messages: "10.0.0.1", "fe80::1". */
void address_format(const struct sockaddr *address, char out[ADDRESS_TEXT_BYTES]);
