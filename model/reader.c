/* From a record to a post. One json_pick gives the values of all paths of the map, or of all maps
 * for "auto"; then the fields are filled by the table, and the map's finisher adds what the
 * table cannot say. Nothing is allocated once the buffers have grown. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/html.h"
#include "model/map_table.h"

enum {
	ARENA_MAX_BYTES = 4 * 1024 * 1024,
	TEXT_MAX_BYTES = 4 * 1024 * 1024,
	PARTS_MAX = 8,
	SIGNS_MAX = 8
};

/* One of the maps that a record may be read by. */
struct part {
	const struct post_map *map;
	size_t offset; /* of its paths among all */
	uint16_t *order; /* its paths by field, then as listed */
	uint16_t begin[MAP_FIELD_COUNT + 1]; /* by field, in order */
	uint16_t signs[SIGNS_MAX]; /* its paths with PATH_SIGN */
	size_t sign_count;
};

struct post_reader {
	struct json_paths *paths;
	struct json_picked *picked;
	struct arena arena; /* of one record */
	struct arena tables; /* of the reader's life */
	struct buf text, title; /* what is put together of the record's */
	struct part parts[PARTS_MAX];
	size_t part_count;
	const struct post_map *used; /* by the last record; NULL: none yet */
};

static void add_part(struct post_reader *reader, const struct post_map *map, size_t offset)
{
	struct part *part = &reader->parts[reader->part_count++];
	part->map = map;
	part->offset = offset;
	part->order = arena_array(&reader->tables, uint16_t, map->path_count);
	uint16_t n = 0;
	for (int field = 0; field < MAP_FIELD_COUNT; field++) {
		part->begin[field] = n;
		for (size_t i = 0; i < map->path_count; i++) {
			if ((int)map->paths[i].field == field)
				part->order[n++] = (uint16_t)i;
		}
	}
	part->begin[MAP_FIELD_COUNT] = n;
	for (size_t i = 0; i < map->path_count; i++) {
		if (map->paths[i].flags & PATH_SIGN) {
			assert(part->sign_count < SIGNS_MAX);
			part->signs[part->sign_count++] = (uint16_t)i;
		}
	}
}

struct post_reader *post_reader_create(const struct post_map *map)
{
	struct post_reader *reader = mem_zero(1, sizeof *reader);
	struct str texts[JSON_MAX_PATHS];
	const struct post_map *const *parts = map->parts ? map->parts : &map;
	size_t part_count = map->parts ? map->part_count : 1, count = 0, bad;
	arena_init(&reader->arena, ARENA_MAX_BYTES);
	arena_init(&reader->tables, 0);
	buf_init(&reader->text, TEXT_MAX_BYTES);
	buf_init(&reader->title, TEXT_MAX_BYTES);
	assert(part_count <= PARTS_MAX);
	for (size_t i = 0; i < part_count; i++) {
		assert(count + parts[i]->path_count <= JSON_MAX_PATHS);
		add_part(reader, parts[i], count);
		for (size_t j = 0; j < parts[i]->path_count; j++)
			texts[count++] = str_of(parts[i]->paths[j].path);
	}
	reader->paths = json_paths_create(texts, count, &bad); /* tried when the map was made */
	assert(reader->paths);
	reader->picked = arena_array(&reader->tables, struct json_picked, count);
	return reader;
}

void post_reader_destroy(struct post_reader *reader)
{
	if (!reader)
		return;
	json_paths_destroy(reader->paths);
	arena_finish(&reader->arena);
	arena_finish(&reader->tables);
	buf_finish(&reader->text);
	buf_finish(&reader->title);
	mem_free(reader);
}

struct str value_text(const struct json_value *value)
{
	bool good = value->type == JSON_STRING || value->type == JSON_NUMBER;
	return good ? value->text : STR_NONE;
}

