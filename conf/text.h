/* The text of a YAML file before and beside the parser: where things are in it, whether it may
 * be parsed at all, and what a parser's complaint means to a person. */
#pragma once

#include "base/diag.h"
#include "base/str.h"

/* A place that moves over valid UTF-8; start it as { .text = ..., .at = { name, 1, 1 } }. Lines
 * end in \n alone, as diag shows them. */
struct text_cursor {
	struct str text;
	size_t index; /* characters before it */
	size_t byte;
	struct where at;
};

/* Goes to the character with that number, or to the end. */
void text_seek(struct text_cursor *cursor, size_t index);

/* False when the text holds what no YAML may: not UTF-8, NUL, control characters. The first few
 * are reported. */
bool text_check(const char *name, struct str text, struct diag *diag);

/* What libyaml says went wrong, and where. */
struct text_problem {
	struct str problem, context; /* as libyaml words them; may be absent */
	struct text_cursor at; /* of the problem */
	struct text_cursor start; /* of what was being read: a list, a quoted text */
};

/* The head of a text that is too long to be quoted in a message whole. */
struct str text_shown(struct str text);

/* Is the next thing behind the byte a comment like #word, which may have been meant as a text? */
bool text_swallowed(struct str text, size_t byte);
#define TEXT_SWALLOWED "text that starts with '#' must be in quotes: this is a comment"

void text_report(const struct text_problem *problem, struct diag *diag);
