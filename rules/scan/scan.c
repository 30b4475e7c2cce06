#include "rules/scan/scan.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "model/html.h"
#include "rules/compile/compile_alike.h"
#include "rules/compile/compiled.h"
#include "rules/scan/scan_kernel.h"
#include "rules/scan/scan_partner.h"
#include "rules/scan/scan_tags.h"

struct scan {
	const struct ruleset *set;
	const struct scan_kernel *kernel;
	const struct alike *alike; /* NULL: no rule waits for words by their likeness */
	struct scan_keys keys;
	bool lines_are_text;
	bool all; /* every record is a candidate */
};

/* A record of which it is not known yet whether it is a candidate: its values stand in the folded
 * text, from `from` to where the next one's begin. */
struct pending {
	struct str record;
	size_t from;
	bool hit;
};

/* A value whose hashtags are still to be asked for. */
struct value {
	struct str text; /* as it is read */
	size_t from, to; /* in the folded text */
	size_t record; /* in pending */
};

enum {
	BATCH_BYTES = 8 * 1024, /* of folded text, so that it stays in the first-level cache */
	BATCH_RECORDS = 128,
	BATCH_VALUES = 256,
	AHEAD = 8, /* words whose tags are fetched before they are asked for */
};

/* Words are asked for in batches of records: steps of 64 bytes then run over short posts without
 * a break, which made French tweets a quarter faster (bench_scan). */
struct scan_scratch {
	struct scan_text folded;
	struct pending pending[BATCH_RECORDS];
	size_t pending_count;
	struct value values[BATCH_VALUES];
	size_t value_count;
	struct scan_word words[SCAN_MAX_WORDS];
	struct text text; /* for hashtags whose case shows seams */
	struct buf plain, html;
	struct needs_scratch *needs;
};

enum { PLAIN_MAX_BYTES = 8 * 1024 * 1024 };

static void add_keys(struct scan *s, const struct post_map *map, enum post_map_part part)
{
	size_t count;
	const struct post_map_key *keys = post_map_keys(map, part, &count);
	for (size_t i = 0; i < count; i++) {
		/* Too many keys to look for: then everything is let through. */
		if (!scan_keys_add(&s->keys, keys[i].key, keys[i].html, keys[i].within))
			s->all = true;
	}
}

struct scan *scan_create(
	const struct ruleset *set, const struct post_map *map, enum scan_kernel_choice kernel)
{
	struct scan *s = mem_zero(1, sizeof *s);
	s->set = set;
	s->kernel = kernel == SCAN_PLAIN_C ? &scan_kernel_plain : scan_kernel_best();
	s->alike = set->alike ? set->alike->wakes : NULL;
	s->lines_are_text = map == NULL;
	s->all = set->always_count + set->outline_rule_count > 0;
	scan_keys_init(&s->keys);
	if (map)
		add_keys(s, map, POST_MAP_TEXT);
	if (map && set->waits_for_links)
		add_keys(s, map, POST_MAP_LINKS);
	if (map && set->waits_for_tags)
		add_keys(s, map, POST_MAP_TAGS);
	return s;
}

void scan_destroy(struct scan *scan)
{
	mem_free(scan);
}

const char *scan_kernel_name(const struct scan *scan)
{
	return scan->kernel->name;
}

struct scan_scratch *scan_scratch_create(const struct scan *scan)
{
	struct scan_scratch *x = mem_zero(1, sizeof *x);
	text_init(&x->text);
	buf_init(&x->plain, PLAIN_MAX_BYTES);
	buf_init(&x->html, PLAIN_MAX_BYTES);
	scan_text_room(&x->folded, 4096);
	if (scan->set->needs)
		x->needs = needs_scratch_create(scan->set->needs);
	return x;
}

void scan_scratch_destroy(struct scan_scratch *x)
{
	if (!x)
		return;
	scan_text_finish(&x->folded);
	text_finish(&x->text);
	buf_finish(&x->plain);
	buf_finish(&x->html);
	needs_scratch_destroy(x->needs);
	mem_free(x);
}

