#include "tests/rules/reference.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "rules/language/term_alike.h"
#include "rules/text/text.h"
#include "tests/rules/reference_near.h"
#include "tests/rules/reference_steps.h"

static void add_step(struct steps *s, struct step step)
{
	if (s->count == s->size) {
		s->size = s->size ? s->size * 2 : 64;
		s->items = mem_resize(s->items, s->size, sizeof *s->items);
	}
	s->items[s->count++] = step;
}

static void add_word(struct words *w, size_t from, size_t to)
{
	if (from == to)
		return;
	if (w->count == w->size) {
		w->size = w->size ? w->size * 2 : 64;
		w->items = mem_resize(w->items, w->size, sizeof *w->items);
	}
	w->items[w->count++] = (struct word){ from, to };
}

static void add_code_point(struct steps *s, uint32_t code_point, size_t from, size_t to)
{
	char bytes[FOLD_MAX_EXPANSION];
	struct str folded = { bytes, fold_code_point(code_point, bytes) };
	if (folded.n == 0 && s->count)
		s->items[s->count - 1].to = to;
	for (size_t i = 0; i < folded.n;) {
		uint32_t c;
		struct step *last = s->count ? &s->items[s->count - 1] : NULL;
		bool first = i == 0;
		i += utf8_read(folded, i, &c);
		uint32_t whole = last ? fold_compose(last->c, c) : 0;
		if (whole) {
			last->c = whole;
			last->to = to;
		} else {
			add_step(s,
				(struct step){ .c = c,
					.from = from,
					.to = to,
					.first = first,
					.source = code_point,
					.source_class = fold_class(code_point) });
		}
	}
}

struct steps steps_of(struct str text)
{
	struct steps s = { .text = text };
	for (size_t i = 0; i < text.n;) {
		uint32_t c;
		size_t n = utf8_read(text, i, &c);
		n = n ? n : 1;
		add_code_point(&s, c, i, i + n);
		i += n;
	}
	return s;
}

static bool in_handle(const struct steps *s, size_t i)
{
	return is_tight(s, i) && s->items[i].region != LINK;
}

/* Where the handle that begins with the "@" at i ends; i + 1 if there is none. */
size_t handle_end(const struct steps *s, size_t i)
{
	bool host = false;
	size_t end = i + 1;
	for (; end < s->count; end++) {
		bool inner = one_of(at(s, end), ".-@") && end > i + 1 && in_handle(s, end - 1) &&
			in_handle(s, end + 1) && !(at(s, end) == '@' && host);
		if (!inner && !in_handle(s, end))
			break;
		host = host || at(s, end) == '@';
	}
	return end;
}

/* Where the name in @name@example.org ends; without a second "@", the handle. */
size_t name_end(const struct steps *s, size_t i)
{
	size_t end = handle_end(s, i), host = i + 1;
	while (host < end && at(s, host) != '@')
		host++;
	return host;
}

static bool may_begin_handle(const struct steps *s, size_t i)
{
	if (at(s, i) != '@' || s->items[i].region != PLAIN || s->items[i].bare)
		return false;
	if (i >= 2 && begins(s, i - 2, "rt@") && !(i > 2 && is_tight(s, i - 3)))
		return true;
	return i == 0 || (!is_tight(s, i - 1) && !one_of(at(s, i - 1), "!#$%&*@"));
}

void mark_handles(struct steps *s)
{
	for (size_t i = 0; i < s->count; i++) {
		size_t end = may_begin_handle(s, i) ? handle_end(s, i) : i;
		if (end > i + 1 && at(s, end) != '@')
			mark(s, i, end, HANDLE);
	}
}

/* No two handles touch. */
bool begins_handle(const struct steps *s, size_t i)
{
	return s->items[i].region == HANDLE && (i == 0 || s->items[i - 1].region != HANDLE);
}

static bool elides(const struct steps *s, size_t apostrophe)
{
	static const char *const elisions[] = { "j", "n", "m", "t", "s", "c", "aujourd" };
	size_t from = apostrophe;
	while (from > 0 && is_tight(s, from - 1) && s->items[from - 1].region == PLAIN)
		from--;
	for (size_t k = 0; k < sizeof elisions / sizeof *elisions; k++) {
		if (apostrophe - from == strlen(elisions[k]) && begins(s, from, elisions[k]))
			return true;
	}
	return false;
}

static bool in_word(const struct steps *s, size_t i)
{
	return i < s->count && is_tight(s, i) && s->items[i].region == PLAIN;
}

static bool joins(const struct steps *s, size_t i)
{
	return at(s, i) == '\'' && i > 0 && in_word(s, i - 1) && in_word(s, i + 1) && elides(s, i);
}

