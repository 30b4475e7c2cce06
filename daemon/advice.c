#include "daemon/advice.h"

#include <stddef.h>

/* The first that fits; and: NULL, or what must stand there too. */
static const struct advice {
	const char *part, *and, *text;
} advices[] = {
	{ "certificate", "self-signed",
		"its certificate was signed by nobody whom this machine trusts; if the server is "
		"your own, give its CA with ca_file=FILE" },
	{ "certificate", "self signed",
		"its certificate was signed by nobody whom this machine trusts; if the server is "
		"your own, give its CA with ca_file=FILE" },
	{ "certificate", "unable to get",
		"its certificate was signed by nobody whom this machine trusts; if the server is "
		"your own, give its CA with ca_file=FILE" },
	{ "certificate", "expired",
		"its certificate is out of date: tell whoever runs the server, or look whether "
		"this machine's clock is right" },
	{ "certificate", "not yet valid", "look whether this machine's clock is right" },
	{ "certificate", "name",
		"its certificate is for another name: is the address spelled as it should be?" },
	{ "certificate", "host",
		"its certificate is for another name: is the address spelled as it should be?" },
	{ "wrong version number", NULL,
		"no TLS is spoken there: try http:// or ws:// in the address, or another port" },
	{ "packet length too long", NULL,
		"no TLS is spoken there: try http:// or ws:// in the address, or another port" },
	{ "HTTP/0.9", NULL, "no HTTP is spoken there: try https:// or another port" },
	{ "Unsupported HTTP", NULL, "no HTTP is spoken there: try https:// or another port" },
	{ "resolve", "proxy", "the proxy's name is not known" },
	{ "resolve", NULL,
		"nobody knows that name: is it spelled right, and is this machine online?" },
	{ "refused", "onnect",
		"nothing listens there: is the port right, and does the server run?" },
	{ "Failed to connect", NULL,
		"nothing listens there: is the port right, and does the server run?" },
	{ "Could not connect", NULL,
		"nothing listens there: is the port right, and does the server run?" },
	{ "Couldn't connect", NULL,
		"nothing listens there: is the port right, and does the server run?" },
	{ "unreachable", NULL, "there is no way to that address: is this machine online?" },
	{ "timed out", NULL, "no answer came in time: a firewall may be in the way" },
	{ "timeout", NULL, "no answer came in time: a firewall may be in the way" },
	{ "Empty reply", NULL, "the server hung up without a word: is it http:// or https://?" },
	{ "token", "401",
		"give a token, such as token=env:NAME with the variable NAME in the environment" },
	{ "web page", NULL, "this address is for people: look for that of its feed or API" },
	{ "Permission denied", NULL, "this user may not read it" },
};

const char *advice_of_message(struct str message)
{
	for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
		const struct advice *a = &advices[i];
		if (str_find(message, str_of(a->part)) != SIZE_MAX &&
			(!a->and || str_find(message, str_of(a->and)) != SIZE_MAX))
			return a->text;
	}
	return NULL;
}

const char *advice_of_status(int status)
{
	switch (status) {
	case 400:
		return "the server does not understand the request: is a parameter missing?";
	case 401:
		return "the server wants to know who you are: give a token, such as token=env:NAME";
	case 403:
		return "the server refuses: the token may lack a right, or it wants another "
		       "User-Agent (headers='User-Agent: ...')";
	case 404:
		return "there is nothing at this address: is it spelled right?";
	case 406:
		return "the server has it in no form that was asked for";
	case 407:
		return "a proxy wants to know who you are";
	case 410:
		return "it was there once and is gone for good";
	case 420:
	case 429:
		return "too many requests or connections: wait, then ask less often";
	case 451:
		return "it may not be shown here, for legal reasons";
	case 500:
	case 502:
	case 503:
	case 504:
		return "the server is in trouble: try again later";
	default:
		return status >= 300 && status < 400 ? "it leads on and on: give the final address"
						     : NULL;
	}
}
