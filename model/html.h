/* HTML to text, for post bodies: <p>, <br>, <li>, headings and table rows become line breaks, other
 * tags vanish without a gap, <script>, <style> and comments vanish with what they hold, entities
 * become characters, images leave their alt text. Tolerates anything. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

void html_to_text(struct str html, struct buf *out);
