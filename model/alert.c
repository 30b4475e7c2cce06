#include "model/alert.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/escape.h"
#include "base/json.h"

static_assert((int)ALERT_MAX_HITS <= (int)JSON_MAX_ITEMS, "what is written can be read");

const char *const severity_names[] = {
	[SEVERITY_LOW] = "low",
	[SEVERITY_NORMAL] = "normal",
	[SEVERITY_CRITICAL] = "critical",
	NULL,
};

static const char *const way_names[] = {
	[WAY_EXACT] = "exact",
	[WAY_FOLDED] = "folded",
	[WAY_STEM] = "stem",
	[WAY_FUZZY] = "fuzzy",
	[WAY_REGEX] = "regex",
	NULL,
};

const char *severity_name(enum severity severity)
{
	assert(severity <= SEVERITY_CRITICAL);
	return severity_names[severity];
}

const char *hit_way_name(enum hit_way way)
{
	assert(way <= WAY_REGEX);
	return way_names[way];
}

static void add_hit(const struct hit *hit, struct buf *out)
{
	buf_add(out, STR("{\"term\":"));
	escape_json(out, hit->term);
	if (hit->list.p) {
		buf_add(out, STR(",\"list\":"));
		escape_json(out, hit->list);
	}
	buf_addf(out, ",\"field\":\"%s\"", post_field_name(hit->field));
	if (hit->field == FIELD_LINKS || hit->field == FIELD_TAGS)
		buf_addf(out, ",\"item\":%lu", (unsigned long)hit->item);
	buf_addf(out, ",\"from\":%lu,\"to\":%lu,\"way\":\"%s\"}", (unsigned long)hit->from,
		(unsigned long)hit->to, hit_way_name(hit->way));
}

/* The keys of a match without the braces around them. */
static void add_match(const struct match *match, struct buf *out)
{
	buf_add(out, STR("\"rule\":"));
	escape_json(out, match->rule);
	buf_addf(out, ",\"severity\":\"%s\"", severity_name(match->severity));
	if (match->about.p) {
		buf_add(out, STR(",\"about\":"));
		escape_json(out, match->about);
	}
	buf_add(out, STR(",\"post\":"));
	post_json(match->post, out);
	buf_add(out, STR(",\"hits\":["));
	for (size_t i = 0; i < match->hit_count && i < ALERT_MAX_HITS; i++) {
		if (i)
			buf_add_char(out, ',');
		add_hit(&match->hits[i], out);
	}
	buf_add_char(out, ']');
}

void match_json(const struct match *match, struct buf *out)
{
	buf_add_char(out, '{');
	add_match(match, out);
	buf_add_char(out, '}');
}

void alert_id(const struct match *match, char out[ALERT_ID_BYTES])
{
	char key[POST_KEY_BYTES], hex[DIGEST_HEX_BYTES];
	const struct str parts[] = { match->rule, match->post->source, post_key(match->post, key) };
	unsigned char digest[DIGEST_BYTES];
	digest_parts(parts, sizeof parts / sizeof parts[0], digest);
	digest_hex(digest, hex);
	memcpy(out, hex, ALERT_ID_BYTES - 1);
	out[ALERT_ID_BYTES - 1] = '\0';
}

void alert_json(const struct alert *alert, struct buf *out)
{
	char time[TIME_TEXT_BYTES];
	time_format(alert->created_at_us, time);
	buf_addf(out, "{\"id\":\"%s\",\"created_at\":\"%s\",", alert->id, time);
	add_match(&alert->match, out);
	buf_add_char(out, '}');
}

/* The paths of an alert, in the order of enum alert_path, and of one of its hits. */
enum alert_path {
	ALERT_ID,
	ALERT_CREATED_AT,
	ALERT_RULE,
	ALERT_SEVERITY,
	ALERT_ABOUT,
	ALERT_HITS,
	ALERT_POST,
	ALERT_POST_ID,
	ALERT_POST_SOURCE,
	ALERT_POST_TYPE,
	ALERT_POST_URL,
	ALERT_POST_TITLE,
	ALERT_POST_TEXT,
	ALERT_POST_LANG,
	ALERT_POST_CREATED_AT,
	ALERT_POST_RECEIVED_AT,
	ALERT_POST_TAGS,
	ALERT_POST_MENTIONS,
	ALERT_POST_LINKS,
	ALERT_POST_IN_REPLY_TO,
	ALERT_POST_REPOST_OF,
	ALERT_POST_COUNTRY,
	ALERT_POST_SENSITIVE,
	ALERT_POST_MEDIA,
	ALERT_AUTHOR_ID,
	ALERT_AUTHOR_HANDLE,
	ALERT_AUTHOR_NAME,
	ALERT_AUTHOR_FOLLOWERS,
	ALERT_AUTHOR_VERIFIED,
	ALERT_PATHS
};

