#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"
#include "daemon/advice.h"
#include "daemon/app.h"
#include "daemon/command.h"
#include "daemon/input.h"
#include "daemon/target.h"
#include "daemon/watch_config.h"

#define PROBE_TIMEOUT_US (20 * US_PER_S)

enum { START_BYTES = 4096, STDIN_PATIENCE_MS = 1000, TIME_BYTES = 32 };

struct watching {
	struct arena arena;
	struct watch_config config;
	struct watch_texts from;
	struct str format;
	const char *query; /* NULL: none */
	bool json, color, quiet, follow, all;
	char folder[PATH_MAX]; /* of the store; "": none */
	struct buf out;
	uint64_t alert_count;
	bool output_failed;
};

/* ---- what is printed ---- */

static void add_time(const struct post *post, struct buf *out)
{
	const int64_t us = post->created_at_us ? post->created_at_us : post->received_at_us;
	const time_t seconds = (time_t)(us / US_PER_S);
	char text[TIME_BYTES];
	struct tm fields;
	if (us && localtime_r(&seconds, &fields) &&
		strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &fields))
		buf_add(out, str_of(text));
	else
		buf_add(out, STR("-"));
}

static void add_field(struct buf *out, const struct match *match, enum post_field field, bool color)
{
	input_add_marked(out, post_field(match->post, field), match->hits, match->hit_count, field,
		color ? &input_color_marks : &input_no_marks);
}

static void add_line(const struct match *match, bool color, struct buf *out)
{
	const struct post *post = match->post;
	const struct str author = post->author.handle.n ? post->author.handle : post->author.name;
	buf_add(out, color ? STR("\033[36m") : STR(""));
	add_time(post, out);
	buf_add_char(out, ' ');
	buf_add(out, post->source);
	if (author.n) {
		buf_add(out, post->author.handle.n ? STR(" @") : STR(" "));
		escape_control(out, author);
	}
	buf_add(out, color ? STR("\033[0m: ") : STR(": "));
	if (post->title.n) {
		add_field(out, match, FIELD_TITLE, color);
		buf_add(out, post->text.n ? STR(" | ") : STR(""));
	}
	add_field(out, match, FIELD_TEXT, color);
	if (post->url.n) {
		buf_add(out, color ? STR(" \033[2m") : STR(" "));
		escape_control(out, post->url);
		buf_add(out, color ? STR("\033[0m") : STR(""));
	}
	buf_add_char(out, '\n');
}

static void on_alert(void *ctx, const struct alert *alert)
{
	struct watching *w = ctx;
	w->alert_count++;
	if (w->quiet)
		return;
	if (w->json) {
		alert_json(alert, &w->out);
		buf_add_char(&w->out, '\n');
	} else {
		add_line(&alert->match, w->color, &w->out);
	}
}

static void on_alerts_added(void *ctx)
{
	struct watching *w = ctx;
	if (!w->output_failed && !command_write(buf_str(&w->out))) {
		w->output_failed = true;
		/* Nobody reads on; sources cannot be stopped from here. */
		(void)kill(getpid(), SIGTERM);
	}
	buf_clear(&w->out);
}

static void say_summary(const struct watching *w, const struct matcher_counts *counts)
{
	fprintf(stderr, "%s%llu posts seen, %llu matched\n",
		isatty(STDERR_FILENO) && isatty(STDOUT_FILENO) ? "\n" : "",
		(unsigned long long)counts->record_count, (unsigned long long)w->alert_count);
	input_print_rejected(counts, 0);
}

/* ---- the store ---- */

/* Deliveries want one; it goes with the command. */
static bool make_folder(struct watching *w)
{
	const char *places[] = { getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp" };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (!places[i] || places[i][0] != '/')
			continue;
		const int n = snprintf(
			w->folder, sizeof w->folder, "%s/vigie-watch.XXXXXX", places[i]);
		if (n < (int)sizeof w->folder && mkdtemp(w->folder)) {
			w->config.store = arena_format(&w->arena, "%s/vigie.db", w->folder);
			return true;
		}
	}
	log_error("cannot make a folder for what is under way: %s", error_text(errno));
	w->folder[0] = '\0';
	return false;
}

