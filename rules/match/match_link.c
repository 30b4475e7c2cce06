/* What stands in links, in the text and outside of it, and hashtags that the source lists: places
 * that the words of the text do not show. */
#include "rules/language/address.h"
#include "rules/match/matching.h"

/* A folded text in which links are looked for, and where it is from. */
struct place {
	struct match_scratch *match;
	const struct folded *folded;
	struct str original;
	enum post_field field;
	uint16_t item;
};

static struct str text_of(const struct place *p)
{
	return (struct str){ p->folded->p, p->folded->n };
}

/* Outside of the text one place is enough, and none is needed for what the text has. */
static void add(const struct place *p, uint32_t id, size_t from, size_t to)
{
	const struct term *t = &p->match->set->rules->terms[id];
	struct found found = { .term = id, .field = (uint8_t)p->field, .item = p->item };
	if (p->field >= FIELD_COUNT && p->match->first_of_term[id])
		return;
	folded_span(p->folded, from, to, &found.from, &found.to);
	bool same = fold_same_letters(str_slice(p->original, found.from, found.to), t->letters);
	if (t->exact && !same)
		return;
	found.way = same ? WAY_EXACT : WAY_FOLDED;
	match_add_found(p->match, found);
}

static void see_host(void *ctx, struct str host, size_t from, size_t to)
{
	const struct place *place = ctx;
	const struct words *words = &place->match->set->words;
	for (const struct posting *p = words_find_word(words, host); p; p = words_next(words, p)) {
		if (p->kind == POSTING_SITE)
			add(place, p->term, from, to);
	}
}

/* The word at `from` is the one that a url: term is looked up by: does the whole stand there? */
static void try_url(
	const struct place *place, const struct address *link, size_t word, const struct posting *p)
{
	struct str own = place->match->set->rules->terms[p->term].folded;
	if (p->kind != POSTING_URL || word < link->from + p->position)
		return;
	struct str whole = str_slice(text_of(place), 0, link->to);
	size_t from = word - p->position;
	if (!str_eq(str_slice(whole, from, from + own.n), own))
		return;
	struct str alone = str_slice(whole, link->from, link->to);
	if (address_parted(alone, from - link->from, from - link->from + own.n))
		add(place, p->term, from, from + own.n);
}

static void find_urls(const struct place *place, const struct address *link)
{
	const struct words *words = &place->match->set->words;
	struct str whole = str_slice(text_of(place), 0, link->to);
	for (size_t i = link->from; i < link->to;) {
		if (!fold_is_word(whole.p[i])) {
			i++;
			continue;
		}
		size_t end = address_word_end(whole, i);
		for (const struct posting *p = words_find_word(words, str_slice(whole, i, end)); p;
			p = words_next(words, p))
			try_url(place, link, i, p);
		i = end;
	}
}

static void find_in_link(struct place *place, const struct address *link)
{
	address_hosts(text_of(place), link, see_host, place);
	if (!link->poor)
		find_urls(place, link);
}

static void find_in_text(struct match_scratch *m, enum post_field field)
{
	const struct text *text = &m->texts[field];
	struct place place = { m, &text->folded, text->original, field, 0 };
	struct address link;
	for (size_t at = 0; address_next(text_of(&place), &at, &link);)
		find_in_link(&place, &link);
}

static void find_in_value(struct match_scratch *m, enum post_field field, size_t item)
{
	struct str value = post_value(m->post, field, item);
	struct place place = { m, &m->value, value, field, (uint16_t)item };
	folded_set(&m->value, value);
	struct address link = address_of_value(text_of(&place));
	find_in_link(&place, &link);
}

static void find_tag(struct match_scratch *m, size_t item)
{
	const struct words *words = &m->set->words;
	struct str value = post_value(m->post, FIELD_TAGS, item);
	struct place place = { m, &m->value, value, FIELD_TAGS, (uint16_t)item };
	folded_set(&m->value, value);
	struct str tag = str_trim(text_of(&place));
	if (tag.n == 0)
		return;
	size_t from = (size_t)(tag.p - m->value.p);
	for (const struct posting *p = words_find_word(words, tag); p; p = words_next(words, p)) {
		if (p->kind == POSTING_TAG)
			add(&place, p->term, from, from + tag.n);
	}
}

void match_find_links(struct match_scratch *m)
{
	for (size_t i = 0; i < FIELD_COUNT; i++)
		find_in_text(m, (enum post_field)i);
	if (m->post->url.n && !m->post->url_made)
		find_in_value(m, FIELD_URL, 0);
	for (size_t i = 0; i < m->post->links.count && i < UINT16_MAX; i++)
		find_in_value(m, FIELD_LINKS, i);
}

void match_find_tags(struct match_scratch *m)
{
	for (size_t i = 0; i < m->post->tags.count && i < UINT16_MAX; i++)
		find_tag(m, i);
}
