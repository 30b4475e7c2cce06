#include "sources/poll_answer.h"

#include <assert.h>
#include <errno.h>

#include "base/mem.h"

enum {
	PATHS = 5,
	ARENA_MAX_BYTES = 4 * 1024 * 1024,
	PATH_MAX_BYTES = 1024,
};

struct poll_reader {
	struct json_paths *answer_paths, *record_paths; /* below the key "a" */
	int at[PATHS]; /* in answer_paths, or record_paths; -1: none */
	struct arena answer_arena, record_arena;
	struct buf answer, record; /* as the value of the key "a" */
};

/* ---- paths ---- */

static struct str inner_path(struct arena *arena, struct str path)
{
	return arena_format(arena, path.n && path.p[0] == '[' ? "a%.*s" : "a.%.*s", STR_ARGS(path));
}

static bool add_path(struct arena *arena, struct str path, struct str *list, size_t *count, int *at)
{
	size_t bad;
	*at = -1;
	if (!path.p)
		return true;
	const struct str inner = path.n > PATH_MAX_BYTES ? STR_NONE
		: path.n				 ? inner_path(arena, path)
							 : STR("a");
	struct json_paths *paths = inner.p ? json_paths_create(&inner, 1, &bad) : NULL;
	if (!paths)
		return false;
	json_paths_destroy(paths);
	*at = (int)*count;
	list[(*count)++] = inner;
	return true;
}

struct poll_reader *poll_reader_create(const struct poll_paths *p, size_t *bad)
{
	const struct str paths[PATHS] = { p->records.p ? p->records : STR(""), p->next, p->id,
		p->value, p->next_record };
	struct str of_answer[PATHS], of_record[PATHS];
	size_t answer_count = 0, record_count = 0, none;
	struct arena arena;
	struct poll_reader *r = mem_zero(1, sizeof *r);
	bool good = true;
	arena_init(&arena, 0);
	for (size_t i = 0; i < PATHS && good; i++) {
		good = i < 2 ? add_path(&arena, paths[i], of_answer, &answer_count, &r->at[i])
			     : add_path(&arena, paths[i], of_record, &record_count, &r->at[i]);
		*bad = i;
	}
	if (good)
		r->answer_paths = json_paths_create(of_answer, answer_count, &none);
	if (good && record_count)
		r->record_paths = json_paths_create(of_record, record_count, &none);
	arena_init(&r->answer_arena, ARENA_MAX_BYTES);
	arena_init(&r->record_arena, ARENA_MAX_BYTES);
	buf_init(&r->answer, POLL_MAX_BODY_BYTES + PATH_MAX_BYTES);
	buf_init(&r->record, POLL_MAX_BODY_BYTES + PATH_MAX_BYTES);
	arena_finish(&arena);
	if (good)
		return r;
	poll_reader_destroy(r);
	return NULL;
}

void poll_reader_destroy(struct poll_reader *r)
{
	if (!r)
		return;
	json_paths_destroy(r->answer_paths);
	json_paths_destroy(r->record_paths);
	arena_finish(&r->answer_arena);
	arena_finish(&r->record_arena);
	buf_finish(&r->answer);
	buf_finish(&r->record);
	mem_free(r);
}

/* ---- an answer ---- */

static void wrap(struct buf *out, struct str text)
{
	buf_clear(out);
	buf_add(out, STR("{\"a\":"));
	buf_add(out, text);
	buf_add_char(out, '}');
}

/* A byte order mark is no JSON, but some servers send one. */
static struct str without_mark(struct str body)
{
	return str_starts(body, STR("\xEF\xBB\xBF")) ? str_slice(body, 3, body.n) : body;
}

/* A string that is not empty, or a number; else absent. */
static struct str text_of(const struct json_picked *picked, int at)
{
	if (at < 0 || picked[at].count == 0)
		return STR_NONE;
	const struct json_value *value = &picked[at].items[0];
	const bool good = value->type == JSON_STRING || value->type == JSON_NUMBER;
	return good && value->text.n ? value->text : STR_NONE;
}

