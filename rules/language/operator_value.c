#include "rules/language/operator_value.h"

#include "base/clock.h"
#include "model/post.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* --- names of which there are a few --- */

/* What other networks and tools call it. */
struct other_name {
	const char *name, *ours;
};

static bool choose(struct str value, const struct str *names, size_t count, int64_t *code)
{
	for (size_t i = 0; i < count; i++) {
		if (str_eq_ignore_case(value, names[i])) {
			*code = (int64_t)i;
			return true;
		}
	}
	return false;
}

static bool choice(struct str value, const struct str *names, size_t count, const char *what,
	struct where at, struct expr_bound *bound, struct diag *diag)
{
	static const struct other_name others[] = { { "retweet", "repost" },
		{ "nsfw", "sensitive" }, { "comment", "reply" }, { "hashtag", "tag" },
		{ "hashtags", "tag" }, { "image", "media" }, { "images", "media" },
		{ "photo", "media" }, { "video", "media" }, { "videos", "media" },
		{ "url", "link" } };
	if (choose(value, names, count, &bound->from)) {
		bound->to = bound->from;
		return true;
	}
	diag_error(diag, at, "%s: '%.*s'", what, STR_ARGS(value));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		if (str_eq_ignore_case(value, str_of(others[i].name)))
			value = str_of(others[i].ours);
	}
	struct str nearest = diag_nearest(value, names, count);
	if (nearest.p)
		diag_hint(diag, "did you mean '%.*s'?", STR_ARGS(nearest));
	return false;
}

static bool type_value(
	struct str value, struct where at, struct expr_bound *bound, struct diag *diag)
{
	struct str names[POST_DELETE + 1];
	for (size_t i = 0; i <= POST_DELETE; i++)
		names[i] = str_of(post_type_name((enum post_type)i));
	return choice(value, names, POST_DELETE + 1, "not a type of post", at, bound, diag);
}

static bool is_value(struct str value, struct where at, struct expr_bound *bound, struct diag *diag)
{
	static const struct str names[] = {
		[IS_REPLY] = { "reply", 5 },
		[IS_REPOST] = { "repost", 6 },
		[IS_QUOTE] = { "quote", 5 },
		[IS_SENSITIVE] = { "sensitive", 9 },
		[IS_VERIFIED] = { "verified", 8 },
	};
	return choice(value, names, sizeof names / sizeof names[0], "not what a post can be", at,
		bound, diag);
}

static bool has_value(
	struct str value, struct where at, struct expr_bound *bound, struct diag *diag)
{
	static const struct str names[] = {
		[HAS_LINK] = { "link", 4 },
		[HAS_MEDIA] = { "media", 5 },
		[HAS_MENTION] = { "mention", 7 },
		[HAS_TAG] = { "tag", 3 },
	};
	return choice(value, names, sizeof names / sizeof names[0], "not what a post can have", at,
		bound, diag);
}

/* --- numbers --- */

/* 1000, 10k or 2M: digits and a suffix. */
static bool read_count(struct str s, int64_t *count)
{
	int64_t unit = 1;
	char last = s.n ? s.p[s.n - 1] : '\0';
	if (last == 'k' || last == 'K')
		unit = 1000;
	else if (last == 'm' || last == 'M')
		unit = 1000 * 1000;
	if (unit > 1)
		s = str_slice(s, 0, s.n - 1);
	if (s.n == 0 || !is_digit(s.p[0]) || !str_to_int64(s, count) || *count > INT64_MAX / unit)
		return false;
	*count *= unit;
	return true;
}

static bool read_range(struct str s, size_t dots, struct expr_bound *bound)
{
	return read_count(str_trim(str_slice(s, 0, dots)), &bound->from) &&
		read_count(str_trim(str_slice(s, dots + 2, s.n)), &bound->to);
}

/* >=1000 and the like: false if that is not what stands there. */
static bool read_comparison(struct str s, struct expr_bound *bound)
{
	char sign = s.n ? s.p[0] : '\0';
	bool compares = sign == '<' || sign == '>' || sign == '=';
	bool equal = !compares || sign == '=' || (s.n > 1 && s.p[1] == '=');
	size_t signs = !compares ? 0 : sign != '=' && equal ? 2 : 1;
	int64_t count;
	if (!read_count(str_trim(str_slice(s, signs, s.n)), &count))
		return false;
	bound->from = sign == '<' ? 0 : count + (sign == '>' && !equal && count < INT64_MAX);
	bound->to = sign == '>' ? INT64_MAX : count - (sign == '<' && !equal);
	return true;
}

