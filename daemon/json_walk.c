/* The document is checked by the strict reader first, so that the walk itself need only know where
 * values begin and end. */
#include "daemon/json_walk.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"

struct level {
	size_t path_bytes; /* of the path of what stands around */
	bool array;
	bool named; /* a path can lead here */
};

struct walk {
	struct str s;
	size_t at;
	struct level levels[JSON_MAX_DEPTH + 2];
	size_t depth;
	struct buf path;
	bool named; /* the value at hand can be named */
};

static bool is_whole(struct str document)
{
	struct buf wrapped;
	struct arena arena;
	struct json_picked picked;
	struct json_error error;
	const struct str path = STR("a");
	size_t bad;
	buf_init(&wrapped, JSON_MAX_RECORD_BYTES);
	arena_init(&arena, 0);
	buf_add(&wrapped, STR("{\"a\":"));
	buf_add(&wrapped, document);
	buf_add_char(&wrapped, '}');
	struct json_paths *paths = json_paths_create(&path, 1, &bad);
	const bool whole = !wrapped.full &&
		json_pick(paths, buf_str(&wrapped), &arena, &picked, &error) == 0 &&
		picked.count == 1 &&
		(picked.items[0].type == JSON_OBJECT || picked.items[0].type == JSON_ARRAY);
	json_paths_destroy(paths);
	arena_finish(&arena);
	buf_finish(&wrapped);
	return whole;
}

static void skip_between(struct walk *w)
{
	while (w->at < w->s.n && strchr(" \t\r\n,:", w->s.p[w->at]) && w->s.p[w->at])
		w->at++;
}

/* At a quote; what stands up to the next one that is not escaped. */
static struct str read_string(struct walk *w)
{
	const size_t from = ++w->at;
	while (w->s.p[w->at] != '"')
		w->at += w->s.p[w->at] == '\\' ? 2 : 1;
	return str_slice(w->s, from, w->at++);
}

static void open_level(struct walk *w, bool array)
{
	w->levels[w->depth++] = (struct level){ w->path.n, array, w->named };
	w->at++;
}

/* Puts the path of the next value behind that of the level. */
static void add_step(struct walk *w, const struct level *level, struct str key)
{
	w->path.n = level->path_bytes;
	w->path.full = false;
	w->named = level->named;
	if (level->array) {
		buf_add(&w->path, STR("[]"));
	} else {
		for (size_t i = 0; i < key.n; i++)
			w->named = w->named && !strchr(".[]\\", key.p[i]) && key.p[i];
		w->named = w->named && key.n;
		if (w->path.n)
			buf_add_char(&w->path, '.');
		buf_add(&w->path, key);
	}
	w->named = w->named && !w->path.full;
}

static enum json_type type_of(char c)
{
	return c == '"'		       ? JSON_STRING
		: c == 't' || c == 'f' ? JSON_BOOL
		: c == 'n'	       ? JSON_NULL
				       : JSON_NUMBER;
}

static struct json_leaf read_leaf(struct walk *w)
{
	struct json_leaf leaf = { .path = buf_str(&w->path), .type = type_of(w->s.p[w->at]) };
	if (leaf.type == JSON_STRING) {
		leaf.text = read_string(w);
		return leaf;
	}
	const size_t from = w->at;
	while (w->at < w->s.n && !strchr(" \t\r\n,]}", w->s.p[w->at]))
		w->at++;
	leaf.text = str_slice(w->s, from, w->at);
	return leaf;
}

/* One step; false: found said no. */
static bool step(struct walk *w, bool (*found)(void *ctx, const struct json_leaf *leaf), void *ctx)
{
	const char c = w->s.p[w->at];
	if (c == '}' || c == ']') {
		w->depth--;
		w->at++;
		return true;
	}
	if (w->depth) {
		const struct level *level = &w->levels[w->depth - 1];
		const struct str key = level->array ? STR_NONE : read_string(w);
		skip_between(w);
		add_step(w, level, key);
	}
	if (w->s.p[w->at] == '{' || w->s.p[w->at] == '[') {
		open_level(w, w->s.p[w->at] == '[');
		return true;
	}
	const struct json_leaf leaf = read_leaf(w);
	return !w->named || found(ctx, &leaf);
}

bool json_walk(
	struct str document, bool (*found)(void *ctx, const struct json_leaf *leaf), void *ctx)
{
	struct walk w = { .s = str_trim(document), .named = true };
	bool ok = is_whole(w.s);
	if (!ok)
		return false;
	buf_init(&w.path, JSON_WALK_MAX_PATH_BYTES);
	buf_add(&w.path, STR("x"));
	w.path.n = 0;
	do {
		assert(w.depth <= JSON_MAX_DEPTH + 1);
		ok = step(&w, found, ctx);
		skip_between(&w);
	} while (ok && w.depth);
	buf_finish(&w.path);
	return ok;
}
