/* From rules as written to what matching needs: one word of each term in a table, and the smallest
 * set of words and literals of which every match must contain one. */
#include "rules/compile/compiled.h"

#include <string.h>

#include "base/fold_table.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "rules/compile/compile_alike.h"
#include "rules/compile/compile_outlines.h"
#include "rules/compile/compile_waits.h"
#include "rules/compile/wake_words.h"
#include "rules/language/address.h"
#include "rules/language/term_alike.h"

/* What one builds with: gone after ruleset_create. */
struct compiler {
	struct ruleset *set;
	struct rules *rules;
	struct text text;
	struct str_list *term_literals; /* by term: of a regex; NULL if no term is one */
	struct buf joined;
	struct wake_words wake_words;
};

static void add_wake(struct compiler *c, struct str folded)
{
	wake_words_add(&c->wake_words, wake_piece(folded));
}

/* A rule's own word counts beside the second that the rule needs; a list's may be in many rules. */
static void add_word_wake(struct compiler *c, const struct term *term)
{
	uint32_t second = term->listed ? 0 : c->set->rule_second[term->owner];
	if (second && term_is_plain_word(term))
		wake_words_add_with(
			&c->wake_words, term->folded, c->rules->terms[second - 1].folded);
	else
		add_wake(c, term->folded);
}

/* --- one term --- */

static struct posting posting(
	const struct compiler *c, uint32_t id, size_t position, enum posting_kind kind)
{
	return (struct posting){ .term = id,
		.position = (uint16_t)position,
		.kind = (uint8_t)kind,
		.waits = c->set->waits[id] };
}

static void add_without_apostrophes(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		char folded[FOLD_MAX_EXPANSION];
		size_t n = utf8_read(s, i, &c);
		n = n ? n : 1;
		if (fold_code_point(c, folded) != 1 || folded[0] != '\'')
			buf_add(out, str_slice(s, i, i + n));
		i += n;
	}
}

/* All words of a phrase, run together without apostrophes: how a hashtag spells it. */
static struct str join(struct compiler *c, const struct phrase *phrase, bool letters)
{
	buf_clear(&c->joined);
	for (size_t i = 0; i < phrase->count; i++)
		add_without_apostrophes(
			&c->joined, letters ? phrase->words[i].letters : phrase->words[i].word);
	return arena_str(&c->set->arena, buf_str(&c->joined));
}

/* The part of the term's own letters that a word came from. */
static struct str letters_of(const struct compiler *c, const struct term *term, struct text_word w)
{
	uint32_t from, to;
	folded_span(&c->text.folded, w.from, w.to, &from, &to);
	return str_slice(term->letters, from, to);
}

static size_t anchor_of(struct compiler *c, const struct text_words *words)
{
	size_t best = 0, best_rarity = 0;
	for (size_t i = 0; i < words->count; i++) {
		struct text_word w = words->items[i];
		size_t r = word_rarity(text_word(&c->text, w), w.flags & WORD_SPACELESS);
		if (r > best_rarity) {
			best = i;
			best_rarity = r;
		}
	}
	return best;
}

static struct phrase *keep_phrase(struct compiler *c, uint32_t id)
{
	struct ruleset *set = c->set;
	const struct text_words *words = &c->text.words;
	struct phrase *phrase = arena_new(&set->arena, struct phrase);
	phrase->count = words->count;
	phrase->words = arena_array(&set->arena, struct phrase_word, words->count);
	for (size_t i = 0; i < words->count; i++) {
		struct text_word w = words->items[i];
		phrase->words[i] = (struct phrase_word){
			.word = arena_str(&set->arena, text_word(&c->text, w)),
			.letters = letters_of(c, &c->rules->terms[id], w),
			.glued = i > 0 && w.flags & WORD_GLUED && w.flags & WORD_SPACELESS &&
				words->items[i - 1].flags & WORD_SPACELESS,
		};
	}
	phrase->joined_letters = join(c, phrase, true);
	if (!set->phrase_of)
		set->phrase_of = mem_zero(c->rules->term_count, sizeof *set->phrase_of);
	set->phrase_of[id] = phrase;
	return phrase;
}

