#include "sources/feed/feed_build.h"

#include <assert.h>
#include <string.h>

#include "sources/feed/feed_date.h"
#include "sources/feed/feed_find.h"
#include "sources/feed/feed_url.h"

static struct feed_draft *draft_of(struct feed_builder *b)
{
	return b->entry ? &b->of_entry : &b->of_feed;
}

void feed_build_begin(struct feed_builder *b, struct arena *arena, struct feed *feed)
{
	*b = (struct feed_builder){ .arena = arena, .feed = feed };
	*feed = (struct feed){ 0 };
}

struct str feed_build_value(struct feed_builder *b, struct str raw, enum feed_text kind)
{
	return feed_text(raw, kind, true, FEED_MAX_VALUE_BYTES, b->arena, &b->feed->cut);
}

/* ---- entries ---- */

bool feed_build_open_entry(struct feed_builder *b)
{
	struct feed *feed = b->feed;
	assert(!b->entry);
	if (feed->entry_count == b->entry_room) {
		const size_t room = b->entry_room ? 2 * b->entry_room : 32;
		struct feed_entry *entries = feed->entry_count < FEED_MAX_ENTRIES
			? arena_array(b->arena, struct feed_entry, room)
			: NULL;
		if (!entries) {
			feed->cut = true;
			return false;
		}
		if (feed->entry_count)
			memcpy(entries, feed->entries, feed->entry_count * sizeof *entries);
		feed->entries = entries;
		b->entry_room = room;
	}
	if (feed->entry_count == FEED_MAX_ENTRIES) {
		feed->cut = true;
		return false;
	}
	b->entry = &feed->entries[feed->entry_count];
	*b->entry = (struct feed_entry){ 0 };
	b->of_entry = (struct feed_draft){ 0 };
	return true;
}

static void *copy_items(struct feed_builder *b, const void *items, size_t count, size_t bytes)
{
	if (count == 0)
		return NULL;
	void *copy = arena_zero(b->arena, count, bytes);
	if (copy)
		memcpy(copy, items, count * bytes);
	else
		b->feed->cut = true;
	return copy;
}

static struct feed_people copy_people(struct feed_builder *b, const struct feed_draft *d)
{
	struct feed_person *items = copy_items(
		b, d->authors, d->author_count, sizeof d->authors[0]);
	return (struct feed_people){ items, items ? d->author_count : 0 };
}

static struct str_list copy_tags(struct feed_builder *b, const struct feed_draft *d)
{
	struct str *items = copy_items(b, d->tags, d->tag_count, sizeof d->tags[0]);
	return (struct str_list){ items, items ? d->tag_count : 0 };
}

static struct feed_links copy_links(
	struct feed_builder *b, const struct feed_link *links, size_t count)
{
	struct feed_link *items = copy_items(b, links, count, sizeof *links);
	return (struct feed_links){ items, items ? count : 0 };
}

void feed_build_close_entry(struct feed_builder *b)
{
	const struct feed_draft *d = &b->of_entry;
	struct feed_entry *entry = b->entry;
	entry->authors = copy_people(b, d);
	entry->tags = copy_tags(b, d);
	entry->enclosures = copy_links(b, d->enclosures, d->enclosure_count);
	entry->links = copy_links(b, d->links, d->link_count);
	b->feed->entry_count++;
	b->entry = NULL;
}

void feed_build_end(struct feed_builder *b)
{
	struct feed *feed = b->feed;
	if (b->entry)
		feed_build_close_entry(b);
	feed->authors = copy_people(b, &b->of_feed);
	feed->tags = copy_tags(b, &b->of_feed);
	for (size_t i = 0; i < feed->entry_count; i++) {
		struct feed_entry *entry = &feed->entries[i];
		if (!entry->lang.p)
			entry->lang = feed->lang;
		/* An RSS feed's editor is not who writes. */
		if (!entry->authors.count && (feed->form == FEED_ATOM || feed->form == FEED_JSON))
			entry->authors = feed->authors;
	}
}

/* ---- texts ---- */

void feed_build_title(struct feed_builder *b, struct str raw, enum feed_text kind, bool weak)
{
	struct str *title = b->entry ? &b->entry->title : &b->feed->title;
	struct feed_draft *d = draft_of(b);
	if (title->p && (weak || !d->weak_title))
		return;
	const struct str text = feed_text(
		raw, kind, true, FEED_MAX_TEXT_BYTES, b->arena, &b->feed->cut);
	if (!text.p)
		return;
	*title = text;
	d->weak_title = weak;
}

