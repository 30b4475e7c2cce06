#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define FENCE(p, n) __asan_poison_memory_region((p), (n))
#define UNFENCE(p, n) __asan_unpoison_memory_region((p), (n))
enum { FENCE_BYTES = 16, TEXT_ALIGN = 8 };
#else
#define FENCE(p, n) ((void)(p), (void)(n))
#define UNFENCE(p, n) ((void)(p), (void)(n))
enum { FENCE_BYTES = 0, TEXT_ALIGN = 1 /* a million words stand closer so */ };
#endif

enum { CHUNK_BYTES = 16 * 1024, CHUNK_MAX_BYTES = 1024 * 1024, ALIGN = 16 };

struct arena_chunk {
	struct arena_chunk *older; /* arena::chunks */
	size_t bytes;
	_Alignas(16) char data[];
};

void arena_init(struct arena *a, size_t max_bytes)
{
	*a = (struct arena){ .max_bytes = max_bytes };
}

static void free_chunks(struct arena_chunk *chunk)
{
	while (chunk) {
		struct arena_chunk *older = chunk->older;
		UNFENCE(chunk->data, chunk->bytes);
		mem_free(chunk);
		chunk = older;
	}
}

void arena_finish(struct arena *a)
{
	free_chunks(a->chunks);
	*a = (struct arena){ .max_bytes = a->max_bytes };
}

void arena_reset(struct arena *a)
{
	struct arena_chunk *newest = a->chunks;
	a->used_bytes = 0;
	if (!newest)
		return;
	free_chunks(newest->older);
	newest->older = NULL;
	a->next = newest->data;
	a->left = newest->bytes;
	FENCE(newest->data, newest->bytes);
}

static void add_chunk(struct arena *a, size_t bytes)
{
	size_t size = a->chunks ? a->chunks->bytes * 2 : CHUNK_BYTES;
	if (size > CHUNK_MAX_BYTES)
		size = CHUNK_MAX_BYTES;
	if (size < bytes)
		size = bytes;
	struct arena_chunk *chunk = mem_alloc(sizeof *chunk + size);
	chunk->older = a->chunks;
	chunk->bytes = size;
	a->chunks = chunk;
	a->next = chunk->data;
	a->left = size;
	FENCE(chunk->data, size);
}

/* Room for `bytes`, from a place that is a multiple of align. */
static char *take(struct arena *a, size_t bytes, size_t align)
{
	if (bytes > PTRDIFF_MAX / 2)
		return NULL;
	/* An empty piece is one, too: it has an address and counts. */
	size_t needed = bytes ? bytes : 1;
	if (a->max_bytes && (a->used_bytes > a->max_bytes || needed > a->max_bytes - a->used_bytes))
		return NULL;
	size_t skipped = (size_t)(-(uintptr_t)a->next & (align - 1));
	size_t counted = (needed + align - 1) / align * align;
	size_t taken = counted + FENCE_BYTES;
	if (skipped + taken > a->left) {
		add_chunk(a, taken);
		skipped = 0;
	}
	char *piece = a->next + skipped;
	a->next += skipped + taken;
	a->left -= skipped + taken;
	a->used_bytes += counted;
	UNFENCE(piece, bytes);
	return piece;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
	return take(a, bytes, ALIGN);
}

void *arena_zero(struct arena *a, size_t count, size_t bytes)
{
	size_t total;
	if (__builtin_mul_overflow(count, bytes, &total))
		return NULL;
	void *piece = arena_alloc(a, total);
	if (piece)
		memset(piece, 0, total);
	return piece;
}

char *arena_text(struct arena *a, struct str s)
{
	char *copy = take(a, s.n + 1, TEXT_ALIGN);
	if (!copy)
		return NULL;
	if (s.n)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}

struct str arena_str(struct arena *a, struct str s)
{
	if (!s.p)
		return STR_NONE;
	char *copy = arena_text(a, s);
	return copy ? (struct str){ copy, s.n } : STR_NONE;
}

struct str arena_format(struct arena *a, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (text)
		(void)vsnprintf(text, (size_t)n + 1, format, again); /* measured above */
	va_end(again);
	return text ? (struct str){ text, (size_t)n } : STR_NONE;
}
