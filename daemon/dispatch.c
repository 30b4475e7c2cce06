#include "daemon/dispatch.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum {
	MAX_IN_FLIGHT = 16, /* of one target */
	BODY_MAX_BYTES = 4 * 1024 * 1024, /* that a notifier may render */
	ROWS_MAX_BYTES = 64 * 1024 * 1024,
};

/* Another process may make deliveries due (vigie deliveries retry). */
#define LOOK_AGAIN_US (2 * US_PER_S)
#define STORE_RETRY_US US_PER_S
#define GIVE_UP_US US_PER_DAY
/* A target that asks for time gets it, for all of its deliveries; a longer time, which may be a
 * slip, counts for the one that was answered so. */
#define PAUSE_MAX_US US_PER_HOUR

enum slot_state { SLOT_FREE, SLOT_IN_FLIGHT, SLOT_ANSWERED };

struct slot {
	enum slot_state state;
	struct target *target;
	int64_t row;
	unsigned attempt;
	int64_t created_at_us;
	struct delivery delivery; /* delivery.ctx is this slot */
	char id[64], alert_id[ALERT_ID_BYTES];
	struct buf body;
	enum delivery_result result; /* of SLOT_ANSWERED */
	int64_t retry_after_us;
	struct buf message;
	bool given_up; /* what was to be tried again is too old */
};

struct target {
	struct dispatch *dispatch;
	struct notifier *notifier;
	struct slot slots[MAX_IN_FLIGHT];
	unsigned slot_count;
	bool troubled; /* the last answer was that it is to be tried again */
	int64_t paused_until_us; /* wall */
	struct dispatch_target shown;
};

struct dispatch {
	struct store *store;
	struct dispatch_host host;
	struct target *targets;
	size_t target_count;
	struct timer *timer; /* the next look at the store */
	bool stopped;
	bool writing; /* answers wait to be written */
};

int64_t dispatch_retry_in_us(
	unsigned attempts, int64_t age_us, int64_t retry_after_us, uint64_t random)
{
	static const int64_t steps[] = { 0, 5 * US_PER_S, 30 * US_PER_S, 2 * US_PER_MINUTE,
		10 * US_PER_MINUTE, US_PER_HOUR };
	size_t last = sizeof steps / sizeof *steps - 1;
	int64_t wait_us = steps[attempts < last ? attempts : last];
	wait_us += wait_us / 5 * (int64_t)(random % 1024) / 1024;
	int64_t left_us = GIVE_UP_US - age_us;
	if (wait_us > left_us)
		return -1;
	if (retry_after_us > wait_us)
		wait_us = retry_after_us < left_us ? retry_after_us : left_us;
	return wait_us;
}

static void look(void *ctx);

static void look_in(struct dispatch *d, int64_t delay_us)
{
	timer_start(d->timer, delay_us);
}

void dispatch_wake(struct dispatch *d)
{
	look_in(d, 0);
}

/* --- what became of a delivery --- */

static int write_retry(struct dispatch *d, struct slot *s, int64_t now_us)
{
	struct str message = buf_str(&s->message);
	int64_t wait_us = dispatch_retry_in_us(
		s->attempt, now_us - s->created_at_us, s->retry_after_us, d->host.random());
	s->given_up = wait_us < 0;
	if (s->given_up)
		return store_dead(d->store, s->row, now_us, message);
	return store_retry(d->store, s->row, now_us, now_us + wait_us, message);
}

static int write_answer(struct dispatch *d, struct slot *s, int64_t now_us)
{
	struct str message = buf_str(&s->message);
	struct str target = s->target->notifier->name;
	int error = 0;
	switch (s->result) {
	case DELIVERY_SENT:
		return store_sent(d->store, s->row, now_us);
	case DELIVERY_RETRY:
		return write_retry(d, s, now_us);
	case DELIVERY_REJECTED:
		return store_dead(d->store, s->row, now_us, message);
	case DELIVERY_GONE:
		error = store_switch_off(d->store, target, now_us, message);
		return error ? error : store_retry(d->store, s->row, now_us, now_us, message);
	}
	return error;
}

