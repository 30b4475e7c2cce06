/* A view of bytes that somebody else owns: passed by value, never freed, not
 * NUL-terminated. p == NULL means "absent", which is not the same as empty. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *p;
	size_t n;
};

/* A list of views; the array belongs to whoever built it. */
struct str_list {
	const struct str *items;
	size_t count;
};

#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_NONE ((struct str){ NULL, 0 })

/* For printf: printf("%.*s", STR_ARGS(s)). */
#define STR_ARGS(s) (int)(s).n, (s).p ? (s).p : ""

struct str str_of(const char *text); /* NULL gives STR_NONE */
bool str_eq(struct str a, struct str b);
bool str_eq_ignore_case(struct str a, struct str b); /* ASCII letters only */
int str_cmp(struct str a, struct str b); /* by bytes, shorter first */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* The part from `from` up to, not including, `to`; both are clamped. */
struct str str_slice(struct str s, size_t from, size_t to);
struct str str_trim(struct str s); /* ASCII white space, both ends */

/* Position of the first `c` or of `needle`, or SIZE_MAX. */
size_t str_find_char(struct str s, char c);
size_t str_find(struct str s, struct str needle);

/* Cuts the next piece up to `separator` off *rest into *piece; false when *rest is
 * used up. "a,,b" gives "a", "", "b". */
bool str_next(struct str *rest, char separator, struct str *piece);

/* A whole decimal number with an optional sign; false on anything else or overflow. */
bool str_to_int64(struct str s, int64_t *out);

/* 64-bit hash for tables in memory: not stable over versions, never stored. */
uint64_t str_hash(struct str s);
