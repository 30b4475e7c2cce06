/* The inside of struct post_map, for map.c, map_builtin.c, map_finish.c and reader.c only: a map is
 * a list of paths, each with the field that it gives. */
#pragma once

#include "base/json.h"
#include "model/map.h"

/* The fields that a map may name come first, in the order of their names in map.c. The others
 * are for the finishers of the built-in maps. */
enum map_field {
	MAP_TEXT,
	MAP_MORE_TEXT,
	MAP_WARNING,
	MAP_TITLE,
	MAP_ID,
	MAP_URL,
	MAP_AUTHOR_ID,
	MAP_AUTHOR_HANDLE,
	MAP_AUTHOR_NAME,
	MAP_AUTHOR_FOLLOWERS,
	MAP_LANG,
	MAP_CREATED_AT,
	MAP_TYPE,
	MAP_TAGS,
	MAP_MENTIONS,
	MAP_LINKS,
	MAP_IN_REPLY_TO,
	MAP_REPOST_OF,
	MAP_COUNTRY,
	MAP_SENSITIVE,
	MAP_MEDIA, /* true, or something there */
	MAP_VERIFIED,
	MAP_NAMED_COUNT,

	MAP_QUOTED = MAP_NAMED_COUNT, /* something there: a quote */
	MAP_COLLECTION, /* of a Jetstream event */
	MAP_OPERATION,
	MAP_RECORD_KEY,
	MAP_LABEL, /* something there: sensitive */
	MAP_VERSIONS, /* more than one: an edit */
	MAP_REFERENCE, /* of an X post: objects, then what is in them */
	MAP_REFERENCE_TYPE,
	MAP_REFERENCE_ID,
	MAP_USER,
	MAP_USER_ID,
	MAP_USER_HANDLE,
	MAP_USER_NAME,
	MAP_USER_FOLLOWERS,
	MAP_USER_VERIFIED,
	MAP_ORIGINAL, /* posts that may be the one reposted, whose text is whole */
	MAP_ORIGINAL_ID,
	MAP_ORIGINAL_TEXT,
	MAP_FIELD_COUNT
};

enum {
	PATH_HTML = 1, /* the value is HTML */
	PATH_ESCAPED = 2, /* &amp; &lt; &gt; are escaped in it */
	PATH_ADDS = 4, /* of a list: is added to what earlier paths gave */
	PATH_SIGN = 8, /* where this is present, "auto" takes the record for this map's */
	PATH_MARKED = 16 /* of tags and mentions: only what begins with "#" or "@" */
};

struct map_path {
	enum map_field field;
	unsigned flags;
	const char *path;
};

struct reading;

struct post_map {
	const char *name;
	const struct map_path *paths;
	size_t path_count;
	struct {
		const struct post_map_key *items;
		size_t count;
	} keys[POST_MAP_PARTS];
	/* Of "auto": the maps to choose from, the last being for what no other recognises. */
	const struct post_map *const *parts;
	size_t part_count;
	/* What paths alone cannot say; NULL: nothing. False: the record is no post. */
	bool (*finish)(struct reading *reading);
};

extern const struct post_map map_bluesky, map_mastodon, map_x, map_tweet_v1, map_journal, map_post,
	map_auto;

/* The last key of a path: "b" of "a.b[0][]". */
struct str map_last_key(struct str path);

/* A record being read, as the finishers see it. */
struct reading {
	struct post *post;
	struct arena *arena; /* for what is put together */
	const struct json_picked *picked; /* by path of the map */
	const uint16_t *order; /* the map's paths by field */
	const uint16_t *begin; /* by field: its first in order; one more at the end */
};

/* What the first present path of the field gave; count 0: none. */
struct json_picked reading_values(const struct reading *r, enum map_field field);
/* The field's first value that is a text, not empty, or a number; else absent. */
struct str reading_text(const struct reading *r, enum map_field field);
/* The value of the field that stands inside the object. */
struct str reading_text_inside(
	const struct reading *r, enum map_field field, const struct json_value *object);
/* The text of a value: a string or a number; else absent. */
struct str value_text(const struct json_value *value);
/* A number that is not negative, or -1. */
int64_t count_of(struct str text);
/* &amp; &lt; &gt; become characters, in the arena; absent when that is full. */
struct str unescape_three(struct arena *arena, struct str text);

bool finish_bluesky(struct reading *r);
bool finish_mastodon(struct reading *r);
bool finish_x(struct reading *r);
bool finish_tweet_v1(struct reading *r);
