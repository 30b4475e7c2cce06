#include "tests/rules/reference_near.h"

#include "base/mem.h"
#include "rules/language/term_alike.h"
#include "tests/rules/reference_steps.h"

void reference_add_span(struct reference_spans *s, size_t from, size_t to)
{
	if (s->count == s->size) {
		s->size = s->size ? s->size * 2 : 16;
		s->items = mem_resize(s->items, s->size, sizeof *s->items);
	}
	s->items[s->count++] = (struct reference_span){ from, to };
}

static void spans_finish(struct reference_spans *s)
{
	mem_free(s->items);
	*s = (struct reference_spans){ 0 };
}

/* --- counted words --- */

static bool parts_links(uint32_t c)
{
	return c <= ' ' || one_of(c, "<>\"{}|\\^`\x7f");
}

/* Behind the counted word in a link that begins at step i. */
static size_t link_end(const struct steps *s, size_t i)
{
	size_t end = i;
	for (; i < s->count && !parts_links(at(s, i)); i++) {
		if (is_word(s, i) && s->items[i].region != LINK)
			break;
		end = is_word(s, i) ? i + 1 : end;
	}
	return end;
}

static struct reference_spans counted_words(struct str text)
{
	struct reference_spans units = { 0 };
	struct steps s = steps_of(text);
	mark_links(&s);
	mark_handles(&s);
	struct words words = words_of(&s);
	for (size_t i = 0, w = 0; i < s.count;) {
		size_t end = i;
		while (w < words.count && words.items[w].from < i)
			w++;
		if (begins_handle(&s, i))
			end = handle_end(&s, i);
		else if (w < words.count && words.items[w].from == i)
			end = words.items[w].to;
		else if (is_word(&s, i) && s.items[i].region == LINK)
			end = link_end(&s, i);
		size_t from = begins_handle(&s, i) ? i + 1 : i;
		if (end > i)
			reference_add_span(&units, s.items[from].from, s.items[end - 1].to);
		i = end > i ? end : i + 1;
	}
	mem_free(words.items);
	steps_finish(&s);
	return units;
}

static size_t between(
	const struct reference_spans *units, struct reference_span a, struct reference_span b)
{
	size_t count = 0;
	for (size_t i = 0; i < units->count; i++)
		count += units->items[i].from >= a.to && units->items[i].to <= b.from;
	return count;
}

static size_t touched(const struct reference_spans *units, size_t from, size_t to)
{
	size_t count = 0;
	for (size_t i = 0; i < units->count; i++)
		count += units->items[i].from < to && units->items[i].to > from;
	return count;
}

/* --- phrases with a gap --- */

struct part {
	struct term term;
	struct reference_spans places;
	size_t wanted;
};

/* The words of the phrase as terms of their own. Returns how many words there are. */
static size_t parts_of_phrase(const struct term *term, struct part *parts, size_t *count)
{
	struct steps s = steps_of(term->letters);
	struct words words = words_of(&s);
	*count = 0;
	for (size_t i = 0; i < words.count;) {
		size_t last = i;
		while (last + 1 < words.count &&
			words.items[last].to == words.items[last + 1].from &&
			is_spaceless(&s, words.items[last].from) &&
			is_spaceless(&s, words.items[last + 1].from))
			last++;
		size_t from = s.items[words.items[i].from].from;
		struct str letters = str_slice(
			term->letters, from, s.items[words.items[last].to - 1].to);
		parts[*count] = (struct part){
			.term = { .kind = TERM_WORDS, .exact = term->exact, .letters = letters },
			.wanted = 1
		};
		++*count;
		i = last + 1;
	}
	size_t n = words.count;
	mem_free(words.items);
	steps_finish(&s);
	return n;
}

static bool same_part(const struct part *a, const struct part *b)
{
	struct buf x, y;
	buf_init(&x, 0);
	buf_init(&y, 0);
	fold_add(&x, a->term.letters);
	fold_add(&y, b->term.letters);
	bool same = str_eq(buf_str(&x), buf_str(&y));
	buf_finish(&x);
	buf_finish(&y);
	return same && (!a->term.exact || fold_same_letters(a->term.letters, b->term.letters));
}

