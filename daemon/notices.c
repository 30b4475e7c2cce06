#include "daemon/notices.h"

#include <assert.h>
#include <time.h>

#include "base/clock.h"

static struct tm local_of(int64_t wall_us)
{
	const time_t seconds = (time_t)(wall_us / US_PER_S);
	struct tm local = { 0 };
	(void)localtime_r(&seconds, &local); /* else all zero */
	return local;
}

void notice_time(int64_t wall_us, int64_t now_wall_us, bool seconds, struct buf *out)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec" };
	const struct tm at = local_of(wall_us), now = local_of(now_wall_us);
	if (at.tm_year != now.tm_year || at.tm_yday != now.tm_yday)
		buf_addf(out, "%d %s ", at.tm_mday, months[at.tm_mon]);
	buf_addf(out, "%02d:%02d", at.tm_hour, at.tm_min);
	if (seconds)
		buf_addf(out, ":%02d", at.tm_sec);
}

void notice_duration(int64_t us, struct buf *out)
{
	if (us < 2 * US_PER_MINUTE)
		buf_addf(out, "%d s", (int)(us / US_PER_S));
	else if (us < 2 * US_PER_HOUR)
		buf_addf(out, "%d min", (int)(us / US_PER_MINUTE));
	else if (us < 2 * US_PER_DAY)
		buf_addf(out, "%d h", (int)(us / US_PER_HOUR));
	else
		buf_addf(out, "%d d", (int)(us / US_PER_DAY));
}

static void add_span(struct buf *out, const struct notice *n, int64_t now_us)
{
	const bool seconds = n->to_us - n->from_us < 2 * US_PER_MINUTE;
	notice_time(n->from_us, now_us, seconds, out);
	buf_add(out, STR(" to "));
	notice_time(n->to_us, now_us, seconds, out);
}

static void add_title(struct buf *out, const struct notice *n, int64_t now_us)
{
	switch (n->kind) {
	case NOTICE_BLIND:
		buf_addf(out, "vigie is blind on %.*s since ", STR_ARGS(n->source));
		notice_time(n->from_us, now_us, false, out);
		break;
	case NOTICE_SEES:
		buf_add(out, STR("blind "));
		add_span(out, n, now_us);
		buf_addf(out, " on %.*s", STR_ARGS(n->source));
		break;
	case NOTICE_ABSENT:
		buf_addf(out, "%.*s is silent", STR_ARGS(n->source));
		if (n->from_us) {
			buf_add(out, STR(" since "));
			notice_time(n->from_us, now_us, false, out);
		}
		break;
	case NOTICE_BRINGS:
		buf_addf(out, "%.*s brings posts again", STR_ARGS(n->source));
		break;
	}
}

static void add_text(struct buf *out, const struct notice *n)
{
	switch (n->kind) {
	case NOTICE_BLIND:
		if (n->reason.n)
			buf_addf(out, "The reason: %.*s. ", STR_ARGS(n->reason));
		buf_add(out,
			n->lost ? STR("What passes meanwhile cannot be fetched later.")
				: STR("What passes meanwhile is to be fetched afterwards."));
		break;
	case NOTICE_SEES:
		buf_add(out, STR("It was blind for "));
		notice_duration(n->to_us - n->from_us, out);
		buf_add(out,
			n->lost ? STR(". What passed meanwhile is missing.")
				: STR(". What passed meanwhile was fetched afterwards."));
		if (n->reason.n)
			buf_addf(out, " The reason: %.*s.", STR_ARGS(n->reason));
		break;
	case NOTICE_ABSENT:
		buf_add(out,
			STR("The connection stands, but nothing came for longer than it "
			    "should be."));
		break;
	case NOTICE_BRINGS:
		if (n->from_us) {
			buf_add(out, STR("It was silent for "));
			notice_duration(n->to_us - n->from_us, out);
			buf_add_char(out, '.');
		}
		break;
	}
}

static const char *kind_name(enum notice_kind kind)
{
	static const char *const names[] = { "blind", "sees", "absent", "brings" };
	return names[kind];
}

struct alert *notice_alert(
	const struct notice *notice, enum severity severity, int64_t wall_us, struct arena *arena)
{
	struct post *post = arena_zero(arena, 1, sizeof *post);
	struct alert *alert = arena_zero(arena, 1, sizeof *alert);
	struct buf title, text;
	buf_init(&title, 0);
	buf_init(&text, 0);
	add_title(&title, notice, wall_us);
	add_text(&text, notice);
	*post = post_empty();
	post->id = arena_format(
		arena, "%s:%lld", kind_name(notice->kind), (long long)notice->from_us);
	post->source = notice->source;
	post->title = arena_str(arena, buf_str(&title));
	post->text = arena_str(arena, buf_str(&text));
	post->created_at_us = post->received_at_us = wall_us;
	buf_finish(&title);
	buf_finish(&text);
	*alert = (struct alert){ .created_at_us = wall_us,
		.match = { .rule = NOTICE_RULE,
			.about = notice->source,
			.severity = severity,
			.post = post } };
	alert_id(&alert->match, alert->id);
	return alert;
}
