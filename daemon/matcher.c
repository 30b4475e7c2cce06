#include "daemon/matcher.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

struct matcher {
	const struct ruleset *set;
	struct scan *scan;
	struct scan_scratch *scan_scratch;
	struct match_scratch *match_scratch;
	struct post_reader *reader; /* NULL: lines are text */
	struct buf text; /* a line whose bytes had to be mended */
	const struct matcher_block *block;
	struct matcher_counts *counts;
};

enum { TEXT_MAX_BYTES = 4 * 1024 * 1024 };

struct matcher *matcher_create(const struct ruleset *set, const struct post_map *map)
{
	struct matcher *m = mem_zero(1, sizeof *m);
	m->set = set;
	m->scan = scan_create(set, map, SCAN_FASTEST);
	m->scan_scratch = scan_scratch_create(m->scan);
	m->match_scratch = match_scratch_create(set);
	m->reader = map ? post_reader_create(map) : NULL;
	buf_init(&m->text, TEXT_MAX_BYTES);
	return m;
}

void matcher_destroy(struct matcher *m)
{
	if (!m)
		return;
	scan_scratch_destroy(m->scan_scratch);
	scan_destroy(m->scan);
	match_scratch_destroy(m->match_scratch);
	post_reader_destroy(m->reader);
	buf_finish(&m->text);
	mem_free(m);
}

void matcher_reject(struct matcher_counts *counts, const char *reason, uint64_t count)
{
	size_t i = 0;
	counts->rejected_count += count;
	while (i < counts->reason_count && strcmp(counts->reasons[i].reason, reason) != 0)
		i++;
	if (i == MATCHER_MAX_REASONS)
		i--; /* reasons are constants of the program: there are not so many */
	else if (i == counts->reason_count)
		counts->reasons[counts->reason_count++].reason = reason;
	counts->reasons[i].count += count;
}

void matcher_counts_add(struct matcher_counts *sum, const struct matcher_counts *part)
{
	sum->record_count += part->record_count;
	sum->candidate_count += part->candidate_count;
	sum->post_count += part->post_count;
	sum->skipped_count += part->skipped_count;
	sum->matching_count += part->matching_count;
	sum->match_count += part->match_count;
	for (size_t i = 0; i < part->reason_count; i++)
		matcher_reject(sum, part->reasons[i].reason, part->reasons[i].count);
}

/* A line of text as a post. Bytes that are not UTF-8 become U+FFFD. */
static struct post text_post(struct matcher *m, struct str line)
{
	struct post post = post_empty();
	post.text = line;
	if (utf8_valid(line))
		return post;
	buf_clear(&m->text);
	for (size_t i = 0; i < line.n;) {
		uint32_t c;
		size_t n = utf8_read(line, i, &c);
		buf_add(&m->text, n ? str_slice(line, i, i + n) : STR("\xEF\xBF\xBD"));
		i += n ? n : 1;
	}
	post.text = buf_str(&m->text);
	return post;
}

/* Editors of other systems put a byte order mark before the first line of a file. */
static struct str without_mark(struct str record)
{
	static const struct str mark = { "\xEF\xBB\xBF", 3 };
	return str_starts(record, mark) ? str_slice(record, mark.n, record.n) : record;
}

static bool read_record(struct matcher *m, struct str record, struct post *post)
{
	const char *reason = NULL;
	size_t at = 0;
	record = without_mark(record);
	if (!m->reader) {
		*post = text_post(m, record);
		return true;
	}
	switch (post_read(m->reader, record, post, &reason, &at)) {
	case POST_READ:
		return true;
	case POST_SKIPPED:
		m->counts->skipped_count++;
		return false;
	case POST_REJECTED:
		matcher_reject(m->counts, reason, 1);
		if (m->block->rejected)
			m->block->rejected(m->block->ctx, record, reason, at);
		return false;
	}
	return false;
}

static bool on_candidate(void *ctx, struct str record)
{
	struct matcher *m = ctx;
	struct post post;
	if (!read_record(m, record, &post))
		return true;
	post.source = m->block->source;
	post.received_at_us = m->block->received_at_us;
	m->counts->post_count++;
	size_t matches = m->block->found
		? ruleset_match(m->set, m->match_scratch, &post, m->block->found, m->block->ctx)
		: ruleset_any(m->set, m->match_scratch, &post);
	m->counts->match_count += matches;
	m->counts->matching_count += matches > 0;
	return true;
}

void matcher_run(
	struct matcher *m, const struct matcher_block *block, struct matcher_counts *counts)
{
	struct scan_counts scanned = { 0 };
	m->block = block;
	m->counts = counts;
	scan_block(m->scan, m->scan_scratch, block->records, on_candidate, m, &scanned);
	counts->record_count += scanned.record_count;
	counts->candidate_count += scanned.candidate_count;
	m->block = NULL;
	m->counts = NULL;
}

const struct match_errors *matcher_errors(const struct matcher *m)
{
	return match_scratch_errors(m->match_scratch);
}

const char *matcher_kernel(const struct matcher *m)
{
	return scan_kernel_name(m->scan);
}
