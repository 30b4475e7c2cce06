#include "daemon/status_sources.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/json_write.h"
#include "web/prometheus.h"

/* A feed of a thousand that fails is one line; of a thousand that fail some say enough. */
enum { SHOWN_PARTS = 20, SHOWN_GAPS = 20, GAPS_MAX_MEMORY_BYTES = 32 * 1024 * 1024 };

/* ---- parts ---- */

struct part_counts {
	struct buf *out; /* NULL: only counted */
	uint64_t counts[SOURCE_PART_GONE + 1];
	uint64_t all, shown;
	int64_t now_us, wall_us;
};

static bool on_part(void *ctx, const struct source_part *part)
{
	struct part_counts *c = ctx;
	c->all++;
	c->counts[part->state]++;
	const bool ill = part->state == SOURCE_PART_FAILING || part->state == SOURCE_PART_GONE;
	if (!c->out || !ill || c->shown == SHOWN_PARTS)
		return true;
	c->shown++;
	json_open(c->out, NULL, '{');
	json_text(c->out, "name", part->name);
	json_text(c->out, "state", str_of(source_part_state_name(part->state)));
	json_time(c->out, "since", part->since_us);
	json_time(c->out, "well_at", part->well_at_us);
	json_text(c->out, "reason", part->reason);
	if (part->next_us)
		json_time(c->out, "again_at", c->wall_us + (part->next_us - c->now_us));
	buf_add_char(c->out, '}');
	return true;
}

static void add_parts(struct buf *out, const struct source *s, int64_t now_us, int64_t wall_us)
{
	struct part_counts c = { .out = out, .now_us = now_us, .wall_us = wall_us };
	if (!s->type->parts)
		return;
	json_open(out, "parts", '{');
	json_open(out, "ill", '[');
	s->type->parts(s, on_part, &c);
	buf_add_char(out, ']');
	json_integer(out, "count", (int64_t)c.all);
	for (int state = SOURCE_PART_WAITING; state <= SOURCE_PART_GONE; state++)
		json_integer(out, source_part_state_name((enum source_part_state)state),
			(int64_t)c.counts[state]);
	buf_add_char(out, '}');
}

/* ---- gaps ---- */

struct gap_sums {
	int64_t lost_count, possible_count, lost_us;
};

/* Of a day that ends now. */
static struct gap_sums sum_gaps(
	const struct store_gap *gaps, size_t count, struct str source, int64_t wall_us)
{
	struct gap_sums sums = { 0 };
	for (size_t i = 0; i < count; i++) {
		const struct store_gap *g = &gaps[i];
		if (!str_eq(g->source, source) || g->kind == SOURCE_GAP_REFILLED)
			continue;
		if (g->kind == SOURCE_GAP_POSSIBLE) {
			sums.possible_count++;
			continue;
		}
		const int64_t day_us = wall_us - US_PER_DAY,
			      from_us = g->from_us > day_us ? g->from_us : day_us,
			      to_us = g->to_us ? g->to_us : wall_us;
		sums.lost_count++;
		sums.lost_us += to_us > from_us ? to_us - from_us : 0;
	}
	return sums;
}

static void add_gap(struct buf *out, const struct store_gap *gap)
{
	json_open(out, NULL, '{');
	json_text(out, "source", gap->source);
	if (gap->part.n)
		json_text(out, "part", gap->part);
	json_time(out, "from", gap->from_us);
	json_time(out, "to", gap->to_us);
	json_text(out, "kind",
		gap->to_us ? str_of(source_gap_kind_name((enum source_gap_kind)gap->kind))
			   : STR("lasts"));
	json_text(out, "reason", gap->reason);
	buf_add_char(out, '}');
}

void status_gaps(struct store *store, struct buf *out)
{
	struct arena arena;
	struct store_gap *gaps;
	size_t count;
	const struct store_gap_filter filter = { .limit = SHOWN_GAPS };
	arena_init(&arena, GAPS_MAX_MEMORY_BYTES);
	if (store_gaps(store, &filter, &arena, &gaps, &count) == 0) {
		json_open(out, "gaps", '[');
		for (size_t i = 0; i < count; i++)
			add_gap(out, &gaps[i]);
		buf_add_char(out, ']');
	}
	arena_finish(&arena);
}

/* ---- the status of a source ---- */

