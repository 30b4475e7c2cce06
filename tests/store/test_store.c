#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tests/store/fixture.h"

static void a_replay_adds_nothing(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	struct sample sample;
	sample_init(&sample, 1, SEVERITY_NORMAL, 1000);
	const struct str targets[] = { STR("desktop"), STR("mail"), STR("mail") };
	for (int i = 0; i < 3; i++) {
		bool added = i != 0;
		assert_int_equal(store_begin(s), 0);
		assert_int_equal(store_add_alert(s, &sample.alert, targets, 3, &added), 0);
		assert_int_equal(store_commit(s), 0);
		assert_int_equal(added, i == 0);
		struct store_counts counts;
		assert_int_equal(store_count(s, &counts), 0);
		assert_int_equal(counts.alerts, 1);
		assert_int_equal(counts.archived, 1);
		assert_int_equal(counts.pending, 2);
	}
	store_close(s);
}

static void alerts_of_one_post_share_its_row_in_the_archive(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	struct sample a, b, other;
	sample_init(&a, 1, SEVERITY_NORMAL, 1000);
	sample_init(&b, 2, SEVERITY_LOW, 1001);
	b.alert.match.post = &a.post;
	sample_init(&other, 3, SEVERITY_LOW, 1002);
	other.post.id = a.post.id;
	other.post.source = STR("mastodon");
	bool added;
	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_add_alert(s, &a.alert, NULL, 0, &added), 0);
	assert_int_equal(store_add_alert(s, &b.alert, NULL, 0, &added), 0);
	assert_int_equal(store_add_alert(s, &other.alert, NULL, 0, &added), 0);
	assert_int_equal(store_commit(s), 0);
	struct store_counts counts;
	assert_int_equal(store_count(s, &counts), 0);
	assert_int_equal(counts.alerts, 3);
	assert_int_equal(counts.archived, 2);
	check_sql(s, "SELECT text FROM archive WHERE source = 'bluesky'",
		"le parc solaire de Cestas est à l'arrêt");
	assert_int_equal(ask_int(s, "SELECT posted_at FROM archive WHERE row = 1"), 995);
	assert_int_equal(ask_int(s, "SELECT archived_at FROM archive WHERE row = 1"), 1000);
	store_close(s);
}

static void the_json_of_the_alert_comes_back_as_it_was(void **state)
{
	struct fixture *f = *state;
	struct store *s = fixture_open(f, STORE_OWN);
	struct sample sample;
	sample_init(&sample, 9, SEVERITY_CRITICAL, 1000);
	struct buf expected;
	buf_init(&expected, 0);
	alert_json(&sample.alert, &expected);
	add_sample(s, 9, SEVERITY_CRITICAL, 1000, "mail");
	store_close(s);
	s = fixture_open(f, STORE_OWN);
	struct arena arena;
	arena_init(&arena, 0);
	struct outbox_row *rows;
	size_t count;
	assert_int_equal(store_due(s, STR("mail"), 1000, NULL, 0, 10, &arena, &rows, &count), 0);
	assert_int_equal(count, 1);
	check_str(rows[0].alert, buf_str(&expected));
	check_text(rows[0].alert_id, "00000000000000000000000000000009");
	check_text(rows[0].rule, "solaire");
	check_text(rows[0].target, "mail");
	check_text(rows[0].message, "");
	assert_int_equal(rows[0].severity, SEVERITY_CRITICAL);
	assert_int_equal(rows[0].attempts, 0);
	assert_int_equal(rows[0].created_at_us, 1000);
	arena_finish(&arena);
	buf_finish(&expected);
	store_close(s);
}

