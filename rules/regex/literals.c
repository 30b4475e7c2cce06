#include "rules/regex/literals.h"

#include <assert.h>
#include <limits.h>

#include <hs.h>

#include "base/mem.h"

struct literals {
	hs_database_t *database; /* NULL: no literals */
};

struct literals_scratch {
	hs_scratch_t *scratch;
};

struct search {
	bool (*found)(void *ctx, uint32_t id, size_t to);
	void *ctx;
};

static hs_database_t *compile(const struct str *list, size_t count)
{
	const char **texts = mem_alloc(count * sizeof *texts);
	size_t *lengths = mem_alloc(count * sizeof *lengths);
	unsigned *flags = mem_zero(count, sizeof *flags);
	unsigned *ids = mem_alloc(count * sizeof *ids);
	hs_database_t *database = NULL;
	hs_compile_error_t *error = NULL;
	for (size_t i = 0; i < count; i++) {
		assert(list[i].n > 0 && str_find_char(list[i], '\0') == SIZE_MAX);
		texts[i] = list[i].p;
		lengths[i] = list[i].n;
		ids[i] = (unsigned)i;
	}
	if (hs_compile_lit_multi(texts, flags, ids, lengths, (unsigned)count, HS_MODE_BLOCK, NULL,
		    &database, &error) != HS_SUCCESS) {
		(void)hs_free_compile_error(error); /* we only free it */
		database = NULL;
	}
	mem_free(texts);
	mem_free(lengths);
	mem_free(flags);
	mem_free(ids);
	return database;
}

struct literals *literals_create(const struct str *list, size_t count)
{
	hs_database_t *database = NULL;
	if (count > UINT_MAX)
		return NULL;
	if (count && !(database = compile(list, count)))
		return NULL;
	struct literals *l = mem_zero(1, sizeof *l);
	l->database = database;
	return l;
}

void literals_destroy(struct literals *l)
{
	if (!l)
		return;
	(void)hs_free_database(l->database); /* fails for what is no database only */
	mem_free(l);
}

struct literals_scratch *literals_scratch_create(const struct literals *l)
{
	struct literals_scratch *s = mem_zero(1, sizeof *s);
	if (l->database && hs_alloc_scratch(l->database, &s->scratch) != HS_SUCCESS) {
		mem_free(s);
		return NULL;
	}
	return s;
}

void literals_scratch_destroy(struct literals_scratch *s)
{
	if (!s)
		return;
	(void)hs_free_scratch(s->scratch); /* fails while in use only */
	mem_free(s);
}

static int on_match(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	(void)from;
	(void)flags;
	const struct search *search = ctx;
	return search->found(search->ctx, id, (size_t)to) ? 0 : 1;
}

void literals_find(const struct literals *l, struct literals_scratch *s, struct str text,
	bool (*found)(void *ctx, uint32_t id, size_t to), void *ctx)
{
	struct search search = { found, ctx };
	if (!l->database || text.n == 0)
		return;
	assert(text.n <= UINT_MAX);
	hs_error_t error = hs_scan(
		l->database, text.p, (unsigned)text.n, 0, s->scratch, on_match, &search);
	assert(error == HS_SUCCESS || error == HS_SCAN_TERMINATED);
	(void)error; /* another one is a bug of ours */
}
