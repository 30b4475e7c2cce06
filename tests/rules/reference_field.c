/* Conditions on fields. A condition on what the post lacks is false. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fold.h"
#include "tests/rules/reference.h"

static bool same_folded(struct str a, struct str b)
{
	struct buf x, y;
	buf_init(&x, 0);
	buf_init(&y, 0);
	fold_add(&x, a);
	fold_add(&y, b);
	bool same = a.p && str_eq(buf_str(&x), buf_str(&y));
	buf_finish(&x);
	buf_finish(&y);
	return same;
}

static struct str without_sign(struct str name)
{
	return str_slice(name, str_starts(name, STR("@")), name.n);
}

static bool same_person(struct str name, struct str value)
{
	return name.p && same_folded(without_sign(name), without_sign(value));
}

static bool same_language(struct str lang, struct str value)
{
	for (size_t i = 0; i <= lang.n; i++) {
		bool part = i == lang.n || lang.p[i] == '-';
		if (part && str_eq_ignore_case(str_slice(lang, 0, i), value))
			return true;
	}
	return false;
}

static bool is_language(const struct post *post, struct str value)
{
	for (size_t i = 0; i < post->langs.count; i++) {
		if (same_language(post->langs.items[i], value))
			return true;
	}
	return false;
}

static bool is_source(const struct post *post, struct str value)
{
	size_t star = str_find_char(value, '*');
	if (!post->source.p)
		return false;
	return star == SIZE_MAX
		? str_eq(post->source, value)
		: str_eq(str_slice(post->source, 0, star), str_slice(value, 0, star));
}

static bool is_to(const struct post *post, struct str value)
{
	struct str id = post->in_reply_to, name;
	for (size_t i = 0; i < post->mentions.count; i++) {
		if (same_person(post->mentions.items[i], value))
			return true;
	}
	/* at://AUTHOR/... */
	bool at = str_next(&id, '/', &name) && str_eq(name, STR("at:")) &&
		str_next(&id, '/', &name) && name.n == 0 && str_next(&id, '/', &name);
	return at && same_person(name, value);
}

static bool is_state(const struct post *post, struct str value)
{
	if (str_eq_ignore_case(value, STR("reply")))
		return post->type == POST_REPLY || post->in_reply_to.p;
	if (str_eq_ignore_case(value, STR("repost")))
		return post->type == POST_REPOST || post->repost_of.p;
	if (str_eq_ignore_case(value, STR("quote")))
		return post->type == POST_QUOTE;
	if (str_eq_ignore_case(value, STR("verified")))
		return post->author.verified == TRISTATE_YES;
	return post->sensitive == TRISTATE_YES;
}

static bool in_text(const struct post *post, bool (*has)(struct str text))
{
	return has(post->text) || has(post->title);
}

static bool has_tag(struct str text)
{
	return reference_has_entity(text, TERM_TAG);
}

static bool has_handle(struct str text)
{
	return reference_has_entity(text, TERM_HANDLE);
}

static bool has_thing(const struct post *post, struct str value)
{
	if (str_eq_ignore_case(value, STR("link")))
		return post->links.count || in_text(post, reference_has_address);
	if (str_eq_ignore_case(value, STR("mention")))
		return post->mentions.count || in_text(post, has_handle);
	if (str_eq_ignore_case(value, STR("tag")))
		return post->tags.count || in_text(post, has_tag);
	return post->media == TRISTATE_YES;
}

/* The number at the beginning of a text with its k or M. */
static double number(struct str s)
{
	char text[32] = "", *end;
	s = str_trim(s);
	memcpy(text, s.p, s.n < sizeof text ? s.n : sizeof text - 1);
	double value = strtod(text, &end);
	return value * (*end == 'k' || *end == 'K' ? 1e3 : *end == 'm' || *end == 'M' ? 1e6 : 1);
}

static bool is_followed(const struct post *post, struct str value)
{
	double count = (double)post->author.followers;
	size_t dots = str_find(value, STR(".."));
	if (count < 0)
		return false;
	if (dots != SIZE_MAX)
		return count >= number(str_slice(value, 0, dots)) &&
			count <= number(str_slice(value, dots + 2, value.n));
	if (str_starts(value, STR(">=")))
		return count >= number(str_slice(value, 2, value.n));
	if (str_starts(value, STR("<=")))
		return count <= number(str_slice(value, 2, value.n));
	if (str_starts(value, STR(">")))
		return count > number(str_slice(value, 1, value.n));
	if (str_starts(value, STR("<")))
		return count < number(str_slice(value, 1, value.n));
	return count == number(str_slice(value, str_starts(value, STR("=")), value.n));
}

static bool is_since(const struct post *post, struct str value)
{
	static const char units[] = "smhdw";
	static const double seconds[] = { 1, 60, 3600, 86400, 7 * 86400 };
	int64_t from;
	const char *unit = strchr(units, value.p[value.n - 1]);
	if (!post->created_at_us)
		return false;
	if (unit) {
		double age_us = number(str_slice(value, 0, value.n - 1)) * seconds[unit - units] *
			1e6;
		return !post->received_at_us ||
			(double)post->created_at_us >= (double)post->received_at_us - age_us;
	}
	if (value.n > 10)
		return time_parse(value, &from) && post->created_at_us >= from;
	char day[TIME_TEXT_BYTES];
	time_format(post->created_at_us, day); /* days of four-digit years sort as texts */
	return strncmp(day, value.p, value.n) >= 0;
}

bool reference_condition(enum expr_field field, struct str value, const struct post *post)
{
	switch (field) {
	case EXPR_LANG:
		return is_language(post, value);
	case EXPR_SOURCE:
		return is_source(post, value);
	case EXPR_FROM:
		return same_person(post->author.handle, value) ||
			same_person(post->author.id, value);
	case EXPR_TO:
		return is_to(post, value);
	case EXPR_TYPE:
		return str_eq_ignore_case(str_of(post_type_name(post->type)), value);
	case EXPR_IS:
		return is_state(post, value);
	case EXPR_HAS:
		return has_thing(post, value);
	case EXPR_FOLLOWERS:
		return is_followed(post, value);
	case EXPR_COUNTRY:
		return same_folded(post->country, value);
	case EXPR_SINCE:
		return is_since(post, value);
	}
	return false;
}
