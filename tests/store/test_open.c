/* Opening: paths, permissions, the lock, options, and files that are not ours or damaged. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/file.h"
#include "store/schema.h"
#include "tests/store/fixture.h"

static mode_t mode_of(const char *path, const char *suffix)
{
	char name[FIXTURE_PATH_BYTES + 16];
	struct stat info;
	(void)snprintf(name, sizeof name, "%s%s", path, suffix);
	if (stat(name, &info) != 0)
		fail_msg("%s: %s", name, error_text(errno));
	return info.st_mode & 07777;
}

static void write_file(const char *path, const char *bytes, size_t n)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

static char *read_file(const char *path, size_t *n)
{
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	struct stat info;
	assert_int_equal(fstat(fileno(file), &info), 0);
	char *bytes = mem_alloc((size_t)info.st_size + 1);
	*n = fread(bytes, 1, (size_t)info.st_size + 1, file);
	assert_int_equal(*n, info.st_size);
	assert_int_equal(fclose(file), 0);
	return bytes;
}

/* The refusal must leave the file byte by byte as it was. */
static void refused_untouched(struct fixture *f, const char *part)
{
	size_t n_before, n_after;
	char *before = read_file(f->path, &n_before);
	fixture_refused(f, f->path, STORE_OWN, part);
	char *after = read_file(f->path, &n_after);
	assert_int_equal(n_before, n_after);
	assert_memory_equal(before, after, n_before);
	mem_free(before);
	mem_free(after);
}

static void patch(const char *path, long at, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, at), n);
	assert_int_equal(close(fd), 0);
}

/* As if the last owner had been killed. */
static void make_unclean(struct fixture *f)
{
	char name[FIXTURE_PATH_BYTES + 8];
	(void)snprintf(name, sizeof name, "%s.lock", f->path);
	write_file(name, "1\n", 2);
}

static void make_store(struct fixture *f, unsigned alerts)
{
	struct store *s = fixture_open(f, STORE_OWN);
	for (unsigned i = 1; i <= alerts; i++)
		add_sample(s, i, SEVERITY_LOW, 10, "mail");
	store_close(s);
}

static void files_are_for_the_owner_alone_and_missing_folders_too(void **state)
{
	struct fixture *f = *state;
	char folder[FIXTURE_PATH_BYTES];
	mode_t mask = umask(0);
	assert_int_equal(chmod(f->folder, 0755), 0);
	(void)snprintf(f->path, sizeof f->path, "%s/a/b/vigie.db", f->folder);
	struct store *s = fixture_open(f, STORE_OWN);
	add_sample(s, 1, SEVERITY_LOW, 10, "mail");
	umask(mask);
	assert_int_equal(mode_of(f->path, ""), 0600);
	assert_int_equal(mode_of(f->path, "-wal"), 0600);
	assert_int_equal(mode_of(f->path, "-shm"), 0600);
	assert_int_equal(mode_of(f->path, ".lock"), 0600);
	(void)snprintf(folder, sizeof folder, "%s/a", f->folder);
	assert_int_equal(mode_of(folder, ""), 0700);
	assert_int_equal(mode_of(folder, "/b"), 0700);
	assert_int_equal(mode_of(f->folder, ""), 0755);
	store_close(s);
}

static void rights_of_others_are_taken_from_a_store_that_has_them(void **state)
{
	struct fixture *f = *state;
	make_store(f, 1);
	assert_int_equal(chmod(f->path, 0644), 0);
	store_close(fixture_open(f, STORE_OWN));
	assert_int_equal(mode_of(f->path, ""), 0600);
}