/* Is the part of a hashtag of this value waited for? Its folded form begins at `from`. */
static bool any_tag(const struct scan *s, struct scan_scratch *x, size_t from, struct str text)
{
	struct str folded = { x->folded.p + from, x->folded.n - from };
	return folded.n && memchr(folded.p, '#', folded.n) &&
		scan_any_tag(&s->set->wake, s->alike, &x->text, text, folded);
}

/* Ends a value whose folded form begins at `from`. text: the value as it is read; it stays where it
 * is until the batch is flushed. What can be told at once: whether a pair of spaceless characters
 * is waited for. */
static bool end_value(const struct scan *s, struct scan_scratch *x, size_t from, struct str text)
{
	struct scan_text *t = &x->folded;
	bool hit = t->hit;
	if (x->value_count < BATCH_VALUES)
		x->values[x->value_count++] = (struct value){ text, from, t->n, x->pending_count };
	else
		hit = hit || any_tag(s, x, from, text);
	scan_add_unescaped(t, from);
	t->p[t->n++] = ' ';
	return hit;
}

/* The same for a text that does not stay. */
static bool end_passing_value(
	const struct scan *s, struct scan_scratch *x, size_t from, struct str text)
{
	struct scan_text *t = &x->folded;
	bool hit = t->hit || any_tag(s, x, from, text);
	scan_add_unescaped(t, from);
	t->p[t->n++] = ' ';
	return hit;
}

static void start_value(struct scan_scratch *x)
{
	struct scan_text *t = &x->folded;
	t->odd = t->escaped = t->hit = false;
	t->before = t->last = 0;
}

static size_t fold_plain(const struct scan *s, struct scan_scratch *x, struct str text)
{
	size_t from = x->folded.n;
	start_value(x);
	s->kernel->fold_plain(&x->folded, &s->set->wake, text.p, text.p + text.n);
	return from;
}

static bool add_plain(const struct scan *s, struct scan_scratch *x, struct str text)
{
	size_t from = fold_plain(s, x, text);
	return end_value(s, x, from, text);
}

/* The text of a JSON string that fold_string has found whole, into x->plain. */
static bool unescape(struct scan_scratch *x, struct str raw)
{
	buf_clear(&x->plain);
	for (size_t at; (at = str_find_char(raw, '\\')) != SIZE_MAX;) {
		uint32_t c;
		char bytes[UTF8_MAX_BYTES];
		buf_add(&x->plain, str_slice(raw, 0, at));
		const char *next = scan_escape(raw.p + at, raw.p + raw.n, &c);
		if (!next)
			return false;
		buf_add(&x->plain, (struct str){ bytes, utf8_write(c, bytes) });
		raw = str_slice(raw, (size_t)(next - raw.p), raw.n);
	}
	buf_add(&x->plain, raw);
	return !x->plain.full;
}

static bool add_html(const struct scan *s, struct scan_scratch *x, struct str raw)
{
	if (!unescape(x, raw))
		return true;
	buf_clear(&x->html);
	html_to_text(buf_str(&x->plain), &x->html);
	size_t from = fold_plain(s, x, buf_str(&x->html));
	return end_passing_value(s, x, from, buf_str(&x->html)) || x->html.full;
}

/* A string from behind its opening quote. Returns its closing quote, or where it turned out to
 * be none, which is a hit. */
