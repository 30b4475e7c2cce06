/* Words that are waited for only beside others, or with them in one record. */
#pragma once

#include "rules/scan/scan_kernel.h"

/* Is one of the word's partners where it should be among the words of a record, which stands at
 * p[from..to)? May say yes too often, never no wrongly. */
bool scan_has_partner(const struct wake *w, const struct wake_partner *first, const char *p,
	const struct scan_word *word, size_t from, size_t to);
