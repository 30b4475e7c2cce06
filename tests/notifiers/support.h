/* What the tests of notifiers share: alerts, notifiers made from YAML, golden files, and one
 * delivery driven to its end on a loop. */
#pragma once

#include "base/arena.h"
#include "notifiers/notifier.h"
#include "tests/check.h"
#include "tests/net/server.h"

/* An alert of the rule sav-panne about a post in French. */
struct sample {
	struct alert alert;
	struct post post;
	struct hit hits[8];
	size_t hit_count;
};
void sample_init(struct sample *s);
/* The same with another text and no hits. */
void sample_text(struct sample *s, struct str text);
/* A hit wherever the term stands in the text first. */
void sample_hit(struct sample *s, struct str term);

struct setup {
	struct arena arena;
	struct diag *diag;
	struct conf_node *node; /* of `notifiers:` */
	struct notifiers *all;
	struct loop *loop;
	struct http_client *http;
};
/* Decodes the map; diag is left for the test to look at. */
void setup_init(struct setup *s, const char *yaml);
/* Fails the test, with the messages shown, if there was an error; opens on a loop. */
void setup_open(struct setup *s);
void setup_finish(struct setup *s);
/* Of the one notifier called n. */
struct notifier *setup_notifier(struct setup *s);
/* All messages as they would be printed, to be freed with buf_finish. */
struct buf setup_messages(const struct setup *s);
/* Decodes and fails unless the printed messages contain the text. */
void check_refused(const char *yaml, const char *message);

/* Compares with golden/NAME; UPDATE_GOLDEN=1 writes it instead. */
void check_golden(const char *name, struct str actual);

/* How one delivery ended. */
struct outcome {
	bool done;
	enum delivery_result result;
	int64_t retry_after_us;
	char message[600];
	int64_t took_us;
};
/* Sends the alert by the notifier called n and runs the loop until it is done, at most for 20 s. */
struct outcome deliver(struct setup *s, const struct alert *alert);
/* The same with bytes given. */
struct outcome deliver_body(struct setup *s, struct str body);

enum { DELIVERY_TIME_S = 1795333784 }; /* now of the deliveries above */
#define DELIVERY_ID "dlv_0123456789abcdef"

/* A helper program, which prints a line when it is ready and ends when its input closes. */
struct helper {
	int in, out;
	int pid;
	struct buf first; /* its first line */
};
void helper_start(struct helper *h, const char *const argv[]);
/* The next line, without LF; false at the end of file. Waits at most 10 s. */
bool helper_line(struct helper *h, struct buf *line);
void helper_stop(struct helper *h);
