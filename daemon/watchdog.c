#include "daemon/watchdog.h"

#include <errno.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/notices.h"

/* Signs of life are written at most this often, and so is what the store did not take. */
#define ALIVE_INTERVAL_US (5 * US_PER_S)
/* For its own sake it is written that often only where a gap begins at it. */
#define LEARNED_INTERVAL_US (5 * US_PER_MINUTE)
#define RETRY_US US_PER_S
/* How often it is looked whether a silence has been learned. */
#define LEARNED_LOOK_US US_PER_HOUR
#define LEAST_WAIT_US (10 * US_PER_MS)

enum { MAX_JOBS = 1000, OPEN_ROWS = 1000 };

/* Something to be written: a gap, an alert, or both. */
struct job {
	struct arena arena;
	struct store_gap gap; /* source absent: none */
	bool drop; /* the gap */
	struct alert *alert; /* NULL: none */
};

struct dog_lane {
	const struct source *source;
	bool open; /* it is blind, and the store knows or is to know it */
	bool told; /* an alert has said so */
	bool flowed; /* in this run */
	bool absent;
	int64_t open_from_us;
	int64_t last_record_us; /* wall: of an earlier run, or this one */
	int64_t absent_from_us; /* what last_record_us was when the silence was found */
	int64_t alive_us; /* monotonic: the sign of life that is on disk */
	int64_t pending_us; /* the same, in the transaction that is not committed yet */
	int64_t alive_at_us; /* monotonic: when that was written */
	struct buf reason; /* why it is blind */
	uint64_t gap_count;
	int64_t lost_us, blind_us;
};

struct watchdog {
	struct config *config;
	struct store *store;
	struct watchdog_host host;
	struct timer *timer;
	struct dog_lane *lanes;
	size_t lane_count;
	struct job *jobs[MAX_JOBS];
	size_t job_count;
	struct str *targets;
	size_t target_count;
	struct arena arena; /* what was read at the start */
	int error; /* of the last write that the store did not take */
	bool stopping;
};

static struct dog_lane *lane_of(const struct watchdog *w, const struct source *s)
{
	size_t i = 0;
	while (w->lanes[i].source != s)
		i++;
	return &w->lanes[i];
}

/* ---- what is to be written ---- */

static void job_destroy(struct job *job)
{
	arena_finish(&job->arena);
	mem_free(job);
}

static struct job *add_job(struct watchdog *w)
{
	if (w->job_count == MAX_JOBS) {
		log_warn("more gaps than can be kept while the store takes none");
		job_destroy(w->jobs[0]);
		w->job_count--;
		for (size_t i = 0; i < w->job_count; i++)
			w->jobs[i] = w->jobs[i + 1];
	}
	struct job *job = mem_zero(1, sizeof *job);
	arena_init(&job->arena, 0);
	w->jobs[w->job_count++] = job;
	return job;
}

static void set_gap(
	struct job *job, const struct source *s, const struct source_gap *gap, bool told)
{
	job->gap = (struct store_gap){ .source = s->name,
		.part = arena_str(&job->arena, gap->part),
		.from_us = gap->from_us,
		.to_us = gap->to_us,
		.kind = (int)gap->kind,
		.told = told,
		.reason = arena_str(&job->arena, gap->reason) };
}

static void set_alert(struct watchdog *w, struct job *job, const struct notice *notice)
{
	struct notice kept = *notice;
	kept.reason = arena_str(&job->arena, notice->reason);
	job->alert = notice_alert(
		&kept, (enum severity)w->config->watchdog.severity, w->host.wall_us(), &job->arena);
}

static int write_job(struct watchdog *w, const struct job *job, bool *added)
{
	int error = 0;
	bool new_alert = false;
	if (job->gap.source.p)
		error = job->drop
			? store_drop_gap(w->store, job->gap.source, job->gap.part, job->gap.from_us)
			: store_put_gap(w->store, &job->gap);
	if (error == -EMSGSIZE)
		error = 0; /* a part with such a name cannot be kept */
	if (!error && job->alert)
		error = store_add_notice(
			w->store, job->alert, w->targets, w->target_count, &new_alert);
	*added = *added || new_alert;
	return error == -EMSGSIZE ? 0 : error;
}

