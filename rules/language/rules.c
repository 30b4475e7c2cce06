#include "rules/language/rules.h"

#include <string.h>

#include "base/mem.h"
#include "rules/language/fields.h"
#include "rules/language/load.h"
#include "rules/regex/regex.h"

struct where load_place(struct loader *l, struct where at)
{
	if (at.file && at.file != l->file) {
		l->file = at.file;
		l->file_copy = arena_text(&l->rules->arena, str_of(at.file));
	}
	if (at.file)
		at.file = l->file_copy;
	return at;
}

struct term *load_new_term(struct loader *l, struct where at)
{
	struct rules *r = l->rules;
	if (r->term_count == RULES_MAX_TERMS) {
		diag_error(l->diag, at, "too many terms: at most %d", RULES_MAX_TERMS);
		return NULL;
	}
	if (r->term_count == r->term_size) {
		r->term_size = r->term_size ? r->term_size * 2 : 64;
		r->terms = mem_resize(r->terms, r->term_size, sizeof *r->terms);
	}
	struct term *term = &r->terms[r->term_count++];
	*term = (struct term){ 0 };
	return term;
}

void load_drop_term(struct loader *l)
{
	struct rules *r = l->rules;
	regex_destroy(r->terms[--r->term_count].regex);
}

void load_expected(struct loader *l, const struct conf_node *node, const char *what)
{
	static const char *const kinds[] = { "nothing", "a text", "a list", "a map" };
	diag_error(l->diag, node->at, "expected %s, not %s", what, kinds[node->kind]);
}

void load_hint_name(struct loader *l, struct str name, const struct map *known)
{
	struct str *names = mem_zero(known->count, sizeof *names);
	size_t count = 0, at = 0;
	for (const struct map_slot *slot; (slot = map_next(known, &at));)
		names[count++] = slot->key;
	struct str nearest = diag_nearest(name, names, count);
	if (nearest.p)
		diag_hint(l->diag, "did you mean '%.*s'?", STR_ARGS(nearest));
	mem_free(names);
}

void load_refuse_later(
	struct loader *l, const struct conf_node *map, const struct conf_field *fields)
{
	if (map->kind != CONF_MAP)
		return;
	for (size_t i = 0; i < map->count; i++) {
		for (const struct conf_field *f = fields; f->key; f++) {
			if (f->help == RULES_NOT_YET && str_eq(map->keys[i].text, str_of(f->key)))
				diag_error(
					l->diag, map->keys[i].at, "%s: %s", RULES_NOT_YET, f->key);
		}
	}
}

static struct rules *create(void)
{
	struct rules *r = mem_zero(1, sizeof *r);
	arena_init(&r->arena, 0);
	return r;
}

static void note_unused_lists(struct loader *l)
{
	for (size_t i = 0; i < l->rules->list_count; i++) {
		const struct term_list *list = &l->rules->lists[i];
		if (!list->used)
			diag_note(l->diag, list->at, "no rule uses the list '%.*s'",
				STR_ARGS(list->name));
	}
}

static void mark_negative_lists(struct loader *l)
{
	for (size_t i = 0; i < l->rules->list_count; i++) {
		const struct term_list *list = &l->rules->lists[i];
		for (size_t t = 0; list->used && !l->positive[i] && t < list->term_count; t++)
			l->rules->terms[list->first_term + t].negative = true;
	}
}

struct rules *rules_load(
	const struct conf_node *root, const struct str_list *known_targets, struct diag *diag)
{
	struct loader l = { .rules = create(), .known_targets = known_targets, .diag = diag };
	const struct conf_node *rules = conf_get(root, "rules");
	if (root->kind != CONF_MAP && root->kind != CONF_NULL)
		load_expected(&l, root, "a map with the keys lists, rules and tests");
	load_lists(&l, conf_get(root, "lists"));
	load_rules(&l, rules);
	load_tests(&l, conf_get(root, "tests"), rules);
	load_stems(&l);
	mark_negative_lists(&l);
	note_unused_lists(&l);
	mem_free(l.positive);
	return l.rules;
}

struct rules *rules_of_list(const char *path, struct str name, struct diag *diag)
{
	struct loader l = { .rules = create(), .diag = diag };
	struct rules *r = l.rules;
	struct where at = { .file = arena_text(&r->arena, str_of(path)) };
	struct expr *root = arena_new(&r->arena, struct expr);
	*root = (struct expr){ .kind = EXPR_LIST, .at = at };
	r->lists = arena_new(&r->arena, struct term_list);
	r->rules = arena_new(&r->arena, struct rule);
	r->list_count = r->rule_count = 1;
	name = arena_str(&r->arena, name);
	*r->lists = (struct term_list){ .name = name, .at = at, .used = true };
	*r->rules = (struct rule){
		.name = name, .at = at, .severity = SEVERITY_NORMAL, .language = -1, .root = root
	};
	(void)map_set(&r->list_by_name, name, r->lists);
	(void)map_set(&r->rule_by_name, name, r->rules);
	load_list_file(&l, r->lists, at.file, at);
	return r;
}

void rules_destroy(struct rules *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->term_count; i++)
		regex_destroy(r->terms[i].regex);
	mem_free(r->terms);
	map_finish(&r->rule_by_name);
	map_finish(&r->list_by_name);
	arena_finish(&r->arena);
	mem_free(r);
}
