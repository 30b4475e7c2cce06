#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "store/file.h"
#include "store/gaps.h"
#include "store/schema.h"
#include "store/sql.h"

enum { DELIVERY_HEX_DIGITS = 24, DELIVERY_ID_BYTES = 4 + DELIVERY_HEX_DIGITS + 1 };

static_assert(SEVERITY_LOW == 0 && SEVERITY_CRITICAL == 2, "the schema keeps these numbers");

static struct store *open_located(
	const char *path, enum store_mode mode, int lock_fd, bool unclean, struct buf *message)
{
	struct store *s = mem_zero(1, sizeof *s);
	s->lock_fd = lock_fd;
	s->path = mem_text(path, strlen(path));
	buf_init(&s->error, 4 * FILE_PATH_BYTES);
	buf_init(&s->json, STORE_MAX_ALERT_BYTES);
	bool good = schema_open(s, mode, unclean, message);
	if (good && sql_prepare(s) != 0) {
		buf_addf(message, "%s", store_error(s));
		good = false;
	}
	if (good)
		return s;
	s->suspect = unclean;
	store_close(s);
	return NULL;
}

struct store *store_open(const char *path, enum store_mode mode, struct buf *message)
{
	char whole[FILE_PATH_BYTES];
	if (!file_locate(path, mode == STORE_OWN, whole, message))
		return NULL;
	bool unclean = false;
	if (mode != STORE_OWN)
		return file_present(whole, message)
			? open_located(whole, mode, -1, unclean, message)
			: NULL;
	int lock_fd = file_lock(whole, &unclean, message);
	if (lock_fd < 0)
		return NULL;
	if (!file_protect(whole, message)) {
		file_unlock(lock_fd, !unclean);
		return NULL;
	}
	return open_located(whole, mode, lock_fd, unclean, message);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->begun)
		store_rollback(s);
	sql_finish(s);
	int code = sqlite3_close(s->db);
	assert(code == SQLITE_OK); /* else a statement is still open */
	file_unlock(s->lock_fd, code == SQLITE_OK && !s->suspect);
	buf_finish(&s->json);
	buf_finish(&s->error);
	mem_free(s->path);
	mem_free(s);
}

const char *store_error(const struct store *s)
{
	return s->error.p ? s->error.p : "";
}

int store_begin(struct store *s)
{
	assert(!s->begun);
	struct query q = query_start(s, SQL_BEGIN);
	int result = query_run(&q);
	s->begun = result == 0;
	return result;
}

int store_commit(struct store *s)
{
	assert(s->begun);
	struct query q = query_start(s, SQL_COMMIT);
	int result = query_run(&q);
	if (result == 0)
		s->begun = false;
	return result;
}

void store_rollback(struct store *s)
{
	s->failed = 0;
	s->begun = false;
	/* Some failures, such as a full disk, have rolled back already. */
	if (sqlite3_get_autocommit(s->db))
		return;
	struct query q = query_start(s, SQL_ROLLBACK);
	(void)query_run(&q); /* if it fails the next begin fails too */
}

static int refuse_size(struct store *s, const char *what, size_t max_bytes)
{
	sql_message(s, "%s is longer than %zu bytes and cannot be stored", what, max_bytes);
	return -EMSGSIZE;
}

static int check_names(
	struct store *s, const struct alert *alert, const struct str *targets, size_t target_count)
{
	bool fit = alert->match.rule.n <= STORE_MAX_NAME_BYTES &&
		alert->match.post->source.n <= STORE_MAX_NAME_BYTES;
	for (size_t i = 0; i < target_count; i++)
		fit = fit && targets[i].n <= STORE_MAX_NAME_BYTES;
	return fit ? 0 : refuse_size(s, "name", STORE_MAX_NAME_BYTES);
}

/* What is absent is stored as empty. */
static void query_words(struct query *q, struct str text)
{
	query_text(q, text.p ? text : STR(""));
}

static int has_alert(struct store *s, struct str id)
{
	struct query q = query_start(s, SQL_HAS_ALERT);
	query_text(&q, id);
	int result = query_step(&q);
	if (result == 1)
		query_end(&q);
	return result;
}

static int add_alert_row(struct store *s, const struct alert *alert, struct str key)
{
	struct query q = query_start(s, SQL_ADD_ALERT);
	query_text(&q, str_of(alert->id));
	query_words(&q, alert->match.rule);
	query_words(&q, alert->match.post->source);
	query_words(&q, key);
	query_int(&q, alert->match.severity);
	query_int(&q, alert->created_at_us);
	query_text(&q, buf_str(&s->json));
	return query_run(&q);
}

/* The same for the same alert and target, so that a replay makes the same message of it. */
static struct str delivery_id(struct str alert_id, struct str target, char out[DELIVERY_ID_BYTES])
{
	unsigned char digest[DIGEST_BYTES];
	char hex[DIGEST_HEX_BYTES];
	digest_parts((struct str[]){ alert_id, target }, 2, digest);
	digest_hex(digest, hex);
	(void)snprintf(out, DELIVERY_ID_BYTES, "msg_%.*s", DELIVERY_HEX_DIGITS, hex); /* it fits */
	return str_of(out);
}

static int add_delivery(
	struct store *s, const struct alert *alert, int64_t alert_row, struct str target)
{
	char id[DELIVERY_ID_BYTES];
	struct query q = query_start(s, SQL_ADD_DELIVERY);
	query_text(&q, delivery_id(str_of(alert->id), target, id));
	query_int(&q, alert_row);
	query_words(&q, target);
	query_int(&q, alert->match.severity);
	query_int(&q, alert->created_at_us);
	return query_run(&q);
}

