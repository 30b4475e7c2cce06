/* A stream gives the same lines however it is cut, and those that a plain loop over its bytes
 * finds. Links net and base. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool hear(void *ctx, struct str view)
{
	struct buf *all = ctx;
	assert(view.n > 0);
	buf_add(all, view);
	return true;
}

static void read_all(
	struct lines *l, struct str stream, size_t piece_bytes, size_t max_bytes, struct buf *all)
{
	lines_init(l, max_bytes);
	buf_init(all, 0);
	for (size_t at = 0; at < stream.n; at += piece_bytes) {
		bool go_on = lines_feed(l, str_slice(stream, at, at + piece_bytes), hear, all);
		assert(go_on && l->consumed_bytes <= stream.n);
		assert(all->n == 0 || all->p[all->n - 1] == '\n');
		(void)go_on;
	}
	bool go_on = lines_end(l, hear, all);
	assert(go_on && l->consumed_bytes == stream.n);
	(void)go_on;
}

/* The plain way. */
static uint64_t read_plainly(struct str stream, size_t max_bytes, struct buf *all)
{
	uint64_t too_long_count = 0;
	size_t start = 0;
	buf_init(all, 0);
	for (size_t i = 0; i <= stream.n; i++) {
		if (i < stream.n && stream.p[i] != '\n')
			continue;
		if (i - start > max_bytes)
			too_long_count++;
		else
			buf_add(all, str_slice(stream, start, i + 1));
		start = i + 1;
	}
	return too_long_count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3)
		return 0;
	struct str stream = { (const char *)data + 2, size - 2 };
	size_t max_bytes = (size_t)data[1] % 32 + 1;
	size_t pieces[] = { stream.n, 1, (size_t)data[0] + 1 };
	struct buf expected, all;
	uint64_t too_long_count = read_plainly(stream, max_bytes, &expected);
	for (size_t i = 0; i < 3; i++) {
		struct lines l;
		read_all(&l, stream, pieces[i], max_bytes, &all);
		assert(str_eq(buf_str(&all), buf_str(&expected)));
		assert(l.too_long_count == too_long_count);
		lines_finish(&l);
		buf_finish(&all);
	}
	buf_finish(&expected);
	return 0;
}