static void a_path_that_is_no_plain_file_is_refused(void **state)
{
	struct fixture *f = *state;
	char path[FIXTURE_PATH_BYTES], other[FIXTURE_PATH_BYTES];
	fixture_refused(f, "", STORE_OWN, "without a path");
	fixture_refused(f, "file:/tmp/x.db?mode=memory", STORE_OWN, "not a URI");
	fixture_refused(f, "FILE:x", STORE_SHARE, "not a URI");
	(void)snprintf(path, sizeof path, "%s/x/", f->folder);
	fixture_refused(f, path, STORE_OWN, "is a folder");
	fixture_refused(f, f->folder, STORE_OWN, "not a regular file");
	(void)snprintf(path, sizeof path, "%s.lock", f->folder);
	assert_int_equal(access(path, F_OK), -1);
	(void)snprintf(path, sizeof path, "%s/fifo", f->folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	fixture_refused(f, path, STORE_OWN, "not a regular file");
	make_store(f, 0);
	(void)snprintf(path, sizeof path, "%s/link.db", f->folder);
	assert_int_equal(symlink(f->path, path), 0);
	fixture_refused(f, path, STORE_OWN, "not a regular file");
	fixture_refused(f, path, STORE_SHARE, "not a regular file");
	(void)snprintf(other, sizeof other, "%s/vigie.db/x.db", f->folder);
	fixture_refused(f, other, STORE_OWN, "folder of the store");
}

static void a_path_at_the_ceiling_works_and_one_byte_more_is_refused(void **state)
{
	struct fixture *f = *state;
	char path[FILE_PATH_BYTES + 200];
	size_t n = (size_t)snprintf(path, sizeof path, "%s", f->folder);
	while (n < FILE_PATH_BYTES - 120) {
		path[n++] = '/';
		memset(path + n, 'd', 100);
		n += 100;
	}
	path[n++] = '/';
	memset(path + n, 'f', sizeof path - n);
	path[FILE_PATH_BYTES] = '\0';
	fixture_refused(f, path, STORE_OWN, "longer than 499 bytes");
	path[FILE_PATH_BYTES - 1] = '\0';
	struct store *s = store_open(path, STORE_OWN, &f->message);
	assert_non_null(s);
	add_sample(s, 1, SEVERITY_LOW, 10, "mail");
	store_close(s);
}

static void a_folder_may_be_a_symbolic_link(void **state)
{
	struct fixture *f = *state;
	char real[FIXTURE_PATH_BYTES], link[FIXTURE_PATH_BYTES];
	(void)snprintf(real, sizeof real, "%s/private", f->folder);
	(void)snprintf(link, sizeof link, "%s/link", f->folder);
	assert_int_equal(mkdir(real, 0700), 0);
	assert_int_equal(symlink(real, link), 0);
	(void)snprintf(f->path, sizeof f->path, "%s/link/vigie.db", f->folder);
	make_store(f, 1);
	assert_int_equal(mode_of(real, "/vigie.db"), 0600);
}

static void a_relative_path_means_the_folder_at_the_time_of_opening(void **state)
{
	struct fixture *f = *state;
	char before[PATH_MAX];
	assert_non_null(getcwd(before, sizeof before));
	assert_int_equal(chdir(f->folder), 0);
	struct store *s = store_open("vigie.db", STORE_OWN, &f->message);
	assert_int_equal(chdir(before), 0);
	assert_non_null(s);
	add_sample(s, 1, SEVERITY_LOW, 10, "mail");
	store_close(s);
	assert_int_equal(mode_of(f->path, ""), 0600);
}

static void a_command_neither_makes_a_store_nor_its_folder(void **state)
{
	struct fixture *f = *state;
	fixture_refused(f, f->path, STORE_SHARE, "the daemon makes it");
	assert_int_equal(access(f->path, F_OK), -1);
	char path[FIXTURE_PATH_BYTES];
	(void)snprintf(path, sizeof path, "%s/a/vigie.db", f->folder);
	fixture_refused(f, path, STORE_SHARE, "cannot find the folder");
	path[strlen(f->folder) + 2] = '\0';
	assert_int_equal(access(path, F_OK), -1);
}

static void a_second_owner_is_refused_with_the_number_of_the_first(void **state)
{
	struct fixture *f = *state;
	char part[64];
	struct store *s = fixture_open(f, STORE_OWN);
	(void)snprintf(part, sizeof part, "in use by process %ld:", (long)getpid());
	fixture_refused(f, f->path, STORE_OWN, part);
	store_close(s);
	store_close(fixture_open(f, STORE_OWN));
}

static void the_options_are_those_we_trust(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	check_sql(s, "PRAGMA journal_mode", "wal");
	static const struct {
		const char *sql;
		int64_t value;
	} pragmas[] = {
		{ "PRAGMA synchronous", 2 },
		{ "PRAGMA foreign_keys", 1 },
		{ "PRAGMA trusted_schema", 0 },
		{ "PRAGMA cell_size_check", 1 },
		{ "PRAGMA mmap_size", 0 },
		{ "PRAGMA busy_timeout", 5000 },
		{ "PRAGMA wal_autocheckpoint", 1000 },
		{ "PRAGMA journal_size_limit", 16777216 },
		{ "PRAGMA temp_store", 2 },
		{ "PRAGMA auto_vacuum", 2 },
		{ "PRAGMA application_id", SCHEMA_APPLICATION },
		{ "PRAGMA user_version", SCHEMA_VERSION },
		{ "PRAGMA hard_heap_limit", 64 * 1024 * 1024 },
		{ "SELECT count(*) FROM pragma_table_list WHERE type = 'table' AND strict = 0"
		  " AND name NOT LIKE 'sqlite!_%' ESCAPE '!'",
			0 },
		{ "SELECT count(*) FROM pragma_table_list WHERE strict = 1", 7 },
	};
	for (size_t i = 0; i < sizeof pragmas / sizeof *pragmas; i++)
		if (ask_int(s, pragmas[i].sql) != pragmas[i].value)
			fail_msg("%s", pragmas[i].sql);
	static const int limits[][2] = {
		{ SQLITE_LIMIT_LENGTH, 4000000 },
		{ SQLITE_LIMIT_SQL_LENGTH, 100000 },
		{ SQLITE_LIMIT_COLUMN, 100 },
		{ SQLITE_LIMIT_EXPR_DEPTH, 20 },
		{ SQLITE_LIMIT_COMPOUND_SELECT, 3 },
		{ SQLITE_LIMIT_ATTACHED, 0 },
		{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50 },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
	};
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		assert_int_equal(sqlite3_limit(s->db, limits[i][0], -1), limits[i][1]);
	static const int switches[][2] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
	};
	for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
		int value = -1;
		(void)sqlite3_db_config(s->db, switches[i][0], -1, &value);
		assert_int_equal(value, switches[i][1]);
	}
	store_close(s);
}

