#include "base/mem.h"
#include "rules/language/fields.h"
#include "rules/language/load.h"
#include "rules/text/stem.h"

int load_language(struct loader *l, const struct conf_node *rule, struct str language)
{
	const struct conf_node *node = conf_get(rule, "language");
	if (!node || !language.p)
		return -1;
	int number = stem_language(language);
	if (number >= 0)
		return number;
	struct buf known;
	buf_init(&known, 0);
	for (int i = 0; i < stem_language_count(); i++)
		buf_addf(&known, "%s%s", i ? ", " : "", stem_language_code(i));
	diag_error(l->diag, node->at, "no stems are known for this language: '%.*s'",
		STR_ARGS(language));
	diag_hint(l->diag, "there are %.*s", STR_ARGS(buf_str(&known)));
	buf_finish(&known);
	return -1;
}

/* By list: the languages of the rules that name it. */
struct list_languages {
	const struct rules *rules;
	uint32_t *of;
	bool *without; /* a rule that names none is among them */
};

/* Trees are as deep as their YAML or query, which have a ceiling, so recursion is safe. */
static void note_lists(struct list_languages *x, const struct rule *rule, const struct expr *e)
{
	if (e->kind == EXPR_LIST && rule->language >= 0)
		x->of[e->list] |= (uint32_t)1 << rule->language;
	if (e->kind == EXPR_LIST && rule->language < 0) {
		x->of[e->list] |= stem_default_languages();
		x->without[e->list] = true;
	}
	for (size_t i = 0; i < e->child_count; i++)
		note_lists(x, rule, e->children[i]);
}

/* Returns whether there is a stem: term among them, the first one in *at. */
static bool set_languages(
	struct rules *r, uint32_t first, uint32_t count, uint32_t languages, struct where *at)
{
	bool any = false;
	for (uint32_t i = first; i < first + count; i++) {
		struct term *t = &r->terms[i];
		if (t->kind != TERM_STEM)
			continue;
		t->languages = languages;
		if (!any)
			*at = t->at;
		any = true;
	}
	return any;
}

static void note_missing(struct loader *l, struct where at)
{
	diag_note(l->diag, at,
		"in posts without a known language, stem: takes words for French or English");
	diag_hint(
		l->diag, "say what they are in with 'language' in the rule, such as language: fr");
}

void load_stems(struct loader *l)
{
	struct rules *r = l->rules;
	struct where at;
	struct list_languages x = { r, mem_zero(r->list_count + 1, sizeof *x.of),
		mem_zero(r->list_count + 1, sizeof *x.without) };
	for (size_t i = 0; i < r->rule_count; i++) {
		const struct rule *rule = &r->rules[i];
		uint32_t languages = rule->language >= 0 ? (uint32_t)1 << rule->language : 0;
		note_lists(&x, rule, rule->root);
		if (set_languages(r, rule->first_term, rule->term_count, languages, &at) &&
			languages == 0)
			note_missing(l, at);
	}
	for (size_t i = 0; i < r->list_count; i++) {
		const struct term_list *list = &r->lists[i];
		if (set_languages(r, list->first_term, list->term_count, x.of[i], &at) &&
			x.without[i])
			note_missing(l, at);
	}
	mem_free(x.of);
	mem_free(x.without);
}
