#include "daemon/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/log.h"
#include "conf/yaml.h"
#include "daemon/guess.h"
#include "sources/feed_find.h"
#include "sources/preset.h"
#include "sources/source.h"

enum { START_BYTES = 4096, KNOWN_MAX = 128 };

/* ---- what there is ---- */

bool target_has_type(struct str name)
{
	for (const struct source_type *const *type = source_types; *type; type++)
		if (str_eq(name, str_of((*type)->name)))
			return true;
	return false;
}

bool target_has_preset(struct str name)
{
	for (const struct preset_text *text = preset_texts; text->name; text++)
		if (str_eq(name, str_of(text->name)))
			return true;
	return false;
}

bool target_is_asked(struct str type)
{
	return str_eq(type, STR("feed")) || str_eq(type, STR("poll")) || str_eq(type, STR("imap"));
}

static struct str host_of(struct str url)
{
	const size_t at = str_find(url, STR("://"));
	struct str rest = at == SIZE_MAX ? url : str_slice(url, at + 3, url.n);
	for (size_t i = 0; i < rest.n; i++)
		if (rest.p[i] == '/' || rest.p[i] == '?' || rest.p[i] == '#' || rest.p[i] == ':')
			return str_slice(rest, 0, i);
	return rest;
}

const char *target_preset_of_host(struct str url, struct arena *arena)
{
	const struct str host = host_of(url);
	for (const struct preset_text *text = preset_texts; text->name; text++) {
		const struct preset *preset = preset_read(text, arena);
		for (size_t i = 0; i < preset->parameter_count; i++)
			if (str_eq(preset->parameters[i].name, STR("host")) &&
				str_eq_ignore_case(preset->parameters[i].fallback, host))
				return text->name;
	}
	if (str_find(host, STR("jetstream")) != SIZE_MAX)
		return "bluesky";
	return str_find(url, STR("/api/v1/streaming")) != SIZE_MAX ? "mastodon" : NULL;
}

/* ---- what was meant ---- */

static void complain(const char *command, const char *problem, struct str what)
{
	struct buf shown;
	buf_init(&shown, 4096);
	escape_control(&shown, what);
	fprintf(stderr, "vigie %s: %s: '%.*s'\n", command, problem, STR_ARGS(buf_str(&shown)));
	buf_finish(&shown);
}

static void add_name(struct draft *d, struct str text)
{
	if (!d->name.n)
		d->name = draft_name(d->arena, text);
}

static bool read_url(struct str what, const char *command, struct draft *d, bool *web)
{
	static const char *const sockets[] = { "ws", "wss", NULL };
	static const char *const webs[] = { "http", "https", NULL };
	static const char *const mails[] = { "imap", "imaps", NULL };
	const struct str scheme = str_slice(what, 0, str_find(what, STR("://")));
	const char *type = NULL;
	bool known = false;
	for (size_t i = 0; sockets[i]; i++) {
		if (str_eq(scheme, str_of(sockets[i])))
			type = "websocket";
		if (str_eq(scheme, str_of(mails[i])) && target_has_type(STR("imap")))
			type = "imap";
		known = known || str_eq(scheme, str_of(webs[i]));
	}
	if (!type && !known) {
		complain(command, "no such kind of address", what);
		fprintf(stderr, "  hint: it begins with http://, https://, ws:// or wss://\n");
		return false;
	}
	add_name(d, host_of(what));
	if (type)
		draft_default(d, STR("type"), str_of(type));
	draft_default(d, STR("url"), what);
	*web = !type && !draft_get(d, STR("type")).p;
	return true;
}

bool target_looks_like_json(struct str start)
{
	if (str_starts(start, STR("\xEF\xBB\xBF")))
		start = str_slice(start, 3, start.n);
	start = str_trim(start);
	return start.n == 0 || start.p[0] == '{' || start.p[0] == '[';
}

