/* The built-in maps as tables. A text key must be listed for every path of the fields text,
 * more_text, warning, title and original text, a link key for every path of url and links, a tag
 * key for every path of tags; a test compares them. */
#include "model/map_table.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define LIST(array)                 \
	{                           \
		array, COUNT(array) \
	}
#define KEY(literal)                         \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

/* Jetstream: v1 has the record below "commit", v2 below "payload". */
static const struct map_path bluesky_paths[] = {
	{ MAP_TEXT, 0, "commit.record.text" },
	{ MAP_TEXT, 0, "payload.record.text" },
	{ MAP_MORE_TEXT, 0, "commit.record.embed.images[].alt" },
	{ MAP_MORE_TEXT, 0, "commit.record.embed.media.images[].alt" },
	{ MAP_MORE_TEXT, 0, "commit.record.embed.alt" },
	{ MAP_MORE_TEXT, 0, "commit.record.embed.media.alt" },
	{ MAP_MORE_TEXT, 0, "payload.record.embed.images[].alt" },
	{ MAP_MORE_TEXT, 0, "payload.record.embed.media.images[].alt" },
	{ MAP_MORE_TEXT, 0, "payload.record.embed.alt" },
	{ MAP_MORE_TEXT, 0, "payload.record.embed.media.alt" },
	{ MAP_AUTHOR_ID, PATH_SIGN, "did" },
	{ MAP_AUTHOR_ID, PATH_SIGN, "payload.did" },
	{ MAP_COLLECTION, 0, "commit.collection" },
	{ MAP_COLLECTION, 0, "payload.collection" },
	{ MAP_OPERATION, 0, "commit.operation" },
	{ MAP_OPERATION, 0, "payload.operation" },
	{ MAP_RECORD_KEY, 0, "commit.rkey" },
	{ MAP_RECORD_KEY, 0, "payload.rkey" },
	{ MAP_LANG, 0, "commit.record.langs[]" },
	{ MAP_LANG, 0, "payload.record.langs[]" },
	{ MAP_CREATED_AT, 0, "commit.record.createdAt" },
	{ MAP_CREATED_AT, 0, "payload.record.createdAt" },
	{ MAP_CREATED_AT, 0, "time_us" },
	{ MAP_CREATED_AT, 0, "payload.time" },
	{ MAP_TAGS, PATH_ADDS, "commit.record.facets[].features[].tag" },
	{ MAP_TAGS, PATH_ADDS, "commit.record.tags[]" },
	{ MAP_TAGS, PATH_ADDS, "payload.record.facets[].features[].tag" },
	{ MAP_TAGS, PATH_ADDS, "payload.record.tags[]" },
	{ MAP_MENTIONS, 0, "commit.record.facets[].features[].did" },
	{ MAP_MENTIONS, 0, "payload.record.facets[].features[].did" },
	{ MAP_LINKS, PATH_ADDS, "commit.record.facets[].features[].uri" },
	{ MAP_LINKS, PATH_ADDS, "commit.record.embed.external.uri" },
	{ MAP_LINKS, PATH_ADDS, "commit.record.embed.media.external.uri" },
	{ MAP_LINKS, PATH_ADDS, "payload.record.facets[].features[].uri" },
	{ MAP_LINKS, PATH_ADDS, "payload.record.embed.external.uri" },
	{ MAP_LINKS, PATH_ADDS, "payload.record.embed.media.external.uri" },
	{ MAP_IN_REPLY_TO, 0, "commit.record.reply.parent.uri" },
	{ MAP_IN_REPLY_TO, 0, "payload.record.reply.parent.uri" },
	{ MAP_QUOTED, 0, "commit.record.embed.record.uri" },
	{ MAP_QUOTED, 0, "commit.record.embed.record.record.uri" },
	{ MAP_QUOTED, 0, "payload.record.embed.record.uri" },
	{ MAP_QUOTED, 0, "payload.record.embed.record.record.uri" },
	{ MAP_MEDIA, 0, "payload.record.embed.images[]" },
	{ MAP_MEDIA, 0, "payload.record.embed.video" },
	{ MAP_MEDIA, 0, "payload.record.embed.media.images[]" },
	{ MAP_MEDIA, 0, "payload.record.embed.media.video" },
	{ MAP_MEDIA, 0, "commit.record.embed.images[]" },
	{ MAP_MEDIA, 0, "commit.record.embed.video" },
	{ MAP_MEDIA, 0, "commit.record.embed.media.images[]" },
	{ MAP_MEDIA, 0, "commit.record.embed.media.video" },
	{ MAP_LABEL, 0, "commit.record.labels.values[].val" },
	{ MAP_LABEL, 0, "payload.record.labels.values[].val" },
};
static const struct post_map_key bluesky_keys[] = {
	{ KEY("text"), false, { NULL, 0 } },
	{ KEY("alt"), false, KEY("embed") },
};
static const struct post_map_key bluesky_links[] = {
	{ KEY("uri"), false, { NULL, 0 } },
};
static const struct post_map_key bluesky_tags[] = {
	{ KEY("tag"), false, { NULL, 0 } },
	{ KEY("tags"), false, { NULL, 0 } },
};
const struct post_map map_bluesky = {
	.name = "bluesky",
	.paths = bluesky_paths,
	.path_count = COUNT(bluesky_paths),
	.keys = { LIST(bluesky_keys), LIST(bluesky_links), LIST(bluesky_tags) },
	.finish = finish_bluesky,
};

