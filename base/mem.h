/* The only place that calls malloc. Running out of memory is fatal: whatever a
 * stranger can make grow has a ceiling far below that, stated at its birth. */
#pragma once

#include <stddef.h>

void *mem_alloc(size_t bytes); /* never NULL */
void *mem_zero(size_t count, size_t bytes); /* cleared array; never NULL */
void *mem_resize(void *old, size_t count, size_t bytes); /* realloc of an array; never NULL */
char *mem_text(const char *p, size_t n); /* a NUL-terminated copy */
void mem_free(void *p); /* takes NULL */
void mem_trim(void); /* gives what was freed back to the system: after something large was */
