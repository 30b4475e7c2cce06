#include "sources/refill.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sources/picker.h"
#include "sources/web_options.h"

enum { MAX_TRIES = 4 };

#define FIRST_WAIT_US (5 * US_PER_S)
#define WAIT_MAX_US (5 * US_PER_MINUTE)

struct refill {
	struct source *source;
	struct refill_options options;
	struct poll_state state; /* what was fetched */
	struct poll_round *round;
	struct json_paths *path;
	struct timer *timer; /* until the next try */
	struct buf newest; /* of the stream */
	struct buf value; /* of one piece */
	bool running;
	int tries;
	int64_t broke_us, began_us; /* wall */
};

bool refill_check(const struct refill_options *o, const struct conf_node *node, struct diag *diag)
{
	const struct conf_node *url = conf_get(node, "refill_url"),
			       *path = conf_get(node, "refill_path");
	size_t bad;
	if (!o->url.p)
		return true;
	bool good = str_starts(o->url, STR("https://")) || str_starts(o->url, STR("http://"));
	if (!good || !web_is_clean(o->url) || str_find_char(o->url, ' ') != SIZE_MAX)
		diag_error(diag, url ? url->at : node->at,
			"url is neither http:// nor https://: 'refill_url'");
	struct json_paths *paths = json_paths_create(&o->path, 1, &bad);
	if (!paths)
		diag_error(diag, path ? path->at : node->at, "not a path: '%.*s' (refill_path)",
			STR_ARGS(o->path));
	good = good && paths;
	json_paths_destroy(paths);
	return good;
}

static int64_t wall_us(const struct refill *r)
{
	return r->source->host->wall_us ? r->source->host->wall_us() : 1;
}

/* ---- a round of the list ---- */

static bool on_lines(void *ctx, struct str lines)
{
	struct refill *r = ctx;
	const struct source_block block = { .records = lines, .cursor = refill_cursor(r) };
	return source_deliver(r->source, &block) == 0;
}

static void on_too_long(void *ctx, uint64_t count)
{
	struct refill *r = ctx;
	source_rejected(r->source, count, "record too long");
}

static void tell_gap(struct refill *r, const char *why)
{
	const struct source_gap gap = {
		.from_us = r->broke_us,
		.to_us = r->began_us,
		.kind = SOURCE_GAP_LOST,
		.reason = str_of(why),
	};
	source_gap(r->source, &gap);
}

/* From now on the stream's own place counts. */
static void finish(struct refill *r)
{
	r->running = false;
	poll_state_raise(&r->state, buf_str(&r->newest));
	source_caught_up(r->source);
	/* A blank line is no record, and brings the cursor alone. */
	(void)on_lines(r, STR("\n"));
}

static void on_end(void *ctx, const struct poll_result *result)
{
	struct refill *r = ctx;
	if (result->good && !result->more) {
		finish(r);
		return;
	}
	if (result->good) {
		finish(r);
		tell_gap(r, "more came than may be fetched afterwards");
		return;
	}
	if (++r->tries == MAX_TRIES) {
		source_notice(
			r->source, "what it missed cannot be fetched: %.*s", STR_ARGS(result->why));
		finish(r);
		tell_gap(r, "what came cannot be fetched afterwards");
		return;
	}
	int64_t wait_us = FIRST_WAIT_US << r->tries;
	if (result->wait_us > wait_us)
		wait_us = result->wait_us < WAIT_MAX_US ? result->wait_us : WAIT_MAX_US;
	timer_start(r->timer, wait_us);
}

static void on_timer(void *ctx)
{
	struct refill *r = ctx;
	poll_round_start(r->round);
}

struct refill *refill_create(struct source *source, const struct refill_options *o,
	struct str_list drop, const struct poll_fetch_options *fetch)
{
	static const struct poll_events events = { on_lines, on_too_long, on_end };
	size_t bad;
	if (!o->url.p)
		return NULL;
	struct refill *r = mem_zero(1, sizeof *r);
	r->source = source;
	r->options = *o;
	poll_state_init(&r->state);
	const struct poll_options options = {
		.url = o->url,
		.paths = { .id = o->path, .value = o->path },
		.resume_parameter = o->parameter,
		.resume_format = STR("{value}"),
		.resume_overlap = o->overlap,
		.next = POLL_NEXT_NEWER,
		.pages = o->pages,
		.drop = drop,
		.fetch = *fetch,
	};
	r->round = poll_round_create(source->loop, source->http, &options, &r->state, &events, r);
	r->path = json_paths_create(&o->path, 1, &bad);
	r->timer = timer_create_on(source->loop, on_timer, r);
	buf_init(&r->newest, POLL_VALUE_MAX_BYTES);
	buf_init(&r->value, RESUME_MAX_BYTES);
	return r;
}

void refill_destroy(struct refill *r)
{
	if (!r)
		return;
	poll_round_destroy(r->round);
	poll_state_finish(&r->state);
	json_paths_destroy(r->path);
	timer_destroy(r->timer);
	buf_finish(&r->newest);
	buf_finish(&r->value);
	mem_free(r);
}

void refill_start(struct refill *r, struct str cursor)
{
	if (!r || r->running || cursor.n == 0)
		return;
	poll_state_raise(&r->state, cursor);
	r->broke_us = r->source->health.blind_since_us;
	r->began_us = wall_us(r);
	if (r->broke_us == 0)
		r->broke_us = r->began_us;
	if (r->state.value.n == 0) { /* it is none */
		source_caught_up(r->source);
		tell_gap(r, "from where on it is to be fetched is not known any more");
		return;
	}
	r->state.known = true;
	r->running = true;
	r->tries = 0;
	poll_round_start(r->round);
}

void refill_saw(struct refill *r, struct str lines)
{
	struct str line;
	if (!r)
		return;
	while (str_next(&lines, '\n', &line)) {
		buf_clear(&r->value);
		resume_value(r->path, line, &r->value);
		const struct str value = buf_str(&r->value);
		if (r->value.n == 0 ||
			(r->newest.n && poll_value_cmp(value, buf_str(&r->newest)) <= 0))
			continue;
		buf_clear(&r->newest);
		buf_add(&r->newest, value);
	}
	if (!r->running)
		poll_state_raise(&r->state, buf_str(&r->newest));
}

struct str refill_cursor(const struct refill *r)
{
	return r->state.value.n ? buf_str(&r->state.value) : STR_NONE;
}