static struct str long_text(struct feed_builder *b, struct str raw, enum feed_text kind)
{
	return feed_text(raw, kind, false, FEED_MAX_TEXT_BYTES, b->arena, &b->feed->cut);
}

static bool on_link(void *ctx, struct str url)
{
	struct feed_builder *b = ctx;
	const struct feed_link link = { .url = url, .bytes = -1 };
	if (feed_url_is_http(url))
		feed_build_other_link(b, &link);
	return b->of_entry.link_count < FEED_MAX_ITEMS;
}

/* What an entry's text links to. */
static void take_links(struct feed_builder *b, struct str raw, enum feed_text kind)
{
	if (b->entry && (kind == FEED_TEXT_HTML || kind == FEED_TEXT_GUESS))
		feed_find_links(raw, on_link, b);
}

void feed_build_summary(struct feed_builder *b, struct str raw, enum feed_text kind, bool weak)
{
	struct str *summary = b->entry ? &b->entry->summary : &b->feed->summary;
	struct feed_draft *d = draft_of(b);
	if (summary->p && weak)
		return;
	const struct str text = long_text(b, raw, kind);
	if (!text.p)
		return;
	take_links(b, raw, kind);
	if (!summary->p || d->weak_summary) {
		*summary = text;
		d->weak_summary = weak;
	} else if (b->entry && !b->entry->content.p) {
		/* An item with a description and a summary. */
		b->entry->content = text;
	}
}

void feed_build_content(struct feed_builder *b, struct str raw, enum feed_text kind)
{
	if (!b->entry || b->entry->content.p)
		return;
	b->entry->content = long_text(b, raw, kind);
	take_links(b, raw, kind);
}

void feed_build_id(struct feed_builder *b, struct str raw)
{
	struct str *id = b->entry ? &b->entry->id : &b->feed->id;
	if (!id->p)
		*id = feed_build_value(b, raw, FEED_TEXT_PLAIN);
}

void feed_build_lang(struct feed_builder *b, struct str raw)
{
	struct str *lang = b->entry ? &b->entry->lang : &b->feed->lang;
	const struct str value = feed_build_value(b, raw, FEED_TEXT_PLAIN);
	if (value.p)
		*lang = value;
}

void feed_build_tag(struct feed_builder *b, struct str raw)
{
	struct feed_draft *d = draft_of(b);
	const struct str tag = feed_build_value(b, raw, FEED_TEXT_GUESS);
	for (size_t i = 0; i < d->tag_count; i++)
		if (str_eq(d->tags[i], tag))
			return;
	if (tag.p && d->tag_count < FEED_MAX_ITEMS)
		d->tags[d->tag_count++] = tag;
	else if (tag.p)
		b->feed->cut = true;
}

void feed_build_tags(struct feed_builder *b, struct str raw)
{
	struct str piece;
	while (str_next(&raw, ',', &piece))
		feed_build_tag(b, piece);
}

/* ---- links ---- */

void feed_build_link(struct feed_builder *b, struct str url, enum feed_link_rank rank)
{
	struct feed_draft *d = draft_of(b);
	if (rank <= d->link_rank)
		return;
	const struct str value = feed_build_value(b, url, FEED_TEXT_PLAIN);
	if (!value.p)
		return;
	*(b->entry ? &b->entry->link : &b->feed->link) = value;
	d->link_rank = rank;
}

static void add_link(struct feed_builder *b, struct feed_link *links, size_t *count,
	const struct feed_link *link)
{
	const struct str url = feed_build_value(b, link->url, FEED_TEXT_PLAIN);
	if (!url.p)
		return;
	for (size_t i = 0; i < *count; i++)
		if (str_eq(links[i].url, url))
			return;
	if (*count == FEED_MAX_ITEMS) {
		b->feed->cut = true;
		return;
	}
	links[(*count)++] = (struct feed_link){
		.url = url,
		.rel = feed_build_value(b, link->rel, FEED_TEXT_PLAIN),
		.type = feed_build_value(b, link->type, FEED_TEXT_PLAIN),
		.bytes = link->bytes,
	};
}

