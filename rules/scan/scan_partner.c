#include "rules/scan/scan_partner.h"

#include <string.h>

#include "base/fold.h"

/* The hash of the word behind p[i], or before it, in p[from..to); 0 if there is none. */
static uint64_t word_behind(const char *p, size_t i, size_t to)
{
	while (i < to && !fold_is_word(p[i]))
		i++;
	size_t end = i;
	while (end < to && fold_is_word(p[end]))
		end++;
	return end > i ? word_hash(p + i, end - i) : 0;
}

static uint64_t word_before(const char *p, size_t from, size_t i)
{
	while (i > from && !fold_is_word(p[i - 1]))
		i--;
	size_t start = i;
	while (start > from && fold_is_word(p[start - 1]))
		start--;
	return i > start ? word_hash(p + start, i - start) : 0;
}

/* Does a partner of that kind have this hash? */
static bool is_partner(
	const struct wake *w, const struct wake_partner *p, enum wake_place place, uint64_t hash)
{
	while (p && (p->place != place || p->hash != hash))
		p = wake_next_partner(w, p);
	return p != NULL;
}

/* Is a partner that may stand anywhere among the words of p[from..to)? The parts of hashtags are
 * not seen here, so where there is a hashtag it may be. */
static bool has_partner_anywhere(const struct wake *w, const struct wake_partner *first,
	const char *p, size_t from, size_t to)
{
	const struct wake_partner *any = first;
	while (any && any->place != WAKE_ANYWHERE)
		any = wake_next_partner(w, any);
	if (!any || memchr(p + from, '#', to - from))
		return any != NULL;
	for (size_t i = from; i < to; i++) {
		size_t start = i;
		while (i < to && fold_is_word(p[i]))
			i++;
		if (i > start && is_partner(w, any, WAKE_ANYWHERE, word_hash(p + start, i - start)))
			return true;
	}
	return false;
}

bool scan_has_partner(const struct wake *w, const struct wake_partner *first, const char *p,
	const struct scan_word *word, size_t from, size_t to)
{
	return is_partner(w, first, WAKE_BEHIND, word_behind(p, word->to, to)) ||
		is_partner(w, first, WAKE_BEFORE, word_before(p, from, word->from)) ||
		has_partner_anywhere(w, first, p, from, to);
}