static bool found_outline(void *ctx, struct str url, struct str title)
{
	(void)url;
	(void)title;
	*(bool *)ctx = true;
	return false;
}

static bool is_opml(struct str start)
{
	bool any = false;
	return str_find(start, STR("<opml")) != SIZE_MAX &&
		feed_find_in_opml(start, found_outline, &any) && any;
}

static struct str base_name(struct str path)
{
	size_t at = path.n;
	while (at && path.p[at - 1] != '/')
		at--;
	return str_slice(path, at, path.n);
}

/* A file that cannot be opened is the source's to complain about. */
static void read_start(const char *path, const struct stat *info, char *start, struct str *out)
{
	*out = STR_NONE;
	const int fd = S_ISREG(info->st_mode) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	const ssize_t n = read(fd, start, START_BYTES);
	(void)close(fd); /* it was only read */
	if (n > 0)
		*out = (struct str){ start, (size_t)n };
}

static bool read_file(
	struct str what, const struct stat *info, const char *command, struct draft *d)
{
	char start[START_BYTES];
	struct str head;
	if (S_ISDIR(info->st_mode)) {
		complain(command, "a folder, not a file", what);
		return false;
	}
	read_start(arena_text(d->arena, what), info, start, &head);
	add_name(d, base_name(what));
	if (is_opml(head)) {
		draft_default(d, STR("type"), STR("feed"));
		draft_default(d, STR("opml"), what);
		return true;
	}
	draft_default(d, STR("type"), STR("file"));
	draft_default(d, STR("path"), what);
	if (head.p && !draft_get(d, STR("format")).p && !draft_get(d, STR("map")).p &&
		!target_looks_like_json(head))
		draft_default(d, STR("format"), STR("text"));
	return true;
}

static bool refuse(struct str what, struct str_list known, const char *command)
{
	struct str names[KNOWN_MAX];
	size_t count = 0;
	for (size_t i = 0; i < known.count && count < KNOWN_MAX; i++)
		names[count++] = known.items[i];
	for (const struct preset_text *text = preset_texts; text->name && count < KNOWN_MAX; text++)
		names[count++] = str_of(text->name);
	const struct str near = diag_nearest(what, names, count);
	if (str_find_char(what, '/') != SIZE_MAX && what.n && what.p[0] == '/') {
		complain(command, "no such file", what);
		return false;
	}
	complain(command, "no such source, preset or file", what);
	if (near.p)
		fprintf(stderr, "  hint: did you mean '%.*s'?\n", STR_ARGS(near));
	else if (str_find_char(what, '.') != SIZE_MAX && str_find_char(what, ' ') == SIZE_MAX)
		fprintf(stderr, "  hint: an address begins with its scheme: https://%.*s\n",
			STR_ARGS(what));
	else
		fprintf(stderr, "  hint: 'vigie sources presets' lists the presets\n");
	return false;
}

bool target_read(
	struct str what, struct str_list known, const char *command, struct draft *d, bool *web)
{
	struct stat info;
	*web = false;
	if (str_find(what, STR("://")) != SIZE_MAX)
		return read_url(what, command, d, web);
	if (str_eq(what, STR("-"))) {
		add_name(d, STR("stdin"));
		draft_default(d, STR("type"), STR("file"));
		draft_default(d, STR("path"), what);
		return true;
	}
	if (target_has_preset(what) || target_has_type(what)) {
		add_name(d, what);
		draft_default(d, STR("type"), what);
		return true;
	}
	if (what.n && stat(arena_text(d->arena, what), &info) == 0) {
		if (!str_ends(what, STR(".yaml")) && !str_ends(what, STR(".yml")))
			return read_file(what, &info, command, d);
		add_name(d, base_name(what));
		draft_default(d, STR("type"), what);
		return true;
	}
	return refuse(what, known, command);
}

/* ---- what answered ---- */

