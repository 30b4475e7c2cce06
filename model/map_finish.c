/* What the tables of the built-in maps cannot say. */
#include <string.h>

#include "model/map_table.h"

#define ELLIPSIS "\xE2\x80\xA6"

/* The four parts as one text, for it is done for every post; absent when the arena is full. */
static struct str join(struct arena *arena, struct str a, struct str b, struct str c, struct str d)
{
	const struct str parts[] = { a, b, c, d };
	char *out = arena_alloc(arena, a.n + b.n + c.n + d.n);
	size_t n = 0;
	if (!out)
		return STR_NONE;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (parts[i].n)
			memcpy(out + n, parts[i].p, parts[i].n);
		n += parts[i].n;
	}
	return (struct str){ out, n };
}

/* The text of a repost that was cut off gives way to the text of the original. */
static void use_original_text(struct reading *r, struct str original)
{
	if (!original.n || !str_ends(r->post->text, STR(ELLIPSIS)))
		return;
	struct str text = unescape_three(r->arena, original);
	if (text.p)
		r->post->text = text;
}

bool finish_bluesky(struct reading *r)
{
	struct post *post = r->post;
	struct str did = post->author.id, key = reading_text(r, MAP_RECORD_KEY);
	if (!str_eq(reading_text(r, MAP_COLLECTION), STR("app.bsky.feed.post")))
		return false;
	if (did.p && key.p) {
		post->id = join(r->arena, STR("at://"), did, STR("/app.bsky.feed.post/"), key);
		post->url = join(
			r->arena, STR("https://bsky.app/profile/"), did, STR("/post/"), key);
		post->url_made = true;
	}
	struct str operation = reading_text(r, MAP_OPERATION);
	if (str_eq(operation, STR("delete")))
		post->type = POST_DELETE;
	else if (str_eq(operation, STR("update")))
		post->type = POST_EDIT;
	if (reading_values(r, MAP_LABEL).count)
		post->sensitive = TRISTATE_YES;
	return post->type != POST_DELETE;
}

bool finish_mastodon(struct reading *r)
{
	if (r->post->title.n)
		r->post->type = POST_ARTICLE;
	return true;
}

static void set_url(struct reading *r)
{
	struct post *post = r->post;
	if (!post->id.p)
		return;
	struct str handle = post->author.handle;
	bool known = handle.n > 0;
	post->url = join(r->arena, STR("https://x.com/"), known ? handle : STR("i/web"),
		STR("/status/"), post->id);
	post->url_made = true;
}

bool finish_tweet_v1(struct reading *r)
{
	if (r->post->type == POST_REPOST)
		use_original_text(r, reading_text(r, MAP_ORIGINAL_TEXT));
	set_url(r);
	return true;
}

/* The object of which the field in it has this value, or NULL. */
static const struct json_value *find_object(
	const struct reading *r, enum map_field objects, enum map_field field, struct str value)
{
	struct json_picked values = reading_values(r, field), list = reading_values(r, objects);
	for (size_t i = 0; i < values.count; i++) {
		if (!str_eq(value_text(&values.items[i]), value))
			continue;
		for (size_t j = 0; j < list.count; j++) {
			uint32_t at = values.items[i].at, from = list.items[j].at;
			if (at > from && at - from < list.items[j].text.n)
				return &list.items[j];
		}
	}
	return NULL;
}

/* The id of the post that this one refers to in the given way, or absent. */
static struct str reference(const struct reading *r, struct str way)
{
	const struct json_value *object = find_object(r, MAP_REFERENCE, MAP_REFERENCE_TYPE, way);
	return object ? reading_text_inside(r, MAP_REFERENCE_ID, object) : STR_NONE;
}

static enum tristate is_verified(const struct reading *r, const struct json_value *user)
{
	struct json_picked values = reading_values(r, MAP_USER_VERIFIED);
	for (size_t i = 0; i < values.count; i++) {
		uint32_t at = values.items[i].at;
		if (at > user->at && at - user->at < user->text.n)
			return str_eq(values.items[i].text, STR("true")) ? TRISTATE_YES
									 : TRISTATE_NO;
	}
	return TRISTATE_UNKNOWN;
}

static void set_author(struct reading *r)
{
	struct post_author *author = &r->post->author;
	if (!author->id.p)
		return;
	const struct json_value *user = find_object(r, MAP_USER, MAP_USER_ID, author->id);
	if (!user)
		return;
	author->handle = reading_text_inside(r, MAP_USER_HANDLE, user);
	author->name = reading_text_inside(r, MAP_USER_NAME, user);
	author->followers = count_of(reading_text_inside(r, MAP_USER_FOLLOWERS, user));
	author->verified = is_verified(r, user);
}

bool finish_x(struct reading *r)
{
	struct post *post = r->post;
	post->in_reply_to = reference(r, STR("replied_to"));
	post->repost_of = reference(r, STR("retweeted"));
	if (post->repost_of.p)
		post->type = POST_REPOST;
	else if (post->in_reply_to.p)
		post->type = POST_REPLY;
	else if (reference(r, STR("quoted")).p)
		post->type = POST_QUOTE;
	else if (reading_values(r, MAP_VERSIONS).count > 1)
		post->type = POST_EDIT;
	if (post->repost_of.p) {
		const struct json_value *original = find_object(
			r, MAP_ORIGINAL, MAP_ORIGINAL_ID, post->repost_of);
		if (original)
			use_original_text(r, reading_text_inside(r, MAP_ORIGINAL_TEXT, original));
	}
	set_author(r);
	set_url(r);
	return true;
}
