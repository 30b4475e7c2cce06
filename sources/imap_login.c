#define _GNU_SOURCE
#include "sources/imap_login.h"

#include <string.h>

#include "base/digest.h"
#include "sources/imap_parse.h"

enum { SECRET_MAX_BYTES = 32 * 1024 };

static void wipe(struct buf *b)
{
	if (b->p)
		explicit_bzero(b->p, b->size_bytes);
	buf_finish(b);
}

/* RFC 4616. */
static void add_plain(const struct imap_login *login, struct buf *out)
{
	buf_add_char(out, '\0');
	buf_add(out, login->user);
	buf_add_char(out, '\0');
	buf_add(out, login->password);
}

/* What Google and Microsoft made up before RFC 7628. */
static void add_xoauth2(const struct imap_login *login, struct buf *out)
{
	buf_addf(out,
		"user=%.*s\x01"
		"auth=Bearer %.*s\x01\x01",
		STR_ARGS(login->user), STR_ARGS(login->token));
}

/* RFC 7628; a comma or an equals sign in the name is escaped. */
static void add_oauthbearer(const struct imap_login *login, struct buf *out)
{
	buf_add(out, STR("n,a="));
	for (size_t i = 0; i < login->user.n; i++) {
		const char c = login->user.p[i];
		if (c == ',' || c == '=')
			buf_add(out, c == ',' ? STR("=2C") : STR("=3D"));
		else
			buf_add_char(out, c);
	}
	buf_addf(out,
		",\x01"
		"auth=Bearer %.*s\x01\x01",
		STR_ARGS(login->token));
}

static const struct way {
	const char *capability, *command;
	void (*add)(const struct imap_login *login, struct buf *out);
	bool by_token;
} ways[] = {
	{ "AUTH=PLAIN", "AUTHENTICATE PLAIN", add_plain, false },
	{ "AUTH=OAUTHBEARER", "AUTHENTICATE OAUTHBEARER", add_oauthbearer, true },
	{ "AUTH=XOAUTH2", "AUTHENTICATE XOAUTH2", add_xoauth2, true },
};

static const char *add_way(const struct way *way, const struct imap_login *login,
	struct str capabilities, struct buf *command, struct buf *answer)
{
	struct buf secret;
	buf_init(&secret, SECRET_MAX_BYTES);
	way->add(login, &secret);
	buf_add(command, str_of(way->command));
	const bool at_once = imap_list_has(capabilities, STR("SASL-IR"));
	if (at_once)
		buf_add_char(command, ' ');
	base64_encode(buf_str(&secret), at_once ? command : answer);
	const bool fits = !secret.full && !command->full && !answer->full;
	wipe(&secret);
	return fits ? NULL : "user, password or token is too long";
}

const char *imap_login_command(const struct imap_login *login, struct str capabilities,
	struct buf *command, struct buf *answer)
{
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		if (ways[i].by_token == (login->token.p != NULL) &&
			imap_list_has(capabilities, str_of(ways[i].capability)))
			return add_way(&ways[i], login, capabilities, command, answer);
	}
	if (login->token.p)
		return "the server takes no token (neither XOAUTH2 nor OAUTHBEARER)";
	if (imap_list_has(capabilities, STR("LOGINDISABLED")))
		return "the server takes no password here";
	buf_add(command, STR("LOGIN "));
	if (!imap_quote(login->user, command))
		return "the server takes only plain letters in the user's name";
	buf_add_char(command, ' ');
	if (!imap_quote(login->password, command))
		return "the server takes only plain letters in the password";
	return NULL;
}
