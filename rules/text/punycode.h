/* Punycode (RFC 3492): how the DNS spells a label that is not ASCII, behind "xn--". Read only: what
 * is asked for is compared with what a label means. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum { PUNYCODE_MAX_BYTES = 59 /* a label of the DNS has 63, with "xn--" */ };

/* The code points that s, what stands behind "xn--", is the spelling of: how many, each a Unicode
 * scalar value, at least one of them not ASCII. 0: of none, or s is longer than a label can be.
 * Small letters and capitals mean the same. */
size_t punycode_decode(struct str s, uint32_t code_points[PUNYCODE_MAX_BYTES]);
