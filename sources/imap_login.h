/* How to log in to an IMAP server: chosen from what it offers. Pure. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

struct imap_login {
	struct str user, password, token; /* token: a bearer token instead of a password */
};

/* Adds the command, and to answer what is to be sent once the server says "+", if anything. NULL,
 * or why there is no way. */
const char *imap_login_command(const struct imap_login *login, struct str capabilities,
	struct buf *command, struct buf *answer);