static void in_trouble(struct watchdog *w, int error)
{
	if (!w->error)
		log_warn("cannot write gaps: %s", store_error(w->store));
	w->error = error;
	store_rollback(w->store);
}

/* ---- signs of life ---- */

static bool alive_is_new(const struct dog_lane *l)
{
	return l->flowed && l->source->health.alive_us != l->alive_us;
}

static bool alive_is_due(const struct watchdog *w, const struct dog_lane *l)
{
	return alive_is_new(l) &&
		(w->stopping || l->alive_at_us == 0 ||
			w->host.monotonic_us() - l->alive_at_us >= ALIVE_INTERVAL_US);
}

static int put_source(struct watchdog *w, struct dog_lane *l)
{
	const struct source_health *h = &l->source->health;
	const int64_t now_us = w->host.monotonic_us();
	struct buf silence;
	buf_init(&silence, SOURCE_SILENCE_BYTES);
	source_silence_format(&h->silence, now_us, &silence);
	const struct store_source kept = { .alive_us = w->host.wall_us() - (now_us - h->alive_us),
		.last_record_us = l->last_record_us,
		.silence = silence.full ? STR_NONE : buf_str(&silence) };
	const int error = store_put_source(w->store, l->source->name, &kept);
	buf_finish(&silence);
	l->pending_us = h->alive_us;
	return error == -EMSGSIZE ? 0 : error;
}

static int add_alive(struct watchdog *w, bool only_due)
{
	int error = 0;
	for (size_t i = 0; !error && i < w->lane_count; i++) {
		struct dog_lane *l = &w->lanes[i];
		l->pending_us = 0;
		if (only_due ? alive_is_due(w, l) : alive_is_new(l))
			error = put_source(w, l);
	}
	return error;
}

int watchdog_add_alive(struct watchdog *w)
{
	return add_alive(w, true);
}

void watchdog_alive_written(struct watchdog *w)
{
	const int64_t now_us = w->host.monotonic_us();
	for (size_t i = 0; i < w->lane_count; i++) {
		struct dog_lane *l = &w->lanes[i];
		if (!l->pending_us)
			continue;
		l->alive_us = l->pending_us;
		l->alive_at_us = now_us;
		l->pending_us = 0;
	}
}

/* How often a sign of life is worth a write of its own: of sources that lose what they do not see
 * at once, of the others for what is learned of their silences. */
static int64_t own_interval_us(const struct dog_lane *l)
{
	return l->source->resume == SOURCE_LOSES ? ALIVE_INTERVAL_US : LEARNED_INTERVAL_US;
}

/* INT64_MAX: there is nothing to write, and none will come. */
static int64_t own_write_in_us(const struct watchdog *w, const struct dog_lane *l)
{
	if (!alive_is_new(l) && !source_flows(l->source))
		return INT64_MAX;
	if (alive_is_new(l) && (w->stopping || !l->alive_at_us))
		return 0;
	const int64_t left_us = l->alive_at_us + own_interval_us(l) - w->host.monotonic_us();
	/* Without news it is looked at again. */
	return alive_is_new(l) || left_us > 0 ? left_us : own_interval_us(l);
}

static void write_alive(struct watchdog *w)
{
	bool any = false;
	for (size_t i = 0; i < w->lane_count; i++)
		any = any || own_write_in_us(w, &w->lanes[i]) <= 0;
	if (!any)
		return;
	int error = store_begin(w->store);
	if (!error)
		error = watchdog_add_alive(w);
	if (!error)
		error = store_commit(w->store);
	if (error)
		in_trouble(w, error);
	else
		watchdog_alive_written(w);
}

/* ---- writing ---- */

static void flush(struct watchdog *w)
{
	bool added = false;
	if (w->job_count == 0)
		return;
	int error = store_begin(w->store);
	for (size_t i = 0; !error && i < w->job_count; i++)
		error = write_job(w, w->jobs[i], &added);
	/* A gap that ended must not begin again at a sign of life from before it. */
	if (!error)
		error = add_alive(w, false);
	if (!error)
		error = store_commit(w->store);
	if (error) {
		in_trouble(w, error);
		return;
	}
	w->error = 0;
	watchdog_alive_written(w);
	for (size_t i = 0; i < w->job_count; i++)
		job_destroy(w->jobs[i]);
	w->job_count = 0;
	if (added)
		w->host.alerts_added(w->host.ctx);
}

