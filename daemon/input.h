/* What the commands share that look for posts in files: their options, their rules, and how they
 * show posts and what is wrong with records. */
#pragma once

#include "daemon/blocks.h"
#include "daemon/command.h"
#include "daemon/config.h"
#include "daemon/matcher.h"

/* --- options, as struct argument takes them: false after a word to the user --- */

/* Into an unsigned: 1 to 256; 0: one a core. */
bool input_threads(const struct command *c, const char *text, void *threads);
/* Into a bool: NULL is "always"; "auto" leaves it as it is. */
bool input_color(const struct command *c, const char *text, void *color);
/* Into a const char *: "text" is the map of that name; "ndjson" and "auto" leave it as it is. */
bool input_format(const struct command *c, const char *text, void *map);
/* Such as 30s or 5m, at most a day. */
bool input_duration(const struct command *c, const char *option, const char *text, int64_t *us);

/* Times are told in that zone. Before any thread starts. */
void input_set_timezone(struct str zone, struct arena *arena);

/* --- rules and map --- */

struct input_rules {
	struct config *config; /* NULL where a map of the user's own was not needed */
	struct ruleset *set;
	const struct post_map *map; /* NULL: each line is a text */
};

/* Of the rules file, else of the configuration; map NULL is "auto". False after all errors were
 * printed, also if there is no rule. Finish it in any case. */
bool input_load(struct input_rules *r, const char *config, const char *rules, const char *map);
void input_finish(struct input_rules *r); /* takes {0} */

/* Somebody at a terminal who named no file shall know what is waited for: says so on standard error
 * if one of the files is standard input, and that a terminal. */
void input_note_terminal(const char *const *files, size_t count);

/* --- posts --- */

struct input_marks {
	struct str before, after;
};
extern const struct input_marks input_color_marks, input_bracket_marks, input_no_marks;

/* The text on one line, escaped, with the hits of this field marked; overlapping hits are one mark.
 * Hits are ordered by their place. */
void input_add_marked(struct buf *out, struct str text, const struct hit *hits, size_t hit_count,
	enum post_field field, const struct input_marks *marks);

/* --- records that are rejected --- */

/* A line for people, for the first MATCHER_MAX_REPORTS; counts them all. */
void input_add_rejected(struct buf *out, uint64_t *report_count, const struct block *block,
	struct str record, const char *reason, size_t at);
/* Says on standard error how many were rejected and why, and what regexes gave up. */
void input_print_rejected(const struct matcher_counts *counts, uint64_t regex_limit_count);
