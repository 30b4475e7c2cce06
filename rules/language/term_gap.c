#include "rules/language/term_gap.h"

#include "rules/text/text.h"

/* Characters of a script without spaces that touch belong together, as they do in a plain phrase.
 */
static size_t count_parts(struct str letters)
{
	struct text text;
	size_t count = 0;
	text_init(&text);
	text_set(&text, letters);
	for (size_t i = 0; i < text.words.count; i++) {
		unsigned both = text.words.items[i].flags & WORD_SPACELESS;
		both = i > 0 ? both & text.words.items[i - 1].flags : 0;
		count += !(both && text.words.items[i].flags & WORD_GLUED);
	}
	text_finish(&text);
	return count;
}

bool term_check_gap(const struct term *term, struct where at, struct diag *diag)
{
	if (count_parts(term->letters) < 2) {
		diag_error(diag, at, "one word has no distance to keep");
		diag_hint(diag, "a word with typing errors is written without quotes: %.*s~1",
			STR_ARGS(term->letters));
		return false;
	}
	if (term->gap == 0) {
		diag_error(diag, at, "~0 allows no word between: leave it out");
		return false;
	}
	if (term->gap > TERM_MAX_GAP) {
		diag_error(diag, at, "at most %d words may stand between", TERM_MAX_GAP);
		return false;
	}
	return true;
}
