/* Signs that mean something elsewhere and nothing here, where somebody may count on them. */
#include "base/fold.h"
#include "base/utf8.h"
#include "rules/advice/lint.h"
#include "rules/language/foreign.h"

struct linting {
	struct diag *diag;
	size_t left; /* notes that may still be made */
	bool listed;
};

static bool word_at(struct str s, size_t at)
{
	uint32_t c;
	return at < s.n && utf8_read(s, at, &c) > 0 && (fold_class(c) & FOLD_WORD);
}

static bool word_before(struct str s, size_t at)
{
	return at > 0 && word_at(s, utf8_floor(s, at - 1));
}

/* --- what a term's signs were meant to do --- */

/* te?t, "parc * solaire": places of a sign between words, or SIZE_MAX. */
static size_t wildcard(struct str s)
{
	for (size_t i = 1; i + 1 < s.n; i++) {
		bool inside = word_before(s, i) && word_at(s, i + 1);
		bool between = s.p[i - 1] == ' ' && s.p[i + 1] == ' ';
		if ((s.p[i] == '?' && inside) || (s.p[i] == '*' && (inside || between)))
			return i;
	}
	return SIZE_MAX;
}

static bool is_number(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n > 0;
}

/* w/5, PRE/3, AROUND(5): what other tools write for NEAR. */
static bool is_distance(struct str s)
{
	static const char *const names[] = { "w/", "n/", "pre/", "near/", "onear/", "within/",
		"around(" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct str name = str_of(names[i]);
		if (!str_eq_ignore_case(str_slice(s, 0, name.n), name))
			continue;
		struct str number = str_slice(s, name.n, s.n);
		if (name.p[name.n - 1] == '(' && str_ends(number, STR(")")))
			number.n--;
		return is_number(number);
	}
	return false;
}

/* solaire^2 */
static bool is_boosted(struct str s)
{
	size_t sign = str_find_char(s, '^');
	return sign != SIZE_MAX && sign > 0 && is_number(str_slice(s, sign + 1, s.n));
}

static bool is_enclosed(struct str s, struct str open, struct str close)
{
	return s.n > open.n + close.n && str_starts(s, open) && str_ends(s, close);
}

static void say_wildcard(struct linting *l, const struct term *t, size_t sign)
{
	diag_note(l->diag, t->at, "'%c' stands for nothing inside of '%.*s': only words count",
		t->letters.p[sign], STR_ARGS(t->letters));
	diag_hint(l->diag,
		str_find_char(t->letters, ' ') == SIZE_MAX
			? "a star can stand at the end of a word; a regex can say more: /te.t/i"
			: "words with others between them are written a NEAR/1 b, in a query");
}

static void say(struct linting *l, const struct term *t, const char *what, const char *hint)
{
	diag_note(l->diag, t->at, "%s: '%.*s'", what, STR_ARGS(t->written));
	diag_hint(l->diag, "%s", hint);
}

/* "-word" and "+word" in a list, "a, b" in one entry of a rule. */
static bool note_entry(struct linting *l, const struct term *t, struct str s)
{
	if ((s.p[0] == '-' || s.p[0] == '+') && word_at(s, 1)) {
		say(l, t, s.p[0] == '-' ? "'-' excludes nothing here" : "'+' does nothing here",
			s.p[0] == '-' ? "what must not be there belongs to none, or to a query"
				      : "what must be there belongs to all");
		return true;
	}
	if (!l->listed && str_find(s, STR(", ")) != SIZE_MAX) {
		say(l, t, "this is one term, a phrase",
			"several are written [one, two], or on lines of their own");
		return true;
	}
	return false;
}

static void note_signs(struct linting *l, const struct term *t)
{
	struct str s = t->letters;
	size_t sign = wildcard(s);
	bool quoted = t->written.n && t->written.p[t->written.n - 1] == '"';
	if (sign != SIZE_MAX) {
		say_wildcard(l, t, sign);
	} else if (quoted && s.n > 1 && str_find_char(STR("=#@$"), s.p[0]) != SIZE_MAX &&
		word_at(s, 1)) {
		say(l, t, "a sign between double quotes does nothing",
			"it goes before them, or the quotes away: =Word, =\"two words\", #tag");
	} else if (quoted || t->exact || (t->written.p != s.p && note_entry(l, t, t->written)) ||
		note_entry(l, t, s)) {
		return; /* what is quoted is meant so */
	} else if (is_distance(s)) {
		say(l, t, "this is looked for as words", "in a query this is written NEAR/5");
	} else if (is_boosted(s)) {
		say(l, t, "'^' gives no weight here", "terms count all the same; leave it out");
	} else if (s.n > 1 && s.p[0] == '~' && word_at(s, 1)) {
		say(l, t, "'~' does nothing before a word",
			"typing errors are allowed by ~1 behind it, other forms by stem:word");
	} else if (is_enclosed(s, STR("{"), STR("}")) || is_enclosed(s, STR("<<"), STR(">>")) ||
		is_enclosed(s, STR("["), STR("]"))) {
		say(l, t, "these brackets do nothing",
			"the very letters are asked for by =Word, a phrase by double quotes");
	} else {
		return;
	}
	l->left--;
}

static void lint_range(struct linting l, const struct rules *rules, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count && l.left; i++) {
		const struct term *t = &rules->terms[first + i];
		if (t->kind == TERM_WORDS && t->letters.n)
			note_signs(&l, t);
	}
}

/* --- values of fields --- */

static void lint_values(struct diag *diag, const struct expr *e)
{
	for (size_t i = 0; e->kind == EXPR_FIELD && i < e->values.count; i++) {
		struct str value = e->values.items[i];
		const char *language = e->field == EXPR_LANG ? foreign_language(value) : NULL;
		if (language) {
			diag_note(diag, e->at, "sources seldom say 'lang' in three letters: '%.*s'",
				STR_ARGS(value));
			diag_hint(diag, "this language is '%s'", language);
		} else if (e->field == EXPR_COUNTRY && value.n != 2) {
			diag_note(diag, e->at, "sources say countries in two letters: '%.*s'",
				STR_ARGS(value));
			diag_hint(diag, "such as FR, BE, CH or CA");
		}
	}
	for (size_t i = 0; i < e->child_count; i++) /* trees have a ceiling */
		lint_values(diag, e->children[i]);
}

void lint_foreign(const struct rules *rules, struct diag *diag)
{
	struct linting l = { diag, LINT_MAX_NOTES, true };
	for (size_t i = 0; i < rules->list_count; i++)
		lint_range(l, rules, rules->lists[i].first_term, rules->lists[i].term_count);
	l.listed = false;
	for (size_t i = 0; i < rules->rule_count; i++) {
		lint_range(l, rules, rules->rules[i].first_term, rules->rules[i].term_count);
		lint_values(diag, rules->rules[i].root);
	}
}
