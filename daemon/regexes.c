#include "daemon/regexes.h"

#include "base/escape.h"
#include "base/json_write.h"
#include "base/log.h"
#include "base/utf8.h"
#include "rules/regex/regex.h"
#include "web/prometheus.h"

enum { SHOWN_BYTES = 200 };

static const char *kind_of(const struct regex_report *r)
{
	return r->listed ? "list" : "rule";
}

static size_t cut_at(struct str regex)
{
	return regex.n <= SHOWN_BYTES ? regex.n : utf8_floor(regex, SHOWN_BYTES);
}

void regexes_log_slow(const struct ruleset *set)
{
	const struct rules *rules = ruleset_rules(set);
	size_t count = 0;
	for (size_t i = 0; i < rules->term_count; i++)
		count += rules->terms[i].regex && regex_is_interpreted(rules->terms[i].regex);
	if (count)
		log_warn("%zu regexes run without a compiler, many times slower: may memory not be "
			 "made executable (MemoryDenyWriteExecute)?",
			count);
}

void regexes_log_news(struct regex_guard *guard)
{
	static const char *const what[] = {
		[REGEX_FIRST_LIMIT] = "took too long in a post, so nobody knows whether it matches",
		[REGEX_SET_ASIDE] = "takes too long too often: it is set aside for a while",
		[REGEX_BACK] = "is tried again",
	};
	enum regex_news news;
	struct regex_report r;
	while (guard && regex_guard_news(guard, &news, &r)) {
		struct str shown = str_slice(r.regex, 0, cut_at(r.regex));
		void (*say)(const char *format, ...) = news == REGEX_BACK ? log_info : log_warn;
		say("%s '%.*s': the regex '%.*s' %s", kind_of(&r), STR_ARGS(r.owner),
			STR_ARGS(shown), what[news]);
	}
}

void regexes_json(const struct regex_guard *guard, struct buf *out)
{
	json_open(out, "regexes", '[');
	for (size_t i = 0; guard && i < regex_guard_count(guard); i++) {
		struct regex_report r = regex_guard_report(guard, i);
		json_open(out, NULL, '{');
		json_text(out, "of", str_of(kind_of(&r)));
		json_text(out, "name", r.owner);
		json_text(out, "regex", r.regex);
		json_integer(out, "given_up", (int64_t)r.limit_count);
		json_integer(out, "not_begun", (int64_t)r.skipped_count);
		json_bool(out, "set_aside", r.set_aside);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void metric(const struct regex_guard *guard, struct buf *out, const char *name,
	enum prometheus_type type, const char *help,
	uint64_t (*value)(const struct regex_report *r))
{
	prometheus_metric(out, name, type, help);
	for (size_t i = 0; guard && i < regex_guard_count(guard); i++) {
		struct regex_report r = regex_guard_report(guard, i);
		struct prometheus_label labels[] = { { kind_of(&r), r.owner },
			{ "regex", str_slice(r.regex, 0, cut_at(r.regex)) } };
		prometheus_value(out, name, labels, 2, (int64_t)value(&r));
	}
}

static uint64_t limits_of(const struct regex_report *r)
{
	return r->limit_count;
}

static uint64_t skipped_of(const struct regex_report *r)
{
	return r->skipped_count;
}

static uint64_t aside_of(const struct regex_report *r)
{
	return r->set_aside;
}

void regexes_metrics(const struct regex_guard *guard, struct buf *out)
{
	metric(guard, out, "vigie_regex_given_up_total", PROMETHEUS_COUNTER,
		"Searches for a regular expression that took too long.", limits_of);
	metric(guard, out, "vigie_regex_not_begun_total", PROMETHEUS_COUNTER,
		"Searches that were not begun, as the regular expression was set aside.",
		skipped_of);
	metric(guard, out, "vigie_regex_set_aside", PROMETHEUS_GAUGE,
		"1 while a regular expression is set aside.", aside_of);
}

void regexes_print(const struct regex_guard *guard, struct buf *out)
{
	for (size_t i = 0; guard && i < regex_guard_count(guard); i++) {
		struct regex_report r = regex_guard_report(guard, i);
		buf_addf(out, "  %s '", kind_of(&r));
		escape_control(out, r.owner);
		buf_addf(out, "': %llu times: ", (unsigned long long)r.limit_count);
		escape_control(out, r.regex);
		buf_add_char(out, '\n');
	}
}
