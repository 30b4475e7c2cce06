#include "net/gunzip.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>

#include <zlib.h>

#include "base/log.h"
#include "base/mem.h"

/* The largest window, and a gzip header is there, not zlib's own. */
enum { GZIP_WINDOW_BITS = 15 + 16 };

struct gunzip {
	z_stream z;
	bool between; /* the last member is whole */
	bool bad;
};

static void *take_memory(void *ctx, unsigned count, unsigned bytes)
{
	(void)ctx;
	return mem_zero(count, bytes);
}

static void give_memory(void *ctx, void *p)
{
	(void)ctx;
	mem_free(p);
}

struct gunzip *gunzip_create(void)
{
	struct gunzip *g = mem_zero(1, sizeof *g);
	g->z.zalloc = take_memory;
	g->z.zfree = give_memory;
	const int r = inflateInit2(&g->z, GZIP_WINDOW_BITS);
	assert(r == Z_OK); /* memory does not run out here */
	(void)r;
	return g;
}

void gunzip_destroy(struct gunzip *g)
{
	if (!g)
		return;
	(void)inflateEnd(&g->z); /* fails only on what was never begun */
	mem_free(g);
}

static bool step(struct gunzip *g, struct str *in)
{
	g->z.next_in = (z_const Bytef *)(uintptr_t)in->p;
	g->z.avail_in = in->n > UINT_MAX ? UINT_MAX : (unsigned)in->n;
	const unsigned before = g->z.avail_in;
	if (g->between && inflateReset(&g->z) != Z_OK)
		return false;
	g->between = false;
	const int r = inflate(&g->z, Z_NO_FLUSH);
	*in = str_slice(*in, before - g->z.avail_in, in->n);
	g->between = r == Z_STREAM_END;
	/* Z_BUF_ERROR is no error: it wants more of either. */
	return r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR;
}

int64_t gunzip_read(struct gunzip *g, struct str *in, char *out, size_t room)
{
	const size_t wanted = room > INT_MAX ? INT_MAX : room;
	assert(room > 0);
	g->z.next_out = (Bytef *)out;
	g->z.avail_out = (unsigned)wanted;
	for (;;) {
		const size_t before = in->n;
		/* What zlib keeps of the output comes without more input. */
		if (!g->bad && (before || !g->between))
			g->bad = !step(g, in);
		if (g->bad)
			return -EBADMSG;
		if (g->z.avail_out == 0 || in->n == 0)
			return (int64_t)(wanted - g->z.avail_out);
		if (in->n == before && !g->between) {
			g->bad = true; /* neither takes nor gives */
			return -EBADMSG;
		}
	}
}

bool gunzip_whole(const struct gunzip *g)
{
	return g->between && !g->bad;
}