static void the_id_of_a_delivery_is_made_of_alert_and_target_alone(void **state)
{
	/* The ids of two stores, one of which got its alerts in another order. */
	struct fixture *f = *state;
	char ids[2][2][64];
	for (int i = 0; i < 2; i++) {
		(void)snprintf(f->path, sizeof f->path, "%s/%d.db", f->folder, i);
		struct store *s = fixture_open(f, STORE_OWN);
		add_sample(s, i ? 2 : 1, SEVERITY_LOW, 100 + i, "mail");
		add_sample(s, i ? 1 : 2, SEVERITY_LOW, 200 + i, "mail");
		struct arena arena;
		arena_init(&arena, 0);
		struct outbox_row *rows;
		size_t count;
		assert_int_equal(store_list(s, &(struct outbox_filter){ .state = -1 }, &arena,
					 &rows, &count),
			0);
		assert_int_equal(count, 2);
		for (size_t j = 0; j < 2; j++) {
			size_t place = str_ends(rows[j].alert_id, STR("2"));
			assert_int_equal(rows[j].id.n, 4 + 24);
			assert_true(str_starts(rows[j].id, STR("msg_")));
			(void)snprintf(ids[i][place], 64, "%.*s", STR_ARGS(rows[j].id));
		}
		arena_finish(&arena);
		store_close(s);
	}
	assert_string_equal(ids[0][0], ids[1][0]);
	assert_string_equal(ids[0][1], ids[1][1]);
	assert_string_not_equal(ids[0][0], ids[0][1]);
}

static void what_is_rolled_back_never_was(void **state)
{
	struct fixture *f = *state;
	struct store *s = fixture_open(f, STORE_OWN);
	struct sample sample;
	sample_init(&sample, 1, SEVERITY_NORMAL, 1000);
	bool added;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_begin(s), 0);
		const struct str target = STR("mail");
		assert_int_equal(store_add_alert(s, &sample.alert, &target, 1, &added), 0);
		assert_true(added);
		assert_int_equal(store_set_cursor(s, STR("bluesky"), STR("7")), 0);
		if (i == 0) {
			store_rollback(s);
			continue;
		}
		store_close(s); /* also rolls back */
		s = fixture_open(f, STORE_OWN);
	}
	struct store_counts counts;
	assert_int_equal(store_count(s, &counts), 0);
	assert_int_equal(counts.alerts + counts.archived + counts.pending, 0);
	struct buf cursor;
	buf_init(&cursor, 100);
	assert_int_equal(store_cursor(s, STR("bluesky"), &cursor), 0);
	assert_int_equal(cursor.n, 0);
	buf_finish(&cursor);
	store_rollback(s); /* nothing begun: no harm */
	store_close(s);
}

static void cursors_are_kept_by_source_and_the_last_one_counts(void **state)
{
	struct fixture *f = *state;
	struct store *s = fixture_open(f, STORE_OWN);
	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_set_cursor(s, STR("a"), STR("1")), 0);
	assert_int_equal(store_set_cursor(s, STR("b"), STR("x\0y")), 0);
	assert_int_equal(store_set_cursor(s, STR("a"), STR("2")), 0);
	assert_int_equal(store_commit(s), 0);
	store_close(s);
	s = fixture_open(f, STORE_OWN);
	struct buf out;
	buf_init(&out, 3);
	assert_int_equal(store_cursor(s, STR("a"), &out), 0);
	check_text(buf_str(&out), "2");
	buf_clear(&out);
	assert_int_equal(store_cursor(s, STR("b"), &out), 0);
	check_str(buf_str(&out), ((struct str){ "x\0y", 3 }));
	buf_finish(&out);
	buf_init(&out, 2);
	assert_int_equal(store_cursor(s, STR("b"), &out), -EMSGSIZE);
	buf_finish(&out);
	store_close(s);
}

/* Fills the text so that the JSON of the alert has the wanted length. */
static void pad_text(struct sample *sample, char *room, size_t wanted)
{
	struct buf json;
	buf_init(&json, 0);
	sample->post.text = (struct str){ room, 1 };
	alert_json(&sample->alert, &json);
	sample->post.text.n = 1 + wanted - json.n;
	buf_finish(&json);
}

static void an_alert_at_the_ceiling_is_stored_and_one_byte_more_refused(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	char *room = mem_alloc(STORE_MAX_ALERT_BYTES);
	memset(room, 'x', STORE_MAX_ALERT_BYTES);
	struct sample fits, too_long, after;
	sample_init(&fits, 1, SEVERITY_NORMAL, 1);
	sample_init(&too_long, 2, SEVERITY_NORMAL, 1);
	sample_init(&after, 3, SEVERITY_NORMAL, 1);
	pad_text(&fits, room, STORE_MAX_ALERT_BYTES);
	pad_text(&too_long, room, STORE_MAX_ALERT_BYTES + 1);
	const struct str target = STR("mail");
	bool added = false;
	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_add_alert(s, &fits.alert, &target, 1, &added), 0);
	assert_true(added);
	assert_int_equal(store_add_alert(s, &too_long.alert, &target, 1, &added), -EMSGSIZE);
	assert_string_equal(
		store_error(s), "alert is longer than 1900000 bytes and cannot be stored");
	assert_int_equal(store_add_alert(s, &after.alert, &target, 1, &added), 0);
	assert_int_equal(store_commit(s), 0);
	assert_int_equal(ask_int(s, "SELECT count(*) FROM alert"), 2);
	assert_int_equal(ask_int(s, "SELECT count(*) FROM delivery"), 2);
	assert_int_equal(ask_int(s, "SELECT count(*) FROM archive"), 2);
	assert_int_equal(ask_int(s, "SELECT max(length(json)) FROM alert"), STORE_MAX_ALERT_BYTES);
	mem_free(room);
	store_close(s);
}

