/* HTML to text, for post bodies: <p>, <br>, <li>, headings and table rows become line breaks, table
 * cells a space, other tags vanish without a gap; <script>, <style> and comments vanish with what
 * they hold; entities become characters, images leave their alt text; white space is folded into
 * one space but in <pre>. What breaks off in a tag or comment ends there, as in a browser.
 * Tolerates anything, in one pass. Valid UTF-8 stays valid. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

void html_to_text(struct str html, struct buf *out);
