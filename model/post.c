#include "model/post.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json_write.h"

static const char *const type_names[] = {
	[POST_POST] = "post",
	[POST_REPLY] = "reply",
	[POST_REPOST] = "repost",
	[POST_QUOTE] = "quote",
	[POST_ARTICLE] = "article",
	[POST_EDIT] = "edit",
	[POST_DELETE] = "delete",
};
static const char *const field_names[FIELD_END] = {
	[FIELD_TEXT] = "text",
	[FIELD_TITLE] = "title",
	[FIELD_URL] = "url",
	[FIELD_LINKS] = "links",
	[FIELD_TAGS] = "tags",
};
static const size_t type_count = sizeof type_names / sizeof type_names[0];

const char *post_field_name(enum post_field field)
{
	assert(field < FIELD_END);
	return field_names[field];
}

bool post_field_of(struct str name, enum post_field *field)
{
	for (size_t i = 0; i < FIELD_END; i++) {
		if (str_eq(name, str_of(field_names[i]))) {
			*field = (enum post_field)i;
			return true;
		}
	}
	return false;
}

const char *post_type_name(enum post_type type)
{
	assert(type < type_count);
	return type_names[type];
}

bool post_type_of(struct str name, enum post_type *type)
{
	for (size_t i = 0; i < type_count; i++) {
		if (str_eq(name, str_of(type_names[i]))) {
			*type = (enum post_type)i;
			return true;
		}
	}
	return false;
}

struct str post_field(const struct post *post, enum post_field field)
{
	assert(field < FIELD_COUNT);
	return field == FIELD_TEXT ? post->text : post->title;
}

static struct str item_of(struct str_list list, size_t item)
{
	return item < list.count ? list.items[item] : STR_NONE;
}

struct str post_value(const struct post *post, enum post_field field, size_t item)
{
	switch (field) {
	case FIELD_URL:
		return post->url;
	case FIELD_LINKS:
		return item_of(post->links, item);
	case FIELD_TAGS:
		return item_of(post->tags, item);
	default:
		return post_field(post, field);
	}
}

struct post post_empty(void)
{
	return (struct post){
		.author = { .followers = -1, .verified = TRISTATE_UNKNOWN },
		.sensitive = TRISTATE_UNKNOWN,
		.media = TRISTATE_UNKNOWN,
	};
}

struct str post_key(const struct post *post, char out[POST_KEY_BYTES])
{
	if (post->id.n && post->id.n <= POST_KEY_BYTES)
		return post->id;
	char time[TIME_TEXT_BYTES] = "";
	if (post->created_at_us)
		time_format(post->created_at_us, time);
	const struct str parts[] = { post->id, post->text, post->title, post->url, post->author.id,
		post->author.handle, post->author.name, str_of(time) };
	/* An id too long to be a key is still all that counts. */
	size_t count = post->id.n ? 1 : sizeof parts / sizeof parts[0];
	unsigned char digest[DIGEST_BYTES];
	digest_parts(parts, count, digest);
	static_assert((int)DIGEST_HEX_BYTES < (int)POST_KEY_BYTES, "a digest is a key");
	out[0] = '#';
	digest_hex(digest, out + 1);
	return (struct str){ out, DIGEST_HEX_BYTES };
}

static void add_truth(struct buf *out, const char *key, enum tristate truth)
{
	if (truth != TRISTATE_UNKNOWN)
		json_bool(out, key, truth == TRISTATE_YES);
}

static void add_list(struct buf *out, const char *key, struct str_list list)
{
	if (list.count)
		json_texts(out, key, list);
}

static void add_author(struct buf *out, const struct post_author *author)
{
	bool verified = author->verified != TRISTATE_UNKNOWN;
	if (!author->id.p && !author->handle.p && !author->name.p && author->followers < 0 &&
		!verified)
		return;
	json_open(out, "author", '{');
	json_text(out, "id", author->id);
	json_text(out, "handle", author->handle);
	json_text(out, "name", author->name);
	if (author->followers >= 0)
		json_integer(out, "followers", author->followers);
	add_truth(out, "verified", author->verified);
	buf_add_char(out, '}');
}

void post_json(const struct post *post, struct buf *out)
{
	buf_add_char(out, '{');
	json_text(out, "id", post->id);
	json_text(out, "source", post->source);
	json_text(out, "type", str_of(post_type_name(post->type)));
	json_text(out, "url", post->url);
	json_text(out, "title", post->title);
	json_text(out, "text", post->text);
	add_author(out, &post->author);
	add_list(out, "lang", post->langs);
	json_time(out, "created_at", post->created_at_us);
	json_time(out, "received_at", post->received_at_us);
	add_list(out, "tags", post->tags);
	add_list(out, "mentions", post->mentions);
	add_list(out, "links", post->links);
	json_text(out, "in_reply_to", post->in_reply_to);
	json_text(out, "repost_of", post->repost_of);
	json_text(out, "country", post->country);
	add_truth(out, "sensitive", post->sensitive);
	add_truth(out, "media", post->media);
	buf_add_char(out, '}');
}
