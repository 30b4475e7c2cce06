/* Reads with both readers of JSON and fails where they differ; for tests of json.c. */
#pragma once

#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "tests/base/json_paths_list.h"
#include "tests/check.h"

enum { ARENA_BYTES = 64 * 1024 * 1024, PATHS_MAX = 64 };

struct fixture {
	struct json_paths *paths;
	struct arena arena, arena_yajl;
	struct json_picked picked[PATHS_MAX], picked_yajl[PATHS_MAX];
	struct json_error error, error_yajl;
};

static inline void begin_with(struct fixture *f, struct json_paths *paths)
{
	memset(f, 0, sizeof *f);
	assert_non_null(paths);
	f->paths = paths;
	arena_init(&f->arena, ARENA_BYTES);
	arena_init(&f->arena_yajl, ARENA_BYTES);
}

static inline void end(struct fixture *f)
{
	json_paths_destroy(f->paths);
	arena_finish(&f->arena);
	arena_finish(&f->arena_yajl);
}

static inline void check_same(const struct fixture *f, size_t count, struct str record)
{
	for (size_t i = 0; i < count; i++) {
		const struct json_picked *a = &f->picked[i], *b = &f->picked_yajl[i];
		bool same = a->count == b->count;
		for (size_t j = 0; same && j < a->count; j++) {
			same = a->items[j].type == b->items[j].type &&
				a->items[j].at == b->items[j].at &&
				str_eq(a->items[j].text, b->items[j].text);
		}
		if (!same) {
			print_error("path %zu differs in '%.*s'\n", i, STR_ARGS(record));
			fail();
		}
	}
}

/* Reads the compared paths from a piece of memory that ends where the record ends. */
static inline int read_both(struct fixture *f, struct str record)
{
	char *exact = mem_alloc(record.n);
	if (record.n)
		memcpy(exact, record.p, record.n);
	struct str r = { exact, record.n };
	arena_reset(&f->arena);
	arena_reset(&f->arena_yajl);
	int ours = json_pick(f->paths, r, &f->arena, f->picked, &f->error);
	int yajls = json_pick_yajl(f->paths, r, &f->arena_yajl, f->picked_yajl, &f->error_yajl);
	if (ours != yajls) {
		print_error("ours %d (%s at %zu), yajl's %d (%s at %zu): '%.*s'\n", ours,
			f->error.reason, f->error.at, yajls, f->error_yajl.reason, f->error_yajl.at,
			STR_ARGS(record));
		fail();
	}
	if (ours == 0)
		check_same(f, COMPARED_PATHS, record);
	else
		assert_true(f->error.at <= record.n && f->error_yajl.at <= record.n);
	mem_free(exact);
	return ours;
}