static void a_name_or_cursor_at_the_ceiling_is_stored_and_one_byte_more_refused(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	char *room = mem_alloc(STORE_MAX_CURSOR_BYTES + 1);
	memset(room, 'x', STORE_MAX_CURSOR_BYTES + 1);
	struct str name = { room, STORE_MAX_NAME_BYTES }, long_name = { room, name.n + 1 };
	struct str cursor = { room, STORE_MAX_CURSOR_BYTES }, long_cursor = { room, cursor.n + 1 };
	struct sample sample;
	sample_init(&sample, 1, SEVERITY_LOW, 1);
	bool added = false;
	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_add_alert(s, &sample.alert, &long_name, 1, &added), -EMSGSIZE);
	sample.alert.match.rule = long_name;
	assert_int_equal(store_add_alert(s, &sample.alert, &name, 1, &added), -EMSGSIZE);
	sample.alert.match.rule = name;
	sample.post.source = long_name;
	assert_int_equal(store_add_alert(s, &sample.alert, &name, 1, &added), -EMSGSIZE);
	sample.post.source = name;
	assert_int_equal(store_add_alert(s, &sample.alert, &name, 1, &added), 0);
	assert_true(added);
	assert_int_equal(store_set_cursor(s, long_name, cursor), -EMSGSIZE);
	assert_int_equal(store_set_cursor(s, name, long_cursor), -EMSGSIZE);
	assert_int_equal(store_set_cursor(s, name, cursor), 0);
	assert_int_equal(store_commit(s), 0);
	assert_int_equal(ask_int(s, "SELECT length(position) FROM cursor"), STORE_MAX_CURSOR_BYTES);
	mem_free(room);
	store_close(s);
}

static void counts_follow_the_states(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	for (unsigned i = 1; i <= 6; i++)
		add_sample(s, i, SEVERITY_LOW, 10, "mail");
	assert_int_equal(store_sent(s, 1, 20), 0);
	assert_int_equal(store_sent(s, 2, 20), 0);
	assert_int_equal(store_dead(s, 3, 20, STR("no")), 0);
	struct store_counts counts;
	assert_int_equal(store_count(s, &counts), 0);
	assert_int_equal(counts.pending, 3);
	assert_int_equal(counts.sent, 2);
	assert_int_equal(counts.dead, 1);
	assert_int_equal(counts.alerts, 6);
	assert_int_equal(counts.archived, 6);
	store_close(s);
}

static void expiry_deletes_what_is_older_but_never_what_is_pending(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	for (unsigned i = 1; i <= 4; i++)
		add_sample(s, i, SEVERITY_LOW, 10, "mail");
	add_sample(s, 5, SEVERITY_LOW, 100, "mail");
	assert_int_equal(store_sent(s, 1, 20), 0);
	assert_int_equal(store_dead(s, 2, 20, STR("no")), 0);
	assert_int_equal(store_sent(s, 3, 50), 0);
	assert_int_equal(store_sent(s, 5, 120), 0);
	size_t deleted = 99;
	assert_int_equal(store_expire(s, 50, 1000, &deleted), 0);
	/* deliveries 1 and 2, their alerts, and the posts 1 to 4 */
	assert_int_equal(deleted, 2 + 2 + 4);
	check_sql(s, "SELECT group_concat(row) FROM delivery", "3,4,5");
	check_sql(s, "SELECT group_concat(DISTINCT substr(id, 32)) FROM alert", "3,4,5");
	check_sql(s, "SELECT group_concat(post) FROM archive", "post-5");
	assert_int_equal(store_expire(s, 50, 1000, &deleted), 0);
	assert_int_equal(deleted, 0);
	assert_int_equal(store_expire(s, INT64_MAX, 1000, &deleted), 0);
	assert_int_equal(deleted, 2 + 2 + 1);
	check_sql(s, "SELECT group_concat(row) FROM delivery", "4");
	store_close(s);
}

