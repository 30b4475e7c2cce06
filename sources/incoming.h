/* From the messages of a stream to records, where a message is not simply one: which to keep, what
 * within it is the record, and which are news about the stream itself. */
#pragma once

#include "conf/yaml.h"
#include "sources/adder.h"
#include "sources/sieve.h"

/* Rules of sources/sieve.h, views that must outlive it. */
struct incoming_options {
	struct str_list keep; /* only those; empty: all */
	struct str_list drop; /* of those kept */
	struct str_list fail; /* the server ends the stream for a reason */
	struct str_list gap; /* the server tells that something is missing */
	struct str_list backlog_end; /* what came before is of the past */
	struct str payload; /* where the record is; absent: the message is it */
	struct str_list add; /* of sources/adder.h */
};

/* All errors go to diag; false then. node is the source's map, for the places. */
bool incoming_check(
	const struct incoming_options *options, const struct conf_node *node, struct diag *diag);

enum { INCOMING_FAIL = 1, INCOMING_GAP = 2, INCOMING_BACKLOG_END = 4 };

struct incoming;
struct incoming *incoming_create(const struct incoming_options *options);
void incoming_destroy(struct incoming *in); /* takes NULL */
/* Adds what the message holds to out as one line, or nothing; the bits say what it means. */
unsigned incoming_take(struct incoming *in, struct str message, struct buf *out);
/* The same of whole lines, of which the last may lack its LF: `lines` itself if there is nothing to
 * do, else a view of out. *too_long: how many records out had no room for. */
struct str incoming_lines(
	struct incoming *in, struct str lines, struct buf *out, uint64_t *too_long);