static void remove_folder(struct watching *w)
{
	DIR *folder = w->folder[0] ? opendir(w->folder) : NULL;
	if (!folder)
		return;
	for (const struct dirent *entry; (entry = readdir(folder));)
		(void)unlinkat(dirfd(folder), entry->d_name, 0); /* not the two folders in it */
	(void)closedir(folder); /* it was only read */
	(void)rmdir(w->folder); /* else it stays, and whoever cleans takes it */
}

/* ---- sources ---- */

/* What standard input begins with, without taking it. Waits for it, but not for long if others are
 * watched too. Absent if nothing is there. */
static struct str peek(char *start, bool alone)
{
	struct stat info;
	int ends[2];
	ssize_t n = -1;
	struct pollfd ready = { .fd = STDIN_FILENO, .events = POLLIN };
	if (fstat(STDIN_FILENO, &info) != 0)
		return STR_NONE;
	if (S_ISREG(info.st_mode)) {
		const off_t at = lseek(STDIN_FILENO, 0, SEEK_CUR);
		n = pread(STDIN_FILENO, start, START_BYTES, at > 0 ? at : 0);
	} else if (S_ISFIFO(info.st_mode) && pipe2(ends, O_CLOEXEC) == 0) {
		if (poll(&ready, 1, alone ? -1 : STDIN_PATIENCE_MS) > 0)
			n = tee(STDIN_FILENO, ends[1], START_BYTES, SPLICE_F_NONBLOCK);
		if (n > 0)
			n = read(ends[0], start, (size_t)n);
		(void)close(ends[0]); /* nothing in them is missed */
		(void)close(ends[1]);
	}
	return n > 0 ? (struct str){ start, (size_t)n } : STR_NONE;
}

static void choose_format(struct watching *w, struct draft *d)
{
	char start[START_BYTES];
	const bool standard = str_eq(draft_get(d, STR("path")), STR("-"));
	if (!str_eq(draft_get(d, STR("type")), STR("file")))
		return;
	if (w->follow && !standard)
		draft_default(d, STR("follow"), STR("true"));
	if (w->format.p || draft_get(d, STR("format")).p || draft_get(d, STR("map")).p || !standard)
		return;
	const struct str head = isatty(STDIN_FILENO) ? STR_NONE : peek(start, w->from.count < 2);
	if (!head.p || !target_looks_like_json(head))
		draft_default(d, STR("format"), STR("text"));
}

static bool probe_web(struct draft *d)
{
	struct probe probe;
	struct loop *loop = loop_create();
	struct http_client *http = http_client_create(loop);
	target_probe(loop, http, d, PROBE_TIMEOUT_US, &probe);
	http_client_destroy(http);
	loop_destroy(loop);
	if (target_judge(d, &probe))
		return true;
	const char *hint = advice_of_status(probe.status);
	bool later = probe.status >= 500 || probe.status == 429;
	if (probe.kind == PROBE_FAILED) {
		fprintf(stderr, "vigie watch: not connected: %s\n", probe.message);
		hint = advice_of_message(str_of(probe.message));
		later = true;
	} else if (probe.kind == PROBE_REFUSED) {
		fprintf(stderr, "vigie watch: the server answered HTTP %d\n", probe.status);
	} else {
		fprintf(stderr, "vigie watch: neither feed nor stream: '%.*s'\n",
			STR_ARGS(draft_get(d, STR("url"))));
		hint = "'vigie sources try URL' tells what it is";
	}
	if (hint)
		fprintf(stderr, "  hint: %s\n", hint);
	if (later)
		fprintf(stderr,
			"  hint: what it is cannot be asked now; say it, and vigie waits for it: "
			"--from '%.*s type=feed' (or http, poll)\n",
			STR_ARGS(draft_get(d, STR("url"))));
	return false;
}