static void sort_spans(struct reference_spans *s)
{
	size_t kept = 0;
	for (size_t i = 0; i < s->count; i++) {
		for (size_t k = i + 1; k < s->count; k++) {
			struct reference_span a = s->items[i], b = s->items[k];
			if (b.from < a.from || (b.from == a.from && b.to < a.to)) {
				s->items[i] = b;
				s->items[k] = a;
			}
		}
		bool again = kept && s->items[kept - 1].from == s->items[i].from &&
			s->items[kept - 1].to == s->items[i].to;
		if (!again)
			s->items[kept++] = s->items[i];
	}
	s->count = kept;
}

/* Where the stretch ends that begins at a byte or behind it, 0 if there is none; *begin: with its
 * first place. */
static size_t stretch(const struct part *parts, size_t count, size_t at_or_behind, size_t *begin)
{
	size_t end = 0;
	*begin = SIZE_MAX;
	for (size_t i = 0; i < count; i++) {
		size_t seen = 0;
		for (size_t k = 0; k < parts[i].places.count && seen < parts[i].wanted; k++) {
			struct reference_span place = parts[i].places.items[k];
			if (place.from < at_or_behind)
				continue;
			seen++;
			*begin = place.from < *begin ? place.from : *begin;
			end = place.to > end ? place.to : end;
		}
		if (seen < parts[i].wanted)
			return 0;
	}
	return end;
}

static bool has_apostrophe(struct str letters)
{
	struct buf folded;
	buf_init(&folded, 0);
	fold_add(&folded, letters);
	bool has = str_find_char(buf_str(&folded), '\'') != SIZE_MAX;
	buf_finish(&folded);
	return has;
}

static void find_parts(struct part *parts, size_t count, struct str text)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (parts[k].wanted && same_part(&parts[k], &parts[i])) {
				parts[k].wanted++;
				parts[i].wanted = 0;
				break;
			}
		}
	}
	for (size_t i = 0; i < count; i++) {
		struct reference_spans *places = &parts[i].places;
		reference_spans(&parts[i].term, text, places);
		/* #aujourdhui is no word of a phrase. */
		for (size_t k = 0; has_apostrophe(parts[i].term.letters) && k < places->count;) {
			struct reference_span p = places->items[k];
			if (has_apostrophe(str_slice(text, p.from, p.to)))
				k++;
			else
				places->items[k] = places->items[--places->count];
		}
		sort_spans(places);
	}
}

bool reference_gap(const struct term *term, struct str text, struct reference_spans *spans)
{
	struct part *parts = mem_zero(term->letters.n + 1, sizeof *parts);
	struct reference_spans units = counted_words(text);
	size_t count, begin, end, from = 0;
	size_t most = parts_of_phrase(term, parts, &count) + term->gap;
	bool found = false;
	find_parts(parts, count, text);
	while ((end = stretch(parts, count, from, &begin)) > 0) {
		bool short_enough = touched(&units, begin, end) <= most;
		if (short_enough && spans)
			reference_add_span(spans, begin, end);
		found = found || short_enough;
		from = short_enough ? end : begin + 1;
	}
	for (size_t i = 0; i < count; i++)
		spans_finish(&parts[i].places);
	mem_free(parts);
	spans_finish(&units);
	return found;
}

/* --- NEAR --- */

struct looking {
	const struct rules *rules;
	struct str text;
	struct str_list langs;
	enum post_field field;
	struct regex_scratch *scratch;
	struct reference_spans units;
	int doubt;
};

static void add_term(struct looking *x, const struct term *term, struct reference_spans *spans)
{
	size_t from = 0, to = 0, step;
	if (term->only && !(term->only >> x->field & 1))
		return;
	if (term_is_alike(term)) {
		(void)reference_alike_spans(term, x->text, x->langs, spans);
	} else if (term->kind == TERM_SITE || term->kind == TERM_URL) {
		reference_address_spans(term, x->text, spans);
	} else if (term->kind == TERM_REGEX) {
		int answer = 1;
		while (to <= x->text.n &&
			(answer = regex_find(term->regex, x->scratch, x->text, to, &from, &to)) ==
				1)
			reference_add_span(spans, from, to);
		x->doubt = answer < 0 ? answer : x->doubt;
	} else if (term->kind == TERM_SYMBOLS) {
		while ((step = str_find(str_slice(x->text, to, x->text.n), term->letters)) !=
			SIZE_MAX) {
			from = to + step;
			to = from + term->letters.n;
			reference_add_span(spans, from, to);
		}
	} else {
		reference_spans(term, x->text, spans);
	}
}

