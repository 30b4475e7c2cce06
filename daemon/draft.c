#include "daemon/draft.h"

#include <string.h>

enum { NAME_MAX_BYTES = 40 };

void draft_init(struct draft *d, struct arena *arena, struct str name)
{
	*d = (struct draft){ .arena = arena, .name = arena_str(arena, name) };
}

bool draft_add(struct draft *d, struct str key, struct str value)
{
	if (d->count == DRAFT_MAX_PAIRS)
		return false;
	d->pairs[d->count++] = (struct draft_pair){ arena_str(d->arena, key),
		arena_str(d->arena, value) };
	return true;
}

struct str draft_get(const struct draft *d, struct str key)
{
	for (size_t i = 0; i < d->count; i++)
		if (str_eq(d->pairs[i].key, key))
			return d->pairs[i].value;
	return STR_NONE;
}

void draft_default(struct draft *d, struct str key, struct str value)
{
	if (!draft_get(d, key).p)
		(void)draft_add(d, key, value); /* without room the loader misses it */
}

static bool is_key(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || s.p[i] == '_' || s.p[i] == '-' ||
			    (s.p[i] >= '0' && s.p[i] <= '9')))
			return false;
	return s.n > 0;
}

bool draft_add_argument(struct draft *d, struct str argument)
{
	const size_t at = str_find_char(argument, '=');
	return at != SIZE_MAX && is_key(str_slice(argument, 0, at)) &&
		draft_add(d, str_slice(argument, 0, at), str_slice(argument, at + 1, argument.n));
}

struct str draft_name(struct arena *arena, struct str text)
{
	char name[NAME_MAX_BYTES];
	size_t n = 0;
	for (size_t i = 0; i < text.n && n < sizeof name; i++) {
		char c = text.p[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (good)
			name[n++] = c;
		else if (n && name[n - 1] != '-')
			name[n++] = '-';
	}
	while (n && name[n - 1] == '-')
		n--;
	return arena_str(arena, n ? (struct str){ name, n } : STR("source"));
}

/* ---- YAML ---- */

static bool is_plain(struct str s)
{
	static const char words[][6] = { "null", "yes", "no", "on", "off" };
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];
		const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '_';
		if (!letter && (i == 0 ? c != '/' : !c || !strchr("./:@%+=&?~-", c)))
			return false;
	}
	/* Words that YAML takes for something else; true and false are meant so. */
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_eq_ignore_case(s, str_of(words[i])))
			return false;
	return s.n > 0 && s.p[s.n - 1] != ':';
}

void draft_scalar(struct str text, struct buf *out)
{
	if (is_plain(text)) {
		buf_add(out, text);
		return;
	}
	buf_add_char(out, '\'');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\'')
			buf_add_char(out, '\'');
		buf_add_char(out, text.p[i]);
	}
	buf_add_char(out, '\'');
}

static bool add_reference(struct str key, struct str value, struct buf *out)
{
	static const char *const kinds[] = { "env:", "file:", "credential:" };
	if (str_eq(key, STR("url")) || str_eq(key, STR("path")))
		return false;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const struct str kind = str_of(kinds[i]);
		if (!str_starts(value, kind) || value.n == kind.n)
			continue;
		buf_addf(out, "{ %s ", kinds[i]);
		draft_scalar(str_slice(value, kind.n, value.n), out);
		buf_add(out, STR(" }"));
		return true;
	}
	return false;
}

static void add_value(struct str key, struct str value, struct buf *out)
{
	if (!add_reference(key, value, out))
		draft_scalar(value, out);
}

static size_t count_of(const struct draft *d, struct str key)
{
	size_t n = 0;
	for (size_t i = 0; i < d->count; i++)
		n += str_eq(d->pairs[i].key, key);
	return n;
}

static void add_pair(const struct draft *d, const struct draft_pair *pair, struct buf *out)
{
	buf_addf(out, "    %.*s:", STR_ARGS(pair->key));
	if (count_of(d, pair->key) == 1) {
		buf_add_char(out, ' ');
		add_value(pair->key, pair->value, out);
		buf_add_char(out, '\n');
		return;
	}
	buf_add_char(out, '\n');
	for (size_t i = 0; i < d->count; i++) {
		if (!str_eq(d->pairs[i].key, pair->key))
			continue;
		buf_add(out, STR("      - "));
		add_value(pair->key, d->pairs[i].value, out);
		buf_add_char(out, '\n');
	}
}

void draft_yaml(const struct draft *d, struct buf *out)
{
	const struct str type = STR("type");
	buf_addf(out, "  %.*s:\n", STR_ARGS(d->name));
	/* The type comes first, each key once. */
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < d->count; i++) {
			const struct draft_pair *pair = &d->pairs[i];
			if (str_eq(pair->key, type) == (round == 0) &&
				draft_get(d, pair->key).p == pair->value.p)
				add_pair(d, pair, out);
		}
	}
}