static int64_t silent_us(const struct source *s, int64_t now_us)
{
	const int64_t last_us = s->health.silence.last_us;
	return last_us ? now_us - last_us : -1;
}

static void add_health(struct buf *out, const struct pipeline_source *p, int64_t now_us)
{
	const struct source_health *h = &p->source->health;
	const int64_t lag_us = source_lag_us(&h->lag), quiet_us = silent_us(p->source, now_us);
	json_integer(out, "records_per_minute", (int64_t)source_rate_per_minute(&h->rate, now_us));
	if (lag_us >= 0)
		json_number(out, "lag_seconds", (double)lag_us / (double)US_PER_S);
	json_time(out, "last_record_at",
		h->last_record_us ? h->last_record_us : p->watchdog.silent_since_us);
	json_time(out, "last_post_written_at", h->last_post_us);
	if (quiet_us >= 0)
		json_integer(out, "silent_seconds", quiet_us / US_PER_S);
	json_bool(out, "absent", p->watchdog.absent);
	json_time(out, "blind_since", h->blind_since_us);
}

static void add_source(struct buf *out, const struct pipeline_source *s, struct gap_sums day,
	int64_t now_us, int64_t wall_us)
{
	const struct matcher_counts *c = s->counts;
	json_open(out, NULL, '{');
	json_text(out, "name", s->source->name);
	json_text(out, "type", str_of(s->source->type->name));
	json_text(out, "state", str_of(source_state_name(s->source->state)));
	json_time(out, "since", s->since_us);
	json_text(out, "message", s->message);
	add_health(out, s, now_us);
	json_open(out, "gaps_24h", '{');
	json_integer(out, "count", day.lost_count);
	json_integer(out, "seconds", day.lost_us / US_PER_S);
	json_integer(out, "possible", day.possible_count);
	buf_add_char(out, '}');
	json_integer(out, "records", (int64_t)c->record_count);
	json_integer(out, "candidates", (int64_t)c->candidate_count);
	json_integer(out, "posts", (int64_t)c->post_count);
	json_integer(out, "skipped", (int64_t)c->skipped_count);
	json_integer(out, "matches", (int64_t)c->match_count);
	json_integer(out, "bytes", (int64_t)s->source->byte_count);
	json_integer(out, "reconnects", (int64_t)s->source->reconnect_count);
	json_integer(out, "regex_limits", (int64_t)s->regex_limit_count);
	json_integer(out, "unstorable", (int64_t)s->unstorable_count);
	json_open(out, "rejected", '{');
	for (size_t i = 0; i < c->reason_count; i++) {
		buf_add(out, i ? STR(",") : STR(""));
		escape_json(out, str_of(c->reasons[i].reason));
		buf_addf(out, ":%llu", (unsigned long long)c->reasons[i].count);
	}
	buf_add_char(out, '}');
	add_parts(out, s->source, now_us, wall_us);
	buf_add_char(out, '}');
}

void status_sources(const struct app *app, struct buf *out)
{
	const int64_t now_us = clock_monotonic_us(), wall_us = clock_wall_us();
	const struct store_gap_filter day = { .after_us = wall_us - US_PER_DAY };
	struct arena arena;
	struct store_gap *gaps;
	size_t count;
	arena_init(&arena, GAPS_MAX_MEMORY_BYTES);
	if (store_gaps(app->store, &day, &arena, &gaps, &count) != 0)
		count = 0;
	json_open(out, "sources", '[');
	for (size_t i = 0; i < pipeline_source_count(app->pipeline); i++) {
		struct pipeline_source s = pipeline_source(app->pipeline, i);
		add_source(
			out, &s, sum_gaps(gaps, count, s.source->name, wall_us), now_us, wall_us);
	}
	buf_add_char(out, ']');
	arena_finish(&arena);
}

/* ---- metrics ---- */

/* One gauge or counter with a value for each source, in microseconds where it is a time; -1: none.
 */
struct source_value {
	const char *name, *help;
	enum prometheus_type type;
	bool seconds;
	int64_t (*value)(const struct pipeline_source *s);
};

static int64_t live_of(const struct pipeline_source *s)
{
	return source_flows(s->source);
}

static int64_t absent_of(const struct pipeline_source *s)
{
	return s->watchdog.absent;
}

static int64_t is_blind(const struct pipeline_source *s)
{
	return s->source->health.blind_since_us != 0;
}

static int64_t lag_of(const struct pipeline_source *s)
{
	return source_lag_us(&s->source->health.lag);
}

