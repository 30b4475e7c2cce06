/* Ends without a goodbye: killed processes, a full disk, and every write and sync failing in
 * turn. What was acknowledged must be there, and what is there must be whole. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/store/fixture.h"

enum { ROUNDS = 30 };

/* One block: the next two alerts with a delivery each, and their number as cursor. */
static int add_block(struct store *s, unsigned n)
{
	const struct str targets[] = { STR("mail"), STR("desktop") };
	char cursor[32];
	int result = store_begin(s);
	for (unsigned i = n + 1; result == 0 && i <= n + 2; i++) {
		struct sample sample;
		bool added;
		sample_init(&sample, i, SEVERITY_NORMAL, 10);
		result = store_add_alert(s, &sample.alert, targets, 2, &added);
	}
	if (result == 0) {
		(void)snprintf(cursor, sizeof cursor, "%u", n + 2);
		result = store_set_cursor(s, STR("bluesky"), str_of(cursor));
	}
	return result == 0 ? store_commit(s) : result;
}

/* The number in the cursor; alerts, posts and deliveries must agree with it. */
static unsigned check_whole(struct store *s)
{
	struct store_counts counts;
	struct buf cursor;
	int64_t n = 0;
	buf_init(&cursor, 100);
	assert_int_equal(store_cursor(s, STR("bluesky"), &cursor), 0);
	assert_true(cursor.n == 0 || str_to_int64(buf_str(&cursor), &n));
	buf_finish(&cursor);
	assert_int_equal(store_count(s, &counts), 0);
	assert_int_equal(counts.alerts, n);
	assert_int_equal(counts.archived, n);
	assert_int_equal(counts.pending + counts.sent + counts.dead, 2 * n);
	check_sql(s, "PRAGMA integrity_check", "ok");
	return (unsigned)n;
}

/* In the child: blocks without end, each reported after its commit. */
static void write_until_killed(const char *path, int report)
{
	struct buf message;
	buf_init(&message, 1000);
	struct store *s = store_open(path, STORE_OWN, &message);
	unsigned n = 0;
	if (!s)
		_exit(2);
	struct buf cursor;
	buf_init(&cursor, 100);
	int64_t at = 0;
	if (store_cursor(s, STR("bluesky"), &cursor) == 0 && str_to_int64(buf_str(&cursor), &at))
		n = (unsigned)at;
	for (;; n += 2) {
		if (write(report, &n, sizeof n) != sizeof n)
			_exit(3);
		if (add_block(s, n) != 0)
			_exit(4);
	}
}

static void wait_us(int64_t us)
{
	const struct timespec time = { us / US_PER_S, us % US_PER_S * 1000 };
	(void)nanosleep(&time, NULL); /* a shorter one is as good */
}

/* Kills a writer a while after it has reported so many times. Returns the last number it
 * acknowledged. */
static unsigned kill_a_writer(struct fixture *f, int reports, int64_t after_us)
{
	int ends[2], status;
	unsigned number, last = 0;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)close(ends[0]);
		write_until_killed(f->path, ends[1]);
	}
	(void)close(ends[1]);
	for (int i = 0; i < reports; i++) {
		assert_int_equal(read(ends[0], &number, sizeof number), sizeof number);
		last = number;
	}
	wait_us(after_us);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	while (read(ends[0], &number, sizeof number) == sizeof number)
		last = number;
	(void)close(ends[0]);
	return last;
}

static void a_kill_at_any_moment_loses_nothing_and_leaves_no_half_block(void **state)
{
	struct fixture *f = *state;
	unsigned short seed[3] = { 4, 5, 6 };
	unsigned before = 0;
	for (int i = 0; i < ROUNDS; i++) {
		/* Every other one is killed early, maybe while it opens the store. */
		unsigned acknowledged = kill_a_writer(f, i % 2 ? 2 : 0, nrand48(seed) % 30000);
		struct store *s = fixture_open(f, STORE_OWN);
		unsigned n = check_whole(s);
		assert_true(n >= before && n >= acknowledged &&
			n <= (acknowledged > before ? acknowledged : before) + 2);
		before = n;
		store_close(s);
	}
	print_message("alerts after %d kills: %u\n", ROUNDS, before);
	assert_true(before >= ROUNDS);
}