static const char *add_string(const struct scan *s, struct scan_scratch *x,
	const struct scan_key *key, const char *p, const char *end, bool *hit)
{
	size_t from = x->folded.n;
	start_value(x);
	const char *close = s->kernel->fold_string(&x->folded, &s->set->wake, p, end);
	struct str raw = { p, (size_t)(close - p) };
	if (x->folded.odd) {
		*hit = true;
		x->folded.p[x->folded.n++] = ' '; /* parts it from the next record's words */
	} else if (key->html) {
		x->folded.n = from;
		*hit = add_html(s, x, raw);
	} else if (x->folded.escaped && memchr(x->folded.p + from, '#', x->folded.n - from)) {
		bool whole = unescape(x, raw); /* else what there is of it */
		*hit = end_passing_value(s, x, from, buf_str(&x->plain)) || !whole;
	} else {
		*hit = end_value(s, x, from, raw);
	}
	return close;
}

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	return p;
}

static bool is_number_byte(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* All strings and numbers of an array, whatever their depth. Returns its end, or the end of the
 * line. */
static const char *add_array(const struct scan *s, struct scan_scratch *x,
	const struct scan_key *key, const char *p, const char *end, bool *hit)
{
	size_t depth = 0;
	while (p < end && *p != '\n' && !*hit) {
		if (*p == '"') {
			p = add_string(s, x, key, p + 1, end, hit);
		} else if (*p == '[') {
			depth++;
		} else if (*p == ']' && --depth == 0) {
			return p + 1;
		} else if (is_number_byte(*p)) {
			const char *from = p;
			while (p < end && is_number_byte(*p))
				p++;
			*hit = add_plain(s, x, (struct str){ from, (size_t)(p - from) });
			continue;
		}
		p += p < end && *p != '\n';
	}
	return p;
}

static const char *add_value(const struct scan *s, struct scan_scratch *x,
	const struct scan_key *key, const char *p, const char *end, bool *hit)
{
	if (p == end)
		return p;
	if (*p == '"') {
		p = add_string(s, x, key, p + 1, end, hit);
		return p < end && *p == '"' ? p + 1 : p;
	}
	if (*p == '[')
		return add_array(s, x, key, p, end, hit);
	const char *from = p;
	while (p < end && is_number_byte(*p))
		p++;
	if (p > from)
		*hit = add_plain(s, x, (struct str){ from, (size_t)(p - from) });
	return p;
}

/* The key whose closing quote is at `quote`, with the place of its value in *value. */
static const struct scan_key *key_at(const struct scan *s, const char *record, const char *quote,
	const char *end, const char **value)
{
	uint64_t tail = 0;
	bool room = quote - record >= (ptrdiff_t)sizeof tail;
	if (room)
		memcpy(&tail, quote - sizeof tail, sizeof tail);
	for (size_t i = 0; i < s->keys.count; i++) {
		const struct scan_key *k = &s->keys.keys[i];
		if (room && (tail & k->tail_mask) != k->tail)
			continue;
		if ((size_t)(quote - record) <= k->name.n ||
			quote[-(ptrdiff_t)k->name.n - 1] != '"' ||
			memcmp(quote - k->name.n, k->name.p, k->name.n) != 0)
			continue;
		const char *p = skip_space(quote + 1, end);
		if (p == end || *p != ':')
			return NULL;
		*value = skip_space(p + 1, end);
		return k;
	}
	return NULL;
}

/* The rest of a block is looked at record by record. */
struct pass {
	const struct scan *scan;
	struct scan_scratch *scratch;
	const char *record, *end;
	uint64_t seen; /* bits of the keys that came in this record */
	size_t record_from; /* where the record's values begin in the folded text */
	bool (*candidate)(void *ctx, struct str record);
	void *ctx;
	struct scan_counts *counts;
};

/* The words of a batch that are waited for, one after the other. */
struct waited {
	const struct scan *scan;
	struct scan_scratch *scratch;
	size_t count, next; /* in scratch->words */
	size_t from; /* where to look for more */
};

/* The next word that passed the bits, waited for or not; NULL at the end. */
static const struct scan_word *peek(struct waited *w)
{
	struct scan_scratch *x = w->scratch;
	while (w->next == w->count && w->from < x->folded.n) {
		w->count = w->scan->kernel->find_words(
			&w->scan->set->wake, x->folded.p, &w->from, x->folded.n, x->words);
		w->next = 0;
	}
	return w->next < w->count ? &x->words[w->next] : NULL;
}

/* Is a word of the record waited for? Leaves the record's words behind. */
static bool any_word(struct waited *w, size_t from, size_t to)
{
	const struct wake *wake = &w->scan->set->wake;
	const struct scan_word *word;
	bool hit = false;
	for (; (word = peek(w)) != NULL && word->to <= to; w->next++) {
		if (hit)
			continue;
		if (w->next + AHEAD < w->count)
			wake_prefetch(wake, w->scratch->words[w->next + AHEAD].hash);
		if (!wake_tag(wake, word->hash))
			continue;
		const struct wake_partner *partner = wake_partners(wake, word->hash);
		hit = !partner ||
			scan_has_partner(wake, partner, w->scratch->folded.p, word, from, to);
	}
	return hit;
}

/* Hashtags of the batch: most batches have few, so that they are looked for in all values at once.
 */
static void ask_tags(const struct scan *s, struct scan_scratch *x)
{
	const struct scan_text *t = &x->folded;
	size_t i = 0;
	for (size_t at = 0; at < t->n;) {
		const char *sign = memchr(t->p + at, '#', t->n - at);
		if (!sign)
			break;
		at = (size_t)(sign - t->p);
		while (i < x->value_count && x->values[i].to <= at)
			i++;
		if (i == x->value_count)
			break;
		const struct value *v = &x->values[i];
		bool inside = v->from <= at; /* else it was asked for when it passed */
		if (inside && !x->pending[v->record].hit)
			x->pending[v->record].hit = scan_any_tag(&s->set->wake, s->alike, &x->text,
				v->text, (struct str){ t->p + v->from, v->to - v->from });
		at = inside ? v->to : at + 1;
	}
	x->value_count = 0;
}

struct asked {
	const struct scan *scan;
	struct pending *pending;
};

static bool regex_may_match(void *ctx, size_t record, uint32_t term)
{
	const struct asked *a = ctx;
	struct pending *r = &a->pending[record];
	r->hit = r->hit || a->scan->set->waits[term];
	return !r->hit;
}

/* Regexes are asked for in all records of the batch at once. */
static void ask_regexes(const struct scan *s, struct scan_scratch *x)
{
	uint32_t starts[BATCH_RECORDS + 1];
	struct asked asked = { s, x->pending };
	if (!s->set->needs)
		return;
	for (size_t i = 0; i < x->pending_count; i++)
		starts[i] = (uint32_t)x->pending[i].from;
	starts[x->pending_count] = (uint32_t)x->folded.n;
	needs_find(s->set->needs, x->needs, x->folded.p, starts, x->pending_count, regex_may_match,
		&asked);
}

/* Tells the pending records that are hits, in order. Returns whether to go on. */
static bool flush(struct pass *pass)
{
	const struct scan *s = pass->scan;
	struct scan_scratch *x = pass->scratch;
	const struct scan_text *t = &x->folded;
	size_t n = t->n, count = x->pending_count;
	ask_tags(s, x);
	ask_regexes(s, x);
	/* Regexes do look into links, and so do site: and url:. */
	if (!s->set->needs && !s->set->waits_for_links)
		scan_blank_links(t->p, n);
	struct waited waited = { .scan = s, .scratch = x };
	x->pending_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct pending *r = &x->pending[i];
		size_t to = i + 1 < count ? x->pending[i + 1].from : n;
		bool hit = any_word(&waited, r->from, to) || r->hit ||
			(s->alike && alike_any(s->alike, x->folded.p, r->from, to));
		if (!hit)
			continue;
		pass->counts->candidate_count++;
		if (!pass->candidate(pass->ctx, r->record)) {
			x->folded.n = 0;
			return false;
		}
	}
	x->folded.n = 0;
	return true;
}

