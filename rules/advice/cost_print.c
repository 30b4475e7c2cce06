#include "base/escape.h"
#include "rules/advice/cost.h"

/* Below that a rule is cheap, whatever its words. */
enum { DEAR_PER_THOUSAND = 5, NEARLY_ALL_PERCENT = 80 };

static double per_thousand(const struct cost_report *r, uint64_t count)
{
	return r->record_count ? 1000.0 * (double)count / (double)r->record_count : 0;
}

/* Adds nothing if there is nothing to be said. */
static void add_hint(const struct cost_report *r, const struct rule_cost *c, struct buf *out)
{
	const struct cost_word *worst = &c->words[0];
	if (c->always) {
		buf_add(out,
			STR("no word must be there, so every post is parsed: "
			    "add a term to all"));
		return;
	}
	if (per_thousand(r, c->parsed_count) < DEAR_PER_THOUSAND || c->named_count == 0 ||
		4 * c->match_count > c->parsed_count)
		return;
	unsigned percent = (unsigned)(100 * worst->post_count / c->parsed_count);
	if (percent < NEARLY_ALL_PERCENT)
		return;
	buf_add(out, STR("'"));
	escape_control(out, worst->word);
	buf_addf(out, "' causes %u %% of that, and few of these posts match: ", percent);
	buf_add(out, STR("a rarer word beside it, in its phrase or in all, makes the rule cheap"));
}

static void add_line(const struct cost_report *r, const struct rule_cost *c, struct buf *out)
{
	struct buf hint;
	buf_addf(out, "%9llu %9.2f %9llu  %.*s", (unsigned long long)c->parsed_count,
		per_thousand(r, c->parsed_count), (unsigned long long)c->match_count,
		STR_ARGS(r->rules->rules[c->rule].name));
	if (!c->always)
		buf_addf(out, ": waits for %zu", c->word_count + c->literal_count);
	for (size_t i = 0; i < c->named_count; i++) {
		buf_add(out, i ? STR(", ") : STR(" ("));
		escape_control(out, c->words[i].word);
		buf_addf(out, " %llu", (unsigned long long)c->words[i].post_count);
	}
	buf_add(out, c->named_count ? STR(")\n") : STR("\n"));
	buf_init(&hint, 0);
	add_hint(r, c, &hint);
	if (hint.n)
		buf_addf(out, "%31s hint: %s\n", "", hint.p);
	buf_finish(&hint);
}

void cost_text(const struct cost_report *r, const char *name, struct buf *out)
{
	buf_addf(out, "What each rule costs in %llu records of ",
		(unsigned long long)r->record_count);
	escape_control(out, str_of(name));
	buf_addf(out, "%s:\n%9s %9s %9s  %s\n", r->cut ? " (its beginning)" : "", "parsed",
		"per 1000", "matches", "rule");
	for (size_t i = 0; i < r->count; i++)
		add_line(r, &r->items[i], out);
}

static void add_json_cost(const struct cost_report *r, const struct rule_cost *c, struct buf *out)
{
	struct buf hint;
	buf_add(out, STR("{\"rule\":"));
	escape_json(out, r->rules->rules[c->rule].name);
	buf_addf(out,
		",\"always\":%s,\"words\":%zu,\"literals\":%zu,\"parsed\":%llu,"
		"\"parsed_per_thousand\":%.3f,\"matches\":%llu,\"top\":[",
		c->always ? "true" : "false", c->word_count, c->literal_count,
		(unsigned long long)c->parsed_count, per_thousand(r, c->parsed_count),
		(unsigned long long)c->match_count);
	for (size_t i = 0; i < c->named_count; i++) {
		buf_add(out, i ? STR(",{\"word\":") : STR("{\"word\":"));
		escape_json(out, c->words[i].word);
		buf_addf(out, ",\"posts\":%llu}", (unsigned long long)c->words[i].post_count);
	}
	buf_add_char(out, ']');
	buf_init(&hint, 0);
	add_hint(r, c, &hint);
	if (hint.n) {
		buf_add(out, STR(",\"hint\":"));
		escape_json(out, buf_str(&hint));
	}
	buf_add_char(out, '}');
	buf_finish(&hint);
}

void cost_json(const struct cost_report *r, const char *name, struct buf *out)
{
	buf_add(out, STR("\"sample\":{\"file\":"));
	escape_json(out, str_of(name));
	buf_addf(out, ",\"records\":%llu,\"bytes\":%llu,\"cut\":%s},\"costs\":[",
		(unsigned long long)r->record_count, (unsigned long long)r->byte_count,
		r->cut ? "true" : "false");
	for (size_t i = 0; i < r->count; i++) {
		buf_add(out, i ? STR(",") : STR(""));
		add_json_cost(r, &r->items[i], out);
	}
	buf_add_char(out, ']');
}
