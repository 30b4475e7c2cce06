/* A line of a log: what syslog writes before the message (RFC 3164 as files have it, RFC 5424, and
 * the same with a time as in RFC 3339) is told from the message. A line without such a beginning is
 * all message. Pure but for the time zone of the process. */
#pragma once

#include "base/str.h"

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