void feed_build_other_link(struct feed_builder *b, const struct feed_link *link)
{
	struct feed_draft *d = draft_of(b);
	add_link(b, d->links, &d->link_count, link);
}

void feed_build_enclosure(struct feed_builder *b, const struct feed_link *link)
{
	struct feed_draft *d = draft_of(b);
	add_link(b, d->enclosures, &d->enclosure_count, link);
}

/* ---- dates ---- */

void feed_build_published(struct feed_builder *b, struct str raw, bool weak)
{
	struct feed_draft *d = draft_of(b);
	int64_t *published = b->entry ? &b->entry->published_us : NULL, us;
	if (!published) {
		if (!b->feed->updated_us)
			feed_build_updated(b, raw);
		return;
	}
	if ((*published && (weak || !d->weak_published)) || !feed_date_parse(raw, &us))
		return;
	*published = us;
	d->weak_published = weak;
}

void feed_build_updated(struct feed_builder *b, struct str raw)
{
	int64_t us;
	if (feed_date_parse(raw, &us))
		*(b->entry ? &b->entry->updated_us : &b->feed->updated_us) = us;
}

/* ---- people ---- */

static bool is_email(struct str s)
{
	const size_t at = str_find_char(s, '@');
	return at != SIZE_MAX && at > 0 && at + 1 < s.n && str_find_char(s, ' ') == SIZE_MAX;
}

/* Splits "one (two)" or "one <two>"; false if it is neither. */
static bool split(struct str s, char open, char close, struct str *one, struct str *two)
{
	const size_t at = str_find_char(s, open);
	if (at == SIZE_MAX || s.p[s.n - 1] != close)
		return false;
	*one = str_trim(str_slice(s, 0, at));
	*two = str_trim(str_slice(s, at + 1, s.n - 1));
	return true;
}

static struct str unquote(struct str s)
{
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		return str_slice(s, 1, s.n - 1);
	return s;
}

static struct str without_scheme(struct str s)
{
	return str_starts(s, STR("mailto:")) ? str_slice(s, 7, s.n) : s;
}

static struct feed_person read_person(struct str s)
{
	struct str one, two;
	if (split(s, '(', ')', &one, &two) || split(s, '<', '>', &one, &two)) {
		one = without_scheme(one);
		two = without_scheme(two);
		if (is_email(one))
			return (struct feed_person){ .name = two, .email = one };
		if (is_email(two))
			return (struct feed_person){ .name = unquote(one), .email = two };
	}
	s = without_scheme(s);
	if (is_email(s))
		return (struct feed_person){ .email = s };
	return (struct feed_person){ .name = s };
}

static void add_person(struct feed_builder *b, const struct feed_person *p)
{
	struct feed_draft *d = draft_of(b);
	if (!p->name.n && !p->email.n && !p->url.n)
		return;
	if (d->weak_author)
		d->author_count = 0;
	d->weak_author = false;
	for (size_t i = 0; i < d->author_count; i++) {
		const struct feed_person *known = &d->authors[i];
		if (str_eq(known->name, p->name) && str_eq(known->email, p->email) &&
			str_eq(known->url, p->url))
			return;
	}
	if (d->author_count < FEED_MAX_ITEMS)
		d->authors[d->author_count++] = *p;
	else
		b->feed->cut = true;
}

void feed_build_person(struct feed_builder *b, const struct feed_person *person)
{
	const struct feed_person p = {
		.name = feed_build_value(b, person->name, FEED_TEXT_GUESS),
		.email = feed_build_value(b, person->email, FEED_TEXT_PLAIN),
		.url = feed_build_value(b, person->url, FEED_TEXT_PLAIN),
	};
	add_person(b, &p);
}

void feed_build_author(struct feed_builder *b, struct str raw, bool weak)
{
	struct feed_draft *d = draft_of(b);
	if (weak && d->author_count)
		return;
	/* "name <me@example.com>" is no HTML. */
	const bool address = str_find_char(raw, '@') != SIZE_MAX;
	const struct str s = feed_build_value(b, raw, address ? FEED_TEXT_PLAIN : FEED_TEXT_GUESS);
	if (!s.n)
		return;
	const struct feed_person person = read_person(s);
	add_person(b, &person);
	d->weak_author = weak;
}
