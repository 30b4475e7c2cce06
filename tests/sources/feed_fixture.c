#define _GNU_SOURCE
#include "tests/sources/feed_fixture.h"

#include "base/clock.h"
#include "base/mem.h"

int feed_setup(void **state)
{
	struct fixture *f = mem_zero(1, sizeof *f);
	harness_init(&f->h);
	f->h.host.wall_us = clock_wall_us;
	*state = f;
	return 0;
}

int feed_teardown(void **state)
{
	struct fixture *f = *state;
	sources_destroy(f->h.all);
	f->h.all = NULL;
	server_destroy(f->server);
	harness_finish(&f->h);
	mem_free(f);
	return 0;
}

static void start_source(struct fixture *f)
{
	harness_start(&f->h,
		"sources: { s: { type: feed, url: 'http://127.0.0.1:%d/feed'%s%s } }\n",
		server_port(f->server), *f->options ? ", " : "", f->options);
}

void feed_start(
	struct fixture *f, const struct server_step *steps, size_t count, const char *options)
{
	f->server = server_create(f->h.loop, steps, count);
	f->options = options;
	start_source(f);
}

/* As after a crash. */
void feed_start_again(struct fixture *f)
{
	harness_forget(&f->h);
	start_source(f);
}

static bool enough_blocks(struct harness *h)
{
	return h->block_count >= ((struct fixture *)h)->wanted_count;
}

void feed_until_blocks(struct fixture *f, size_t count)
{
	f->wanted_count = count;
	harness_until(&f->h, enough_blocks);
}

static bool enough_requests(struct harness *h)
{
	const struct fixture *f = (const struct fixture *)h;
	return server_request_count(f->server) >= f->wanted_count;
}

/* And until the answer was digested. */
void feed_until_requests(struct fixture *f, size_t count)
{
	f->wanted_count = count;
	harness_until(&f->h, enough_requests);
	harness_run_for(&f->h, 50 * US_PER_MS);
	assert_int_equal(server_request_count(f->server), count);
}

bool feed_brought(struct fixture *f, const char *part)
{
	return str_find(buf_str(&f->h.text), str_of(part)) != SIZE_MAX;
}

bool feed_asked(struct fixture *f, size_t n, const char *part)
{
	return str_find(server_request(f->server, n), str_of(part)) != SIZE_MAX;
}
