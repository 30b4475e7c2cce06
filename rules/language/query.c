/* By recursive descent, a function for each level of precedence. An operand that is missing is NULL
 * and is left out, so that the rest is read and its errors found in the same run; a tree is handed
 * back only when there were none. */
#include "rules/language/query.h"

#include "base/mem.h"
#include "rules/language/foreign.h"
#include "rules/language/operator.h"
#include "rules/language/print.h"

struct parser {
	struct loader *l;
	const struct conf_node *node;
	size_t rule;
	struct query_token *tokens; /* the last one is QUERY_END */
	size_t i;
	unsigned depth;
	bool negative; /* below an odd number of NOTs */
	struct str field; /* inside field:( ); n 0: outside */
	bool failed;
	bool too_near; /* too many NEAR inside each other: said once */
	const struct query_token *blamed; /* an operator without its left side */
	struct expr **waiting; /* operands of all that is still open */
	size_t waiting_count;
};

static const struct query_token *here(const struct parser *p)
{
	return &p->tokens[p->i];
}

static void fail(struct parser *p, const struct query_token *t, const char *message)
{
	diag_error(p->l->diag, t->at, "%s", message);
	p->failed = true;
}

static struct expr *new_expr(struct parser *p, enum expr_kind kind, struct where at)
{
	struct expr *e = arena_new(&p->l->rules->arena, struct expr);
	*e = (struct expr){ .kind = kind, .at = load_place(p->l, at) };
	return e;
}

/* --- nodes with children --- */

static void wait(struct parser *p, struct expr *e)
{
	if (e)
		p->waiting[p->waiting_count++] = e;
}

/* The operands that wait from `first` on become one node: alone they are themselves, and one of the
 * same kind among them gives its own children. */
static struct expr *join(struct parser *p, enum expr_kind kind, struct where at, size_t first)
{
	size_t count = p->waiting_count - first, n = 0;
	struct expr **children = p->waiting + first;
	p->waiting_count = first;
	if (count <= 1)
		return count ? children[0] : NULL;
	struct expr *e = new_expr(p, kind, at);
	for (size_t i = 0; i < count; i++)
		n += children[i]->kind == kind ? children[i]->child_count : 1;
	e->children = arena_array(&p->l->rules->arena, struct expr *, n);
	for (size_t i = 0; i < count; i++) {
		bool same = children[i]->kind == kind;
		for (size_t k = 0; k < (same ? children[i]->child_count : 1); k++)
			e->children[e->child_count++] = same ? children[i]->children[k]
							     : children[i];
	}
	return e;
}

static struct expr *negation(struct parser *p, struct expr *inner, struct where at)
{
	if (!inner)
		return NULL;
	struct expr *e = new_expr(p, EXPR_NOT, at);
	e->children = arena_array(&p->l->rules->arena, struct expr *, 1);
	e->children[0] = inner;
	e->child_count = 1;
	return e;
}

/* --- leaves --- */

/* Splits lang:fr,en; a value in quotes, or one that may hold commas itself, stays whole. */
static size_t split_values(
	const struct query_token *t, struct str name, struct str *values, size_t most)
{
	bool whole = t->text.n == 0 || t->text.p[0] == '"' || str_eq(name, STR("text")) ||
		str_eq(name, STR("title")) || str_eq(name, STR("url"));
	struct str rest = t->text;
	size_t count = 0;
	if (whole) {
		values[0] = t->text;
		return 1;
	}
	while (count < most && str_next(&rest, ',', &values[count]))
		count++;
	return count;
}

enum { MOST_VALUES = 100 };

struct values {
	struct str items[MOST_VALUES];
	struct where places[MOST_VALUES];
	size_t count;
};

static void add_values(
	struct parser *p, struct values *v, const struct query_token *t, struct str name)
{
	size_t count = split_values(t, name, v->items + v->count, MOST_VALUES - v->count);
	for (size_t i = v->count; i < v->count + count; i++)
		v->places[i] = conf_place(p->node, (size_t)(v->items[i].p - p->node->text.p));
	v->count += count;
	if (v->count == MOST_VALUES) {
		diag_error(p->l->diag, t->at, "a field has less than %d values", MOST_VALUES);
		p->failed = true;
		v->count--;
	}
}

static struct expr *field_leaf(
	struct parser *p, const struct query_token *t, struct str name, const struct values *v)
{
	struct rules *rules = p->l->rules;
	size_t first = rules->term_count;
	struct expr *e = operator_expr(p->l, name, v->items, v->places, v->count, p->rule, t->at);
	for (size_t i = first; i < rules->term_count; i++)
		rules->terms[i].negative = p->negative;
	p->failed = p->failed || !e;
	return e;
}