static void a_delivery_needs_its_alert(void **state)
{
	struct store *s = fixture_open(*state, STORE_OWN);
	add_sample(s, 1, SEVERITY_LOW, 10, "mail");
	assert_int_equal(sqlite3_exec(s->db, "DELETE FROM alert", NULL, NULL, NULL),
		SQLITE_CONSTRAINT_FOREIGNKEY);
	assert_int_equal(sqlite3_exec(s->db, "UPDATE delivery SET state = 'x'", NULL, NULL, NULL),
		SQLITE_CONSTRAINT_DATATYPE);
	assert_int_equal(sqlite3_exec(s->db, "UPDATE delivery SET state = 3", NULL, NULL, NULL),
		SQLITE_CONSTRAINT_CHECK);
	store_close(s);
}

static void an_empty_file_becomes_a_store(void **state)
{
	struct fixture *f = *state;
	write_file(f->path, "", 0);
	make_store(f, 1);
	assert_int_equal(mode_of(f->path, ""), 0600);
}

static void a_file_that_is_no_database_is_refused_and_left_as_it_is(void **state)
{
	struct fixture *f = *state;
	char text[8192];
	memset(text, 'x', sizeof text);
	static const size_t sizes[] = { 1, 100, 512, 4096, 8192 };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		write_file(f->path, text, sizes[i]);
		refused_untouched(f, "file is not a database");
	}
}

static void a_database_of_another_program_is_refused_and_left_as_it_is(void **state)
{
	struct fixture *f = *state;
	sqlite3 *db;
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE bookmarks(url)", NULL, NULL, NULL), 0);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	refused_untouched(f, "database of another program");
}

static void a_store_of_a_newer_vigie_is_refused_and_left_as_it_is(void **state)
{
	struct fixture *f = *state;
	make_store(f, 1);
	enum { USER_VERSION_AT = 60 };
	const char newer[] = { 0, 0, 0, SCHEMA_VERSION + 1 };
	patch(f->path, USER_VERSION_AT, newer, 4);
	refused_untouched(f, "written by a newer vigie (schema 3, this one knows 2)");
	fixture_refused(f, f->path, STORE_SHARE, "written by a newer vigie");
	const char ours[] = { 0, 0, 0, SCHEMA_VERSION };
	patch(f->path, USER_VERSION_AT, ours, 4);
	store_close(fixture_open(f, STORE_OWN));
}

/* Fills a page of the alerts, which is no header and no root, with what cannot be a page. */
static void damage(struct fixture *f)
{
	struct store *s = fixture_open(f, STORE_OWN);
	int64_t page = ask_int(s, "SELECT max(pageno) FROM dbstat WHERE name = 'alert'");
	store_close(s);
	char junk[4096];
	memset(junk, 0xa5, sizeof junk);
	patch(f->path, (long)(page - 1) * 4096, junk, sizeof junk);
}

static void after_an_unclean_end_a_whole_store_opens_and_a_damaged_one_does_not(void **state)
{
	struct fixture *f = *state;
	make_store(f, 200);
	make_unclean(f);
	make_store(f, 0);
	damage(f);
	store_close(fixture_open(f, STORE_OWN)); /* a clean end is believed */
	make_unclean(f);
	refused_untouched(f, "store is damaged, move it aside to start afresh");
	refused_untouched(f, "store is damaged"); /* and again */
}

