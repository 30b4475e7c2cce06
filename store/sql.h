/* Inside store/ only: the open database, its statements, prepared once, and how they are run.
 * The one header that shows SQLite. */
#pragma once

#include <sqlite3.h>

#include "store/store.h"

enum sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_HAS_ALERT,
	SQL_ADD_ALERT,
	SQL_ADD_DELIVERY,
	SQL_ADD_POST,
	SQL_SET_CURSOR,
	SQL_CURSOR,
	SQL_DUE,
	SQL_NEXT_TARGET,
	SQL_NEXT_DUE,
	SQL_ATTEMPT,
	SQL_SWITCH_OFF,
	SQL_SWITCH_ON,
	SQL_IS_OFF,
	SQL_PICK,
	SQL_PICK_PENDING,
	SQL_PICK_DEAD,
	SQL_ROW_OF_ID,
	SQL_ROW,
	SQL_REVIVE,
	SQL_DROP,
	SQL_ARCHIVED,
	SQL_PUT_GAP,
	SQL_DROP_OLD_GAPS,
	SQL_DROP_GAP,
	SQL_COUNT_GAPS,
	SQL_GAPS,
	SQL_PUT_SOURCE,
	SQL_SOURCE,
	SQL_COUNT,
	SQL_EXPIRE_DELIVERIES,
	SQL_EXPIRE_ALERTS,
	SQL_EXPIRE_POSTS,
	SQL_EXPIRE_GAPS,
	SQL_MANY_FREE_PAGES,
	SQL_FREE_PAGES,
	SQL_STATEMENTS
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[SQL_STATEMENTS];
	int lock_fd; /* -1: not STORE_OWN */
	char *path;
	bool begun;
	int failed; /* what broke the transaction: everything but a rollback answers it */
	bool suspect; /* damage or a failed disk was seen: the next start checks */
	struct buf error;
	struct buf json; /* the alert being added */
};

/* 0, or -errno with the error set. */
int sql_prepare(struct store *s);
void sql_finish(struct store *s);
const char *sql_text(enum sql which);

/* Remembers what the database says about a call that failed just now. Returns the -errno for it. */
int sql_fail(struct store *s, int code);
void sql_message(struct store *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Begins unless the caller has; *own says so to sql_leave, which then commits or rolls back. */
int sql_enter(struct store *s, bool *own);
int sql_leave(struct store *s, bool own, int result);

/* One run of a statement: start, bind its values in order, step. */
struct query {
	struct store *store;
	sqlite3_stmt *statement;
	int bound;
	int code; /* of the first value that could not be bound */
};

struct query query_start(struct store *s, enum sql which);
void query_int(struct query *q, int64_t value);
/* The bytes stay the caller's until the query has ended; absent is NULL. */
void query_text(struct query *q, struct str text);
void query_null(struct query *q);
/* 1: a row; 0: no more; -errno. After 0 and -errno the query has ended. */
int query_step(struct query *q);
void query_end(struct query *q);
int query_run(struct query *q); /* to its end: 0 or -errno */
int64_t query_get_int(struct query *q, int column);
struct str query_get_text(struct query *q, int column); /* until the next step */
