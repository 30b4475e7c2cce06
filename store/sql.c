#include "store/sql.h"

#include <assert.h>
#include <errno.h>

#include "base/log.h"

/* The columns of an outbox row; outbox.c reads them in this order. ?1 asks for the JSON. */
#define OUTBOX_ROW                                                                     \
	"SELECT d.row, d.id, a.id, d.target, a.rule, d.severity, d.state, d.attempts," \
	" d.created_at, d.due_at, d.changed_at, d.message, CASE WHEN ?1 THEN a.json END "

/* Rows that a filter lets through, the newest first. ?1 to ?4 are the state (-1: any), the
 * target, the rule, ?4 and ?5 the range of rows, ?6 how many. */
#define PICK_WHERE                                                        \
	"(?1 < 0 OR d.state = ?1) AND (?2 IS NULL OR d.target = ?2)"      \
	" AND (?3 IS NULL OR EXISTS"                                      \
	" (SELECT 1 FROM alert a WHERE a.row = d.alert AND a.rule = ?3))" \
	" AND d.row BETWEEN ?4 AND ?5 ORDER BY d.row DESC LIMIT ?6"

/* ?1 is the source (NULL: any), ?2 when they end at the earliest, ?3 whether only those that last.
 */
#define GAP_WHERE \
	"FROM gap WHERE (?1 IS NULL OR source = ?1) AND (to_at = 0 OR (NOT ?3 AND to_at > ?2))"

