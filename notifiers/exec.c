/* A program a delivery: the alert as JSON on its standard input, no shell. Exit status 0 means
 * sent; anything else, a signal or the end of the time means that it is tried again later, so that
 * a program that is broken for a while loses nothing. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "notifiers/notifier.h"

enum { EXEC_MAX_ARGUMENTS = 64, EXEC_MAX_OUTPUT_BYTES = 4 * 1024 };

struct exec {
	struct notifier base;
	struct str_list command;
	int64_t timeout_us;
};

struct run {
	struct delivery *delivery;
	struct child *child;
	char *argv[EXEC_MAX_ARGUMENTS + 1];
};

static const struct conf_field fields[] = {
	{ "command", CONF_TEXTS, offsetof(struct exec, command), .required = true,
		.help = "The program and its arguments; it reads the alert as JSON from standard "
			"input and exits with 0 if all is well." },
	{ "timeout", CONF_DURATION, offsetof(struct exec, timeout_us), .fallback = "10s",
		.min = 100 * US_PER_MS, .max = US_PER_HOUR,
		.help = "After that the program is killed." },
	{ 0 },
};

static bool check(struct notifier *n, const struct conf_node *node, struct diag *diag)
{
	struct exec *e = (struct exec *)n;
	struct where at = conf_get(node, "command")->at;
	if (e->command.count == 0 || e->command.items[0].n == 0) {
		diag_error(diag, at, "the command is empty");
		return false;
	}
	if (e->command.count > EXEC_MAX_ARGUMENTS) {
		diag_error(diag, at, "a command has at most %d words", EXEC_MAX_ARGUMENTS);
		return false;
	}
	return true;
}

static void render(const struct notifier *n, const struct alert *alert, struct str delivery_id,
	struct buf *out)
{
	(void)n;
	(void)delivery_id;
	alert_json(alert, out);
}

static void run_destroy(struct run *r)
{
	for (size_t i = 0; r->argv[i]; i++)
		mem_free(r->argv[i]);
	mem_free(r);
}

static struct str first_line(struct str s)
{
	struct str line, rest = str_trim(s);
	return str_next(&rest, '\n', &line) ? line : STR("");
}

static void ended(void *ctx, const struct child_result *result)
{
	struct run *r = ctx;
	struct delivery *d = r->delivery;
	run_destroy(r);
	struct str said = first_line(result->output);
	const char *colon = said.n ? ": " : "";
	if (result->error)
		delivery_done(d, DELIVERY_RETRY, -1, "the program does not start: %s",
			error_text(result->error));
	else if (result->timed_out)
		delivery_done(d, DELIVERY_RETRY, -1, "the program took too long%s%.*s", colon,
			STR_ARGS(said));
	else if (result->signal)
		delivery_done(d, DELIVERY_RETRY, -1, "the program was ended by signal %d%s%.*s",
			result->signal, colon, STR_ARGS(said));
	else if (result->status)
		delivery_done(d, DELIVERY_RETRY, -1, "the program exited with %d%s%.*s",
			result->status, colon, STR_ARGS(said));
	else
		delivery_done(d, DELIVERY_SENT, -1, "%s", "");
}

static void send(struct notifier *n, struct delivery *d, struct str body)
{
	struct exec *e = (struct exec *)n;
	struct run *r = mem_zero(1, sizeof *r);
	r->delivery = d;
	for (size_t i = 0; i < e->command.count; i++)
		r->argv[i] = mem_text(e->command.items[i].p, e->command.items[i].n);
	d->state = r;
	r->child = child_start(
		n->loop, r->argv, body, e->timeout_us, EXEC_MAX_OUTPUT_BYTES, ended, r);
}

static void cancel(struct notifier *n, struct delivery *d)
{
	(void)n;
	struct run *r = d->state;
	child_kill(r->child);
	run_destroy(r);
}

extern const struct notifier_type notifier_exec;
const struct notifier_type notifier_exec = {
	.name = "exec",
	.help = "Runs a program with the alert as JSON on its standard input.",
	.size = sizeof(struct exec),
	.fields = fields,
	.concurrency = 4,
	.check = check,
	.render = render,
	.send = send,
	.cancel = cancel,
};
