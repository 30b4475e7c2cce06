#define _GNU_SOURCE
#include "tests/notifiers/support.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

static const char sample_words[] = "Ma livebox est en panne depuis hier soir \xF0\x9F\x98\xA1\n"
				   "Rien ne marche, m\xC3\xAAme le t\xC3\xA9l\xC3\xA9phone. C'est "
				   "<b>inadmissible</b> & pas s\xC3\xA9rieux.";

void sample_init(struct sample *s)
{
	static const struct str langs[] = { { "fr", 2 } };
	*s = (struct sample){ 0 };
	s->post = post_empty();
	s->post.id = STR("at://did:plc:abc/app.bsky.feed.post/3kxyz");
	s->post.source = STR("bluesky");
	s->post.url = STR("https://bsky.app/profile/jdupont.example/post/3kxyz?a=1&b=2");
	s->post.author.handle = STR("jdupont.example");
	s->post.author.name = STR("Jean Dupont");
	s->post.langs = (struct str_list){ langs, 1 };
	s->post.created_at_us = INT64_C(1795333500) * US_PER_S;
	s->alert.created_at_us = INT64_C(1795333784) * US_PER_S;
	s->alert.match.rule = STR("sav-panne");
	s->alert.match.about = STR("Livebox");
	s->alert.match.severity = SEVERITY_CRITICAL;
	s->alert.match.post = &s->post;
	s->alert.match.hits = s->hits;
	memcpy(s->alert.id, "0123456789abcdef0123456789abcdef", ALERT_ID_BYTES);
	sample_text(s, str_of(sample_words));
	sample_hit(s, STR("livebox"));
	s->hits[0].list = STR("marques");
	sample_hit(s, STR("panne"));
	sample_hit(s, STR("t\xC3\xA9l\xC3\xA9phone"));
}

void sample_text(struct sample *s, struct str text)
{
	s->post.text = text;
	s->hit_count = s->alert.match.hit_count = 0;
}

void sample_hit(struct sample *s, struct str term)
{
	size_t at = str_find(s->post.text, term);
	assert_true(at != SIZE_MAX);
	assert_true(s->hit_count < sizeof s->hits / sizeof s->hits[0]);
	s->hits[s->hit_count++] = (struct hit){ .term = term,
		.field = FIELD_TEXT,
		.from = (uint32_t)at,
		.to = (uint32_t)(at + term.n),
		.way = WAY_EXACT };
	s->alert.match.hit_count = s->hit_count;
}

void setup_init(struct setup *s, const char *yaml)
{
	*s = (struct setup){ 0 };
	arena_init(&s->arena, 0);
	s->diag = diag_create();
	s->node = conf_read_text("vigie.yaml", str_of(yaml), &s->arena, s->diag);
	s->all = notifiers_create(s->node, &s->arena, s->diag);
}

struct buf setup_messages(const struct setup *s)
{
	struct buf out;
	buf_init(&out, 0);
	diag_print(s->diag, &out);
	return out;
}

void setup_open(struct setup *s)
{
	if (diag_failed(s->diag)) {
		struct buf messages = setup_messages(s);
		print_error("%s", messages.p);
		buf_finish(&messages);
		fail();
	}
	s->loop = loop_create();
	s->http = http_client_create(s->loop);
	notifiers_open(s->all, s->loop, s->http);
}

void setup_finish(struct setup *s)
{
	notifiers_destroy(s->all);
	if (s->loop) {
		http_client_destroy(s->http);
		loop_destroy(s->loop);
	}
	diag_destroy(s->diag);
	arena_finish(&s->arena);
}

struct notifier *setup_notifier(struct setup *s)
{
	struct notifier *n = notifiers_get(s->all, STR("n"));
	assert_non_null(n);
	return n;
}

void check_refused(const char *yaml, const char *message)
{
	struct setup s;
	setup_init(&s, yaml);
	struct buf messages = setup_messages(&s);
	if (!diag_failed(s.diag) || str_find(buf_str(&messages), str_of(message)) == SIZE_MAX) {
		print_error("got  %s\nnot  %s\n", messages.p ? messages.p : "nothing", message);
		fail();
	}
	buf_finish(&messages);
	setup_finish(&s);
}

