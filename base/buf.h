/* A growing run of bytes, born with its ceiling. Adding past the ceiling adds
 * nothing and sets `full`, which sticks: callers may add many pieces and ask once. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct buf {
	char *p; /* once it is there p[n] is NUL, unless the caller of buf_room raised n */
	size_t n;
	size_t size_bytes, max_bytes;
	bool full;
};

void buf_init(struct buf *b, size_t max_bytes); /* 0 is no ceiling: for our own data only */
void buf_finish(struct buf *b); /* takes {0} */
void buf_clear(struct buf *b); /* keeps the memory; full is false again */

/* What is added must not stand in the buffer itself. */
void buf_add(struct buf *b, struct str s);
void buf_add_char(struct buf *b, char c);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_addv(struct buf *b, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
/* Drops the first n bytes. */
void buf_cut(struct buf *b, size_t n);
/* Room for `bytes` more at p + n, to be filled by the caller who then raises n;
 * NULL at the ceiling. */
char *buf_room(struct buf *b, size_t bytes);
struct str buf_str(const struct buf *b);