struct words words_of(const struct steps *s)
{
	struct words w = { 0 };
	for (size_t i = 0; i < s->count; i++) {
		size_t from = i;
		if (s->items[i].region != PLAIN || !is_word(s, i))
			continue;
		if (!is_spaceless(s, i)) {
			while (in_word(s, i) || joins(s, i))
				i++;
			i--;
		}
		add_word(&w, from, i + 1);
	}
	return w;
}

/* Where the body ends that follows the "#" at i. */
size_t tag_end(const struct steps *s, size_t i)
{
	size_t end = i + 1;
	while (end < s->count && s->items[end].region == PLAIN &&
		(is_word(s, end) || (end > i + 1 && text_is_tag_mark(s->items[end].source))))
		end++;
	return end;
}

/* The same without the marks at its end. */
size_t tag_end_unmarked(const struct steps *s, size_t i)
{
	size_t end = tag_end(s, i);
	while (end > i + 1 && !is_word(s, end - 1))
		end--;
	return end;
}

bool begins_tag(const struct steps *s, size_t i)
{
	if (at(s, i) != '#' || s->items[i].region != PLAIN || s->items[i].bare ||
		(i > 0 && (is_word(s, i - 1) || at(s, i - 1) == '&')))
		return false;
	for (size_t k = i + 1; k < tag_end(s, i); k++) {
		if (is_word(s, k) && text_is_letter(at(s, k)))
			return true;
	}
	return false;
}

static bool has_class(const struct steps *s, size_t i, unsigned class)
{
	return s->items[i].source_class & class;
}

/* Is a hashtag whose body is `body` cut before step i, which is not its first? */
static bool is_seam(const struct steps *s, struct word body, size_t i)
{
	if (at(s, i) == '_' || at(s, i - 1) == '_' || is_spaceless(s, i) || is_spaceless(s, i - 1))
		return true;
	if (!s->items[i].first || !has_class(s, i, FOLD_UPPER))
		return false;
	if (!has_class(s, i - 1, FOLD_UPPER))
		return true;
	size_t next = i + 1;
	while (next < body.to && !s->items[next].first)
		next++;
	return has_class(s, i - 1, FOLD_UPPER) && next < body.to && has_class(s, next, FOLD_LOWER);
}

struct words parts_of(const struct steps *s, struct word body)
{
	struct words parts = { 0 };
	size_t from = body.from;
	for (size_t i = body.from + 1; i <= body.to; i++) {
		if (i < body.to && !is_seam(s, body, i))
			continue;
		if (at(s, from) != '_')
			add_word(&parts, from, i);
		from = i;
	}
	return parts;
}

static struct str original(const struct steps *s, struct word w)
{
	return str_slice(s->text, s->items[w.from].from, s->items[w.to - 1].to);
}

static bool same_word(
	const struct steps *a, struct word x, const struct steps *b, struct word y, bool exact)
{
	if (x.to - x.from != y.to - y.from)
		return false;
	for (size_t i = 0; i < x.to - x.from; i++) {
		if (at(a, x.from + i) != at(b, y.from + i))
			return false;
	}
	return !exact || fold_same_letters(original(a, x), original(b, y));
}

/* What a term is made of, read as a text without links and handles. */
struct pattern {
	const struct term *term;
	struct steps steps;
	struct words words;
	struct reference_spans *spans; /* NULL: the first find is enough */
};

static struct pattern pattern_of(const struct term *term, struct reference_spans *spans)
{
	struct pattern p = { .term = term, .steps = steps_of(term->letters), .spans = spans };
	p.words = words_of(&p.steps);
	return p;
}

void steps_finish(struct steps *s)
{
	mem_free(s->items);
}

static void pattern_finish(struct pattern *p)
{
	steps_finish(&p->steps);
	mem_free(p->words.items);
}

/* Is one find enough? If not, it is noted. */
static bool found_at(const struct pattern *p, const struct steps *s, size_t from, size_t to)
{
	if (p->spans)
		reference_add_span(p->spans, s->items[from].from, s->items[to - 1].to);
	return !p->spans;
}

/* May word k + 1 of the term follow word k when it is found after `before` and at `after`? */
static bool follows(const struct pattern *p, size_t k, const struct steps *s, struct word before,
	struct word after, bool parts)
{
	const struct word *own = &p->words.items[k];
	bool glued = own[0].to == own[1].from && is_spaceless(&p->steps, own[0].from) &&
		is_spaceless(&p->steps, own[1].from);
	if (glued)
		return before.to == after.from;
	for (size_t i = before.to; i < after.from && !parts; i++) {
		if (is_word(s, i) || s->items[i].region != PLAIN)
			return false;
	}
	return true;
}

