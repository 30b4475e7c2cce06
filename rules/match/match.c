/* The exact matcher. One pass over the words of a post finds the terms, which mark the rules
 * they belong to; only those rules are evaluated. Cost grows with what occurs, not with rules. */
#include "rules/match/matching.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rules/language/condition.h"
#include "rules/match/match_alike.h"
#include "rules/match/match_near.h"

struct match_scratch *match_scratch_create(const struct ruleset *set)
{
	struct match_scratch *m = mem_zero(1, sizeof *m);
	const struct rules *rules = set->rules;
	m->set = set;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		text_init(&m->texts[i]);
	folded_init(&m->value);
	m->found_count = 1;
	m->first_of_term = mem_zero(rules->term_count + 1, sizeof *m->first_of_term);
	m->first_of_list = mem_zero(rules->list_count + 1, sizeof *m->first_of_list);
	m->rule_marked = mem_zero(rules->rule_count + 1, sizeof *m->rule_marked);
	m->marked = mem_zero(rules->rule_count + 1, sizeof *m->marked);
	if (set->waits_for_literal)
		match_regex_init(m);
	m->alike = alike_scratch_create(set->alike);
	m->near = near_scratch_create();
	return m;
}

void match_scratch_destroy(struct match_scratch *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		text_finish(&m->texts[i]);
	folded_finish(&m->value);
	mem_free(m->found);
	mem_free(m->first_of_term);
	mem_free(m->first_of_list);
	mem_free(m->rule_marked);
	mem_free(m->marked);
	mem_free(m->deferred);
	match_regex_finish(m);
	alike_scratch_destroy(m->alike);
	near_scratch_destroy(m->near);
	mem_free(m->hits);
	mem_free(m);
}

/* Is the word there that the rule needs besides what it waits for? */
static bool may_match(const struct match_scratch *m, uint32_t rule)
{
	uint64_t hash = m->set->second_hash[rule];
	return m->set->rule_second[rule] == 0 ||
		m->words_there[hash >> 60] >> (hash >> 54 & 63) & 1;
}

static void mark_rule(struct match_scratch *m, uint32_t rule)
{
	if (m->rule_marked[rule] || !may_match(m, rule))
		return;
	m->rule_marked[rule] = true;
	m->marked[m->marked_count++] = rule;
}

void match_mark_term(struct match_scratch *m, uint32_t id)
{
	if (!m->set->waits[id])
		return;
	const struct ruleset *set = m->set;
	const struct term *t = &set->rules->terms[id];
	if (!t->listed) {
		mark_rule(m, t->owner);
		return;
	}
	for (uint32_t i = set->list_first[t->owner]; i < set->list_first[t->owner + 1]; i++)
		mark_rule(m, set->list_rules[i]);
}

/* Does finding this term alone make a rule match? */
static bool settles(const struct ruleset *set, const struct term *t)
{
	if (!t->listed)
		return set->rule_any_term[t->owner];
	for (uint32_t i = set->list_first[t->owner]; i < set->list_first[t->owner + 1]; i++) {
		if (set->rule_any_term[set->list_rules[i]])
			return true;
	}
	return false;
}

void match_add_found(struct match_scratch *m, struct found found)
{
	const struct term *t = &m->set->rules->terms[found.term];
	if (t->only && !(t->only >> found.field & 1))
		return;
	if (m->found_count >= m->found_size) {
		m->found_size = m->found_size ? m->found_size * 2 : 64;
		m->found = mem_resize(m->found, m->found_size, sizeof *m->found);
	}
	uint32_t index = (uint32_t)m->found_count++, *first = &m->first_of_term[found.term];
	bool is_first = *first == 0;
	found.next = *first;
	m->found[index] = found;
	*first = index;
	if (t->listed)
		m->first_of_list[t->owner] = index;
	if (is_first)
		match_mark_term(m, found.term);
	m->sure = m->sure || (m->any && settles(m->set, t));
}

void match_add_span(struct match_scratch *m, uint32_t id, enum post_field field, uint32_t from,
	uint32_t to, enum hit_way way)
{
	match_add_found(m,
		(struct found){ .term = id,
			.from = from,
			.to = to,
			.field = (uint8_t)field,
			.way = (uint8_t)way });
}

