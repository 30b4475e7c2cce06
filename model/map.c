#include "model/map.h"

#include <assert.h>

#include "base/mem.h"
#include "model/map_table.h"

/* By enum map_field. */
static const char *const field_names[MAP_NAMED_COUNT] = {
	[MAP_TEXT] = "text",
	[MAP_MORE_TEXT] = "more_text",
	[MAP_WARNING] = "warning",
	[MAP_TITLE] = "title",
	[MAP_ID] = "id",
	[MAP_URL] = "url",
	[MAP_AUTHOR_ID] = "author.id",
	[MAP_AUTHOR_HANDLE] = "author.handle",
	[MAP_AUTHOR_NAME] = "author.name",
	[MAP_AUTHOR_FOLLOWERS] = "author.followers",
	[MAP_LANG] = "lang",
	[MAP_CREATED_AT] = "created_at",
	[MAP_TYPE] = "type",
	[MAP_TAGS] = "tags",
	[MAP_MENTIONS] = "mentions",
	[MAP_LINKS] = "links",
	[MAP_IN_REPLY_TO] = "in_reply_to",
	[MAP_REPOST_OF] = "repost_of",
	[MAP_COUNTRY] = "country",
	[MAP_SENSITIVE] = "sensitive",
	[MAP_MEDIA] = "media",
	[MAP_VERIFIED] = "author.verified",
};

const char *post_map_field_name(size_t i)
{
	return i < MAP_NAMED_COUNT ? field_names[i] : NULL;
}

/* A map of a user's: the map and what it points to. */
struct made_map {
	struct post_map map; /* first, so that one pointer stands for both */
	struct arena arena;
	struct map_path *paths;
	struct post_map_key *keys[POST_MAP_PARTS];
};

struct str map_last_key(struct str path)
{
	size_t to = path.n;
	while (to && path.p[to - 1] == ']') {
		while (to && path.p[to - 1] != '[')
			to--;
		to -= to > 0;
	}
	size_t from = to;
	while (from && path.p[from - 1] != '.')
		from--;
	return str_slice(path, from, to);
}

static bool find_field(struct str name, enum map_field *field)
{
	for (size_t i = 0; i < MAP_NAMED_COUNT; i++) {
		if (str_eq(name, str_of(field_names[i]))) {
			*field = (enum map_field)i;
			return true;
		}
	}
	return false;
}

static void report_unknown(const struct post_map_entry *entry, struct diag *diag)
{
	struct str known[MAP_NAMED_COUNT];
	for (size_t i = 0; i < MAP_NAMED_COUNT; i++)
		known[i] = str_of(field_names[i]);
	diag_error(diag, entry->at, "unknown field: '%.*s'", STR_ARGS(entry->field));
	struct str nearest = diag_nearest(entry->field, known, MAP_NAMED_COUNT);
	if (nearest.p)
		diag_hint(diag, "did you mean '%.*s'?", STR_ARGS(nearest));
}

static bool path_is_good(struct str path)
{
	size_t bad;
	struct json_paths *paths = json_paths_create(&path, 1, &bad);
	json_paths_destroy(paths);
	return paths != NULL;
}

static bool is_matchable(enum map_field field)
{
	return field == MAP_TEXT || field == MAP_MORE_TEXT || field == MAP_WARNING ||
		field == MAP_TITLE;
}

static void add_key(struct made_map *made, enum post_map_part part, struct str path, bool html)
{
	struct str key = map_last_key(path);
	struct post_map_key *keys = made->keys[part];
	size_t *count = &made->map.keys[part].count;
	for (size_t i = 0; i < *count; i++) {
		if (str_eq(keys[i].key, key) && keys[i].html == html)
			return;
	}
	keys[(*count)++] = (struct post_map_key){ .key = key, .html = html };
}

