#include "daemon/record.h"

#include "base/mem.h"
#include "base/utf8.h"

struct record_reader {
	struct post_reader *reader; /* NULL: lines are text */
	struct buf text; /* a line whose bytes had to be mended */
};

enum { TEXT_MAX_BYTES = 4 * 1024 * 1024 };

struct record_reader *record_reader_create(const struct post_map *map)
{
	struct record_reader *r = mem_zero(1, sizeof *r);
	r->reader = map ? post_reader_create(map) : NULL;
	buf_init(&r->text, TEXT_MAX_BYTES);
	return r;
}

void record_reader_destroy(struct record_reader *r)
{
	if (!r)
		return;
	post_reader_destroy(r->reader);
	buf_finish(&r->text);
	mem_free(r);
}

static struct post text_post(struct record_reader *r, struct str line)
{
	struct post post = post_empty();
	post.text = line;
	if (utf8_valid(line))
		return post;
	buf_clear(&r->text);
	for (size_t i = 0; i < line.n;) {
		uint32_t c;
		size_t n = utf8_read(line, i, &c);
		buf_add(&r->text, n ? str_slice(line, i, i + n) : STR("\xEF\xBF\xBD"));
		i += n ? n : 1;
	}
	post.text = buf_str(&r->text);
	return post;
}

/* Editors of other systems put a byte order mark before the first line of a file. */
static struct str without_mark(struct str record)
{
	static const struct str mark = { "\xEF\xBB\xBF", 3 };
	return str_starts(record, mark) ? str_slice(record, mark.n, record.n) : record;
}

enum post_read record_read(struct record_reader *r, struct str record, struct post *post,
	const char **reason, size_t *at)
{
	record = without_mark(record);
	if (r->reader)
		return post_read(r->reader, record, post, reason, at);
	*post = text_post(r, record);
	return POST_READ;
}
