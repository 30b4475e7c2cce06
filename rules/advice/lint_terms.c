#include "base/fold.h"
#include "base/utf8.h"
#include "rules/advice/lint.h"
#include "rules/text/common_words.h"

/* The terms of one rule or list. */
struct linting {
	struct diag *diag;
	size_t left; /* notes that may still be made */
};

static bool may_note(struct linting *l)
{
	if (l->left == 0)
		return false;
	l->left--;
	return true;
}

/* --- words that are everywhere --- */

static void note_frequent(struct linting *l, const struct term *t)
{
	bool plain = t->kind == TERM_WORDS && !t->exact && !t->edits && !t->gap;
	if (!plain || word_frequency(t->folded) != WORD_VERY_COMMON || !may_note(l))
		return;
	diag_note(l->diag, t->at, "'%.*s' is in a great part of all posts", STR_ARGS(t->written));
	bool capitals = t->letters.p[0] >= 'A' && t->letters.p[0] <= 'Z';
	if (capitals && !t->negative)
		diag_hint(l->diag, "'=' before it asks for these very letters: '=%.*s'",
			STR_ARGS(t->written));
	else
		diag_hint(l->diag, "a phrase around it, or another word in all, is worth more");
}

/* --- signs that nobody looks for --- */

static bool word_at(struct str s, size_t at)
{
	uint32_t c;
	if (at >= s.n || utf8_read(s, at, &c) == 0)
		return false;
	return fold_class(c) & FOLD_WORD;
}

static bool word_before(struct str s, size_t at)
{
	return at > 0 && word_at(s, utf8_floor(s, at - 1));
}

/* C++ C# 100% .NET: the sign tells this word from others, yet it folds to a space. */
static bool is_lost_sign(struct str s, size_t at)
{
	char c = s.p[at];
	if (c == '.')
		return word_at(s, at + 1) && (at == 0 || s.p[at - 1] == ' ');
	return (c == '+' || c == '#' || c == '%') &&
		(word_before(s, at) || (at > 0 && s.p[at - 1] == c));
}

static size_t find_lost_sign(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (is_lost_sign(s, i))
			return i;
	}
	return SIZE_MAX;
}

static void hint_pattern(struct linting *l, struct str letters)
{
	struct buf pattern;
	buf_init(&pattern, 0);
	for (size_t i = 0; i < letters.n; i++) {
		if ((unsigned char)letters.p[i] < 0x80 && !fold_is_word(letters.p[i]) &&
			letters.p[i] != ' ')
			buf_add_char(&pattern, '\\');
		buf_add_char(&pattern, letters.p[i]);
	}
	diag_hint(l->diag, "a regex sees signs: '/(?<!\\w)%.*s(?!\\w)/i'",
		STR_ARGS(buf_str(&pattern)));
	buf_finish(&pattern);
}

/* What is left of the term: its words. */
static void add_words(struct buf *out, struct str folded)
{
	for (size_t i = 0; i < folded.n; i++) {
		bool word = fold_is_word(folded.p[i]);
		if (word && out->n && !fold_is_word(folded.p[i - 1]))
			buf_add_char(out, ' ');
		if (word)
			buf_add_char(out, folded.p[i]);
	}
}

static void note_signs(struct linting *l, const struct term *t)
{
	size_t at = t->kind == TERM_WORDS ? find_lost_sign(t->letters) : SIZE_MAX;
	struct buf words;
	if (at == SIZE_MAX || !may_note(l))
		return;
	buf_init(&words, 0);
	add_words(&words, t->folded);
	diag_note(l->diag, t->at, "signs do not count: '%.*s' also finds '%.*s'",
		STR_ARGS(t->written), STR_ARGS(buf_str(&words)));
	hint_pattern(l, t->letters);
	buf_finish(&words);
}

/* --- what nobody sees --- */

static bool is_invisible(uint32_t c, enum term_kind kind)
{
	if (kind == TERM_SYMBOLS && c == 0x200D)
		return false; /* joins emoji */
	return c == 0xA0 || c == 0xAD || c == 0x202F || (c >= 0x200B && c <= 0x200F) ||
		(c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2064) ||
		(c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

static void note_invisible(struct linting *l, const struct term *t)
{
	struct str s = t->written;
	for (size_t i = 0; t->kind != TERM_REGEX && i < s.n;) {
		uint32_t c;
		size_t n = utf8_read(s, i, &c);
		if (n > 1 && is_invisible(c, t->kind)) {
			if (may_note(l))
				diag_note(l->diag, t->at,
					"an invisible character, U+%04X, is in the term '%.*s'",
					(unsigned)c, STR_ARGS(t->letters));
			return;
		}
		i += n ? n : 1;
	}
	bool quoted = s.n > 2 && s.p[0] == '"' && s.p[s.n - 1] == '"';
	if (t->kind == TERM_WORDS && quoted && (s.p[1] == ' ' || s.p[s.n - 2] == ' ') &&
		may_note(l))
		diag_note(l->diag, t->at, "spaces at the ends of a term mean nothing: '%.*s'",
			STR_ARGS(s));
}

static void lint_range(const struct rules *rules, uint32_t first, uint32_t count, struct diag *diag)
{
	struct linting l = { diag, LINT_MAX_NOTES };
	for (uint32_t i = 0; i < count && l.left; i++) {
		const struct term *t = &rules->terms[first + i];
		note_frequent(&l, t);
		note_signs(&l, t);
		note_invisible(&l, t);
	}
}

void lint_terms(const struct rules *rules, struct diag *diag)
{
	for (size_t i = 0; i < rules->list_count; i++)
		lint_range(rules, rules->lists[i].first_term, rules->lists[i].term_count, diag);
	for (size_t i = 0; i < rules->rule_count; i++)
		lint_range(rules, rules->rules[i].first_term, rules->rules[i].term_count, diag);
}
