#include "sources/adder.h"

#include <assert.h>

#include "base/escape.h"
#include "base/json.h"
#include "base/mem.h"

enum { ARENA_MAX_BYTES = 4 * 1024 * 1024, VALUE_MAX_BYTES = 8 * 1024 };

struct addition {
	struct str key, text;
	size_t first_path; /* of its holes, among all */
};

struct adder {
	struct addition items[ADDER_MAX];
	size_t count;
	struct json_paths *paths;
	struct json_picked picked[ADDER_MAX * ADDER_MAX_HOLES];
	struct arena arena; /* of one record */
	struct buf value;
};

/* Cuts the text up to the next hole off *rest, and the path of the hole; absent at the end. */
static struct str next_piece(struct str *rest, struct str *hole)
{
	const size_t open = str_find_char(*rest, '{');
	const struct str inside = str_slice(*rest, open == SIZE_MAX ? rest->n : open + 1, rest->n);
	const size_t close = str_find_char(inside, '}');
	*hole = STR_NONE;
	const struct str piece = str_slice(*rest, 0, close == SIZE_MAX ? rest->n : open);
	if (close != SIZE_MAX)
		*hole = str_slice(inside, 0, close);
	*rest = close == SIZE_MAX ? STR("") : str_slice(inside, close + 1, inside.n);
	return piece;
}

static struct str key_of(struct str text)
{
	return str_slice(text, 0, str_find_char(text, '='));
}

static struct str template_of(struct str text)
{
	return str_slice(text, str_find_char(text, '=') + 1, text.n);
}

/* SIZE_MAX: too many. */
static size_t find_holes(struct str text, struct str holes[ADDER_MAX_HOLES])
{
	size_t count = 0;
	while (text.n) {
		struct str hole;
		(void)next_piece(&text, &hole);
		if (!hole.p)
			break;
		if (count == ADDER_MAX_HOLES)
			return SIZE_MAX;
		holes[count++] = hole;
	}
	return count;
}

static bool is_good(struct str text)
{
	struct str holes[ADDER_MAX_HOLES];
	const struct str key = key_of(text);
	size_t bad;
	for (size_t i = 0; i < key.n; i++) {
		const char c = key.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	if (key.n == 0 || key.n == text.n)
		return false;
	const size_t count = find_holes(template_of(text), holes);
	if (count == 0 || count == SIZE_MAX)
		return count == 0;
	struct json_paths *paths = json_paths_create(holes, count, &bad);
	json_paths_destroy(paths);
	return paths != NULL;
}

bool adder_check(struct str_list templates, struct where at, struct diag *diag)
{
	bool good = true;
	if (templates.count > ADDER_MAX) {
		diag_error(diag, at, "more than %d of them: 'add'", ADDER_MAX);
		return false;
	}
	for (size_t i = 0; i < templates.count; i++) {
		if (is_good(templates.items[i]))
			continue;
		diag_error(diag, at, "not KEY=TEXT with {path} in it: '%.*s'",
			STR_ARGS(templates.items[i]));
		good = false;
	}
	return good;
}

struct adder *adder_create(struct str_list templates)
{
	struct str paths[ADDER_MAX * ADDER_MAX_HOLES];
	size_t count = 0, bad;
	if (templates.count == 0)
		return NULL;
	struct adder *a = mem_zero(1, sizeof *a);
	for (size_t i = 0; i < templates.count; i++) {
		const struct str text = template_of(templates.items[i]);
		a->items[a->count++] = (struct addition){ key_of(templates.items[i]), text, count };
		count += find_holes(text, &paths[count]);
	}
	a->paths = count ? json_paths_create(paths, count, &bad) : NULL;
	assert(a->paths || count == 0); /* checked */
	arena_init(&a->arena, ARENA_MAX_BYTES);
	buf_init(&a->value, VALUE_MAX_BYTES);
	return a;
}

void adder_destroy(struct adder *a)
{
	if (!a)
		return;
	json_paths_destroy(a->paths);
	arena_finish(&a->arena);
	buf_finish(&a->value);
	mem_free(a);
}

/* False: a value is absent. */
static bool put_together(struct adder *a, const struct addition *item)
{
	struct str rest = item->text, hole;
	size_t i = item->first_path;
	buf_clear(&a->value);
	while (rest.n) {
		buf_add(&a->value, next_piece(&rest, &hole));
		if (!hole.p)
			break;
		const struct json_picked *picked = &a->picked[i++];
		const enum json_type type = picked->count ? picked->items[0].type : JSON_ABSENT;
		if (type != JSON_STRING && type != JSON_NUMBER)
			return false;
		buf_add(&a->value, picked->items[0].text);
	}
	return !a->value.full;
}

void adder_add(struct adder *a, struct str record, struct buf *out)
{
	struct json_error error;
	const struct str whole = record;
	record = str_trim(record);
	if (!a || record.n < 2 || record.p[0] != '{') {
		buf_add(out, whole);
		return;
	}
	arena_reset(&a->arena);
	if (a->paths && json_pick(a->paths, record, &a->arena, a->picked, &error) < 0) {
		buf_add(out, whole);
		return;
	}
	const struct str inside = str_slice(record, 1, record.n);
	const bool empty = str_trim(inside).p[0] == '}';
	bool any = false;
	buf_add_char(out, '{');
	for (size_t i = 0; i < a->count; i++) {
		if (!put_together(a, &a->items[i]))
			continue;
		buf_addf(out, "%s\"%.*s\":", any ? "," : "", STR_ARGS(a->items[i].key));
		escape_json(out, buf_str(&a->value));
		any = true;
	}
	if (any && !empty)
		buf_add_char(out, ',');
	buf_add(out, inside);
}
