/* Which terms make others of the same rule useless (among alternatives) or impossible (where one
 * excludes the other). What is asked: does every post with term b have term a as well? Where that
 * is not certain the answer is no. */
#include "base/fold.h"
#include "base/mem.h"
#include "rules/advice/lint.h"
#include "rules/text/text.h"

enum cover {
	COVER_NO,
	COVER_BUT_JOINED, /* but for a phrase that is written as one word, in a hashtag */
	COVER_ALL,
};

struct covering {
	const struct rules *rules;
	struct diag *diag;
	struct map *list_terms; /* by list, once it was needed: its terms by key */
	bool *list_known;
	struct text text;
	struct buf key;
	struct arena arena; /* of the keys */
	const struct rule *rule; /* at hand */
	size_t left; /* notes about it that may still be made */
};

/* Alternatives, or what is excluded: terms of the rule, and lists. */
struct pool {
	struct map terms; /* by key */
	const struct term **wide; /* those that find more than one word */
	size_t wide_count, size;
	uint32_t *lists;
	size_t list_count;
};

/* --- keys: two terms of the same key mean the same --- */

/* Signs part words, whichever they are and how many; but an apostrophe may join them. */
static void add_words(struct buf *out, struct str folded)
{
	bool parted = false;
	size_t begin = out->n;
	for (size_t i = 0; i < folded.n; i++) {
		char ch = folded.p[i];
		bool part = !fold_is_word(ch) && ch != '\'';
		if (!part && parted && out->n > begin)
			buf_add_char(out, ' ');
		if (!part)
			buf_add_char(out, ch);
		parted = part;
	}
}

static struct str key_of(struct covering *c, enum term_kind kind, bool exact, struct str text)
{
	buf_clear(&c->key);
	buf_addf(&c->key, "%d %d ", (int)kind, exact);
	if (kind == TERM_WORDS && !exact)
		add_words(&c->key, text);
	else
		buf_add(&c->key, text);
	return buf_str(&c->key);
}

static struct str key_of_term(struct covering *c, const struct term *t)
{
	bool letters = t->exact || t->kind == TERM_REGEX || t->kind == TERM_SYMBOLS;
	(void)key_of(c, t->kind, t->exact, letters ? t->letters : t->folded);
	if (t->edits || t->gap || t->only || t->languages || t->flags[0])
		buf_addf(&c->key, " %d %d %d %lu %s", t->edits, t->gap, t->only,
			(unsigned long)t->languages, t->flags);
	return buf_str(&c->key);
}

static const struct map *terms_of_list(struct covering *c, uint32_t number)
{
	const struct term_list *list = &c->rules->lists[number];
	struct map *terms = &c->list_terms[number];
	for (size_t i = 0; !c->list_known[number] && i < list->term_count; i++) {
		struct term *t = &c->rules->terms[list->first_term + i];
		struct str key = key_of_term(c, t);
		if (!map_get(terms, key))
			(void)map_set(terms, arena_str(&c->arena, key), t);
	}
	c->list_known[number] = true;
	return terms;
}

/* A term of this key other than b, or NULL. */
static const struct term *find_key(
	struct covering *c, const struct pool *pool, const struct term *b, struct str key)
{
	const struct term *found = map_get(&pool->terms, key);
	found = found == b ? NULL : found;
	for (size_t i = 0; !found && i < pool->list_count; i++) {
		/* Reading a list uses the same buffer. */
		struct str kept = arena_str(&c->arena, key);
		found = map_get(terms_of_list(c, pool->lists[i]), kept);
		key = kept;
	}
	return found;
}

/* --- pools --- */

static void pool_finish(struct pool *pool)
{
	map_finish(&pool->terms);
	mem_free(pool->wide);
	mem_free(pool->lists);
}

