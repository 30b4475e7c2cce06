/* The short answer: of a rule's tree only what decided. */
#include "rules/advice/explain_part.h"

enum { WHY_DEPTH = 3, WHY_MAX_LABELS = 8 };

static void add_line(const struct printing *p, const struct explained *x, unsigned depth)
{
	explain_add_indent(p->out, WHY_DEPTH);
	explain_add_answer(p, x);
	explain_add_indent(p->out, depth);
	explain_add_label(p, x->expr);
}

/* Is an earlier child near at the same place? */
static bool was_near(const struct explained *x, size_t child)
{
	const struct near_miss *near = &x->children[child].near;
	for (size_t i = 0; i < child; i++) {
		const struct near_miss *other = &x->children[i].near;
		if (other->why != NEAR_NOTHING && other->field == near->field &&
			other->from == near->from && other->to == near->to)
			return true;
	}
	return false;
}

/* "no  any of: a, b and 7 more": none of them is there. */
static void add_none(const struct printing *p, const struct explained *x, unsigned depth)
{
	size_t count = x->expr->child_count;
	add_line(p, x, depth);
	for (size_t i = 0; i < count && i < WHY_MAX_LABELS; i++) {
		buf_add(p->out, i ? STR(", ") : STR(": "));
		explain_add_label(p, x->children[i].expr);
	}
	if (count > WHY_MAX_LABELS)
		buf_addf(p->out, " and %zu more", count - WHY_MAX_LABELS);
	buf_add_char(p->out, '\n');
	for (size_t i = 0; i < count; i++) {
		const struct near_miss *near = &x->children[i].near;
		if (near->why != NEAR_NOTHING && !was_near(x, i))
			explain_add_near(p, near, true, WHY_DEPTH + depth);
	}
}

static bool is_leaf(const struct explained *x)
{
	return x->expr->child_count == 0;
}

static bool all_leaves(const struct explained *x)
{
	for (size_t i = 0; i < x->expr->child_count; i++) {
		if (!is_leaf(&x->children[i]))
			return false;
	}
	return true;
}

enum answer { ANSWER_NO, ANSWER_IN_DOUBT, ANSWER_YES };

static enum answer answer_of(const struct explained *x)
{
	return x->yes ? ANSWER_YES : x->in_doubt ? ANSWER_IN_DOUBT : ANSWER_NO;
}

/* Trees are as deep as their YAML or query, which have a ceiling, so recursion is safe. */
static void add_deciding(const struct printing *p, const struct explained *x, unsigned depth)
{
	enum expr_kind kind = x->expr->kind;
	enum answer answer = answer_of(x);
	bool joins = kind == EXPR_AND || kind == EXPR_OR;
	if (kind == EXPR_OR && answer == ANSWER_NO && all_leaves(x)) {
		add_none(p, x, depth);
		return;
	}
	if (kind == EXPR_NOT && x->yes)
		return; /* that something is not there explains nothing */
	if (!joins) {
		add_line(p, x, depth);
		buf_add_char(p->out, '\n');
		explain_add_places(p, x, WHY_DEPTH + depth);
	}
	if (kind == EXPR_NOT)
		answer = ANSWER_YES - answer;
	for (size_t i = 0; i < x->expr->child_count; i++) {
		if (answer_of(&x->children[i]) == answer || !(joins || kind == EXPR_NOT))
			add_deciding(p, &x->children[i], depth + !joins);
	}
}

void explain_why(const struct ruleset *set, size_t rule, const struct post *post,
	const struct explained *root, struct buf *out)
{
	const struct printing p = { ruleset_rules(set), post, out };
	buf_addf(out, "    %.*s %.*s\n", STR_ARGS(p.rules->rules[rule].name),
		STR_ARGS(explain_verdict(root)));
	add_deciding(&p, root, 0);
}
