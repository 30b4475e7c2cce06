/* Bubbles on the desktop, by libnotify.
 *
 * D-Bus calls block: a bus that accepts and never answers, or a notification service that hangs
 * while it is started, holds a thread for 25 s to for ever. So each bubble is a job for a worker,
 * and the loop waits for it no longer than DEADLINE_US. What is cancellable is cancelled then; a
 * worker that hangs all the same is left alone and its slot is taken again when it comes home,
 * while another worker serves the next bubble. With all slots hung, deliveries end in RETRY at
 * once.
 *
 * Nothing of GLib or libnotify is shared between slots but the connection, which GLib guards.
 * Before libnotify is called, the service has answered within this job, so that libnotify does not
 * hang but in the rarest case. What must last over jobs, the bubble of a rule that the next one
 * replaces, is an id kept on the loop's side. */
#include <gio/gio.h>
#include <libnotify/notify.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "notifiers/bubble.h"
#include "notifiers/notifier.h"

enum { SLOT_COUNT = 3, MAX_SHOWN = 64, NAME_BYTES = 128, MESSAGE_BYTES = 300 };
enum { CALL_TIMEOUT_MS = 2000, START_TIMEOUT_MS = 4000 };
#define DEADLINE_US (5 * US_PER_S)
#define APP_NAME "vigie"
#define SERVICE_NAME "org.freedesktop.Notifications"

/* The bubble that a rule showed last. Its id counts only for the service that gave it. */
struct shown {
	char rule[NAME_BYTES];
	char service[NAME_BYTES];
	int32_t id;
	uint64_t turn; /* when it was used last */
};

struct slot {
	struct worker *worker; /* NULL until it is first needed */
	struct job *job; /* what it works on, or hangs in; NULL: free */
};

struct desktop {
	struct notifier base;
	int language;
	struct slot slots[SLOT_COUNT];
	struct shown shown[MAX_SHOWN];
	uint64_t turn;
};

struct job {
	/* the loop's */
	struct desktop *desktop;
	struct slot *slot; /* NULL: none was free */
	struct delivery *delivery; /* NULL: answered by the deadline, or cancelled */
	struct timer *deadline;
	bool alone; /* no other worker may be within libnotify, which is not made for threads */
	/* the worker's, from worker_post to finished() */
	enum severity severity;
	char *rule, *summary, *body;
	int32_t id; /* to replace, then of what is shown; 0: none */
	char service[NAME_BYTES];
	bool is_shown;
	char message[MESSAGE_BYTES];
	/* both: may be cancelled from any thread */
	GCancellable *cancellable;
};

static const struct conf_field fields[] = {
	{ "language", CONF_CHOICE, offsetof(struct desktop, language), .fallback = "fr",
		.choices = language_names, .help = "The language of the bubbles." },
	{ 0 },
};

static void render(const struct notifier *n, const struct alert *alert, struct str delivery_id,
	struct buf *out)
{
	(void)delivery_id;
	bubble_render((enum language)((const struct desktop *)n)->language, alert, out);
}

/* ---- on the worker ---- */

static void fail(struct job *job, const char *what, GError *error)
{
	(void)snprintf(job->message, sizeof job->message, "%s%s%s", what, error ? ": " : "",
		error ? error->message : ""); /* cut is good enough */
	g_clear_error(&error);
}

/* GLib would start a bus of its own where there is none. */
static bool bus_is_known(void)
{
	const char *runtime = g_getenv("XDG_RUNTIME_DIR");
	if (g_getenv("DBUS_SESSION_BUS_ADDRESS"))
		return true;
	char *path = runtime ? g_build_filename(runtime, "bus", NULL) : NULL;
	bool found = path && access(path, F_OK) == 0;
	g_free(path);
	return found;
}

/* Delivers what GLib has queued for a main loop that we do not have: signals of bubbles that were
 * closed, and the end of a connection, which holds on to it until then. */
static void drain_glib(void)
{
	while (g_main_context_iteration(NULL, FALSE)) {
	}
}

