/* Nothing is written before the file has turned out to be empty or ours: first the options of the
 * connection, then the look at its header, then the options that live in the file, then the
 * migrations that are missing, each in a transaction with the version it leads to. */
#include "store/schema.h"

#include <inttypes.h>
#include <stdio.h>

/* Rows of posts and alerts hold what strangers wrote, so every length has its ceiling. */
enum {
	HEAP_BYTES = 64 * 1024 * 1024,
	BUSY_MS = 5000,
	ROW_BYTES = 4000000,
	SQL_BYTES = 100000,
	COLUMNS = 100,
	EXPRESSION_DEPTH = 20,
	COMPOUND_SELECTS = 3,
	PATTERN_BYTES = 50,
	/* A check may take about two seconds: so many steps over rows for all tables together. */
	CHECK_STEPS_A_CALL = 100000,
	CHECK_CALLS = 500,
	CHECK_REPORT_BYTES = 64 * 1024
};

static const char *const migrations[SCHEMA_VERSION] = {
	/* Severity and state are the numbers of their enums. Ids are digests, whose index costs a
	 * page a row, so deliveries refer to their alert by its row. A delivery's row number is
	 * never given twice: a delivery under way may be dropped meanwhile, and its end must not
	 * touch another one. archive.row is what a full-text index will point to. */
	"CREATE TABLE alert("
	" row INTEGER PRIMARY KEY,"
	" id TEXT NOT NULL UNIQUE,"
	" rule TEXT NOT NULL,"
	" source TEXT NOT NULL,"
	" post TEXT NOT NULL,"
	" severity INTEGER NOT NULL CHECK (severity BETWEEN 0 AND 2),"
	" created_at INTEGER NOT NULL,"
	" json TEXT NOT NULL) STRICT;"
	"CREATE INDEX alert_age ON alert(created_at);"

	"CREATE TABLE delivery("
	" row INTEGER PRIMARY KEY AUTOINCREMENT,"
	" id TEXT NOT NULL UNIQUE,"
	" alert INTEGER NOT NULL REFERENCES alert(row),"
	" target TEXT NOT NULL CHECK (target <> ''),"
	" severity INTEGER NOT NULL CHECK (severity BETWEEN 0 AND 2),"
	" state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 2),"
	" attempts INTEGER NOT NULL DEFAULT 0,"
	" created_at INTEGER NOT NULL,"
	" due_at INTEGER NOT NULL,"
	" changed_at INTEGER NOT NULL,"
	" message TEXT NOT NULL DEFAULT '',"
	" UNIQUE (alert, target)) STRICT;"
	"CREATE INDEX delivery_due ON delivery(state, target, severity, due_at) WHERE state = 0;"
	"CREATE INDEX delivery_done ON delivery(state, changed_at) WHERE state > 0;"

	"CREATE TABLE target("
	" name TEXT PRIMARY KEY NOT NULL,"
	" off INTEGER NOT NULL CHECK (off IN (0, 1)),"
	" message TEXT NOT NULL,"
	" changed_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"

	"CREATE TABLE cursor("
	" source TEXT PRIMARY KEY NOT NULL,"
	" position TEXT NOT NULL) STRICT;"

	"CREATE TABLE archive("
	" row INTEGER PRIMARY KEY,"
	" source TEXT NOT NULL,"
	" post TEXT NOT NULL,"
	" posted_at INTEGER NOT NULL,"
	" archived_at INTEGER NOT NULL,"
	" text TEXT NOT NULL,"
	" json TEXT NOT NULL,"
	" UNIQUE (source, post)) STRICT;"
	"CREATE INDEX archive_age ON archive(archived_at);",

	/* A gap with to_at 0 lasts. There are at most some thousand of them. */
	"CREATE TABLE gap("
	" row INTEGER PRIMARY KEY,"
	" source TEXT NOT NULL,"
	" part TEXT NOT NULL,"
	" from_at INTEGER NOT NULL,"
	" to_at INTEGER NOT NULL CHECK (to_at = 0 OR to_at > from_at),"
	" kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),"
	" told INTEGER NOT NULL CHECK (told IN (0, 1)),"
	" reason TEXT NOT NULL,"
	" UNIQUE (source, part, from_at)) STRICT;"

	"CREATE TABLE source("
	" name TEXT PRIMARY KEY NOT NULL,"
	" alive_at INTEGER NOT NULL,"
	" last_record_at INTEGER NOT NULL,"
	" silence TEXT NOT NULL) STRICT, WITHOUT ROWID;",
};