/* "bluesky", "mastodon host=mastodon.social token=env:TOKEN", an address, a file. */
static bool add_source(struct watching *w, struct str from)
{
	struct watch_config *c = &w->config;
	struct str rest = from, what, option;
	struct stat info;
	bool web;
	if (c->source_count == WATCH_MAX_SOURCES) {
		log_error("at most %d sources", WATCH_MAX_SOURCES);
		return false;
	}
	struct draft *d = &c->sources[c->source_count];
	draft_init(d, &w->arena, STR_NONE);
	if (stat(arena_text(&w->arena, from), &info) == 0) {
		what = from; /* its name may have spaces */
		rest = STR_NONE;
	} else {
		(void)str_next(&rest, ' ', &what);
	}
	if (w->format.p)
		(void)draft_add(d, STR("format"), w->format);
	while (str_next(&rest, ' ', &option)) {
		if (option.n && !draft_add_argument(d, option)) {
			(void)command_usage(&command_watch,
				"expected KEY=VALUE behind --from: '%.*s'", STR_ARGS(option));
			return false;
		}
	}
	if (!target_read(what, (struct str_list){ 0 }, "watch", d, &web))
		return false;
	if (web && !probe_web(d))
		return false;
	choose_format(w, d);
	if (w->all && target_is_asked(draft_get(d, STR("type"))))
		draft_default(d, STR("since"), STR("all"));
	watch_config_name(c, d);
	c->source_count++;
	return true;
}

/* ---- doing it ---- */

static struct config *load(struct watching *w)
{
	struct buf yaml;
	struct diag *diag = diag_create();
	buf_init(&yaml, 0);
	watch_config_yaml(&w->config, &yaml);
	struct config *config = config_load_text("command line", buf_str(&yaml), diag);
	if (command_print_diag(diag)) {
		config_destroy(config);
		config = NULL;
	}
	diag_destroy(diag);
	buf_finish(&yaml);
	return config;
}

static void say_start(const struct watching *w)
{
	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "watching");
	for (size_t i = 0; i < w->config.source_count; i++)
		fprintf(stderr, "%s %.*s", i ? "," : "", STR_ARGS(w->config.sources[i].name));
	fprintf(stderr, "; Ctrl-C ends\n");
}

static int run(struct watching *w)
{
	for (size_t i = 0; i < w->from.count; i++)
		if (!add_source(w, w->from.items[i]))
			return EXIT_USAGE;
	if (!make_folder(w))
		return EXIT_USAGE;
	struct config *config = load(w);
	if (!config)
		return EXIT_USAGE;
	struct app_observer observer = {
		.alert = on_alert, .alerts_added = on_alerts_added, .ctx = w
	};
	struct app app = { .config = config, .once = true, .observer = &observer };
	say_start(w);
	const int code = app_run(&app);
	say_summary(w, &observer.counts);
	return code != EXIT_FOUND ? code : w->alert_count ? EXIT_FOUND : EXIT_NOTHING;
}

/* ---- the command line ---- */

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

static bool add_text(struct watch_texts *list, const char *text)
{
	if (!text[0] || has_control(text)) {
		(void)command_usage(&command_watch,
			text[0] ? "a control character in an argument" : "an empty argument");
		return false;
	}
	if (watch_texts_add(list, str_of(text)))
		return true;
	(void)command_usage(&command_watch, "too many arguments: '%s'", text);
	return false;
}

static bool take_from(const struct command *c, const char *value, void *options)
{
	(void)c;
	return add_text(&((struct watching *)options)->from, value);
}

static bool take_not(const struct command *c, const char *value, void *options)
{
	(void)c;
	return add_text(&((struct watching *)options)->config.nots, value);
}

static bool take_notify(const struct command *c, const char *value, void *options)
{
	if (watch_notify_ok(str_of(value)))
		return add_text(&((struct watching *)options)->config.notify, value);
	(void)command_usage(c,
		"--notify takes desktop, stdout, a webhook's https://..., webhook=URL or "
		"mail=ADDRESS: '%s'",
		value);
	return false;
}