int poll_reader_answer(
	struct poll_reader *r, struct str body, struct poll_answer *answer, const char **reason)
{
	struct json_picked picked[PATHS];
	struct json_error error = { 0, "too large to be decoded" };
	*answer = (struct poll_answer){ .type = JSON_ABSENT };
	arena_reset(&r->answer_arena);
	wrap(&r->answer, without_mark(body));
	if (r->answer.full ||
		json_pick(r->answer_paths, buf_str(&r->answer), &r->answer_arena, picked, &error) <
			0) {
		*reason = error.reason ? error.reason : "too large to be decoded";
		return -EBADMSG;
	}
	const struct json_picked *records = &picked[r->at[0]];
	if (records->count) {
		answer->type = records->items[0].type;
		answer->records = records->items[0].text;
	}
	answer->next = text_of(picked, r->at[1]);
	return 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Behind the value at the beginning of the text, which is JSON: strings may hold anything. */
static size_t value_bytes(struct str s)
{
	size_t i = 0, depth = 0;
	bool in_string = false;
	for (; i < s.n; i++) {
		const char c = s.p[i];
		if (in_string) {
			i += c == '\\';
			in_string = c != '"';
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if (depth && (c == '}' || c == ']')) {
			depth--;
		} else if (depth == 0 && (c == ',' || c == ']' || c == '}')) {
			break;
		}
	}
	return i < s.n ? i : s.n;
}

struct str poll_list_begin(struct str array)
{
	return str_slice(array, 1, array.n ? array.n - 1 : 0);
}

bool poll_list_next(struct str *list, struct str *element)
{
	size_t i = 0;
	while (i < list->n && (is_space(list->p[i]) || list->p[i] == ','))
		i++;
	*list = str_slice(*list, i, list->n);
	const size_t n = value_bytes(*list);
	*element = str_trim(str_slice(*list, 0, n));
	*list = str_slice(*list, n, list->n);
	return element->n > 0;
}

/* ---- a record ---- */

static struct str scalar_text(struct str text)
{
	if (text.n >= 2 && text.p[0] == '"')
		return str_slice(text, 1, text.n - 1);
	return text.n && (text.p[0] == '-' || (text.p[0] >= '0' && text.p[0] <= '9')) ? text
										      : STR_NONE;
}

void poll_reader_record(struct poll_reader *r, struct str text, struct poll_record *record)
{
	struct json_picked picked[PATHS];
	struct json_error error;
	*record = (struct poll_record){ 0 };
	if (text.n && text.p[0] != '{' && text.p[0] != '[') {
		record->id = record->value = scalar_text(text);
		return;
	}
	if (!r->record_paths)
		return;
	arena_reset(&r->record_arena);
	wrap(&r->record, text);
	if (r->record.full ||
		json_pick(r->record_paths, buf_str(&r->record), &r->record_arena, picked, &error) <
			0)
		return;
	record->id = text_of(picked, r->at[2]);
	record->value = text_of(picked, r->at[3]);
	record->next = text_of(picked, r->at[4]);
}

/* ---- addresses ---- */

/* One of the parameters behind a link says that it is the next page. */
static bool is_next(struct str parameters)
{
	struct str part;
	while (str_next(&parameters, ';', &part)) {
		part = str_trim(part);
		if (!str_eq_ignore_case(str_slice(part, 0, 4), STR("rel=")))
			continue;
		struct str names = str_trim(str_slice(part, 4, part.n)), name;
		if (names.n >= 2 && names.p[0] == '"')
			names = str_slice(names, 1, names.n - 1);
		while (str_next(&names, ' ', &name))
			if (str_eq_ignore_case(name, STR("next")))
				return true;
	}
	return false;
}

/* Up to the comma that ends it; commas in quotes do not. */
static size_t parameters_bytes(struct str s)
{
	bool quoted = false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == ',' && !quoted)
			return i;
	}
	return s.n;
}

struct str poll_next_link(struct str links)
{
	for (;;) {
		const size_t open = str_find_char(links, '<');
		if (open == SIZE_MAX)
			return STR_NONE;
		links = str_slice(links, open + 1, links.n);
		const size_t close = str_find_char(links, '>');
		if (close == SIZE_MAX)
			return STR_NONE;
		const struct str target = str_trim(str_slice(links, 0, close));
		links = str_slice(links, close + 1, links.n);
		const size_t n = parameters_bytes(links);
		if (target.n && is_next(str_slice(links, 0, n)))
			return target;
		links = str_slice(links, n, links.n);
	}
}

static struct str origin_of(struct str url)
{
	const size_t scheme = str_find(url, STR("://"));
	if (scheme == SIZE_MAX)
		return STR("");
	size_t end = scheme + 3;
	while (end < url.n && url.p[end] != '/' && url.p[end] != '?' && url.p[end] != '#')
		end++;
	return str_slice(url, 0, end);
}

bool poll_same_origin(struct str a, struct str b)
{
	const struct str origin = origin_of(a);
	return origin.n && str_eq_ignore_case(origin, origin_of(b)) &&
		str_find_char(origin, '@') == SIZE_MAX && str_find_char(origin, '\\') == SIZE_MAX;
}
