#include "rules/language/print.h"

#include <string.h>

#include "base/fold.h"
#include "base/utf8.h"
#include "rules/language/operator.h"

/* --- terms --- */

/* What would be read as an operator, or could be. */
static bool is_operator(struct str word)
{
	static const char *const operators[] = { "AND", "OR", "NOT" };
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		if (str_eq_ignore_case(word, str_of(operators[i])))
			return true;
	}
	return str_eq_ignore_case(str_slice(word, 0, 4), STR("NEAR")) ||
		str_eq_ignore_case(str_slice(word, 0, 5), STR("ONEAR"));
}

/* Letters and digits, and inside them what never has a meaning of its own. */
static bool is_bare(struct str word)
{
	bool before = false;
	for (size_t i = 0; i < word.n;) {
		uint32_t c;
		size_t n = utf8_read(word, i, &c);
		bool letter = n && (fold_class(c) & FOLD_WORD);
		bool inner = c == '-' || c == '\'' || c == 0x2019 || c == '.' || c == '&';
		if (!letter && !(inner && before && i + n < word.n))
			return false;
		before = letter;
		i += n;
	}
	return before && !is_operator(word);
}

static void add_words(const struct term *t, struct buf *out)
{
	bool bare = is_bare(t->letters) && !t->gap;
	buf_add(out, bare ? STR("") : STR("\""));
	buf_add(out, t->letters);
	buf_add(out, bare ? STR("") : STR("\""));
	if (t->gap)
		buf_addf(out, "~%u", t->gap);
}

/* In a query the first "/" ends a regex, so those inside are escaped; between \Q and \E they
 * cannot be, so the quoting is left for them. */
static void add_pattern(struct str pattern, struct buf *out)
{
	bool quoting = false;
	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i], next = i + 1 < pattern.n ? pattern.p[i + 1] : '\0';
		if (c == '/') {
			buf_add(out, quoting ? STR("\\E\\/\\Q") : STR("\\/"));
		} else if (c == '\\' && quoting && next == '/') {
			buf_add(out, STR("\\E\\\\\\/\\Q"));
			i++;
		} else if (c == '\\' && next && (!quoting || next == 'E')) {
			quoting = quoting ? false : next == 'Q';
			buf_add(out, str_slice(pattern, i, i + 2));
			i++;
		} else {
			buf_add_char(out, c);
		}
	}
	buf_add(out, quoting ? STR("\\E") : STR(""));
}

static void add_regex(const struct term *t, bool in_query, struct buf *out)
{
	buf_add_char(out, '/');
	if (in_query)
		add_pattern(t->letters, out);
	else
		buf_add(out, t->letters);
	buf_addf(out, "/%s", t->flags);
}

/* Behind a sign or name: in quotes unless that makes no difference. */
static void add_letters(struct str letters, struct buf *out)
{
	bool plain = letters.n > 0;
	for (size_t i = 0; i < letters.n && plain; i++)
		plain = (unsigned char)letters.p[i] > ' ' && !strchr("()\",", letters.p[i]);
	plain = plain && str_find(letters, STR("\xC2\xA0")) == SIZE_MAX;
	buf_add(out, plain ? STR("") : STR("\""));
	buf_add(out, letters);
	buf_add(out, plain ? STR("") : STR("\""));
}

/* What stands around the letters of each kind but words and regexes. */
struct signs {
	const char *before, *after;
};

static const struct signs signs[] = {
	[TERM_TAG] = { "#", "" },
	[TERM_HANDLE] = { "@", "" },
	[TERM_CASHTAG] = { "$", "" },
	[TERM_PREFIX] = { "", "*" },
	[TERM_SUFFIX] = { "*", "" },
	[TERM_STEM] = { "stem:", "" },
	[TERM_SITE] = { "site:", "" },
	[TERM_URL] = { "url:", "" },
};