static int add_post(struct store *s, const struct alert *alert, struct str key)
{
	const struct post *post = alert->match.post;
	buf_clear(&s->json);
	post_json(post, &s->json);
	assert(!s->json.full); /* it is a part of the alert's, which fit */
	struct query q = query_start(s, SQL_ADD_POST);
	query_words(&q, post->source);
	query_words(&q, key);
	query_int(&q, post->created_at_us);
	query_int(&q, alert->created_at_us);
	query_words(&q, post->text);
	query_text(&q, buf_str(&s->json));
	return query_run(&q);
}

static int add_alert(struct store *s, const struct alert *alert, const struct str *targets,
	size_t target_count, bool archived, bool *added)
{
	assert(s->begun);
	int result = check_names(s, alert, targets, target_count);
	if (result != 0)
		return result;
	int there = has_alert(s, str_of(alert->id));
	if (there < 0)
		return there;
	if (there) {
		*added = false;
		return 0;
	}
	buf_clear(&s->json);
	alert_json(alert, &s->json);
	if (s->json.full)
		return refuse_size(s, "alert", STORE_MAX_ALERT_BYTES);
	char key_bytes[POST_KEY_BYTES];
	struct str key = post_key(alert->match.post, key_bytes);
	result = add_alert_row(s, alert, key);
	int64_t row = sqlite3_last_insert_rowid(s->db);
	for (size_t i = 0; result == 0 && i < target_count; i++)
		result = add_delivery(s, alert, row, targets[i]);
	if (result == 0 && archived)
		result = add_post(s, alert, key);
	if (result == 0)
		*added = true;
	return result;
}

int store_add_alert(struct store *s, const struct alert *alert, const struct str *targets,
	size_t target_count, bool *added)
{
	return add_alert(s, alert, targets, target_count, true, added);
}

int store_add_notice(struct store *s, const struct alert *alert, const struct str *targets,
	size_t target_count, bool *added)
{
	return add_alert(s, alert, targets, target_count, false, added);
}

int store_set_cursor(struct store *s, struct str source, struct str cursor)
{
	assert(s->begun);
	if (source.n > STORE_MAX_NAME_BYTES)
		return refuse_size(s, "name", STORE_MAX_NAME_BYTES);
	if (cursor.n > STORE_MAX_CURSOR_BYTES)
		return refuse_size(s, "cursor", STORE_MAX_CURSOR_BYTES);
	struct query q = query_start(s, SQL_SET_CURSOR);
	query_words(&q, source);
	query_words(&q, cursor);
	return query_run(&q);
}

int store_cursor(struct store *s, struct str source, struct buf *out)
{
	struct query q = query_start(s, SQL_CURSOR);
	query_words(&q, source);
	int result = query_step(&q);
	if (result != 1)
		return result;
	struct str position = query_get_text(&q, 0);
	result = position.p ? 0 : sql_fail(s, SQLITE_NOMEM);
	if (result == 0)
		buf_add(out, position);
	query_end(&q);
	return result == 0 && out->full ? -EMSGSIZE : result;
}

int store_count(struct store *s, struct store_counts *counts)
{
	struct query q = query_start(s, SQL_COUNT);
	int result = query_step(&q);
	if (result != 1)
		return result;
	*counts = (struct store_counts){
		.pending = query_get_int(&q, 0),
		.sent = query_get_int(&q, 1),
		.dead = query_get_int(&q, 2),
		.alerts = query_get_int(&q, 3),
		.archived = query_get_int(&q, 4),
	};
	query_end(&q);
	return 0;
}

/* Deletes at most *left rows and takes them off it. state -1: the statement has none. */
static int expire(struct store *s, enum sql which, int state, int64_t before_us, int64_t *left)
{
	if (*left == 0)
		return 0;
	struct query q = query_start(s, which);
	if (state >= 0)
		query_int(&q, state);
	query_int(&q, before_us);
	query_int(&q, *left);
	int result = query_run(&q);
	if (result == 0)
		*left -= sqlite3_changes64(s->db);
	return result;
}

static int expire_all(struct store *s, int64_t before_us, int64_t *left)
{
	static const struct {
		enum sql which;
		int state;
	} steps[] = {
		{ SQL_EXPIRE_DELIVERIES, OUTBOX_SENT },
		{ SQL_EXPIRE_DELIVERIES, OUTBOX_DEAD },
		{ SQL_EXPIRE_ALERTS, -1 },
		{ SQL_EXPIRE_POSTS, -1 },
		{ SQL_EXPIRE_GAPS, -1 },
	};
	int result = 0;
	for (size_t i = 0; result == 0 && i < sizeof steps / sizeof *steps; i++)
		result = expire(s, steps[i].which, steps[i].state, before_us, left);
	return result;
}

/* Gives free pages back to the file system, some at a time, once they are many: new rows will
 * want the others. */
static int free_pages(struct store *s)
{
	struct query q = query_start(s, SQL_MANY_FREE_PAGES);
	int result = query_step(&q);
	if (result != 1)
		return result;
	bool many = query_get_int(&q, 0) != 0;
	query_end(&q);
	if (!many)
		return 0;
	q = query_start(s, SQL_FREE_PAGES);
	return query_run(&q);
}

int store_expire(struct store *s, int64_t before_us, size_t limit, size_t *deleted)
{
	int64_t wanted = limit > INT64_MAX ? INT64_MAX : (int64_t)limit, left = wanted;
	bool own;
	int result = sql_enter(s, &own);
	if (result != 0)
		return result;
	result = expire_all(s, before_us, &left);
	if (result == 0)
		result = free_pages(s);
	result = sql_leave(s, own, result);
	if (result == 0)
		*deleted = (size_t)(wanted - left);
	return result;
}
