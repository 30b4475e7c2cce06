#include "daemon/try.h"

#include <assert.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/utf8.h"
#include "daemon/command.h"
#include "daemon/record.h"
#include "daemon/target.h"

enum { SHOWN_TEXT_BYTES = 400, SHOWN_NAME_BYTES = 100, FAILURE_MAX_BYTES = 1024 };

#define QUIET_US (2 * US_PER_S)

const char *const try_field_names[8] = { "text", "title", "id", "url", "author", "time", "language",
	"tags" };

struct trial {
	const struct try_options *options;
	struct try_result *result;
	struct loop *loop;
	struct arena *arena;
	struct record_reader *reader;
	struct timer *timer, *quiet_timer;
	struct buf out;
	size_t notice_count;
	bool output_failed, done;
};

void try_result_init(struct try_result *result)
{
	*result = (struct try_result){ 0 };
	buf_init(&result->failure, FAILURE_MAX_BYTES);
}

void try_result_finish(struct try_result *result)
{
	buf_finish(&result->failure);
}

static void stop(struct trial *t)
{
	t->done = true;
	loop_stop(t->loop);
}

/* ---- a post ---- */

static void add_cut(struct buf *out, struct str text, size_t max)
{
	const size_t to = text.n > max ? utf8_floor(text, max) : text.n;
	escape_control(out, str_slice(text, 0, to));
	if (to < text.n)
		buf_add(out, STR("…"));
}

static void add_author(struct buf *out, const struct post_author *author)
{
	const bool named = author->name.n && !str_eq(author->name, author->handle);
	if (author->handle.n) {
		buf_add(out, STR("  @"));
		add_cut(out, author->handle, SHOWN_NAME_BYTES);
	}
	if (named) {
		buf_add(out, author->handle.n ? STR(" (") : STR("  "));
		add_cut(out, author->name, SHOWN_NAME_BYTES);
		buf_add(out, author->handle.n ? STR(")") : STR(""));
	}
	if (!author->handle.n && !named && author->id.n) {
		buf_add(out, STR("  "));
		add_cut(out, author->id, SHOWN_NAME_BYTES);
	}
}

static void add_shown(struct trial *t, const struct post *post)
{
	const bool color = t->options->color;
	char time[TIME_TEXT_BYTES] = "(no time)";
	if (post->created_at_us)
		time_format(post->created_at_us, time);
	buf_addf(&t->out, "%s%3zu  %s", color ? "\033[36m" : "", t->result->post_count, time);
	add_author(&t->out, &post->author);
	if (post->langs.count) {
		buf_add(&t->out, STR("  "));
		add_cut(&t->out, post->langs.items[0], SHOWN_NAME_BYTES);
	}
	buf_add(&t->out, color ? STR("\033[0m\n") : STR("\n"));
	if (post->title.n) {
		buf_add(&t->out, STR("     "));
		add_cut(&t->out, post->title, SHOWN_TEXT_BYTES);
		buf_add_char(&t->out, '\n');
	}
	if (post->text.n) {
		buf_add(&t->out, STR("     "));
		add_cut(&t->out, post->text, SHOWN_TEXT_BYTES);
		buf_add_char(&t->out, '\n');
	}
	if (post->url.n || post->id.n) {
		buf_add(&t->out, STR("     "));
		escape_control(&t->out, post->url.n ? post->url : post->id);
		buf_add_char(&t->out, '\n');
	}
}

static void count_fields(struct try_result *r, const struct post *post)
{
	const bool there[8] = { post->text.n, post->title.n, post->id.n, post->url.n,
		post->author.handle.n || post->author.name.n || post->author.id.n,
		post->created_at_us != 0, post->langs.count, post->tags.count };
	for (size_t i = 0; i < 8; i++)
		r->field_counts[i] += there[i];
}

static void show(struct trial *t, const struct post *post)
{
	const char *map = record_map_name(t->reader);
	struct try_result *r = t->result;
	r->map = r->post_count == 0 || r->map == map ? map : NULL;
	r->post_count++;
	count_fields(r, post);
	if (t->options->json) {
		post_json(post, &t->out);
		buf_add_char(&t->out, '\n');
	} else {
		add_shown(t, post);
	}
}

/* ---- what the source does ---- */

static void keep_sample(struct trial *t, struct str record)
{
	struct try_result *r = t->result;
	if (r->sample_count < TRY_MAX_SAMPLES && record.n <= TRY_SAMPLE_BYTES)
		r->samples[r->sample_count++] = arena_str(t->arena, record);
}

