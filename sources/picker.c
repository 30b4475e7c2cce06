#include "sources/picker.h"

enum {
	ARENA_MAX_BYTES = 4 * 1024 * 1024, /* the values of one record of at most 1 MiB */
	/* Records without the value may stand behind the last one that has it. */
	LOOK_BACK_LINES = 64,
	VALUE_MAX_BYTES = RESUME_MAX_BYTES,
};

static bool is_clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return s.n > 0 && s.n <= VALUE_MAX_BYTES;
}

static bool add_value(
	const struct json_paths *path, struct str record, struct arena *arena, struct buf *out)
{
	struct json_picked picked;
	struct json_error error;
	arena_reset(arena);
	if (json_pick(path, record, arena, &picked, &error) < 0 || picked.count != 1)
		return false;
	const struct json_value *value = &picked.items[0];
	if ((value->type != JSON_STRING && value->type != JSON_NUMBER) || !is_clean(value->text))
		return false;
	buf_clear(out);
	buf_add(out, value->text);
	return true;
}

void resume_value(const struct json_paths *path, struct str lines, struct buf *out)
{
	struct arena arena;
	arena_init(&arena, ARENA_MAX_BYTES);
	for (int i = 0; lines.n && i < LOOK_BACK_LINES; i++) {
		lines = str_trim(lines);
		size_t from = lines.n;
		while (from && lines.p[from - 1] != '\n')
			from--;
		if (add_value(path, str_slice(lines, from, lines.n), &arena, out))
			break;
		lines = str_slice(lines, 0, from);
	}
	arena_finish(&arena);
}

static bool stands_for_itself(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		c == '-' || c == '_' || c == '.' || c == '~';
}

void percent_encode(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (stands_for_itself(s.p[i]))
			buf_add_char(out, s.p[i]);
		else
			buf_addf(out, "%%%02X", (unsigned char)s.p[i]);
	}
}

/* The value, an integer put back by overlap, not below 0. */
static void add_back(struct buf *out, struct str value, int64_t overlap)
{
	int64_t number;
	if (overlap > 0 && str_to_int64(value, &number))
		buf_addf(out, "%lld", number > overlap ? (long long)(number - overlap) : 0);
	else
		buf_add(out, value);
}

void resume_url(
	struct buf *out, struct str url, struct str parameter, struct str value, int64_t overlap)
{
	struct buf text;
	buf_init(&text, 0);
	add_back(&text, value, overlap);
	buf_add(out, str_slice(url, 0, str_find_char(url, '#')));
	buf_add_char(out, str_find_char(url, '?') == SIZE_MAX ? '?' : '&');
	percent_encode(out, parameter);
	buf_add_char(out, '=');
	percent_encode(out, buf_str(&text));
	buf_finish(&text);
}

void resume_text(struct buf *out, struct str text, struct str value, int64_t overlap)
{
	const struct str hole = STR("{value}");
	for (;;) {
		const size_t at = str_find(text, hole);
		buf_add(out, str_slice(text, 0, at));
		if (at == SIZE_MAX)
			break;
		add_back(out, value, overlap);
		text = str_slice(text, at + hole.n, text.n);
	}
}