static bool add_pending(struct pass *pass, struct str record, bool hit)
{
	struct scan_scratch *x = pass->scratch;
	x->pending[x->pending_count++] = (struct pending){ record, pass->record_from, hit };
	return x->pending_count < BATCH_RECORDS && x->folded.n < BATCH_BYTES ? true : flush(pass);
}

/* Is it visibly no JSON object? */
static bool looks_odd(struct str record)
{
	struct str trimmed = str_trim(record);
	return trimmed.n && (trimmed.p[0] != '{' || trimmed.p[trimmed.n - 1] != '}');
}

/* The record ends at `stop`. Returns whether to go on. */
static bool end_record(struct pass *pass, const char *stop, bool hit)
{
	struct str record = { pass->record, (size_t)(stop - pass->record) };
	bool json = !pass->scan->lines_are_text;
	pass->record = stop < pass->end ? stop + 1 : stop;
	if (record.n && record.p[record.n - 1] == '\r')
		record.n--;
	bool object = record.n && record.p[0] == '{' && record.p[record.n - 1] == '}';
	if (!object && !hit) {
		if (str_trim(record).n == 0)
			return true;
		hit = json && looks_odd(record);
	}
	pass->counts->record_count++;
	hit = hit || pass->scan->all;
	bool more = hit || pass->scratch->folded.n > pass->record_from
		? add_pending(pass, record, hit)
		: true;
	pass->record_from = pass->scratch->folded.n;
	pass->seen = 0;
	return more;
}