/* Or an upgrade was cut short: each step is a transaction of its own. */
static void after_an_unclean_end_a_store_of_an_older_version_is_upgraded(void **state)
{
	struct fixture *f = *state;
	make_store(f, 2);
	struct store *s = fixture_open(f, STORE_OWN);
	run_sql(s, "DROP TABLE gap");
	run_sql(s, "DROP TABLE source");
	run_sql(s, "PRAGMA user_version = 1");
	store_close(s);
	make_unclean(f);
	s = fixture_open(f, STORE_OWN);
	assert_int_equal(ask_int(s, "PRAGMA user_version"), SCHEMA_VERSION);
	assert_int_equal(ask_int(s, "SELECT count(*) FROM alert"), 2);
	store_close(s);
}

static void damage_met_while_running_is_told_and_checked_at_the_next_start(void **state)
{
	struct fixture *f = *state;
	make_store(f, 200);
	damage(f);
	struct store *s = fixture_open(f, STORE_OWN);
	struct arena arena;
	arena_init(&arena, 0);
	struct outbox_row *rows;
	size_t count;
	struct outbox_filter filter = { .state = -1, .with_alert = true };
	assert_int_equal(store_list(s, &filter, &arena, &rows, &count), -EUCLEAN);
	assert_true(strstr(store_error(s), "malformed") != NULL);
	arena_finish(&arena);
	store_close(s);
	refused_untouched(f, "store is damaged");
}

/* Whatever is done to the file, no call may crash; what opens can be used and closed. */
static void use_whatever(struct fixture *f)
{
	buf_clear(&f->message);
	struct store *s = store_open(f->path, STORE_OWN, &f->message);
	if (!s) {
		assert_true(f->message.n > 0);
		return;
	}
	struct arena arena;
	arena_init(&arena, 0);
	struct outbox_row *rows;
	struct outbox_filter filter = { .state = -1, .with_alert = true };
	struct store_counts counts;
	struct sample sample;
	size_t count;
	int64_t due;
	bool added;
	(void)store_list(s, &filter, &arena, &rows, &count); /* any answer is right */
	(void)store_due(s, STR("mail"), 99, NULL, 0, 10, &arena, &rows, &count);
	(void)store_next_due(s, &due);
	(void)store_count(s, &counts);
	sample_init(&sample, 1000, SEVERITY_LOW, 10);
	if (store_begin(s) == 0 && store_add_alert(s, &sample.alert, NULL, 0, &added) == 0)
		(void)store_commit(s);
	store_rollback(s);
	(void)store_expire(s, INT64_MAX, 100, &count);
	arena_finish(&arena);
	store_close(s);
}

static void random_damage_never_crashes(void **state)
{
	struct fixture *f = *state;
	make_store(f, 40);
	size_t n;
	char *whole = read_file(f->path, &n);
	unsigned short seed[3] = { 1, 2, 3 };
	for (int round = 0; round < 200; round++) {
		char *bytes = mem_alloc(n);
		memcpy(bytes, whole, n);
		size_t kept = n, at = (size_t)nrand48(seed) % n;
		if (round % 4 == 0)
			kept = at;
		else if (round % 4 == 1)
			memset(bytes + at / 4096 * 4096, 0, 4096);
		else
			for (int i = 0; i < 8; i++)
				bytes[(size_t)nrand48(seed) % n] ^= (char)(1 << (i % 8));
		write_file(f->path, bytes, kept);
		mem_free(bytes);
		if (round % 2)
			make_unclean(f);
		use_whatever(f);
	}
	mem_free(whole);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(files_are_for_the_owner_alone_and_missing_folders_too),
		TEST(rights_of_others_are_taken_from_a_store_that_has_them),
		TEST(a_path_that_is_no_plain_file_is_refused),
		TEST(a_path_at_the_ceiling_works_and_one_byte_more_is_refused),
		TEST(a_folder_may_be_a_symbolic_link),
		TEST(a_relative_path_means_the_folder_at_the_time_of_opening),
		TEST(a_command_neither_makes_a_store_nor_its_folder),
		TEST(a_second_owner_is_refused_with_the_number_of_the_first),
		TEST(the_options_are_those_we_trust),
		TEST(a_delivery_needs_its_alert),
		TEST(an_empty_file_becomes_a_store),
		TEST(a_file_that_is_no_database_is_refused_and_left_as_it_is),
		TEST(a_database_of_another_program_is_refused_and_left_as_it_is),
		TEST(a_store_of_a_newer_vigie_is_refused_and_left_as_it_is),
		TEST(after_an_unclean_end_a_whole_store_opens_and_a_damaged_one_does_not),
		TEST(after_an_unclean_end_a_store_of_an_older_version_is_upgraded),
		TEST(damage_met_while_running_is_told_and_checked_at_the_next_start),
		TEST(random_damage_never_crashes),
	};
	return cmocka_run_group_tests_name("open", tests, NULL, NULL);
}