/* The value of a reference, or the text itself. */
static struct str value_of(const struct draft *d, const char *key)
{
	struct value {
		struct str text;
	} value = { STR_NONE };
	const struct conf_field fields[] = {
		{ .key = key, .type = CONF_TEXT, .offset = offsetof(struct value, text) },
		{ .key = NULL },
	};
	const struct str written = draft_get(d, str_of(key));
	if (!written.p)
		return STR_NONE;
	struct draft one;
	struct buf yaml;
	struct diag *diag = diag_create();
	draft_init(&one, d->arena, STR("x"));
	(void)draft_add(&one, str_of(key), written);
	buf_init(&yaml, 0);
	draft_yaml(&one, &yaml);
	const struct conf_node *root = conf_read_text("x", buf_str(&yaml), d->arena, diag);
	/* What is wrong with it the source will say. */
	if (root && root->kind == CONF_MAP && root->count)
		(void)conf_decode(fields, NULL, &root->items[0], &value, d->arena, diag);
	diag_destroy(diag);
	buf_finish(&yaml);
	return value.text;
}

void target_probe(struct loop *loop, struct http_client *client, const struct draft *d,
	int64_t timeout_us, struct probe *probe)
{
	struct str headers[DRAFT_MAX_PAIRS];
	size_t count = 0;
	for (size_t i = 0; i < d->count; i++)
		if (str_eq(d->pairs[i].key, STR("headers")))
			headers[count++] = d->pairs[i].value;
	const struct probe_options options = {
		.url = draft_get(d, STR("url")),
		.token = value_of(d, "token"),
		.ca_file = draft_get(d, STR("ca_file")),
		.headers = headers,
		.header_count = count,
		.timeout_us = timeout_us,
	};
	probe_run(loop, client, &options, d->arena, probe);
}

static void set(struct draft *d, struct str key, struct str value)
{
	for (size_t i = 0; i < d->count; i++) {
		if (!str_eq(d->pairs[i].key, key))
			continue;
		d->pairs[i].value = arena_str(d->arena, value);
		return;
	}
	(void)draft_add(d, key, value);
}

static bool knows_lines(struct str type)
{
	return str_find(type, STR("json")) != SIZE_MAX || str_starts(type, STR("text/")) || !type.n;
}

/* Where the records of a list have their id, unless that is where poll looks anyway. */
static void set_id(struct draft *d, const struct probe *probe)
{
	struct guess guess;
	if (!guess_fields(probe->records, probe->record_count, d->arena, &guess))
		return;
	for (size_t i = 0; i < guess.count; i++)
		if (str_eq(str_of(guess.fields[i].field), STR("id")) &&
			!str_eq(guess.fields[i].path, STR("id")))
			draft_default(d, STR("id"), guess.fields[i].path);
}

bool target_judge(struct draft *d, const struct probe *probe)
{
	switch (probe->kind) {
	case PROBE_PAGE:
		if (probe->feed_count == 0)
			return false;
		set(d, STR("url"), probe->feeds[0]);
		set(d, STR("type"), STR("feed"));
		break;
	case PROBE_FEED:
		set(d, STR("type"), STR("feed"));
		break;
	case PROBE_EVENTS:
	case PROBE_LINES:
		set(d, STR("type"), STR("http"));
		/* A stream's redirect is followed with less. */
		if (probe->redirected)
			set(d, STR("url"), probe->url);
		if (probe->kind == PROBE_LINES && !knows_lines(probe->content_type))
			set(d, STR("format"), STR("ndjson"));
		break;
	case PROBE_DOCUMENT:
		if (!target_has_type(STR("poll")))
			return false;
		set(d, STR("type"), STR("poll"));
		if (probe->list.n)
			set(d, STR("records"), probe->list);
		set_id(d, probe);
		break;
	default:
		return false;
	}
	if (probe->private && str_eq(draft_get(d, STR("type")), STR("feed")))
		set(d, STR("allow_private"), STR("true"));
	return true;
}
