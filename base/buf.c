#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

void buf_init(struct buf *b, size_t max_bytes)
{
	*b = (struct buf){ .max_bytes = max_bytes };
}

void buf_finish(struct buf *b)
{
	mem_free(b->p);
	*b = (struct buf){ .max_bytes = b->max_bytes };
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->full = false;
	if (b->p)
		b->p[0] = '\0';
}

char *buf_room(struct buf *b, size_t bytes)
{
	size_t max = b->max_bytes ? b->max_bytes : PTRDIFF_MAX / 2;
	if (b->full || b->n > max || bytes > max - b->n) {
		b->full = true;
		return NULL;
	}
	size_t need = b->n + bytes + 1;
	if (need > b->size_bytes) {
		size_t size = b->size_bytes * 2;
		if (size < 64)
			size = 64;
		if (size < need)
			size = need;
		b->p = mem_resize(b->p, size, 1);
		b->size_bytes = size;
		b->p[b->n] = '\0';
	}
	return b->p + b->n;
}

void buf_add(struct buf *b, struct str s)
{
	char *at = buf_room(b, s.n);
	if (!at)
		return;
	if (s.n)
		memcpy(at, s.p, s.n);
	b->n += s.n;
	b->p[b->n] = '\0';
}

void buf_add_char(struct buf *b, char c)
{
	buf_add(b, (struct str){ &c, 1 });
}

void buf_addv(struct buf *b, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	char *at = n < 0 ? NULL : buf_room(b, (size_t)n);
	if (n < 0)
		b->full = true; /* longer than INT_MAX, or no text */
	if (at) {
		(void)vsnprintf(at, (size_t)n + 1, format, again); /* measured above */
		b->n += (size_t)n;
	}
	va_end(again);
}

void buf_addf(struct buf *b, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	buf_addv(b, format, args);
	va_end(args);
}

void buf_cut(struct buf *b, size_t n)
{
	if (n > b->n)
		n = b->n;
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
	b->p[b->n] = '\0';
}

struct str buf_str(const struct buf *b)
{
	return (struct str){ b->p ? b->p : "", b->n };
}
