#include "base/clock.h"
#include "base/json_write.h"
#include "daemon/app.h"
#include "daemon/regexes.h"
#include "daemon/status_sources.h"
#include "daemon/version.h"

static void add_target(struct buf *out, const struct dispatch_target *t)
{
	json_open(out, NULL, '{');
	json_text(out, "name", t->name);
	json_text(out, "type", t->type);
	json_integer(out, "in_flight", (int64_t)t->in_flight);
	json_integer(out, "sent", (int64_t)t->sent_count);
	json_integer(out, "retried", (int64_t)t->retried_count);
	json_integer(out, "rejected", (int64_t)t->dead_count);
	json_bool(out, "off", t->off);
	buf_add_char(out, '}');
}

void status_json(const struct app *app, struct buf *out)
{
	struct store_counts stored = { 0 };
	(void)store_count(app->store, &stored); /* zeros, if it cannot say */
	json_open(out, NULL, '{');
	json_text(out, "version", STR(VIGIE_VERSION));
	json_time(out, "started_at", app->started_at_us);
	json_integer(
		out, "rules", (int64_t)ruleset_rules(pipeline_rules(app->pipeline))->rule_count);
	json_integer(out, "reloads", (int64_t)app->reload_count);
	json_integer(out, "failed_reloads", (int64_t)app->reload_failed_count);
	status_sources(app, out);
	status_gaps(app->store, out);
	json_open(out, "deliveries", '{');
	json_integer(out, "pending", stored.pending);
	json_integer(out, "sent", stored.sent);
	json_integer(out, "dead", stored.dead);
	buf_add_char(out, '}');
	json_open(out, "targets", '[');
	for (size_t i = 0; i < dispatch_target_count(app->dispatch); i++) {
		struct dispatch_target t = dispatch_target(app->dispatch, i);
		add_target(out, &t);
	}
	buf_add_char(out, ']');
	regexes_json(pipeline_regexes(app->pipeline), out);
	buf_add(out, STR("}\n"));
}
