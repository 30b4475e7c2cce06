/* Runs sources from a YAML text on a real loop and keeps what they bring. */
#pragma once

#include "tests/check.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/map.h"
#include "conf/yaml.h"
#include "net/http.h"
#include "net/loop.h"
#include "sources/sources.h"

enum { HARNESS_MAX_BLOCKS = 4096, HARNESS_MAX_WAITS = 256 };

struct harness {
	char folder[64];
	struct loop *loop;
	struct http_client *http;
	struct arena arena;
	struct diag *diag;
	struct sources *all;
	struct source_host host;
	struct buf text; /* all records taken, as they came */
	struct buf cursors; /* one a line, "-" for absent */
	size_t text_ends[HARNESS_MAX_BLOCKS]; /* after each block */
	size_t block_count;
	struct buf states; /* one message a line */
	struct buf gaps; /* one a line: "possible part: reason" */
	int64_t waits_us[HARNESS_MAX_WAITS]; /* each time that a source went to SOURCE_RETRYING */
	size_t wait_count;
	uint64_t rejected_count, refused_count;
	size_t ended_count;
	int deliver_error; /* what deliver answers; 0: it takes blocks */
	struct str cursor; /* where to start */
	struct map parts; /* the last cursor of each part: struct str in the arena */
	/* of a run */
	bool (*until)(struct harness *h);
	struct str wanted;
	size_t wanted_count;
	struct timer *tick;
	int64_t give_up_us;
	bool gave_up;
};

void harness_init(struct harness *h);
void harness_finish(struct harness *h);

/* The path of a file in the temporary folder; a static buffer for each of eight calls. */
const char *harness_path(struct harness *h, const char *name);
void harness_write(struct harness *h, const char *name, struct str text); /* new content */
void harness_append(struct harness *h, const char *name, struct str text);

/* Numbered lines of up to max bytes, so that a lost or doubled one shows. */
struct str harness_lines(struct arena *arena, size_t count, size_t max);

/* Decodes `sources:`; the text is formatted. */
void harness_decode(struct harness *h, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The messages of diag. */
struct str harness_messages(struct harness *h);
/* Decodes without errors and starts at h->cursor. */
void harness_start(struct harness *h, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Starts what was decoded and is stopped. */
void harness_restart(struct harness *h);
struct source *harness_source(struct harness *h);
/* Stops and destroys all sources and starts anew, as after a crash: with the last cursor. */
void harness_forget(struct harness *h);

/* Runs the loop until it is so; fails the test after five seconds. */
void harness_until(struct harness *h, bool (*until)(struct harness *h));
void harness_until_ended(struct harness *h);
void harness_until_text(struct harness *h, struct str wanted); /* and nothing else */
void harness_until_state(struct harness *h, enum source_state state);
void harness_until_said(struct harness *h, const char *part); /* in a state's message */
void harness_until_refused(struct harness *h, uint64_t count); /* blocks, by deliver_error */
/* Runs until there was an nth wait, from 1, and returns it. A state may be over in the same turn of
 * the loop, a wait that was noted stays. */
int64_t harness_wait_us(struct harness *h, size_t n);
void harness_run_for(struct harness *h, int64_t us);

struct str harness_last_cursor(struct harness *h);