static void expiry_stops_at_its_limit_and_goes_on_at_the_next_call(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	for (unsigned i = 1; i <= 10; i++) {
		add_sample(s, i, SEVERITY_LOW, 10, "mail");
		assert_int_equal(store_sent(s, i, 20), 0);
	}
	size_t deleted = 0, total = 0, calls = 0;
	do {
		assert_int_equal(store_expire(s, 50, 7, &deleted), 0);
		assert_true(deleted <= 7);
		total += deleted;
		calls++;
	} while (deleted);
	assert_int_equal(total, 30);
	assert_int_equal(calls, 6);
	assert_int_equal(store_expire(s, 50, 0, &deleted), 0);
	store_close(s);
}

static void expiry_gives_many_free_pages_back_to_the_disk(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	for (unsigned i = 1; i <= 400; i++) {
		add_sample(s, i, SEVERITY_LOW, 10, "mail");
		assert_int_equal(store_sent(s, i, 20), 0);
	}
	int64_t before = ask_int(s, "PRAGMA page_count");
	size_t deleted;
	do
		assert_int_equal(store_expire(s, 50, 1000, &deleted), 0);
	while (deleted);
	assert_true(ask_int(s, "PRAGMA page_count") * 2 < before);
	store_close(s);
}

static void a_command_beside_the_daemon_reads_and_repairs(void **state)
{
	struct fixture *f = *state;
	struct store *daemon = fixture_open(f, STORE_OWN);
	add_sample(daemon, 1, SEVERITY_LOW, 10, "mail");
	assert_int_equal(store_dead(daemon, 1, 20, STR("no")), 0);
	struct store *command = fixture_open(f, STORE_SHARE);
	size_t changed = 0;
	assert_int_equal(
		store_revive(command, &(struct outbox_filter){ .state = -1 }, 30, &changed), 0);
	assert_int_equal(changed, 1);
	int64_t due;
	assert_int_equal(store_next_due(daemon, &due), 0);
	assert_int_equal(due, 30);
	store_close(command);
	add_sample(daemon, 2, SEVERITY_LOW, 10, "mail");
	store_close(daemon);
}

static void the_archive_is_read_beside_the_daemon_in_the_order_it_was_written(void **state)
{
	struct fixture *f = *state;
	struct store *daemon = fixture_open(f, STORE_OWN);
	for (unsigned i = 1; i <= 5; i++)
		add_sample(daemon, i, SEVERITY_LOW, 10, "mail");
	struct store *reader = fixture_open(f, STORE_READ);
	struct arena arena;
	struct archived_post *posts;
	size_t count, total = 0;
	int64_t after = 0;
	arena_init(&arena, 0);
	do {
		assert_int_equal(store_archived(reader, after, 2, &arena, &posts, &count), 0);
		for (size_t i = 0; i < count; i++) {
			struct sample sample;
			struct buf json;
			sample_init(&sample, (unsigned)++total, SEVERITY_LOW, 10);
			buf_init(&json, 0);
			post_json(&sample.post, &json);
			check_str(posts[i].json, buf_str(&json));
			check_str(posts[i].source, sample.post.source);
			assert_true(posts[i].row > after);
			after = posts[i].row;
			buf_finish(&json);
		}
		if (total == 2)
			add_sample(daemon, 6, SEVERITY_LOW, 10, "mail");
	} while (count);
	assert_int_equal(total, 6);
	arena_finish(&arena);
	store_close(reader);
	store_close(daemon);
}

