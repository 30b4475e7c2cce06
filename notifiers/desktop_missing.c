/* Stands in for desktop.c in a build without libnotify: the type is known and says what it lacks.
 */
#include <assert.h>

#include "notifiers/notifier.h"

static const struct conf_field fields[] = { { 0 } };

static void render(const struct notifier *n, const struct alert *alert, struct str delivery_id,
	struct buf *out)
{
	(void)n;
	(void)alert;
	(void)delivery_id;
	(void)out;
	assert(false); /* notifiers_create refuses a missing type */
}

static void send(struct notifier *n, struct delivery *d, struct str body)
{
	(void)n;
	(void)d;
	(void)body;
	assert(false); /* notifiers_create refuses a missing type */
}

static void cancel(struct notifier *n, struct delivery *d)
{
	(void)n;
	(void)d;
	assert(false); /* notifiers_create refuses a missing type */
}

extern const struct notifier_type notifier_desktop;
const struct notifier_type notifier_desktop = {
	.name = "desktop",
	.help = "Shows a bubble on the desktop.",
	.missing = "libnotify",
	.size = sizeof(struct notifier),
	.fields = fields,
	.concurrency = 1,
	.render = render,
	.send = send,
	.cancel = cancel,
};
