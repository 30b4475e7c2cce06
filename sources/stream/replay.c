#include "sources/stream/replay.h"

#include "base/clock.h"

/* Nothing was written before that, so a smaller number is no time. */
#define EARLIEST_US (INT64_C(1262304000) * US_PER_S) /* 2010 */
/* Events come in about the order of their time. */
#define DISORDER_US US_PER_MINUTE

static int64_t time_of(const struct source *s, struct str value)
{
	int64_t us;
	const int64_t now_us = s->host->wall_us ? s->host->wall_us() : 0;
	if (!time_parse(value, &us) || us < EARLIEST_US || us > now_us + US_PER_DAY)
		return 0;
	return us;
}

void replay_start(struct replay *r, const struct source *s, struct str cursor)
{
	*r = (struct replay){ .asked_us = cursor.n ? time_of(s, cursor) : 0 };
}

/* A quiet stream has such pauses. Without any experience nobody can tell. */
static void judge(const struct replay *r, struct source *s, int64_t first_us)
{
	const int64_t pause_us = first_us - r->asked_us,
		      longest_us = source_silence_longest_us(
			      &s->health.silence, s->host->wall_us());
	if (pause_us <= DISORDER_US || pause_us <= 2 * longest_us)
		return;
	const struct source_gap gap = { .from_us = r->asked_us,
		.to_us = first_us,
		.kind = longest_us ? SOURCE_GAP_LOST : SOURCE_GAP_POSSIBLE,
		.reason = longest_us
			? STR("the server does not go back as far as it was asked to")
			: STR("the server may not go back as far as it was asked to") };
	source_gap(s, &gap);
}

static int64_t first_time(const struct source *s, const struct json_paths *path, struct str records)
{
	struct buf value;
	struct str line;
	int64_t us = 0;
	buf_init(&value, RESUME_MAX_BYTES);
	while (us == 0 && str_next(&records, '\n', &line)) {
		buf_clear(&value);
		resume_value(path, line, &value);
		us = time_of(s, buf_str(&value));
	}
	buf_finish(&value);
	return us;
}

void replay_saw(struct replay *r, struct source *s, const struct json_paths *path,
	struct str records, struct str cursor)
{
	if (s->state != SOURCE_CATCHING_UP || r->asked_us == 0)
		return;
	if (!r->looked) {
		const int64_t first_us = first_time(s, path, records);
		r->looked = first_us != 0;
		if (first_us)
			judge(r, s, first_us);
	}
	if (time_of(s, cursor) >= s->health.back_us)
		source_caught_up(s);
}
