#include "base/clock.h"
#include "base/escape.h"
#include "daemon/app.h"
#include "daemon/regexes.h"
#include "daemon/status_sources.h"
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
	status_sources(app, out);
	status_gaps(app->store, out);
	buf_addf(out, ",\"deliveries\":{\"pending\":%lld,\"sent\":%lld,\"dead\":%lld}",
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
