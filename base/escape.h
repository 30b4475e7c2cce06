/* Escaping at the edge: the one function for each place that post text goes to.
 * Bytes that are not UTF-8 come out as U+FFFD, except in escape_control. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

/* For logs and terminals: C0, DEL, C1, invalid bytes, bidirectional controls and U+2028 and
 * U+2029 become \xNN or \u{N}; a newline becomes \n, a tab \t. Adds to out. */
void escape_control(struct buf *out, struct str s);
/* Is this one of the code points that escape_control replaces? */
bool escape_needed(uint32_t code_point);

/* A JSON string with its quotes; also escapes < > & U+2028 U+2029, so that it may
 * stand inside HTML. STR_NONE gives null. */
void escape_json(struct buf *out, struct str s);

/* Text for HTML or Pango markup: & < > " ' become entities; controls but newline and
 * tab are dropped. */
void escape_html(struct buf *out, struct str s);

/* Text or a value in double quotes of XML 1.0: & < > " ' become entities, and what XML does not
 * allow (controls but newline, tab and CR, U+FFFE, U+FFFF) U+FFFD. A CR becomes &#13;. */
void escape_xml(struct buf *out, struct str s);
