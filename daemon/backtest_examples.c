#include "daemon/backtest_examples.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { BEFORE_BYTES = 200 /* of a text that is cut, before its first hit */ };

static const struct str seam = { " | ", 3 }; /* between title and text */

struct str backtest_author(const struct post_author *author, char *out, size_t out_bytes)
{
	struct str name = author->handle.n ? author->handle
		: author->name.n	   ? author->name
					   : author->id;
	if (!name.n)
		return STR_NONE;
	size_t at = 0;
	if (author->handle.n)
		out[at++] = '@';
	size_t n = name.n <= out_bytes - at ? name.n : utf8_floor(name, out_bytes - at);
	memcpy(out + at, name.p, n);
	return (struct str){ out, at + n };
}

void examples_init(struct examples *e, size_t wanted)
{
	*e = (struct examples){ .wanted = wanted, .stride = 1 };
}

void examples_finish(struct examples *e)
{
	for (size_t i = 0; i < e->count; i++)
		mem_free(e->kept[i]);
	mem_free(e->kept);
	mem_free(e->last);
	*e = (struct examples){ 0 };
}

/* --- one example --- */

/* Where a byte of the field stands in title and text put together. */
static size_t field_start(const struct post *post, enum post_field field)
{
	return field == FIELD_TEXT && post->title.n ? post->title.n + seam.n : 0;
}

/* Bytes from..to of title and text put together, to out. */
static void copy_text(const struct post *post, size_t from, size_t to, char *out)
{
	const struct str parts[] = { post->title, post->title.n ? seam : STR(""), post->text };
	size_t at = 0;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; at += parts[i].n, i++) {
		size_t end = at + parts[i].n;
		if (from >= end || to <= at || !parts[i].n)
			continue;
		struct str piece = str_slice(
			parts[i], from > at ? from - at : 0, (to < end ? to : end) - at);
		memcpy(out, piece.p, piece.n);
		out += piece.n;
	}
}

/* The start of the character at that place. */
static size_t floor_of(const struct post *post, size_t at)
{
	size_t text_from = field_start(post, FIELD_TEXT);
	if (at >= text_from)
		return text_from + utf8_floor(post->text, at - text_from);
	return at <= post->title.n ? utf8_floor(post->title, at) : at;
}

/* Is it in what is shown? Links and tags are not, or stand in the text as well. */
static bool is_shown(const struct hit *hit)
{
	return hit->field == FIELD_TEXT || hit->field == FIELD_TITLE;
}

static size_t first_hit(const struct post *post, const struct hit *hits, size_t hit_count)
{
	size_t first = SIZE_MAX;
	for (size_t i = 0; i < hit_count; i++) {
		size_t at = field_start(post, hits[i].field) + hits[i].from;
		if (is_shown(&hits[i]) && at < first)
			first = at;
	}
	return first == SIZE_MAX ? 0 : first;
}

static int by_place(const struct hit *a, const struct hit *b)
{
	return a->from != b->from ? (a->from < b->from ? -1 : 1) : 0;
}

/* In the order of place, whatever the order of fields was. */
static void insert_hit(struct example *e, struct hit hit)
{
	size_t i = e->hit_count++;
	for (; i > 0 && by_place(&hit, &e->hits[i - 1]) < 0; i--)
		e->hits[i] = e->hits[i - 1];
	e->hits[i] = hit;
}

static void add_hits(struct example *e, const struct post *post, const struct hit *hits,
	size_t hit_count, size_t from, size_t to)
{
	for (size_t i = 0; i < hit_count && e->hit_count < EXAMPLE_MAX_HITS; i++) {
		size_t start = field_start(post, hits[i].field);
		if (!is_shown(&hits[i]) || start + hits[i].from < from || start + hits[i].to > to)
			continue;
		struct hit hit = hits[i];
		hit.field = FIELD_TEXT;
		hit.from = (uint32_t)(start + hits[i].from - from);
		hit.to = (uint32_t)(start + hits[i].to - from);
		insert_hit(e, hit);
	}
}

