/* One line an alert to standard output. Lines are gathered while the loop turns and written
 * together, in pieces that a pipe takes without blocking; a delivery is done when its last byte is
 * out. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/mem.h"
#include "notifiers/notifier.h"

enum print_format { PRINT_TEXT, PRINT_JSON };
enum { PRINT_MAX_BYTES = 64 * 1024 * 1024, PRINT_CONCURRENCY = 64 };
#define PRINT_AGAIN_US (20 * US_PER_MS)

struct print_line {
	struct delivery *delivery; /* NULL: cancelled */
	bool refused; /* there was no room */
	uint64_t end; /* in bytes ever added */
	struct print_line *next; /* in print.first */
};

struct print {
	struct notifier base;
	int format;
	struct buf waiting;
	uint64_t added, written;
	struct print_line *first, **last;
	struct timer *timer;
};

static const char *const formats[] = { "text", "json", NULL };

static const struct conf_field fields[] = {
	{ "format", CONF_CHOICE, offsetof(struct print, format), .fallback = "text",
		.choices = formats, .help = "A line for people or a JSON object." },
	{ 0 },
};

static void render_text(const struct alert *alert, struct buf *out)
{
	const struct match *m = &alert->match;
	const struct post *p = m->post;
	char created[TIME_TEXT_BYTES];
	time_format(alert->created_at_us, created);
	buf_addf(out, "%s %s %.*s", created, severity_name(m->severity), STR_ARGS(m->rule));
	if (p->source.n)
		buf_addf(out, " %.*s", STR_ARGS(p->source));
	if (p->author.handle.n) {
		buf_add(out, STR(" @"));
		escape_control(out, p->author.handle);
	}
	buf_add(out, STR(": "));
	if (p->title.n) {
		escape_control(out, p->title);
		buf_add(out, p->text.n ? STR(" | ") : STR(""));
	}
	escape_control(out, p->text);
	if (p->url.n) {
		buf_add_char(out, ' ');
		escape_control(out, p->url);
	}
}

static void render(const struct notifier *n, const struct alert *alert, struct str delivery_id,
	struct buf *out)
{
	(void)delivery_id;
	if (((const struct print *)n)->format == PRINT_JSON)
		alert_json(alert, out);
	else
		render_text(alert, out);
}

/* Takes lines off the front while they are out, or given up when error is set. */
static void finish_lines(struct print *p, int error)
{
	while (p->first && p->first->end <= p->written) {
		struct print_line *line = p->first;
		p->first = line->next;
		if (!p->first)
			p->last = &p->first;
		struct delivery *d = line->delivery;
		bool refused = line->refused;
		mem_free(line);
		if (!d)
			continue;
		if (error) /* the next run may have another standard output */
			delivery_done(
				d, DELIVERY_RETRY, -1, "standard output: %s", error_text(error));
		else if (refused)
			delivery_done(d, DELIVERY_RETRY, -1, "standard output is not read");
		else
			delivery_done(d, DELIVERY_SENT, -1, "%s", "");
	}
}

/* As much as goes without blocking. 0, or -errno. */
static int write_some(struct print *p)
{
	size_t done = 0;
	int error = 0;
	while (done < p->waiting.n) {
		struct pollfd fd = { .fd = STDOUT_FILENO, .events = POLLOUT };
		if (poll(&fd, 1, 0) <= 0)
			break;
		size_t piece = p->waiting.n - done;
		/* poll promises room for that many bytes, not for more */
		ssize_t n = write(
			STDOUT_FILENO, p->waiting.p + done, piece < PIPE_BUF ? piece : PIPE_BUF);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			break;
		if (n < 0) {
			error = -errno;
			break;
		}
		done += (size_t)n;
	}
	buf_cut(&p->waiting, done);
	p->written += done;
	return error;
}

static void flush(void *ctx)
{
	struct print *p = ctx;
	int error = write_some(p);
	if (error) {
		p->written = p->added;
		buf_clear(&p->waiting);
	} else if (p->waiting.n) {
		timer_start(p->timer, PRINT_AGAIN_US);
	}
	finish_lines(p, error);
}

static void send(struct notifier *n, struct delivery *d, struct str body)
{
	struct print *p = (struct print *)n;
	struct print_line *line = mem_zero(1, sizeof *line);
	line->delivery = d;
	line->refused = p->waiting.n + body.n + 1 > PRINT_MAX_BYTES;
	if (!line->refused) {
		buf_add(&p->waiting, body);
		buf_add_char(&p->waiting, '\n');
		p->added += body.n + 1;
	}
	line->end = p->added;
	d->state = line;
	*p->last = line;
	p->last = &line->next;
	if (!timer_running(p->timer))
		timer_start(p->timer, 0);
}

static void cancel(struct notifier *n, struct delivery *d)
{
	(void)n;
	struct print_line *line = d->state;
	line->delivery = NULL; /* a line half written is finished */
}

static int print_open(struct notifier *n)
{
	struct print *p = (struct print *)n;
	buf_init(&p->waiting, PRINT_MAX_BYTES);
	p->last = &p->first;
	p->timer = timer_create_on(n->loop, flush, p);
	return 0;
}

static void print_close(struct notifier *n)
{
	struct print *p = (struct print *)n;
	while (p->first) {
		struct print_line *line = p->first;
		p->first = line->next;
		mem_free(line);
	}
	timer_destroy(p->timer);
	buf_finish(&p->waiting);
}

extern const struct notifier_type notifier_print;
const struct notifier_type notifier_print = {
	.name = "print",
	.help = "Writes a line to standard output.",
	.size = sizeof(struct print),
	.fields = fields,
	.concurrency = PRINT_CONCURRENCY,
	.open = print_open,
	.render = render,
	.send = send,
	.cancel = cancel,
	.close = print_close,
};
