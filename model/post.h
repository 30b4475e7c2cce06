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
	enum tristate verified;
};

struct post {
	struct str id; /* the source's own; absent where it gives none */
	struct str source; /* the name of the source in the configuration */
	struct str url;
	bool url_made; /* put together from the id: a permanent link that the source did not give */
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
	enum tristate media; /* pictures, sound, video */
};

/* Where a term can be found: first the fields whose text is looked through, in this order, then
 * those that are whole values. */
enum post_field {
	FIELD_TEXT,
	FIELD_TITLE,
	FIELD_COUNT,
	FIELD_URL = FIELD_COUNT,
	FIELD_LINKS, /* one of post.links */
	FIELD_TAGS, /* one of post.tags */
	FIELD_END
};

const char *post_field_name(enum post_field field); /* as in post_json: "text", "links" */
bool post_field_of(struct str name, enum post_field *field);
const char *post_type_name(enum post_type type); /* "post", "reply", ... */
bool post_type_of(struct str name, enum post_type *type);
/* The text of a field; of links and tags the one with that number. Absent if there is none. */
struct str post_value(const struct post *post, enum post_field field, size_t item);
/* The same for FIELD_TEXT and FIELD_TITLE. */
struct str post_field(const struct post *post, enum post_field field);

/* A post without anything. */
struct post post_empty(void);

/* What two posts have in common if they are the same one: the id, or where there is none
 * a digest of text, title, url, author and time. Unique within a source. At most POST_KEY_BYTES. */
enum { POST_KEY_BYTES = 256 };
struct str post_key(const struct post *post, char out[POST_KEY_BYTES]);

/* {"id","source","type","url","title","text","author":{"id","handle","name","followers",
 * "verified"},
 * "lang":[...],"created_at","received_at","tags":[...],"mentions":[...],"links":[...],"in_reply_to",
 * "repost_of","country","sensitive","media"}, which the map "post" reads back. Absent fields are
 * left out; times in RFC 3339. */
void post_json(const struct post *post, struct buf *out);