static struct expr *leaf(struct parser *p, const struct query_token *t)
{
	struct expr *e;
	if (p->field.n) {
		struct values v = { .count = 0 };
		add_values(p, &v, t, p->field);
		return field_leaf(p, t, p->field, &v);
	}
	struct load_leaf what = { p->node, t->text, t->at, p->negative, p->rule };
	e = str_starts(t->text, STR("list:")) ? load_list_leaf(p->l, &what)
					      : load_term_leaf(p->l, &what);
	p->failed = p->failed || !e;
	return e;
}

/* --- fields --- */

/* Is what stands in the parentheses at the current token nothing but values joined by OR? Then
 * `close` is its end. */
static bool is_choice(const struct parser *p, size_t *close)
{
	size_t i = p->i + 1;
	while (p->tokens[i].kind == QUERY_TERM && p->tokens[i + 1].kind == QUERY_OR)
		i += 2;
	*close = i + 1;
	return p->tokens[i].kind == QUERY_TERM && p->tokens[i + 1].kind == QUERY_CLOSE;
}

static struct expr *parse_group(struct parser *p);

static struct expr *parse_field(struct parser *p)
{
	const struct query_token *t = here(p);
	struct values v = { .count = 0 };
	size_t close;
	p->i++;
	if (p->field.n) {
		fail(p, t, "a field inside another field");
		p->field = STR_NONE;
	}
	if (here(p)->kind != QUERY_OPEN || t->text.n) {
		add_values(p, &v, t, t->name);
		return field_leaf(p, t, t->name, &v);
	}
	if (t->name.n && is_choice(p, &close)) {
		for (p->i++; p->i < close; p->i += 2)
			add_values(p, &v, here(p), t->name);
		return field_leaf(p, t, t->name, &v);
	}
	p->failed = p->failed || t->name.n == 0; /* was reported */
	p->field = t->name;
	struct expr *e = parse_group(p);
	p->field = STR_NONE;
	return e;
}

/* --- the levels of precedence --- */

static struct expr *parse_or(struct parser *p);

static bool begins_operand(const struct query_token *t)
{
	return t->kind == QUERY_OPEN || t->kind == QUERY_NOT || t->kind == QUERY_TERM ||
		t->kind == QUERY_FIELD || t->kind == QUERY_BAD;
}

/* Goes behind the parenthesis that closes the one at the current token. */
static void skip_group(struct parser *p)
{
	size_t depth = 0;
	do {
		depth += here(p)->kind == QUERY_OPEN;
		depth -= here(p)->kind == QUERY_CLOSE;
		p->i++;
	} while (depth > 0 && here(p)->kind != QUERY_END);
}

static struct expr *parse_group(struct parser *p)
{
	const struct query_token *open = here(p);
	if (p->depth == QUERY_MAX_NESTING) {
		diag_error(p->l->diag, open->at, "more than %d parentheses inside each other",
			QUERY_MAX_NESTING);
		p->failed = true;
		skip_group(p);
		return NULL;
	}
	p->i++;
	if (here(p)->kind == QUERY_CLOSE) {
		fail(p, open, "nothing stands in these parentheses");
		p->i++;
		return NULL;
	}
	p->depth++;
	struct expr *e = parse_or(p);
	p->depth--;
	if (here(p)->kind == QUERY_CLOSE)
		p->i++;
	else
		fail(p, open, "this parenthesis is never closed");
	return e;
}

/* Where a term should stand is none. */
static void say_missing(struct parser *p)
{
	const struct query_token *t = here(p), *before = p->i ? t - 1 : NULL;
	bool after = before && before->kind != QUERY_OPEN;
	p->failed = true;
	if (before && before == p->blamed)
		return;
	p->blamed = t;
	if (after)
		diag_error(p->l->diag, before->at, "a term is missing after '%.*s'",
			STR_ARGS(before->text));
	else if (t->kind == QUERY_END)
		diag_error(p->l->diag, t->at, "an empty query");
	else
		diag_error(p->l->diag, t->at, "a term is missing before '%.*s'", STR_ARGS(t->text));
}

static struct expr *parse_primary(struct parser *p)
{
	const struct query_token *t = here(p);
	switch (t->kind) {
	case QUERY_OPEN:
		return parse_group(p);
	case QUERY_TERM:
		p->i++;
		return leaf(p, t);
	case QUERY_FIELD:
		return parse_field(p);
	case QUERY_BAD:
		p->failed = true;
		p->i++;
		return NULL;
	default:
		say_missing(p);
		return NULL;
	}
}

