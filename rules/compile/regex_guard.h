/* Which regexes reached their limit, and how often. Those that keep doing so are set aside for a
 * while, as each time costs as much as a thousand searches that end well. Belongs to one thread;
 * the scratches of that thread share it. Never logs: who owns it asks for the news. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/str.h"

struct regex_guard;
struct ruleset;

enum { REGEX_GUARD_LIMITS = 10 }; /* within REGEX_GUARD_WINDOW_US */
#define REGEX_GUARD_WINDOW_US US_PER_MINUTE
/* Set aside for this long; twice as long each time that follows within as long again. */
#define REGEX_GUARD_FIRST_US US_PER_MINUTE
#define REGEX_GUARD_LONGEST_US US_PER_HOUR

/* set must outlive it. Until a time is set nothing is set aside, only counted. */
struct regex_guard *regex_guard_create(const struct ruleset *set);
void regex_guard_destroy(struct regex_guard *g); /* takes NULL */

/* Monotonic; to be called before each block. */
void regex_guard_set_time(struct regex_guard *g, int64_t now_us);
/* May the term's regex be searched for? False: it is set aside, and one more post is undecided. */
bool regex_guard_lets(struct regex_guard *g, uint32_t term);
void regex_guard_limit_reached(struct regex_guard *g, uint32_t term);

struct regex_report {
	uint32_t term;
	struct str regex; /* as written */
	struct str owner; /* the rule or the list that it belongs to */
	bool listed; /* owner is a list */
	bool set_aside;
	uint64_t limit_count; /* searches that were given up */
	uint64_t skipped_count; /* and that were not begun, as it was set aside */
};

/* One for each regex that ever reached its limit, in the order in which they first did. */
size_t regex_guard_count(const struct regex_guard *g);
struct regex_report regex_guard_report(const struct regex_guard *g, size_t i);
size_t regex_guard_aside_count(const struct regex_guard *g);
/* Adds what the other has counted; both are of the same set. */
void regex_guard_add(struct regex_guard *g, const struct regex_guard *other);

enum regex_news { REGEX_FIRST_LIMIT, REGEX_SET_ASIDE, REGEX_BACK };
/* What happened since it was last asked; call it until it says false. */
bool regex_guard_news(struct regex_guard *g, enum regex_news *news, struct regex_report *about);