static GDBusConnection *get_bus(struct job *job)
{
	GError *error = NULL;
	GDBusConnection *bus = g_bus_get_sync(G_BUS_TYPE_SESSION, job->cancellable, &error);
	if (!bus && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) &&
		!g_cancellable_is_cancelled(job->cancellable)) {
		/* All share one connection, and another's bubble was cancelled while it was
		 * being made. */
		g_clear_error(&error);
		bus = g_bus_get_sync(G_BUS_TYPE_SESSION, job->cancellable, &error);
	}
	if (!bus)
		fail(job, "the session bus does not answer", error);
	else
		g_dbus_connection_set_exit_on_close(bus, FALSE); /* else its end would be ours */
	return bus;
}

static GDBusConnection *connect_bus(struct job *job)
{
	if (!bus_is_known()) {
		fail(job, "there is no session bus", NULL);
		return NULL;
	}
	drain_glib();
	GDBusConnection *bus = get_bus(job);
	if (bus && g_dbus_connection_is_closed(bus) && job->alone) {
		/* The bus was started anew while libnotify holds the old one. */
		g_object_unref(bus);
		notify_uninit();
		drain_glib();
		(void)notify_init(APP_NAME); /* fails for an empty name only */
		bus = get_bus(job);
	}
	if (bus && g_dbus_connection_is_closed(bus)) {
		fail(job, "the session bus went away", NULL);
		g_object_unref(bus);
		bus = NULL;
	}
	return bus;
}

static GVariant *call_bus(struct job *job, GDBusConnection *bus, const char *method,
	GVariant *arguments, const char *reply_type, int timeout_ms, GError **error)
{
	return g_dbus_connection_call_sync(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
		"org.freedesktop.DBus", method, arguments, G_VARIANT_TYPE(reply_type),
		G_DBUS_CALL_FLAGS_NONE, timeout_ms, job->cancellable, error);
}

/* The unique name of the notification service, with the bus's id before it; false if nobody owns
 * the name. */
static bool find_service(struct job *job, GDBusConnection *bus, char out[NAME_BYTES])
{
	GVariant *reply = call_bus(job, bus, "GetNameOwner", g_variant_new("(s)", SERVICE_NAME),
		"(s)", CALL_TIMEOUT_MS, NULL);
	if (!reply)
		return false;
	const char *owner;
	g_variant_get(reply, "(&s)", &owner);
	(void)snprintf(out, NAME_BYTES, "%s %s", g_dbus_connection_get_guid(bus), owner);
	g_variant_unref(reply);
	return true;
}

/* Asking for the owner never starts a service that the bus could start, so one that is not there
 * yet is started by name; the bus says at once if it knows none. */
static bool need_service(struct job *job, GDBusConnection *bus, char out[NAME_BYTES])
{
	if (find_service(job, bus, out))
		return true;
	GError *error = NULL;
	GVariant *reply = call_bus(job, bus, "StartServiceByName",
		g_variant_new("(su)", SERVICE_NAME, 0), "(u)", START_TIMEOUT_MS, &error);
	if (!reply) {
		fail(job, "no notification service runs on the desktop", error);
		return false;
	}
	g_variant_unref(reply);
	if (find_service(job, bus, out))
		return true;
	fail(job, "the notification service went away", NULL);
	return false;
}

/* Also proves that the service answers. */
static bool ask_markup(struct job *job, GDBusConnection *bus, bool *markup)
{
	GError *error = NULL;
	GVariant *reply = g_dbus_connection_call_sync(bus, SERVICE_NAME,
		"/org/freedesktop/Notifications", SERVICE_NAME, "GetCapabilities", NULL,
		G_VARIANT_TYPE("(as)"), G_DBUS_CALL_FLAGS_NONE, CALL_TIMEOUT_MS, job->cancellable,
		&error);
	if (!reply) {
		fail(job, "the notification service does not answer", error);
		return false;
	}
	char **capabilities;
	g_variant_get(reply, "(^as)", &capabilities);
	*markup = g_strv_contains((const char *const *)capabilities, "body-markup");
	g_strfreev(capabilities);
	g_variant_unref(reply);
	return true;
}