static bool run(struct store *s, const char *sql, struct buf *message)
{
	int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		return true;
	buf_addf(message, "cannot open the store: '%s': %s", s->path, sqlite3_errmsg(s->db));
	return false;
}

/* The first column of the first row, as a number and as text; absent without a row. */
static bool ask(
	struct store *s, const char *sql, int64_t *number, struct buf *text, struct buf *message)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW && number)
		*number = sqlite3_column_int64(statement, 0);
	if (code == SQLITE_ROW && text)
		buf_add(text, str_of((const char *)sqlite3_column_text(statement, 0)));
	bool good = code == SQLITE_ROW || code == SQLITE_DONE;
	if (!good)
		buf_addf(
			message, "cannot open the store: '%s': %s", s->path, sqlite3_errmsg(s->db));
	(void)sqlite3_finalize(statement); /* repeats the code of the step */
	return good;
}

static void set_limits(sqlite3 *db)
{
	static const int limits[][2] = {
		{ SQLITE_LIMIT_LENGTH, ROW_BYTES },
		{ SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES },
		{ SQLITE_LIMIT_COLUMN, COLUMNS },
		{ SQLITE_LIMIT_EXPR_DEPTH, EXPRESSION_DEPTH },
		{ SQLITE_LIMIT_COMPOUND_SELECT, COMPOUND_SELECTS },
		{ SQLITE_LIMIT_ATTACHED, 0 },
		{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN_BYTES },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
	};
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		(void)sqlite3_limit(db, limits[i][0], limits[i][1]); /* returns the old one */
}

static bool harden(struct store *s, struct buf *message)
{
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
		int code = sqlite3_db_config(s->db, switches[i][0], switches[i][1], NULL);
		if (code != SQLITE_OK) {
			buf_addf(message, "cannot open the store: '%s': %s", s->path,
				sqlite3_errstr(code));
			return false;
		}
	}
	set_limits(s->db);
	(void)sqlite3_hard_heap_limit64(HEAP_BYTES); /* returns the old one */
	(void)sqlite3_busy_timeout(s->db, BUSY_MS); /* always SQLITE_OK */
	return run(s,
		"PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON;"
		"PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; "
		"PRAGMA cache_size = -8000;"
		"PRAGMA synchronous = FULL;",
		message);
}

static bool connect(struct store *s, enum store_mode mode, struct buf *message)
{
	int access = mode == STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	int code = sqlite3_open_v2(s->path, &s->db,
		access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE, NULL);
	if (code == SQLITE_OK)
		return harden(s, message);
	buf_addf(message, "cannot open the store: '%s': %s", s->path,
		s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(code));
	return false;
}

/* *version 0: an empty file. */
static bool recognise(struct store *s, enum store_mode mode, int64_t *version, struct buf *message)
{
	int64_t application = 0, tables = 0;
	if (!ask(s, "SELECT count(*) FROM sqlite_schema", &tables, NULL, message) ||
		!ask(s, "PRAGMA application_id", &application, NULL, message) ||
		!ask(s, "PRAGMA user_version", version, NULL, message))
		return false;
	bool empty = tables == 0 && application == 0 && *version == 0;
	if (!empty && (application != SCHEMA_APPLICATION || *version < 1)) {
		buf_addf(message, "file is a database of another program: '%s'", s->path);
		return false;
	}
	if (*version > SCHEMA_VERSION) {
		buf_addf(message,
			"store was written by a newer vigie (schema %" PRId64
			", this one knows %d): '%s'",
			*version, SCHEMA_VERSION, s->path);
		return false;
	}
	if (mode != STORE_OWN && *version < SCHEMA_VERSION) {
		buf_addf(message,
			"store was written by an older vigie, start the daemon to upgrade it: '%s'",
			s->path);
		return false;
	}
	return true;
}

