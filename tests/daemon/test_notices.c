#define _GNU_SOURCE
#include "tests/check.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "daemon/notices.h"

/* 2026-11-22 13:02:00 UTC, an hour later in Paris. */
#define AT (INT64_C(1795352520) * US_PER_S)

static int setup(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Paris", 1);
	tzset();
	return 0;
}

static void check(const struct notice *notice, int64_t wall_us, const char *title, const char *text)
{
	struct arena arena;
	arena_init(&arena, 0);
	const struct alert *alert = notice_alert(notice, SEVERITY_CRITICAL, wall_us, &arena);
	check_str(alert->match.post->title, str_of(title));
	check_str(alert->match.post->text, str_of(text));
	check_str(alert->match.rule, STR("watchdog"));
	check_str(alert->match.post->source, notice->source);
	assert_int_equal(alert->match.severity, SEVERITY_CRITICAL);
	assert_int_equal(alert->created_at_us, wall_us);
	arena_finish(&arena);
}

static void times_are_those_of_the_clock_on_the_wall(void **state)
{
	(void)state;
	struct notice n = { .kind = NOTICE_BLIND,
		.source = STR("mastodon.social"),
		.from_us = AT,
		.lost = true,
		.reason = STR("connection lost") };
	check(&n, AT + US_PER_MINUTE, "vigie is blind on mastodon.social since 14:02",
		"The reason: connection lost. What passes meanwhile cannot be fetched later.");
	n.lost = false;
	n.reason = STR_NONE;
	check(&n, AT + US_PER_DAY, "vigie is blind on mastodon.social since 22 Nov 14:02",
		"What passes meanwhile is to be fetched afterwards.");
}

static void the_end_tells_from_when_to_when_and_whether_posts_are_missing(void **state)
{
	(void)state;
	struct notice n = { .kind = NOTICE_SEES,
		.source = STR("mastodon.social"),
		.from_us = AT,
		.to_us = AT + 7 * US_PER_MINUTE,
		.lost = true };
	check(&n, AT + 8 * US_PER_MINUTE, "blind 14:02 to 14:09 on mastodon.social",
		"It was blind for 7 min. What passed meanwhile is missing.");
	n.reason = STR("connection lost");
	check(&n, AT + 8 * US_PER_MINUTE, "blind 14:02 to 14:09 on mastodon.social",
		"It was blind for 7 min. What passed meanwhile is missing. "
		"The reason: connection lost.");
	n.reason = STR_NONE;
	n.to_us = AT + 9 * US_PER_S;
	n.lost = false;
	check(&n, AT + US_PER_MINUTE, "blind 14:02:00 to 14:02:09 on mastodon.social",
		"It was blind for 9 s. What passed meanwhile was fetched afterwards.");
	n.from_us = AT - 3 * US_PER_DAY;
	check(&n, AT + US_PER_MINUTE, "blind 19 Nov 14:02 to 14:02 on mastodon.social",
		"It was blind for 3 d. What passed meanwhile was fetched afterwards.");
}

static void silence_and_its_end_are_told_also_without_a_beginning(void **state)
{
	(void)state;
	struct notice n = { .kind = NOTICE_ABSENT, .source = STR("a"), .from_us = AT };
	check(&n, AT + US_PER_HOUR, "a is silent since 14:02",
		"The connection stands, but nothing came for longer than it should be.");
	n.from_us = 0;
	check(&n, AT, "a is silent",
		"The connection stands, but nothing came for longer than it should be.");
	n.kind = NOTICE_BRINGS;
	n.to_us = AT;
	check(&n, AT, "a brings posts again", "");
	n.from_us = AT - 3 * US_PER_HOUR;
	check(&n, AT, "a brings posts again", "It was silent for 3 h.");
}

static void id_of(const struct notice *notice, int64_t wall_us, char out[ALERT_ID_BYTES])
{
	struct arena arena;
	arena_init(&arena, 0);
	const struct alert *alert = notice_alert(notice, SEVERITY_LOW, wall_us, &arena);
	memcpy(out, alert->id, ALERT_ID_BYTES);
	arena_finish(&arena);
}

static void the_same_is_told_under_the_same_id_whenever_it_is(void **state)
{
	(void)state;
	char first[ALERT_ID_BYTES], other[ALERT_ID_BYTES];
	struct notice n = { .kind = NOTICE_BLIND, .source = STR("a"), .from_us = AT };
	id_of(&n, AT + 1, first);
	n.reason = STR("another");
	id_of(&n, AT + US_PER_DAY, other);
	assert_string_equal(first, other);
	n.kind = NOTICE_SEES;
	n.to_us = AT + US_PER_S;
	id_of(&n, AT + 1, other);
	assert_string_not_equal(first, other);
	n.kind = NOTICE_BLIND;
	n.from_us++;
	id_of(&n, AT + 1, other);
	assert_string_not_equal(first, other);
	n.from_us--;
	n.source = STR("b");
	id_of(&n, AT + 1, other);
	assert_string_not_equal(first, other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_those_of_the_clock_on_the_wall),
		cmocka_unit_test(the_end_tells_from_when_to_when_and_whether_posts_are_missing),
		cmocka_unit_test(silence_and_its_end_are_told_also_without_a_beginning),
		cmocka_unit_test(the_same_is_told_under_the_same_id_whenever_it_is),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