/* Said once until it works again: a target that is down for a day is not a thousand lines. */
static void count_retry(struct target *t, const struct slot *s)
{
	struct str name = t->notifier->name, message = buf_str(&s->message);
	t->shown.retried_count++;
	if (t->troubled)
		log_debug(
			"notifier '%.*s': will try again: %.*s", STR_ARGS(name), STR_ARGS(message));
	else
		log_warn(
			"notifier '%.*s': will try again: %.*s", STR_ARGS(name), STR_ARGS(message));
	t->troubled = true;
}

static void count_sent(struct target *t)
{
	t->shown.sent_count++;
	if (t->troubled)
		log_info("notifier '%.*s': works again", STR_ARGS(t->notifier->name));
	t->troubled = false;
}

static void count_dead(struct target *t, const struct slot *s)
{
	t->shown.dead_count++;
	log_warn("notifier '%.*s': delivery %s given up: %.*s", STR_ARGS(t->notifier->name), s->id,
		STR_ARGS(buf_str(&s->message)));
}

static void count_gone(struct target *t, const struct slot *s)
{
	struct str name = t->notifier->name;
	if (!t->shown.off) /* others in flight are told the same */
		log_error("notifier '%.*s': switched off by its target: %.*s; 'vigie deliveries "
			  "retry --target %.*s' switches it on",
			STR_ARGS(name), STR_ARGS(buf_str(&s->message)), STR_ARGS(name));
	t->shown.off = true;
}

static void count_answer(struct target *t, const struct slot *s)
{
	switch (s->result) {
	case DELIVERY_SENT:
		count_sent(t);
		break;
	case DELIVERY_RETRY:
		if (s->given_up)
			count_dead(t, s);
		else
			count_retry(t, s);
		break;
	case DELIVERY_REJECTED:
		count_dead(t, s);
		break;
	case DELIVERY_GONE:
		count_gone(t, s);
		break;
	}
}

static void free_slot(struct slot *s)
{
	buf_clear(&s->body);
	buf_clear(&s->message);
	s->state = SLOT_FREE;
	s->target->shown.in_flight--;
}

/* Calls act for each answered slot, until it fails. */
static int each_answered(struct dispatch *d,
	int (*act)(struct dispatch *d, struct slot *s, int64_t now_us), int64_t now_us)
{
	for (size_t i = 0; i < d->target_count; i++) {
		struct target *t = &d->targets[i];
		for (unsigned j = 0; j < t->slot_count; j++) {
			int error = t->slots[j].state == SLOT_ANSWERED
				? act(d, &t->slots[j], now_us)
				: 0;
			if (error && error != -ENOENT) /* -ENOENT: dropped by the operator */
				return error;
		}
	}
	return 0;
}

/* A clock that was set back must not make it longer. */
static bool is_paused(const struct target *t, int64_t now_us)
{
	return now_us < t->paused_until_us && t->paused_until_us <= now_us + PAUSE_MAX_US;
}

static void pause_target(struct target *t, int64_t asked_us, int64_t now_us)
{
	int64_t until_us = now_us + (asked_us < PAUSE_MAX_US ? asked_us : PAUSE_MAX_US);
	if (until_us > t->paused_until_us || !is_paused(t, now_us))
		t->paused_until_us = until_us;
}

static int forget_answer(struct dispatch *d, struct slot *s, int64_t now_us)
{
	(void)d;
	if (s->result == DELIVERY_RETRY && s->retry_after_us > 0)
		pause_target(s->target, s->retry_after_us, now_us);
	count_answer(s->target, s);
	free_slot(s);
	return 0;
}

/* Writes all answers in one transaction. They stay answered, and are not sent again, until the
 * store has taken them. */