static struct expr *parse_not(struct parser *p)
{
	const struct query_token *t = here(p);
	bool negated = false, before = p->negative;
	for (; here(p)->kind == QUERY_NOT; p->i++) {
		if (negated) {
			fail(p, here(p), "a negation of a negation: leave both out");
			break;
		}
		negated = true;
	}
	while (here(p)->kind == QUERY_NOT)
		p->i++;
	p->negative = before != negated;
	struct expr *e = parse_primary(p);
	p->negative = before;
	return negated ? negation(p, e, t->at) : e;
}

static unsigned near_nesting(const struct expr *e)
{
	unsigned deepest = 0;
	for (size_t i = 0; i < e->child_count; i++) {
		unsigned depth = near_nesting(e->children[i]);
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + (e->kind == EXPR_NEAR);
}

/* Only what has places in the text can be near something. Returns what stands in the way. */
static const char *not_near(const struct expr *e)
{
	switch (e->kind) {
	case EXPR_NOT:
		return "what is not there";
	case EXPR_AND:
		return "terms joined with AND: write them as several NEAR, or use OR";
	case EXPR_FIELD:
		return "a condition on the post";
	case EXPR_OR:
		for (size_t i = 0; i < e->child_count; i++) {
			const char *why = not_near(e->children[i]);
			if (why)
				return why;
		}
		break;
	case EXPR_TERM:
	case EXPR_LIST:
	case EXPR_NEAR:
		break;
	}
	return NULL;
}

static bool near_is_sensible(
	struct parser *p, const struct query_token *t, const struct expr *a, const struct expr *b)
{
	const char *left = not_near(a), *right = not_near(b);
	if (left || right) {
		diag_error(p->l->diag, t->at, "nothing can be near %s", left ? left : right);
		p->failed = true;
		return false;
	}
	if (near_nesting(a) >= QUERY_MAX_NEAR_NESTING ||
		near_nesting(b) >= QUERY_MAX_NEAR_NESTING) {
		if (!p->too_near)
			diag_error(p->l->diag, t->at, "more than %d NEAR inside each other",
				QUERY_MAX_NEAR_NESTING);
		p->too_near = p->failed = true;
		return false;
	}
	return true;
}

static struct expr *parse_near(struct parser *p)
{
	struct expr *left = parse_not(p);
	while (here(p)->kind == QUERY_NEAR) {
		const struct query_token *t = here(p);
		p->i++;
		struct expr *right = parse_not(p);
		if (!left || !right || !near_is_sensible(p, t, left, right)) {
			left = left ? left : right;
			continue;
		}
		struct expr *e = new_expr(p, EXPR_NEAR, t->at);
		e->children = arena_array(&p->l->rules->arena, struct expr *, 2);
		e->children[0] = left;
		e->children[1] = right;
		e->child_count = 2;
		e->distance = t->distance;
		e->ordered = t->ordered;
		left = e;
	}
	return left;
}

/* *joined: were there several? */
static struct expr *parse_and(struct parser *p, bool *joined)
{
	size_t first = p->waiting_count, count = 1;
	struct where at = here(p)->at;
	wait(p, parse_near(p));
	for (;;) {
		if (here(p)->kind == QUERY_AND)
			p->i++;
		else if (!begins_operand(here(p)))
			break;
		wait(p, parse_near(p));
		count++;
	}
	*joined = count > 1;
	return join(p, EXPR_AND, at, first);
}

static void note_mixed(struct parser *p, const struct query_token *t, const struct expr *e)
{
	enum { MOST_SHOWN = 120 };
	struct buf shown;
	if (p->failed || !e)
		return;
	diag_note(p->l->diag, t->at, "AND, or a space, binds more tightly than OR");
	buf_init(&shown, 0);
	print_query(p->l->rules, e, &shown);
	if (shown.n <= MOST_SHOWN)
		diag_hint(p->l->diag, "parentheses make it plain: %.*s", STR_ARGS(buf_str(&shown)));
	buf_finish(&shown);
}

static struct expr *parse_or(struct parser *p)
{
	size_t first = p->waiting_count;
	const struct query_token *start = here(p), * or = NULL;
	bool joined, mixed;
	wait(p, parse_and(p, &joined));
	mixed = joined;
	while (here(p)->kind == QUERY_OR) {
		or = or ? or : here(p);
		p->i++;
		wait(p, parse_and(p, &joined));
		mixed = mixed || joined;
	}
	struct expr *e = join(p, EXPR_OR, start->at, first);
	if (or &&mixed)
		note_mixed(p, or, e);
	return e;
}

/* --- words that may have been meant as operators --- */

static bool ends_operand(const struct query_token *t)
{
	return t->kind == QUERY_CLOSE || t->kind == QUERY_TERM || t->kind == QUERY_FIELD ||
		t->kind == QUERY_BAD;
}

static const char *operator_meant(struct str word)
{
	static const char *const operators[] = { "AND", "OR", "NOT", "NEAR/", "ONEAR/" };
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		struct str name = str_of(operators[i]);
		bool near = name.p[name.n - 1] == '/';
		if (str_eq_ignore_case(near ? str_slice(word, 0, name.n) : word, name))
			return operators[i];
	}
	return foreign_operator(word);
}