/* A path that may lead to an array gets a twin that leads to its elements. */
static void add_path(struct made_map *made, enum map_field field, bool html, struct str path)
{
	struct str copy = arena_str(&made->arena, path);
	struct map_path *to = &made->paths[made->map.path_count++];
	*to = (struct map_path){ field, html ? PATH_HTML : 0, copy.p };
	if (!str_ends(path, STR("]"))) {
		struct str each = arena_format(&made->arena, "%.*s[]", STR_ARGS(path));
		made->paths[made->map.path_count] = *to;
		made->paths[made->map.path_count++].path = each.p;
	}
	if (is_matchable(field))
		add_key(made, POST_MAP_TEXT, copy, html);
	if (field == MAP_LINKS || field == MAP_URL)
		add_key(made, POST_MAP_LINKS, copy, false);
	if (field == MAP_TAGS)
		add_key(made, POST_MAP_TAGS, copy, false);
}

static bool add_entry(struct made_map *made, const struct post_map_entry *entry, struct diag *diag)
{
	enum map_field field;
	if (!find_field(entry->field, &field)) {
		report_unknown(entry, diag);
		return false;
	}
	bool good = entry->paths.count > 0;
	if (!good)
		diag_error(diag, entry->at, "field without a path: '%.*s'", STR_ARGS(entry->field));
	for (size_t i = 0; i < entry->paths.count; i++) {
		struct str path = entry->paths.items[i];
		if (path_is_good(path)) {
			add_path(made, field, entry->html, path);
			continue;
		}
		diag_error(diag, entry->at, "bad path: '%.*s'", STR_ARGS(path));
		diag_hint(diag, "a path is like 'commit.record.text', 'tags[].name' or 'alt[0]'");
		good = false;
	}
	return good;
}

/* What is only wrong with the map as a whole. */
static bool check_whole(const struct made_map *made, struct where at, struct diag *diag)
{
	struct str texts[JSON_MAX_PATHS];
	size_t count = made->map.path_count, bad;
	if (made->map.keys[POST_MAP_TEXT].count == 0) {
		diag_error(diag, at, "map without text: neither 'text' nor 'title'");
		return false;
	}
	struct json_paths *paths = NULL;
	if (count <= JSON_MAX_PATHS) {
		for (size_t i = 0; i < count; i++)
			texts[i] = str_of(made->paths[i].path);
		paths = json_paths_create(texts, count, &bad);
	}
	if (!paths)
		diag_error(diag, at, "map with too many paths");
	json_paths_destroy(paths);
	return paths != NULL;
}

struct post_map *post_map_create(
	const struct post_map_entry *entries, size_t count, struct diag *diag)
{
	struct made_map *made = mem_zero(1, sizeof *made);
	arena_init(&made->arena, 0);
	size_t path_count = 0;
	for (size_t i = 0; i < count; i++)
		path_count += entries[i].paths.count;
	made->paths = arena_array(&made->arena, struct map_path, 2 * path_count);
	for (size_t i = 0; i < POST_MAP_PARTS; i++) {
		made->keys[i] = arena_array(&made->arena, struct post_map_key, path_count);
		made->map.keys[i].items = made->keys[i];
	}
	made->map.paths = made->paths;
	bool good = true;
	for (size_t i = 0; i < count; i++)
		good &= add_entry(made, &entries[i], diag);
	struct where at = count ? entries[0].at : (struct where){ NULL, 0, 0 };
	if (good && check_whole(made, at, diag))
		return &made->map;
	post_map_destroy(&made->map);
	return NULL;
}

void post_map_destroy(struct post_map *map)
{
	if (!map)
		return;
	struct made_map *made = (struct made_map *)(void *)map;
	arena_finish(&made->arena);
	mem_free(made);
}

const char *const post_map_names[] = { "auto", "bluesky", "mastodon", "x", "tweet-v1", "journal",
	"post", NULL };

const struct post_map *post_map_auto(void)
{
	return &map_auto;
}

const struct post_map *post_map_builtin(struct str name)
{
	for (size_t i = 0; i < map_auto.part_count; i++) {
		if (str_eq(name, str_of(map_auto.parts[i]->name)))
			return map_auto.parts[i];
	}
	return NULL;
}

const struct post_map_key *post_map_keys(
	const struct post_map *map, enum post_map_part part, size_t *count)
{
	*count = map->keys[part].count;
	return map->keys[part].items;
}
