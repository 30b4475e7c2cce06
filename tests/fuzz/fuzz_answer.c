/* The header lines of an answer: whatever a server writes, what is told has its bounds, comes from
 * the last answer only, and holds nothing that could break out of a header or a message. The first
 * byte chooses the time of day. Links net and base. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

static void check(const struct answer_reader *r)
{
	const struct http_answer *a = &r->answer;
	assert(a->status >= 0 && a->status <= 999);
	assert(a->retry_after_us >= -1 && a->retry_after_us <= US_PER_DAY);
	assert(a->max_age_us >= -1 && a->max_age_us <= 365 * US_PER_DAY);
	assert(a->content_type.p);
	const struct str texts[] = { a->content_type, a->charset, a->etag, a->last_modified,
		a->location };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert(is_clean(texts[i]) && texts[i].n <= HTTP_MAX_HEADERS_BYTES);
	assert(str_find_char(a->content_type, ';') == SIZE_MAX);
	for (size_t i = 0; i < a->content_type.n; i++)
		assert(a->content_type.p[i] < 'A' || a->content_type.p[i] > 'Z');
	assert(r->packings >= 0 && (r->packings < 2 || r->packed_otherwise));
}

static void check_values(struct str line, int64_t now_us)
{
	const int64_t wait_us = answer_retry_after_us(line, now_us);
	assert(wait_us >= -1 && wait_us <= US_PER_DAY);
	/* Sooner than that it is not, whoever asks later. */
	const int64_t later_us = answer_retry_after_us(line, now_us + US_PER_S);
	assert(later_us <= wait_us && (wait_us < 0) == (later_us < 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	const int64_t now_us = (int64_t)data[0] * 90 * US_PER_DAY;
	struct str rest = { (const char *)data + 1, size - 1 };
	struct answer_reader r;
	int completed = 0;
	answer_init(&r);
	while (rest.n) {
		const size_t end = str_find_char(rest, '\n');
		const struct str line = str_slice(rest, 0, end == SIZE_MAX ? rest.n : end + 1);
		rest = str_slice(rest, line.n, rest.n);
		check_values(str_trim(line), now_us);
		const enum answer_step step = answer_line(&r, line, now_us);
		check(&r);
		if (step == ANSWER_TOO_LARGE) {
			assert(r.bytes > HTTP_MAX_HEADERS_BYTES ||
				r.line_count > HTTP_MAX_HEADER_LINES);
			break;
		}
		completed += step == ANSWER_COMPLETE;
		assert(completed <= 1 && r.complete == (completed == 1));
	}
	answer_reset(&r);
	check(&r);
	assert(!r.complete && r.bytes == 0 && r.answer.status == 0 && !r.answer.etag.p);
	answer_finish(&r);
	return 0;
}