static bool is_present(const struct json_picked *picked)
{
	for (size_t i = 0; i < picked->count; i++) {
		if (value_text(&picked->items[i]).p)
			return true;
	}
	return false;
}

struct json_picked reading_values(const struct reading *r, enum map_field field)
{
	for (size_t i = r->begin[field]; i < r->begin[field + 1]; i++) {
		const struct json_picked *picked = &r->picked[r->order[i]];
		if (picked->count > 1 || (picked->count && picked->items[0].type != JSON_NULL))
			return *picked;
	}
	return (struct json_picked){ NULL, 0 };
}

struct str reading_text(const struct reading *r, enum map_field field)
{
	for (size_t i = r->begin[field]; i < r->begin[field + 1]; i++) {
		const struct json_picked *picked = &r->picked[r->order[i]];
		for (size_t j = 0; j < picked->count; j++) {
			struct str text = value_text(&picked->items[j]);
			if (text.n)
				return text;
		}
	}
	return STR_NONE;
}

struct str reading_text_inside(
	const struct reading *r, enum map_field field, const struct json_value *object)
{
	struct json_picked values = reading_values(r, field);
	for (size_t i = 0; i < values.count; i++) {
		uint32_t at = values.items[i].at;
		if (at > object->at && at - object->at < object->text.n)
			return value_text(&values.items[i]);
	}
	return STR_NONE;
}

int64_t count_of(struct str text)
{
	int64_t count;
	return str_to_int64(text, &count) && count >= 0 ? count : -1;
}

static bool add_unescaped(struct str text, char *out, size_t *n)
{
	static const struct {
		const char *name;
		char meaning;
	} escapes[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' } };
	for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
		struct str name = str_of(escapes[i].name);
		if (str_starts(text, name)) {
			*out = escapes[i].meaning;
			*n = name.n;
			return true;
		}
	}
	return false;
}

struct str unescape_three(struct arena *arena, struct str text)
{
	if (str_find_char(text, '&') == SIZE_MAX)
		return text;
	char *out = arena_alloc(arena, text.n);
	size_t n = 0;
	for (size_t i = 0; out && i < text.n; n++) {
		size_t taken = 1;
		if (text.p[i] != '&' || !add_unescaped(str_slice(text, i, text.n), out + n, &taken))
			out[n] = text.p[i];
		i += taken;
	}
	return out ? (struct str){ out, n } : STR_NONE;
}

/* Text that is put together of values, each on a line of its own; a single plain value is not
 * copied. */
struct assembly {
	struct reading *reading;
	const struct map_path *paths;
	struct buf *buf;
	struct str text; /* while it is a single value */
	bool present; /* there was a value, be it empty */
	bool too_large;
};

static void add_value(struct assembly *a, unsigned flags, struct str value)
{
	a->present = true;
	if (flags & PATH_ESCAPED) {
		value = unescape_three(a->reading->arena, value);
		a->too_large |= !value.p;
	}
	if (value.n == 0)
		return;
	if (!a->text.p && a->buf->n == 0 && !(flags & PATH_HTML)) {
		a->text = value;
		return;
	}
	if (a->text.p) {
		buf_add(a->buf, a->text);
		a->text = STR_NONE;
	}
	size_t before = a->buf->n;
	if (before)
		buf_add_char(a->buf, '\n');
	size_t begin = a->buf->n;
	if (flags & PATH_HTML)
		html_to_text(value, a->buf);
	else
		buf_add(a->buf, value);
	if (a->buf->n == begin && !a->buf->full)
		a->buf->n = before;
}

/* All values of the first present path of the field, or of every path. */
static void add_values(struct assembly *a, enum map_field field, bool every)
{
	const struct reading *r = a->reading;
	for (size_t i = r->begin[field]; i < r->begin[field + 1]; i++) {
		const struct json_picked *picked = &r->picked[r->order[i]];
		if (!is_present(picked))
			continue;
		for (size_t j = 0; j < picked->count; j++) {
			struct str value = value_text(&picked->items[j]);
			if (value.p)
				add_value(a, a->paths[r->order[i]].flags, value);
		}
		if (!every)
			return;
	}
}

