/* What a post must hold for a regex to match: told from its folded text, of many posts at once. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct literals;
struct needs;
struct needs_scratch;

/* ASCII characters; bit 0 stands for all others together. */
struct byte_set {
	uint64_t bits[2];
};

static inline void byte_set_add(struct byte_set *set, char c)
{
	unsigned bit = (unsigned char)c < 0x80 ? (unsigned char)c : 0;
	set->bits[bit >> 6] |= (uint64_t)1 << (bit & 63);
}

enum { NEED_MAX_GROUPS = 4, NEED_MAX_BYTE_SETS = 4 };

/* Of each group one literal, and of each set one character, in any order. */
struct need {
	struct str_list groups[NEED_MAX_GROUPS];
	size_t group_count; /* at least 1 */
	struct byte_set byte_sets[NEED_MAX_BYTE_SETS];
	size_t byte_set_count;
};

struct need_list {
	const struct need *items;
	size_t count;
};

/* The folded form of any text that the pattern matches has what one of the needs asks for. Literals
 * are as those of regex_literals, which finds something in the same patterns. All of it lives in
 * the arena. False: nothing is known for certain. */
bool regex_needs(
	struct str pattern, struct str flags, struct arena *arena, struct need_list *needs);

/* by_term: term_count lists, whose texts must live as long. NULL if all are empty. */
struct needs *needs_create(const struct need_list *by_term, size_t term_count);
void needs_destroy(struct needs *n); /* takes NULL */
size_t needs_literal_count(const struct needs *n); /* different ones */

struct needs_scratch *needs_scratch_create(const struct needs *n);
void needs_scratch_destroy(struct needs_scratch *s); /* takes NULL */

/* Folded texts one behind the other: text i is bytes starts[i]..starts[i + 1]-1 of p. Calls found
 * with each text and term of which a need is met, once or more; stops asking for a text for which
 * it returns false. */
void needs_find(const struct needs *n, struct needs_scratch *s, const char *p,
	const uint32_t *starts, size_t text_count,
	bool (*found)(void *ctx, size_t text, uint32_t term), void *ctx);
