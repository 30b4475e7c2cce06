/* PCRE2: JIT, UTF, UCP, and a bound on what a search costs that holds for hostile text. Patterns
 * are immutable and shared; a thread needs a scratch.
 *
 * Cost is counted in steps, of 10 to 25 ns mostly, and not in time, so that what is found in a post
 * does not depend on how busy the machine is. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct regex;
struct regex_scratch;

enum { REGEX_MAX_BYTES = 4096, REGEX_MAX_NESTING = 50 };

/* flags: any of "imsx". On failure NULL, the byte of the pattern in *at and PCRE2's own message in
 * *message (in the arena). Patterns that may match the empty string are refused, and \G, because
 * each match after the first is a search of its own. */
struct regex *regex_compile(
	struct str pattern, struct str flags, struct arena *arena, size_t *at, struct str *message);
void regex_destroy(struct regex *re); /* takes NULL */

/* True where memory may not be made executable: every search is slow then. */
bool regex_is_interpreted(const struct regex *re);

struct regex_scratch *regex_scratch_create(void);
void regex_scratch_destroy(struct regex_scratch *s); /* takes NULL */
/* Steps that all searches with this scratch took together. */
uint64_t regex_scratch_spent(const struct regex_scratch *s);
/* Steps that one search in a text of so many bytes may take. */
uint64_t regex_search_steps(size_t text_bytes);

/* The first match at or after `start`, which must be the start of a character, in text, which must
 * be valid UTF-8. A match is never empty. 1: found, bytes *from..*to-1; 0: none; -ETIME, -E2BIG or
 * -EINVAL: it took too many steps or too much memory, or its end is before its start, so nobody
 * knows; *from and *to are then as they were. */
int regex_find(const struct regex *re, struct regex_scratch *s, struct str text, size_t start,
	size_t *from, size_t *to);

/* Literals, folded, of which at least one must occur in the folded form of any text that the
 * pattern matches; each at least 2 characters, of word characters, ASCII signs but "&<>", and
 * single spaces between them. The list and its texts live in the arena. False: none could be found
 * with certainty. Gives up rather than be clever. */
enum { REGEX_MAX_LITERALS = 128 };
bool regex_literals(
	struct str pattern, struct str flags, struct arena *arena, struct str_list *literals);
