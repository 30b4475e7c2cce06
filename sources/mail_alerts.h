/* The results within a mail of Google Alerts, which marks each as a schema.org Article. Pure. */
#pragma once

#include "base/arena.h"
#include "sources/mail_parse.h"

enum { MAIL_MAX_RESULTS = 500 };

struct mail_result {
	struct str title, url, publisher, text; /* url: where it leads, without Google's detour */
};

struct mail_results {
	struct mail_result *items;
	size_t count;
};

/* Empty if the mail is none of Google Alerts, or nothing in it is marked. In the arena. */
struct mail_results mail_alert_results(const struct mail *mail, struct arena *arena);
