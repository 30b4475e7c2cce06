/* A list that is asked for again and again: JSON over HTTP. What is new is told by ids and values
 * that poll_state.c remembers, in rounds that poll_round.c makes; when the next one is due, by how
 * much comes and what the server allows. */
#include "sources/source.h"

#include <string.h>

#include "base/clock.h"
#include "sources/poll_round.h"
#include "sources/web_options.h"

enum since { SINCE_NEW, SINCE_ALL };
enum order { NEWEST_FIRST, OLDEST_FIRST };

static const char *const since_names[] = { "new", "all", NULL };
static const char *const order_names[] = { "newest_first", "oldest_first", NULL };

/* A list in which nothing is new is asked for after up to so many intervals. */
enum { QUIET_FACTOR = 4 };

struct poll_source {
	struct source base;
	struct str url, token, ca_file, item_url, records, id, resume_path, resume_parameter,
		resume_format, next_path, next_parameter;
	struct str_list headers, drops, adds;
	int64_t interval_us, interval_max_us, resume_overlap, pages;
	int order, since, next;
	bool allow_private;
	struct str oauth_url, oauth_client_id, oauth_client_secret, oauth_user, oauth_password,
		oauth_scope;
	int oauth_grant;

	struct oauth *oauth; /* outlives restarts, for its token's sake */
	struct poll_state state;
	struct poll_round *round;
	struct timer *timer;
	struct buf cursor; /* as it is on disk */
	unsigned quiet; /* rounds without anything new, in a row */
	int64_t round_us; /* wall: when the last good round began; 0: unknown */
	int64_t asked_us; /* wall: when this one did */
};

/* ---- what comes ---- */

/* A crash within a round asks for it again: what comes twice is found to be there already. */
static bool on_lines(void *ctx, struct str lines)
{
	struct poll_source *p = ctx;
	struct buf cursor;
	source_live(&p->base);
	buf_init(&cursor, POLL_CURSOR_MAX_BYTES);
	poll_state_format(&p->state, &cursor);
	const struct source_block block = { .records = lines, .cursor = buf_str(&cursor) };
	const bool news = str_trim(lines).n || !str_eq(block.cursor, buf_str(&p->cursor));
	const bool taken = !news || source_deliver(&p->base, &block) == 0;
	if (taken) {
		buf_clear(&p->cursor);
		buf_add(&p->cursor, block.cursor);
	}
	buf_finish(&cursor);
	return taken;
}

static void on_too_long(void *ctx, uint64_t count)
{
	struct poll_source *p = ctx;
	source_rejected(&p->base, count, "record too long");
}

static int64_t wall_us(const struct poll_source *p)
{
	return p->base.host->wall_us ? p->base.host->wall_us() : 1;
}

static void tell_missed(struct poll_source *p)
{
	const struct source_gap gap = {
		.from_us = p->round_us ? p->round_us : p->asked_us,
		.to_us = p->asked_us,
		.kind = SOURCE_GAP_POSSIBLE,
		.reason = STR("more came between two rounds than the server lists"),
	};
	source_gap(&p->base, &gap);
}

/* ---- when ---- */

static int64_t wait_us(const struct poll_source *p, const struct poll_result *result)
{
	int64_t most_us = p->interval_max_us ? p->interval_max_us : QUIET_FACTOR * p->interval_us;
	if (most_us < p->interval_us)
		most_us = p->interval_us;
	int64_t us = p->interval_us + p->interval_us / 4 * p->quiet;
	if (us > most_us)
		us = most_us;
	if (result->more)
		us = 0;
	return us > result->pace_us ? us : result->pace_us;
}

static void on_end(void *ctx, const struct poll_result *result)
{
	struct poll_source *p = ctx;
	if (!result->good) {
		source_failed(
			&p->base, result->kind, result->wait_us, "%.*s", STR_ARGS(result->why));
		return;
	}
	source_live(&p->base);
	if (result->missed)
		tell_missed(p);
	p->round_us = p->asked_us;
	if (result->any)
		p->quiet = 0;
	else if (p->quiet < QUIET_FACTOR * QUIET_FACTOR)
		p->quiet++;
	timer_start(p->timer, wait_us(p, result));
}

