/* Where the server listens, and by which names it may be asked. This version has neither TLS nor
 * access control, so that only loopback addresses are taken; and since a web page can make a
 * browser ask a loopback address under the page's own name, the name that was asked counts too. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum { WEB_ADDRESS_TEXT_BYTES = 46 };

struct web_address {
	bool v6;
	uint16_t port; /* 0: any that is free */
	char text[WEB_ADDRESS_TEXT_BYTES]; /* "127.0.0.1", "::1" */
};

/* Reads "127.0.0.1:8470" or "[::1]:8470". False, and *message (in out) says for people what is
 * wrong, if it is no such address or not one of 127.0.0.0/8 and ::1. */
bool web_address_parse(struct str listen, struct web_address *out, struct buf *message);

/* May a request with this Host come in? Yes for localhost, 127.0.0.1, [::1] and the address itself,
 * followed by the port, which may be left out only if it is 80. */
bool web_address_serves(const struct web_address *a, struct str host);

/* Names by which somebody else, such as a reverse proxy, may ask. */
/* Is this a name or an address as a Host has it, without a port? */
bool web_name_ok(struct str name);
/* Is the host one of the names, with any port or none? */
bool web_names_hold(struct str_list names, struct str host);
