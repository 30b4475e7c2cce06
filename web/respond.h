/* Within web/: an answer as libmicrohttpd sends it, with the headers that all of ours have. */
#pragma once

#include <stdbool.h>

#include "web/route.h"

struct MHD_Connection;

extern const char web_text_type[];

/* allow: the value of Allow for 405. close: the connection ends with it. False, and then the
 * connection must be closed, only if the library is out of memory. */
bool web_respond(struct MHD_Connection *connection, const struct web_answer *answer,
	const char *allow, bool close);