/* The index of finished deliveries holds state > 0 only, so every query of it says so. */
static const char *const statements[SQL_STATEMENTS] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",

	[SQL_HAS_ALERT] = "SELECT 1 FROM alert WHERE id = ?1",
	[SQL_ADD_ALERT] = "INSERT INTO alert(id, rule, source, post, severity, created_at, json)"
			  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[SQL_ADD_DELIVERY] =
		"INSERT INTO delivery(id, alert, target, severity, created_at, due_at, changed_at)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?5) ON CONFLICT(id) DO NOTHING",
	[SQL_ADD_POST] = "INSERT INTO archive(source, post, posted_at, archived_at, text, json)"
			 " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(source, post) DO NOTHING",
	[SQL_SET_CURSOR] = "INSERT INTO cursor(source, position) VALUES (?1, ?2)"
			   " ON CONFLICT(source) DO UPDATE SET position = excluded.position",
	[SQL_CURSOR] = "SELECT position FROM cursor WHERE source = ?1",

	[SQL_DUE] = OUTBOX_ROW
	"FROM delivery d INDEXED BY delivery_due CROSS JOIN alert a ON a.row = d.alert"
	" WHERE d.state = 0 AND d.target = ?2 AND d.severity = ?3 AND d.due_at <= ?4"
	" ORDER BY d.due_at, d.row",
	[SQL_NEXT_TARGET] = "SELECT target FROM delivery INDEXED BY delivery_due"
			    " WHERE state = 0 AND target > ?1 ORDER BY target LIMIT 1",
	[SQL_NEXT_DUE] = "SELECT due_at FROM delivery INDEXED BY delivery_due"
			 " WHERE state = 0 AND target = ?1 AND severity = ?2 AND due_at > ?3"
			 " ORDER BY due_at LIMIT 1",
	[SQL_ATTEMPT] = "UPDATE delivery SET state = ?2, due_at = coalesce(?3, due_at),"
			" attempts = attempts + 1, changed_at = ?4,"
			" message = coalesce(?5, message) WHERE row = ?1 AND state = 0",

	[SQL_SWITCH_OFF] =
		"INSERT INTO target(name, off, message, changed_at) VALUES (?1, 1, ?2, ?3)"
		" ON CONFLICT(name) DO UPDATE SET off = 1, message = excluded.message,"
		" changed_at = excluded.changed_at",
	[SQL_SWITCH_ON] = "UPDATE target SET off = 0, changed_at = ?2"
			  " WHERE off = 1 AND name = (SELECT target FROM delivery WHERE row = ?1)",
	[SQL_IS_OFF] = "SELECT off FROM target WHERE name = ?1",

	[SQL_PICK] = "SELECT d.row FROM delivery d NOT INDEXED WHERE " PICK_WHERE,
	[SQL_PICK_PENDING] = "SELECT d.row FROM delivery d INDEXED BY delivery_due"
			     " WHERE d.state = 0 AND " PICK_WHERE,
	[SQL_PICK_DEAD] = "SELECT d.row FROM delivery d INDEXED BY delivery_done"
			  " WHERE d.state > 0 AND d.state = 2 AND " PICK_WHERE,
	[SQL_ROW_OF_ID] = "SELECT row FROM delivery WHERE id = ?1",
	[SQL_ROW] = OUTBOX_ROW "FROM delivery d CROSS JOIN alert a ON a.row = d.alert"
			       " WHERE d.row = ?2",
	[SQL_REVIVE] = "UPDATE delivery SET state = 0, attempts = 0, due_at = ?2, changed_at = ?2"
		       " WHERE row = ?1",
	[SQL_DROP] = "DELETE FROM delivery WHERE row = ?1",

	[SQL_ARCHIVED] = "SELECT row, source, json FROM archive WHERE row > ?1"
			 " ORDER BY row LIMIT ?2",
	[SQL_PUT_GAP] =
		"INSERT INTO gap(source, part, from_at, to_at, kind, told, reason)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(source, part, from_at)"
		" DO UPDATE SET to_at = excluded.to_at, kind = excluded.kind, told = excluded.told,"
		" reason = CASE excluded.reason WHEN '' THEN reason ELSE excluded.reason END",
	[SQL_DROP_OLD_GAPS] = "DELETE FROM gap WHERE to_at <> 0 AND row <="
			      " (SELECT max(row) FROM gap) - ?1",
	[SQL_DROP_GAP] = "DELETE FROM gap WHERE source = ?1 AND part = ?2 AND from_at = ?3",
	[SQL_COUNT_GAPS] = "SELECT count(*) " GAP_WHERE,
	[SQL_GAPS] = "SELECT source, part, from_at, to_at, kind, told, reason " GAP_WHERE
		     " ORDER BY from_at DESC, row DESC LIMIT ?4",
	[SQL_PUT_SOURCE] =
		"INSERT INTO source(name, alive_at, last_record_at, silence)"
		" VALUES (?1, ?2, ?3, ?4) ON CONFLICT(name) DO UPDATE SET"
		" alive_at = excluded.alive_at, last_record_at = excluded.last_record_at,"
		" silence = excluded.silence",
	[SQL_SOURCE] = "SELECT alive_at, last_record_at, silence FROM source WHERE name = ?1",
	[SQL_COUNT] = "SELECT (SELECT count(*) FROM delivery WHERE state = 0),"
		      " (SELECT count(*) FROM delivery WHERE state > 0 AND state = 1),"
		      " (SELECT count(*) FROM delivery WHERE state > 0 AND state = 2),"
		      " (SELECT count(*) FROM alert), (SELECT count(*) FROM archive)",
	[SQL_EXPIRE_DELIVERIES] =
		"DELETE FROM delivery WHERE row IN"
		" (SELECT row FROM delivery INDEXED BY delivery_done"
		" WHERE state > 0 AND state = ?1 AND changed_at < ?2 ORDER BY changed_at LIMIT ?3)",
	[SQL_EXPIRE_ALERTS] = "DELETE FROM alert WHERE row IN"
			      " (SELECT a.row FROM alert a INDEXED BY alert_age"
			      " WHERE a.created_at < ?1 AND NOT EXISTS"
			      " (SELECT 1 FROM delivery d WHERE d.alert = a.row)"
			      " ORDER BY a.created_at LIMIT ?2)",
	[SQL_EXPIRE_POSTS] = "DELETE FROM archive WHERE row IN"
			     " (SELECT row FROM archive INDEXED BY archive_age"
			     " WHERE archived_at < ?1 ORDER BY archived_at LIMIT ?2)",
	[SQL_EXPIRE_GAPS] = "DELETE FROM gap WHERE row IN (SELECT row FROM gap"
			    " WHERE to_at <> 0 AND to_at < ?1 LIMIT ?2)",
	[SQL_MANY_FREE_PAGES] = "SELECT freelist_count * 4 > page_count"
				" FROM pragma_freelist_count, pragma_page_count",
	[SQL_FREE_PAGES] = "PRAGMA incremental_vacuum(256)",
};