/* Returns the term of the same meaning that is there already, or NULL. */
static const struct term *pool_add_term(struct covering *c, struct pool *pool, uint32_t id)
{
	struct term *t = &c->rules->terms[id];
	struct str key = key_of_term(c, t);
	const struct term *same = map_get(&pool->terms, key);
	if (same)
		return same;
	(void)map_set(&pool->terms, arena_str(&c->arena, key), t);
	if (t->kind == TERM_PREFIX || t->kind == TERM_SUFFIX || t->edits) {
		pool->wide = mem_resize(pool->wide, pool->wide_count + 1, sizeof *pool->wide);
		pool->wide[pool->wide_count++] = t;
	}
	return NULL;
}

static void pool_add_list(struct pool *pool, uint32_t list)
{
	pool->lists = mem_resize(pool->lists, pool->list_count + 1, sizeof *pool->lists);
	pool->lists[pool->list_count++] = list;
}

/* The leaves of e: itself, or its children if any of them will do. */
static void pool_add(struct covering *c, struct pool *pool, const struct expr *e)
{
	if (e->kind == EXPR_TERM)
		(void)pool_add_term(c, pool, e->term);
	else if (e->kind == EXPR_LIST)
		pool_add_list(pool, e->list);
	for (size_t i = 0; e->kind == EXPR_OR && i < e->child_count; i++)
		pool_add(c, pool, e->children[i]);
}

/* --- does a term of the pool find all that b finds? --- */

static bool wide_finds(const struct term *wide, struct str word)
{
	if (wide->exact || wide->only)
		return false;
	if (wide->edits)
		return str_eq(word, wide->folded);
	return wide->kind == TERM_PREFIX ? str_starts(word, wide->folded)
					 : str_ends(word, wide->folded);
}

static const struct term *find_word(
	struct covering *c, const struct pool *pool, const struct term *b, struct str word)
{
	const struct term *a = find_key(c, pool, b, key_of(c, TERM_WORDS, false, word));
	for (size_t i = 0; !a && i < pool->wide_count; i++)
		a = pool->wide[i] != b && wide_finds(pool->wide[i], word) ? pool->wide[i] : NULL;
	return a;
}

/* The words of a phrase, which an open word of the pool finds wherever they stand apart. */
static const struct term *find_in_phrase(
	struct covering *c, const struct pool *pool, const struct term *b)
{
	const struct term *a = NULL;
	text_set(&c->text, b->letters);
	for (size_t i = 0; !a && i < c->text.words.count; i++) {
		struct text_word w = c->text.words.items[i];
		if (!(w.flags & (WORD_SPACELESS | WORD_SHUT)))
			a = find_word(c, pool, b, text_word(&c->text, w));
	}
	return a;
}

static enum cover covers(
	struct covering *c, const struct pool *pool, const struct term *b, const struct term **by)
{
	*by = find_key(c, pool, b, key_of_term(c, b));
	if (*by)
		return COVER_ALL;
	if (b->edits || (b->kind != TERM_WORDS && b->kind != TERM_TAG && b->kind != TERM_PREFIX))
		return COVER_NO;
	if (b->kind == TERM_PREFIX) { /* sola* finds all of solai* */
		for (size_t i = 0; i < pool->wide_count; i++) {
			const struct term *wide = pool->wide[i];
			*by = wide;
			if (wide != b && wide->kind == TERM_PREFIX && wide_finds(wide, b->folded))
				return COVER_ALL;
		}
		return COVER_NO;
	}
	*by = find_word(c, pool, b, b->folded);
	if (*by)
		return COVER_ALL;
	text_set(&c->text, b->letters);
	if (b->kind == TERM_TAG || c->text.words.count < 2)
		return COVER_NO;
	*by = find_in_phrase(c, pool, b);
	return *by ? COVER_BUT_JOINED : COVER_NO;
}

/* --- what is said --- */

static bool may_note(struct covering *c)
{
	if (c->left == 0)
		return false;
	c->left--;
	return true;
}

/* "'a' at line 4", "'a' of list:x". */
static struct str shown(struct covering *c, const struct term *a)
{
	if (a->listed)
		return arena_format(&c->arena, "'%.*s' of list:%.*s", STR_ARGS(a->written),
			STR_ARGS(c->rules->lists[a->owner].name));
	return arena_format(
		&c->arena, "'%.*s' at line %lu", STR_ARGS(a->written), (unsigned long)a->at.line);
}

