/* What people name on the command line as a source: a preset, an address, a file. Messages go to
 * standard error. */
#pragma once

#include "daemon/draft.h"
#include "daemon/probe.h"

/* Adds what `what` means to the draft, and names it. *web: it is an address of which only an answer
 * says what it is, for target_judge; it stands in the draft as url. known: names that might be
 * meant, for the hint. False: said why not. */
bool target_read(
	struct str what, struct str_list known, const char *command, struct draft *d, bool *web);
/* Asks the draft's url. */
void target_probe(struct loop *loop, struct http_client *client, const struct draft *d,
	int64_t timeout_us, struct probe *probe);
/* Adds the type and what else the probe makes needed, or changes the url. False: it is nothing that
 * vigie can read. */
bool target_judge(struct draft *d, const struct probe *probe);

/* The preset made for this host, for the hint; NULL: none. */
const char *target_preset_of_host(struct str url, struct arena *arena);
/* Is there a source type or preset of that name? */
bool target_has_type(struct str name);
bool target_has_preset(struct str name);
/* A type that asks again and again, and holds what was there before; false: a stream or file. */
bool target_is_asked(struct str type);
/* The file's first bytes say that it holds JSON lines; false: text. */
bool target_looks_like_json(struct str start);
