/* Links in folded text, by the rules of twitter-text where all networks can live with them.
 *
 * A link begins with http:// or https://, with www., or with its host alone; the host must look
 * like one, and where nothing stands before it, must end in a well-known top-level domain. It ends
 * at a space, a character of a script without spaces, or closing punctuation. Words behind http://,
 * https:// or www. are shut: keywords do not look there. Those of a host alone are open, since
 * "amazon.fr est en panne" is about amazon. */
#pragma once

#include "base/str.h"

struct link {
	size_t from, to;
	size_t shut; /* from..shut: the words that are shut; from: none. Past `to` where that ends
			within a word */
	bool whole; /* a link; else only what is written like one: from..shut */
};

/* The first link that begins at p[at] or later, in n bytes of folded text. */
bool link_next(const char *p, size_t at, size_t n, struct link *link);

/* The end of the shut words of the link whose http:// or https:// begins at p[i], or 0 if none
 * does. The scan asks this of text whose spaceless characters became spaces: it is never
 * more than in the text as it was. */
size_t link_shut_end(const char *p, size_t i, size_t n);

/* Is this a top-level domain that makes a link of a host alone, such as "fr" or "com"? */
bool link_is_known_domain(struct str folded);
