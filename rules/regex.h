/* PCRE2: JIT, UTF, UCP, and limits that hold for hostile text. Patterns are immutable and shared; a
 * thread needs a scratch. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct regex;
struct regex_scratch;

enum { REGEX_MAX_BYTES = 4096, REGEX_MAX_NESTING = 50 };

/* flags: any of "imsx". On failure NULL, the byte of the pattern in *at and PCRE2's own message in
 * *message (in the arena). Patterns that may match the empty string are refused, and \G, because
 * long texts are searched piece by piece. */
struct regex *regex_compile(
	struct str pattern, struct str flags, struct arena *arena, size_t *at, struct str *message);
void regex_destroy(struct regex *re); /* takes NULL */

struct regex_scratch *regex_scratch_create(void);
void regex_scratch_destroy(struct regex_scratch *s); /* takes NULL */

/* The first match at or after `start`, which must be the start of a character, in text, which must
 * be valid UTF-8. A match is never empty. 1: found, bytes *from..*to-1; 0: none; -ETIME or -E2BIG:
 * a limit was reached (steps or memory), so nobody knows; *from and *to are then as they were. */
int regex_find(const struct regex *re, struct regex_scratch *s, struct str text, size_t start,
	size_t *from, size_t *to);

/* Literals, folded, of which at least one must occur in the folded form of any text that the
 * pattern matches; each at least 2 characters of word characters only. The list and its texts live
 * in the arena. False: none could be found with certainty. Gives up rather than be clever. */
enum { REGEX_MAX_LITERALS = 64 };
bool regex_literals(
	struct str pattern, struct str flags, struct arena *arena, struct str_list *literals);