static const char *const alert_paths[ALERT_PATHS] = {
	[ALERT_ID] = "id",
	[ALERT_CREATED_AT] = "created_at",
	[ALERT_RULE] = "rule",
	[ALERT_SEVERITY] = "severity",
	[ALERT_ABOUT] = "about",
	[ALERT_HITS] = "hits[]",
	[ALERT_POST] = "post",
	[ALERT_POST_ID] = "post.id",
	[ALERT_POST_SOURCE] = "post.source",
	[ALERT_POST_TYPE] = "post.type",
	[ALERT_POST_URL] = "post.url",
	[ALERT_POST_TITLE] = "post.title",
	[ALERT_POST_TEXT] = "post.text",
	[ALERT_POST_LANG] = "post.lang[]",
	[ALERT_POST_CREATED_AT] = "post.created_at",
	[ALERT_POST_RECEIVED_AT] = "post.received_at",
	[ALERT_POST_TAGS] = "post.tags[]",
	[ALERT_POST_MENTIONS] = "post.mentions[]",
	[ALERT_POST_LINKS] = "post.links[]",
	[ALERT_POST_IN_REPLY_TO] = "post.in_reply_to",
	[ALERT_POST_REPOST_OF] = "post.repost_of",
	[ALERT_POST_COUNTRY] = "post.country",
	[ALERT_POST_SENSITIVE] = "post.sensitive",
	[ALERT_POST_MEDIA] = "post.media",
	[ALERT_AUTHOR_ID] = "post.author.id",
	[ALERT_AUTHOR_HANDLE] = "post.author.handle",
	[ALERT_AUTHOR_NAME] = "post.author.name",
	[ALERT_AUTHOR_FOLLOWERS] = "post.author.followers",
	[ALERT_AUTHOR_VERIFIED] = "post.author.verified",
};

enum hit_path { HIT_TERM, HIT_LIST, HIT_FIELD, HIT_ITEM, HIT_FROM, HIT_TO, HIT_WAY, HIT_PATHS };

static const char *const hit_paths[HIT_PATHS] = {
	[HIT_TERM] = "term",
	[HIT_LIST] = "list",
	[HIT_FIELD] = "field",
	[HIT_ITEM] = "item",
	[HIT_FROM] = "from",
	[HIT_TO] = "to",
	[HIT_WAY] = "way",
};

static struct json_paths *compile(const char *const *texts, size_t count)
{
	struct str paths[ALERT_PATHS];
	size_t bad;
	for (size_t i = 0; i < count; i++)
		paths[i] = str_of(texts[i]);
	struct json_paths *compiled = json_paths_create(paths, count, &bad);
	assert(compiled); /* the tables above are right */
	return compiled;
}

static struct str text_of(struct json_picked picked)
{
	bool text = picked.count && picked.items[0].type == JSON_STRING;
	return text ? picked.items[0].text : STR_NONE;
}

static bool number_of(struct json_picked picked, int64_t *number)
{
	return picked.count && picked.items[0].type == JSON_NUMBER &&
		str_to_int64(picked.items[0].text, number);
}

static bool time_of(struct json_picked picked, int64_t *wall_us)
{
	return picked.count && time_parse(text_of(picked), wall_us);
}

static enum tristate truth_of(struct json_picked picked)
{
	if (!picked.count || picked.items[0].type != JSON_BOOL)
		return TRISTATE_UNKNOWN;
	return str_eq(picked.items[0].text, STR("true")) ? TRISTATE_YES : TRISTATE_NO;
}

/* The strings of a list; false when the arena is full. */
static bool read_list(struct json_picked picked, struct arena *arena, struct str_list *list)
{
	struct str *items = arena_array(arena, struct str, picked.count);
	if (!items)
		return false;
	list->items = items;
	for (size_t i = 0; i < picked.count; i++) {
		if (picked.items[i].type == JSON_STRING)
			items[list->count++] = picked.items[i].text;
	}
	return true;
}

static int name_number(struct str name, const char *const *names)
{
	for (int i = 0; names[i]; i++) {
		if (str_eq(name, str_of(names[i])))
			return i;
	}
	return -1;
}