static void on_timer(void *ctx)
{
	struct poll_source *p = ctx;
	p->asked_us = wall_us(p);
	poll_round_start(p->round);
}

/* ---- starting ---- */

static struct str agent_of(const struct poll_source *p)
{
	for (size_t i = 0; i < p->headers.count; i++) {
		const struct str_list one = { &p->headers.items[i], 1 };
		if (web_has_header(one, STR("User-Agent")))
			return p->headers.items[i];
	}
	return STR_NONE;
}

static void prepare_oauth(struct poll_source *p)
{
	if (!p->oauth_url.p || p->oauth)
		return;
	const struct oauth_options options = {
		.url = p->oauth_url,
		.client_id = p->oauth_client_id,
		.client_secret = p->oauth_client_secret,
		.grant = p->oauth_grant,
		.user = p->oauth_user,
		.password = p->oauth_password,
		.scope = p->oauth_scope,
		.agent = agent_of(p),
		.ca_file = p->ca_file,
	};
	p->oauth = oauth_create(&options);
}

static struct poll_paths paths_of(const struct poll_source *p)
{
	struct poll_paths paths = { .records = p->records, .id = p->id, .value = p->resume_path };
	if (p->next == POLL_NEXT_PATH)
		paths.next = p->next_path;
	else if (p->next == POLL_NEXT_RECORD)
		paths.next_record = p->next_path;
	return paths;
}

static void poll_source_stop(struct source *s)
{
	struct poll_source *p = (struct poll_source *)s;
	poll_round_destroy(p->round);
	p->round = NULL;
	timer_destroy(p->timer);
	p->timer = NULL;
	poll_state_finish(&p->state);
	buf_finish(&p->cursor);
}

static int poll_source_start(struct source *s, struct str cursor)
{
	struct poll_source *p = (struct poll_source *)s;
	static const struct poll_events events = { on_lines, on_too_long, on_end };
	poll_source_stop(s); /* what the last failure left */
	prepare_oauth(p);
	buf_init(&p->cursor, POLL_CURSOR_MAX_BYTES);
	buf_add(&p->cursor, cursor);
	/* What is remembered is what is on disk. */
	(void)poll_state_parse(&p->state, cursor); /* else all is new */
	const struct poll_options options = {
		.url = p->url,
		.item_url = p->item_url,
		.paths = paths_of(p),
		.resume_parameter = p->resume_path.p ? p->resume_parameter : STR_NONE,
		.resume_format = p->resume_format,
		.resume_overlap = p->resume_overlap,
		.next = p->next,
		.next_parameter = p->next_parameter,
		.pages = p->pages,
		.oldest_first = p->order == OLDEST_FIRST,
		.all = p->since == SINCE_ALL,
		.drop = p->drops,
		.add = p->adds,
		.fetch = { .token = p->token,
			.ca_file = p->ca_file,
			.headers = p->headers,
			.oauth = p->oauth,
			.private_redirects = p->allow_private },
	};
	p->round = poll_round_create(s->loop, s->http, &options, &p->state, &events, p);
	p->timer = timer_create_on(s->loop, on_timer, p);
	if (p->round_us == 0)
		p->round_us = s->health.before_us; /* of the run before */
	p->asked_us = wall_us(p);
	poll_round_start(p->round);
	return 0;
}

static void poll_source_finish(struct source *s)
{
	struct poll_source *p = (struct poll_source *)s;
	oauth_destroy(p->oauth);
	p->oauth = NULL;
}

/* ---- what people wrote ---- */

static struct where place(const struct conf_node *node, const char *key)
{
	const struct conf_node *value = conf_get(node, key);
	return value ? value->at : node->at;
}

static bool check_path(
	struct str path, const char *what, const struct conf_node *node, struct diag *diag)
{
	return sieve_check_path(path, what, place(node, what), diag);
}