static void take_record(struct trial *t, struct source *s, struct str record, int64_t received_us)
{
	struct post post;
	const char *reason;
	size_t at;
	t->result->record_count++;
	keep_sample(t, record);
	switch (record_read(t->reader, record, &post, &reason, &at)) {
	case POST_READ:
		post.source = s->name;
		post.received_at_us = received_us;
		show(t, &post);
		break;
	case POST_SKIPPED:
		t->result->skipped_count++;
		break;
	case POST_REJECTED:
		t->result->rejected_count++;
		if (!t->result->rejected)
			t->result->rejected = reason;
		break;
	}
}

/* What is asked for now and then brings all that it has at once: nothing more comes soon. */
static void settle(struct trial *t, const struct source *s)
{
	if (!t->done && target_is_asked(str_of(s->type->name)))
		timer_start(t->quiet_timer, QUIET_US);
}

static int on_block(void *ctx, struct source *s, const struct source_block *block)
{
	struct trial *t = ctx;
	struct str rest = block->records, line;
	record_reader_begin(t->reader, block->records, &block->place, block->received_at_us);
	while (!t->done && str_next(&rest, '\n', &line)) {
		if (str_trim(line).n)
			take_record(t, s, line, block->received_at_us);
		if (t->result->post_count >= t->options->wanted)
			stop(t);
	}
	if (!command_write(buf_str(&t->out)))
		stop(t); /* nobody reads on */
	buf_clear(&t->out);
	settle(t, s);
	return 0;
}

static void on_rejected(void *ctx, struct source *s, uint64_t count, const char *reason)
{
	struct trial *t = ctx;
	(void)s;
	t->result->rejected_count += count;
	if (!t->result->rejected)
		t->result->rejected = reason;
}

static void on_state(void *ctx, struct source *s, const char *message)
{
	struct trial *t = ctx;
	struct buf *failure = &t->result->failure;
	if (source_flows(s) || s->state == SOURCE_ENDED) {
		t->result->live = true;
		buf_clear(failure);
		settle(t, s);
	}
	if (s->state != SOURCE_RETRYING)
		return;
	const struct str text = str_of(message);
	buf_clear(failure);
	buf_add(failure, str_slice(text, 0, str_find(text, STR("; again "))));
	/* What came is told; what ended may come again within the time. */
	if (!t->result->live)
		stop(t);
}

/* Sources that fail in parts only say so. */
static void on_notice(void *ctx, struct source *s, const char *message)
{
	struct trial *t = ctx;
	(void)s;
	buf_clear(&t->result->failure);
	buf_add(&t->result->failure, str_of(message));
	fprintf(stderr, "note: %s\n", message);
	if (++t->notice_count == 1 && !t->result->live && !t->done)
		timer_start(t->timer,
			2 * US_PER_S < t->options->for_us ? 2 * US_PER_S : t->options->for_us);
}

static void on_ended(void *ctx, struct source *s)
{
	(void)s;
	stop(ctx);
}

static void on_timer(void *ctx)
{
	stop(ctx);
}

static void on_signal(void *ctx, int number)
{
	struct trial *t = ctx;
	(void)number;
	t->result->interrupted = true;
	stop(t);
}

void try_source(struct config *config, struct loop *loop, struct http_client *http,
	const struct try_options *options, struct arena *arena, struct try_result *result)
{
	struct trial t = { .options = options, .result = result, .loop = loop, .arena = arena };
	const struct source_host host = {
		.deliver = on_block,
		.rejected = on_rejected,
		.state = on_state,
		.notice = on_notice,
		.ended = on_ended,
		.wall_us = clock_wall_us,
		.monotonic_us = clock_monotonic_us,
		.ctx = &t,
	};
	const struct post_map *map = NULL;
	assert(sources_count(config->sources) == 1);
	(void)config_map(config, sources_at(config->sources, 0)->map, &map); /* it was checked */
	t.reader = record_reader_create(map);
	buf_init(&t.out, 0);
	t.timer = timer_create_on(loop, on_timer, &t);
	t.quiet_timer = timer_create_on(loop, on_timer, &t);
	struct signal_watch *interrupt = signal_watch_create(loop, SIGINT, on_signal, &t);
	timer_start(t.timer, options->for_us);
	sources_start(config->sources, loop, http, &host, NULL, NULL);
	if (!t.done)
		loop_run(loop);
	sources_stop(config->sources);
	signal_watch_destroy(interrupt);
	timer_destroy(t.timer);
	timer_destroy(t.quiet_timer);
	record_reader_destroy(t.reader);
	buf_finish(&t.out);
}
