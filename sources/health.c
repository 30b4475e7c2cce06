#include "sources/health.h"

#include <string.h>

#include "base/clock.h"

/* A source that says nothing for so long while it catches up has nothing old left to say. */
#define QUIET_US (10 * US_PER_S)
#define DATELESS_US US_PER_MINUTE
/* Of some sources all dates are old. */
#define LONGEST_US US_PER_HOUR
/* Clocks of servers differ, and what claims to be of the future proves nothing. */
#define CLOCK_SKEW_US US_PER_MINUTE
#define OLDEST_LAG_US (30 * US_PER_DAY)
#define LEAST_SILENCE_US (5 * US_PER_MINUTE)
#define LEARNING_US US_PER_DAY

enum { NEW_POSTS = 3, LONGEST_DAYS = 7 };

const char *source_gap_kind_name(enum source_gap_kind kind)
{
	static const char *const names[] = { "lost", "possible", "refilled" };
	return names[kind];
}

const char *source_part_state_name(enum source_part_state state)
{
	static const char *const names[] = { "waiting", "well", "failing", "gone" };
	return names[state];
}

/* ---- rate ---- */

static void turn(struct source_rate *r, int64_t now_us)
{
	const int64_t passed_us = now_us - r->minute_us;
	if (r->minute_us && passed_us < US_PER_MINUTE)
		return;
	const bool next = r->minute_us && passed_us < 2 * US_PER_MINUTE;
	r->before = next ? r->count : 0;
	r->count = 0;
	r->minute_us = next ? r->minute_us + US_PER_MINUTE : now_us;
}

void source_rate_add(struct source_rate *r, int64_t now_us, uint64_t records)
{
	turn(r, now_us);
	r->count += records;
}

uint64_t source_rate_per_minute(const struct source_rate *r, int64_t now_us)
{
	struct source_rate as_of_now = *r;
	if (!r->minute_us)
		return 0;
	turn(&as_of_now, now_us);
	const int64_t left_us = US_PER_MINUTE - (now_us - as_of_now.minute_us);
	const double share = (double)left_us / (double)US_PER_MINUTE;
	return as_of_now.count + (uint64_t)((double)as_of_now.before * share + 0.5);
}

/* ---- lag ---- */

void source_lag_add(struct source_lag *l, int64_t created_wall_us, int64_t received_wall_us)
{
	if (created_wall_us <= 0 || received_wall_us <= 0 ||
		received_wall_us - created_wall_us > OLDEST_LAG_US)
		return;
	const int64_t lag_us = received_wall_us - created_wall_us;
	l->samples_us[l->next] = lag_us > 0 ? lag_us : 0;
	l->next = (l->next + 1) % SOURCE_LAG_POSTS;
	if (l->count < SOURCE_LAG_POSTS)
		l->count++;
}

int64_t source_lag_us(const struct source_lag *l)
{
	int64_t sorted[SOURCE_LAG_POSTS];
	if (l->count == 0)
		return -1;
	for (unsigned i = 0; i < l->count; i++) {
		unsigned k = i;
		for (; k > 0 && sorted[k - 1] > l->samples_us[i]; k--)
			sorted[k] = sorted[k - 1];
		sorted[k] = l->samples_us[i];
	}
	return sorted[l->count / 2];
}

/* ---- silence ---- */

static void count_watched(struct source_silence *s, int64_t now_us)
{
	if (s->last_us)
		s->watched_us += now_us - s->counted_us;
	s->counted_us = now_us;
}

void source_silence_begin(struct source_silence *s, int64_t now_us)
{
	if (s->last_us)
		return;
	s->last_us = s->counted_us = now_us;
}

static void learn(struct source_silence *s, int64_t silence_us, int64_t wall_us)
{
	const int64_t day = wall_us / US_PER_DAY;
	const size_t slot = (size_t)(day % SOURCE_SILENCE_DAYS);
	if (s->days[slot].day != day) {
		s->days[slot].day = day;
		s->days[slot].longest_us = 0;
	}
	if (silence_us > s->days[slot].longest_us)
		s->days[slot].longest_us = silence_us;
}