static void find_symbols(struct match_scratch *m, enum post_field field)
{
	struct str text = m->texts[field].original;
	for (size_t i = 0; i < m->set->symbol_count; i++) {
		uint32_t id = m->set->symbol_terms[i];
		struct str symbols = m->set->rules->terms[id].letters;
		size_t at = 0, step;
		while ((step = str_find(str_slice(text, at, text.n), symbols)) != SIZE_MAX) {
			at += step;
			match_add_span(
				m, id, field, (uint32_t)at, (uint32_t)(at + symbols.n), WAY_EXACT);
			at += symbols.n;
		}
	}
}

static void find_in_field(struct match_scratch *m, enum post_field field)
{
	match_find_words(m, field);
	if (m->sure)
		return;
	gap_find(m, field);
	match_alike(m, m->post, field);
	find_symbols(m, field);
	if (m->regex_state)
		match_find_regexes(m, field);
}

static void find(struct match_scratch *m, const struct post *post)
{
	m->post = post;
	m->sure = false;
	m->deferred_count = 0;
	near_forget(m->near);
	memset(m->words_there, 0, sizeof m->words_there);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		text_set(&m->texts[i], post_field(post, (enum post_field)i));
		if (m->set->has_seconds)
			match_note_words(m, (enum post_field)i);
	}
	for (size_t i = 0; i < FIELD_COUNT && !m->sure; i++)
		find_in_field(m, (enum post_field)i);
	if (m->sure)
		return;
	if (m->set->finds_links)
		match_find_links(m);
	if (m->set->finds_tags)
		match_find_tags(m);
	for (size_t i = 0; i < m->set->always_count; i++)
		mark_rule(m, m->set->always[i]);
	match_find_deferred(m);
}

void match_find(struct match_scratch *m, const struct post *post)
{
	m->all = true;
	find(m, post);
	m->all = false;
}

void match_forget(struct match_scratch *m)
{
	for (size_t i = 1; i < m->found_count; i++) {
		const struct term *t = &m->set->rules->terms[m->found[i].term];
		m->first_of_term[m->found[i].term] = 0;
		if (t->listed)
			m->first_of_list[t->owner] = 0;
	}
	m->found_count = 1;
	for (size_t i = 0; i < m->marked_count; i++)
		m->rule_marked[m->marked[i]] = false;
	m->marked_count = 0;
	match_forget_regexes(m);
}

/* --- evaluation --- */

static bool term_is(struct match_scratch *m, uint32_t id)
{
	if (m->set->rules->terms[id].kind == TERM_REGEX)
		return match_regex_is(m, id);
	return m->first_of_term[id] != 0;
}

static bool list_is(struct match_scratch *m, uint32_t list)
{
	size_t count;
	if (m->first_of_list[list])
		return true;
	const uint32_t *regexes = ruleset_list_regexes(m->set, list, &count);
	for (size_t i = 0; i < count; i++) {
		if (match_regex_is(m, regexes[i]))
			return true;
	}
	return false;
}

bool match_might_be(struct match_scratch *m, const struct expr *e)
{
	m->doubt = !m->doubt;
	bool is = match_is(m, e);
	m->doubt = !m->doubt;
	return is;
}

/* Was what it asks for found already? */
static bool is_known(const struct match_scratch *m, const struct expr *e)
{
	return e->kind == EXPR_FIELD || e->kind == EXPR_LIST ||
		(e->kind == EXPR_TERM && m->set->rules->terms[e->term].kind != TERM_REGEX);
}

/* The children of AND that are known, or the others, which cost more to ask. */
static bool all_are(struct match_scratch *m, const struct expr *e, bool known)
{
	for (size_t i = 0; i < e->child_count; i++) {
		if (is_known(m, e->children[i]) == known && !match_is(m, e->children[i]))
			return false;
	}
	return true;
}

/* Trees are as deep as their YAML or query, which have a ceiling, so recursion is safe. */
bool match_is(struct match_scratch *m, const struct expr *e)
{
	switch (e->kind) {
	case EXPR_TERM:
		return term_is(m, e->term);
	case EXPR_LIST:
		return list_is(m, e->list);
	case EXPR_NEAR:
		return near_is(m, e) || (m->doubt && match_regex_in_doubt(m, e));
	case EXPR_AND:
		return all_are(m, e, true) && all_are(m, e, false);
	case EXPR_OR:
		for (size_t i = 0; i < e->child_count; i++) {
			if (match_is(m, e->children[i]))
				return true;
		}
		return false;
	case EXPR_NOT:
		return !match_might_be(m, e->children[0]);
	case EXPR_FIELD:
		return condition_is(e, m->post, m->texts);
	}
	return false;
}

