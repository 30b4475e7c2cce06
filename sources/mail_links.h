/* The links of a mail. Pure. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct mail_links {
	struct arena *arena;
	struct str *items; /* NULL before the first */
	size_t count, max;
};

/* Those not there yet, http and https. */
void mail_links_of_html(struct mail_links *links, struct str html);
void mail_links_of_text(struct mail_links *links, struct str text);
/* Of an <a> that says that the mail can be read in a browser: its address; absent if there is none.
 */
struct str mail_web_version(struct str html, struct arena *arena);
