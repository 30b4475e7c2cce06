/* The store: one SQLite file with the alerts, their deliveries (the outbox), the cursors of the
 * sources and the archive of matched posts. One daemon at a time: a second one is refused. Used
 * from one thread. Time is an argument.
 *
 * The rule: what a block of posts causes and the cursor after it become durable in one transaction,
 * or not at all; a delivery is marked as sent only after the target said so.
 *
 * A delivery is in one of three states. Nothing else moves it:
 *
 *     (alert added) ──▶ PENDING ──store_sent──▶ SENT
 *                       │  ▲  │
 *            store_retry└──┘  └──store_dead──▶ DEAD ──store_revive──▶ PENDING
 *
 * PENDING waits for due_at; being sent is no state of its own, so that after a crash what was under
 * way is simply due again (the receiver knows it by its id). SENT is the end. DEAD was given up and
 * waits for a person. Any of them is gone after store_drop, SENT and DEAD also after store_expire.
 * The deliveries of a target that is switched off stay PENDING but are not due. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "model/alert.h"

/* The ceilings. Of an alert: of its JSON. Longer messages are cut. */
enum {
	STORE_MAX_ALERT_BYTES = 1900000,
	STORE_MAX_CURSOR_BYTES = 1900000,
	STORE_MAX_NAME_BYTES = 1000,
	STORE_MAX_MESSAGE_BYTES = 1000,
	STORE_MAX_ROWS = 10000 /* that one call gives */
};

struct store;

enum store_mode {
	STORE_OWN /* the daemon: locks, creates, migrates, checks after an unclean end */,
	STORE_SHARE /* a command beside it: the file must be there and up to date */,
	STORE_READ /* the same, but nothing in it can be changed */
};

/* On failure NULL; *message (in out) says for people what is wrong and, for a second daemon, which
 * process holds it. A file that is damaged, of a newer vigie or of another program stays as it is.
 * The file has mode 0600; folders that are missing are made with 0700. */
struct store *store_open(const char *path, enum store_mode mode, struct buf *message);
void store_close(struct store *s); /* takes NULL; what was begun is rolled back */
const char *store_error(const struct store *s); /* of the last failed call */

/* One transaction: begin, any number of the adds, commit. Each returns 0 or -errno: -ENOSPC, -EIO,
 * -EBUSY (another process writes for more than five seconds), -EUCLEAN (the file is damaged).
 * After a failure every call answers it until store_rollback, and the block can be taken again
 * later. The exception is -EMSGSIZE, something past its ceiling: nothing was added, and the
 * transaction goes on. */
int store_begin(struct store *s);
/* Adds an alert with a delivery for each target, due at once, and its post to the archive. An alert
 * whose id is already there adds nothing and sets *added to false. Several alerts of one post
 * share its row in the archive. */
int store_add_alert(struct store *s, const struct alert *alert, const struct str *targets,
	size_t target_count, bool *added);
int store_set_cursor(struct store *s, struct str source, struct str cursor);
int store_commit(struct store *s);
void store_rollback(struct store *s); /* also when nothing was begun */

/* The cursor of a source into out; out stays empty if there is none. 0 or -errno; -EMSGSIZE: past
 * the ceiling of out. */
int store_cursor(struct store *s, struct str source, struct buf *out);

enum delivery_state { OUTBOX_PENDING, OUTBOX_SENT, OUTBOX_DEAD };
const char *delivery_state_name(enum delivery_state state); /* "pending", "sent", "dead" */

struct outbox_row {
	int64_t row; /* never given twice */
	struct str id; /* "msg_" and hex digits: the same over all attempts and replays */
	struct str alert_id, target, rule;
	enum severity severity;
	enum delivery_state state;
	unsigned attempts;
	int64_t created_at_us, due_at_us, changed_at_us;
	struct str message; /* of the last failure */
	struct str alert; /* JSON of alert_json; absent in listings that did not ask for it */
};

/* Due deliveries of one target, the critical ones first, then those due longest, at most `limit`,
 * not those whose row is in `busy`. Rows live in the arena; if it fills up there are fewer, and
 * -EMSGSIZE if not even one fits. None of a target that is off. */
int store_due(struct store *s, struct str target, int64_t now_us, const int64_t *busy,
	size_t busy_count, size_t limit, struct arena *arena, struct outbox_row **rows,
	size_t *count);
/* When the next delivery of any target that is on is due: INT64_MAX if none. May be past, and
 * counts those under way. */
int store_next_due(struct store *s, int64_t *due_at_us);
/* The same of one target, and only what becomes due after `after_us`: with the present as
 * `after_us` it is when to look again, whatever is under way or waits behind it. */
int store_next_due_of(struct store *s, struct str target, int64_t after_us, int64_t *due_at_us);

/* What became of an attempt. Each is its own transaction unless within begin and commit. -ENOENT:
 * no such delivery is pending any more, since somebody dropped it meanwhile. */
int store_sent(struct store *s, int64_t row, int64_t now_us);
int store_retry(
	struct store *s, int64_t row, int64_t now_us, int64_t due_at_us, struct str message);
int store_dead(struct store *s, int64_t row, int64_t now_us, struct str message);

/* A target that answered 410 is switched off until the operator revives one of its deliveries. */
int store_switch_off(struct store *s, struct str target, int64_t now_us, struct str message);
int store_is_off(struct store *s, struct str target, bool *off);

/* Which deliveries, for `vigie deliveries`. */
struct outbox_filter {
	int state; /* enum delivery_state, or -1: any */
	struct str target, rule, id; /* absent: any */
	size_t limit; /* 0: 1000 in a listing, all in repair */
	bool with_alert;
};
/* The newest first, at most STORE_MAX_ROWS. -EMSGSIZE: they do not fit the arena. */
int store_list(struct store *s, const struct outbox_filter *filter, struct arena *arena,
	struct outbox_row **rows, size_t *count);
/* Makes dead (and pending) deliveries due now with a fresh count of attempts, and switches their
 * targets on. *changed: how many. */
int store_revive(
	struct store *s, const struct outbox_filter *filter, int64_t now_us, size_t *changed);
/* Drops deliveries; alerts and archive stay. */
int store_drop(struct store *s, const struct outbox_filter *filter, size_t *changed);

struct archived_post {
	int64_t row; /* grows with every post that is added */
	struct str source;
	struct str json; /* of post_json */
};
/* Archived posts behind the row `after` (0: from the start), in the order in which they came, at
 * most `limit`. Rows live in the arena; if it fills up there are fewer, and -EMSGSIZE if not even
 * one fits. Each call reads on its own, so that a daemon beside it is never held up. */
int store_archived(struct store *s, int64_t after, size_t limit, struct arena *arena,
	struct archived_post **posts, size_t *count);

struct store_counts {
	int64_t pending, sent, dead, alerts, archived;
};
/* Reads through indexes: for a status, not for every post. */
int store_count(struct store *s, struct store_counts *counts);
/* Deletes what is older: sent deliveries, dead letters, alerts without deliveries, archived posts.
 * At most `limit` rows a call, so that nobody waits; *deleted: how many. */
int store_expire(struct store *s, int64_t before_us, size_t limit, size_t *deleted);
