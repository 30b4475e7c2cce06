/* What the scan must see in a text besides its words: the parts of hashtags, which only the case of
 * the original shows, and links, in which it need not look. */
#pragma once

#include "rules/compile/wake.h"
#include "rules/scan/scan_kernel.h"
#include "rules/text/alike.h"
#include "rules/text/text.h"

/* Is the part of a hashtag of this text waited for? alike may be NULL. folded: the same text,
 * folded.
 */
bool scan_any_tag(const struct wake *w, const struct alike *alike, struct text *scratch,
	struct str text, struct str folded);
/* Terms do not match inside links, which are full of short words: they become spaces. p is folded;
 * a link that follows a word character is none. */
void scan_blank_links(char *p, size_t n);
/* In some sources' texts & < > are escaped (&amp;), and some maps cannot tell whose text it is.
 * Where a value, folded from t->p[from] on, holds such escapes, adds it once more with these read,
 * so that both readings are looked at. */
void scan_add_unescaped(struct scan_text *t, size_t from);
