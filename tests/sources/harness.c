#define _GNU_SOURCE
#include "tests/sources/harness.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/effort.h"

/* Only what fails takes that long. */
#define PATIENCE_US ((EFFORT_SANITIZED ? 60 : 10) * US_PER_S)

static int on_deliver(void *ctx, struct source *s, const struct source_block *block)
{
	struct harness *h = ctx;
	(void)s;
	if (h->deliver_error) {
		h->refused_count++;
		return h->deliver_error;
	}
	assert_true(block->records.n > 0);
	assert_true(h->block_count < HARNESS_MAX_BLOCKS);
	buf_add(&h->text, block->records);
	h->text_ends[h->block_count++] = h->text.n;
	buf_add(&h->cursors, block->cursor.p ? block->cursor : STR("-"));
	if (block->part.p) {
		struct str *kept = arena_new(&h->arena, struct str);
		*kept = arena_str(&h->arena, block->cursor);
		(void)map_set(&h->parts, arena_str(&h->arena, block->part), kept);
	}
	buf_add_char(&h->cursors, '\n');
	return 0;
}

static void on_rejected(void *ctx, struct source *s, uint64_t count, const char *reason)
{
	struct harness *h = ctx;
	(void)s;
	assert_non_null(reason);
	h->rejected_count += count;
}

static void on_state(void *ctx, struct source *s, const char *message)
{
	struct harness *h = ctx;
	buf_addf(&h->states, "%s: %s\n", source_state_name(s->state), message);
	if (s->state == SOURCE_RETRYING && h->wait_count < HARNESS_MAX_WAITS)
		h->waits_us[h->wait_count++] = s->retry_in_us;
}

static void on_ended(void *ctx, struct source *s)
{
	struct harness *h = ctx;
	(void)s;
	h->ended_count++;
}

static void on_gap(void *ctx, struct source *s, const struct source_gap *gap)
{
	struct harness *h = ctx;
	(void)s;
	assert_true(gap->to_us == 0 || gap->from_us <= gap->to_us);
	buf_addf(&h->gaps, "%s %.*s: %.*s\n", source_gap_kind_name(gap->kind), STR_ARGS(gap->part),
		STR_ARGS(gap->reason));
}

static void part_cursor(void *ctx, struct source *s, struct str part, struct buf *out)
{
	const struct harness *h = ctx;
	const struct str *kept = map_get(&h->parts, part);
	(void)s;
	if (kept)
		buf_add(out, *kept);
}

static void on_tick(void *ctx)
{
	struct harness *h = ctx;
	h->gave_up = clock_monotonic_us() > h->give_up_us;
	if (h->gave_up || (h->until && h->until(h)))
		loop_stop(h->loop);
	else
		timer_start(h->tick, US_PER_MS);
}

