#include "web/address.h"

#include <arpa/inet.h>
#include <string.h>

/* "[::1]:80" gives "::1" and "80"; false without a port, or with brackets around half of it. */
static bool split(struct str listen, struct str *address, struct str *port, bool *v6)
{
	*v6 = str_starts(listen, STR("["));
	const size_t end = *v6 ? str_find(listen, STR("]:")) : str_find_char(listen, ':');
	if (end == SIZE_MAX)
		return false;
	*address = str_slice(listen, *v6 ? 1 : 0, end);
	*port = str_slice(listen, end + (*v6 ? 2 : 1), listen.n);
	return true;
}

static bool parse_port(struct str text, uint16_t *port)
{
	int64_t number;
	if (text.n == 0 || text.n > 5 || text.p[0] < '0' || text.p[0] > '9')
		return false;
	if (!str_to_int64(text, &number) || number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	return true;
}

/* Writes the address as inet_ntop does, so that there is one spelling of it. */
static bool parse_ip(struct str text, bool v6, struct web_address *out, bool *loopback)
{
	char plain[WEB_ADDRESS_TEXT_BYTES];
	if (text.n >= sizeof plain || (text.n > 0 && memchr(text.p, '\0', text.n)))
		return false;
	memcpy(plain, text.p, text.n);
	plain[text.n] = '\0';
	struct in6_addr ip6;
	struct in_addr ip4;
	if (inet_pton(v6 ? AF_INET6 : AF_INET, plain, v6 ? (void *)&ip6 : (void *)&ip4) != 1)
		return false;
	*loopback = v6 ? IN6_IS_ADDR_LOOPBACK(&ip6) : ntohl(ip4.s_addr) >> 24 == 127;
	out->v6 = v6;
	return inet_ntop(v6 ? AF_INET6 : AF_INET, v6 ? (void *)&ip6 : (void *)&ip4, out->text,
		       sizeof out->text) != NULL;
}

bool web_address_parse(struct str listen, struct web_address *out, struct buf *message)
{
	struct web_address a = { 0 };
	struct str address, port;
	bool v6, loopback;
	const bool understood = split(listen, &address, &port, &v6) && parse_port(port, &a.port) &&
		parse_ip(address, v6, &a, &loopback);
	if (!understood) {
		buf_addf(message,
			"not an address with a port: '%.*s': write 127.0.0.1:8470 or [::1]:8470",
			STR_ARGS(listen));
		return false;
	}
	if (!loopback) {
		buf_addf(message,
			"not a loopback address: '%.*s': this version has neither TLS nor access "
			"control, "
			"so it listens only on 127.0.0.1 or [::1]",
			STR_ARGS(listen));
		return false;
	}
	*out = a;
	return true;
}

bool web_address_serves(const struct web_address *a, struct str host)
{
	const struct str names[] = { STR("localhost"), STR("127.0.0.1"), STR("[::1]"),
		a->v6 ? STR("[::1]") : str_of(a->text) };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct str name = names[i];
		if (!str_eq_ignore_case(str_slice(host, 0, name.n), name))
			continue;
		if (host.n == name.n)
			return a->port == 80;
		/* 127.0.0.11 goes on where 127.0.0.1 has its colon */
		const struct str port = str_slice(host, name.n + 1, host.n);
		uint16_t number;
		if (host.p[name.n] == ':' && parse_port(port, &number) && number == a->port &&
			port.p[0] != '0')
			return true;
	}
	return false;
}

static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '-' || c == '.';
}

bool web_name_ok(struct str name)
{
	enum { NAME_MAX_BYTES = 253 };
	if (name.n == 0 || name.n > NAME_MAX_BYTES)
		return false;
	if (name.p[0] == '[') {
		struct web_address ip;
		bool loopback;
		return str_ends(name, STR("]")) &&
			parse_ip(str_slice(name, 1, name.n - 1), true, &ip, &loopback);
	}
	for (size_t i = 0; i < name.n; i++) {
		const bool edge = i == 0 || i + 1 == name.n;
		if (!is_host_char(name.p[i]) || (edge && (name.p[i] == '.' || name.p[i] == '-')))
			return false;
	}
	return str_find(name, STR("..")) == SIZE_MAX;
}

bool web_names_hold(struct str_list names, struct str host)
{
	for (size_t i = 0; i < names.count; i++) {
		const struct str name = names.items[i];
		uint16_t port;
		if (!str_eq_ignore_case(str_slice(host, 0, name.n), name))
			continue;
		if (host.n == name.n ||
			(host.p[name.n] == ':' &&
				parse_port(str_slice(host, name.n + 1, host.n), &port)))
			return true;
	}
	return false;
}