/* A status of the REST and streaming interfaces; or ActivityPub, where a Create holds the
 * Note as its object. */
static const struct map_path mastodon_paths[] = {
	{ MAP_TEXT, PATH_HTML, "reblog.content" },
	{ MAP_TEXT, PATH_HTML, "content" },
	{ MAP_TEXT, PATH_HTML | PATH_SIGN, "object.content" },
	{ MAP_MORE_TEXT, 0, "reblog.media_attachments[].description" },
	{ MAP_MORE_TEXT, 0, "reblog.poll.options[].title" },
	{ MAP_MORE_TEXT, 0, "media_attachments[].description" },
	{ MAP_MORE_TEXT, 0, "poll.options[].title" },
	{ MAP_MORE_TEXT, 0, "object.attachment[].name" },
	{ MAP_MORE_TEXT, 0, "object.oneOf[].name" },
	{ MAP_MORE_TEXT, 0, "object.anyOf[].name" },
	{ MAP_WARNING, 0, "reblog.spoiler_text" },
	{ MAP_WARNING, 0, "spoiler_text" },
	{ MAP_WARNING, PATH_HTML, "object.summary" },
	{ MAP_TITLE, 0, "object.name" },
	{ MAP_ID, 0, "object.id" },
	{ MAP_ID, 0, "id" },
	{ MAP_URL, 0, "url" },
	{ MAP_URL, 0, "reblog.url" },
	{ MAP_URL, 0, "uri" },
	{ MAP_URL, 0, "object.url" },
	{ MAP_AUTHOR_ID, 0, "account.id" },
	{ MAP_AUTHOR_ID, 0, "object.attributedTo" },
	{ MAP_AUTHOR_ID, 0, "actor" },
	{ MAP_AUTHOR_ID, PATH_SIGN, "attributedTo" },
	{ MAP_AUTHOR_HANDLE, PATH_SIGN, "account.acct" },
	{ MAP_AUTHOR_HANDLE, PATH_SIGN, "account.username" },
	{ MAP_AUTHOR_NAME, 0, "account.display_name" },
	{ MAP_AUTHOR_FOLLOWERS, 0, "account.followers_count" },
	{ MAP_LANG, 0, "reblog.language" },
	{ MAP_LANG, 0, "language" },
	{ MAP_CREATED_AT, 0, "created_at" },
	{ MAP_CREATED_AT, 0, "object.published" },
	{ MAP_CREATED_AT, 0, "published" },
	{ MAP_TAGS, 0, "reblog.tags[].name" },
	{ MAP_TAGS, 0, "tags[].name" },
	{ MAP_TAGS, PATH_MARKED, "object.tag[].name" },
	{ MAP_MENTIONS, 0, "reblog.mentions[].acct" },
	{ MAP_MENTIONS, 0, "mentions[].acct" },
	{ MAP_MENTIONS, PATH_MARKED, "object.tag[].name" },
	{ MAP_LINKS, 0, "reblog.card.url" },
	{ MAP_LINKS, 0, "card.url" },
	{ MAP_IN_REPLY_TO, 0, "in_reply_to_id" },
	{ MAP_IN_REPLY_TO, 0, "object.inReplyTo" },
	{ MAP_REPOST_OF, 0, "reblog.id" },
	{ MAP_SENSITIVE, 0, "reblog.sensitive" },
	{ MAP_SENSITIVE, 0, "sensitive" },
	{ MAP_SENSITIVE, 0, "object.sensitive" },
	{ MAP_MEDIA, 0, "reblog.media_attachments[]" },
	{ MAP_MEDIA, 0, "media_attachments[]" },
	{ MAP_MEDIA, 0, "object.attachment[]" },
	{ MAP_QUOTED, 0, "quote.quoted_status.id" },
	{ MAP_QUOTED, 0, "quote.id" },
};
static const struct post_map_key mastodon_keys[] = {
	{ KEY("content"), true, { NULL, 0 } },
	{ KEY("description"), false, KEY("media_attachments") },
	{ KEY("title"), false, KEY("poll") },
	{ KEY("name"), false, KEY("object") },
	{ KEY("spoiler_text"), false, { NULL, 0 } },
	{ KEY("summary"), true, KEY("object") },
};
static const struct post_map_key mastodon_links[] = {
	{ KEY("url"), false, { NULL, 0 } },
	{ KEY("uri"), false, { NULL, 0 } },
};
static const struct post_map_key mastodon_tags[] = {
	{ KEY("name"), false, { NULL, 0 } },
};
const struct post_map map_mastodon = {
	.name = "mastodon",
	.paths = mastodon_paths,
	.path_count = COUNT(mastodon_paths),
	.keys = { LIST(mastodon_keys), LIST(mastodon_links), LIST(mastodon_tags) },
	.finish = finish_mastodon,
};

