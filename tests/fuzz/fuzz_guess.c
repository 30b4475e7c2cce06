/* JSON that nobody has described: what is walked through are views of it at paths that maps take,
 * and what is guessed of it are such paths. Links daemon. */
#include <assert.h>

#include "base/buf.h"
#include "daemon/guess.h"
#include "daemon/json_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(struct str path)
{
	size_t bad;
	struct json_paths *paths = json_paths_create(&path, 1, &bad);
	assert(paths);
	json_paths_destroy(paths);
}

static bool check_leaf(void *ctx, const struct json_leaf *leaf)
{
	const struct str *document = ctx;
	assert(leaf->type == JSON_NULL || leaf->type == JSON_BOOL || leaf->type == JSON_NUMBER ||
		leaf->type == JSON_STRING);
	assert((uintptr_t)leaf->text.p >= (uintptr_t)document->p &&
		(uintptr_t)leaf->text.p + leaf->text.n <= (uintptr_t)document->p + document->n);
	assert(leaf->path.n <= JSON_WALK_MAX_PATH_BYTES);
	/* Paths begin at an object. */
	if (leaf->path.n && leaf->path.p[0] != '[')
		check_path(leaf->path);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str document = { (const char *)data, size };
	struct guess_list list;
	struct guess guess;
	struct arena arena;
	if (size == 0)
		return 0;
	const bool whole = json_walk(document, check_leaf, &document);
	arena_init(&arena, 0);
	if (guess_records(document, &arena, &list)) {
		assert(whole && list.count > 0);
		for (size_t i = 0; i < list.count; i++)
			assert(list.items[i].n >= 2 && list.items[i].p[0] == '{');
	}
	if (guess_fields(&document, 1, &arena, &guess)) {
		assert(whole && guess.count > 0);
		for (size_t i = 0; i < guess.count; i++)
			if (guess.fields[i].path.n && guess.fields[i].path.p[0] != '[')
				check_path(guess.fields[i].path);
	}
	arena_finish(&arena);
	return 0;
}
