/* A packed body is unpacked twice: first only to see whether it is whole and not too large, so that
 * nothing of it is taken if it is refused. */
#include "daemon/ingest_job.h"

#include <assert.h>
#include <errno.h>

#include "base/json_write.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "net/gunzip.h"

enum { ANSWER_MAX_BYTES = 256 << 10, PACKED_PIECE_BYTES = 64 << 10 };

struct ingest_job {
	struct ingest_job_options options;
	struct ingest_body records;
	struct gunzip *gunzip;
	struct str rest; /* of the body */
	bool measuring; /* unpacks to see how much it is */
	uint64_t unpacked_bytes;
	uint64_t accepted_count, skipped_count, rejected_count, matched_count;
	struct buf rejected; /* a JSON list that is not closed */
	struct ingest_job_result result;
	struct buf answer;
	int error; /* of the store */
};

/* ---- records ---- */

static bool deliver(struct ingest_job *j)
{
	const struct ingest_job_options *o = &j->options;
	struct buf *posts = &o->scratch->block;
	if (posts->n == 0)
		return true;
	const struct matcher_counts *counts =
		pipeline_source(o->pipeline, o->pipeline_index).counts;
	const uint64_t before = counts->match_count;
	const struct source_block block = { .records = buf_str(posts) };
	j->error = source_deliver(&o->source->base, &block);
	j->matched_count += counts->match_count - before;
	buf_clear(posts);
	return j->error == 0;
}

/* at: a byte of the record. */
static void reject(
	struct ingest_job *j, const struct ingest_record *record, const char *reason, size_t at)
{
	uint64_t line = record->line, column = record->column;
	source_rejected(&j->options.source->base, 1, reason);
	if (j->rejected_count++ >= INGEST_MAX_LISTED)
		return;
	for (size_t i = 0; i < at && i < record->text.n; i++) {
		const bool ends = record->text.p[i] == '\n';
		line += ends;
		column = ends ? 1 : column + 1;
	}
	json_open(&j->rejected, NULL, '{');
	json_integer(&j->rejected, "index", (int64_t)record->index);
	json_integer(&j->rejected, "line", (int64_t)line);
	json_integer(&j->rejected, "column", (int64_t)column);
	json_text(&j->rejected, "reason", str_of(reason));
	buf_add_char(&j->rejected, '}');
}

static void add_post(struct ingest_job *j, const struct ingest_record *record, struct post *post)
{
	const struct str key = j->options.key;
	struct buf *posts = &j->options.scratch->block;
	const size_t before = posts->n;
	struct buf id;
	buf_init(&id, 0);
	if (!post->id.n && key.n) {
		buf_addf(&id, "%.*s#%llu", STR_ARGS(key), (unsigned long long)record->index);
		post->id = buf_str(&id);
	}
	post_json(post, posts);
	buf_add_char(posts, '\n');
	buf_finish(&id);
	if (posts->n - before <= SOURCE_MAX_RECORD_BYTES) {
		j->accepted_count++;
		return;
	}
	posts->n = before;
	reject(j, record, "record too long", 0);
}

static bool take_record(void *ctx, const struct ingest_record *record)
{
	struct ingest_job *j = ctx;
	struct post post;
	const char *reason = NULL;
	size_t at = 0;
	if (!record->text.p) {
		reject(j, record, "record too long", 0);
		return true;
	}
	switch (record_read(j->options.reader, record->text, &post, &reason, &at)) {
	case POST_READ:
		add_post(j, record, &post);
		break;
	case POST_SKIPPED:
		j->skipped_count++;
		break;
	case POST_REJECTED:
		reject(j, record, reason, at);
		break;
	}
	return j->options.scratch->block.n < SOURCE_PIECE_BYTES || deliver(j);
}

/* ---- answers ---- */

static bool finish(struct ingest_job *j, unsigned status, const char *error)
{
	struct buf *out = &j->answer;
	json_open(out, NULL, '{');
	if (error) {
		json_text(out, "error", str_of(error));
	} else {
		json_integer(out, "accepted", (int64_t)j->accepted_count);
		json_integer(out, "skipped", (int64_t)j->skipped_count);
		json_integer(out, "matched", (int64_t)j->matched_count);
		json_integer(out, "rejected_count", (int64_t)j->rejected_count);
		json_open(out, "rejected", '[');
		buf_add(out, str_slice(buf_str(&j->rejected), 1, j->rejected.n));
		buf_add_char(out, ']');
	}
	buf_add(out, STR("}\n"));
	assert(!out->full);
	j->result = (struct ingest_job_result){ .status = status,
		.record_count = j->accepted_count + j->skipped_count + j->rejected_count,
		.body = buf_str(out) };
	return false;
}

