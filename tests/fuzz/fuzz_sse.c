/* A stream of events gives the same events however it is cut. Links net and base. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_BYTES = 40 };

static bool hear(void *ctx, const struct sse_event *e)
{
	struct buf *all = ctx;
	assert(e->data.n <= MAX_BYTES && e->type.n > 0);
	assert(e->type.n <= SSE_MAX_NAME_BYTES && e->id.n <= SSE_MAX_NAME_BYTES);
	assert(str_find_char(e->data, '\r') == SIZE_MAX && str_find_char(e->id, '\0') == SIZE_MAX);
	assert(str_find_char(e->id, '\n') == SIZE_MAX && str_find_char(e->type, '\n') == SIZE_MAX);
	buf_addf(all, "%zu %zu %zu %d:", e->type.n, e->data.n, e->id.n, e->id.p != NULL);
	buf_add(all, e->type);
	buf_add(all, e->data);
	buf_add(all, e->id);
	return true;
}

static void read_all(struct sse *s, struct str stream, size_t piece_bytes, struct buf *all)
{
	sse_init(s, MAX_BYTES);
	buf_init(all, 0);
	for (size_t at = 0; at < stream.n; at += piece_bytes) {
		bool go_on = sse_feed(s, str_slice(stream, at, at + piece_bytes), hear, all);
		assert(go_on);
		(void)go_on;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct str stream = { (const char *)data + 1, size - 1 };
	size_t pieces[] = { 1, (size_t)data[0] + 1 };
	struct sse whole, cut;
	struct buf whole_text, cut_text;
	read_all(&whole, stream, stream.n, &whole_text);
	assert(whole.retry_us >= -1);
	for (size_t i = 0; i < 2; i++) {
		read_all(&cut, stream, pieces[i], &cut_text);
		assert(str_eq(buf_str(&whole_text), buf_str(&cut_text)));
		assert(whole.too_long_count == cut.too_long_count);
		assert(whole.retry_us == cut.retry_us);
		assert(str_eq(sse_last_id(&whole), sse_last_id(&cut)));
		sse_finish(&cut);
		buf_finish(&cut_text);
	}
	sse_finish(&whole);
	buf_finish(&whole_text);
	return 0;
}