/* ---- who is told ---- */

static void list_targets(struct watchdog *w)
{
	const struct config *c = w->config;
	const struct str_list named = c->watchdog.notify.items ? c->watchdog.notify : c->notify;
	w->target_count = named.items ? named.count : notifiers_count(c->notifiers);
	w->targets = mem_zero(w->target_count + 1, sizeof *w->targets);
	for (size_t i = 0; i < w->target_count; i++)
		w->targets[i] = named.items ? named.items[i] : notifiers_at(c->notifiers, i)->name;
}

static void tell_blind(struct watchdog *w, struct dog_lane *l)
{
	struct job *job = add_job(w);
	const struct source *s = l->source;
	const struct source_gap gap = { .from_us = l->open_from_us,
		.kind = s->resume == SOURCE_LOSES ? SOURCE_GAP_LOST : SOURCE_GAP_REFILLED };
	set_gap(job, s, &gap, true);
	set_alert(w, job,
		&(struct notice){ .kind = NOTICE_BLIND,
			.source = s->name,
			.from_us = gap.from_us,
			.lost = gap.kind == SOURCE_GAP_LOST,
			.reason = buf_str(&l->reason) });
	l->told = true;
}

/* When an alert about its blindness is due, by the wall clock. */
static int64_t tell_at_us(const struct watchdog *w, const struct dog_lane *l)
{
	if (!w->config->watchdog.asked || !l->open || l->told ||
		l->source->state == SOURCE_CATCHING_UP)
		return INT64_MAX;
	return l->open_from_us + w->config->watchdog.blind_after_us;
}

/* ---- silence ---- */

/* -1: no silence is too long. */
static int64_t silence_limit_us(const struct watchdog *w, const struct source *s)
{
	if (s->absent_us >= 0)
		return s->absent_us ? s->absent_us : -1;
	return source_silence_limit_us(
		&s->health.silence, w->host.monotonic_us(), w->host.wall_us());
}

/* When it is to be looked at, by the monotonic clock. */
static int64_t absent_at_us(const struct watchdog *w, const struct dog_lane *l)
{
	const struct source *s = l->source;
	if (l->absent || s->absent_us == 0 || s->state != SOURCE_LIVE ||
		s->health.silence.last_us == 0)
		return INT64_MAX;
	const int64_t limit_us = silence_limit_us(w, s);
	return limit_us < 0 ? w->host.monotonic_us() + LEARNED_LOOK_US
			    : s->health.silence.last_us + limit_us;
}

static void tell_absent(struct watchdog *w, struct dog_lane *l)
{
	const struct source *s = l->source;
	struct buf silence;
	buf_init(&silence, 64);
	notice_duration(w->host.monotonic_us() - s->health.silence.last_us, &silence);
	log_warn("source '%.*s': nothing came for %.*s, longer than it should be",
		STR_ARGS(s->name), STR_ARGS(buf_str(&silence)));
	buf_finish(&silence);
	l->absent = true;
	l->absent_from_us = l->last_record_us;
	if (w->config->watchdog.asked)
		set_alert(w, add_job(w),
			&(struct notice){ .kind = NOTICE_ABSENT,
				.source = s->name,
				.from_us = l->absent_from_us });
}

void watchdog_saw(struct watchdog *w, const struct source *s)
{
	struct dog_lane *l = lane_of(w, s);
	l->last_record_us = w->host.wall_us();
	if (l->absent) {
		l->absent = false;
		log_info("source '%.*s': posts come again", STR_ARGS(s->name));
		if (w->config->watchdog.asked)
			set_alert(w, add_job(w),
				&(struct notice){ .kind = NOTICE_BRINGS,
					.source = s->name,
					.from_us = l->absent_from_us,
					.to_us = l->last_record_us });
		timer_start(w->timer, 0);
	}
	if (!timer_running(w->timer) && !w->stopping)
		timer_start(w->timer, ALIVE_INTERVAL_US);
}