static void golden_path(const char *name, char path[512])
{
	const char *folder = getenv("GOLDEN");
	assert_non_null(folder);
	assert_true(snprintf(path, 512, "%s/%s", folder, name) < 512);
}

void check_golden(const char *name, struct str actual)
{
	char path[512];
	golden_path(name, path);
	if (getenv("UPDATE_GOLDEN")) {
		FILE *out = fopen(path, "wb");
		assert_non_null(out);
		assert_int_equal(fwrite(actual.p, 1, actual.n, out), actual.n);
		assert_int_equal(fclose(out), 0);
		return;
	}
	struct buf expected;
	char piece[4096];
	size_t n;
	buf_init(&expected, 0);
	FILE *in = fopen(path, "rb");
	if (!in)
		print_error("no %s: run with UPDATE_GOLDEN=1\n", path);
	assert_non_null(in);
	while ((n = fread(piece, 1, sizeof piece, in)) > 0)
		buf_add(&expected, (struct str){ piece, n });
	(void)fclose(in);
	check_str(actual, buf_str(&expected));
	buf_finish(&expected);
}

struct wait {
	struct loop *loop;
	struct outcome outcome;
};

static void done(struct delivery *d, enum delivery_result result, int64_t retry_after_us,
	const char *message)
{
	struct wait *w = d->ctx;
	assert_false(w->outcome.done);
	w->outcome.done = true;
	w->outcome.result = result;
	w->outcome.retry_after_us = retry_after_us;
	(void)snprintf(w->outcome.message, sizeof w->outcome.message, "%s", message);
	loop_stop(w->loop);
}

static void too_long(void *ctx)
{
	loop_stop(ctx);
}

struct outcome deliver_body(struct setup *s, struct str body)
{
	struct wait w = { .loop = s->loop };
	struct delivery d = {
		.id = STR(DELIVERY_ID),
		.alert_id = STR("0123456789abcdef0123456789abcdef"),
		.created_at_us = INT64_C(1795333784) * US_PER_S,
		.now_us = DELIVERY_TIME_S * US_PER_S + 999999,
		.attempt = 1,
		.done = done,
		.ctx = &w,
	};
	struct timer *limit = timer_create_on(s->loop, too_long, s->loop);
	timer_start(limit, 20 * US_PER_S);
	int64_t start = clock_monotonic_us();
	notifier_send(setup_notifier(s), &d, body);
	assert_false(w.outcome.done); /* never within send */
	loop_run(s->loop);
	timer_destroy(limit);
	assert_true(w.outcome.done);
	w.outcome.took_us = clock_monotonic_us() - start;
	return w.outcome;
}

struct outcome deliver(struct setup *s, const struct alert *alert)
{
	struct buf body;
	buf_init(&body, 0);
	notifier_render(setup_notifier(s), alert, STR(DELIVERY_ID), &body);
	struct outcome outcome = deliver_body(s, buf_str(&body));
	buf_finish(&body);
	return outcome;
}

void helper_start(struct helper *h, const char *const argv[])
{
	int in[2], out[2];
	*h = (struct helper){ 0 };
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	h->pid = fork();
	assert_true(h->pid >= 0);
	if (h->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* a failed test leaves nothing behind */
		(void)dup2(in[0], STDIN_FILENO);
		(void)dup2(out[1], STDOUT_FILENO);
		char *words[32] = { NULL };
		for (size_t i = 0; argv[i] && i < 31; i++)
			words[i] = mem_text(argv[i], strlen(argv[i]));
		(void)execvp(words[0], words);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	h->in = in[1];
	h->out = out[0];
	buf_init(&h->first, 0);
	assert_true(helper_line(h, &h->first));
}

bool helper_line(struct helper *h, struct buf *line)
{
	buf_clear(line);
	for (;;) {
		struct pollfd fd = { .fd = h->out, .events = POLLIN };
		char c;
		assert_int_equal(poll(&fd, 1, 10 * 1000), 1);
		if (read(h->out, &c, 1) != 1)
			return false;
		if (c == '\n')
			return true;
		buf_add_char(line, c);
	}
}

void helper_stop(struct helper *h)
{
	int status;
	(void)close(h->in);
	(void)close(h->out);
	(void)kill(h->pid, SIGTERM);
	(void)waitpid(h->pid, &status, 0);
	buf_finish(&h->first);
}
