/* A post: whatever a source brings, in one form. Plain data; all views live with
 * whoever made it. A field that the source lacks is absent (p == NULL, 0, or -1). */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum post_type {
	POST_POST,
	POST_REPLY,
	POST_REPOST,
	POST_QUOTE,
	POST_ARTICLE,
	POST_EDIT,
	POST_DELETE
};

enum tristate { TRISTATE_UNKNOWN = -1, TRISTATE_NO, TRISTATE_YES };

struct post_author {
	struct str id, handle, name; /* handle without "@" */
	int64_t followers; /* -1: unknown */
};

struct post {
	struct str id; /* the source's own; absent where it gives none */
	struct str source; /* the name of the source in the configuration */
	struct str url;
	struct str text; /* plain text; HTML is already text with its breaks kept */
	struct str title;
	struct post_author author;
	struct str_list langs; /* BCP 47 as the source gives them; the first is the main one */
	int64_t created_at_us, received_at_us; /* wall clock; 0: unknown */
	enum post_type type;
	struct str_list tags, mentions, links; /* without "#" and "@" */
	struct str in_reply_to, repost_of; /* ids */
	struct str country;
	enum tristate sensitive;
};

/* The fields that terms are looked for in, in the order of matching. */
enum post_field { FIELD_TEXT, FIELD_TITLE, FIELD_COUNT };

const char *post_field_name(enum post_field field); /* "text", "title" */
const char *post_type_name(enum post_type type); /* "post", "reply", ... */
bool post_type_of(struct str name, enum post_type *type);
struct str post_field(const struct post *post, enum post_field field);

/* A post without anything. */
struct post post_empty(void);

/* What two posts have in common if they are the same one: the id, or where there is none
 * a digest of text, title, url, author and time. Unique within a source. At most POST_KEY_BYTES. */
enum { POST_KEY_BYTES = 256 };
struct str post_key(const struct post *post, char out[POST_KEY_BYTES]);

/* {"id","source","type","url","title","text","author":{"id","handle","name","followers"},
 * "lang":[...],"created_at","received_at","tags":[...],"mentions":[...],"links":[...],"in_reply_to",
 * "repost_of","country","sensitive"}, which the map "post" reads back. Absent fields are left out;
 * times in RFC 3339. */
void post_json(const struct post *post, struct buf *out);
