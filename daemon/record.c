#include "daemon/record.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"

struct record_reader {
	struct post_reader *reader; /* NULL: lines are text */
	struct buf text; /* a line whose bytes had to be mended */
	struct str block;
	struct log_place place; /* of the block */
	int64_t now_us; /* 0: not asked for yet */
	char id[LOG_ID_BYTES];
	struct str host; /* what post.tags points to */
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

void record_reader_begin(struct record_reader *r, struct str records, const struct log_place *place,
	int64_t received_at_us)
{
	r->block = records;
	r->place = *place;
	r->now_us = received_at_us;
}

static struct str mended(struct record_reader *r, struct str line)
{
	if (utf8_valid(line))
		return line;
	buf_clear(&r->text);
	for (size_t i = 0; i < line.n;) {
		uint32_t c;
		size_t n = utf8_read(line, i, &c);
		buf_add(&r->text, n ? str_slice(line, i, i + n) : STR("\xEF\xBF\xBD"));
		i += n ? n : 1;
	}
	return buf_str(&r->text);
}

/* Where something was cleaned away there are spaces at the end. */
static struct str without_end(struct str s)
{
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

static struct post text_post(struct record_reader *r, struct str line)
{
	struct post post = post_empty();
	struct log_line parts;
	if (r->now_us == 0)
		r->now_us = clock_wall_us();
	if (r->place.known) {
		log_line_read(line, r->now_us, &parts);
		const uint64_t at = r->place.at + (uint64_t)(line.p - r->block.p);
		post.id.p = r->id;
		post.id.n = log_line_id(
			line, parts.created_at_us != 0, &r->place, at, r->now_us, r->id);
	}
	log_line_read(mended(r, line), r->now_us, &parts);
	post.text = without_end(parts.message);
	post.title = parts.origin;
	post.author.handle = parts.program;
	post.created_at_us = parts.created_at_us;
	r->host = parts.host;
	if (parts.host.p)
		post.tags = (struct str_list){ &r->host, 1 };
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

const char *record_map_name(const struct record_reader *r)
{
	return r->reader ? post_reader_map_name(r->reader) : NULL;
}