void print_term(const struct term *t, bool in_query, struct buf *out)
{
	bool only = t->only == 1 << FIELD_TITLE || t->only == 1 << FIELD_TEXT;
	if (only)
		buf_add(out, t->only == 1 << FIELD_TITLE ? STR("title:") : STR("text:"));
	buf_add(out, t->exact ? STR("=") : STR(""));
	if (t->kind == TERM_REGEX) {
		add_regex(t, in_query, out);
	} else if (t->edits) {
		buf_addf(out, "%.*s~%u", STR_ARGS(t->letters), t->edits);
	} else if (t->kind == TERM_WORDS || t->kind == TERM_SYMBOLS) {
		add_words(t, out);
	} else {
		buf_add(out, str_of(signs[t->kind].before));
		add_letters(t->letters, out);
		buf_add(out, str_of(signs[t->kind].after));
	}
}

/* --- queries --- */

static bool all_bare(struct str_list values)
{
	for (size_t i = 0; i < values.count; i++) {
		struct str v = values.items[i];
		for (size_t k = 0; k < v.n; k++) {
			if ((unsigned char)v.p[k] <= ' ' || (unsigned char)v.p[k] >= 0x7F ||
				strchr("(),\"", v.p[k]))
				return false;
		}
	}
	return true;
}

static void add_field(const struct expr *e, struct buf *out)
{
	bool group = e->values.count > 1 && !all_bare(e->values);
	buf_addf(out, "%s:%s", operator_field_name(e->field), group ? "(" : "");
	for (size_t i = 0; i < e->values.count; i++) {
		buf_add(out, i == 0 ? STR("") : group ? STR(" OR ") : STR(","));
		add_letters(e->values.items[i], out);
	}
	buf_add(out, group ? STR(")") : STR(""));
}

static void add_query(const struct rules *rules, const struct expr *e, struct buf *out);

/* In parentheses if it does not bind more tightly than what it stands in. */
static void add_child(
	const struct rules *rules, const struct expr *e, bool parentheses, struct buf *out)
{
	buf_add(out, parentheses ? STR("(") : STR(""));
	add_query(rules, e, out);
	buf_add(out, parentheses ? STR(")") : STR(""));
}

static bool is_group(const struct expr *e)
{
	return e->kind == EXPR_AND || e->kind == EXPR_OR;
}

static void add_near(const struct rules *rules, const struct expr *e, struct buf *out)
{
	add_child(rules, e->children[0], is_group(e->children[0]), out);
	buf_addf(out, " %s/%lu ", e->ordered ? "ONEAR" : "NEAR", (unsigned long)e->distance);
	const struct expr *right = e->children[1];
	add_child(rules, right, is_group(right) || right->kind == EXPR_NEAR, out);
}

/* Trees are as deep as their YAML or query, which have a ceiling, so recursion is safe. */
static void add_query(const struct rules *rules, const struct expr *e, struct buf *out)
{
	const struct expr *inner;
	switch (e->kind) {
	case EXPR_TERM:
		print_term(&rules->terms[e->term], true, out);
		break;
	case EXPR_LIST:
		buf_addf(out, "list:%.*s", STR_ARGS(rules->lists[e->list].name));
		break;
	case EXPR_AND:
	case EXPR_OR:
		for (size_t i = 0; i < e->child_count; i++) {
			bool and = e->kind == EXPR_AND;
			buf_add(out, i == 0 ? STR("") : and? STR(" ") : STR(" OR "));
			add_child(rules, e->children[i], is_group(e->children[i]), out);
		}
		break;
	case EXPR_NOT:
		inner = e->children[0];
		buf_add_char(out, '-');
		add_child(rules, inner,
			is_group(inner) || inner->kind == EXPR_NEAR || inner->kind == EXPR_NOT,
			out);
		break;
	case EXPR_NEAR:
		add_near(rules, e, out);
		break;
	case EXPR_FIELD:
		add_field(e, out);
		break;
	}
}

void print_query(const struct rules *rules, const struct expr *e, struct buf *out)
{
	add_query(rules, e, out);
}