static void the_lock_goes_with_its_process(void **state)
{
	struct fixture *f = *state;
	int ends[2];
	unsigned number;
	char part[64];
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		write_until_killed(f->path, ends[1]);
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], &number, sizeof number), sizeof number);
	(void)snprintf(part, sizeof part, "in use by process %ld:", (long)child);
	fixture_refused(f, f->path, STORE_OWN, part);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	store_close(fixture_open(f, STORE_OWN));
	(void)close(ends[0]);
}

/* A file that fills the file system up to the last byte. */
static void fill_up(const char *path)
{
	static const char block[4096] = { 1 };
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	while (write(fd, block, sizeof block) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(close(fd), 0);
}

static void a_full_disk_rolls_back_and_works_again_once_there_is_room(void **state)
{
	struct fixture *f = *state;
	if (geteuid() != 0 || mount("tmpfs", f->folder, "tmpfs", 0, "size=3m") != 0) {
		print_message("SKIPPED: no right to mount a small tmpfs\n");
		skip();
	}
	char filler[FIXTURE_PATH_BYTES];
	(void)snprintf(filler, sizeof filler, "%s/filler", f->folder);
	struct store *s = fixture_open(f, STORE_OWN);
	unsigned n = 0;
	for (; n < 20; n += 2)
		assert_int_equal(add_block(s, n), 0);
	fill_up(filler);
	int result = 0;
	for (; n < 10000 && (result = add_block(s, n)) == 0; n += 2)
		;
	assert_int_equal(result, -ENOSPC);
	assert_true(strstr(store_error(s), "full") != NULL);
	assert_int_equal(store_commit(s), -ENOSPC);
	store_rollback(s);
	assert_int_equal(check_whole(s), n);
	assert_int_equal(add_block(s, n), -ENOSPC); /* and again */
	store_rollback(s);
	assert_int_equal(unlink(filler), 0);
	assert_int_equal(add_block(s, n), 0);
	assert_int_equal(check_whole(s), n + 2);
	store_close(s);
	/* Opening on a full disk, too, is a message or a store, and no damage. */
	fill_up(filler);
	buf_clear(&f->message);
	s = store_open(f->path, STORE_OWN, &f->message);
	assert_true(s || f->message.n > 0);
	store_close(s);
	assert_int_equal(unlink(filler), 0);
	s = fixture_open(f, STORE_OWN);
	assert_int_equal(check_whole(s), n + 2);
	store_close(s);
	assert_int_equal(umount(f->folder), 0);
}

/* The one variable of this file: methods of an SQLite file carry no pointer of ours. */
static struct {
	sqlite3_vfs vfs;
	const sqlite3_io_methods *real; /* write, sync and truncate are the same for all files */
	sqlite3_io_methods with_locks, without_locks; /* the database; its journals */
	int countdown; /* calls until the fault; 0: none any more */
	bool sticky; /* the disk stays broken */
	int code, system_error;
	bool hit;
} faults;

static bool fault_now(void)
{
	if (faults.hit && faults.sticky)
		return true;
	if (faults.countdown == 0 || --faults.countdown > 0)
		return false;
	return faults.hit = true;
}

static int fault_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
	if (!fault_now())
		return faults.real->xWrite(file, bytes, n, at);
	(void)faults.real->xWrite(file, bytes, n / 2, at); /* torn */
	errno = faults.system_error;
	return faults.code;
}

static int fault_sync(sqlite3_file *file, int flags)
{
	if (!fault_now())
		return faults.real->xSync(file, flags);
	errno = faults.system_error;
	return faults.code == SQLITE_FULL ? SQLITE_FULL : SQLITE_IOERR_FSYNC;
}

static int fault_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	if (!fault_now())
		return faults.real->xTruncate(file, size);
	errno = faults.system_error;
	return SQLITE_IOERR_TRUNCATE;
}

static int fault_open(
	sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
	sqlite3_vfs *unix_vfs = vfs->pAppData;
	int code = unix_vfs->xOpen(unix_vfs, name, file, flags, out_flags);
	if (code != SQLITE_OK)
		return code;
	faults.real = file->pMethods;
	sqlite3_io_methods *methods = flags & SQLITE_OPEN_MAIN_DB ? &faults.with_locks
								  : &faults.without_locks;
	*methods = *faults.real;
	methods->xWrite = fault_write;
	methods->xSync = fault_sync;
	methods->xTruncate = fault_truncate;
	file->pMethods = methods;
	return SQLITE_OK;
}