static bool finish_body(struct ingest_job *j)
{
	ingest_body_end(&j->records);
	const struct ingest_body *b = &j->records;
	if (j->error || !deliver(j))
		return finish(j, 503, "the posts could not be stored: try again later");
	if (b->error) {
		const struct ingest_record here = {
			.index = b->index, .line = b->error_line, .column = b->error_column
		};
		reject(j, &here, b->error, 0);
	}
	const bool taken = j->accepted_count + j->skipped_count > 0;
	if (j->rejected_count && !taken)
		return finish(j, 400, NULL);
	if (!taken && b->at == 0)
		return finish(j, 400, "there is no content");
	return finish(j, 200, NULL);
}

/* ---- pieces ---- */

static void begin_unpacking(struct ingest_job *j, bool measuring)
{
	gunzip_destroy(j->gunzip);
	j->gunzip = gunzip_create();
	j->rest = j->options.body;
	j->measuring = measuring;
}

/* Unpacks up to a piece; absent: it is no gzip. */
static struct str unpack(struct ingest_job *j)
{
	struct str packed = str_slice(j->rest, 0, PACKED_PIECE_BYTES);
	const size_t before = packed.n;
	const int64_t n = gunzip_read(
		j->gunzip, &packed, j->options.scratch->piece, SOURCE_PIECE_BYTES);
	j->rest = str_slice(j->rest, before - packed.n, j->rest.n);
	return n < 0 ? STR_NONE : (struct str){ j->options.scratch->piece, (size_t)n };
}

/* Nothing is left to unpack, and nothing more came out. */
static bool is_unpacked(const struct ingest_job *j, struct str piece)
{
	return j->rest.n == 0 && piece.n < SOURCE_PIECE_BYTES;
}

static bool measure(struct ingest_job *j)
{
	if (!j->gunzip)
		begin_unpacking(j, true);
	const struct str piece = unpack(j);
	if (!piece.p)
		return finish(j, 400, "the content is not gzip");
	j->unpacked_bytes += piece.n;
	if (j->unpacked_bytes > INGEST_MAX_UNPACKED_BYTES)
		return finish(j, 413, "the content is too large once it is unpacked");
	if (!is_unpacked(j, piece))
		return true;
	if (!gunzip_whole(j->gunzip))
		return finish(j, 400, "the content is not gzip");
	begin_unpacking(j, false);
	return true;
}

bool ingest_job_work(struct ingest_job *j)
{
	if (!source_flows(&j->options.source->base))
		return finish(j, 503, "no posts are taken now: try again later");
	if (j->measuring)
		return measure(j);
	struct str piece;
	bool last;
	if (j->gunzip) {
		piece = unpack(j); /* well this time, too */
		last = is_unpacked(j, piece);
	} else {
		piece = str_slice(j->rest, 0, SOURCE_PIECE_BYTES);
		j->rest = str_slice(j->rest, SOURCE_PIECE_BYTES, j->rest.n);
		last = j->rest.n == 0;
	}
	ingest_body_feed(&j->records, piece);
	if (!j->error)
		(void)deliver(j); /* j->error tells */
	if (j->error)
		return finish(j, 503, "the posts could not be stored: try again later");
	return last ? finish_body(j) : true;
}

struct ingest_job_result ingest_job_result(const struct ingest_job *j)
{
	assert(j->result.status);
	return j->result;
}

/* ---- life ---- */

void ingest_scratch_init(struct ingest_scratch *s)
{
	s->piece = mem_alloc(SOURCE_PIECE_BYTES);
	buf_init(&s->block, 0); /* a record more than SOURCE_PIECE_BYTES */
}

void ingest_scratch_finish(struct ingest_scratch *s)
{
	mem_free(s->piece);
	buf_finish(&s->block);
}

struct ingest_job *ingest_job_create(const struct ingest_job_options *options)
{
	struct ingest_job *j = mem_zero(1, sizeof *j);
	j->options = *options;
	if (!utf8_valid(j->options.key))
		j->options.key = STR_NONE;
	j->rest = options->body;
	ingest_body_init(&j->records, options->format, take_record, j);
	buf_init(&j->rejected, ANSWER_MAX_BYTES / 2);
	buf_init(&j->answer, ANSWER_MAX_BYTES);
	buf_add_char(&j->rejected, '[');
	j->measuring = options->packed;
	return j;
}

void ingest_job_destroy(struct ingest_job *j)
{
	if (!j)
		return;
	ingest_body_finish(&j->records);
	gunzip_destroy(j->gunzip);
	buf_finish(&j->rejected);
	buf_finish(&j->answer);
	mem_free(j);
}
