/* The text of a mail as a person reads it: lines joined that were only folded for the way
 * (format=flowed, RFC 3676), and of an answer only what is new. Pure. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

struct mail_flow {
	bool flowed, delsp; /* of the content type */
	/* Leaves out lines that begin with ">" and what announces them, and all below a line that
	 * begins the mail answered to. If nothing is left, all stays. */
	bool drop_quotes;
};

/* text is UTF-8; lines of out end in LF. */
void mail_body_plain(struct str text, const struct mail_flow *flow, struct buf *out);

/* HTML without what mail programs mark as quoted: <blockquote type="cite">, and the div of class
 * gmail_quote. */
void mail_body_unquoted(struct str html, struct buf *out);