const char *sql_text(enum sql which)
{
	return statements[which];
}

/* A full disk shows as SQLITE_FULL, but a full quota or a full disk under the shared memory as an
 * I/O error. Its errno is the one that the step left, since sqlite3_system_errno knows nothing of
 * a failed commit. */
static int errno_of_io(int code, int system)
{
	if (code == SQLITE_IOERR_NOMEM)
		return -ENOMEM;
	return system == ENOSPC || system == EDQUOT ? -ENOSPC : -EIO;
}

static int errno_of(int code, int system)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return errno_of_io(code, system);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return -EROFS;
	case SQLITE_TOOBIG:
		return -EMSGSIZE;
	case SQLITE_INTERRUPT:
		return -EINTR;
	default:
		return -EINVAL;
	}
}

void sql_message(struct store *s, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	buf_clear(&s->error);
	buf_addv(&s->error, format, args);
	va_end(args);
}

int sql_fail(struct store *s, int code)
{
	int result = errno_of(code, errno);
	/* Some codes, such as one of a bind, leave no text in the connection. */
	const char *text = sqlite3_extended_errcode(s->db) == code ? sqlite3_errmsg(s->db)
								   : sqlite3_errstr(code);
	sql_message(s, "store failed: '%s': %s (code %d)", s->path, text, code);
	if (result == -EUCLEAN || result == -EIO)
		s->suspect = true;
	if (s->begun && !s->failed)
		s->failed = result;
	return result;
}

int sql_prepare(struct store *s)
{
	for (size_t i = 0; i < SQL_STATEMENTS; i++) {
		errno = 0;
		int code = sqlite3_prepare_v3(s->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
			&s->statements[i], NULL);
		if (code != SQLITE_OK)
			return sql_fail(s, code);
	}
	return 0;
}

void sql_finish(struct store *s)
{
	for (size_t i = 0; i < SQL_STATEMENTS; i++)
		(void)sqlite3_finalize(s->statements[i]); /* repeats the code of the last step */
}

int sql_enter(struct store *s, bool *own)
{
	*own = !s->begun;
	return *own ? store_begin(s) : 0;
}

int sql_leave(struct store *s, bool own, int result)
{
	if (!own)
		return result;
	if (result == 0)
		result = store_commit(s);
	if (result != 0)
		store_rollback(s);
	return result;
}

struct query query_start(struct store *s, enum sql which)
{
	assert(!sqlite3_stmt_busy(s->statements[which]));
	return (struct query){ .store = s, .statement = s->statements[which] };
}

static void note(struct query *q, int code)
{
	if (q->code == SQLITE_OK)
		q->code = code;
}

void query_int(struct query *q, int64_t value)
{
	note(q, sqlite3_bind_int64(q->statement, ++q->bound, value));
}

void query_null(struct query *q)
{
	note(q, sqlite3_bind_null(q->statement, ++q->bound));
}

void query_text(struct query *q, struct str text)
{
	note(q,
		sqlite3_bind_text64(
			q->statement, ++q->bound, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8));
}

void query_end(struct query *q)
{
	(void)sqlite3_reset(q->statement); /* repeats the code of the last step */
	(void)sqlite3_clear_bindings(q->statement); /* cannot fail */
}

int query_step(struct query *q)
{
	int result = q->store->failed;
	if (result == 0) {
		errno = 0; /* what is in it afterwards came from this step */
		int code = q->code == SQLITE_OK ? sqlite3_step(q->statement) : q->code;
		if (code == SQLITE_ROW)
			return 1;
		if (code != SQLITE_DONE)
			result = sql_fail(q->store, code);
	}
	query_end(q);
	return result;
}

int query_run(struct query *q)
{
	int result;
	do
		result = query_step(q);
	while (result == 1);
	return result;
}

int64_t query_get_int(struct query *q, int column)
{
	return sqlite3_column_int64(q->statement, column);
}

struct str query_get_text(struct query *q, int column)
{
	const unsigned char *p = sqlite3_column_text(q->statement, column);
	int n = sqlite3_column_bytes(q->statement, column);
	return (struct str){ (const char *)p, p && n > 0 ? (size_t)n : 0 };
}