/* ---- when ---- */

static void arm(struct watchdog *w)
{
	if (w->stopping)
		return;
	const int64_t now_us = w->host.monotonic_us(), wall_us = w->host.wall_us();
	int64_t wait_us = w->job_count || w->error ? RETRY_US : INT64_MAX;
	for (size_t i = 0; i < w->lane_count; i++) {
		const struct dog_lane *l = &w->lanes[i];
		const int64_t tell_us = tell_at_us(w, l), absent_us = absent_at_us(w, l);
		if (tell_us != INT64_MAX && tell_us - wall_us < wait_us)
			wait_us = tell_us - wall_us;
		if (absent_us != INT64_MAX && absent_us - now_us < wait_us)
			wait_us = absent_us - now_us;
		const int64_t alive_us = own_write_in_us(w, l);
		if (alive_us < wait_us)
			wait_us = alive_us;
	}
	if (wait_us != INT64_MAX)
		timer_start(w->timer, wait_us > LEAST_WAIT_US ? wait_us : LEAST_WAIT_US);
}

static void on_timer(void *ctx)
{
	struct watchdog *w = ctx;
	/* Not where it happened, since that may be in the middle of a source's work. */
	if (w->error)
		w->host.store_trouble(w->host.ctx, w->error);
	if (w->stopping)
		return;
	for (size_t i = 0; i < w->lane_count; i++) {
		struct dog_lane *l = &w->lanes[i];
		if (tell_at_us(w, l) <= w->host.wall_us())
			tell_blind(w, l);
		if (absent_at_us(w, l) <= w->host.monotonic_us())
			tell_absent(w, l);
	}
	flush(w);
	write_alive(w);
	arm(w);
}

/* ---- gaps ---- */

static void open_gap(struct watchdog *w, struct dog_lane *l, const struct source_gap *gap)
{
	l->open = true;
	l->told = false;
	l->open_from_us = gap->from_us;
	buf_clear(&l->reason);
	buf_add(&l->reason, gap->reason);
	set_gap(add_job(w), l->source, gap, false);
}

static void end_gap(struct watchdog *w, struct dog_lane *l, const struct source_gap *gap)
{
	const bool own = l->open && !gap->part.n && gap->from_us == l->open_from_us;
	const bool was_told = own && l->told, lost = gap->kind == SOURCE_GAP_LOST;
	const int64_t length_us = gap->to_us - gap->from_us;
	const bool tell = w->config->watchdog.asked &&
		(was_told || (lost && length_us >= w->config->watchdog.blind_after_us));
	if (gap->kind != SOURCE_GAP_REFILLED)
		l->gap_count++;
	if (lost)
		l->lost_us += length_us;
	/* What a type finds has a reason; the end of blindness has none of its own. */
	if (own || !gap->reason.p)
		l->blind_us += length_us;
	if (own)
		l->open = false;
	if (gap->kind == SOURCE_GAP_REFILLED && !was_told && !own)
		return;
	struct job *job = add_job(w);
	set_gap(job, l->source, gap, tell);
	/* What was short and is whole again is nothing to remember. */
	job->drop = gap->kind == SOURCE_GAP_REFILLED && !was_told;
	if (tell)
		set_alert(w, job,
			&(struct notice){ .kind = NOTICE_SEES,
				.source = l->source->name,
				.from_us = gap->from_us,
				.to_us = gap->to_us,
				.lost = lost,
				.reason = own ? buf_str(&l->reason) : gap->reason });
}

void watchdog_gap(struct watchdog *w, const struct source *s, const struct source_gap *gap)
{
	struct dog_lane *l = lane_of(w, s);
	if (gap->to_us == 0)
		open_gap(w, l, gap);
	else
		end_gap(w, l, gap);
	flush(w);
	arm(w);
}

void watchdog_state(struct watchdog *w, const struct source *s)
{
	struct dog_lane *l = lane_of(w, s);
	l->flowed = l->flowed || source_flows(s);
	if (s->state != SOURCE_LIVE)
		l->absent = false;
	arm(w);
}