/* X API v2: a line of a stream. */
static const struct map_path x_paths[] = {
	{ MAP_TEXT, PATH_ESCAPED, "data.note_tweet.text" },
	{ MAP_TEXT, PATH_ESCAPED, "data.text" },
	{ MAP_MORE_TEXT, 0, "includes.media[].alt_text" },
	{ MAP_ID, PATH_SIGN, "data.id" },
	{ MAP_AUTHOR_ID, 0, "data.author_id" },
	{ MAP_LANG, 0, "data.lang" },
	{ MAP_CREATED_AT, 0, "data.created_at" },
	{ MAP_TAGS, 0, "data.note_tweet.entities.hashtags[].tag" },
	{ MAP_TAGS, 0, "data.entities.hashtags[].tag" },
	{ MAP_MENTIONS, 0, "data.note_tweet.entities.mentions[].username" },
	{ MAP_MENTIONS, 0, "data.entities.mentions[].username" },
	{ MAP_LINKS, 0, "data.note_tweet.entities.urls[].expanded_url" },
	{ MAP_LINKS, 0, "data.entities.urls[].expanded_url" },
	{ MAP_COUNTRY, 0, "includes.places[].country_code" },
	{ MAP_SENSITIVE, 0, "data.possibly_sensitive" },
	{ MAP_MEDIA, 0, "data.attachments.media_keys[]" },
	{ MAP_VERSIONS, 0, "data.edit_history_tweet_ids[]" },
	{ MAP_REFERENCE, 0, "data.referenced_tweets[]" },
	{ MAP_REFERENCE_TYPE, 0, "data.referenced_tweets[].type" },
	{ MAP_REFERENCE_ID, 0, "data.referenced_tweets[].id" },
	{ MAP_USER, 0, "includes.users[]" },
	{ MAP_USER_ID, 0, "includes.users[].id" },
	{ MAP_USER_HANDLE, 0, "includes.users[].username" },
	{ MAP_USER_NAME, 0, "includes.users[].name" },
	{ MAP_USER_FOLLOWERS, 0, "includes.users[].public_metrics.followers_count" },
	{ MAP_USER_VERIFIED, 0, "includes.users[].verified" },
	{ MAP_ORIGINAL, 0, "includes.tweets[]" },
	{ MAP_ORIGINAL_ID, 0, "includes.tweets[].id" },
	{ MAP_ORIGINAL_TEXT, 0, "includes.tweets[].text" },
};
static const struct post_map_key x_keys[] = {
	{ KEY("text"), false, { NULL, 0 } },
	{ KEY("alt_text"), false, KEY("includes") },
};
static const struct post_map_key x_links[] = {
	{ KEY("expanded_url"), false, { NULL, 0 } },
};
static const struct post_map_key x_tags[] = {
	{ KEY("tag"), false, { NULL, 0 } },
};
const struct post_map map_x = {
	.name = "x",
	.paths = x_paths,
	.path_count = COUNT(x_paths),
	.keys = { LIST(x_keys), LIST(x_links), LIST(x_tags) },
	.finish = finish_x,
};