static int64_t last_record_of(const struct pipeline_source *s)
{
	return s->watchdog.silent_since_us ? s->watchdog.silent_since_us : -1;
}

static int64_t last_post_of(const struct pipeline_source *s)
{
	return s->source->health.last_post_us ? s->source->health.last_post_us : -1;
}

static int64_t gaps_of(const struct pipeline_source *s)
{
	return (int64_t)s->watchdog.gap_count;
}

static int64_t lost_of(const struct pipeline_source *s)
{
	return s->watchdog.lost_us;
}

static int64_t blind_of(const struct pipeline_source *s)
{
	return s->watchdog.blind_us;
}

static const struct source_value values[] = {
	{ "vigie_source_live", "1 while data can flow.", PROMETHEUS_GAUGE, false, live_of },
	{ "vigie_source_blind",
		"1 while it does not see what passes, or has not yet got what it missed.",
		PROMETHEUS_GAUGE, false, is_blind },
	{ "vigie_source_absent", "1 while it has been silent for too long.", PROMETHEUS_GAUGE,
		false, absent_of },
	{ "vigie_source_lag_seconds", "How much later than they were written posts come.",
		PROMETHEUS_GAUGE, true, lag_of },
	{ "vigie_source_last_record_timestamp_seconds", "When the last record came.",
		PROMETHEUS_GAUGE, true, last_record_of },
	{ "vigie_source_last_post_timestamp_seconds",
		"When the newest post that was looked at was written.", PROMETHEUS_GAUGE, true,
		last_post_of },
	{ "vigie_source_gaps_total", "Gaps in which posts are lost, or may be.", PROMETHEUS_COUNTER,
		false, gaps_of },
	{ "vigie_source_lost_seconds_total", "How long the gaps were in which posts are lost.",
		PROMETHEUS_COUNTER, true, lost_of },
	{ "vigie_source_blind_seconds_total",
		"How long it was blind, also where what it missed was fetched afterwards.",
		PROMETHEUS_COUNTER, true, blind_of },
};

static void add_value(const struct app *app, struct buf *out, const struct source_value *v)
{
	prometheus_metric(out, v->name, v->type, v->help);
	for (size_t i = 0; i < pipeline_source_count(app->pipeline); i++) {
		const struct pipeline_source s = pipeline_source(app->pipeline, i);
		const struct prometheus_label label = { "source", s.source->name };
		const int64_t value = v->value(&s);
		if (value < 0)
			continue;
		if (v->seconds)
			prometheus_seconds(out, v->name, &label, 1, value);
		else
			prometheus_value(out, v->name, &label, 1, value);
	}
}

static void add_states(const struct app *app, struct buf *out)
{
	static const char name[] = "vigie_source_state";
	prometheus_metric(out, name, PROMETHEUS_GAUGE, "1 of the state in which it is.");
	for (size_t i = 0; i < pipeline_source_count(app->pipeline); i++) {
		const struct source *s = pipeline_source(app->pipeline, i).source;
		for (int state = SOURCE_STOPPED; state <= SOURCE_ENDED; state++) {
			const struct prometheus_label labels[] = { { "source", s->name },
				{ "state", str_of(source_state_name((enum source_state)state)) } };
			prometheus_value(out, name, labels, 2, (int)s->state == state);
		}
	}
}

static void add_part_counts(const struct app *app, struct buf *out)
{
	static const char name[] = "vigie_source_parts";
	prometheus_metric(out, name, PROMETHEUS_GAUGE, "Parts, such as feeds, by their state.");
	for (size_t i = 0; i < pipeline_source_count(app->pipeline); i++) {
		const struct source *s = pipeline_source(app->pipeline, i).source;
		struct part_counts c = { 0 };
		if (!s->type->parts)
			continue;
		s->type->parts(s, on_part, &c);
		for (int state = SOURCE_PART_WAITING; state <= SOURCE_PART_GONE; state++) {
			const struct prometheus_label labels[] = { { "source", s->name },
				{ "state",
					str_of(source_part_state_name(
						(enum source_part_state)state)) } };
			prometheus_value(out, name, labels, 2, (int64_t)c.counts[state]);
		}
	}
}

void status_source_metrics(const struct app *app, struct buf *out)
{
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		add_value(app, out, &values[i]);
	add_states(app, out);
	add_part_counts(app, out);
}
