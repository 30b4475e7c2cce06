/* Maps: where id, text, author and so on are in a source's JSON. A map is data: the built-in
 * ones are tables in map_builtin.c, users write theirs in YAML. */
#pragma once

#include "base/diag.h"
#include "base/json.h"
#include "model/post.h"

struct post_map;

/* The built-in maps: bluesky (Jetstream v1 and v2), mastodon (a status, or ActivityPub's Create
 * of a Note), x (a line of API v2), tweet-v1, journal (a line of journalctl -o json), post (vigie's
 * own form, also with a plain string author). NULL for another name. */
const struct post_map *post_map_builtin(struct str name);
/* Recognises the built-in ones record by record: the map "auto". */
const struct post_map *post_map_auto(void);
extern const char *const post_map_names[]; /* "auto" and the built-in ones; ends in NULL */

/* One line of a user's map: a field of the post (text, more_text, warning, title, id, url,
 * author.id, author.handle, author.name, author.followers, lang, created_at, type, tags, mentions,
 * links, in_reply_to, repost_of, country, sensitive, media, author.verified) and one or more paths
 * of which the first present counts. The field "more_text" is the exception: all values of all its
 * paths are part of the text, each on a line of its own after "text" (image descriptions, poll
 * options); a content warning ("warning") stands on a line before it. */
struct post_map_entry {
	struct str field;
	struct str_list paths;
	bool html; /* the value is HTML: it becomes text */
	struct where at;
};

/* Those fields; NULL after the last. */
const char *post_map_field_name(size_t i);

/* A value is a string, or a number by its digits; an array of them is a list, or in a text a line
 * each; anything else counts as absent. Unknown fields and bad paths go to diag, and NULL comes
 * back. Destroy takes NULL. */
struct post_map *post_map_create(
	const struct post_map_entry *entries, size_t count, struct diag *diag);
void post_map_destroy(struct post_map *map);

/* What the scan needs to know: the last keys of all paths that lead to matchable text (the
 * fields "text", "more_text", "warning" and "title"), such as "text" and "full_text". Text and
 * title are made of nothing but whole values of these keys, each on lines of its own. A key is
 * listed twice if it holds HTML at one path and not at another. */
struct post_map_key {
	struct str key;
	bool html;
	/* A key that leads to it in all its paths, and so stands before it in every record where it
	 * holds text; absent: none. It spares the scan the "description" of a user where that of a
	 * picture is meant. */
	struct str within;
};
enum post_map_part {
	POST_MAP_TEXT,
	POST_MAP_LINKS, /* the keys of links and url, unless that is put together (url_made) */
	POST_MAP_TAGS,
	POST_MAP_PARTS
};
const struct post_map_key *post_map_keys(
	const struct post_map *map, enum post_map_part part, size_t *count);

enum post_read {
	POST_READ,
	POST_SKIPPED /* no post, such as a like or an account event */,
	POST_REJECTED
};

struct post_reader; /* one a thread: scratch for decoding */

struct post_reader *post_reader_create(const struct post_map *map);
void post_reader_destroy(struct post_reader *reader);

/* Turns a record into a post that lives until the next call on this reader; the record must live as
 * long. On POST_REJECTED *reason is a constant that says why, such as "not JSON: trailing garbage",
 * and *at the byte. A record without text and title is POST_SKIPPED. */
enum post_read post_read(struct post_reader *reader, struct str record, struct post *post,
	const char **reason, size_t *at);
/* The built-in map that the last record was read by, such as the one that "auto" chose; NULL for a
 * map of the user's, and before any. */
const char *post_reader_map_name(const struct post_reader *reader);
