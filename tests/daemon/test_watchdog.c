/* The watchdog by clocks that are passed in, on a real store. */
#define _GNU_SOURCE
#include "tests/check.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/watchdog.h"
#include "store/sql.h"

#define WALL INT64_C(1795352520000000)
#define MONO (1000 * US_PER_S)

static int64_t passed_us; /* since the beginning of the test, by both clocks */

static int64_t wall_us(void)
{
	return WALL + passed_us;
}

static int64_t monotonic_us(void)
{
	return MONO + passed_us;
}

struct bench {
	char folder[64], config_path[96], store_path[96];
	struct config *config;
	struct store *store;
	struct loop *loop;
	struct watchdog *watchdog;
	size_t alerts_added, troubles;
};

static void on_alerts(void *ctx)
{
	((struct bench *)ctx)->alerts_added++;
}

static void on_trouble(void *ctx, int error)
{
	(void)error;
	((struct bench *)ctx)->troubles++;
}

static void open_all(struct bench *b)
{
	struct diag *diag = diag_create();
	struct buf message;
	b->config = config_load(b->config_path, diag);
	assert_false(diag_failed(diag));
	diag_destroy(diag);
	buf_init(&message, 1000);
	b->store = store_open(b->store_path, STORE_OWN, &message);
	assert_non_null(b->store);
	buf_finish(&message);
	b->loop = loop_create();
	b->watchdog = watchdog_create(b->config, b->store, b->loop,
		&(struct watchdog_host){ wall_us, monotonic_us, on_alerts, on_trouble, b });
	watchdog_start(b->watchdog);
}

/* As after kill -9. */
static void close_all(struct bench *b)
{
	watchdog_destroy(b->watchdog);
	loop_destroy(b->loop);
	store_close(b->store);
	config_destroy(b->config);
}

