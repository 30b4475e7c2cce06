/* Punycode (RFC 3492) once more, for the oracle; see reference_punycode.c. */
#pragma once

#include "base/buf.h"

enum { REFERENCE_PUNYCODE_MAX = 64 };

/* What stands behind "xn--"; 0: it stands for nothing. */
size_t reference_punycode_decode(
	const uint32_t *label, size_t n, uint32_t out[REFERENCE_PUNYCODE_MAX]);
/* Adds what stands behind "xn--" for code points of which one is not ASCII. */
void reference_punycode_encode(const uint32_t *code_points, size_t n, struct buf *out);