static void note_twice(struct covering *c, const struct term *b, const struct term *a)
{
	if (may_note(c))
		diag_note(c->diag, b->at, "'%.*s' is there already: it means the same as %.*s",
			STR_ARGS(b->written), STR_ARGS(shown(c, a)));
}

static void note_covered(struct covering *c, const struct pool *pool, const struct term *b)
{
	const struct term *a;
	enum cover cover = covers(c, pool, b, &a);
	if (cover == COVER_NO || !may_note(c))
		return;
	if (cover == COVER_ALL)
		diag_note(c->diag, b->at, "'%.*s' adds nothing: %.*s finds all of it",
			STR_ARGS(b->written), STR_ARGS(shown(c, a)));
	else
		diag_note(c->diag, b->at,
			"'%.*s' adds only hashtags without capitals: %.*s finds the rest",
			STR_ARGS(b->written), STR_ARGS(shown(c, a)));
}

enum { LIST_TERMS_ASKED = 10000 /* of a list in a rule: for a note that is enough */ };

/* Terms of a list that the rule's own terms make useless there; the list may have other rules. */
static void note_covered_list(struct covering *c, const struct pool *own, const struct expr *e)
{
	const struct term_list *list = &c->rules->lists[e->list];
	const struct term *covered = NULL, *by = NULL, *a;
	size_t count = 0;
	bool joined = false;
	for (size_t i = 0; i < list->term_count && i < LIST_TERMS_ASKED; i++) {
		const struct term *b = &c->rules->terms[list->first_term + i];
		if (map_get(&own->terms, key_of_term(c, b)))
			continue; /* is noted at the rule's own term */
		enum cover cover = covers(c, own, b, &a);
		if (cover == COVER_NO)
			continue;
		count++;
		joined = joined || cover == COVER_BUT_JOINED;
		covered = covered ? covered : b;
		by = by ? by : a;
	}
	if (count == 0 || !may_note(c))
		return;
	diag_note(c->diag, e->at, "%zu of the %zu terms of list:%.*s %s %s here", count,
		(size_t)list->term_count, STR_ARGS(list->name), count == 1 ? "adds" : "add",
		joined ? "at most hashtags without capitals" : "nothing");
	diag_hint(c->diag, "'%.*s', for one: %.*s finds it", STR_ARGS(covered->written),
		STR_ARGS(shown(c, by)));
}

static void note_covered_lists(struct covering *c, const struct expr *e)
{
	struct pool own = { 0 };
	for (size_t i = 0; i < e->child_count; i++) {
		if (e->children[i]->kind == EXPR_TERM)
			(void)pool_add_term(c, &own, e->children[i]->term);
	}
	for (size_t i = 0; own.terms.count > 0 && i < e->child_count; i++) {
		if (e->children[i]->kind == EXPR_LIST)
			note_covered_list(c, &own, e->children[i]);
	}
	pool_finish(&own);
}

/* Alternatives: each once, and none that another one finds too. */
static void lint_alternatives(struct covering *c, const struct expr *e)
{
	struct pool pool = { 0 };
	bool *twice = mem_zero(e->child_count + 1, sizeof *twice);
	for (size_t i = 0; i < e->child_count; i++) {
		const struct expr *child = e->children[i];
		const struct term *same = NULL;
		if (child->kind == EXPR_TERM)
			same = pool_add_term(c, &pool, child->term);
		else if (child->kind == EXPR_LIST)
			pool_add_list(&pool, child->list);
		twice[i] = same != NULL;
		if (same)
			note_twice(c, &c->rules->terms[child->term], same);
	}
	for (size_t i = 0; i < e->child_count; i++) {
		const struct expr *child = e->children[i];
		if (child->kind == EXPR_TERM && !twice[i])
			note_covered(c, &pool, &c->rules->terms[child->term]);
	}
	mem_free(twice);
	pool_finish(&pool);
}

