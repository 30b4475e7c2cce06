/* What a stream missed while it was away, fetched from a list that the server has beside it: from
 * the last record stored to now, oldest first, while the stream already goes on. Until that is
 * done, the cursor of every block is where the refill has got to, so that a crash fetches again
 * rather than loses; what comes from both adds no second alert, since it has the same id. */
#pragma once

#include "sources/poll_round.h"
#include "sources/source.h"

/* Options of the source that has it; url absent: none. */
struct refill_options {
	struct str url;
	struct str path; /* in a record: the value that grows, in the stream as in the list */
	struct str parameter; /* of the url, takes the value to go on behind; oldest newer ones
				 first */
	int64_t overlap, pages;
};

/* For the table of a source whose struct has such options as a member. */
#define REFILL_FIELDS(owner, member)                                                              \
	{ .key = "refill_url",                                                                    \
		.type = CONF_TEXT,                                                                \
		.offset = offsetof(owner, member.url),                                            \
		.help = "a list of what the stream missed, asked for after a break" },            \
		{ .key = "refill_path",                                                           \
			.type = CONF_TEXT,                                                        \
			.offset = offsetof(owner, member.path),                                   \
			.fallback = "id",                                                         \
			.help = "where a record has the value by which the list is asked" },      \
		{ .key = "refill_parameter",                                                      \
			.type = CONF_TEXT,                                                        \
			.offset = offsetof(owner, member.parameter),                              \
			.fallback = "min_id",                                                     \
			.help = "the parameter of the list's url that takes it" },                \
		{ .key = "refill_overlap",                                                        \
			.type = CONF_INT,                                                         \
			.offset = offsetof(owner, member.overlap),                                \
			.fallback = "0",                                                          \
			.max = INT64_MAX,                                                         \
			.help = "how much less is asked for, if it is a whole number" },          \
	{                                                                                         \
		.key = "refill_pages", .type = CONF_INT, .offset = offsetof(owner, member.pages), \
		.fallback = "50", .min = 1, .max = POLL_MAX_PAGES,                                \
		.help = "how many pages of the list are asked for at most"                        \
	}

bool refill_check(
	const struct refill_options *options, const struct conf_node *node, struct diag *diag);

struct refill;
/* NULL without a url, which all functions here take. Needs a source that is started. */
struct refill *refill_create(struct source *source, const struct refill_options *options,
	struct str_list drop, const struct poll_fetch_options *fetch);
void refill_destroy(struct refill *r);
/* The source is live again; its last block had this cursor. Absent: there is nothing to refill. */
void refill_start(struct refill *r, struct str cursor);
/* The stream brought these records. */
void refill_saw(struct refill *r, struct str lines);
/* Of each block of the stream, after that; absent: none is known. Valid until the next call. */
struct str refill_cursor(const struct refill *r);
