/* A line of a log: what syslog writes before the message (RFC 3164 as files have it, RFC 5424, and
 * the same with a time as in RFC 3339) is told from the message. A line without such a beginning is
 * all message. Pure but for the time zone of the process. */
#pragma once

#include "base/buf.h"

struct log_line {
	int64_t created_at_us; /* 0: the line has no time */
	/* Views of the line; absent where it has none. */
	struct str origin; /* host, program and process as they stand there: "web1 sshd[812]" */
	struct str host, program;
	struct str message; /* what is left; the whole line without a beginning; never absent */
};

/* now_us: wall clock, for the year, which RFC 3164 leaves out: the latest one with which the time
 * is at most a day ahead. 0: unknown, and such a time is left out. Times without a zone are local
 * ones. */
void log_line_read(struct str line, int64_t now_us, struct log_line *out);

/* Where a block of lines comes from: lines bring no ids, so one is made of this. */
struct log_place {
	bool known;
	uint64_t file; /* its inode; 0: a stream that is read once */
	uint64_t at; /* the byte where the block begins */
};

enum { LOG_ID_BYTES = 64 };
/* An id that a line has again when it is read again: in a file by its place and text, in a stream
 * by its text if that has a time, else by when it came. at: of the line in the file or stream.
 * Returns its length; out ends in a NUL. */
size_t log_line_id(struct str line, bool has_time, const struct log_place *place, uint64_t at,
	int64_t received_at_us, char out[LOG_ID_BYTES]);

/* Lines without what is no text: sequences for terminals, such as colours, and control characters
 * other than tab. What follows moves up, and as many spaces stand before the line's end, so that
 * every line stays at its place. `lines` itself where there is nothing to do, else a view of out.
 */
struct str log_lines_clean(struct str lines, struct buf *out);
