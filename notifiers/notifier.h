/* A notifier tells one target: it renders an alert into bytes (pure) and sends those bytes. Its
 * type is a const struct at the end of notifiers/NAME.c. Retries, backoff and order live in
 * daemon/dispatch.c. */
#pragma once

#include "base/buf.h"
#include "conf/decode.h"
#include "model/alert.h"
#include "net/http.h"
#include "net/loop.h"

struct notifier;

enum delivery_result {
	DELIVERY_SENT,
	DELIVERY_RETRY, /* may work later */
	DELIVERY_REJECTED, /* will never work: goes to the dead letters */
	DELIVERY_GONE, /* the target is to be switched off (410) */
};

/* One attempt. Belongs to the notifier from send() to delivery_done(). */
struct delivery {
	struct str id; /* [0-9a-zA-Z_-], the same over all attempts */
	struct str alert_id;
	int64_t created_at_us; /* of the alert, wall clock */
	int64_t now_us; /* of this attempt, wall clock */
	unsigned attempt; /* from 1 */
	/* Called exactly once, never within send(). retry_after_us: -1 if the target asked for no
	 * time; message is for people. */
	void (*done)(struct delivery *d, enum delivery_result result, int64_t retry_after_us,
		const char *message);
	void *ctx; /* the caller's */
	void *state; /* the notifier's, during the attempt */
};

void delivery_done(struct delivery *d, enum delivery_result result, int64_t retry_after_us,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

struct notifier_type {
	const char *name, *help;
	const char *missing; /* the library that this build lacks, or NULL */
	size_t size; /* of the type's struct, which starts with struct notifier */
	const struct conf_field *fields;
	unsigned concurrency; /* deliveries at once: 4 for a webhook, 1 for what must keep order */
	int64_t time_to_live_us; /* an alert older than this is no longer sent: 15 min for a bubble;
				    0: none */
	/* Checks what the table cannot say; errors go to diag. May be NULL. */
	bool (*check)(struct notifier *n, const struct conf_node *node, struct diag *diag);
	int (*open)(struct notifier *n); /* 0 or -errno; may be NULL */
	/* Pure: the same alert and delivery id give the same bytes. What depends on the attempt,
	 * such as a signature with its time, is added by send. */
	void (*render)(const struct notifier *n, const struct alert *alert, struct str delivery_id,
		struct buf *out);
	void (*send)(struct notifier *n, struct delivery *d,
		struct str body); /* body lives until done */
	/* Forgets it without done; at shutdown. */
	void (*cancel)(struct notifier *n, struct delivery *d);
	void (*close)(struct notifier *n); /* all deliveries are done or cancelled; may be NULL */
};

struct notifier {
	const struct notifier_type *type;
	struct str name; /* in the configuration */
	struct where at;
	struct str type_name; /* as written */
	struct loop *loop;
	struct http_client *http;
	int error; /* 0, or the -errno of an open that failed */
	bool opened;
};

/* What daemon/ calls, rather than the type's functions: these also answer for a notifier that did
 * not open. Render works without open, so that check and tests can show the bytes. */
void notifier_render(const struct notifier *n, const struct alert *alert, struct str delivery_id,
	struct buf *out);
void notifier_send(struct notifier *n, struct delivery *d, struct str body);
void notifier_cancel(struct notifier *n, struct delivery *d);

/* The keys that all types have; ends in a field without key. */
extern const struct conf_field notifier_fields[];

/* The types, in notifiers/list.h's order; ends in NULL. */
extern const struct notifier_type *const notifier_types[];

struct notifiers;

/* Decodes the map `notifiers:`. All errors go to diag. Never NULL. */
struct notifiers *notifiers_create(
	const struct conf_node *node, struct arena *arena, struct diag *diag);
void notifiers_destroy(struct notifiers *all); /* closes them; takes NULL */
size_t notifiers_count(const struct notifiers *all);
struct notifier *notifiers_at(const struct notifiers *all, size_t i);
struct notifier *notifiers_get(const struct notifiers *all, struct str name); /* or NULL */
/* Opens each; one that does not open is said in the log, and each of its deliveries ends in
 * DELIVERY_RETRY. Loop and client live until notifiers_destroy. */
void notifiers_open(struct notifiers *all, struct loop *loop, struct http_client *http);
