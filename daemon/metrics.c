#include "daemon/app.h"
#include "daemon/regexes.h"
#include "daemon/status_sources.h"
#include "web/prometheus.h"

/* One metric with a value for each source. */
static void source_metric(const struct app *app, struct buf *out, const char *name,
	const char *help, uint64_t (*value)(const struct pipeline_source *s))
{
	prometheus_metric(out, name, PROMETHEUS_COUNTER, help);
	for (size_t i = 0; i < pipeline_source_count(app->pipeline); i++) {
		struct pipeline_source s = pipeline_source(app->pipeline, i);
		struct prometheus_label label = { "source", s.source->name };
		prometheus_value(out, name, &label, 1, (int64_t)value(&s));
	}
}

static uint64_t records_of(const struct pipeline_source *s)
{
	return s->counts->record_count;
}

static uint64_t candidates_of(const struct pipeline_source *s)
{
	return s->counts->candidate_count;
}

static uint64_t posts_of(const struct pipeline_source *s)
{
	return s->counts->post_count;
}

static uint64_t matches_of(const struct pipeline_source *s)
{
	return s->counts->match_count;
}

static uint64_t bytes_of(const struct pipeline_source *s)
{
	return s->source->byte_count;
}

static uint64_t reconnects_of(const struct pipeline_source *s)
{
	return s->source->reconnect_count;
}

static uint64_t regex_limits_of(const struct pipeline_source *s)
{
	return s->regex_limit_count;
}

static uint64_t unstorable_of(const struct pipeline_source *s)
{
	return s->unstorable_count;
}

static void rejected_metric(const struct app *app, struct buf *out)
{
	static const char name[] = "vigie_source_rejected_total";
	prometheus_metric(
		out, name, PROMETHEUS_COUNTER, "Records that could not be read, by reason.");
	for (size_t i = 0; i < pipeline_source_count(app->pipeline); i++) {
		struct pipeline_source s = pipeline_source(app->pipeline, i);
		for (size_t j = 0; j < s.counts->reason_count; j++) {
			struct prometheus_label labels[] = { { "source", s.source->name },
				{ "reason", str_of(s.counts->reasons[j].reason) } };
			prometheus_value(out, name, labels, 2, (int64_t)s.counts->reasons[j].count);
		}
	}
}

static void source_metrics(const struct app *app, struct buf *out)
{
	source_metric(app, out, "vigie_source_records_total", "Records received.", records_of);
	source_metric(app, out, "vigie_source_candidates_total",
		"Records that held a word which a rule waits for.", candidates_of);
	source_metric(
		app, out, "vigie_source_posts_total", "Candidates that were posts.", posts_of);
	source_metric(
		app, out, "vigie_source_matches_total", "Pairs of post and rule.", matches_of);
	source_metric(app, out, "vigie_source_bytes_total", "Bytes received.", bytes_of);
	source_metric(app, out, "vigie_source_reconnects_total", "Times it was tried again.",
		reconnects_of);
	source_metric(app, out, "vigie_regex_limits_total",
		"Searches for a regular expression that took too long.", regex_limits_of);
	source_metric(app, out, "vigie_unstorable_alerts_total", "Alerts too large to be kept.",
		unstorable_of);
	rejected_metric(app, out);
	status_source_metrics(app, out);
}

static void delivery_metrics(const struct app *app, struct buf *out)
{
	static const char name[] = "vigie_deliveries_total", off[] = "vigie_target_off";
	prometheus_metric(
		out, name, PROMETHEUS_COUNTER, "Attempts to deliver, by what became of them.");
	for (size_t i = 0; i < dispatch_target_count(app->dispatch); i++) {
		struct dispatch_target t = dispatch_target(app->dispatch, i);
		const struct {
			struct str result;
			uint64_t count;
		} counts[] = { { STR("sent"), t.sent_count }, { STR("retried"), t.retried_count },
			{ STR("rejected"), t.dead_count } };
		for (size_t j = 0; j < 3; j++) {
			struct prometheus_label labels[] = { { "target", t.name },
				{ "result", counts[j].result } };
			prometheus_value(out, name, labels, 2, (int64_t)counts[j].count);
		}
	}
	prometheus_metric(out, off, PROMETHEUS_GAUGE, "1 while the target is switched off.");
	for (size_t i = 0; i < dispatch_target_count(app->dispatch); i++) {
		struct dispatch_target t = dispatch_target(app->dispatch, i);
		struct prometheus_label label = { "target", t.name };
		prometheus_value(out, off, &label, 1, t.off);
	}
}

static void gauge(struct buf *out, const char *name, const char *help, int64_t value)
{
	prometheus_metric(out, name, PROMETHEUS_GAUGE, help);
	prometheus_value(out, name, NULL, 0, value);
}

void status_metrics(const struct app *app, struct buf *out)
{
	struct store_counts stored = { 0 };
	(void)store_count(app->store, &stored); /* zeros, if it cannot say */
	gauge(out, "vigie_rules", "Rules in force.",
		(int64_t)ruleset_rules(pipeline_rules(app->pipeline))->rule_count);
	gauge(out, "vigie_deliveries_pending", "Deliveries that wait.", stored.pending);
	gauge(out, "vigie_deliveries_dead", "Deliveries given up.", stored.dead);
	prometheus_metric(out, "vigie_reloads_total", PROMETHEUS_COUNTER, "Reloads, by result.");
	struct prometheus_label ok = { "result", STR("ok") }, failed = { "result", STR("failed") };
	prometheus_value(out, "vigie_reloads_total", &ok, 1, (int64_t)app->reload_count);
	prometheus_value(out, "vigie_reloads_total", &failed, 1, (int64_t)app->reload_failed_count);
	prometheus_metric(
		out, "vigie_start_time_seconds", PROMETHEUS_GAUGE, "When the daemon started.");
	prometheus_seconds(out, "vigie_start_time_seconds", NULL, 0, app->started_at_us);
	source_metrics(app, out);
	regexes_metrics(pipeline_regexes(app->pipeline), out);
	delivery_metrics(app, out);
}