static struct str assembled(struct assembly *a)
{
	a->too_large |= a->buf->full;
	if (!a->present)
		return STR_NONE;
	return a->text.p ? a->text : buf_str(a->buf);
}

/* False: too large. */
static bool fill_text(struct post_reader *reader, struct reading *r, const struct map_path *paths)
{
	struct assembly text = { .reading = r, .paths = paths, .buf = &reader->text };
	struct assembly title = { .reading = r, .paths = paths, .buf = &reader->title };
	buf_clear(text.buf);
	buf_clear(title.buf);
	add_values(&text, MAP_WARNING, false);
	add_values(&text, MAP_TEXT, false);
	add_values(&text, MAP_MORE_TEXT, true);
	add_values(&title, MAP_TITLE, false);
	r->post->text = assembled(&text);
	r->post->title = assembled(&title);
	return !text.too_large && !title.too_large;
}

static bool has_mark(struct str text, const char *marks)
{
	return text.n && text.p[0] && strchr(marks, text.p[0]);
}

static struct str without_mark(struct str text, const char *marks)
{
	return has_mark(text, marks) ? str_slice(text, 1, text.n) : text;
}

/* A list field; marks is what may stand before a value and is no part of it. */
static bool fill_list(const struct reading *r, const struct map_path *paths, enum map_field field,
	const char *marks, struct str_list *list)
{
	size_t room = 0, count = 0;
	for (size_t i = r->begin[field]; i < r->begin[field + 1]; i++)
		room += r->picked[r->order[i]].count;
	if (room == 0)
		return true;
	struct str *items = arena_alloc(r->arena, room * sizeof *items);
	if (!items)
		return false;
	for (size_t i = r->begin[field]; i < r->begin[field + 1]; i++) {
		const struct json_picked *picked = &r->picked[r->order[i]];
		unsigned flags = paths[r->order[i]].flags;
		for (size_t j = 0; j < picked->count; j++) {
			struct str value = value_text(&picked->items[j]);
			if (flags & PATH_MARKED && !has_mark(value, marks))
				continue;
			value = without_mark(value, marks);
			if (value.n) /* a mark alone is no tag */
				items[count++] = value;
		}
		if (count && !(flags & PATH_ADDS))
			break;
	}
	*list = (struct str_list){ items, count };
	return true;
}

/* 0 where it cannot be read or makes no sense for a post: before 1970, after 9999. */
static int64_t time_of(struct str text)
{
	const int64_t end_us = INT64_C(253402300800) * US_PER_S;
	int64_t wall_us = 0;
	/* Seconds may have a fraction, which counts for nothing. */
	size_t dot = str_find_char(text, '.');
	if (dot != SIZE_MAX && count_of(str_slice(text, 0, dot)) >= 0 &&
		count_of(str_slice(text, dot + 1, text.n)) >= 0)
		text = str_slice(text, 0, dot);
	return time_parse(text, &wall_us) && wall_us > 0 && wall_us < end_us ? wall_us : 0;
}

static enum tristate truth_of(struct json_picked picked)
{
	if (!picked.count)
		return TRISTATE_UNKNOWN;
	struct str text = picked.items[0].text;
	if (str_eq(text, STR("true")) || str_eq(text, STR("1")))
		return TRISTATE_YES;
	return str_eq(text, STR("false")) || str_eq(text, STR("0")) ? TRISTATE_NO
								    : TRISTATE_UNKNOWN;
}

/* Where it is no truth value, that it is there says yes. */
static enum tristate presence_of(struct json_picked picked)
{
	enum tristate truth = truth_of(picked);
	return truth == TRISTATE_UNKNOWN && picked.count ? TRISTATE_YES : truth;
}