static void faults_install(void)
{
	sqlite3_vfs *unix_vfs = sqlite3_vfs_find(NULL);
	assert_non_null(unix_vfs);
	faults.vfs = *unix_vfs;
	faults.vfs.zName = "faults";
	faults.vfs.pAppData = unix_vfs;
	faults.vfs.xOpen = fault_open;
	assert_int_equal(sqlite3_vfs_register(&faults.vfs, 1), SQLITE_OK);
}

static void start_afresh(struct fixture *f)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal", ".lock" };
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		char name[FIXTURE_PATH_BYTES + 16];
		(void)snprintf(name, sizeof name, "%s%s", f->path, suffixes[i]);
		(void)unlink(name); /* not all are there */
	}
}

/* Blocks, ends of deliveries and a close with its checkpoint, while call number `nth` fails.
 * Returns how many alerts were acknowledged. */
static unsigned work_with_fault(struct fixture *f, int nth)
{
	unsigned n = 0;
	faults.hit = false;
	faults.countdown = nth;
	buf_clear(&f->message);
	struct store *s = store_open(f->path, STORE_OWN, &f->message);
	if (!s) {
		assert_true(f->message.n > 0);
		assert_true(faults.hit);
	}
	for (int i = 0; s && i < 6; i++) {
		int result = add_block(s, n);
		if (result == 0) {
			n += 2;
			result = store_sent(s, n, 20);
		} else {
			store_rollback(s);
		}
		assert_true(result == 0 || faults.hit);
		assert_true(result == 0 || result == (faults.code == SQLITE_FULL ? -ENOSPC : -EIO));
	}
	store_close(s);
	faults.countdown = 0;
	faults.sticky = false;
	return n;
}

static void fail_each_in_turn(struct fixture *f, bool sticky, int code, int system_error)
{
	bool hit = true;
	int nth = 1;
	for (; hit; nth++) {
		start_afresh(f);
		faults.sticky = sticky;
		faults.code = code;
		faults.system_error = system_error;
		unsigned acknowledged = work_with_fault(f, nth);
		hit = faults.hit;
		faults.hit = false;
		struct store *s = fixture_open(f, STORE_OWN);
		unsigned n = check_whole(s);
		assert_true(n >= acknowledged);
		assert_int_equal(add_block(s, n), 0);
		assert_int_equal(check_whole(s), n + 2);
		store_close(s);
	}
	print_message("%s %s: %d points\n", sticky ? "for good" : "once",
		code == SQLITE_FULL ? "full" : "broken", nth - 2);
	assert_true(nth > 50);
}

static void a_fault_of_the_disk_at_any_call_loses_nothing_that_was_acknowledged(void **state)
{
	faults_install();
	fail_each_in_turn(*state, false, SQLITE_IOERR_WRITE, EIO);
	fail_each_in_turn(*state, true, SQLITE_IOERR_WRITE, EIO);
	fail_each_in_turn(*state, false, SQLITE_FULL, ENOSPC);
	fail_each_in_turn(*state, true, SQLITE_FULL, ENOSPC);
	assert_int_equal(sqlite3_vfs_unregister(&faults.vfs), SQLITE_OK);
}

static void a_full_quota_is_told_as_a_full_disk(void **state)
{
	struct fixture *f = *state;
	faults_install();
	struct store *s = fixture_open(f, STORE_OWN);
	faults.code = SQLITE_IOERR_WRITE;
	faults.system_error = EDQUOT;
	faults.countdown = 1;
	assert_int_equal(add_block(s, 0), -ENOSPC);
	store_rollback(s);
	assert_int_equal(add_block(s, 0), 0);
	store_close(s);
	assert_int_equal(sqlite3_vfs_unregister(&faults.vfs), SQLITE_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_kill_at_any_moment_loses_nothing_and_leaves_no_half_block),
		TEST(the_lock_goes_with_its_process),
		TEST(a_full_disk_rolls_back_and_works_again_once_there_is_room),
		cmocka_unit_test_setup_teardown(
			a_fault_of_the_disk_at_any_call_loses_nothing_that_was_acknowledged,
			fixture_setup_in_memory, fixture_teardown),
		TEST(a_full_quota_is_told_as_a_full_disk),
	};
	return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