void source_silence_record(struct source_silence *s, int64_t now_us, int64_t wall_us)
{
	if (!s->last_us)
		return;
	count_watched(s, now_us);
	/* Of a silence whose beginning was not seen this is the least that it lasted. */
	learn(s, now_us - s->last_us, wall_us);
	s->last_us = now_us;
}

void source_silence_end(struct source_silence *s, int64_t now_us)
{
	count_watched(s, now_us);
	s->last_us = 0;
}

int64_t source_silence_longest_us(const struct source_silence *s, int64_t wall_us)
{
	const int64_t today = wall_us / US_PER_DAY;
	int64_t longest_us = 0;
	for (size_t i = 0; i < SOURCE_SILENCE_DAYS; i++)
		if (s->days[i].day > today - LONGEST_DAYS && s->days[i].day <= today &&
			s->days[i].longest_us > longest_us)
			longest_us = s->days[i].longest_us;
	return longest_us;
}

int64_t source_silence_limit_us(const struct source_silence *s, int64_t now_us, int64_t wall_us)
{
	const int64_t watched_us = s->watched_us + (s->last_us ? now_us - s->counted_us : 0);
	const int64_t twice_us = 2 * source_silence_longest_us(s, wall_us);
	/* A source that never brought anything has not been silent: it is as it always was. */
	if (watched_us < LEARNING_US || twice_us == 0)
		return -1;
	return twice_us > LEAST_SILENCE_US ? twice_us : LEAST_SILENCE_US;
}

/* WATCHED_S DAY:LONGEST_MS ... */
void source_silence_format(const struct source_silence *s, int64_t now_us, struct buf *out)
{
	const int64_t watched_us = s->watched_us + (s->last_us ? now_us - s->counted_us : 0);
	buf_addf(out, "%lld", (long long)(watched_us / US_PER_S));
	for (size_t i = 0; i < SOURCE_SILENCE_DAYS; i++)
		if (s->days[i].longest_us)
			buf_addf(out, " %lld:%lld", (long long)s->days[i].day,
				(long long)(s->days[i].longest_us / US_PER_MS));
}

/* A number of up to twelve digits, off the front. */
static bool take_number(struct str *text, int64_t *number)
{
	int64_t value = 0;
	size_t n = 0;
	for (; n < text->n && n < 12 && text->p[n] >= '0' && text->p[n] <= '9'; n++)
		value = 10 * value + (text->p[n] - '0');
	*text = str_slice(*text, n, text->n);
	*number = value;
	return n > 0;
}

void source_silence_parse(struct source_silence *s, struct str text)
{
	struct source_silence read = { 0 };
	struct str word;
	int64_t day, longest_ms;
	if (!str_next(&text, ' ', &word) || !take_number(&word, &read.watched_us) || word.n)
		return;
	read.watched_us *= US_PER_S;
	while (str_next(&text, ' ', &word)) {
		if (!take_number(&word, &day) || !str_starts(word, STR(":")))
			return;
		word = str_slice(word, 1, word.n);
		if (!take_number(&word, &longest_ms) || word.n)
			return;
		const size_t slot = (size_t)(day % SOURCE_SILENCE_DAYS);
		read.days[slot].day = day;
		read.days[slot].longest_us = longest_ms * US_PER_MS;
	}
	s->watched_us = read.watched_us;
	memcpy(s->days, read.days, sizeof s->days);
}

/* ---- sight ---- */

/* Since when it does not see what it did not see before this run. */
static void remember_before(struct source_health *h, enum source_resume resume)
{
	if (h->blind_since_us == 0 && resume != SOURCE_KEEPS && !h->seen)
		h->blind_since_us = h->before_us;
	h->seen = true;
}