static NotifyNotification *make_notification(const struct job *job, bool markup)
{
	static const NotifyUrgency urgencies[] = {
		[SEVERITY_LOW] = NOTIFY_URGENCY_LOW,
		[SEVERITY_NORMAL] = NOTIFY_URGENCY_NORMAL,
		[SEVERITY_CRITICAL] = NOTIFY_URGENCY_CRITICAL,
	};
	struct buf body;
	buf_init(&body, 0);
	(markup ? bubble_markup : bubble_plain)(str_of(job->body), &body);
	NotifyNotification *n = g_object_new(NOTIFY_TYPE_NOTIFICATION, "id", (int)job->id,
		"summary", job->summary, "body", body.n ? body.p : "", NULL);
	buf_finish(&body);
	notify_notification_set_urgency(n, urgencies[job->severity]);
	notify_notification_set_category(n, "x-vigie.alert");
	notify_notification_set_hint(n, "desktop-entry", g_variant_new_string("vigie"));
	notify_notification_set_timeout(n,
		job->severity == SEVERITY_CRITICAL ? NOTIFY_EXPIRES_NEVER : NOTIFY_EXPIRES_DEFAULT);
	return n;
}

static void show_bubble(struct job *job, bool markup)
{
	GError *error = NULL;
	NotifyNotification *n = make_notification(job, markup);
	if (notify_notification_show(n, &error)) {
		int id = 0;
		g_object_get(n, "id", &id, NULL);
		job->id = id > 0 ? (int32_t)id : 0;
		job->is_shown = true;
	} else {
		fail(job, "the notification service shows nothing", error);
	}
	g_object_unref(n);
}

static void work(void *ctx)
{
	struct job *job = ctx;
	char service[NAME_BYTES] = "";
	bool markup = false;
	GDBusConnection *bus = connect_bus(job);
	if (!bus)
		return;
	if (need_service(job, bus, service) && ask_markup(job, bus, &markup)) {
		if (strcmp(service, job->service) != 0)
			job->id = 0; /* the id was another service's */
		memcpy(job->service, service, sizeof service);
		if (!g_cancellable_is_cancelled(job->cancellable))
			show_bubble(job, markup);
	}
	drain_glib();
	g_object_unref(bus);
}

/* ---- on the loop ---- */

static void job_destroy(struct job *job)
{
	timer_destroy(job->deadline);
	g_object_unref(job->cancellable);
	mem_free(job->rule);
	mem_free(job->summary);
	mem_free(job->body);
	mem_free(job);
}

static struct shown *find_shown(struct desktop *desktop, const char *rule)
{
	for (size_t i = 0; i < MAX_SHOWN; i++)
		if (desktop->shown[i].id && strcmp(desktop->shown[i].rule, rule) == 0)
			return &desktop->shown[i];
	return NULL;
}

static void remember(struct desktop *desktop, const struct job *job)
{
	struct shown *s = find_shown(desktop, job->rule);
	for (size_t i = 0; !s && i < MAX_SHOWN; i++)
		if (!desktop->shown[i].id)
			s = &desktop->shown[i];
	if (!s) {
		s = &desktop->shown[0];
		for (size_t i = 1; i < MAX_SHOWN; i++)
			if (desktop->shown[i].turn < s->turn)
				s = &desktop->shown[i];
	}
	*s = (struct shown){ .id = job->id, .turn = ++desktop->turn };
	(void)snprintf(s->rule, sizeof s->rule, "%s", job->rule);
	memcpy(s->service, job->service, sizeof s->service);
}

/* A worker comes home, in time or late. */
static void finished(void *ctx)
{
	struct job *job = ctx;
	struct delivery *d = job->delivery;
	char message[MESSAGE_BYTES];
	bool is_shown = job->is_shown;
	memcpy(message, job->message, sizeof message);
	job->slot->job = NULL;
	if (is_shown && job->id)
		remember(job->desktop, job);
	job_destroy(job);
	if (!d)
		return;
	if (is_shown)
		delivery_done(d, DELIVERY_SENT, -1, "%s", "");
	else
		delivery_done(d, DELIVERY_RETRY, -1, "%s", message);
}

