#include "daemon/matcher.h"

#include <string.h>

#include "base/mem.h"
#include "daemon/record.h"

enum { LOOKED_AT = 4 };

struct matcher {
	const struct ruleset *set;
	struct scan *scan;
	struct scan_scratch *scan_scratch;
	struct match_scratch *match_scratch;
	struct record_reader *reader;
	const struct matcher_block *block;
	struct matcher_counts *counts;
};

struct matcher *matcher_create(const struct ruleset *set, const struct post_map *map)
{
	struct matcher *m = mem_zero(1, sizeof *m);
	m->set = set;
	m->scan = scan_create(set, map, SCAN_FASTEST);
	m->scan_scratch = scan_scratch_create(m->scan);
	m->match_scratch = match_scratch_create(set);
	m->reader = record_reader_create(map);
	return m;
}

void matcher_destroy(struct matcher *m)
{
	if (!m)
		return;
	scan_scratch_destroy(m->scan_scratch);
	scan_destroy(m->scan);
	match_scratch_destroy(m->match_scratch);
	record_reader_destroy(m->reader);
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

static bool read_record(struct matcher *m, struct str record, struct post *post)
{
	const char *reason = NULL;
	size_t at = 0;
	switch (record_read(m->reader, record, post, &reason, &at)) {
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
	record_reader_begin(m->reader, block->records, &block->place, block->received_at_us);
	scan_block(m->scan, m->scan_scratch, block->records, on_candidate, m, &scanned);
	counts->record_count += scanned.record_count;
	counts->candidate_count += scanned.candidate_count;
	m->block = NULL;
	m->counts = NULL;
}

int64_t matcher_last_created_us(struct matcher *m, struct str records)
{
	for (int tries = 0; tries < LOOKED_AT && records.n; tries++) {
		size_t end = records.n - (records.p[records.n - 1] == '\n'), from = end;
		while (from > 0 && records.p[from - 1] != '\n')
			from--;
		struct post post;
		const char *reason = NULL;
		size_t at = 0;
		if (record_read(m->reader, str_slice(records, from, end), &post, &reason, &at) ==
				POST_READ &&
			post.created_at_us > 0)
			return post.created_at_us;
		records = str_slice(records, 0, from);
	}
	return 0;
}

const struct match_errors *matcher_errors(const struct matcher *m)
{
	return match_scratch_errors(m->match_scratch);
}

void matcher_set_guard(struct matcher *m, struct regex_guard *guard)
{
	match_scratch_set_guard(m->match_scratch, guard);
}

const struct regex_guard *matcher_guard(const struct matcher *m)
{
	return match_scratch_guard(m->match_scratch);
}

const char *matcher_kernel(const struct matcher *m)
{
	return scan_kernel_name(m->scan);
}