static bool check_next(const struct poll_source *p, const struct conf_node *node, struct diag *diag)
{
	const bool by_path = p->next == POLL_NEXT_PATH || p->next == POLL_NEXT_RECORD;
	if (by_path && !p->next_path.p) {
		diag_error(diag, place(node, "next"), "next: %s needs a path: 'next_path'",
			poll_next_names[p->next]);
		return false;
	}
	if (p->next == POLL_NEXT_RECORD && !p->next_parameter.p) {
		diag_error(diag, place(node, "next"),
			"next: record needs a parameter: 'next_parameter'");
		return false;
	}
	if (p->next == POLL_NEXT_NEWER && !(p->resume_path.p && p->resume_parameter.p)) {
		diag_error(diag, place(node, "next"),
			"next: newer needs 'resume_path' and 'resume_parameter'");
		return false;
	}
	if (!by_path && (p->next_path.p || p->next_parameter.p))
		diag_warning(diag, place(node, p->next_path.p ? "next_path" : "next_parameter"),
			"says nothing without next: path or next: record");
	return true;
}

static bool check_item_url(
	const struct poll_source *p, const struct conf_node *node, struct diag *diag)
{
	if (!p->item_url.p)
		return true;
	if (str_find(p->item_url, STR("{id}")) == SIZE_MAX) {
		diag_error(diag, place(node, "item_url"), "without {id} in it: 'item_url'");
		return false;
	}
	if (poll_same_origin(p->item_url, p->url) && web_is_clean(p->item_url))
		return true;
	diag_error(diag, place(node, "item_url"), "not on the server of the url: 'item_url'");
	return false;
}

static bool check_oauth(
	const struct poll_source *p, const struct conf_node *node, struct diag *diag)
{
	const size_t before = diag_count(diag, DIAG_ERROR);
	if (!p->oauth_url.p) {
		if (p->oauth_client_id.p || p->oauth_client_secret.p)
			diag_error(diag, node->at, "a client without a token server: 'oauth_url'");
		return diag_count(diag, DIAG_ERROR) == before;
	}
	if (!str_starts(p->oauth_url, STR("https://")) && !str_starts(p->oauth_url, STR("http://")))
		diag_error(diag, place(node, "oauth_url"),
			"url is neither http:// nor https://: 'oauth_url'");
	if (!p->oauth_client_id.p || !p->oauth_client_secret.p)
		diag_error(diag, node->at, "a token server needs '%s'",
			p->oauth_client_id.p ? "oauth_client_secret" : "oauth_client_id");
	if (p->oauth_grant == OAUTH_PASSWORD && (!p->oauth_user.p || !p->oauth_password.p))
		diag_error(diag, place(node, "oauth_grant"), "oauth_grant: password needs '%s'",
			p->oauth_user.p ? "oauth_password" : "oauth_user");
	if (p->token.p || web_has_header(p->headers, STR("Authorization")))
		diag_error(diag, place(node, "oauth_url"),
			"a token besides the one of the token server: 'oauth_url'");
	return diag_count(diag, DIAG_ERROR) == before;
}

static bool poll_source_check(struct source *s, const struct conf_node *node, struct diag *diag)
{
	const struct poll_source *p = (const struct poll_source *)s;
	const struct web_options options = { p->url, p->token, p->headers, STR("http://"),
		STR("https://") };
	const bool parts[] = {
		web_check(&options, node, diag),
		check_path(p->records, "records", node, diag),
		check_path(p->id, "id", node, diag),
		check_path(p->resume_path, "resume_path", node, diag),
		check_path(p->next_path, "next_path", node, diag),
		check_next(p, node, diag),
		check_item_url(p, node, diag),
		check_oauth(p, node, diag),
		sieve_check(p->drops, "drop", place(node, "drop"), diag),
		adder_check(p->adds, place(node, "add"), diag),
	};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (!parts[i])
			return false;
	return true;
}

#define OPTION(name, kind, member, ...)                                                    \
	{                                                                                  \
		.key = name, .type = kind, .offset = offsetof(struct poll_source, member), \
		__VA_ARGS__                                                                \
	}