static void note_small_letters(struct parser *p, size_t count)
{
	for (size_t i = 0; i + 1 < count; i++) {
		const struct query_token *t = &p->tokens[i];
		const char *meant = t->kind == QUERY_TERM ? operator_meant(t->text) : NULL;
		bool not = meant && meant[0] == 'N' && meant[1] == 'O';
		if (!meant || !begins_operand(t + 1) || !(not || (i > 0 && ends_operand(t - 1))))
			continue;
		diag_note(p->l->diag, t->at, "'%.*s' is looked for as a word here",
			STR_ARGS(t->text));
		diag_hint(p->l->diag, "operators are %s: %s%s",
			foreign_operator(t->text) ? "English" : "in capitals", meant,
			meant[str_of(meant).n - 1] == '/' ? "5" : "");
	}
}

/* --- the whole --- */

/* Behind a parenthesis too many the rest is read for its errors. */
static void read_rest(struct parser *p)
{
	size_t first = p->waiting_count;
	while (here(p)->kind == QUERY_CLOSE) {
		fail(p, here(p), "this ')' closes nothing");
		p->i++;
		if (here(p)->kind == QUERY_AND || here(p)->kind == QUERY_OR ||
			here(p)->kind == QUERY_NEAR)
			p->i++;
		if (here(p)->kind != QUERY_END && here(p)->kind != QUERY_CLOSE)
			(void)parse_or(p);
		p->waiting_count = first;
	}
}

struct expr *query_load(struct loader *l, const struct conf_node *node, size_t rule)
{
	struct parser p = { .l = l, .node = node, .rule = rule };
	struct str text = node->text;
	if (node->kind != CONF_SCALAR) {
		load_expected(l, node, "a query");
		return NULL;
	}
	if (text.n > QUERY_MAX_BYTES) {
		diag_error(l->diag, node->at, "a query has at most %d bytes; this one has %zu",
			QUERY_MAX_BYTES, text.n);
		diag_hint(l->diag, "many terms belong to a list: list:NAME");
		return NULL;
	}
	p.tokens = mem_zero(text.n + 2, sizeof *p.tokens);
	p.waiting = mem_zero(text.n + 2, sizeof *p.waiting);
	size_t errors = diag_count(l->diag, DIAG_ERROR);
	size_t count = query_lex(node, p.tokens, l->diag);
	struct expr *root = parse_or(&p);
	read_rest(&p);
	note_small_letters(&p, count);
	bool good = !p.failed && diag_count(l->diag, DIAG_ERROR) == errors;
	mem_free(p.tokens);
	mem_free(p.waiting);
	return good ? root : NULL;
}

/* --- what a rule must demand --- */

/* Of the expression, or with `negated` of its negation. */
static bool demands(const struct expr *e, bool negated, const struct expr **culprit)
{
	bool all = e->kind == (negated ? EXPR_AND : EXPR_OR);
	switch (e->kind) {
	case EXPR_NOT:
		return demands(e->children[0], !negated, culprit);
	case EXPR_AND:
	case EXPR_OR:
		for (size_t i = 0; i < e->child_count; i++) {
			if (demands(e->children[i], negated, culprit) != all)
				return !all;
		}
		return all;
	case EXPR_TERM:
	case EXPR_LIST:
	case EXPR_NEAR:
	case EXPR_FIELD:
		break;
	}
	if (negated && culprit)
		*culprit = e;
	return !negated;
}

bool query_demands(const struct expr *e, const struct expr **culprit)
{
	return demands(e, false, culprit);
}

/* Not below a negation: there the other side counts. */
void query_note_negatives(struct diag *diag, const struct expr *e)
{
	const struct expr *culprit;
	for (size_t i = 0; e->kind != EXPR_NOT && i < e->child_count; i++) {
		if (e->kind == EXPR_OR && !demands(e->children[i], false, &culprit))
			diag_note(diag, e->children[i]->at,
				"this side of OR is only negative: nearly every post is like that");
		query_note_negatives(diag, e->children[i]);
	}
}
