/* Any record is read, skipped or rejected by every built-in map; what is read has text, is UTF-8
 * throughout, and comes back the same from its own JSON. */
#include <assert.h>

#include "base/utf8.h"
#include "model/map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAPS = 6 };

/* The reader of the map of that number, and one more of "post"; made once, for speed. */
static struct post_reader *reader_of(size_t number)
{
	static struct post_reader *readers[MAPS + 1];
	if (!readers[number]) {
		const struct post_map *map = number == 0 ? post_map_auto()
			: number == MAPS		 ? post_map_builtin(STR("post"))
					 : post_map_builtin(str_of(post_map_names[number]));
		readers[number] = post_reader_create(map);
	}
	return readers[number];
}

static void check_round_trip(const struct post *post)
{
	struct buf json;
	struct post back;
	const char *reason;
	size_t at;
	buf_init(&json, 0);
	post_json(post, &json);
	assert(utf8_valid(buf_str(&json)));
	assert(post_read(reader_of(MAPS), buf_str(&json), &back, &reason, &at) == POST_READ);
	assert(str_eq(back.text, post->text) && str_eq(back.title, post->title));
	assert(back.type == post->type && back.created_at_us == post->created_at_us);
	assert(str_eq(back.id, post->id) && back.tags.count == post->tags.count);
	buf_finish(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str record = { (const char *)data, size };
	for (size_t i = 0; i < MAPS; i++) {
		struct post post;
		const char *reason = NULL;
		size_t at = 0;
		enum post_read result = post_read(reader_of(i), record, &post, &reason, &at);
		if (result == POST_READ) {
			assert(post.text.n || post.title.n);
			check_round_trip(&post);
		} else if (result == POST_REJECTED) {
			assert(reason && at <= size);
		}
	}
	return 0;
}