static void too_late(void *ctx)
{
	struct job *job = ctx;
	struct delivery *d = job->delivery;
	job->delivery = NULL;
	g_cancellable_cancel(job->cancellable);
	if (!job->slot)
		job_destroy(job); /* it never began */
	if (d)
		delivery_done(d, DELIVERY_RETRY, -1, "the desktop does not answer");
}

static struct slot *free_slot(struct desktop *desktop)
{
	for (size_t i = 0; i < SLOT_COUNT; i++)
		if (!desktop->slots[i].job)
			return &desktop->slots[i];
	return NULL;
}

static bool all_free(const struct desktop *desktop)
{
	for (size_t i = 0; i < SLOT_COUNT; i++)
		if (desktop->slots[i].job)
			return false;
	return true;
}

/* For a job that never came home. On the thread left behind, or within desktop_close, which has
 * taken the timer away. */
static void dropped(void *ctx)
{
	job_destroy(ctx);
}

static void start(struct desktop *desktop, struct slot *slot, struct job *job)
{
	const struct shown *before = find_shown(desktop, job->rule);
	if (before) {
		job->id = before->id;
		memcpy(job->service, before->service, sizeof job->service);
	}
	if (!slot->worker) {
		slot->worker = worker_create(desktop->base.loop, "vigie-desktop");
		worker_when_dropped(slot->worker, dropped);
	}
	job->alone = all_free(desktop);
	slot->job = job;
	job->slot = slot;
	timer_start(job->deadline, DEADLINE_US);
	worker_post(slot->worker, work, finished, job);
}

static void send(struct notifier *n, struct delivery *d, struct str body)
{
	struct desktop *desktop = (struct desktop *)n;
	struct bubble bubble = { 0 };
	bool read = bubble_read(body, &bubble);
	assert(read); /* render wrote it */
	(void)read;
	struct job *job = mem_zero(1, sizeof *job);
	job->desktop = desktop;
	job->delivery = d;
	job->severity = bubble.severity;
	job->rule = mem_text(bubble.rule.p, bubble.rule.n);
	job->summary = mem_text(bubble.summary.p, bubble.summary.n);
	job->body = mem_text(bubble.body.p, bubble.body.n);
	job->cancellable = g_cancellable_new();
	job->deadline = timer_create_on(n->loop, too_late, job);
	d->state = job;
	struct slot *slot = free_slot(desktop);
	if (slot)
		start(desktop, slot, job);
	else
		timer_start(job->deadline, 0);
}

static void cancel(struct notifier *n, struct delivery *d)
{
	(void)n;
	struct job *job = d->state;
	job->delivery = NULL;
	g_cancellable_cancel(job->cancellable);
	if (!job->slot)
		job_destroy(job);
}

static int desktop_open(struct notifier *n)
{
	(void)n;
	return notify_is_initted() || notify_init(APP_NAME) ? 0 : -EIO;
}

static void desktop_close(struct notifier *n)
{
	struct desktop *desktop = (struct desktop *)n;
	for (size_t i = 0; i < SLOT_COUNT; i++) {
		struct job *job = desktop->slots[i].job;
		if (job) {
			timer_destroy(job->deadline);
			job->deadline = NULL;
			g_cancellable_cancel(job->cancellable);
		}
		worker_destroy(desktop->slots[i].worker);
		desktop->slots[i].worker = NULL;
	}
}

extern const struct notifier_type notifier_desktop;
const struct notifier_type notifier_desktop = {
	.name = "desktop",
	.help = "Shows a bubble on the desktop.",
	.size = sizeof(struct desktop),
	.fields = fields,
	.concurrency = 1,
	.time_to_live_us = 15 * US_PER_MINUTE,
	.open = desktop_open,
	.render = render,
	.send = send,
	.cancel = cancel,
	.close = desktop_close,
};
