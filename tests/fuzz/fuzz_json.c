/* Both readers of JSON take the same records and pick the same values, all of them UTF-8. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "tests/base/json_paths_list.h"

enum { ARENA_BYTES = 64 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(const struct json_value *a, const struct json_value *b, struct str record)
{
	assert(a->type == b->type && a->at == b->at && str_eq(a->text, b->text));
	assert(a->at < record.n);
	if (a->type == JSON_STRING) {
		assert(utf8_valid(a->text));
		assert(!memchr(a->text.p, '\0', a->text.n));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str record = { (const char *)data, size };
	static struct json_paths *paths; /* for speed: the same in every run */
	if (!paths)
		paths = compared_paths();
	struct json_picked ours[COMPARED_PATHS], yajls[COMPARED_PATHS];
	struct json_error error = { 0, NULL };
	struct arena arena;
	arena_init(&arena, ARENA_BYTES);
	int status = json_pick(paths, record, &arena, ours, &error);
	assert(status == 0 || (error.reason && error.at <= size));
	assert(json_pick_yajl(paths, record, &arena, yajls, &error) == status);
	for (size_t i = 0; status == 0 && i < COMPARED_PATHS; i++) {
		assert(ours[i].count == yajls[i].count);
		for (size_t j = 0; j < ours[i].count; j++)
			check_value(&ours[i].items[j], &yajls[i].items[j], record);
	}
	arena_finish(&arena);
	return 0;
}
