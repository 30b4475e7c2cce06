/* site: and url: in slow and plain code: a text is an array of folded characters. */
#include <string.h>

#include "base/fold.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "rules/language/address.h"
#include "tests/rules/reference_near.h"
#include "tests/rules/reference_punycode.h"

struct chars {
	uint32_t *c;
	size_t n;
};

struct span {
	size_t from, to;
};

struct found_link {
	struct span whole, host;
	bool bare_host;
};

static struct chars chars_of(struct str text)
{
	struct buf folded;
	buf_init(&folded, 0);
	fold_add(&folded, text);
	struct chars s = { mem_zero(folded.n + 1, sizeof *s.c), 0 };
	for (size_t i = 0; i < folded.n; s.n++) {
		size_t n = utf8_read(buf_str(&folded), i, &s.c[s.n]);
		i += n ? n : 1;
	}
	buf_finish(&folded);
	return s;
}

static uint32_t at(const struct chars *s, size_t i)
{
	return i < s->n ? s->c[i] : ' ';
}

static bool is_word(uint32_t c)
{
	return c >= 0x80 || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

static bool is_tight(uint32_t c)
{
	return is_word(c) && !(fold_class(c) & FOLD_SPACELESS);
}

static size_t length_of(const struct chars *s, size_t i, const char *ascii)
{
	for (size_t k = 0; ascii[k]; k++) {
		if (at(s, i + k) != (unsigned char)ascii[k])
			return 0;
	}
	return strlen(ascii);
}

static bool is_one(uint32_t c, const char *ascii)
{
	return c && c < 0x80 && strchr(ascii, (int)c);
}

static size_t dot_at(const struct chars *s, size_t i)
{
	return length_of(s, i, ".") + length_of(s, i, "[.]") + length_of(s, i, "(.)") +
		length_of(s, i, "[dot]") + length_of(s, i, "(dot)");
}

static size_t label_at(const struct chars *s, size_t i, size_t end, bool spaceless)
{
	size_t last = i;
	for (size_t k = i; k < end; k++) {
		uint32_t c = at(s, k);
		if (spaceless ? is_word(c) : is_tight(c))
			last = k + 1;
		else if (c != '-' || last == i)
			break;
	}
	return last - i;
}

/* The host at i, up to `end`; *labels: how many; *top: where its last one begins. */
static struct span host_at(
	const struct chars *s, size_t i, size_t end, bool spaceless, size_t *labels, size_t *top)
{
	struct span host = { i, i };
	*labels = 0;
	*top = i;
	while (label_at(s, i, end, spaceless) > 0) {
		*top = i;
		host.to = i + label_at(s, i, end, spaceless);
		++*labels;
		i = host.to + dot_at(s, host.to);
		if (i == host.to || i > end)
			break;
	}
	return host;
}

static size_t link_end(const struct chars *s, size_t i)
{
	while (i < s->n && at(s, i) > ' ' && !is_one(at(s, i), "<>\"{}|\\^`\x7f"))
		i++;
	return i;
}

static size_t after_port(const struct chars *s, size_t i)
{
	size_t k = i + 1;
	while (at(s, k) >= '0' && at(s, k) <= '9')
		k++;
	return at(s, i) == ':' && k > i + 1 ? k : i;
}

static struct span host_behind(const struct chars *s, size_t i, size_t end)
{
	size_t labels, top, stop = i;
	while (stop < end && !is_one(at(s, stop), "/?#"))
		stop++;
	for (size_t k = i; k < stop; k++)
		i = at(s, k) == '@' ? k + 1 : i;
	return host_at(s, i, stop, true, &labels, &top);
}

static bool good_top(const struct chars *s, size_t from, size_t to)
{
	size_t bytes = 0;
	bool digit = false;
	for (size_t i = from; i < to; i++) {
		char unused[UTF8_MAX_BYTES];
		bytes += utf8_write(at(s, i), unused);
		digit = digit || (at(s, i) >= '0' && at(s, i) <= '9');
	}
	return length_of(s, from, "xn--") || (bytes >= 2 && !digit);
}

/* What begins at i: a link, or nothing but what is to be passed over, of which the end comes
 * back in link->whole.to. */
static bool read_link(const struct chars *s, size_t i, struct found_link *link)
{
	size_t scheme = length_of(s, i, "http://") + length_of(s, i, "https://");
	size_t labels, top;
	*link = (struct found_link){ .whole = { i, link_end(s, i) } };
	if (scheme || length_of(s, i, "www.")) {
		link->host = host_behind(s, i + scheme, link->whole.to);
		return true;
	}
	link->host = host_at(s, i, s->n, false, &labels, &top);
	link->whole.to = link->host.to;
	uint32_t before = i > 0 ? at(s, i - 1) : ' ';
	bool one_slash = before == '/' && !(i > 1 && at(s, i - 2) == '/');
	if (labels < 2 || before == '@' || one_slash || at(s, link->host.to) == '@' ||
		!good_top(s, top, link->host.to))
		return false;
	size_t path = after_port(s, link->host.to);
	link->bare_host = !is_one(at(s, path), "/?#");
	if (!link->bare_host)
		link->whole.to = link_end(s, path);
	return true;
}

static bool next_link(const struct chars *s, size_t *i, struct found_link *link)
{
	while (*i < s->n) {
		size_t here = *i;
		bool begin = is_tight(at(s, here)) && !(here > 0 && is_tight(at(s, here - 1)));
		bool link_here = begin && read_link(s, here, link);
		*i = begin ? link->whole.to : here + 1;
		if (link_here)
			return true;
	}
	return false;
}

static struct found_link value_link(const struct chars *s)
{
	struct found_link link = { .whole = { 0, s->n } };
	size_t labels, top;
	for (size_t i = 0; i < s->n; i++) {
		if (!length_of(s, i, "://") && !(i == 0 && length_of(s, i, "//")))
			continue;
		link.host = host_behind(s, i + (at(s, i) == ':' ? 3 : 2), s->n);
		return link;
	}
	struct span host = host_at(s, 0, s->n, true, &labels, &top);
	size_t end = after_port(s, host.to);
	if (labels >= 2 && (end >= s->n || is_one(at(s, end), "/?#")))
		link.host = host;
	return link;
}

/* --- terms --- */

/* What a label that begins with "xn--" stands for, folded; nothing, if that is no label. */
static struct chars label_meaning(const struct chars *label)
{
	uint32_t code_points[REFERENCE_PUNYCODE_MAX];
	struct buf text;
	size_t n = 0;
	buf_init(&text, 0);
	if (length_of(label, 0, "xn--"))
		n = reference_punycode_decode(label->c + 4, label->n - 4, code_points);
	for (size_t i = 0; i < n; i++) {
		char bytes[UTF8_MAX_BYTES];
		buf_add(&text, (struct str){ bytes, utf8_write(code_points[i], bytes) });
	}
	struct chars meaning = chars_of(buf_str(&text));
	if (label_at(&meaning, 0, meaning.n, true) < meaning.n)
		meaning.n = 0;
	buf_finish(&text);
	return meaning;
}

static void add_chars(struct chars *to, const struct chars *more)
{
	for (size_t i = 0; i < more->n; i++)
		to->c[to->n++] = more->c[i];
}

/* The host label by label, each as what it stands for. */
static struct chars host_meaning(const struct chars *written)
{
	size_t most = (written->n + 1) * FOLD_MAX_EXPANSION;
	struct chars host = { mem_zero(most, sizeof *host.c), 0 };
	for (size_t i = 0, end; i < written->n; i = end) {
		for (end = i; end < written->n && written->c[end] != '.'; end++)
			continue;
		struct chars label = { written->c + i, end - i }, meaning = label_meaning(&label);
		add_chars(&host, meaning.n ? &meaning : &label);
		mem_free(meaning.c);
		if (end < written->n)
			host.c[host.n++] = written->c[end++];
	}
	return host;
}

/* The characters of a host with plain dots, from the label that begins at i to `end`. */
static struct chars plain_host(const struct chars *s, size_t i, size_t end)
{
	struct chars host = { mem_zero(s->n + 1, sizeof *host.c), 0 };
	while (i < end) {
		size_t dot = dot_at(s, i);
		host.c[host.n++] = dot ? '.' : at(s, i);
		i += dot ? dot : 1;
	}
	struct chars meaning = host_meaning(&host);
	mem_free(host.c);
	return meaning;
}

static size_t bytes_of(const struct chars *s)
{
	size_t bytes = 0;
	for (size_t i = 0; i < s->n; i++) {
		char unused[UTF8_MAX_BYTES];
		bytes += utf8_write(s->c[i], unused);
	}
	return bytes;
}

static bool ends_so(const struct chars *host, const struct chars *asked)
{
	size_t from = host->n - asked->n;
	if (host->n < asked->n || asked->n == 0 || bytes_of(host) > ADDRESS_HOST_MAX_BYTES)
		return false;
	return memcmp(host->c + from, asked->c, asked->n * sizeof *asked->c) == 0 &&
		(from == 0 || host->c[from - 1] == '.');
}

static bool host_is(const struct chars *s, struct span host, const struct chars *asked)
{
	struct chars plain = plain_host(s, host.from, host.to);
	bool same = ends_so(&plain, asked);
	mem_free(plain.c);
	return same;
}

static bool site_is(const struct chars *s, const struct found_link *link, const struct chars *own)
{
	size_t from = length_of(own, 0, "*.") + length_of(own, 0, ".");
	size_t to = own->n - (own->n > from && own->c[own->n - 1] == '.');
	struct chars asked = plain_host(own, from, to);
	bool same = host_is(s, link->host, &asked);
	for (size_t i = link->host.from + 1; i < link->host.to; i++) {
		if (!is_word(at(s, i)) || is_tight(at(s, i)) || !is_tight(at(s, i - 1)))
			continue;
		same = same || host_is(s, (struct span){ link->host.from, i }, &asked);
		break;
	}
	mem_free(asked.c);
	return same;
}

static bool url_is(const struct chars *s, const struct found_link *link, const struct chars *own)
{
	for (size_t i = link->whole.from; i + own->n <= link->whole.to; i++) {
		size_t end = i + own->n;
		bool left = i > link->whole.from && is_tight(at(s, i - 1)) && is_tight(at(s, i));
		bool right = end < link->whole.to && is_tight(at(s, end)) &&
			is_tight(at(s, end - 1));
		if (!left && !right && memcmp(s->c + i, own->c, own->n * sizeof *own->c) == 0)
			return true;
	}
	return false;
}

static bool link_is(const struct term *term, const struct chars *s, const struct found_link *link)
{
	struct chars own = chars_of(term->letters);
	bool found = term->kind == TERM_SITE ? site_is(s, link, &own)
					     : !link->bare_host && url_is(s, link, &own);
	mem_free(own.c);
	return found;
}

bool reference_address(const struct term *term, struct str text)
{
	struct chars s = chars_of(text);
	struct found_link link;
	bool found = false;
	for (size_t i = 0; !found && next_link(&s, &i, &link);)
		found = link_is(term, &s, &link);
	mem_free(s.c);
	return found;
}

/* --- places --- */

static bool same_chars(const struct chars *a, const struct chars *b)
{
	return a->n == b->n && memcmp(a->c, b->c, a->n * sizeof *a->c) == 0;
}

/* Where in the link's host, up to `end`, the one that is asked for begins; SIZE_MAX: nowhere. */
static size_t site_from(
	const struct chars *s, struct span host, size_t end, const struct chars *asked)
{
	struct chars whole = plain_host(s, host.from, end);
	size_t begin = SIZE_MAX;
	for (size_t i = host.from; ends_so(&whole, asked) && i < end; i++) {
		struct chars plain = plain_host(s, i, end);
		if (same_chars(&plain, asked))
			begin = i;
		mem_free(plain.c);
	}
	mem_free(whole.c);
	return begin;
}

struct placing {
	const struct chars *s, *own;
	struct folded folded; /* the same characters, with their places */
	struct reference_spans *spans;
};

static void add_place(struct placing *x, size_t from, size_t to)
{
	struct chars before = { x->s->c, from }, within = { x->s->c + from, to - from };
	size_t begin = bytes_of(&before);
	uint32_t text_from, text_to;
	folded_span(&x->folded, begin, begin + bytes_of(&within), &text_from, &text_to);
	reference_add_span(x->spans, text_from, text_to);
}

static void add_sites(struct placing *x, struct span host)
{
	const struct chars *s = x->s;
	size_t from = length_of(x->own, 0, "*.") + length_of(x->own, 0, "."), end = host.to;
	size_t to = x->own->n - (x->own->n > from && x->own->c[x->own->n - 1] == '.');
	struct chars asked = plain_host(x->own, from, to);
	size_t begin = site_from(s, host, end, &asked);
	if (begin != SIZE_MAX)
		add_place(x, begin, end);
	for (end = host.from + 1; end < host.to; end++) {
		if (is_word(at(s, end)) && !is_tight(at(s, end)) && is_tight(at(s, end - 1)))
			break;
	}
	begin = end < host.to ? site_from(s, host, end, &asked) : SIZE_MAX;
	if (begin != SIZE_MAX)
		add_place(x, begin, end);
	mem_free(asked.c);
}

static void add_urls(struct placing *x, struct span link)
{
	for (size_t i = link.from; i + x->own->n <= link.to; i++) {
		struct found_link rest = { .whole = { i, i + x->own->n } };
		struct span at_i = rest.whole;
		bool left = i > link.from && is_tight(at(x->s, i - 1)) && is_tight(at(x->s, i));
		bool right = at_i.to < link.to && is_tight(at(x->s, at_i.to)) &&
			is_tight(at(x->s, at_i.to - 1));
		if (!left && !right && url_is(x->s, &rest, x->own))
			add_place(x, at_i.from, at_i.to);
	}
}

void reference_address_spans(
	const struct term *term, struct str text, struct reference_spans *spans)
{
	struct chars s = chars_of(text), own = chars_of(term->letters);
	struct placing x = { .s = &s, .own = &own, .spans = spans };
	struct found_link link;
	folded_init(&x.folded);
	folded_set(&x.folded, text);
	for (size_t i = 0; next_link(&s, &i, &link);) {
		if (term->kind == TERM_SITE)
			add_sites(&x, link.host);
		else if (!link.bare_host)
			add_urls(&x, link.whole);
	}
	folded_finish(&x.folded);
	mem_free(s.c);
	mem_free(own.c);
}

bool reference_has_address(struct str text)
{
	struct chars s = chars_of(text);
	struct found_link link;
	bool found = false;
	for (size_t i = 0; !found && next_link(&s, &i, &link);)
		found = !link.bare_host;
	mem_free(s.c);
	return found;
}

static bool value_is(const struct term *term, struct str value)
{
	struct chars s = chars_of(value);
	struct found_link link = value_link(&s);
	bool found = link_is(term, &s, &link);
	mem_free(s.c);
	return found;
}

static bool tag_is(const struct term *term, struct str value)
{
	struct buf a, b;
	buf_init(&a, 0);
	buf_init(&b, 0);
	fold_add(&a, term->letters);
	fold_add(&b, value);
	bool same = str_eq(str_trim(buf_str(&a)), str_trim(buf_str(&b)));
	buf_finish(&a);
	buf_finish(&b);
	return same && (!term->exact || fold_same_letters(term->letters, str_trim(value)));
}

bool reference_outside(const struct term *term, const struct post *post)
{
	bool found = false;
	if (term->kind == TERM_TAG) {
		for (size_t i = 0; i < post->tags.count; i++)
			found = found || tag_is(term, post->tags.items[i]);
	}
	if (term->kind != TERM_SITE && term->kind != TERM_URL)
		return found;
	for (size_t i = 0; i < post->links.count; i++)
		found = found || value_is(term, post->links.items[i]);
	return found || (post->url.n && !post->url_made && value_is(term, post->url));
}