static struct example *example_create(
	const struct post *post, const struct hit *hits, size_t hit_count)
{
	char author_bytes[128];
	struct str author = backtest_author(&post->author, author_bytes, sizeof author_bytes);
	struct str link = post->url.n ? post->url : post->id;
	link.n = link.n <= EXAMPLE_MAX_BYTES ? link.n : utf8_floor(link, EXAMPLE_MAX_BYTES);
	size_t n = field_start(post, FIELD_TEXT) + post->text.n, from = 0, to = n;
	if (n > EXAMPLE_MAX_BYTES) {
		size_t first = first_hit(post, hits, hit_count);
		from = floor_of(post, first > BEFORE_BYTES ? first - BEFORE_BYTES : 0);
		to = floor_of(post, from + EXAMPLE_MAX_BYTES < n ? from + EXAMPLE_MAX_BYTES : n);
	}
	size_t room = hit_count < EXAMPLE_MAX_HITS ? hit_count : EXAMPLE_MAX_HITS;
	struct example *e = mem_zero(
		1, sizeof *e + room * sizeof *e->hits + link.n + author.n + (to - from));
	e->hits = (struct hit *)(e + 1);
	char *bytes = (char *)(e->hits + room);
	e->link = (struct str){ link.n ? bytes : NULL, link.n };
	if (link.n)
		memcpy(bytes, link.p, link.n);
	bytes += link.n;
	e->author = (struct str){ author.n ? bytes : NULL, author.n };
	if (author.n)
		memcpy(bytes, author.p, author.n);
	bytes += author.n;
	e->text = (struct str){ bytes, to - from };
	copy_text(post, from, to, bytes);
	e->cut_before = from > 0;
	e->cut_after = to < n;
	e->created_at_us = post->created_at_us;
	add_hits(e, post, hits, hit_count, from, to);
	return e;
}

/* --- the choice --- */

/* Keeps every second one. */
static void thin_out(struct examples *e)
{
	size_t n = 0;
	for (size_t i = 0; i < e->count; i++) {
		if (i % 2)
			mem_free(e->kept[i]);
		else
			e->kept[n++] = e->kept[i];
	}
	e->count = n;
	e->stride *= 2;
}

static void keep(struct examples *e, struct example *example)
{
	if (e->count == e->size) {
		e->size = e->size ? e->size * 2 : 2;
		if (e->size > 2 * e->wanted)
			e->size = 2 * e->wanted;
		e->kept = mem_resize(e->kept, e->size, sizeof *e->kept);
	}
	e->kept[e->count++] = example;
}

void examples_add(
	struct examples *e, const struct post *post, const struct hit *hits, size_t hit_count)
{
	uint64_t number = e->seen++;
	if (e->wanted == 0 || (e->wanted == 1 && number > 0))
		return;
	struct example *example = example_create(post, hits, hit_count);
	mem_free(e->last);
	e->last = NULL;
	if (number % e->stride != 0) {
		e->last = example;
		return;
	}
	if (e->count == 2 * e->wanted) {
		thin_out(e);
		assert(number % e->stride == 0); /* it is the stride times `wanted` */
	}
	keep(e, example);
}

size_t examples_pick(const struct examples *e, const struct example **out)
{
	size_t have = e->count + (e->last != NULL), n = e->wanted < have ? e->wanted : have;
	if (n == have) {
		for (size_t i = 0; i < n; i++)
			out[i] = i < e->count ? e->kept[i] : e->last;
		return n;
	}
	for (size_t i = 0; i + 1 < n; i++)
		out[i] = e->kept[i * (e->seen - 1) / (n - 1) / e->stride];
	if (n == 1)
		out[0] = e->kept[0];
	else
		out[n - 1] = e->last ? e->last : e->kept[e->count - 1];
	return n;
}