void harness_init(struct harness *h)
{
	*h = (struct harness){ 0 };
	log_set_level(LOG_LEVEL_ERROR);
	memcpy(h->folder, "/tmp/vigie-sources-XXXXXX", sizeof "/tmp/vigie-sources-XXXXXX");
	assert_non_null(mkdtemp(h->folder));
	h->loop = loop_create();
	h->http = http_client_create(h->loop);
	h->tick = timer_create_on(h->loop, on_tick, h);
	arena_init(&h->arena, 0);
	h->diag = diag_create();
	buf_init(&h->text, 0);
	buf_init(&h->cursors, 0);
	buf_init(&h->states, 0);
	buf_init(&h->gaps, 0);
	h->host = (struct source_host){
		.deliver = on_deliver,
		.rejected = on_rejected,
		.state = on_state,
		.ended = on_ended,
		.part_cursor = part_cursor,
		.gap = on_gap,
		.ctx = h,
	};
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

void harness_finish(struct harness *h)
{
	sources_destroy(h->all);
	timer_destroy(h->tick);
	http_client_destroy(h->http);
	loop_destroy(h->loop);
	map_finish(&h->parts);
	arena_finish(&h->arena);
	diag_destroy(h->diag);
	buf_finish(&h->text);
	buf_finish(&h->cursors);
	buf_finish(&h->states);
	buf_finish(&h->gaps);
	assert_int_equal(nftw(h->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

const char *harness_path(struct harness *h, const char *name)
{
	static char paths[8][128];
	static size_t next;
	char *path = paths[next++ % 8];
	snprintf(path, sizeof paths[0], "%s/%s", h->folder, name);
	return path;
}

static void put(const char *path, int flags, struct str text)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
	assert_true(fd >= 0);
	while (text.n) {
		const ssize_t n = write(fd, text.p, text.n);
		assert_true(n > 0);
		text = str_slice(text, (size_t)n, text.n);
	}
	close(fd);
}

void harness_write(struct harness *h, const char *name, struct str text)
{
	put(harness_path(h, name), O_TRUNC, text);
}

void harness_append(struct harness *h, const char *name, struct str text)
{
	put(harness_path(h, name), O_APPEND, text);
}

struct str harness_lines(struct arena *arena, size_t count, size_t max)
{
	struct buf b;
	buf_init(&b, 0);
	for (size_t i = 0; i < count; i++) {
		buf_addf(&b, "%zu:", i);
		for (size_t k = 0; k < i * 7919 % max; k++)
			buf_add_char(&b, (char)('a' + k % 26));
		buf_add_char(&b, '\n');
	}
	const struct str text = arena_str(arena, buf_str(&b));
	buf_finish(&b);
	return text;
}

__attribute__((format(printf, 2, 0))) static void decode(
	struct harness *h, const char *format, va_list args)
{
	struct buf yaml;
	buf_init(&yaml, 0);
	buf_addv(&yaml, format, args);
	const struct conf_node *root = conf_read_text(
		"test.yaml", buf_str(&yaml), &h->arena, h->diag);
	sources_destroy(h->all);
	h->all = sources_create(root ? conf_get(root, "sources") : NULL, &h->arena, h->diag);
	assert_non_null(h->all);
	buf_finish(&yaml);
}

void harness_decode(struct harness *h, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	decode(h, format, args);
	va_end(args);
}

struct str harness_messages(struct harness *h)
{
	struct buf out;
	buf_init(&out, 0);
	diag_print(h->diag, &out);
	const struct str text = arena_str(&h->arena, buf_str(&out));
	buf_finish(&out);
	return text.p ? text : STR("");
}

static struct str cursor_of(void *ctx, struct str name)
{
	struct harness *h = ctx;
	assert_true(name.n > 0);
	return h->cursor;
}

void harness_start(struct harness *h, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	decode(h, format, args);
	va_end(args);
	if (diag_failed(h->diag))
		print_error("%.*s\n", STR_ARGS(harness_messages(h)));
	assert_false(diag_failed(h->diag));
	harness_restart(h);
}

void harness_restart(struct harness *h)
{
	sources_start(h->all, h->loop, h->http, &h->host, cursor_of, h);
}

struct source *harness_source(struct harness *h)
{
	return sources_at(h->all, 0);
}

void harness_forget(struct harness *h)
{
	sources_destroy(h->all);
	h->all = NULL;
	h->cursor = arena_str(&h->arena, harness_last_cursor(h));
	if (h->block_count == 0 || str_eq(h->cursor, STR("-")))
		h->cursor = STR_NONE;
	buf_clear(&h->text);
	buf_clear(&h->cursors);
	buf_clear(&h->states);
	h->block_count = h->ended_count = 0;
}

static void run(struct harness *h, bool (*until)(struct harness *h), int64_t us)
{
	h->until = until;
	h->gave_up = false;
	h->give_up_us = clock_monotonic_us() + us;
	timer_start(h->tick, 0);
	loop_run(h->loop);
}

void harness_until(struct harness *h, bool (*until)(struct harness *h))
{
	run(h, until, PATIENCE_US);
	if (h->gave_up)
		print_error("text so far, %zu bytes: '%.*s'\nstates:\n%.*s\n", h->text.n,
			(int)(h->text.n < 300 ? h->text.n : 300), h->text.p ? h->text.p : "",
			STR_ARGS(buf_str(&h->states)));
	assert_false(h->gave_up);
}

static bool has_ended(struct harness *h)
{
	return h->ended_count > 0;
}

void harness_until_ended(struct harness *h)
{
	harness_until(h, has_ended);
}

static bool has_text(struct harness *h)
{
	return h->text.n >= h->wanted.n;
}

void harness_until_text(struct harness *h, struct str wanted)
{
	h->wanted = wanted;
	harness_until(h, has_text);
	check_str(h->text.n ? buf_str(&h->text) : STR(""), wanted);
}

static bool has_state(struct harness *h)
{
	return harness_source(h)->state == (enum source_state)h->wanted_count;
}

void harness_until_state(struct harness *h, enum source_state state)
{
	h->wanted_count = state;
	harness_until(h, has_state);
}

static bool has_said(struct harness *h)
{
	return str_find(buf_str(&h->states), h->wanted) != SIZE_MAX;
}

void harness_until_said(struct harness *h, const char *part)
{
	h->wanted = str_of(part);
	harness_until(h, has_said);
}

static bool has_refused(struct harness *h)
{
	return h->refused_count >= h->wanted_count;
}

void harness_until_refused(struct harness *h, uint64_t count)
{
	h->wanted_count = count;
	harness_until(h, has_refused);
}

static bool has_waited(struct harness *h)
{
	return h->wait_count >= h->wanted_count;
}

int64_t harness_wait_us(struct harness *h, size_t n)
{
	h->wanted_count = n;
	harness_until(h, has_waited);
	return h->waits_us[n - 1];
}

void harness_run_for(struct harness *h, int64_t us)
{
	run(h, NULL, us);
}

struct str harness_last_cursor(struct harness *h)
{
	struct str rest = buf_str(&h->cursors), line, last = STR_NONE;
	while (str_next(&rest, '\n', &line))
		if (line.n)
			last = line;
	return last;
}