static void add_words_term(struct compiler *c, uint32_t id)
{
	struct ruleset *set = c->set;
	const struct term *term = &c->rules->terms[id];
	text_set(&c->text, term->letters);
	const struct text_words *words = &c->text.words;
	if (words->count == 0)
		return; /* term_parse makes such a term TERM_SYMBOLS */
	struct str first = text_word(&c->text, words->items[0]);
	if (words->count == 1 && str_eq(first, term->folded) &&
		str_find_char(first, '\'') == SIZE_MAX) {
		words_add(&set->words, term->folded, posting(c, id, 0, POSTING_WORD));
		if (set->waits[id])
			add_word_wake(c, term);
		return;
	}
	size_t anchor = anchor_of(c, words);
	const struct phrase *phrase = keep_phrase(c, id);
	struct str joined = join(c, phrase, false);
	if (phrase->count == 1 || term->gap) {
		words_add(&set->words, phrase->words[anchor].word,
			posting(c, id, anchor, POSTING_WORD));
	} else {
		const struct phrase_word *pair = phrase->words + anchor - (anchor > 0);
		words_add_pair(&set->words, pair[0].word, pair[1].word,
			posting(c, id, (size_t)(pair - phrase->words), POSTING_PAIR));
	}
	if (!str_eq(joined, phrase->words[0].word))
		words_add(&set->words, joined, posting(c, id, 0, POSTING_JOINED));
	if (c->set->waits[id]) {
		if (term->gap)
			add_wake(c, phrase->words[anchor].word);
		else
			wake_words_add_phrase(&c->wake_words, phrase, anchor);
		add_wake(c, joined);
	}
}

static void add_entity_term(struct compiler *c, uint32_t id, enum posting_kind kind)
{
	struct str body = c->rules->terms[id].folded;
	words_add(&c->set->words, body, posting(c, id, 0, kind));
	/* The first label of name.example.social is the one that tells it apart. */
	size_t dot = kind == POSTING_HANDLE ? str_find_char(body, '.') : SIZE_MAX;
	if (c->set->waits[id])
		add_wake(c, str_slice(body, 0, dot));
}

static void add_link_term(struct compiler *c, uint32_t id)
{
	struct ruleset *set = c->set;
	struct str own = c->rules->terms[id].folded;
	if (c->rules->terms[id].kind == TERM_SITE) {
		words_add(&set->words, own, posting(c, id, 0, POSTING_SITE));
		own = address_host_label(own);
	} else {
		struct str word = address_anchor(own);
		words_add(&set->words, word, posting(c, id, (size_t)(word.p - own.p), POSTING_URL));
	}
	set->finds_links = true;
	if (!c->set->waits[id])
		return;
	set->waits_for_links = true;
	add_wake(c, own);
	if (c->rules->terms[id].kind == TERM_SITE)
		add_wake(c, ADDRESS_ENCODED);
}

static void add_tag_term(struct compiler *c, uint32_t id)
{
	struct ruleset *set = c->set;
	bool listed = c->rules->terms[id].only == 0; /* also in the list of hashtags */
	add_entity_term(c, id, POSTING_TAG);
	set->finds_tags = set->finds_tags || listed;
	set->waits_for_tags = set->waits_for_tags || (listed && c->set->waits[id]);
}

static void add_term(struct compiler *c, uint32_t id)
{
	if (term_is_alike(&c->rules->terms[id]))
		return; /* compile_alike.c */
	switch (c->rules->terms[id].kind) {
	case TERM_WORDS:
		add_words_term(c, id);
		break;
	case TERM_TAG:
		add_tag_term(c, id);
		break;
	case TERM_SITE:
	case TERM_URL:
		add_link_term(c, id);
		break;
	case TERM_HANDLE:
		add_entity_term(c, id, POSTING_HANDLE);
		break;
	case TERM_CASHTAG:
		add_entity_term(c, id, POSTING_CASHTAG);
		break;
	case TERM_SYMBOLS:
		c->set->symbol_terms = mem_resize(
			c->set->symbol_terms, c->set->symbol_count + 1, sizeof(uint32_t));
		c->set->symbol_terms[c->set->symbol_count++] = id;
		break;
	case TERM_REGEX:
	case TERM_PREFIX:
	case TERM_SUFFIX:
	case TERM_STEM:
		break;
	}
}