/* "und", undetermined, says as little as nothing. */
static void drop_unknown_langs(struct str_list *langs)
{
	if (langs->count == 1 && str_eq(langs->items[0], STR("und")))
		*langs = (struct str_list){ NULL, 0 };
}

/* False: the arena is full. */
static bool fill_fields(const struct reading *r, const struct map_path *paths)
{
	struct post *post = r->post;
	post->id = reading_text(r, MAP_ID);
	post->url = reading_text(r, MAP_URL);
	post->author.id = reading_text(r, MAP_AUTHOR_ID);
	post->author.handle = without_mark(reading_text(r, MAP_AUTHOR_HANDLE), "@");
	post->author.name = reading_text(r, MAP_AUTHOR_NAME);
	post->author.followers = count_of(reading_text(r, MAP_AUTHOR_FOLLOWERS));
	post->created_at_us = time_of(reading_text(r, MAP_CREATED_AT));
	post->in_reply_to = reading_text(r, MAP_IN_REPLY_TO);
	post->repost_of = reading_text(r, MAP_REPOST_OF);
	post->country = reading_text(r, MAP_COUNTRY);
	post->sensitive = truth_of(reading_values(r, MAP_SENSITIVE));
	post->media = presence_of(reading_values(r, MAP_MEDIA));
	post->author.verified = truth_of(reading_values(r, MAP_VERIFIED));
	if (!post_type_of(reading_text(r, MAP_TYPE), &post->type)) {
		if (post->repost_of.p)
			post->type = POST_REPOST;
		else if (post->in_reply_to.p)
			post->type = POST_REPLY;
		else if (reading_values(r, MAP_QUOTED).count)
			post->type = POST_QUOTE;
	}
	bool good = fill_list(r, paths, MAP_LANG, "", &post->langs) &&
		fill_list(r, paths, MAP_TAGS, "#", &post->tags) &&
		fill_list(r, paths, MAP_MENTIONS, "@", &post->mentions) &&
		fill_list(r, paths, MAP_LINKS, "", &post->links);
	drop_unknown_langs(&post->langs);
	return good;
}

static bool is_recognised(const struct part *part, const struct json_picked *picked)
{
	for (size_t i = 0; i < part->sign_count; i++) {
		if (is_present(&picked[part->signs[i]]))
			return true;
	}
	return false;
}

static const struct part *choose_part(const struct post_reader *reader)
{
	size_t last = reader->part_count - 1;
	for (size_t i = 0; i < last; i++) {
		const struct part *part = &reader->parts[i];
		if (is_recognised(part, reader->picked + part->offset))
			return part;
	}
	return &reader->parts[last];
}

static enum post_read reject(const char **reason, size_t *at, const char *why, size_t where)
{
	*reason = why;
	*at = where;
	return POST_REJECTED;
}

enum post_read post_read(struct post_reader *reader, struct str record, struct post *post,
	const char **reason, size_t *at)
{
	static const char too_large[] = "too large to be decoded";
	struct json_error error;
	arena_reset(&reader->arena);
	*post = post_empty();
	int status = json_pick(reader->paths, record, &reader->arena, reader->picked, &error);
	if (status == -EBADMSG)
		return reject(reason, at, error.reason, error.at);
	if (status != 0)
		return reject(reason, at, too_large, record.n);
	const struct part *part = choose_part(reader);
	const struct map_path *paths = part->map->paths;
	reader->used = part->map;
	struct reading r = { .post = post,
		.arena = &reader->arena,
		.picked = reader->picked + part->offset,
		.order = part->order,
		.begin = part->begin };
	if (!fill_fields(&r, paths) || !fill_text(reader, &r, paths))
		return reject(reason, at, too_large, record.n);
	bool is_post = !part->map->finish || part->map->finish(&r);
	return is_post && (post->text.n || post->title.n) ? POST_READ : POST_SKIPPED;
}

const char *post_reader_map_name(const struct post_reader *reader)
{
	return reader->used ? reader->used->name : NULL;
}