static bool phrase_in(
	const struct pattern *p, const struct steps *s, const struct words *words, bool parts)
{
	size_t n = p->words.count;
	for (size_t i = 0; n > 0 && i + n <= words->count; i++) {
		const struct word *here = &words->items[i];
		size_t k = 0;
		while (k < n &&
			same_word(&p->steps, p->words.items[k], s, here[k], p->term->exact) &&
			(k == 0 || follows(p, k - 1, s, here[k - 1], here[k], parts)))
			k++;
		if (k == n && found_at(p, s, here[0].from, here[n - 1].to))
			return true;
	}
	return false;
}

/* The steps of a term's words one after the other, without apostrophes, as a person writes a
 * hashtag. letters takes what they were in the term. */
static struct steps joined(const struct pattern *p, struct buf *letters)
{
	struct steps all = { 0 };
	for (size_t k = 0; k < p->words.count; k++) {
		struct word w = p->words.items[k];
		for (size_t from = w.from, i = w.from; i <= w.to; i++) {
			bool end = i == w.to || at(&p->steps, i) == '\'';
			if (end && i > from)
				buf_add(letters, original(&p->steps, (struct word){ from, i }));
			if (end)
				from = i + 1;
			else
				add_step(&all, p->steps.items[i]);
		}
	}
	return all;
}

static bool joined_is(const struct pattern *p, const struct steps *s, struct word body)
{
	struct buf letters;
	buf_init(&letters, 0);
	struct steps all = joined(p, &letters);
	bool same = all.count > 0 && same_word(&all, (struct word){ 0, all.count }, s, body, false);
	same = same && (!p->term->exact || fold_same_letters(buf_str(&letters), original(s, body)));
	steps_finish(&all);
	buf_finish(&letters);
	return same && found_at(p, s, body.from, body.to);
}

static bool words_in_run(const struct pattern *p, const struct steps *s, struct word run)
{
	struct words parts = parts_of(s, run);
	bool found = phrase_in(p, s, &parts, true);
	mem_free(parts.items);
	return found;
}

static bool words_in_tag(const struct pattern *p, const struct steps *s, size_t i)
{
	size_t end = tag_end(s, i), from = i + 1;
	bool found = joined_is(p, s, (struct word){ i + 1, end }) ||
		joined_is(p, s, (struct word){ i + 1, tag_end_unmarked(s, i) });
	for (size_t to = from; to <= end && !found && !p->term->gap; to++) {
		if (to < end && is_word(s, to))
			continue;
		found = to > from && words_in_run(p, s, (struct word){ from, to });
		from = to + 1;
	}
	return found;
}

static bool find_words(const struct pattern *p, const struct steps *s)
{
	struct words words = words_of(s);
	bool found = !p->term->gap && phrase_in(p, s, &words, false);
	for (size_t i = 0; i < s->count && !found; i++) {
		if (begins_tag(s, i))
			found = words_in_tag(p, s, i);
		else if (begins_handle(s, i) && p->words.count > 1)
			found = joined_is(p, s, (struct word){ i + 1, handle_end(s, i) }) ||
				joined_is(p, s, (struct word){ i + 1, name_end(s, i) });
	}
	mem_free(words.items);
	return found;
}

static struct word whole(const struct pattern *p)
{
	return (struct word){ 0, p->steps.count };
}

static bool body_is(const struct pattern *p, const struct steps *s, size_t from, size_t to)
{
	return same_word(&p->steps, whole(p), s, (struct word){ from, to }, p->term->exact) &&
		found_at(p, s, from, to);
}

static bool find_tag(const struct pattern *p, const struct steps *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (begins_tag(s, i) &&
			(body_is(p, s, i + 1, tag_end(s, i)) ||
				body_is(p, s, i + 1, tag_end_unmarked(s, i))))
			return true;
	}
	return false;
}

static bool handle_is(const struct pattern *p, const struct steps *s, size_t i)
{
	return body_is(p, s, i + 1, handle_end(s, i)) || body_is(p, s, i + 1, name_end(s, i));
}

static bool find_handle(const struct pattern *p, const struct steps *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (begins_handle(s, i) && handle_is(p, s, i))
			return true;
	}
	return false;
}

/* Where the body ends that follows the "$" at i. */
static size_t cashtag_end(const struct steps *s, size_t i)
{
	size_t end = i + 1, letters = 0;
	while (in_word(s, end))
		end++;
	while (at(s, end) == '.' && s->items[end].region == PLAIN &&
		in_word(s, end + 1 + letters) && at(s, end + 1 + letters) >= 'a' &&
		at(s, end + 1 + letters) <= 'z')
		letters++;
	bool share = (letters == 1 || letters == 2) && !in_word(s, end + 1 + letters);
	return share ? end + 1 + letters : end;
}