/* --- lists --- */

/* Calls see(ctx, list) for each list that an expression names. */
static void each_list(const struct expr *e,
	void (*see)(struct compiler *c, uint32_t list, uint32_t rule), struct compiler *c,
	uint32_t rule)
{
	if (e->kind == EXPR_LIST)
		see(c, e->list, rule);
	for (size_t i = 0; i < e->child_count; i++)
		each_list(e->children[i], see, c, rule);
}

static void count_use(struct compiler *c, uint32_t list, uint32_t rule)
{
	(void)rule;
	c->set->list_first[list + 1]++;
}

static void note_use(struct compiler *c, uint32_t list, uint32_t rule)
{
	c->set->list_rules[c->set->list_first[list]++] = rule;
}

/* Which rules name a list: counted, then filled, in one array. */
static void link_lists(struct compiler *c)
{
	struct ruleset *set = c->set;
	size_t n = c->rules->list_count;
	set->list_first = mem_zero(n + 2, sizeof *set->list_first);
	for (uint32_t i = 0; i < c->rules->rule_count; i++)
		each_list(c->rules->rules[i].root, count_use, c, i);
	for (size_t i = 0; i < n; i++)
		set->list_first[i + 1] += set->list_first[i];
	set->list_rules = mem_zero(set->list_first[n] + 1, sizeof *set->list_rules);
	for (uint32_t i = 0; i < c->rules->rule_count; i++)
		each_list(c->rules->rules[i].root, note_use, c, i);
	/* Filling moved each first to the next one's; move them back. */
	memmove(set->list_first + 1, set->list_first, n * sizeof *set->list_first);
	set->list_first[0] = 0;
}

/* --- regexes --- */

static void find_literals(struct compiler *c)
{
	for (size_t i = 0; i < c->rules->term_count; i++) {
		const struct term *t = &c->rules->terms[i];
		if (t->kind != TERM_REGEX)
			continue;
		if (!c->term_literals) {
			size_t n = c->rules->term_count;
			c->term_literals = mem_zero(n, sizeof *c->term_literals);
			c->set->waits_for_literal = mem_zero(n, sizeof *c->set->waits_for_literal);
		}
		c->set->regex_terms = mem_resize(c->set->regex_terms, c->set->regex_term_count + 1,
			sizeof *c->set->regex_terms);
		c->set->regex_terms[c->set->regex_term_count++] = (uint32_t)i;
		if (!regex_literals(
			    t->letters, str_of(t->flags), &c->set->arena, &c->term_literals[i]))
			c->term_literals[i] = (struct str_list){ 0 };
	}
}

/* The scan sees spaceless characters only in pairs, so literals that hold some wait for those. */
static void wake_spaceless(struct compiler *c, struct str_list literals)
{
	for (size_t i = 0; i < literals.count; i++) {
		struct str s = literals.items[i];
		size_t from = 0, pair = SIZE_MAX;
		while (from < s.n) {
			uint32_t code_point;
			size_t n = utf8_read(s, from, &code_point);
			bool spaceless = fold_entry(code_point)->class & FOLD_SPACELESS;
			if (spaceless)
				add_wake(c, str_slice(s, pair == SIZE_MAX ? from : pair, from + n));
			if (spaceless && pair != SIZE_MAX)
				break;
			pair = spaceless ? from : SIZE_MAX;
			from += n;
		}
	}
}

