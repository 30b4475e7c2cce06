/* Cuts what was posted into records: one JSON value, the elements of an array, or NDJSON, fed in
 * pieces. Only where a record ends is decided here; whether it is JSON, by who reads it. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum ingest_format { INGEST_JSON, INGEST_LINES };

struct ingest_record {
	struct str text; /* lives for the call; absent: longer than SOURCE_MAX_RECORD_BYTES */
	uint64_t index; /* from 0; blank lines are none */
	uint64_t line, column; /* in the body, of its first byte, from 1 */
};

typedef bool ingest_take(void *ctx, const struct ingest_record *record);

struct ingest_body {
	enum ingest_format format;
	ingest_take *take;
	void *ctx;
	struct buf kept; /* of a record that began in an earlier piece */
	int state;
	bool in_string, escaped, too_long, in_array;
	uint32_t depth;
	uint64_t index;
	uint64_t at, line, line_at; /* bytes so far; the line, and where it began */
	uint64_t record_line, record_column;
	const char *error; /* of the body as a whole, a constant; nothing is taken from there on */
	uint64_t error_line, error_column;
};

/* take returns false to end it: feed and end then do nothing more. */
void ingest_body_init(
	struct ingest_body *b, enum ingest_format format, ingest_take *take, void *ctx);
void ingest_body_finish(struct ingest_body *b); /* takes {0} */
void ingest_body_feed(struct ingest_body *b, struct str piece);
/* There is no more: a last line without its end is taken, a value without its end is an error. */
void ingest_body_end(struct ingest_body *b);