static bool take_langs(const struct command *c, const char *value, void *options)
{
	struct watching *w = options;
	struct str rest = str_of(value), lang;
	(void)c;
	while (str_next(&rest, ',', &lang))
		if (!add_text(&w->config.langs, arena_text(&w->arena, lang)))
			return false;
	return true;
}

static bool take_format(const struct command *c, const char *value, void *options)
{
	const char *map = NULL;
	((struct watching *)options)->format = str_of(value);
	return input_format(c, value, &map);
}

static const struct argument arguments[] = {
	{ "from", 0, "WHAT",
		"a preset with its parameters in one argument ('vigie\nsources presets' lists "
		"them), an address of a feed or\nstream, a file, or - ; any number of times",
		0, take_from },
	{ "notify", 0, "WHOM",
		"desktop, a webhook's address, or mail=ADDRESS by this\nmachine's mail server, "
		"besides what is printed",
		0, take_notify },
	{ "not", 0, "WORD", "leave out posts that hold this", 0, take_not },
	{ "lang", 0, "LANG", "only posts in this language, such as fr or fr,en", 0, take_langs },
	{ "query", 0, "QUERY", "a query, beside or instead of words",
		offsetof(struct watching, query), NULL },
	{ "format", 0, "FORMAT", "of files: ndjson or text; else by how they begin", 0,
		take_format },
	{ "follow", 'f', NULL, "go on as files grow", offsetof(struct watching, follow), NULL },
	{ "all", 0, NULL, "also what feeds and mailboxes hold already",
		offsetof(struct watching, all), NULL },
	{ "json", 0, NULL, "one alert a line, as JSON", offsetof(struct watching, json), NULL },
	{ "quiet", 'q', NULL, "print no posts", offsetof(struct watching, quiet), NULL },
	{ "color", 0, "[=WHEN]", "auto, always or never", offsetof(struct watching, color),
		input_color },
	{ 0 },
};

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, struct watching *w)
{
	struct operands words;
	w->color = isatty(STDOUT_FILENO);
	const int code = arguments_parse(&command_watch, argc, argv, w, &words);
	if (code >= 0)
		return code;
	for (size_t i = 0; i < words.count; i++)
		if (!add_text(&w->config.words, words.items[i]))
			return EXIT_USAGE;
	if (!words.count && !w->query)
		return command_usage(&command_watch, "which words?");
	if (w->query && has_control(w->query))
		return command_usage(&command_watch, "a control character in the query");
	w->config.query = str_of(w->query);
	if (w->from.count)
		return -1;
	if (isatty(STDIN_FILENO))
		return command_usage(&command_watch,
			"where from? Such as --from bluesky, --from https://example.org/feed.xml "
			"or --from posts.ndjson");
	return add_text(&w->from, "-") ? -1 : EXIT_USAGE;
}

static int watch_main(int argc, char **argv)
{
	struct watching *w;
	struct arena memory;
	arena_init(&memory, 0);
	w = arena_new(&memory, struct watching); /* too large for the stack */
	arena_init(&w->arena, 0);
	buf_init(&w->out, 0);
	int code = parse(argc, argv, w);
	if (code < 0) {
		log_set_level(LOG_LEVEL_WARN);
		code = run(w);
		remove_folder(w);
	}
	buf_finish(&w->out);
	arena_finish(&w->arena);
	arena_finish(&memory);
	return code;
}

const struct command command_watch = {
	.name = "watch",
	.arguments = "WORD... [--from PRESET|URL|FILE|-]... [--notify WHOM]...",
	.help = "Watch for words without any file: prints the posts that hold one.",
	.intro = "Words are terms as rules have them; one with spaces is a phrase. Any of them is\n"
		 "enough. Without --from standard input is read.\n",
	.options = arguments,
	.notes = "Ends with files, or with Ctrl-C; then says how many posts it saw. What is under\n"
		 "way is kept in a temporary folder that goes with it.\n"
		 "\n"
		 "Exit status: 0 posts were found, 1 none, 2 bad usage or sources.\n",
	.run = watch_main,
};
