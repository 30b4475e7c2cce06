#include "rules/language/condition.h"

#include "model/post.h"
#include "rules/language/address.h"

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	}
	return true;
}

/* Is the value, folded, one of these? */
static bool folded_is(struct str value, struct str_list folded)
{
	struct buf out;
	bool found = false;
	if (!value.p)
		return false;
	if (is_ascii(value)) {
		for (size_t i = 0; i < folded.count && !found; i++)
			found = str_eq_ignore_case(value, folded.items[i]);
		return found;
	}
	buf_init(&out, 0);
	fold_add(&out, value);
	for (size_t i = 0; i < folded.count && !found; i++)
		found = str_eq(buf_str(&out), folded.items[i]);
	buf_finish(&out);
	return found;
}

/* "fr" is asked and "fr-CA" given, or the same. */
static bool lang_is(struct str given, struct str asked)
{
	return str_eq_ignore_case(given, asked) ||
		(given.n > asked.n && given.p[asked.n] == '-' &&
			str_eq_ignore_case(str_slice(given, 0, asked.n), asked));
}

static bool any_lang(const struct post *post, struct str_list asked)
{
	for (size_t i = 0; i < post->langs.count; i++) {
		for (size_t k = 0; k < asked.count; k++) {
			if (lang_is(post->langs.items[i], asked.items[k]))
				return true;
		}
	}
	return false;
}

static bool source_is(struct str source, struct str_list asked)
{
	for (size_t i = 0; i < asked.count && source.p; i++) {
		struct str name = asked.items[i];
		bool star = str_ends(name, STR("*"));
		if (star ? str_starts(source, str_slice(name, 0, name.n - 1))
			 : str_eq(source, name))
			return true;
	}
	return false;
}

/* The author in an id such as at://did:plc:x/app.bsky.feed.post/1; else absent. */
static struct str author_of(struct str id)
{
	if (!str_starts(id, STR("at://")))
		return STR_NONE;
	id = str_slice(id, sizeof "at://" - 1, id.n);
	return str_slice(id, 0, str_find_char(id, '/'));
}

static bool is_to(const struct post *post, struct str_list folded)
{
	for (size_t i = 0; i < post->mentions.count; i++) {
		if (folded_is(post->mentions.items[i], folded))
			return true;
	}
	return folded_is(author_of(post->in_reply_to), folded);
}

static bool any_entity(const struct text *texts, enum text_entity_kind kind)
{
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		for (size_t i = 0; i < texts[f].entity_count; i++) {
			if (texts[f].entities[i].kind == kind)
				return true;
		}
	}
	return false;
}

/* As url: sees them. */
static bool any_link(const struct text *texts)
{
	struct address link;
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		struct str folded = { texts[f].folded.p, texts[f].folded.n };
		for (size_t at = 0; address_next(folded, &at, &link);) {
			if (!link.poor)
				return true;
		}
	}
	return false;
}

static bool post_is(const struct post *post, int64_t code)
{
	switch ((enum expr_is)code) {
	case IS_REPLY:
		return post->type == POST_REPLY || post->in_reply_to.p;
	case IS_REPOST:
		return post->type == POST_REPOST || post->repost_of.p;
	case IS_QUOTE:
		return post->type == POST_QUOTE;
	case IS_SENSITIVE:
		return post->sensitive == TRISTATE_YES;
	case IS_VERIFIED:
		return post->author.verified == TRISTATE_YES;
	}
	return false;
}

static bool post_has(const struct post *post, const struct text *texts, int64_t code)
{
	switch ((enum expr_has)code) {
	case HAS_LINK:
		return post->links.count > 0 || any_link(texts);
	case HAS_MEDIA:
		return post->media == TRISTATE_YES;
	case HAS_MENTION:
		return post->mentions.count > 0 || any_entity(texts, ENTITY_HANDLE);
	case HAS_TAG:
		return post->tags.count > 0 || any_entity(texts, ENTITY_TAG);
	}
	return false;
}

/* A post of which nobody knows when it came, as one from a file, came when it was written. */
static bool is_since(const struct post *post, const struct expr_bound *bound)
{
	int64_t received_us = post->received_at_us ? post->received_at_us : post->created_at_us;
	int64_t from = bound->age ? received_us - bound->from : bound->from;
	return post->created_at_us != 0 && post->created_at_us >= from;
}

static bool bound_is(const struct expr *e, const struct expr_bound *b, const struct post *post,
	const struct text *texts)
{
	switch (e->field) {
	case EXPR_TYPE:
		return (int64_t)post->type == b->from;
	case EXPR_IS:
		return post_is(post, b->from);
	case EXPR_HAS:
		return post_has(post, texts, b->from);
	case EXPR_FOLLOWERS:
		return post->author.followers >= b->from && /* never below 0 */
			post->author.followers <= b->to;
	case EXPR_SINCE:
		return is_since(post, b);
	case EXPR_LANG:
	case EXPR_SOURCE:
	case EXPR_FROM:
	case EXPR_TO:
	case EXPR_COUNTRY:
		break;
	}
	return false;
}

bool condition_is(const struct expr *e, const struct post *post, const struct text *texts)
{
	switch (e->field) {
	case EXPR_LANG:
		return any_lang(post, e->values);
	case EXPR_SOURCE:
		return source_is(post->source, e->values);
	case EXPR_FROM:
		return folded_is(post->author.handle, e->folded) ||
			folded_is(post->author.id, e->folded);
	case EXPR_TO:
		return is_to(post, e->folded);
	case EXPR_COUNTRY:
		return folded_is(post->country, e->folded);
	default:
		break;
	}
	for (size_t i = 0; i < e->values.count; i++) {
		if (bound_is(e, &e->bounds[i], post, texts))
			return true;
	}
	return false;
}
