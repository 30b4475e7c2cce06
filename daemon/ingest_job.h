/* Within daemon/: the body of one request, on its way to being posts on disk. */
#pragma once

#include "daemon/pipeline.h"
#include "daemon/record.h"
#include "sources/ingest.h"
#include "sources/ingest_body.h"

enum {
	INGEST_MAX_BODY_BYTES = 8 << 20, /* as sent */
	INGEST_MAX_UNPACKED_BYTES = 64 << 20,
	INGEST_MAX_LISTED = 100 /* records that the answer says to be bad; all are counted */
};

/* Room that jobs use one after the other, within ingest_job_work. */
struct ingest_scratch {
	char *piece; /* what was unpacked */
	struct buf block; /* posts, a line each */
};

void ingest_scratch_init(struct ingest_scratch *s);
void ingest_scratch_finish(struct ingest_scratch *s);

struct ingest_job_options {
	struct ingest_scratch *scratch;
	struct pipeline *pipeline;
	size_t pipeline_index; /* of source */
	struct ingest_source *source;
	struct record_reader *reader; /* for all jobs of a source */
	enum ingest_format format;
	bool packed; /* by gzip */
	struct str body;
	struct str key; /* of the request: posts without an id get theirs from it; may be absent */
};

struct ingest_job;

struct ingest_job *ingest_job_create(const struct ingest_job_options *options);
void ingest_job_destroy(struct ingest_job *j); /* takes NULL */

/* Does the next piece of at most SOURCE_PIECE_BYTES. True: go on. */
bool ingest_job_work(struct ingest_job *j);

/* After that: */
struct ingest_job_result {
	unsigned status; /* of HTTP: 200, 400, 413, 503 */
	uint64_t record_count; /* that were taken: all that is in posts, or not */
	struct str body; /* JSON; lives as long as the job */
};
struct ingest_job_result ingest_job_result(const struct ingest_job *j);
