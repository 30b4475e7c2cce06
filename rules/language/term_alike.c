#include "rules/language/term_alike.h"

#include "base/fold.h"
#include "base/utf8.h"
#include "rules/text/alike.h"
#include "rules/text/stem.h"

enum {
	STAR_MIN_LETTERS = 3,
	ONE_EDIT_MIN_LETTERS = 5,
	TWO_EDITS_MIN_LETTERS = 9,
};

bool term_is_alike(const struct term *t)
{
	return t->kind == TERM_PREFIX || t->kind == TERM_SUFFIX || t->kind == TERM_STEM ||
		t->edits > 0;
}

static const char *sign_of(const struct term *t)
{
	if (t->kind == TERM_STEM)
		return "stem";
	return t->edits ? "~" : "a star";
}

/* The signs ask for boundaries that such scripts do not have. */
static bool has_spaceless(struct str folded)
{
	for (size_t i = 0; i < folded.n;) {
		uint32_t c;
		size_t n = utf8_read(folded, i, &c);
		if (fold_class(c) & FOLD_SPACELESS)
			return true;
		i += n ? n : 1;
	}
	return false;
}

static bool is_single_word(struct str folded)
{
	for (size_t i = 0; i < folded.n; i++) {
		if (!fold_is_word(folded.p[i]))
			return false;
	}
	return true;
}

static bool check_edits(const struct term *t, size_t letters, struct where at, struct diag *diag)
{
	size_t least = t->edits == 1 ? ONE_EDIT_MIN_LETTERS : TWO_EDITS_MIN_LETTERS;
	if (t->edits > ALIKE_MAX_EDITS) {
		diag_error(diag, at, "~ allows 1 or 2 typing errors, not more");
		return false;
	}
	if (letters < least) {
		diag_error(diag, at, "~%u needs a word of %zu letters or more; this one has %zu",
			t->edits, least, letters);
		if (t->edits == 2 && letters >= ONE_EDIT_MIN_LETTERS)
			diag_hint(diag, "~1 would do");
		return false;
	}
	if (letters > ALIKE_MAX_LETTERS) {
		diag_error(diag, at, "~ takes words of at most %d letters; this one has %zu",
			ALIKE_MAX_LETTERS, letters);
		return false;
	}
	return true;
}

static bool check_least(
	const struct term *t, size_t letters, size_t least, struct where at, struct diag *diag)
{
	if (letters >= least)
		return true;
	diag_error(diag, at, "%s needs at least %zu letters beside it; there %s %zu", sign_of(t),
		least, letters == 1 ? "is" : "are", letters);
	return false;
}

bool term_check_alike(const struct term *t, struct where at, struct diag *diag)
{
	size_t letters = utf8_count(t->folded);
	if (has_spaceless(t->folded)) {
		diag_error(diag, at, "%s has no meaning in a script without spaces: leave it out",
			sign_of(t));
		return false;
	}
	if (!is_single_word(t->folded)) {
		diag_error(diag, at, "%s goes with a single word, letters and digits only",
			sign_of(t));
		return false;
	}
	if (t->exact && (t->edits || t->kind == TERM_STEM)) {
		diag_error(diag, at, "= does not go with %s: leave one of them out", sign_of(t));
		return false;
	}
	if (t->edits)
		return check_edits(t, letters, at, diag);
	return check_least(t, letters,
		t->kind == TERM_STEM ? (size_t)STEM_MIN_LETTERS : (size_t)STAR_MIN_LETTERS, at,
		diag);
}