static void add_needs(struct compiler *c)
{
	struct ruleset *set = c->set;
	size_t n = c->rules->term_count;
	if (!c->term_literals)
		return;
	struct need_list *needs = mem_zero(n, sizeof *needs);
	for (size_t i = 0; i < n; i++) {
		const struct term *t = &c->rules->terms[i];
		if (c->term_literals[i].count == 0 ||
			!regex_needs(t->letters, str_of(t->flags), &set->arena, &needs[i]))
			continue;
		set->waits_for_literal[i] = true;
		for (size_t j = 0; j < needs[i].count; j++) {
			const struct need *need = &needs[i].items[j];
			for (size_t k = 0; k < need->group_count; k++)
				wake_spaceless(c, need->groups[k]);
		}
	}
	set->needs = needs_create(needs, n);
	mem_free(needs);
}

/* --- the whole --- */

/* Those last that a rule waits for, so that they stand first among the postings of a word. */
static void add_terms(struct compiler *c)
{
	for (int waits = 0; waits < 2; waits++) {
		for (size_t i = 0; i < c->rules->term_count; i++) {
			if (c->set->waits[i] == waits)
				add_term(c, (uint32_t)i);
		}
	}
}

struct ruleset *ruleset_create(struct rules *rules)
{
	struct ruleset *set = mem_zero(1, sizeof *set);
	struct compiler c = { .set = set, .rules = rules };
	set->rules = rules;
	arena_init(&set->arena, 0);
	words_init(&set->words);
	text_init(&c.text);
	buf_init(&c.joined, 0);
	find_literals(&c);
	compile_outlines(set, c.term_literals);
	compile_waits(set, c.term_literals);
	add_terms(&c);
	words_ready(&set->words);
	add_needs(&c);
	set->alike = compiled_alike_create(rules, set->waits);
	link_lists(&c);
	wake_words_fill(&c.wake_words, &set->wake);
	text_finish(&c.text);
	buf_finish(&c.joined);
	mem_free(c.term_literals);
	wake_words_finish(&c.wake_words);
	return set;
}

void ruleset_destroy(struct ruleset *set)
{
	if (!set)
		return;
	wake_finish(&set->wake);
	words_finish(&set->words);
	needs_destroy(set->needs);
	outlines_destroy(set->outlines);
	mem_free(set->outline_terms);
	mem_free(set->outlined);
	compiled_alike_destroy(set->alike);
	mem_free(set->phrase_of);
	mem_free(set->regex_terms);
	mem_free(set->waits_for_literal);
	mem_free(set->list_rules);
	mem_free(set->list_first);
	mem_free(set->symbol_terms);
	mem_free(set->waits);
	mem_free(set->rule_second);
	mem_free(set->second_hash);
	mem_free(set->rule_any_term);
	mem_free(set->rule_always);
	mem_free(set->always);
	arena_finish(&set->arena);
	rules_destroy(set->rules);
	mem_free(set);
}

/* The first regex whose number is `term` or more, in regex_terms. */
static size_t first_regex(const struct ruleset *set, uint32_t term)
{
	size_t low = 0, high = set->regex_term_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (set->regex_terms[middle] < term)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const uint32_t *ruleset_list_regexes(const struct ruleset *set, uint32_t list, size_t *count)
{
	const struct term_list *l = &set->rules->lists[list];
	size_t first = first_regex(set, l->first_term);
	*count = first_regex(set, l->first_term + l->term_count) - first;
	return *count ? set->regex_terms + first : NULL;
}

const struct rules *ruleset_rules(const struct ruleset *set)
{
	return set->rules;
}

struct ruleset_costs ruleset_costs(const struct ruleset *set)
{
	size_t alike_count = set->alike ? set->alike->wake_count : 0;
	size_t literal_count = set->needs ? needs_literal_count(set->needs) : 0;
	return (struct ruleset_costs){ set->wake.count, alike_count, literal_count,
		set->always_count + set->outline_rule_count };
}

bool ruleset_rule_is_always(const struct ruleset *set, size_t rule)
{
	return set->rule_always[rule];
}
