/* The tree above the terms. A regex that reached its limit leaves a doubt, which stays one unless
 * something else decides. */
#include <assert.h>

#include "rules/language/term_alike.h"
#include "tests/rules/reference.h"
#include "tests/rules/reference_near.h"

static int term_in_post(
	const struct term *term, const struct post *post, struct regex_scratch *scratch)
{
	int answer = 0;
	bool links = term->kind == TERM_SITE || term->kind == TERM_URL;
	for (enum post_field f = 0; f < FIELD_COUNT && answer != 1; f++) {
		struct str text = post_field(post, f);
		if (!text.p || (term->only && !(term->only >> f & 1)))
			continue;
		int here = links	      ? reference_address(term, text)
			: term_is_alike(term) ? reference_alike(term, text, post->langs)
					      : reference_term(term, text, scratch);
		answer = here ? here : answer;
	}
	if (answer == 1 || term->only)
		return answer;
	return reference_outside(term, post) ? 1 : answer;
}

struct question {
	const struct rules *rules;
	const struct post *post;
	struct regex_scratch *scratch;
};

static int answer(const struct question *q, const struct expr *e);

/* `decisive` from any child decides; else a doubt stays a doubt. */
static int answer_children(const struct question *q, const struct expr *e, int decisive)
{
	int result = !decisive;
	for (size_t i = 0; i < e->child_count; i++) {
		int child = answer(q, e->children[i]);
		if (child == decisive)
			return decisive;
		result = child < 0 ? child : result;
	}
	return result;
}

static int answer_list(const struct question *q, const struct term_list *list)
{
	int result = 0;
	for (size_t i = 0; i < list->term_count && result != 1; i++) {
		int here = term_in_post(
			&q->rules->terms[list->first_term + i], q->post, q->scratch);
		result = here ? here : result;
	}
	return result;
}

static int answer(const struct question *q, const struct expr *e)
{
	int inner;
	switch (e->kind) {
	case EXPR_TERM:
		return term_in_post(&q->rules->terms[e->term], q->post, q->scratch);
	case EXPR_LIST:
		return answer_list(q, &q->rules->lists[e->list]);
	case EXPR_AND:
		return answer_children(q, e, 0);
	case EXPR_OR:
		return answer_children(q, e, 1);
	case EXPR_NOT:
		inner = answer(q, e->children[0]);
		return inner < 0 ? inner : !inner;
	case EXPR_FIELD:
		for (size_t i = 0; i < e->values.count; i++) {
			if (reference_condition(e->field, e->values.items[i], q->post))
				return 1;
		}
		return 0;
	case EXPR_NEAR:
		return reference_near(q->rules, e, q->post, q->scratch);
	}
	assert(false);
	return 0;
}

int reference_rule(const struct rules *rules, size_t rule, const struct post *post,
	struct regex_scratch *scratch)
{
	struct question q = { rules, post, scratch };
	return answer(&q, rules->rules[rule].root);
}
