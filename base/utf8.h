/* UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing past U+10FFFF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum { UTF8_MAX_BYTES = 4, UTF8_REPLACEMENT = 0xFFFD };

bool utf8_valid(struct str s);

/* Reads the code point at s.p[at], at < s.n. Returns how many bytes it takes, 1 to 4;
 * 0 if what stands there is not UTF-8 (*code_point is then U+FFFD). */
size_t utf8_read(struct str s, size_t at, uint32_t *code_point);

/* Writes 1 to 4 bytes. code_point must be a Unicode scalar value. */
size_t utf8_write(uint32_t code_point, char out[UTF8_MAX_BYTES]);

/* How many code points stand in s; a byte that is not UTF-8 counts as one. */
size_t utf8_count(struct str s);

/* The start of the code point that holds byte `at`; at >= s.n gives s.n. A byte that is not
 * UTF-8 stands alone. */
size_t utf8_floor(struct str s, size_t at);