static void write_config(struct bench *b, const char *text)
{
	FILE *file = fopen(b->config_path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

#define CONFIG                                                            \
	"sources:\n"                                                      \
	"  s: { type: http, url: 'https://example.org/', absent: 10s }\n" \
	"notifiers: { n: { type: print } }\n"                             \
	"rules: [{ name: r, any: x }]\n"                                  \
	"watchdog: { blind_after: 1m }\n"

static void open_bench(struct bench *b)
{
	*b = (struct bench){ .folder = "/tmp/vigie-watchdog-XXXXXX" };
	assert_non_null(mkdtemp(b->folder));
	(void)snprintf(b->config_path, sizeof b->config_path, "%s/v.yaml", b->folder);
	(void)snprintf(b->store_path, sizeof b->store_path, "%s/v.db", b->folder);
	passed_us = 0;
	write_config(b, CONFIG);
	open_all(b);
}

static void close_bench(struct bench *b)
{
	static const char *const names[] = { "v.yaml", "v.db", "v.db-wal", "v.db-shm", "v.db-lock",
		"v.db.lock" };
	close_all(b);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[160];
		(void)snprintf(path, sizeof path, "%s/%s", b->folder, names[i]);
		(void)unlink(path); /* some are not there */
	}
	assert_int_equal(rmdir(b->folder), 0);
}

static struct source *source_of(struct bench *b)
{
	struct source *s = sources_at(b->config->sources, 0);
	s->resume = SOURCE_LOSES;
	return s;
}

static void gap(struct bench *b, int64_t from_us, int64_t to_us, enum source_gap_kind kind)
{
	const struct source_gap g = { .from_us = from_us,
		.to_us = to_us,
		.kind = kind,
		.reason = to_us ? STR_NONE : STR("connection lost") };
	source_of(b)->health.blind_since_us = to_us ? 0 : from_us;
	source_of(b)->state = to_us ? SOURCE_LIVE : SOURCE_RETRYING;
	watchdog_gap(b->watchdog, source_of(b), &g);
}

static int64_t ask(struct bench *b, const char *sql)
{
	sqlite3_stmt *statement;
	assert_int_equal(sqlite3_prepare_v2(b->store->db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	const int64_t value = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return value;
}

static void stop_loop(void *ctx)
{
	loop_stop(ctx);
}

static void run_for(struct bench *b, int64_t us)
{
	struct timer *timer = timer_create_on(b->loop, stop_loop, b->loop);
	timer_start(timer, us);
	loop_run(b->loop);
	timer_destroy(timer);
}

static void short_blindness_that_lost_nothing_leaves_no_trace(void **state)
{
	struct bench b;
	(void)state;
	open_bench(&b);
	gap(&b, WALL, 0, SOURCE_GAP_REFILLED);
	assert_int_equal(ask(&b, "SELECT count(*) FROM gap WHERE to_at = 0"), 1);
	gap(&b, WALL, WALL + US_PER_S, SOURCE_GAP_REFILLED);
	assert_int_equal(ask(&b, "SELECT count(*) FROM gap"), 0);
	assert_int_equal(b.alerts_added, 0);
	const struct watchdog_source w = watchdog_source(b.watchdog, source_of(&b));
	assert_int_equal(w.gap_count, 0);
	assert_int_equal(w.lost_us, 0);
	assert_int_equal(w.blind_us, US_PER_S);
	close_bench(&b);
}

static void blindness_that_was_told_is_remembered_with_its_end(void **state)
{
	struct bench b;
	(void)state;
	open_bench(&b);
	gap(&b, WALL, 0, SOURCE_GAP_REFILLED);
	passed_us = 59 * US_PER_S;
	watchdog_state(b.watchdog, source_of(&b));
	assert_int_equal(b.alerts_added, 0);
	passed_us = US_PER_MINUTE;
	watchdog_state(b.watchdog, source_of(&b)); /* the timer is due */
	run_for(&b, 50 * US_PER_MS);
	assert_int_equal(b.alerts_added, 1);
	assert_int_equal(ask(&b, "SELECT told FROM gap"), 1);
	gap(&b, WALL, WALL + 2 * US_PER_MINUTE, SOURCE_GAP_REFILLED);
	assert_int_equal(b.alerts_added, 2);
	assert_int_equal(ask(&b, "SELECT kind FROM gap"), SOURCE_GAP_REFILLED);
	assert_int_equal(ask(&b, "SELECT count(*) FROM alert"), 2);
	assert_int_equal(ask(&b, "SELECT count(*) FROM delivery"), 2);
	assert_int_equal(ask(&b, "SELECT count(*) FROM archive"), 0);
	close_bench(&b);
}

static void a_long_gap_known_only_afterwards_is_told_at_its_end_and_a_possible_one_never(
	void **state)
{
	struct bench b;
	(void)state;
	open_bench(&b);
	gap(&b, WALL - US_PER_HOUR, WALL - US_PER_HOUR + US_PER_MINUTE - 1, SOURCE_GAP_LOST);
	assert_int_equal(b.alerts_added, 0);
	gap(&b, WALL - US_PER_MINUTE, WALL, SOURCE_GAP_LOST);
	assert_int_equal(b.alerts_added, 1);
	gap(&b, WALL - 2 * US_PER_HOUR, WALL, SOURCE_GAP_POSSIBLE);
	assert_int_equal(b.alerts_added, 1);
	assert_int_equal(ask(&b, "SELECT count(*) FROM gap"), 3);
	const struct watchdog_source w = watchdog_source(b.watchdog, source_of(&b));
	assert_int_equal(w.gap_count, 3);
	assert_int_equal(w.lost_us, 2 * US_PER_MINUTE - 1);
	close_bench(&b);
}

static void a_gap_that_lasted_at_the_end_goes_on_and_is_not_told_again(void **state)
{
	struct bench b;
	(void)state;
	open_bench(&b);
	gap(&b, WALL, 0, SOURCE_GAP_LOST);
	passed_us = 2 * US_PER_MINUTE;
	watchdog_state(b.watchdog, source_of(&b));
	run_for(&b, 50 * US_PER_MS);
	assert_int_equal(b.alerts_added, 1);
	close_all(&b);
	passed_us = 10 * US_PER_MINUTE;
	open_all(&b);
	const struct source_memory memory = watchdog_memory(b.watchdog, source_of(&b));
	assert_int_equal(memory.blind_since_us, WALL);
	watchdog_state(b.watchdog, source_of(&b));
	run_for(&b, 50 * US_PER_MS);
	assert_int_equal(b.alerts_added, 1);
	gap(&b, WALL, WALL + 11 * US_PER_MINUTE, SOURCE_GAP_LOST);
	assert_int_equal(b.alerts_added, 2);
	assert_int_equal(ask(&b, "SELECT count(*) FROM gap"), 1);
	assert_int_equal(ask(&b, "SELECT to_at FROM gap"), WALL + 11 * US_PER_MINUTE);
	/* The reason is that of its beginning. */
	assert_int_equal(ask(&b, "SELECT reason = 'connection lost' FROM gap"), 1);
	close_bench(&b);
}

static void gaps_of_sources_that_are_no_more_end(void **state)
{
	struct bench b;
	(void)state;
	open_bench(&b);
	gap(&b, WALL, 0, SOURCE_GAP_LOST);
	close_all(&b);
	write_config(&b,
		"sources: { other: { type: http, url: 'https://example.org/' } }\n"
		"rules: [{ name: r, any: x }]\n");
	passed_us = US_PER_HOUR;
	open_all(&b);
	assert_int_equal(ask(&b, "SELECT to_at FROM gap"), WALL + US_PER_HOUR);
	close_bench(&b);
}

static void what_the_store_does_not_take_is_written_later_and_in_order(void **state)
{
	struct bench b;
	sqlite3 *other;
	(void)state;
	open_bench(&b);
	assert_int_equal(sqlite3_open(b.store_path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_busy_timeout(b.store->db, 0);
	log_set_level(LOG_LEVEL_ERROR);
	gap(&b, WALL, 0, SOURCE_GAP_LOST);
	gap(&b, WALL, WALL + US_PER_S, SOURCE_GAP_LOST);
	for (int64_t i = 1; i <= 1100; i++)
		gap(&b, WALL + i * US_PER_S, WALL + i * US_PER_S + 1, SOURCE_GAP_LOST);
	assert_int_equal(ask(&b, "SELECT count(*) FROM gap"), 0);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	run_for(&b, 1200 * US_PER_MS);
	assert_true(b.troubles > 0);
	assert_int_equal(ask(&b, "SELECT count(*) FROM gap"), 1000);
	assert_int_equal(ask(&b, "SELECT max(from_at) FROM gap"), WALL + 1100 * US_PER_S);
	close_bench(&b);
}

static void silence_is_found_once_and_ends_with_the_next_record(void **state)
{
	struct bench b;
	(void)state;
	open_bench(&b);
	struct source *s = source_of(&b);
	s->state = SOURCE_LIVE;
	source_silence_begin(&s->health.silence, monotonic_us());
	watchdog_state(b.watchdog, s);
	passed_us = 9 * US_PER_S;
	watchdog_state(b.watchdog, s);
	run_for(&b, 50 * US_PER_MS);
	assert_false(watchdog_source(b.watchdog, s).absent);
	passed_us = 10 * US_PER_S;
	watchdog_state(b.watchdog, s);
	run_for(&b, 50 * US_PER_MS);
	assert_true(watchdog_source(b.watchdog, s).absent);
	passed_us = 30 * US_PER_S;
	watchdog_state(b.watchdog, s);
	run_for(&b, 50 * US_PER_MS);
	assert_int_equal(b.alerts_added, 1);
	source_silence_record(&s->health.silence, monotonic_us(), wall_us());
	watchdog_saw(b.watchdog, s);
	assert_false(watchdog_source(b.watchdog, s).absent);
	run_for(&b, 50 * US_PER_MS);
	assert_int_equal(b.alerts_added, 2);
	close_bench(&b);
}

static void signs_of_life_are_written_every_five_seconds_at_most(void **state)
{
	struct bench b;
	(void)state;
	open_bench(&b);
	struct source *s = source_of(&b);
	s->state = SOURCE_LIVE;
	int64_t written = 0, before_us = 0;
	for (; passed_us < 60 * US_PER_S; passed_us += US_PER_S) {
		s->health.alive_us = monotonic_us();
		watchdog_state(b.watchdog, s);
		run_for(&b, 15 * US_PER_MS);
		const int64_t alive_us = ask(&b, "SELECT coalesce(max(alive_at), 0) FROM source");
		written += alive_us != before_us;
		before_us = alive_us;
		assert_in_range(wall_us() - alive_us, 0, 6 * US_PER_S);
	}
	assert_in_range(written, 10, 13);
	watchdog_stop(b.watchdog);
	assert_int_equal(ask(&b, "SELECT alive_at FROM source"),
		wall_us() - (monotonic_us() - s->health.alive_us));
	close_bench(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_blindness_that_lost_nothing_leaves_no_trace),
		cmocka_unit_test(blindness_that_was_told_is_remembered_with_its_end),
		cmocka_unit_test(
			a_long_gap_known_only_afterwards_is_told_at_its_end_and_a_possible_one_never),
		cmocka_unit_test(a_gap_that_lasted_at_the_end_goes_on_and_is_not_told_again),
		cmocka_unit_test(gaps_of_sources_that_are_no_more_end),
		cmocka_unit_test(what_the_store_does_not_take_is_written_later_and_in_order),
		cmocka_unit_test(silence_is_found_once_and_ends_with_the_next_record),
		cmocka_unit_test(signs_of_life_are_written_every_five_seconds_at_most),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