struct source_memory watchdog_memory(struct watchdog *w, const struct source *s)
{
	struct dog_lane *l = lane_of(w, s);
	struct store_source kept;
	if (store_source(w->store, s->name, &w->arena, &kept) != 0) {
		log_warn("source '%.*s': cannot read what is known of it: %s", STR_ARGS(s->name),
			store_error(w->store));
		return (struct source_memory){ 0 };
	}
	l->last_record_us = kept.last_record_us;
	return (struct source_memory){ .alive_us = kept.alive_us,
		.blind_since_us = l->open ? l->open_from_us : 0,
		.silence = kept.silence };
}

/* ---- life ---- */

struct watchdog *watchdog_create(struct config *config, struct store *store, struct loop *loop,
	const struct watchdog_host *host)
{
	struct watchdog *w = mem_zero(1, sizeof *w);
	w->config = config;
	w->store = store;
	w->host = *host;
	w->timer = timer_create_on(loop, on_timer, w);
	w->lane_count = sources_count(config->sources);
	w->lanes = mem_zero(w->lane_count + 1, sizeof *w->lanes);
	for (size_t i = 0; i < w->lane_count; i++) {
		w->lanes[i].source = sources_at(config->sources, i);
		buf_init(&w->lanes[i].reason, STORE_MAX_MESSAGE_BYTES);
	}
	arena_init(&w->arena, 0);
	list_targets(w);
	return w;
}

void watchdog_destroy(struct watchdog *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->job_count; i++)
		job_destroy(w->jobs[i]);
	for (size_t i = 0; i < w->lane_count; i++)
		buf_finish(&w->lanes[i].reason);
	timer_destroy(w->timer);
	arena_finish(&w->arena);
	mem_free(w->targets);
	mem_free(w->lanes);
	mem_free(w);
}

static struct dog_lane *lane_named(struct watchdog *w, struct str name)
{
	for (size_t i = 0; i < w->lane_count; i++)
		if (str_eq(w->lanes[i].source->name, name))
			return &w->lanes[i];
	return NULL;
}

/* A gap that lasted when the daemon ended goes on, or ends if nobody watches that any more. */
static void take_up(struct watchdog *w, const struct store_gap *gap)
{
	struct dog_lane *l = gap->part.n ? NULL : lane_named(w, gap->source);
	if (l && !l->open) {
		l->open = true;
		l->told = gap->told;
		l->open_from_us = gap->from_us;
		buf_add(&l->reason, gap->reason);
		return;
	}
	struct job *job = add_job(w);
	const int64_t now_us = w->host.wall_us();
	job->gap = *gap;
	job->gap.source = arena_str(&job->arena, gap->source);
	job->gap.part = arena_str(&job->arena, gap->part);
	job->gap.reason = STR_NONE; /* it stays */
	job->gap.to_us = now_us > gap->from_us ? now_us : gap->from_us + 1;
}

void watchdog_start(struct watchdog *w)
{
	struct arena arena;
	struct store_gap *gaps = NULL;
	size_t count = 0;
	arena_init(&arena, 0);
	const struct store_gap_filter open = { .open = true, .limit = OPEN_ROWS };
	if (store_gaps(w->store, &open, &arena, &gaps, &count) != 0)
		log_warn("cannot read gaps: %s", store_error(w->store));
	for (size_t i = 0; i < count; i++)
		take_up(w, &gaps[i]);
	arena_finish(&arena);
	flush(w);
}

void watchdog_stop(struct watchdog *w)
{
	w->stopping = true;
	timer_stop(w->timer);
	flush(w);
	write_alive(w);
}

struct watchdog_source watchdog_source(const struct watchdog *w, const struct source *s)
{
	const struct dog_lane *l = lane_of(w, s);
	const int64_t since_us = s->health.blind_since_us,
		      lasts_us = since_us ? w->host.wall_us() - since_us : 0;
	return (struct watchdog_source){ .gap_count = l->gap_count,
		.lost_us = l->lost_us,
		.blind_us = l->blind_us + (lasts_us > 0 ? lasts_us : 0),
		.absent = l->absent,
		.silent_since_us = l->last_record_us };
}