bool source_health_lost(struct source_health *h, enum source_resume resume, struct str reason,
	int64_t now_us, int64_t wall_us, struct source_gap *gap)
{
	source_silence_end(&h->silence, now_us);
	h->back_us = 0;
	const bool told = h->blind_since_us != 0;
	remember_before(h, resume);
	if (told || wall_us <= 0)
		return false;
	/* What waits to be fetched is quiet for hours; a stream would have told. */
	const int64_t unseen_us = resume == SOURCE_KEEPS || !h->alive_us ? 0 : now_us - h->alive_us;
	if (h->blind_since_us == 0)
		h->blind_since_us = wall_us - (unseen_us > 0 ? unseen_us : 0);
	*gap = (struct source_gap){ .from_us = h->blind_since_us,
		.kind = resume == SOURCE_LOSES ? SOURCE_GAP_LOST : SOURCE_GAP_REFILLED,
		.reason = reason };
	return true;
}

static struct source_gap end_gap(
	struct source_health *h, int64_t to_wall_us, enum source_gap_kind kind)
{
	const int64_t from_us = h->blind_since_us;
	h->blind_since_us = 0;
	/* Clocks are set back: a gap ends no earlier than it begins. */
	return (struct source_gap){ .from_us = from_us,
		.to_us = to_wall_us > from_us ? to_wall_us : from_us + 1,
		.kind = kind };
}

bool source_health_back(struct source_health *h, enum source_resume resume, int64_t now_us,
	int64_t wall_us, struct source_gap *gap)
{
	remember_before(h, resume);
	h->alive_us = h->brought_us = h->flows_us = h->dated_us = now_us;
	h->new_count = 0;
	if (h->blind_since_us && (resume == SOURCE_REPLAYS || resume == SOURCE_REFILLS)) {
		const int64_t lag_us = source_lag_us(&h->lag);
		h->back_us = wall_us;
		h->by_word = resume == SOURCE_REFILLS;
		h->usual_lag_us = lag_us > 0 ? lag_us : 0;
		return false;
	}
	source_silence_begin(&h->silence, now_us);
	if (h->blind_since_us == 0)
		return false;
	*gap = end_gap(h, wall_us, resume == SOURCE_LOSES ? SOURCE_GAP_LOST : SOURCE_GAP_REFILLED);
	return true;
}

int64_t source_health_quiet_us(const struct source_health *h, int64_t now_us)
{
	const int64_t ends_us[] = { h->brought_us + QUIET_US, h->dated_us + DATELESS_US,
		h->flows_us + LONGEST_US };
	int64_t left_us = LONGEST_US;
	if (h->by_word)
		return left_us;
	for (size_t i = 0; i < sizeof ends_us / sizeof *ends_us; i++)
		if (ends_us[i] - now_us < left_us)
			left_us = ends_us[i] - now_us;
	return left_us > 0 ? left_us : 0;
}

bool source_health_caught_up(struct source_health *h, int64_t now_us, struct source_gap *gap)
{
	if (h->back_us == 0)
		return false;
	*gap = end_gap(h, h->back_us, SOURCE_GAP_REFILLED);
	h->back_us = 0;
	source_silence_begin(&h->silence, now_us);
	return true;
}

bool source_health_saw(struct source_health *h, uint64_t records, int64_t created_wall_us,
	int64_t now_us, int64_t wall_us)
{
	if (records == 0)
		return false;
	h->brought_us = now_us;
	h->last_record_us = wall_us;
	source_rate_add(&h->rate, now_us, records);
	source_silence_record(&h->silence, now_us, wall_us);
	if (created_wall_us <= 0)
		return false;
	source_lag_add(&h->lag, created_wall_us, wall_us);
	h->dated_us = now_us;
	if (created_wall_us > wall_us + CLOCK_SKEW_US)
		return false;
	if (created_wall_us > h->last_post_us)
		h->last_post_us = created_wall_us;
	h->new_count = created_wall_us >= h->back_us - h->usual_lag_us ? h->new_count + 1 : 0;
	return h->back_us && !h->by_word && h->new_count >= NEW_POSTS;
}
