#include "sources/sieve.h"

#include <assert.h>

#include "base/json.h"
#include "base/mem.h"

enum {
	MAX_PATHS = SIEVE_MAX_LISTS * SIEVE_MAX_RULES + 1,
	PATH_MAX_BYTES = 512,
	MESSAGE_MAX_BYTES = 2 * 1024 * 1024,
	ARENA_MAX_BYTES = 4 * 1024 * 1024,
};

_Static_assert(MAX_PATHS <= JSON_MAX_PATHS + 1, "one set of paths");

struct rule {
	struct str value; /* absent: whatever is there */
	unsigned list;
};

struct sieve {
	struct arena memory; /* of its life */
	struct json_paths *paths; /* of the rules, then of the record */
	struct rule *rules;
	size_t rule_count, path_count;
	struct json_picked *picked;
	struct arena arena; /* of one message */
	struct buf wrapped; /* the message as the value of a key, so that it may be an array */
};

/* As the reader needs it: the message stands under the key "m". */
static struct str inner_path(struct arena *arena, struct str path)
{
	return arena_format(arena, path.n && path.p[0] == '[' ? "m%.*s" : "m.%.*s", STR_ARGS(path));
}

static struct str path_of(struct str rule)
{
	return str_slice(rule, 0, str_find_char(rule, '='));
}

static bool path_is_good(struct str path)
{
	struct arena arena;
	size_t bad;
	arena_init(&arena, 4 * PATH_MAX_BYTES);
	const struct str inner = path.n && path.n <= PATH_MAX_BYTES ? inner_path(&arena, path)
								    : STR_NONE;
	struct json_paths *paths = inner.p ? json_paths_create(&inner, 1, &bad) : NULL;
	json_paths_destroy(paths);
	arena_finish(&arena);
	return paths != NULL;
}

bool sieve_check_path(struct str path, const char *what, struct where at, struct diag *diag)
{
	if (!path.p || path_is_good(path))
		return true;
	diag_error(diag, at, "not a path: '%.*s' (%s)", STR_ARGS(path), what);
	return false;
}

bool sieve_check(struct str_list rules, const char *what, struct where at, struct diag *diag)
{
	bool good = true;
	if (rules.count > SIEVE_MAX_RULES) {
		diag_error(diag, at, "more than %d of them: '%s'", SIEVE_MAX_RULES, what);
		return false;
	}
	for (size_t i = 0; i < rules.count; i++) {
		if (path_is_good(path_of(rules.items[i])))
			continue;
		diag_error(diag, at, "neither PATH=VALUE nor PATH: '%.*s' (%s)",
			STR_ARGS(rules.items[i]), what);
		good = false;
	}
	return good;
}

static void add_rules(struct sieve *s, struct str_list rules, unsigned list, struct str *paths)
{
	for (size_t i = 0; i < rules.count; i++) {
		const struct str rule = rules.items[i], path = path_of(rule);
		paths[s->path_count++] = inner_path(&s->memory, path);
		s->rules[s->rule_count++] = (struct rule){
			.value = path.n < rule.n ? str_slice(rule, path.n + 1, rule.n) : STR_NONE,
			.list = list,
		};
	}
}

struct sieve *sieve_create(const struct str_list *lists, size_t list_count, struct str payload)
{
	struct str paths[MAX_PATHS];
	size_t count = payload.p != NULL, bad;
	for (size_t i = 0; i < list_count; i++)
		count += lists[i].count;
	if (count == 0)
		return NULL;
	assert(count <= JSON_MAX_PATHS);
	struct sieve *s = mem_zero(1, sizeof *s);
	arena_init(&s->memory, 0);
	arena_init(&s->arena, ARENA_MAX_BYTES);
	buf_init(&s->wrapped, MESSAGE_MAX_BYTES);
	s->rules = arena_array(&s->memory, struct rule, count);
	s->picked = arena_array(&s->memory, struct json_picked, count);
	for (size_t i = 0; i < list_count; i++)
		add_rules(s, lists[i], (unsigned)i, paths);
	if (payload.p)
		paths[s->path_count++] = inner_path(&s->memory, payload);
	s->paths = json_paths_create(paths, s->path_count, &bad);
	assert(s->paths); /* checked */
	return s;
}

void sieve_destroy(struct sieve *s)
{
	if (!s)
		return;
	json_paths_destroy(s->paths);
	arena_finish(&s->memory);
	arena_finish(&s->arena);
	buf_finish(&s->wrapped);
	mem_free(s);
}

static bool is_something(const struct json_value *value)
{
	return value->type != JSON_NULL && value->text.n &&
		!(value->type == JSON_BOOL && str_eq(value->text, STR("false")));
}

static bool holds(const struct rule *rule, const struct json_picked *picked)
{
	for (size_t i = 0; i < picked->count; i++) {
		const struct json_value *value = &picked->items[i];
		if (rule->value.p ? str_eq(value->text, rule->value) : is_something(value))
			return true;
	}
	return false;
}

static struct str payload_of(const struct json_picked *picked)
{
	const bool there = picked->count && is_something(&picked->items[0]);
	return there ? picked->items[0].text : STR_NONE;
}

unsigned sieve_look(struct sieve *s, struct str message, struct str *record)
{
	struct json_error error;
	unsigned lists = 0;
	*record = message;
	if (!s)
		return 0;
	arena_reset(&s->arena);
	buf_clear(&s->wrapped);
	buf_add(&s->wrapped, STR("{\"m\":"));
	buf_add(&s->wrapped, message);
	buf_add_char(&s->wrapped, '}');
	if (s->wrapped.full ||
		json_pick(s->paths, buf_str(&s->wrapped), &s->arena, s->picked, &error) < 0)
		return 0;
	for (size_t i = 0; i < s->rule_count; i++)
		if (holds(&s->rules[i], &s->picked[i]))
			lists |= 1U << s->rules[i].list;
	if (s->path_count > s->rule_count)
		*record = payload_of(&s->picked[s->rule_count]);
	return lists;
}
