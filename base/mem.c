#include "base/mem.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void out_of_memory(void)
{
	static const char message[] = "vigie: out of memory\n";
	ssize_t ignored = write(STDERR_FILENO, message, sizeof message - 1);
	(void)ignored; /* nothing is left to do about it */
	_exit(71);
}

static size_t product(size_t count, size_t bytes)
{
	size_t total;
	if (__builtin_mul_overflow(count, bytes, &total) || total > PTRDIFF_MAX)
		out_of_memory();
	return total ? total : 1;
}

void *mem_alloc(size_t bytes)
{
	void *p = malloc(product(bytes, 1));
	if (!p)
		out_of_memory();
	return p;
}

void *mem_zero(size_t count, size_t bytes)
{
	void *p = calloc(1, product(count, bytes));
	if (!p)
		out_of_memory();
	return p;
}

void *mem_resize(void *old, size_t count, size_t bytes)
{
	void *p = realloc(old, product(count, bytes));
	if (!p)
		out_of_memory();
	return p;
}

char *mem_text(const char *p, size_t n)
{
	char *copy = mem_alloc(n + 1);
	if (n)
		memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}

void mem_free(void *p)
{
	free(p);
}

void mem_trim(void)
{
	(void)malloc_trim(0); /* there may be nothing to give */
}