static bool set_journal(struct store *s, bool empty, struct buf *message)
{
	struct buf text;
	buf_init(&text, 16);
	/* The way to vacuum is fixed by the first page that is written. */
	bool good = (!empty || run(s, "PRAGMA auto_vacuum = INCREMENTAL", message)) &&
		ask(s, "PRAGMA journal_mode = WAL", NULL, &text, message);
	if (good && !str_eq(buf_str(&text), STR("wal"))) {
		buf_addf(message, "store cannot keep a write-ahead log here: '%s'", s->path);
		good = false;
	}
	buf_finish(&text);
	return good;
}

static bool migrate(struct store *s, int64_t version, struct buf *message)
{
	for (; version < SCHEMA_VERSION; version++) {
		char end[128];
		(void)snprintf(end, sizeof end,
			"PRAGMA application_id = %d; PRAGMA user_version = %" PRId64 "; COMMIT",
			SCHEMA_APPLICATION, version + 1); /* it fits */
		if (!run(s, "BEGIN IMMEDIATE", message))
			return false;
		if (!run(s, migrations[version], message) || !run(s, end, message)) {
			/* Closing the connection rolls back what this does not. */
			(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
			return false;
		}
	}
	return true;
}

static int count_down(void *left)
{
	int *calls = left;
	return --*calls < 0;
}

/* The first line of a report that is not its heading. */
static struct str first_trouble(struct str report)
{
	struct str line;
	while (str_next(&report, '\n', &line))
		if (!str_starts(line, STR("***")))
			return line;
	return STR("");
}

/* False, and message says why, if the check finds something or fails; running out of calls is
 * neither. */
static bool check_table(struct store *s, const char *sql, const int *calls, struct buf *message)
{
	struct buf report, trouble;
	buf_init(&report, CHECK_REPORT_BYTES);
	buf_init(&trouble, CHECK_REPORT_BYTES);
	bool asked = ask(s, sql, NULL, &report, &trouble);
	bool good = *calls < 0 || (asked && str_eq(buf_str(&report), STR("ok")));
	if (!good && asked)
		buf_addf(message, "store is damaged, move it aside to start afresh: '%s': %.*s",
			s->path, STR_ARGS(first_trouble(buf_str(&report))));
	else if (!good)
		buf_add(message, buf_str(&trouble));
	buf_finish(&report);
	buf_finish(&trouble);
	return good;
}

/* The tables that deliveries and cursors hang on come first; what time does not allow is left. */
static bool look_for_damage(struct store *s, int64_t version, struct buf *message)
{
	static const struct {
		const char *sql;
		int64_t max_bytes; /* of a file in which this table is still checked in time */
		int since_version; /* of the schema: an older store lacks the table */
	} checks[] = {
		{ "PRAGMA quick_check('cursor')", INT64_MAX, 1 },
		{ "PRAGMA quick_check('target')", INT64_MAX, 1 },
		{ "PRAGMA quick_check('source')", INT64_MAX, 2 },
		{ "PRAGMA quick_check('gap')", INT64_MAX, 2 },
		{ "PRAGMA quick_check('delivery')", INT64_C(4) << 30, 1 },
		{ "PRAGMA quick_check('alert')", INT64_C(512) << 20, 1 },
		{ "PRAGMA quick_check('archive')", INT64_C(512) << 20, 1 },
	};
	int64_t bytes = 0;
	if (!ask(s, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
		    &bytes, NULL, message))
		return false;
	int calls = CHECK_CALLS;
	sqlite3_progress_handler(s->db, CHECK_STEPS_A_CALL, count_down, &calls);
	bool good = true;
	for (size_t i = 0; good && calls >= 0 && i < sizeof checks / sizeof *checks; i++)
		if (bytes <= checks[i].max_bytes && version >= checks[i].since_version)
			good = check_table(s, checks[i].sql, &calls, message);
	sqlite3_progress_handler(s->db, 0, NULL, NULL);
	return good;
}

bool schema_open(struct store *s, enum store_mode mode, bool check, struct buf *message)
{
	int64_t version = 0;
	return connect(s, mode, message) && recognise(s, mode, &version, message) &&
		(!check || version == 0 || look_for_damage(s, version, message)) &&
		(mode != STORE_OWN || set_journal(s, version == 0, message)) &&
		run(s, "PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 16777216",
			message) &&
		migrate(s, version, message);
}
