#define _GNU_SOURCE
#include "tests/store/fixture.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/mem.h"

static int setup_under(const char *parent, void **state)
{
	struct fixture *f = mem_zero(1, sizeof *f);
	(void)snprintf(f->folder, sizeof f->folder, "%s/vigie-store-XXXXXX", parent);
	if (!mkdtemp(f->folder))
		return -1;
	(void)snprintf(f->path, sizeof f->path, "%s/vigie.db", f->folder);
	buf_init(&f->message, 4096);
	*state = f;
	return 0;
}

int fixture_setup(void **state)
{
	return setup_under("/tmp", state);
}

int fixture_setup_in_memory(void **state)
{
	return setup_under(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", state);
}

/* Takes the folders that the tests made, a few deep. */
static void remove_folder(const char *path)
{
	DIR *folder = opendir(path);
	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder));) {
		char name[PATH_MAX];
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		assert_true((size_t)snprintf(name, sizeof name, "%s/%s", path, entry->d_name) <
			sizeof name);
		if (entry->d_type == DT_DIR)
			remove_folder(name);
		else
			assert_int_equal(unlink(name), 0);
	}
	assert_int_equal(closedir(folder), 0);
	assert_int_equal(rmdir(path), 0);
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	(void)umount2(f->folder, MNT_DETACH); /* only a test that failed left one */
	remove_folder(f->folder);
	buf_finish(&f->message);
	mem_free(f);
	return 0;
}

struct store *fixture_open(struct fixture *f, enum store_mode mode)
{
	buf_clear(&f->message);
	struct store *s = store_open(f->path, mode, &f->message);
	if (!s)
		fail_msg("%.*s", STR_ARGS(buf_str(&f->message)));
	return s;
}

void fixture_refused(struct fixture *f, const char *path, enum store_mode mode, const char *part)
{
	buf_clear(&f->message);
	assert_null(store_open(path, mode, &f->message));
	if (str_find(buf_str(&f->message), str_of(part)) == SIZE_MAX)
		fail_msg("'%s' is not in: %.*s", part, STR_ARGS(buf_str(&f->message)));
}

void sample_init(struct sample *sample, unsigned n, enum severity severity, int64_t created_at_us)
{
	*sample = (struct sample){ .post = post_empty() };
	(void)snprintf(sample->post_id, sizeof sample->post_id, "post-%u", n);
	sample->post.id = str_of(sample->post_id);
	sample->post.source = STR("bluesky");
	sample->post.text = STR("le parc solaire de Cestas est à l'arrêt");
	sample->post.created_at_us = created_at_us - 5;
	(void)snprintf(sample->alert.id, sizeof sample->alert.id, "%032x", n);
	sample->alert.created_at_us = created_at_us;
	sample->alert.match.rule = STR("solaire");
	sample->alert.match.about = STR("Cestas");
	sample->alert.match.severity = severity;
	sample->alert.match.post = &sample->post;
}

void add_sample(
	struct store *s, unsigned n, enum severity severity, int64_t at_us, const char *target)
{
	struct sample sample;
	sample_init(&sample, n, severity, at_us);
	struct str name = str_of(target);
	bool added = false;
	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_add_alert(s, &sample.alert, &name, 1, &added), 0);
	assert_true(added);
	assert_int_equal(store_commit(s), 0);
}

static sqlite3_stmt *first_row(struct store *s, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) != SQLITE_OK ||
		sqlite3_step(statement) != SQLITE_ROW)
		fail_msg("%s: %s", sql, sqlite3_errmsg(s->db));
	return statement;
}

int64_t ask_int(struct store *s, const char *sql)
{
	sqlite3_stmt *statement = first_row(s, sql);
	int64_t value = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return value;
}

void check_sql(struct store *s, const char *sql, const char *expected)
{
	sqlite3_stmt *statement = first_row(s, sql);
	check_str(str_of((const char *)sqlite3_column_text(statement, 0)), str_of(expected));
	(void)sqlite3_finalize(statement);
}

void run_sql(struct store *s, const char *sql)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(s->db));
}