static bool has_list(const struct pool *pool, uint32_t list)
{
	for (size_t i = 0; i < pool->list_count; i++) {
		if (pool->lists[i] == list)
			return true;
	}
	return false;
}

/* Can this part of a conjunction be there, with what is excluded? Notes those that cannot. */
static bool is_possible(struct covering *c, const struct pool *excluded, const struct expr *e)
{
	const struct term *a;
	if (e->kind == EXPR_LIST)
		return !has_list(excluded, e->list);
	if (e->kind == EXPR_TERM) {
		const struct term *b = &c->rules->terms[e->term];
		enum cover cover = covers(c, excluded, b, &a);
		if (cover == COVER_ALL && may_note(c))
			diag_note(c->diag, b->at, "'%.*s' is of no use here: %.*s excludes it",
				STR_ARGS(b->written), STR_ARGS(shown(c, a)));
		else if (cover == COVER_BUT_JOINED && may_note(c))
			diag_note(c->diag, b->at,
				"'%.*s' counts only as a hashtag: %.*s excludes the rest",
				STR_ARGS(b->written), STR_ARGS(shown(c, a)));
		return cover != COVER_ALL;
	}
	if (e->kind != EXPR_OR || e->child_count == 0)
		return true;
	bool possible = false;
	for (size_t i = 0; i < e->child_count; i++)
		possible = is_possible(c, excluded, e->children[i]) || possible;
	return possible;
}

static void lint_conjunction(struct covering *c, const struct expr *e)
{
	struct pool excluded = { 0 };
	bool possible = true;
	for (size_t i = 0; i < e->child_count; i++) {
		if (e->children[i]->kind == EXPR_NOT)
			pool_add(c, &excluded, e->children[i]->children[0]);
	}
	for (size_t i = 0; i < e->child_count; i++) {
		if (e->children[i]->kind != EXPR_NOT)
			possible = is_possible(c, &excluded, e->children[i]) && possible;
	}
	if (!possible)
		diag_warning(c->diag, c->rule->at,
			"the rule '%.*s' can never match: it excludes what it needs",
			STR_ARGS(c->rule->name));
	pool_finish(&excluded);
}

/* Trees are as deep as their YAML or query, which have a ceiling, so recursion is safe. */
static void lint_tree(struct covering *c, const struct expr *e)
{
	if (e->kind == EXPR_OR) {
		lint_alternatives(c, e);
		note_covered_lists(c, e);
	} else if (e->kind == EXPR_AND) {
		lint_conjunction(c, e);
	}
	for (size_t i = 0; i < e->child_count; i++)
		lint_tree(c, e->children[i]);
}

/* --- lists --- */

static void lint_list(struct covering *c, uint32_t number)
{
	const struct term_list *list = &c->rules->lists[number];
	size_t repeated = list->term_count - terms_of_list(c, number)->count;
	if (repeated)
		diag_note(c->diag, list->at, "the list '%.*s' says %zu term%s more than once",
			STR_ARGS(list->name), repeated, repeated == 1 ? "" : "s");
}

void lint_cover(const struct rules *rules, struct diag *diag)
{
	struct covering c = { .rules = rules, .diag = diag };
	c.list_terms = mem_zero(rules->list_count + 1, sizeof *c.list_terms);
	c.list_known = mem_zero(rules->list_count + 1, sizeof *c.list_known);
	text_init(&c.text);
	buf_init(&c.key, 0);
	arena_init(&c.arena, 0); /* our own data only */
	for (uint32_t i = 0; i < rules->list_count; i++)
		lint_list(&c, i);
	for (size_t i = 0; i < rules->rule_count; i++) {
		c.rule = &rules->rules[i];
		c.left = LINT_MAX_NOTES;
		lint_tree(&c, c.rule->root);
	}
	for (size_t i = 0; i < rules->list_count; i++)
		map_finish(&c.list_terms[i]);
	mem_free(c.list_terms);
	mem_free(c.list_known);
	text_finish(&c.text);
	buf_finish(&c.key);
	arena_finish(&c.arena);
}
