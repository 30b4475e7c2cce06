/* The store: one SQLite file with the alerts, their deliveries (the outbox), the cursors of the
 * sources and the archive of matched posts. One process at a time: a second one is refused. Used
 * from one thread. Time is an argument.
 *
 * The rule: what a block of posts causes and the cursor after it become durable in one transaction,
 * or not at all; a delivery is marked as sent only after the target said so. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "model/alert.h"

struct store;

enum store_mode {
	STORE_OWN /* the daemon: locks, creates, migrates */,
	STORE_SHARE /* a command beside it */
};

/* On failure NULL; *message (in out) says for people what is wrong and, for a second daemon, which
 * process holds it. */
struct store *store_open(const char *path, enum store_mode mode, struct buf *message);
void store_close(struct store *s); /* takes NULL */
const char *store_error(const struct store *s); /* of the last failed call */

/* One transaction: begin, any number of the adds, commit. Each returns 0 or -errno (-ENOSPC, -EIO,
 * -EBUSY); after a failure store_rollback, and the block can be taken again later. */
int store_begin(struct store *s);
/* Adds an alert with a delivery for each target, due at once, and its post to the archive. An alert
 * whose id is already there adds nothing and sets *added to false. */
int store_add_alert(struct store *s, const struct alert *alert, const struct str *targets,
	size_t target_count, bool *added);
int store_set_cursor(struct store *s, struct str source, struct str cursor);
int store_commit(struct store *s);
void store_rollback(struct store *s);

/* The cursor of a source into out; out stays empty if there is none. 0 or -errno. */
int store_cursor(struct store *s, struct str source, struct buf *out);

enum delivery_state { OUTBOX_PENDING, OUTBOX_SENT, OUTBOX_DEAD };
const char *delivery_state_name(enum delivery_state state);

struct outbox_row {
	int64_t row;
	struct str id; /* "msg_" and hex digits: the same over all attempts */
	struct str alert_id, target, rule;
	enum severity severity;
	enum delivery_state state;
	unsigned attempts;
	int64_t created_at_us, due_at_us, changed_at_us;
	struct str message; /* of the last failure */
	struct str alert; /* JSON of alert_json; absent in listings that did not ask for it */
};

/* Due deliveries of one target, the critical ones first, then the oldest, at most `limit`, not
 * those whose row is in `busy`. Rows live in the arena. */
int store_due(struct store *s, struct str target, int64_t now_us, const int64_t *busy,
	size_t busy_count, size_t limit, struct arena *arena, struct outbox_row **rows,
	size_t *count);
/* When the next delivery of any target is due: INT64_MAX if none. */
int store_next_due(struct store *s, int64_t *due_at_us);

/* What became of an attempt. Each is its own transaction unless within begin and commit. */
int store_sent(struct store *s, int64_t row, int64_t now_us);
int store_retry(
	struct store *s, int64_t row, int64_t now_us, int64_t due_at_us, struct str message);
int store_dead(struct store *s, int64_t row, int64_t now_us, struct str message);

/* A target that answered 410 is switched off until the operator revives one of its deliveries. */
int store_switch_off(struct store *s, struct str target, int64_t now_us, struct str message);
int store_is_off(struct store *s, struct str target, bool *off);

/* Listing and repair, for `vigie deliveries`. filters absent or -1: all. */
struct outbox_filter {
	int state; /* enum delivery_state, or -1 */
	struct str target, rule, id;
	size_t limit; /* 0: 1000 */
	bool with_alert;
};
int store_list(struct store *s, const struct outbox_filter *filter, struct arena *arena,
	struct outbox_row **rows, size_t *count);
/* Makes dead (and pending) deliveries due now with a fresh count of attempts, and switches their
 * targets on. *changed: how many. */
int store_revive(
	struct store *s, const struct outbox_filter *filter, int64_t now_us, size_t *changed);
/* Drops deliveries; alerts and archive stay. */
int store_drop(struct store *s, const struct outbox_filter *filter, size_t *changed);

struct store_counts {
	int64_t pending, sent, dead, alerts, archived;
};
int store_count(struct store *s, struct store_counts *counts);
/* Deletes what is older: sent deliveries, archived posts, dead letters. At most `limit` rows a
 * call, so that nobody waits; *deleted: how many. */
int store_expire(struct store *s, int64_t before_us, size_t limit, size_t *deleted);
