#include "base/clock.h"
#include "base/escape.h"
#include "daemon/app.h"
#include "daemon/regexes.h"
#include "daemon/version.h"

static void add_time(struct buf *out, int64_t wall_us)
{
	char text[TIME_TEXT_BYTES];
	time_format(wall_us, text);
	escape_json(out, wall_us ? str_of(text) : STR_NONE);
}

static void add_number(struct buf *out, const char *key, uint64_t value)
{
	buf_addf(out, ",\"%s\":%llu", key, (unsigned long long)value);
}

static void add_source(struct buf *out, const struct pipeline_source *s)
{
	const struct matcher_counts *c = s->counts;
	buf_add(out, STR("{\"name\":"));
	escape_json(out, s->source->name);
	buf_add(out, STR(",\"type\":"));
	escape_json(out, str_of(s->source->type->name));
	buf_addf(out, ",\"state\":\"%s\",\"since\":", source_state_name(s->source->state));
	add_time(out, s->since_us);
	buf_add(out, STR(",\"message\":"));
	escape_json(out, s->message);
	add_number(out, "records", c->record_count);
	add_number(out, "candidates", c->candidate_count);
	add_number(out, "posts", c->post_count);
	add_number(out, "skipped", c->skipped_count);
	add_number(out, "matches", c->match_count);
	add_number(out, "bytes", s->source->byte_count);
	add_number(out, "reconnects", s->source->reconnect_count);
	add_number(out, "regex_limits", s->regex_limit_count);
	add_number(out, "unstorable", s->unstorable_count);
	buf_add(out, STR(",\"rejected\":{"));
	for (size_t i = 0; i < c->reason_count; i++) {
		buf_add(out, i ? STR(",") : STR(""));
		escape_json(out, str_of(c->reasons[i].reason));
		buf_addf(out, ":%llu", (unsigned long long)c->reasons[i].count);
	}
	buf_add(out, STR("}}"));
}

static void add_target(struct buf *out, const struct dispatch_target *t)
{
	buf_add(out, STR("{\"name\":"));
	escape_json(out, t->name);
	buf_add(out, STR(",\"type\":"));
	escape_json(out, t->type);
	add_number(out, "in_flight", t->in_flight);
	add_number(out, "sent", t->sent_count);
	add_number(out, "retried", t->retried_count);
	add_number(out, "rejected", t->dead_count);
	buf_addf(out, ",\"off\":%s}", t->off ? "true" : "false");
}

void status_json(const struct app *app, struct buf *out)
{
	struct store_counts stored = { 0 };
	(void)store_count(app->store, &stored); /* zeros, if it cannot say */
	buf_add(out, STR("{\"version\":"));
	escape_json(out, STR(VIGIE_VERSION));
	buf_add(out, STR(",\"started_at\":"));
	add_time(out, app->started_at_us);
	add_number(out, "rules", ruleset_rules(pipeline_rules(app->pipeline))->rule_count);
	add_number(out, "reloads", app->reload_count);
	add_number(out, "failed_reloads", app->reload_failed_count);
	buf_add(out, STR(",\"sources\":["));
	for (size_t i = 0; i < pipeline_source_count(app->pipeline); i++) {
		struct pipeline_source s = pipeline_source(app->pipeline, i);
		buf_add(out, i ? STR(",") : STR(""));
		add_source(out, &s);
	}
	buf_addf(out, "],\"deliveries\":{\"pending\":%lld,\"sent\":%lld,\"dead\":%lld}",
		(long long)stored.pending, (long long)stored.sent, (long long)stored.dead);
	buf_add(out, STR(",\"targets\":["));
	for (size_t i = 0; i < dispatch_target_count(app->dispatch); i++) {
		struct dispatch_target t = dispatch_target(app->dispatch, i);
		buf_add(out, i ? STR(",") : STR(""));
		add_target(out, &t);
	}
	buf_add_char(out, ']');
	regexes_json(pipeline_regexes(app->pipeline), out);
	buf_add(out, STR("}\n"));
}