static const struct conf_field poll_fields[] = {
	OPTION("url", CONF_TEXT, url, .required = true,
		.help = "the address of the list, http or https"),
	OPTION("token", CONF_SECRET, token, .help = "sent as Authorization: Bearer"),
	OPTION("headers", CONF_TEXTS, headers, .help = "more request headers, each 'Name: value'"),
	OPTION("interval", CONF_DURATION, interval_us, .fallback = "1m", .min = US_PER_S / 10,
		.max = 7 * US_PER_DAY, .help = "how often the list is asked for at most"),
	OPTION("interval_max", CONF_DURATION, interval_max_us, .min = US_PER_S / 10,
		.max = 7 * US_PER_DAY,
		.help = "how often at least, when nothing new comes; four intervals if absent"),
	OPTION("records", CONF_TEXT, records,
		.help = "where the answer has the list; the answer itself if absent"),
	OPTION("id", CONF_TEXT, id, .fallback = "id", .help = "where a record has its id"),
	OPTION("order", CONF_CHOICE, order, .fallback = "newest_first", .choices = order_names,
		.help = "the order of the records on a page"),
	OPTION("since", CONF_CHOICE, since, .fallback = "new", .choices = since_names,
		.help = "whether what is there when first asked counts"),
	OPTION("drop", CONF_TEXTS, drops, .help = "records to leave out, each PATH=VALUE or PATH"),
	OPTION("add", CONF_TEXTS, adds,
		.help = "what to add to records, each KEY=TEXT with {path} for values"),
	OPTION("resume_path", CONF_TEXT, resume_path,
		.help = "where a record has the value that grows from one to the next"),
	OPTION("resume_parameter", CONF_TEXT, resume_parameter,
		.help = "the parameter of the url that takes the newest one"),
	OPTION("resume_format", CONF_TEXT, resume_format, .fallback = "'{value}'",
		.help = "how it is written there"),
	OPTION("resume_overlap", CONF_INT, resume_overlap, .fallback = "0", .max = INT64_MAX,
		.help = "how much less is asked for, if it is a whole number"),
	OPTION("next", CONF_CHOICE, next, .fallback = "none", .choices = poll_next_names,
		.help = "how the next page is found"),
	OPTION("next_path", CONF_TEXT, next_path,
		.help = "where the answer, or the last record, says what the next page is"),
	OPTION("next_parameter", CONF_TEXT, next_parameter,
		.help = "the parameter of the url that takes it; without, it is an address"),
	OPTION("pages", CONF_INT, pages, .fallback = "10", .min = 1, .max = POLL_MAX_PAGES,
		.help = "how many pages are asked for at most in a round"),
	OPTION("item_url", CONF_TEXT, item_url,
		.help = "the address of a record where the list only has ids; {id} stands for it"),
	OPTION("oauth_url", CONF_TEXT, oauth_url,
		.help = "the token server, where a token is to be got by OAuth 2"),
	OPTION("oauth_client_id", CONF_TEXT, oauth_client_id, .help = "what it knows us by"),
	OPTION("oauth_client_secret", CONF_SECRET, oauth_client_secret, .help = "and our secret"),
	OPTION("oauth_grant", CONF_CHOICE, oauth_grant, .fallback = "client_credentials",
		.choices = oauth_grant_names, .help = "how the token is asked for"),
	OPTION("oauth_user", CONF_TEXT, oauth_user, .help = "the account of oauth_grant: password"),
	OPTION("oauth_password", CONF_SECRET, oauth_password, .help = "its password"),
	OPTION("oauth_scope", CONF_TEXT, oauth_scope, .help = "the rights to ask for"),
	OPTION("allow_private", CONF_BOOL, allow_private, .fallback = "false",
		.help = "let a redirect to another host lead to a private address"),
	OPTION("ca_file", CONF_PATH, ca_file,
		.help = "certificates to trust instead of the system's"),
	{ .key = NULL },
};

const struct source_type source_poll = {
	.name = "poll",
	.help = "records from a list of JSON that is asked for again and again",
	.size = sizeof(struct poll_source),
	.fields = poll_fields,
	.check = poll_source_check,
	.start = poll_source_start,
	.stop = poll_source_stop,
	.finish = poll_source_finish,
};
