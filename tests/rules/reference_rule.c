/* The tree above the terms. A regex that reached its limit leaves a doubt, which stays one unless
 * something else decides. */
#include <assert.h>

#include "base/fold.h"
#include "rules/term_alike.h"
#include "tests/rules/reference.h"

static int term_in_post(
	const struct term *term, const struct post *post, struct regex_scratch *scratch)
{
	int answer = 0;
	for (enum post_field f = 0; f < FIELD_COUNT && answer != 1; f++) {
		struct str text = post_field(post, f);
		int here = 0;
		if (text.p && term_is_alike(term))
			here = reference_alike(term, text, post->langs);
		else if (text.p)
			here = reference_term(term, text, scratch);
		answer = here ? here : answer;
	}
	return answer;
}

static bool same_folded(struct str a, struct str b)
{
	struct buf x, y;
	buf_init(&x, 0);
	buf_init(&y, 0);
	fold_add(&x, a);
	fold_add(&y, b);
	bool same = str_eq(buf_str(&x), buf_str(&y));
	buf_finish(&x);
	buf_finish(&y);
	return same;
}

static bool same_author(struct str name, struct str value)
{
	if (!name.p)
		return false;
	if (str_starts(name, STR("@")))
		name = str_slice(name, 1, name.n);
	if (str_starts(value, STR("@")))
		value = str_slice(value, 1, value.n);
	return same_folded(name, value);
}

static bool same_language(struct str lang, struct str value)
{
	struct str main = str_slice(lang, 0, str_find_char(lang, '-'));
	return str_eq_ignore_case(lang, value) || str_eq_ignore_case(main, value);
}

static bool field_is(const struct post *post, enum expr_field field, struct str value)
{
	switch (field) {
	case EXPR_LANG:
		for (size_t i = 0; i < post->langs.count; i++) {
			if (same_language(post->langs.items[i], value))
				return true;
		}
		return false;
	case EXPR_SOURCE:
		return post->source.p && str_eq(post->source, value);
	case EXPR_FROM:
		return same_author(post->author.handle, value) ||
			same_author(post->author.id, value);
	case EXPR_TYPE:
		return str_eq(str_of(post_type_name(post->type)), value);
	}
	return false;
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
			if (field_is(q->post, e->field, e->values.items[i]))
				return 1;
		}
		return 0;
	case EXPR_NEAR:
		break;
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