/* Twitter API v1.1, with the extended tweet of its streams. */
static const struct map_path tweet_v1_paths[] = {
	{ MAP_TEXT, PATH_ESCAPED, "extended_tweet.full_text" },
	{ MAP_TEXT, PATH_ESCAPED, "full_text" },
	{ MAP_TEXT, PATH_ESCAPED, "text" },
	{ MAP_MORE_TEXT, 0, "extended_tweet.extended_entities.media[].ext_alt_text" },
	{ MAP_MORE_TEXT, 0, "extended_entities.media[].ext_alt_text" },
	{ MAP_ID, PATH_SIGN, "id_str" },
	{ MAP_ID, 0, "id" },
	{ MAP_AUTHOR_ID, 0, "user.id_str" },
	{ MAP_AUTHOR_ID, 0, "user.id" },
	{ MAP_AUTHOR_HANDLE, PATH_SIGN, "user.screen_name" },
	{ MAP_AUTHOR_NAME, 0, "user.name" },
	{ MAP_AUTHOR_FOLLOWERS, 0, "user.followers_count" },
	{ MAP_LANG, 0, "lang" },
	{ MAP_CREATED_AT, 0, "created_at" },
	{ MAP_TAGS, 0, "extended_tweet.entities.hashtags[].text" },
	{ MAP_TAGS, 0, "entities.hashtags[].text" },
	{ MAP_MENTIONS, 0, "extended_tweet.entities.user_mentions[].screen_name" },
	{ MAP_MENTIONS, 0, "entities.user_mentions[].screen_name" },
	{ MAP_LINKS, 0, "extended_tweet.entities.urls[].expanded_url" },
	{ MAP_LINKS, 0, "entities.urls[].expanded_url" },
	{ MAP_IN_REPLY_TO, 0, "in_reply_to_status_id_str" },
	{ MAP_IN_REPLY_TO, 0, "in_reply_to_status_id" },
	{ MAP_REPOST_OF, 0, "retweeted_status.id_str" },
	{ MAP_REPOST_OF, 0, "retweeted_status.id" },
	{ MAP_COUNTRY, 0, "place.country_code" },
	{ MAP_SENSITIVE, 0, "possibly_sensitive" },
	{ MAP_MEDIA, 0, "extended_tweet.extended_entities.media[]" },
	{ MAP_MEDIA, 0, "extended_entities.media[]" },
	{ MAP_MEDIA, 0, "extended_tweet.entities.media[]" },
	{ MAP_MEDIA, 0, "entities.media[]" },
	{ MAP_VERIFIED, 0, "user.verified" },
	{ MAP_QUOTED, 0, "quoted_status.id_str" },
	{ MAP_QUOTED, 0, "quoted_status.id" },
	{ MAP_QUOTED, 0, "quoted_status_id_str" },
	{ MAP_ORIGINAL_TEXT, 0, "retweeted_status.extended_tweet.full_text" },
	{ MAP_ORIGINAL_TEXT, 0, "retweeted_status.full_text" },
	{ MAP_ORIGINAL_TEXT, 0, "retweeted_status.text" },
};
static const struct post_map_key tweet_v1_keys[] = {
	{ KEY("full_text"), false, { NULL, 0 } },
	{ KEY("text"), false, { NULL, 0 } },
	{ KEY("ext_alt_text"), false, KEY("extended_entities") },
};
static const struct post_map_key tweet_v1_links[] = {
	{ KEY("expanded_url"), false, { NULL, 0 } },
};
static const struct post_map_key tweet_v1_tags[] = {
	{ KEY("text"), false, { NULL, 0 } },
};
const struct post_map map_tweet_v1 = {
	.name = "tweet-v1",
	.paths = tweet_v1_paths,
	.path_count = COUNT(tweet_v1_paths),
	.keys = { LIST(tweet_v1_keys), LIST(tweet_v1_links), LIST(tweet_v1_tags) },
	.finish = finish_tweet_v1,
};

/* systemd's journal: a line of "journalctl -o json". A MESSAGE that is not UTF-8 comes as a list of
 * numbers, which is no text. */
static const struct map_path journal_paths[] = {
	{ MAP_TEXT, 0, "MESSAGE" },
	{ MAP_ID, PATH_SIGN, "__CURSOR" },
	{ MAP_AUTHOR_HANDLE, 0, "SYSLOG_IDENTIFIER" },
	{ MAP_AUTHOR_HANDLE, 0, "_COMM" },
	{ MAP_AUTHOR_NAME, 0, "_SYSTEMD_UNIT" },
	{ MAP_CREATED_AT, 0, "__REALTIME_TIMESTAMP" },
	{ MAP_TAGS, 0, "_HOSTNAME" },
};
static const struct post_map_key journal_keys[] = {
	{ KEY("MESSAGE"), false, { NULL, 0 } },
};
static const struct post_map_key journal_tags[] = {
	{ KEY("_HOSTNAME"), false, { NULL, 0 } },
};
const struct post_map map_journal = {
	.name = "journal",
	.paths = journal_paths,
	.path_count = COUNT(journal_paths),
	.keys = { LIST(journal_keys), { NULL, 0 }, LIST(journal_tags) },
};