static bool find_cashtag(const struct pattern *p, const struct steps *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (at(s, i) != '$' || s->items[i].region != PLAIN || s->items[i].bare ||
			(i > 0 && is_tight(s, i - 1)))
			continue;
		if (body_is(p, s, i + 1, cashtag_end(s, i)))
			return true;
	}
	return false;
}

static bool find_kind(const struct pattern *p, const struct steps *s)
{
	switch (p->term->kind) {
	case TERM_WORDS:
		return find_words(p, s);
	case TERM_TAG:
		return find_tag(p, s);
	case TERM_HANDLE:
		return find_handle(p, s);
	case TERM_CASHTAG:
		return find_cashtag(p, s);
	default:
		assert(false);
		return false;
	}
}

struct seeing {
	const struct steps *steps;
	void (*see)(void *ctx, const struct reference_letter *letters, size_t count);
	void *ctx;
};

static void see_word(const struct seeing *x, struct word w)
{
	size_t count = w.to - w.from;
	struct reference_letter *letters = mem_zero(count, sizeof *letters);
	bool spaceless = false;
	for (size_t i = 0; i < count; i++) {
		const struct step *step = &x->steps->items[w.from + i];
		letters[i] = (struct reference_letter){ step->c, step->from, step->to };
		spaceless = spaceless || is_spaceless(x->steps, w.from + i);
	}
	if (!spaceless)
		x->see(x->ctx, letters, count);
	mem_free(letters);
}

static void see_words(const struct seeing *x, struct words words)
{
	for (size_t i = 0; i < words.count; i++)
		see_word(x, words.items[i]);
	mem_free(words.items);
}

void reference_words(struct str text,
	void (*see)(void *ctx, const struct reference_letter *letters, size_t count), void *ctx)
{
	struct steps s = steps_of(text);
	struct seeing x = { &s, see, ctx };
	mark_links(&s);
	mark_handles(&s);
	see_words(&x, words_of(&s));
	for (size_t i = 0; i < s.count; i++) {
		struct word body = { i + 1, tag_end(&s, i) };
		if (!begins_tag(&s, i))
			continue;
		see_word(&x, body);
		for (size_t from = body.from, to = from; to <= body.to; to++) {
			if (to < body.to && is_word(&s, to))
				continue;
			if (to > from)
				see_words(&x, parts_of(&s, (struct word){ from, to }));
			from = to + 1;
		}
	}
	steps_finish(&s);
}

static int find_marked(
	const struct term *term, const struct steps *s, struct regex_scratch *scratch)
{
	size_t from, to;
	if (term->kind == TERM_REGEX)
		return regex_find(term->regex, scratch, s->text, 0, &from, &to);
	if (term_is_alike(term))
		return reference_alike(term, s->text, (struct str_list){ 0 });
	if (term->kind == TERM_SYMBOLS)
		return str_find(s->text, term->letters) != SIZE_MAX;
	struct pattern p = pattern_of(term, NULL);
	bool found = find_kind(&p, s) || (term->gap && reference_gap(term, s->text, NULL));
	pattern_finish(&p);
	return found;
}

static struct steps marked_steps_of(struct str text)
{
	struct steps s = steps_of(text);
	mark_links(&s);
	mark_handles(&s);
	return s;
}

int reference_term(const struct term *term, struct str text, struct regex_scratch *scratch)
{
	struct steps s = marked_steps_of(text);
	int found = find_marked(term, &s, scratch);
	steps_finish(&s);
	return found;
}

void reference_terms(const struct term *terms, size_t count, const bool *asked, struct str text,
	struct regex_scratch *scratch, bool *found)
{
	struct steps s = marked_steps_of(text);
	for (size_t i = 0; i < count; i++)
		found[i] = found[i] || (asked[i] && find_marked(&terms[i], &s, scratch) == 1);
	steps_finish(&s);
}

void reference_spans(const struct term *term, struct str text, struct reference_spans *spans)
{
	struct steps s = steps_of(text);
	struct pattern p = pattern_of(term, spans);
	mark_links(&s);
	mark_handles(&s);
	(void)find_kind(&p, &s); /* never enough */
	if (term->gap)
		(void)reference_gap(term, text, spans);
	pattern_finish(&p);
	steps_finish(&s);
}

bool reference_has_entity(struct str text, enum term_kind kind)
{
	struct steps s = steps_of(text);
	bool found = false;
	mark_links(&s);
	mark_handles(&s);
	for (size_t i = 0; i < s.count && !found; i++)
		found = kind == TERM_TAG ? begins_tag(&s, i) : begins_handle(&s, i);
	steps_finish(&s);
	return found;
}