static void an_arena_that_fills_up_gives_fewer_archived_posts_or_none(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	struct arena arena;
	struct archived_post *posts;
	size_t count = 7;
	add_sample(s, 1, SEVERITY_LOW, 10, "mail");
	add_sample(s, 2, SEVERITY_LOW, 10, "mail");
	arena_init(&arena, 0);
	assert_int_equal(store_archived(s, 0, 2, &arena, &posts, &count), 0);
	assert_int_equal(count, 2);
	size_t both_bytes = arena.used_bytes;
	arena_finish(&arena);
	arena_init(&arena, both_bytes);
	assert_int_equal(store_archived(s, 0, 2, &arena, &posts, &count), 0);
	assert_int_equal(count, 2);
	arena_finish(&arena);
	arena_init(&arena, both_bytes - 16);
	assert_int_equal(store_archived(s, 0, 2, &arena, &posts, &count), 0);
	assert_int_equal(count, 1);
	arena_finish(&arena);
	arena_init(&arena, 2 * sizeof *posts + 16);
	count = 7;
	assert_int_equal(store_archived(s, 0, 2, &arena, &posts, &count), -EMSGSIZE);
	assert_int_equal(count, 7);
	arena_finish(&arena);
	store_close(s);
}

static void a_store_opened_to_read_cannot_be_changed(void **state)
{
	struct fixture *f = *state;
	struct store *s = fixture_open(f, STORE_OWN);
	add_sample(s, 1, SEVERITY_LOW, 10, "mail");
	store_close(s);
	s = fixture_open(f, STORE_READ);
	size_t changed;
	assert_int_equal(store_drop(s, &(struct outbox_filter){ .state = -1 }, &changed), -EROFS);
	store_rollback(s);
	struct store_counts counts;
	assert_int_equal(store_count(s, &counts), 0);
	assert_int_equal(counts.pending, 1);
	store_close(s);
}

static void a_writer_that_stays_away_too_long_is_busy_and_later_works(void **state)
{
	struct fixture *f = *state;
	struct store *daemon = fixture_open(f, STORE_OWN);
	struct store *command = fixture_open(f, STORE_SHARE);
	assert_int_equal(ask_int(daemon, "PRAGMA busy_timeout"), 5000);
	(void)sqlite3_busy_timeout(daemon->db, 1); /* the test does not wait */
	assert_int_equal(store_begin(command), 0);
	assert_int_equal(store_begin(daemon), -EBUSY);
	assert_true(strstr(store_error(daemon), "locked") != NULL);
	store_rollback(daemon);
	store_rollback(command);
	add_sample(daemon, 1, SEVERITY_LOW, 10, "mail");
	store_close(command);
	store_close(daemon);
}

static void a_failed_transaction_stays_failed_until_it_is_rolled_back(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	struct sample a, b;
	sample_init(&a, 1, SEVERITY_LOW, 10);
	sample_init(&b, 2, SEVERITY_LOW, 10);
	const struct str nameless = STR("");
	bool added;
	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_add_alert(s, &a.alert, &nameless, 1, &added), -EINVAL);
	assert_int_equal(store_add_alert(s, &b.alert, NULL, 0, &added), -EINVAL);
	assert_int_equal(store_set_cursor(s, STR("a"), STR("1")), -EINVAL);
	assert_int_equal(store_commit(s), -EINVAL);
	store_rollback(s);
	assert_int_equal(ask_int(s, "SELECT count(*) FROM alert"), 0);
	add_sample(s, 2, SEVERITY_LOW, 10, "mail");
	store_close(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_replay_adds_nothing),
		TEST(alerts_of_one_post_share_its_row_in_the_archive),
		TEST(the_json_of_the_alert_comes_back_as_it_was),
		TEST(the_id_of_a_delivery_is_made_of_alert_and_target_alone),
		TEST(what_is_rolled_back_never_was),
		TEST(cursors_are_kept_by_source_and_the_last_one_counts),
		TEST(an_alert_at_the_ceiling_is_stored_and_one_byte_more_refused),
		TEST(a_name_or_cursor_at_the_ceiling_is_stored_and_one_byte_more_refused),
		TEST(counts_follow_the_states),
		TEST(expiry_deletes_what_is_older_but_never_what_is_pending),
		TEST(expiry_stops_at_its_limit_and_goes_on_at_the_next_call),
		TEST(expiry_gives_many_free_pages_back_to_the_disk),
		TEST(a_command_beside_the_daemon_reads_and_repairs),
		TEST(the_archive_is_read_beside_the_daemon_in_the_order_it_was_written),
		TEST(an_arena_that_fills_up_gives_fewer_archived_posts_or_none),
		TEST(a_store_opened_to_read_cannot_be_changed),
		TEST(a_writer_that_stays_away_too_long_is_busy_and_later_works),
		TEST(a_failed_transaction_stays_failed_until_it_is_rolled_back),
	};
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
