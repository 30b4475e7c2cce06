/* PCRE2: JIT, UTF, UCP, and limits that hold for hostile text. Patterns are immutable and shared; a
 * thread needs a scratch. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct regex;
struct regex_scratch;

enum { REGEX_MAX_BYTES = 4096 };

/* flags: any of "imsx". On failure NULL, the byte of the pattern in *at and PCRE2's own message in
 * *message (in the arena). Patterns that match the empty string are refused. */
struct regex *regex_compile(
	struct str pattern, struct str flags, struct arena *arena, size_t *at, struct str *message);
void regex_destroy(struct regex *re);

struct regex_scratch *regex_scratch_create(void);
void regex_scratch_destroy(struct regex_scratch *s);

/* The first match at or after `start` in text, which must be valid UTF-8. 1: found; 0: none; -ETIME
 * or -E2BIG: a limit was reached, so nobody knows. deadline_us: monotonic clock read by now_us
 * between slices; NULL now_us: none. */
int regex_find(const struct regex *re, struct regex_scratch *s, struct str text, size_t start,
	size_t *from, size_t *to);

/* Literals, folded, of which at least one must occur in the folded form of any text that the
 * pattern matches; each at least 2 characters of word characters only. False: none could be found
 * with certainty. Gives up rather than be clever. */
bool regex_literals(
	struct str pattern, struct str flags, struct arena *arena, struct str_list *literals);