/* --- hits --- */

static void add_hit(void *ctx, const struct found *f)
{
	struct match_scratch *m = ctx;
	const struct rules *rules = m->set->rules;
	const struct term *t = &rules->terms[f->term];
	if (m->hit_count == MATCH_MAX_HITS)
		return;
	if (m->hit_count == m->hit_size) {
		m->hit_size = m->hit_size ? m->hit_size * 2 : 16;
		m->hits = mem_resize(m->hits, m->hit_size, sizeof *m->hits);
	}
	m->hits[m->hit_count++] = (struct hit){
		.term = t->written,
		.list = t->listed ? rules->lists[t->owner].name : STR_NONE,
		.field = (enum post_field)f->field,
		.item = f->item,
		.from = f->from,
		.to = f->to,
		.way = (enum hit_way)f->way,
	};
}

static void gather_hits(struct match_scratch *m, const struct expr *e)
{
	if (e->kind == EXPR_NOT)
		return;
	if (e->kind == EXPR_TERM && term_is(m, e->term)) {
		for (uint32_t i = m->first_of_term[e->term]; i; i = m->found[i].next)
			add_hit(m, &m->found[i]);
	}
	if (e->kind == EXPR_LIST && list_is(m, e->list)) {
		for (size_t i = 1; i < m->found_count; i++) {
			const struct term *t = &m->set->rules->terms[m->found[i].term];
			if (t->listed && t->owner == e->list)
				add_hit(m, &m->found[i]);
		}
	}
	if (e->kind == EXPR_NEAR) {
		near_places(m, e, add_hit, m);
		return;
	}
	for (size_t i = 0; i < e->child_count; i++)
		gather_hits(m, e->children[i]);
}

static int by_place(const void *left, const void *right)
{
	const struct hit *a = left, *b = right;
	if (a->field != b->field)
		return a->field < b->field ? -1 : 1;
	if (a->item != b->item)
		return a->item < b->item ? -1 : 1;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	if (a->to != b->to)
		return a->to > b->to ? -1 : 1;
	int order = str_cmp(a->term, b->term);
	return order ? order : str_cmp(a->list, b->list);
}

/* The same term of the same list at the same place is one hit, also where it was found as a word
 * and as a part. */
static void drop_repeats(struct match_scratch *m)
{
	size_t kept = 0;
	for (size_t i = 0; i < m->hit_count; i++) {
		if (kept == 0 || by_place(&m->hits[kept - 1], &m->hits[i]) != 0)
			m->hits[kept++] = m->hits[i];
	}
	m->hit_count = kept;
}

static struct match make_match(struct match_scratch *m, const struct rule *rule)
{
	m->hit_count = 0;
	gather_hits(m, rule->root);
	if (m->hit_count)
		qsort(m->hits, m->hit_count, sizeof *m->hits, by_place);
	drop_repeats(m);
	return (struct match){
		.rule = rule->name,
		.about = rule->about,
		.severity = rule->severity,
		.notify = rule->notify,
		.post = m->post,
		.hits = m->hits,
		.hit_count = m->hit_count,
	};
}

static int by_number(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	return (a > b) - (a < b);
}

bool ruleset_any(const struct ruleset *set, struct match_scratch *m, const struct post *post)
{
	m->any = true;
	find(m, post);
	bool any = m->sure;
	for (size_t i = 0; i < m->marked_count && !any; i++)
		any = match_is(m, set->rules->rules[m->marked[i]].root);
	m->any = m->sure = false;
	match_forget(m);
	return any;
}

size_t ruleset_match(const struct ruleset *set, struct match_scratch *m, const struct post *post,
	bool (*found)(void *ctx, const struct match *match), void *ctx)
{
	size_t count = 0;
	find(m, post);
	if (m->marked_count > 1)
		qsort(m->marked, m->marked_count, sizeof *m->marked, by_number);
	for (size_t i = 0; i < m->marked_count; i++) {
		const struct rule *rule = &set->rules->rules[m->marked[i]];
		if (!match_is(m, rule->root))
			continue;
		struct match match = make_match(m, rule);
		count++;
		if (!found(ctx, &match))
			break;
	}
	match_forget(m);
	return count;
}