static const char *line_end(const char *p, const char *end)
{
	const char *at = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
	return at ? at : end;
}

static void scan_json(struct pass *pass)
{
	const struct scan *s = pass->scan;
	const char *p = pass->record, *end = pass->end;
	while (p < end) {
		const char *event = s->kernel->next_event(&s->keys, p, end), *value;
		bool hit = false;
		if (event == end || *event == '\n') {
			if (!end_record(pass, event, false))
				return;
			p = pass->record;
			continue;
		}
		const struct scan_key *key = key_at(s, pass->record, event + 3, end, &value);
		p = event + 1;
		if (!key)
			continue;
		pass->seen |= (uint64_t)1 << (key - s->keys.keys);
		if (!key->text || (key->within && !(key->within & pass->seen)))
			continue;
		p = add_value(s, pass->scratch, key, value, end, &hit);
		if (!hit)
			continue;
		if (!end_record(pass, line_end(p, end), true))
			return;
		p = pass->record;
	}
	if (pass->record < end)
		(void)end_record(pass, end, false); /* the last one: nothing to stop */
}

static void scan_text_lines(struct pass *pass)
{
	while (pass->record < pass->end) {
		const char *stop = line_end(pass->record, pass->end);
		struct str line = { pass->record, (size_t)(stop - pass->record) };
		if (!end_record(pass, stop, add_plain(pass->scan, pass->scratch, line)))
			return;
	}
}

/* Every record is wanted: nothing to look for. */
static void scan_all(struct pass *pass)
{
	while (pass->record < pass->end) {
		if (!end_record(pass, line_end(pass->record, pass->end), false))
			return;
	}
}

void scan_block(const struct scan *scan, struct scan_scratch *scratch, struct str block,
	bool (*candidate)(void *ctx, struct str record), void *ctx, struct scan_counts *counts)
{
	if (block.n == 0)
		block = STR(""); /* no null pointer is added to */
	struct pass pass = { .scan = scan,
		.scratch = scratch,
		.record = block.p,
		.end = block.p + block.n,
		.candidate = candidate,
		.ctx = ctx,
		.counts = counts };
	scratch->folded.n = scratch->pending_count = scratch->value_count = 0;
	if (scan->all)
		scan_all(&pass);
	else if (scan->lines_are_text)
		scan_text_lines(&pass);
	else
		scan_json(&pass);
	(void)flush(&pass); /* the last ones: nothing is left to stop */
}