static bool write_answers(struct dispatch *d)
{
	int64_t now_us = d->host.wall_us();
	if (!d->writing)
		return true;
	int error = store_begin(d->store);
	if (!error)
		error = each_answered(d, write_answer, now_us);
	if (!error)
		error = store_commit(d->store);
	if (error) {
		log_error("cannot note deliveries: %s", store_error(d->store));
		store_rollback(d->store);
		if (error == -EIO || error == -EUCLEAN)
			d->host.store_failed(d->host.ctx, error);
		look_in(d, STORE_RETRY_US);
		return false;
	}
	(void)each_answered(d, forget_answer, now_us); /* never fails */
	d->writing = false;
	return true;
}

static void on_done(struct delivery *delivery, enum delivery_result result, int64_t retry_after_us,
	const char *message)
{
	struct slot *s = delivery->ctx;
	s->state = SLOT_ANSWERED;
	s->result = result;
	s->retry_after_us = retry_after_us;
	buf_clear(&s->message);
	buf_add(&s->message, str_of(message));
	s->target->dispatch->writing = true;
	look_in(s->target->dispatch, 0);
}

/* --- sending --- */

static struct slot *free_slot_of(struct target *t)
{
	for (unsigned i = 0; i < t->slot_count; i++) {
		if (t->slots[i].state == SLOT_FREE)
			return &t->slots[i];
	}
	return NULL;
}

static void copy_text(char *out, size_t size, struct str s)
{
	size_t n = s.n < size - 1 ? s.n : size - 1;
	if (n)
		memcpy(out, s.p, n);
	out[n] = '\0';
}

/* Ends a delivery that was never sent. */
static void answer_unsent(struct slot *s, enum delivery_result result, const char *message)
{
	s->delivery.ctx = s;
	on_done(&s->delivery, result, -1, message);
}

static void send_row(
	struct target *t, const struct outbox_row *row, struct arena *arena, int64_t now_us)
{
	struct slot *s = free_slot_of(t);
	struct alert alert;
	s->state = SLOT_IN_FLIGHT;
	s->given_up = false;
	t->shown.in_flight++;
	s->row = row->row;
	s->attempt = row->attempts + 1;
	s->created_at_us = row->created_at_us;
	copy_text(s->id, sizeof s->id, row->id);
	copy_text(s->alert_id, sizeof s->alert_id, row->alert_id);
	int64_t live_us = t->notifier->type->time_to_live_us;
	if (live_us && now_us - row->created_at_us > live_us) {
		answer_unsent(s, DELIVERY_REJECTED, "too old to be shown");
		return;
	}
	if (alert_read(row->alert, arena, &alert) != 0) {
		answer_unsent(s, DELIVERY_REJECTED, "the stored alert cannot be read");
		return;
	}
	notifier_render(t->notifier, &alert, str_of(s->id), &s->body);
	if (s->body.full) {
		answer_unsent(s, DELIVERY_REJECTED, "the alert is too long for this notifier");
		return;
	}
	s->delivery = (struct delivery){
		.id = str_of(s->id),
		.alert_id = str_of(s->alert_id),
		.created_at_us = row->created_at_us,
		.now_us = now_us,
		.attempt = s->attempt,
		.done = on_done,
		.ctx = s,
	};
	notifier_send(t->notifier, &s->delivery, buf_str(&s->body));
}

/* Gives a target what it can take of what is due. -errno if the store does not answer. */
static int fill_target(struct target *t, int64_t now_us)
{
	struct dispatch *d = t->dispatch;
	int64_t busy[MAX_IN_FLIGHT];
	size_t busy_count = 0, count = 0;
	struct outbox_row *rows;
	struct arena arena;
	for (unsigned i = 0; i < t->slot_count; i++) {
		if (t->slots[i].state != SLOT_FREE)
			busy[busy_count++] = t->slots[i].row;
	}
	if (busy_count == t->slot_count || is_paused(t, now_us))
		return 0;
	arena_init(&arena, ROWS_MAX_BYTES);
	int error = store_due(d->store, t->notifier->name, now_us, busy, busy_count,
		t->slot_count - busy_count, &arena, &rows, &count);
	for (size_t i = 0; !error && i < count; i++)
		send_row(t, &rows[i], &arena, now_us);
	arena_finish(&arena);
	return error;
}