static bool read_post(const struct json_picked *picked, struct arena *arena, struct post *post)
{
	*post = post_empty();
	post->id = text_of(picked[ALERT_POST_ID]);
	post->source = text_of(picked[ALERT_POST_SOURCE]);
	post->url = text_of(picked[ALERT_POST_URL]);
	post->title = text_of(picked[ALERT_POST_TITLE]);
	post->text = text_of(picked[ALERT_POST_TEXT]);
	post->in_reply_to = text_of(picked[ALERT_POST_IN_REPLY_TO]);
	post->repost_of = text_of(picked[ALERT_POST_REPOST_OF]);
	post->country = text_of(picked[ALERT_POST_COUNTRY]);
	post->author.id = text_of(picked[ALERT_AUTHOR_ID]);
	post->author.handle = text_of(picked[ALERT_AUTHOR_HANDLE]);
	post->author.name = text_of(picked[ALERT_AUTHOR_NAME]);
	(void)number_of(picked[ALERT_AUTHOR_FOLLOWERS], &post->author.followers); /* optional */
	(void)time_of(picked[ALERT_POST_CREATED_AT], &post->created_at_us);
	(void)time_of(picked[ALERT_POST_RECEIVED_AT], &post->received_at_us);
	post->sensitive = truth_of(picked[ALERT_POST_SENSITIVE]);
	post->media = truth_of(picked[ALERT_POST_MEDIA]);
	post->author.verified = truth_of(picked[ALERT_AUTHOR_VERIFIED]);
	return post_type_of(text_of(picked[ALERT_POST_TYPE]), &post->type) &&
		read_list(picked[ALERT_POST_LANG], arena, &post->langs) &&
		read_list(picked[ALERT_POST_TAGS], arena, &post->tags) &&
		read_list(picked[ALERT_POST_MENTIONS], arena, &post->mentions) &&
		read_list(picked[ALERT_POST_LINKS], arena, &post->links);
}

static bool read_hit(
	const struct json_paths *paths, struct str json, struct arena *arena, struct hit *hit)
{
	struct json_picked picked[HIT_PATHS];
	struct json_error error;
	int64_t from, to, item = 0;
	enum post_field field = FIELD_TEXT;
	if (json_pick_yajl(paths, json, arena, picked, &error) != 0 ||
		!number_of(picked[HIT_FROM], &from) || !number_of(picked[HIT_TO], &to) ||
		from < 0 || to < from || to > UINT32_MAX)
		return false;
	(void)number_of(picked[HIT_ITEM], &item); /* most have none */
	int way = name_number(text_of(picked[HIT_WAY]), way_names);
	bool known = post_field_of(text_of(picked[HIT_FIELD]), &field);
	*hit = (struct hit){ .term = text_of(picked[HIT_TERM]),
		.list = text_of(picked[HIT_LIST]),
		.field = field,
		.from = (uint32_t)from,
		.to = (uint32_t)to,
		.item = (uint32_t)item };
	hit->way = way < 0 ? WAY_EXACT : (enum hit_way)way;
	return hit->term.p && way >= 0 && known && item >= 0 && item <= UINT32_MAX;
}

static bool read_hits(struct json_picked picked, struct arena *arena, struct match *match)
{
	struct hit *hits = arena_array(arena, struct hit, picked.count);
	if (!hits)
		return false;
	struct json_paths *paths = compile(hit_paths, HIT_PATHS);
	bool good = true;
	for (size_t i = 0; i < picked.count && good; i++) {
		good = picked.items[i].type == JSON_OBJECT &&
			read_hit(paths, picked.items[i].text, arena, &hits[i]);
	}
	json_paths_destroy(paths);
	match->hits = hits;
	match->hit_count = picked.count;
	return good;
}

static bool read_alert(const struct json_picked *picked, struct arena *arena, struct alert *alert)
{
	struct post *post = arena_new(arena, struct post);
	struct str id = text_of(picked[ALERT_ID]);
	if (!post || !read_post(picked, arena, post) || id.n != ALERT_ID_BYTES - 1 ||
		!time_of(picked[ALERT_CREATED_AT], &alert->created_at_us))
		return false;
	memcpy(alert->id, id.p, id.n);
	alert->id[id.n] = '\0';
	struct match *match = &alert->match;
	match->rule = text_of(picked[ALERT_RULE]);
	match->about = text_of(picked[ALERT_ABOUT]);
	match->post = post;
	int severity = name_number(text_of(picked[ALERT_SEVERITY]), severity_names);
	match->severity = severity < 0 ? SEVERITY_NORMAL : (enum severity)severity;
	return match->rule.p && severity >= 0 && read_hits(picked[ALERT_HITS], arena, match);
}

int alert_read(struct str json, struct arena *arena, struct alert *alert)
{
	struct json_picked picked[ALERT_PATHS];
	struct json_error error;
	struct alert read = { .created_at_us = 0 };
	struct json_paths *paths = compile(alert_paths, ALERT_PATHS);
	bool good = json_pick_yajl(paths, json, arena, picked, &error) == 0 &&
		read_alert(picked, arena, &read);
	json_paths_destroy(paths);
	if (!good)
		return -EBADMSG;
	*alert = read;
	return 0;
}
