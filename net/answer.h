/* Reads the header lines of an HTTP answer, one after the other, within the ceilings of net/http.h.
 */
#pragma once

#include "base/arena.h"
#include "net/http.h"
#include "net/pacing.h"

struct answer_reader {
	struct http_answer answer;
	struct arena memory; /* of what the answer points to */
	size_t bytes, line_count; /* of all answers of one request: a 100 may come before the 200 */
	bool complete, has_cache_control;
	struct pacing pacing;
	int packings; /* named by Content-Encoding */
	bool packed_otherwise; /* than by gzip or deflate, at most once */
	bool packed_on_the_way; /* by a Transfer-Encoding other than chunked */
};

enum answer_step { ANSWER_MORE, ANSWER_COMPLETE, ANSWER_TOO_LARGE };

void answer_init(struct answer_reader *r);
void answer_finish(struct answer_reader *r);
void answer_reset(struct answer_reader *r); /* for the next request */

/* One line with its line end. ANSWER_COMPLETE once, at the blank line. */
enum answer_step answer_line(struct answer_reader *r, struct str line, int64_t now_wall_us);

/* Retry-After: whole seconds or an HTTP date, within 0 and 24 h from now; -1 if it is neither. */
int64_t answer_retry_after_us(struct str value, int64_t now_wall_us);