/* Until the next delivery becomes due, of targets that could take one. */
static int64_t next_look_us(struct dispatch *d, int64_t now_us)
{
	int64_t wait_us = LOOK_AGAIN_US;
	for (size_t i = 0; i < d->target_count; i++) {
		struct target *t = &d->targets[i];
		int64_t due_us;
		if (!free_slot_of(t) ||
			store_next_due_of(d->store, t->notifier->name, now_us, &due_us) != 0)
			continue;
		if (is_paused(t, now_us) && due_us < t->paused_until_us)
			due_us = t->paused_until_us;
		if (due_us - now_us < wait_us)
			wait_us = due_us - now_us;
	}
	return wait_us;
}

static void look(void *ctx)
{
	struct dispatch *d = ctx;
	if (!write_answers(d) || d->stopped)
		return;
	int64_t now_us = d->host.wall_us();
	for (size_t i = 0; i < d->target_count; i++) {
		struct target *t = &d->targets[i];
		int error = fill_target(t, now_us);
		if (error) {
			log_error("cannot read what is due: %s", store_error(d->store));
			look_in(d, STORE_RETRY_US);
			return;
		}
		(void)store_is_off(d->store, t->notifier->name, &t->shown.off); /* only shown */
	}
	if (timer_running(d->timer))
		return; /* something was answered at once */
	look_in(d, next_look_us(d, now_us));
	if (dispatch_idle(d))
		d->host.settled(d->host.ctx);
}

/* --- life --- */

static void init_target(struct target *t, struct dispatch *d, struct notifier *n)
{
	unsigned wanted = n->type->concurrency ? n->type->concurrency : 1;
	*t = (struct target){
		.dispatch = d,
		.notifier = n,
		.slot_count = wanted < MAX_IN_FLIGHT ? wanted : MAX_IN_FLIGHT,
		.shown = { .name = n->name, .type = str_of(n->type->name) },
	};
	for (unsigned i = 0; i < t->slot_count; i++) {
		t->slots[i].target = t;
		buf_init(&t->slots[i].body, BODY_MAX_BYTES);
		buf_init(&t->slots[i].message, STORE_MAX_MESSAGE_BYTES);
	}
}

struct dispatch *dispatch_create(struct loop *loop, struct store *store,
	struct notifiers *notifiers, const struct dispatch_host *host)
{
	struct dispatch *d = mem_zero(1, sizeof *d);
	d->store = store;
	d->host = *host;
	d->target_count = notifiers_count(notifiers);
	d->targets = mem_zero(d->target_count + 1, sizeof *d->targets);
	for (size_t i = 0; i < d->target_count; i++)
		init_target(&d->targets[i], d, notifiers_at(notifiers, i));
	d->timer = timer_create_on(loop, look, d);
	return d;
}

void dispatch_destroy(struct dispatch *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->target_count; i++) {
		struct target *t = &d->targets[i];
		for (unsigned j = 0; j < t->slot_count; j++) {
			if (t->slots[j].state == SLOT_IN_FLIGHT)
				notifier_cancel(t->notifier, &t->slots[j].delivery);
			buf_finish(&t->slots[j].body);
			buf_finish(&t->slots[j].message);
		}
	}
	timer_destroy(d->timer);
	mem_free(d->targets);
	mem_free(d);
}

void dispatch_stop(struct dispatch *d)
{
	d->stopped = true;
}

bool dispatch_idle(const struct dispatch *d)
{
	for (size_t i = 0; i < d->target_count; i++) {
		if (d->targets[i].shown.in_flight)
			return false;
	}
	return !d->writing;
}

size_t dispatch_target_count(const struct dispatch *d)
{
	return d->target_count;
}

struct dispatch_target dispatch_target(const struct dispatch *d, size_t i)
{
	return d->targets[i].shown;
}