/* vigie's own. */
static const struct map_path post_paths[] = {
	{ MAP_TEXT, 0, "text" },
	{ MAP_TEXT, 0, "text[]" },
	{ MAP_TITLE, 0, "title" },
	{ MAP_TITLE, 0, "title[]" },
	{ MAP_ID, 0, "id" },
	{ MAP_URL, 0, "url" },
	{ MAP_AUTHOR_ID, 0, "author.id" },
	{ MAP_AUTHOR_HANDLE, 0, "author" },
	{ MAP_AUTHOR_HANDLE, 0, "author.handle" },
	{ MAP_AUTHOR_NAME, 0, "author.name" },
	{ MAP_AUTHOR_FOLLOWERS, 0, "author.followers" },
	{ MAP_LANG, 0, "lang" },
	{ MAP_LANG, 0, "lang[]" },
	{ MAP_CREATED_AT, 0, "created_at" },
	{ MAP_TYPE, 0, "type" },
	{ MAP_TAGS, 0, "tags[]" },
	{ MAP_MENTIONS, 0, "mentions[]" },
	{ MAP_LINKS, 0, "links[]" },
	{ MAP_IN_REPLY_TO, 0, "in_reply_to" },
	{ MAP_REPOST_OF, 0, "repost_of" },
	{ MAP_COUNTRY, 0, "country" },
	{ MAP_SENSITIVE, 0, "sensitive" },
	{ MAP_MEDIA, 0, "media" },
	{ MAP_VERIFIED, 0, "author.verified" },
};
static const struct post_map_key post_keys[] = {
	{ KEY("text"), false, { NULL, 0 } },
	{ KEY("title"), false, { NULL, 0 } },
};
static const struct post_map_key post_links[] = {
	{ KEY("url"), false, { NULL, 0 } },
	{ KEY("links"), false, { NULL, 0 } },
};
static const struct post_map_key post_tags[] = {
	{ KEY("tags"), false, { NULL, 0 } },
};
const struct post_map map_post = {
	.name = "post",
	.paths = post_paths,
	.path_count = COUNT(post_paths),
	.keys = { LIST(post_keys), LIST(post_links), LIST(post_tags) },
};

static const struct post_map *const auto_parts[] = { &map_bluesky, &map_mastodon, &map_x,
	&map_tweet_v1, &map_journal, &map_post };
static const struct post_map_key auto_keys[] = {
	{ KEY("MESSAGE"), false, { NULL, 0 } },
	{ KEY("text"), false, { NULL, 0 } },
	{ KEY("alt"), false, KEY("embed") },
	{ KEY("content"), true, { NULL, 0 } },
	{ KEY("description"), false, KEY("media_attachments") },
	{ KEY("title"), false, { NULL, 0 } },
	{ KEY("name"), false, KEY("object") },
	{ KEY("spoiler_text"), false, { NULL, 0 } },
	{ KEY("summary"), true, KEY("object") },
	{ KEY("alt_text"), false, KEY("includes") },
	{ KEY("full_text"), false, { NULL, 0 } },
	{ KEY("ext_alt_text"), false, KEY("extended_entities") },
};
static const struct post_map_key auto_links[] = {
	{ KEY("uri"), false, { NULL, 0 } },
	{ KEY("url"), false, { NULL, 0 } },
	{ KEY("expanded_url"), false, { NULL, 0 } },
	{ KEY("links"), false, { NULL, 0 } },
};
static const struct post_map_key auto_tags[] = {
	{ KEY("_HOSTNAME"), false, { NULL, 0 } },
	{ KEY("tag"), false, { NULL, 0 } },
	{ KEY("tags"), false, { NULL, 0 } },
	{ KEY("name"), false, { NULL, 0 } },
	{ KEY("text"), false, { NULL, 0 } },
};
const struct post_map map_auto = {
	.name = "auto",
	.keys = { LIST(auto_keys), LIST(auto_links), LIST(auto_tags) },
	.parts = auto_parts,
	.part_count = COUNT(auto_parts),
};
