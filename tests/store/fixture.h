/* What the tests of store/ share: a folder of their own, alerts made by hand, and a look behind the
 * store by its own connection. */
#pragma once

#include "tests/check.h"

#include "store/sql.h"

enum { FIXTURE_PATH_BYTES = 256 };

struct fixture {
	char folder[64];
	char path[FIXTURE_PATH_BYTES]; /* of the store, not there yet */
	struct buf message;
};

int fixture_setup(void **state);
/* The same where a sync costs nothing, for tests that do very many. */
int fixture_setup_in_memory(void **state);
int fixture_teardown(void **state);

/* Opens the store of the fixture; fails with the message if that is refused. */
struct store *fixture_open(struct fixture *f, enum store_mode mode);
/* Opens, expects a refusal and that the message holds `part`. */
void fixture_refused(struct fixture *f, const char *path, enum store_mode mode, const char *part);

/* An alert and its post: number n gives both their ids. */
struct sample {
	struct post post;
	struct alert alert;
	char post_id[32];
};
void sample_init(struct sample *sample, unsigned n, enum severity severity, int64_t created_at_us);

/* Begins, adds one alert for each target, commits. */
void add_sample(
	struct store *s, unsigned n, enum severity severity, int64_t at_us, const char *target);

/* One value by SQL on the store's own connection. */
int64_t ask_int(struct store *s, const char *sql);
void check_sql(struct store *s, const char *sql, const char *expected);
void run_sql(struct store *s, const char *sql);