static bool count_value(
	struct str value, struct where at, struct expr_bound *bound, struct diag *diag)
{
	size_t dots = str_find(value, STR(".."));
	bool ok = dots == SIZE_MAX ? read_comparison(value, bound) : read_range(value, dots, bound);
	if (!ok) {
		diag_error(diag, at, "not a number of followers: '%.*s'", STR_ARGS(value));
		diag_hint(diag, "it is written 1000, >=1000, <5k or 1000..5000");
	} else if (bound->from > bound->to) {
		diag_error(diag, at, "no number is in this range: '%.*s'", STR_ARGS(value));
		ok = false;
	}
	return ok;
}

/* --- times --- */

/* 30m, 2h, 7d, 2w. */
static bool read_age(struct str s, int64_t *us)
{
	static const struct {
		char unit;
		int64_t us;
	} units[] = { { 's', US_PER_S }, { 'm', US_PER_MINUTE }, { 'h', US_PER_HOUR },
		{ 'd', US_PER_DAY }, { 'w', 7 * US_PER_DAY } };
	int64_t number;
	if (s.n < 2 || !is_digit(s.p[0]) || !str_to_int64(str_slice(s, 0, s.n - 1), &number))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (s.p[s.n - 1] == units[i].unit && number <= INT64_MAX / 2 / units[i].us) {
			*us = number * units[i].us;
			return true;
		}
	}
	return false;
}

/* 2026-11-01, alone or with a time behind it. */
static bool read_date(struct str s, int64_t *us)
{
	char whole[sizeof "2026-11-01T00:00:00Z"] = "0000-00-00T00:00:00Z";
	if (s.n < 10 || s.p[4] != '-' || s.p[7] != '-')
		return false;
	if (s.n > 10)
		return time_parse(s, us);
	for (size_t i = 0; i < s.n; i++)
		whole[i] = s.p[i];
	return time_parse(str_of(whole), us);
}

static bool time_value(
	struct str value, struct where at, struct expr_bound *bound, struct diag *diag)
{
	*bound = (struct expr_bound){ .age = read_age(value, &bound->from) };
	if (bound->age)
		return read_age(value, &bound->from);
	if (read_date(value, &bound->from))
		return true;
	diag_error(diag, at, "not a time: '%.*s'", STR_ARGS(value));
	diag_hint(diag, "it is written 2026-11-01, 2026-11-01T08:30:00Z, or as an age such as 2h");
	return false;
}

/* --- texts --- */

static bool lang_value(struct str value, struct where at, struct diag *diag)
{
	size_t n = str_find_char(value, '-');
	n = n == SIZE_MAX ? value.n : n;
	bool good = n == 2 || n == 3;
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];
		good = good && (is_letter(c) || (i >= n && (is_digit(c) || c == '-')));
	}
	if (!good) {
		diag_error(diag, at, "not a language: '%.*s'", STR_ARGS(value));
		diag_hint(diag, "languages are written fr, en or pt-BR");
	}
	return good;
}

static bool source_value(struct str value, struct where at, struct diag *diag)
{
	size_t star = str_find_char(value, '*');
	if (star == SIZE_MAX || star + 1 == value.n)
		return true;
	diag_error(
		diag, at, "a star can stand at the end of the name only: '%.*s'", STR_ARGS(value));
	return false;
}

bool operator_value(enum expr_field field, struct str value, struct where at,
	struct expr_bound *bound, struct diag *diag)
{
	switch (field) {
	case EXPR_LANG:
		return lang_value(value, at, diag);
	case EXPR_TYPE:
		return type_value(value, at, bound, diag);
	case EXPR_IS:
		return is_value(value, at, bound, diag);
	case EXPR_HAS:
		return has_value(value, at, bound, diag);
	case EXPR_FOLLOWERS:
		return count_value(value, at, bound, diag);
	case EXPR_SINCE:
		return time_value(value, at, bound, diag);
	case EXPR_SOURCE:
	case EXPR_FROM:
	case EXPR_TO:
	case EXPR_COUNTRY:
		break;
	}
	if (value.n == 0) {
		diag_error(diag, at, "empty");
		return false;
	}
	return field != EXPR_SOURCE || source_value(value, at, diag);
}
