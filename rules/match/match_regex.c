/* Regexes in a post: asked only if a rule wants to know, once a post, and only in the fields where
 * what they need stands. A search that was given up leaves a doubt: see match_is. */
#include "base/mem.h"
#include "rules/match/matching.h"

/* What all regexes together may cost in one post; then the rest of them are in doubt. One alone
 * spends a tenth at most (regex.c), so that a bad one leaves enough for the others. */
enum { POST_STEPS = 2 * 1000 * 1000, POST_STEPS_PER_BYTE = 32 };

#define ALL_FIELDS ((1U << FIELD_COUNT) - 1)

void match_regex_init(struct match_scratch *m)
{
	const struct rules *rules = m->set->rules;
	m->regex_state = mem_zero(rules->term_count, sizeof *m->regex_state);
	m->regex_fields = mem_zero(rules->term_count, sizeof *m->regex_fields);
	m->regexes = mem_zero(rules->term_count, sizeof *m->regexes);
	m->regex_scratch = regex_scratch_create();
	m->own_guard = m->guard = regex_guard_create(m->set);
	if (m->set->needs)
		m->needs_scratch = needs_scratch_create(m->set->needs);
	if (m->set->outlines)
		m->outlines_scratch = outlines_scratch_create(m->set->outlines);
}

void match_regex_finish(struct match_scratch *m)
{
	mem_free(m->regex_state);
	mem_free(m->regex_fields);
	mem_free(m->regexes);
	regex_scratch_destroy(m->regex_scratch);
	regex_guard_destroy(m->own_guard);
	needs_scratch_destroy(m->needs_scratch);
	outlines_scratch_destroy(m->outlines_scratch);
}

struct finding {
	struct match_scratch *m;
	enum post_field field;
};

static void may_match(const struct finding *f, uint32_t id)
{
	struct match_scratch *m = f->m;
	m->regex_fields[id] |= (uint8_t)(1U << f->field);
	if (m->regex_state[id] == REGEX_UNASKED) {
		m->regex_state[id] = REGEX_POSSIBLE;
		m->regexes[m->regex_count++] = id;
		match_mark_term(m, id);
	}
}

static bool needs_met(void *ctx, size_t text, uint32_t id)
{
	(void)text;
	may_match(ctx, id);
	return true;
}

static void outline_found(void *ctx, uint32_t outline)
{
	const struct finding *f = ctx;
	may_match(f, f->m->set->outline_terms[outline]);
}

void match_find_regexes(struct match_scratch *m, enum post_field field)
{
	const struct folded *folded = &m->texts[field].folded;
	const uint32_t starts[] = { 0, (uint32_t)folded->n };
	struct finding f = { m, field };
	if (m->set->needs && folded->n)
		needs_find(m->set->needs, m->needs_scratch, folded->p, starts, 1, needs_met, &f);
	if (m->outlines_scratch && m->texts[field].original.n)
		outlines_find(m->set->outlines, m->outlines_scratch, m->texts[field].original,
			outline_found, &f);
}

void match_forget_regexes(struct match_scratch *m)
{
	for (size_t i = 0; i < m->regex_count; i++) {
		m->regex_state[m->regexes[i]] = REGEX_UNASKED;
		m->regex_fields[m->regexes[i]] = 0;
	}
	m->regex_count = 0;
	if (m->regex_scratch)
		m->regex_spent = regex_scratch_spent(m->regex_scratch);
}

static uint64_t spent_in_post(const struct match_scratch *m)
{
	return regex_scratch_spent(m->regex_scratch) - m->regex_spent;
}

static uint64_t post_steps(const struct match_scratch *m)
{
	uint64_t n = 0;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		n += m->texts[i].original.n;
	return POST_STEPS + n * POST_STEPS_PER_BYTE;
}

static enum regex_state search_field(struct match_scratch *m, uint32_t id, enum post_field field)
{
	const struct regex *regex = m->set->rules->terms[id].regex;
	struct str text = m->texts[field].original;
	uint64_t before = regex_scratch_spent(m->regex_scratch), most = regex_search_steps(text.n);
	size_t from = 0, to = 0, found = 0;
	int result = 1;
	while (to < text.n && found < MATCH_MAX_HITS && result > 0) {
		bool dear = regex_scratch_spent(m->regex_scratch) - before > most;
		result = dear ? -1 : regex_find(regex, m->regex_scratch, text, to, &from, &to);
		if (result > 0) {
			match_add_span(m, id, field, (uint32_t)from, (uint32_t)to, WAY_REGEX);
			found++;
		}
	}
	if (result < 0) {
		m->errors.regex_limit_count++;
		regex_guard_limit_reached(m->guard, id);
	}
	return found ? REGEX_FOUND : result < 0 ? REGEX_IN_DOUBT : REGEX_NO;
}

/* Was it asked where the regex may match? */
static bool is_filtered(const struct match_scratch *m, uint32_t id)
{
	return m->set->waits_for_literal[id] || m->set->outlined[id];
}

/* REGEX_FOUND in one field decides; else a doubt in one is a doubt. */
static enum regex_state search_post(struct match_scratch *m, uint32_t id)
{
	const struct term *t = &m->set->rules->terms[id];
	unsigned fields = is_filtered(m, id) ? m->regex_fields[id] : ALL_FIELDS;
	enum regex_state state = REGEX_NO;
	if (!regex_guard_lets(m->guard, id) || spent_in_post(m) > post_steps(m)) {
		m->errors.regex_skipped_count++;
		return REGEX_IN_DOUBT;
	}
	if (t->only)
		fields &= t->only;
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		if (!(fields & 1U << i))
			continue;
		enum regex_state here = search_field(m, id, (enum post_field)i);
		state = here > state ? here : state;
	}
	return state;
}

bool match_regex_is(struct match_scratch *m, uint32_t id)
{
	uint8_t *state = &m->regex_state[id];
	if (*state == REGEX_UNASKED && is_filtered(m, id))
		return false;
	if (*state == REGEX_UNASKED)
		m->regexes[m->regex_count++] = id;
	if (*state == REGEX_UNASKED || *state == REGEX_POSSIBLE)
		*state = (uint8_t)search_post(m, id);
	return *state == REGEX_FOUND || (*state == REGEX_IN_DOUBT && m->doubt);
}

bool match_regex_in_doubt(const struct match_scratch *m, const struct expr *e)
{
	if (!m->regex_state)
		return false;
	if (e->kind == EXPR_TERM)
		return m->regex_state[e->term] == REGEX_IN_DOUBT;
	if (e->kind == EXPR_LIST) {
		size_t count;
		const uint32_t *regexes = ruleset_list_regexes(m->set, e->list, &count);
		for (size_t i = 0; i < count; i++) {
			if (m->regex_state[regexes[i]] == REGEX_IN_DOUBT)
				return true;
		}
	}
	for (size_t i = 0; i < e->child_count; i++) {
		if (match_regex_in_doubt(m, e->children[i]))
			return true;
	}
	return false;
}

const struct match_errors *match_scratch_errors(const struct match_scratch *scratch)
{
	return &scratch->errors;
}

void match_scratch_set_guard(struct match_scratch *scratch, struct regex_guard *guard)
{
	if (scratch->regex_scratch)
		scratch->guard = guard;
}

const struct regex_guard *match_scratch_guard(const struct match_scratch *scratch)
{
	return scratch->guard;
}