static bool is_near(
	struct looking *x, const struct expr *e, struct reference_span a, struct reference_span b)
{
	return a.to <= b.from && between(&x->units, a, b) <= e->distance;
}

static void add_pairs(struct looking *x, const struct expr *e, const struct reference_spans *first,
	const struct reference_spans *second, struct reference_spans *out)
{
	for (size_t i = 0; i < first->count; i++) {
		struct reference_span a = first->items[i], best = { SIZE_MAX, SIZE_MAX };
		for (size_t k = 0; k < second->count; k++) {
			struct reference_span b = second->items[k];
			if (b.from >= a.to &&
				(b.from < best.from || (b.from == best.from && b.to < best.to)))
				best = b;
		}
		if (best.to != SIZE_MAX && is_near(x, e, a, best))
			reference_add_span(out, a.from, best.to);
	}
	for (size_t i = 0; i < second->count; i++) {
		struct reference_span b = second->items[i], best = { 0, 0 };
		for (size_t k = 0; k < first->count; k++) {
			struct reference_span a = first->items[k];
			if (a.to <= b.from &&
				(a.to > best.to || (a.to == best.to && a.from > best.from)))
				best = a;
		}
		if (best.to > 0 && is_near(x, e, best, b))
			reference_add_span(out, best.from, b.to);
	}
}

static struct reference_spans places_of(struct looking *x, const struct expr *e)
{
	struct reference_spans spans = { 0 };
	if (e->kind == EXPR_TERM)
		add_term(x, &x->rules->terms[e->term], &spans);
	for (uint32_t i = 0; e->kind == EXPR_LIST && i < x->rules->lists[e->list].term_count; i++)
		add_term(x, &x->rules->terms[x->rules->lists[e->list].first_term + i], &spans);
	for (size_t i = 0; e->kind == EXPR_OR && i < e->child_count; i++) {
		struct reference_spans child = places_of(x, e->children[i]);
		for (size_t k = 0; k < child.count; k++)
			reference_add_span(&spans, child.items[k].from, child.items[k].to);
		spans_finish(&child);
	}
	if (e->kind == EXPR_NEAR) {
		struct reference_spans left = places_of(x, e->children[0]);
		struct reference_spans right = places_of(x, e->children[1]);
		add_pairs(x, e, &left, &right, &spans);
		if (!e->ordered)
			add_pairs(x, e, &right, &left, &spans);
		spans_finish(&left);
		spans_finish(&right);
	}
	return spans;
}

/* Each place of one side with each of the other. */
static bool any_pair(struct looking *x, const struct expr *e)
{
	struct reference_spans left = places_of(x, e->children[0]);
	struct reference_spans right = places_of(x, e->children[1]);
	bool found = false;
	for (size_t i = 0; i < left.count; i++) {
		for (size_t k = 0; k < right.count; k++) {
			struct reference_span a = left.items[i], b = right.items[k];
			found = found || is_near(x, e, a, b) ||
				(!e->ordered && is_near(x, e, b, a));
		}
	}
	spans_finish(&left);
	spans_finish(&right);
	return found;
}

int reference_near(const struct rules *rules, const struct expr *e, const struct post *post,
	struct regex_scratch *scratch)
{
	int result = 0;
	for (enum post_field f = 0; f < FIELD_COUNT && result != 1; f++) {
		struct looking x = { .rules = rules,
			.text = post_field(post, f),
			.langs = post->langs,
			.field = f,
			.scratch = scratch };
		if (!x.text.p)
			continue;
		x.units = counted_words(x.text);
		int here = any_pair(&x, e) ? 1 : x.doubt;
		result = here ? here : result;
		spans_finish(&x.units);
	}
	return result;
}
