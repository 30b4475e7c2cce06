/* Anything as gzip: in pieces it is the same as whole, and never more than there is room for. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "net/gunzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_BYTES = 1 << 16 };

static int64_t unpack(struct str packed, size_t piece, size_t room, char *out, bool *whole)
{
	struct gunzip *g = gunzip_create();
	int64_t n, total = 0;
	do {
		struct str in = str_slice(packed, 0, piece);
		const size_t before = in.n;
		const size_t left = MAX_BYTES - (size_t)total;
		n = gunzip_read(g, &in, out + total, left < room ? left : room);
		assert(n <= (int64_t)room && in.n <= before);
		packed = str_slice(packed, before - in.n, packed.n);
		total += n > 0 ? n : 0;
	} while (n >= 0 && (n > 0 || packed.n) && total < MAX_BYTES);
	*whole = gunzip_whole(g);
	gunzip_destroy(g);
	return n < 0 || total == MAX_BYTES ? -1 : total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	const struct str packed = { (const char *)data + 2, size - 2 };
	char *one = mem_alloc(MAX_BYTES), *two = mem_alloc(MAX_BYTES);
	bool whole_one, whole_two;
	const int64_t n = unpack(packed, SIZE_MAX, MAX_BYTES, one, &whole_one);
	const int64_t m = unpack(packed, 1U + data[0], 1U + data[1] * 8U, two, &whole_two);
	assert(n == m);
	if (n >= 0)
		assert(whole_one == whole_two && memcmp(one, two, (size_t)n) == 0);
	mem_free(one);
	mem_free(two);
	return 0;
}
